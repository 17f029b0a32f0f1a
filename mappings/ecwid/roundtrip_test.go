package ecwid_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/ecwid"
	"github.com/crosswalk-go/crosswalk/connectors/ecwid/sandbox"
	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/decimal"
	"github.com/crosswalk-go/crosswalk/engine/port"
	"github.com/crosswalk-go/crosswalk/mappings"
)

// store is a connection to an imitation of Ecwid, and what write mappings know of it.
type store struct {
	*ecwid.Client
	links []byte
}

func open(t *testing.T) store {
	t.Helper()
	sb := sandbox.New(connectors.SandboxOptions{}, sandbox.WithCallsPerMinute(1<<30))
	srv := httptest.NewServer(sb)
	t.Cleanup(srv.Close)
	c, err := ecwid.Open(connectors.Config{Name: "webshop", URL: srv.URL, Credentials: sb.Credentials(), Options: map[string]string{"callsPerMinute": "10000000"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	s := store{c, []byte(`{"products":{}}`)}
	for _, name := range []string{"profile", "customerGroups"} {
		table, err := c.Reference(t.Context(), name, false)
		if err == nil {
			s.links, err = sjson.SetRawBytes(s.links, "reference."+name, table)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func apply(t *testing.T, name string, doc []byte, in engine.Input) []byte {
	t.Helper()
	m, err := engine.Load(name, engine.Library(mappings.FS))
	if err != nil {
		t.Fatal(err)
	}
	out, err := m.Apply(t.Context(), doc, in)
	var ds engine.Diagnostics
	if errors.As(err, &ds) {
		t.Fatalf("%s:\n%s", name, ds.Render())
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// canonical are the documents of an entity that any system's read mapping made.
func canonical(t *testing.T, entity string) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("../*/testdata/" + entity + "s/*.canonical.json")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d documents of %s: %v", len(files), entity, err)
	}
	docs := map[string][]byte{}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		docs[strings.TrimPrefix(strings.TrimSuffix(f, ".canonical.json"), "../")] = data
	}
	return docs
}

// same compares a value of two documents: numbers by what they are.
func same(a, b gjson.Result) bool {
	if a.Type == gjson.Number && b.Type == gjson.Number {
		x, err := decimal.Parse(a.Raw)
		y, err2 := decimal.Parse(b.Raw)
		return err == nil && err2 == nil && x.Equal(y)
	}
	return a.String() == b.String()
}

// Every order that any shop gave is written to Ecwid and read again: totals, tax, pieces, SKUs and addresses are what they were, and the
// parts add up.
func TestOrdersTravel(t *testing.T) {
	s := open(t)
	travelled := 0
	for name, order := range canonical(t, "order") {
		get := func(path string) gjson.Result { return gjson.GetBytes(order, path) }
		if c := get("currency").String(); c != "EUR" || len(get("lines").Array()) == 0 {
			continue // the store has one currency, and an order that an API made without lines does not add up
		}
		travelled++
		t.Run(name, func(t *testing.T) {
			body := apply(t, "ecwid/order.write", order, engine.Input{Links: s.links, Settings: []byte(`{"email":"till@example.com","referencePrefix":"` + name + ` "}`)})
			d, err := s.Create(t.Context(), "order", body)
			if err != nil {
				t.Fatalf("%v\n%s", err, body)
			}
			back := gjson.ParseBytes(apply(t, "ecwid/order.read", d.Body, engine.Input{}))
			for _, path := range []string{"totals.gross", "totals.tax", "totals.net", "pricesIncludeTax", "currency", "createdAt", "note", "customer.company", "customer.vatNumber",
				"billing.street", "billing.houseNumber", "billing.postalCode", "billing.city", "billing.country", "shipping.street", "shipping.city", "shipping.country"} {
				if want := get(path); want.Exists() && !same(back.Get(path), want) && !sameInstant(back.Get(path), want) {
					t.Errorf("%s is %s, was %s", path, back.Get(path).Raw, want.Raw)
				}
			}
			if err := addsUp(back); err != nil {
				t.Error(err)
			}
			for _, of := range []struct{ what, path string }{{"pieces", "lines.#.quantity"}, {"tax of shipping", "shippingCosts.#.tax"}, {"shipping", "shippingCosts.#.gross"}} {
				if whole := of.what != "pieces" || wholePieces(get("lines")); whole && !sum(back.Get(of.path)).Equal(sum(get(of.path))) {
					t.Errorf("%s: %s, were %s", of.what, sum(back.Get(of.path)), sum(get(of.path)))
				}
			}
			if got, want := skus(back), skus(gjson.ParseBytes(order)); !slices.Equal(got, want) {
				t.Errorf("SKUs %v, were %v", got, want)
			}
			found, err := s.Find(t.Context(), "order", port.Key{Field: port.KeyReference, Value: gjson.GetBytes(body, "refererId").String()})
			if err != nil || len(found) != 1 || found[0].ID != d.ID {
				t.Errorf("found by its reference: %d, %v", len(found), err)
			}
		})
	}
	if travelled < 30 {
		t.Errorf("only %d orders travelled", travelled)
	}
}

func sameInstant(a, b gjson.Result) bool {
	return b.Type == gjson.String && len(b.Str) > 19 && len(a.Str) > 18 && a.Str[:19] == b.Str[:19]
}

func sum(list gjson.Result) decimal.Decimal {
	var total decimal.Decimal
	for _, v := range list.Array() {
		if d, err := decimal.Parse(v.Raw); err == nil {
			total = total.Add(d)
		}
	}
	return total
}

func wholePieces(lines gjson.Result) bool {
	return !slices.ContainsFunc(lines.Array(), func(l gjson.Result) bool { return strings.Contains(l.Get("quantity").Raw, ".") })
}

func skus(order gjson.Result) []string {
	var list []string
	for _, l := range order.Get("lines").Array() {
		list = append(list, l.Get("sku").String())
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// addsUp holds an order to the invariants of the canonical form.
func addsUp(o gjson.Result) error {
	var errs []error
	for total, parts := range map[string][]string{
		"totals.net":   {"lines.#.totalNet", "shippingCosts.#.net", "discounts.#.net", "fees.#.net"},
		"totals.tax":   {"lines.#.tax", "shippingCosts.#.tax", "discounts.#.tax", "fees.#.tax"},
		"totals.gross": {"lines.#.totalGross", "shippingCosts.#.gross", "discounts.#.gross", "fees.#.gross"},
	} {
		var all decimal.Decimal
		for _, p := range parts {
			all = all.Add(sum(o.Get(p)))
		}
		if want, err := decimal.Parse(o.Get(total).Raw); err != nil || !all.Equal(want) {
			errs = append(errs, fmt.Errorf("%s is %s, the parts come to %s", total, o.Get(total).Raw, all))
		}
	}
	return errors.Join(errs...)
}

// Customers, products and stock come back as they went, and writing them a second time changes nothing.
func TestOtherEntitiesTravel(t *testing.T) {
	for _, tt := range []struct {
		entity string
		fields []string
	}{
		{"customer", []string{"type", "name", "email", "phone", "company", "vatNumber"}},
		{"product", []string{"sku", "ean", "name", "description", "priceGross", "taxRate", "type", "brand", "active", "categories", "variants.#.sku", "variants.#.ean", "variants.#.priceGross", "variants.#.options.#.value"}},
	} {
		s := open(t)
		key := map[string]port.Key{"customer": {Field: port.KeyEmail}, "product": {Field: port.KeySKU}}[tt.entity]
		for name, doc := range canonical(t, tt.entity) {
			t.Run(name, func(t *testing.T) {
				doc := travelling(t, tt.entity, name, doc)
				if doc == nil {
					t.Skip("Ecwid cannot have it: docs/systems/ecwid.md")
				}
				body := apply(t, "ecwid/"+tt.entity+".write", doc, engine.Input{Links: s.links, Tables: nil})
				d, err := s.Create(t.Context(), tt.entity, body)
				if err != nil {
					t.Fatalf("%v\n%s", err, body)
				}
				back := gjson.ParseBytes(apply(t, "ecwid/"+tt.entity+".read", d.Body, engine.Input{}))
				for _, path := range tt.fields {
					want := gjson.GetBytes(doc, path)
					family := gjson.GetBytes(doc, "type").String() == "variants"
					childless := len(gjson.GetBytes(doc, "variants").Array()) == 0
					switch {
					case !want.Exists(), want.Raw == "[]", path == "priceGross" && family: // a family may have no price of its own
						continue
					case path == "type" && family && childless: // is sold as it is
						continue
					}
					if got := back.Get(path); !same(got, want) && got.Get("@ugly").Raw != want.Get("@ugly").Raw {
						t.Errorf("%s is %s, was %s", path, got.Raw, want.Raw)
					}
				}
				key.Value = d.Key
				found, err := s.Find(t.Context(), tt.entity, key)
				if err != nil || len(found) != 1 {
					t.Fatalf("found by %v: %d, %v", key, len(found), err)
				}
				again := apply(t, "ecwid/"+tt.entity+".write", doc, engine.Input{Links: s.links, Write: engine.Update, Current: found[0].Body})
				cmp, err := s.Compare(t.Context(), tt.entity, found[0], again)
				if err != nil || len(cmp.Changes) > 0 {
					t.Errorf("again: %+v, %v", cmp.Changes, err)
				}
			})
		}
	}
}

// travelling gives a document a key of its own, because the store has that of the demo already; nil for one that Ecwid cannot have.
func travelling(t *testing.T, entity, name string, doc []byte) []byte {
	t.Helper()
	set := func(path string, v any) {
		var err error
		if doc, err = sjson.SetBytes(doc, path, v); err != nil {
			t.Fatal(err)
		}
	}
	mark := strings.NewReplacer("/", "-", ".", "").Replace(name)
	if entity == "customer" {
		set("email", strings.ToLower(mark)+"@example.com")
		if strings.Count(gjson.GetBytes(doc, "name").String()+gjson.GetBytes(doc, "company").String(), "") < 3 {
			return nil
		}
		return doc
	}
	if gjson.GetBytes(doc, "type").String() == "grouped" {
		return nil
	}
	if rate := gjson.GetBytes(doc, "taxRate"); rate.Exists() && !slices.Contains([]string{"21", "9", "0"}, rate.Raw) {
		set("taxRate", json.Number("21"))
	}
	set("sku", mark)
	for i := range gjson.GetBytes(doc, "variants").Array() {
		set(fmt.Sprintf("variants.%d.sku", i), fmt.Sprintf("%s-%d", mark, i))
	}
	return doc
}

func TestStockTravels(t *testing.T) {
	s := open(t)
	for _, n := range []string{"17", "0"} {
		body := apply(t, "ecwid/stock.write", []byte(`{"sku":"NK-TEE-BLACK-M","available":`+n+`}`), engine.Input{})
		find := func() port.Document {
			docs, err := s.Find(t.Context(), "stock", port.Key{Field: port.KeySKU, Value: "NK-TEE-BLACK-M"})
			if err != nil || len(docs) != 1 {
				t.Fatal(len(docs), err)
			}
			return docs[0]
		}
		if _, err := s.Update(t.Context(), "stock", find().ID, body); err != nil {
			t.Fatal(err)
		}
		if back := apply(t, "ecwid/stock.read", find().Body, engine.Input{}); gjson.GetBytes(back, "available").Raw != n {
			t.Errorf("%s", back)
		}
		if cmp, err := s.Compare(t.Context(), "stock", find(), body); err != nil || len(cmp.Changes) > 0 {
			t.Errorf("again: %+v, %v", cmp.Changes, err)
		}
	}
}
