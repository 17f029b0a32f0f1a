package mappings_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/decimal"
)

type amounts struct {
	Net   decimal.Decimal `json:"net"`
	Tax   decimal.Decimal `json:"tax"`
	Gross decimal.Decimal `json:"gross"`
}

// order has the amounts of a canonical order.
type order struct {
	Number string `json:"number"`
	Lines  []struct {
		Name       string          `json:"name"`
		Quantity   decimal.Decimal `json:"quantity"`
		TotalNet   decimal.Decimal `json:"totalNet"`
		Tax        decimal.Decimal `json:"tax"`
		TotalGross decimal.Decimal `json:"totalGross"`
	} `json:"lines"`
	ShippingCosts, Discounts, Fees []amounts
	Taxes                          []struct {
		Net decimal.Decimal `json:"net"`
		Tax decimal.Decimal `json:"tax"`
	} `json:"taxes"`
	Totals amounts `json:"totals"`
}

// parts returns the sum of everything that the order is made of.
func (o order) parts() amounts {
	var sum amounts
	add := func(a amounts) {
		sum = amounts{sum.Net.Add(a.Net), sum.Tax.Add(a.Tax), sum.Gross.Add(a.Gross)}
	}
	for _, l := range o.Lines {
		add(amounts{l.TotalNet, l.Tax, l.TotalGross})
	}
	for _, group := range [][]amounts{o.ShippingCosts, o.Discounts, o.Fees} {
		for _, a := range group {
			add(a)
		}
	}
	return sum
}

// invariants returns what is wrong with the amounts of an order.
func (o order) invariants() error {
	var errs []error
	check := func(what string, got, want decimal.Decimal) {
		if !got.Equal(want) {
			errs = append(errs, fmt.Errorf("%s is %s, not %s", what, got, want))
		}
	}
	for _, l := range o.Lines {
		check("totalGross of "+l.Name, l.TotalGross, l.TotalNet.Add(l.Tax))
	}
	for _, group := range [][]amounts{o.ShippingCosts, o.Discounts, o.Fees} {
		for _, a := range group {
			check("a gross amount", a.Gross, a.Net.Add(a.Tax))
		}
	}
	check("totals.gross", o.Totals.Gross, o.Totals.Net.Add(o.Totals.Tax))
	sum := o.parts()
	check("the sum of net amounts", sum.Net, o.Totals.Net)
	check("the sum of taxes", sum.Tax, o.Totals.Tax)
	check("the sum of gross amounts", sum.Gross, o.Totals.Gross)
	var tax decimal.Decimal
	for _, t := range o.Taxes {
		tax = tax.Add(t.Tax)
	}
	check("the sum of taxes[]", tax, o.Totals.Tax)
	return errors.Join(errs...)
}

// An order that an API client made says what it comes to, but has no lines: it must stay wrong.
const withoutLines = "14-created-by-api-minimal"

func capturedOrders(t *testing.T) []string {
	t.Helper()
	all, err := filepath.Glob("shopware/testdata/orders/[0-9][0-9]-*.json")
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, f := range all {
		if !strings.HasSuffix(f, ".canonical.json") {
			files = append(files, f)
		}
	}
	if len(files) < 16 {
		t.Fatalf("only %d orders", len(files))
	}
	return files
}

func apply(t testing.TB, m *engine.Mapping, doc []byte, in engine.Input) []byte {
	t.Helper()
	out, err := m.Apply(context.Background(), doc, in)
	var ds engine.Diagnostics
	if errors.As(err, &ds) {
		t.Fatalf("the document fails:\n%s", ds.Render())
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Every order of a running shop comes out right to the cent, and as its schema says.
func TestOrdersAreRightToTheCent(t *testing.T) {
	m := load(t, "shopware/order.read")
	schema := compile(t, "canonical/order.schema.json", true)
	for _, f := range capturedOrders(t) {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".json"), func(t *testing.T) {
			raw := readFile(t, f)
			out := apply(t, m, raw, engine.Input{})
			validate(t, schema, f, out)
			var got order
			var shop struct {
				OrderNumber string
				Price       struct{ NetPrice, TotalPrice decimal.Decimal }
			}
			for data, into := range map[*[]byte]any{&out: &got, &raw: &shop} {
				if err := json.Unmarshal(*data, into); err != nil {
					t.Fatal(err)
				}
			}
			if got.Number != shop.OrderNumber || !got.Totals.Gross.Equal(shop.Price.TotalPrice) || !got.Totals.Net.Equal(shop.Price.NetPrice) {
				t.Errorf("order %s comes to %v, in the shop %s to %v", got.Number, got.Totals, shop.OrderNumber, shop.Price)
			}
			err := got.invariants()
			switch wrong := strings.Contains(f, withoutLines); {
			case wrong && err == nil:
				t.Error("an order without lines adds up")
			case !wrong && err != nil:
				t.Error(err)
			}
		})
	}
}

