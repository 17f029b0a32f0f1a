package mappings_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/decimal"
)

var ccvSystems = []string{"ccvshop", "ccvsalespos"}

func ccvDocuments(t *testing.T, system, entity string) []string {
	t.Helper()
	all, err := filepath.Glob(system + "/testdata/" + entity + "s/[0-9][0-9]-*.json")
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, f := range all {
		if !strings.HasSuffix(f, ".canonical.json") {
			files = append(files, f)
		}
	}
	if len(files) == 0 {
		t.Fatalf("%s has no documents of %s", system, entity)
	}
	return files
}

// The schemas of CCV know every member of every document, and what comes out is canonical.
func TestCCVDocumentsFitTheirSchemas(t *testing.T) {
	for _, system := range ccvSystems {
		for _, entity := range []string{"order", "customer", "product"} {
			source, canonical := compile(t, system+"/"+entity+".schema.json", true), compile(t, "canonical/"+entity+".schema.json", true)
			m := load(t, system+"/"+entity+".read")
			for _, f := range ccvDocuments(t, system, entity) {
				validate(t, source, f, readFile(t, f))
				validate(t, canonical, f+" as "+entity, apply(t, m, readFile(t, f), engine.Input{}))
			}
		}
	}
}

// Every order comes out right to the cent, and the books take what was sold.
func TestCCVOrdersAreRightToTheCent(t *testing.T) {
	for _, system := range ccvSystems {
		read := load(t, system+"/order.read")
		for _, f := range ccvDocuments(t, system, "order") {
			raw := readFile(t, f)
			out := apply(t, read, raw, engine.Input{})
			var got order
			var shop struct {
				Total decimal.Decimal `json:"total_price"`
				Tax   decimal.Decimal `json:"total_tax"`
			}
			for data, into := range map[*[]byte]any{&out: &got, &raw: &shop} {
				if err := json.Unmarshal(*data, into); err != nil {
					t.Fatal(err)
				}
			}
			if !got.Totals.Gross.Equal(shop.Total) || !got.Totals.Tax.Equal(shop.Tax) {
				t.Errorf("%s comes to %v, in the shop to %s with %s tax", f, got.Totals, shop.Total, shop.Tax)
			}
			if err := got.invariants(); err != nil {
				t.Errorf("%s: %v", f, err)
			}
		}
	}
}

// TestAnyCCVOrderAddsUp makes orders as the shop computes them: prices with and without VAT, several rates, discounts, coupons, fees,
// shipping and returns; the tax is rounded once, over the whole order.
func TestAnyCCVOrderAddsUp(t *testing.T) {
	read := load(t, "ccvshop/order.read")
	write := load(t, "eaccounting/invoiceDraft.write")
	rapid.Check(t, func(rt *rapid.T) {
		doc := anyCCVOrder(rt)
		out, err := read.Apply(t.Context(), doc, engine.Input{})
		if err != nil {
			rt.Fatalf("%s\n%v", doc, err)
		}
		var got order
		if err := json.Unmarshal(out, &got); err != nil {
			rt.Fatal(err)
		}
		if err := got.invariants(); err != nil {
			rt.Fatalf("%s\nbecomes %s\n%v", doc, out, err)
		}
		draft, err := write.Apply(t.Context(), out, engine.Input{Tables: []byte(articleTables), Links: linksFor(t, out, true)})
		if err != nil {
			rt.Fatalf("%s\n%v", out, err)
		}
		var rows struct{ Rows []row }
		if err := json.Unmarshal(draft, &rows); err != nil {
			rt.Fatal(err)
		}
		var sum decimal.Decimal
		for _, r := range rows.Rows {
			sum = sum.Add(r.amount())
		}
		if !sum.Equal(got.Totals.Gross) {
			rt.Fatalf("%s\nbecomes %s\nwhich comes to %s", out, draft, sum)
		}
	})
}

