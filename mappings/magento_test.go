package mappings_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/decimal"
)

func magentoDocuments(t *testing.T, entity string, least int) []string {
	t.Helper()
	all, err := filepath.Glob("magento/testdata/" + entity + "s/[0-9][0-9]-*.json")
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, f := range all {
		if !strings.HasSuffix(f, ".canonical.json") {
			files = append(files, f)
		}
	}
	if len(files) < least {
		t.Fatalf("only %d documents of %s", len(files), entity)
	}
	return files
}

// Every order of a running Magento comes out right to the cent, with each row counted once, and as its schema says.
func TestMagentoOrdersAreRightToTheCent(t *testing.T) {
	m := load(t, "magento/order.read")
	schema := compile(t, "canonical/order.schema.json", true)
	for _, f := range magentoDocuments(t, "order", 14) {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".json"), func(t *testing.T) {
			raw := readFile(t, f)
			out := apply(t, m, raw, engine.Input{})
			validate(t, schema, f, out)
			var got order
			var shop struct {
				IncrementID string          `json:"increment_id"`
				Grand       decimal.Decimal `json:"grand_total"`
				Tax         decimal.Decimal `json:"tax_amount"`
				Quantity    decimal.Decimal `json:"total_qty_ordered"`
			}
			for data, into := range map[*[]byte]any{&out: &got, &raw: &shop} {
				if err := json.Unmarshal(*data, into); err != nil {
					t.Fatal(err)
				}
			}
			if got.Number != shop.IncrementID || !got.Totals.Gross.Equal(shop.Grand) || !got.Totals.Tax.Equal(shop.Tax) {
				t.Errorf("order %s comes to %v, in the shop %s to %s with %s tax", got.Number, got.Totals, shop.IncrementID, shop.Grand, shop.Tax)
			}
			if err := got.invariants(); err != nil {
				t.Error(err)
			}
			var pieces decimal.Decimal
			for _, l := range got.Lines {
				pieces = pieces.Add(l.Quantity)
			}
			if !pieces.Equal(shop.Quantity) {
				t.Errorf("%s pieces on the lines, %s ordered", pieces, shop.Quantity)
			}
		})
	}
}

// The schemas of Magento know every member of every document that a running shop gave.
func TestMagentoDocumentsFitTheirSchemas(t *testing.T) {
	for entity, least := range map[string]int{"order": 14, "customer": 6, "product": 15, "stock": 3} {
		source, canonical := compile(t, "magento/"+entity+".schema.json", true), compile(t, "canonical/"+entity+".schema.json", true)
		m := load(t, "magento/"+entity+".read")
		for _, f := range magentoDocuments(t, entity, least) {
			validate(t, source, f, readFile(t, f))
			validate(t, canonical, f+" as "+entity, apply(t, m, readFile(t, f), engine.Input{}))
		}
	}
}

// The books take what a Magento shop sold: rows come to the order for every sales document.
func TestMagentoRowsComeToTheOrder(t *testing.T) {
	read := load(t, "magento/order.read")
	for _, resource := range salesDocuments {
		write := load(t, "eaccounting/"+resource+".write")
		for _, f := range magentoDocuments(t, "order", 14) {
			canonical := apply(t, read, readFile(t, f), engine.Input{})
			var o order
			if err := json.Unmarshal(canonical, &o); err != nil {
				t.Fatal(err)
			}
			out := apply(t, write, canonical, engine.Input{
				Tables: []byte(`{"shippingArticles":{"25":"SHIP-21","21":"SHIP-21","19":"SHIP-21","9":"SHIP-9","0":"SHIP-0"}}`), Links: linksFor(t, canonical, true)})
			var doc struct{ Rows []row }
			if err := json.Unmarshal(out, &doc); err != nil {
				t.Fatal(err)
			}
			var sum decimal.Decimal
			for _, r := range doc.Rows {
				r.check(t)
				sum = sum.Add(r.amount())
			}
			if !sum.Equal(o.Totals.Gross) {
				t.Errorf("%s of %s: the rows come to %s, the order to %s", resource, f, sum, o.Totals.Gross)
			}
		}
	}
}