func TestCustomersAndProductsFitTheCanonicalSchemas(t *testing.T) {
	for _, entity := range []string{"customer", "product"} {
		m := load(t, "shopware/"+entity+".read")
		schema := compile(t, "canonical/"+entity+".schema.json", true)
		files, err := filepath.Glob("shopware/testdata/" + entity + "s/[0-9][0-9]-*.json")
		if err != nil || len(files) == 0 {
			t.Fatal(files, err)
		}
		for _, f := range files {
			if !strings.HasSuffix(f, ".canonical.json") {
				validate(t, schema, f, apply(t, m, readFile(t, f), engine.Input{}))
			}
		}
	}
}

// Nothing that is only copied changes its text: 9007199254740993 has no float64, and 19.10 is not 19.1.
func TestCopiedNumbersKeepTheirText(t *testing.T) {
	doc := []byte(`{"id":"9007199254740993","customFields":{"big":9007199254740993,"price":19.10},"price":{"taxStatus":"gross","totalPrice":19.10,"calculatedTaxes":[]},` +
		`"lineItems":[{"type":"product","quantity":9007199254740993,"label":"A","price":{"unitPrice":19.10,"totalPrice":19.10,"calculatedTaxes":[{"taxRate":9,"price":19.10,"tax":1.58}]}}]}`)
	out := string(apply(t, load(t, "shopware/order.read"), doc, engine.Input{}))
	for _, want := range []string{`"id":"9007199254740993"`, `"big":9007199254740993`, `"price":19.10`, `"quantity":9007199254740993`, `"unitPriceGross":19.10`, `"totalGross":19.10`, `"totalNet":17.52`, `"gross":19.10`} {
		if !strings.Contains(out, want) {
			t.Errorf("%s is not in %s", want, out)
		}
	}
}

// row is what all sales documents of eAccounting say about money.
type row struct {
	ArticleID          string          `json:"ArticleId"`
	Quantity           decimal.Decimal `json:"Quantity"`
	UnitPrice          decimal.Decimal `json:"UnitPrice"`
	DiscountPercentage decimal.Decimal `json:"DiscountPercentage"`
}

// amount is the row's amount as eAccounting computes it: with two decimals, half away from zero.
func (r row) amount() decimal.Decimal {
	return r.UnitPrice.Mul(r.Quantity).Mul(decimal.New(1, 0).Sub(r.DiscountPercentage)).Round(2, decimal.HalfUp)
}

func (r row) check(t testing.TB) {
	t.Helper()
	for _, rule := range []struct {
		what   string
		value  decimal.Decimal
		digits int
	}{{"UnitPrice", r.UnitPrice, 2}, {"Quantity", r.Quantity, 2}, {"DiscountPercentage", r.DiscountPercentage, 4}} {
		if !rule.value.Round(rule.digits, decimal.HalfUp).Equal(rule.value) {
			t.Errorf("%s %s has more than %d decimals", rule.what, rule.value, rule.digits)
		}
	}
	if r.UnitPrice.Sign() < 0 || r.DiscountPercentage.Sign() < 0 || r.DiscountPercentage.Cmp(decimal.New(1, 0)) > 0 {
		t.Errorf("a price below zero, or a discount that is no fraction: %+v", r)
	}
}

var salesDocuments = []string{"order", "invoiceDraft", "invoice", "quote"}

const articleTables = `{"shippingArticles":{"21":"SHIP-21","9":"SHIP-9","0":"SHIP-0"},"discountArticles":{"21":"DISC-21","9":"DISC-9","0":"DISC-0"},"feeArticles":{"21":"FEE-21","9":"FEE-9","0":"FEE-0"}}`