func anyCCVOrder(rt *rapid.T) []byte {
	cents := func(label string, least, most int64) decimal.Decimal {
		return decimal.New(rapid.Int64Range(least, most).Draw(rt, label), 2)
	}
	hundred := decimal.New(100, 0)
	part := func(d decimal.Decimal, of int64, digits int) decimal.Decimal {
		q, err := d.QuoRound(decimal.New(of, 0), digits, decimal.HalfUp)
		if err != nil {
			rt.Fatal(err)
		}
		return q
	}
	taxOf := func(amount, rate decimal.Decimal, included bool) decimal.Decimal {
		if included {
			net, err := amount.Mul(hundred).QuoRound(hundred.Add(rate), 12, decimal.HalfUp)
			if err != nil {
				rt.Fatal(err)
			}
			return amount.Sub(net)
		}
		return part(amount.Mul(rate), 100, 12)
	}
	rowTax, costTax := rapid.Bool().Draw(rt, "rows with tax"), rapid.Bool().Draw(rt, "shipping with tax")
	rates := []decimal.Decimal{decimal.New(21, 0), decimal.New(9, 0), decimal.New(0, 0)}
	var total, tax, onTop decimal.Decimal
	take := func(amount, rate decimal.Decimal, included bool) {
		total = total.Add(amount)
		exact := taxOf(amount, rate, included)
		tax = tax.Add(exact)
		if !included {
			onTop = onTop.Add(exact)
		}
	}
	back := rapid.IntRange(0, 9).Draw(rt, "return") == 0
	var rows []string
	for i := range rapid.IntRange(1, 6).Draw(rt, "rows") {
		rate := rapid.SampledFrom(rates).Draw(rt, "rate")
		price, count := cents("price", 1, 500_00), decimal.New(rapid.Int64Range(1, 12).Draw(rt, "count"), 0)
		if back {
			count = count.Neg()
		}
		discount := decimal.Decimal{}
		if rapid.IntRange(0, 3).Draw(rt, "discounted") == 0 {
			discount = part(price, 4, 2)
		}
		amount := price.Sub(discount).Mul(count)
		take(amount, rate, rowTax)
		rows = append(rows, fmt.Sprintf(`{"id":%d,"product_id":%d,"product_number":"SKU-%d","product_name":"A","count":%s,"price":%s,"discount":%s,"tax":%s,"price_without_discount_with_attributes":%s,"total_price_with_attributes":%s}`,
			i+1, i+1, i, count, price, discount, rate, price, amount))
	}
	var shipping, fee, coupon decimal.Decimal
	rate := rates[rapid.IntRange(0, 1).Draw(rt, "shipping rate")]
	if !back {
		shipping = cents("shipping", 0, 20_00)
		take(shipping, rate, costTax)
		if rapid.Bool().Draw(rt, "a fee") {
			fee = cents("fee", 1, 5_00)
			take(fee, rate, costTax)
		}
		if whole := total.Add(onTop); rapid.IntRange(0, 3).Draw(rt, "a coupon") == 0 {
			coupon = part(whole, 10, 2)
			tax = part(tax.Mul(decimal.New(9, 0)), 10, 12)
		}
	}
	total = total.Add(onTop.Round(2, decimal.HalfUp)).Sub(coupon)
	return fmt.Appendf(nil, `{"id":1,"ordernumber_full":"1001","create_date":"2026-11-19T18:21:00Z","status":1,"paid":true,"currency":"EUR","taxes_included":true,"order_row_taxes_included":%t,"shipping_taxes_included":%t,"shipping_tax_percentage":%s,"total_shipping":%s,"paymethod_costs":%s,"total_discounts":%s,"total_price":%s,"total_tax":%s,"orderrows":{"collection":[%s]}}`,
		rowTax, costTax, rate, shipping, fee, coupon, total, tax.Round(2, decimal.HalfUp), strings.Join(rows, ","))
}