// linksFor answers for every SKU of a canonical order and of articleTables.
func linksFor(t testing.TB, canonical []byte, person bool) []byte {
	t.Helper()
	var o struct{ Lines []struct{ SKU string } }
	if err := json.Unmarshal(canonical, &o); err != nil {
		t.Fatal(err)
	}
	products := map[string]any{}
	for _, group := range []string{"SHIP", "DISC", "FEE"} {
		for _, rate := range []string{"21", "9", "0"} {
			products[group+"-"+rate] = map[string]string{"id": "id-" + group + "-" + rate}
		}
	}
	for _, l := range o.Lines {
		products[l.SKU] = map[string]string{"id": "id-" + l.SKU}
	}
	links, err := json.Marshal(map[string]any{
		"customer":  map[string]any{"id": "c", "document": map[string]any{"IsPrivatePerson": person}},
		"products":  products,
		"reference": map[string]any{"companySettings": map[string]any{"ShowPricesExclVatPC": false}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return links
}

// For every captured order, every sales document and both kinds of customers, the rows come to what the shop
// took, to the cent, and their quantities to what was ordered.
func TestRowsComeToTheOrder(t *testing.T) {
	read := load(t, "shopware/order.read")
	for _, resource := range salesDocuments {
		write := load(t, "eaccounting/"+resource+".write")
		schema := compile(t, "eaccounting/"+resource+".schema.json", true)
		for _, f := range capturedOrders(t) {
			if strings.Contains(f, withoutLines) {
				continue
			}
			canonical := apply(t, read, readFile(t, f), engine.Input{})
			var o order
			if err := json.Unmarshal(canonical, &o); err != nil {
				t.Fatal(err)
			}
			for _, person := range []bool{true, false} {
				out := apply(t, write, canonical, engine.Input{Tables: []byte(articleTables), Links: linksFor(t, canonical, person)})
				what := fmt.Sprintf("%s of %s for a person: %t", resource, f, person)
				validate(t, schema, what, out)
				var doc struct{ Rows []row }
				if err := json.Unmarshal(out, &doc); err != nil {
					t.Fatal(err)
				}
				var sum, pieces, ordered decimal.Decimal
				for _, r := range doc.Rows {
					r.check(t)
					sum = sum.Add(r.amount())
					if !strings.HasPrefix(r.ArticleID, "id-SHIP-") && !strings.HasPrefix(r.ArticleID, "id-DISC-") {
						pieces = pieces.Add(r.Quantity)
					}
				}
				for _, l := range o.Lines {
					ordered = ordered.Add(l.Quantity)
				}
				want := o.Totals.Net
				if person {
					want = o.Totals.Gross
				}
				if !sum.Equal(want) {
					t.Errorf("%s: the rows come to %s, the order to %s", what, sum, want)
				}
				if !pieces.Equal(ordered) {
					t.Errorf("%s: %s pieces on the rows, %s ordered", what, pieces, ordered)
				}
			}
		}
	}
}

// A line of any price, quantity and discount comes to its total to the cent, in rows that eAccounting takes.
func TestAnyLineComesToItsTotal(t *testing.T) {
	write := load(t, "eaccounting/order.write")
	rapid.Check(t, func(rt *rapid.T) {
		cents := func(label string, least, most int64) decimal.Decimal {
			return decimal.New(rapid.Int64Range(least, most).Draw(rt, label), 2)
		}
		total := cents("total", -1_000_000, 100_000_000)
		quantity := decimal.New(rapid.Int64Range(-50, 2000).Draw(rt, "quantity"), 0)
		if rapid.IntRange(0, 4).Draw(rt, "parts") == 0 {
			quantity = decimal.New(rapid.Int64Range(1, 99_999).Draw(rt, "quantity in thousandths"), 3)
		}
		unit := decimal.New(rapid.Int64Range(0, 10_000_000).Draw(rt, "unit price in 1/10000"), 4)
		saved := decimal.Decimal{}
		if rapid.Bool().Draw(rt, "discount") {
			saved = cents("saved", 0, 100_000)
		}
		doc := fmt.Sprintf(`{"number":"1","createdAt":"2026-01-01T12:00:00Z","lines":[{"sku":"A","name":"A","quantity":%s,"unitPriceGross":%s,"discountGross":%s,"totalGross":%s,"totalNet":%s,"tax":0,"taxRate":0}]}`, quantity, unit, saved, total, total)
		out, err := write.Apply(context.Background(), []byte(doc), engine.Input{Tables: []byte(articleTables), Links: linksFor(t, []byte(doc), true)})
		if err != nil {
			rt.Fatal(err)
		}
		var got struct{ Rows []row }
		if err := json.Unmarshal(out, &got); err != nil {
			rt.Fatal(err)
		}
		var sum decimal.Decimal
		for _, r := range got.Rows {
			r.check(t)
			sum = sum.Add(r.amount())
		}
		if !sum.Equal(total) || len(got.Rows) < 1 || len(got.Rows) > 2 {
			rt.Fatalf("%s\nbecomes %s\nwhich comes to %s", doc, out, sum)
		}
	})
}
