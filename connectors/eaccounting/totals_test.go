package eaccounting

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
	"pgregory.net/rapid"

	"github.com/crosswalk-go/crosswalk/connectors/eaccounting/sandbox"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// shop is a company with customers of every kind and links as a flow has them.
type shop struct {
	*company
	customers []port.Document
	articles  []port.Document
}

func newShop(t *testing.T, p plan) *shop {
	s := &shop{company: connect(t, p)}
	for i, c := range []fields{
		{"IsPrivatePerson": true}, {"IsPrivatePerson": false}, {"IsPrivatePerson": false, "InvoiceCountryCode": "DE"},
		{"IsPrivatePerson": false, "InvoiceCountryCode": "DE", "VatNumber": "DE123456789"},
		{"IsPrivatePerson": true, "InvoiceCountryCode": "DE", "VatNumber": "DE123456789"},
		{"IsPrivatePerson": true, "InvoiceCountryCode": "CH"}, {"IsPrivatePerson": false, "InvoiceCountryCode": "US"},
		{"IsPrivatePerson": false, "DeliveryBasedVat": true, "DeliveryCity": "X", "DeliveryPostalCode": "1", "DeliveryCountryCode": "NO"},
		{"IsPrivatePerson": false, "InvoiceCountryCode": "GB", "IsNorthernIreland": true, "VatNumber": "XI123456789"},
		{"IsPrivatePerson": false, "VatNumber": "NL123456789B01", "ReverseChargeOnConstructionServices": true},
	} {
		s.customers = append(s.customers, s.create("customer", merged(s.person(fmt.Sprintf("t%d@example.com", i)), c)))
	}
	s.articles = s.read(port.Query{Resource: "article"})
	return s
}

// links is what a write mapping saw, with or without reference data.
func (s *shop) links(customer port.Document, reference bool) []byte {
	products := map[string]any{}
	for _, a := range s.articles {
		products[a.Key] = fields{"id": a.ID, "document": json.RawMessage(a.Body)}
	}
	l := fields{"customer": fields{"id": customer.ID, "document": json.RawMessage(customer.Body)}, "products": products}
	if reference {
		l["reference"] = fields{"companySettings": json.RawMessage(s.table("companySettings").Raw),
			"articleAccountCodings": json.RawMessage(s.table("articleAccountCodings").Raw), "countries": json.RawMessage(s.table("countries").Raw)}
	}
	return raw(s.t, l)
}

// number draws a decimal with up to places decimals, from low to high.
func number(t *rapid.T, name string, low, high int64, places int) json.Number {
	places = rapid.IntRange(0, places).Draw(t, name+" places")
	scale := int64(1)
	for range places {
		scale *= 10
	}
	return json.Number(big.NewRat(rapid.Int64Range(low*scale, high*scale).Draw(t, name), scale).FloatString(places))
}

// basket draws a document's body and what its rows need.
func (s *shop) basket(t *rapid.T, resource string, customer port.Document) fields {
	reverse := member(customer, "ReverseChargeOnConstructionServices") == "true"
	var rows []fields
	for i := range rapid.IntRange(1, 12).Draw(t, "rows") {
		row := fields{"LineNumber": i + 1, "IsWorkCost": false, "IsTextRow": false, "EligibleForReverseChargeOnVat": false, "ReversedConstructionServicesVatFree": false,
			"ArticleId": s.articles[rapid.IntRange(0, len(s.articles)-1).Draw(t, "article")].ID,
			"Quantity":  number(t, "quantity", 1, 50, 2), "UnitPrice": number(t, "price", 0, 500, 2), "DiscountPercentage": number(t, "discount", 0, 1, 4)}
		switch rapid.IntRange(0, 9).Draw(t, "kind") {
		case 0:
			row["IsTextRow"], row["ArticleId"], row["Text"] = true, nil, "Thanks"
		case 1:
			row["IsDiscountInFixedAmount"], row["DiscountFixedAmount"] = true, number(t, "fixed", 0, 1, 2)
		case 2:
			row["IsVatFree"] = true
		case 3:
			row["ReversedConstructionServicesVatFree"], row["EligibleForReverseChargeOnVat"] = reverse, true
		case 4:
			if resource != "order" { // an order's sum must not be negative
				row["Quantity"] = "-" + row["Quantity"].(json.Number)
			}
		}
		rows = append(rows, row)
	}
	return fields{"CustomerId": customer.ID, "CurrencyCode": "EUR", "OrderDate": "2026-06-15", "Status": 2, "EuThirdParty": false,
		"RotReducedInvoicingType": 0, "ReverseChargeOnConstructionServices": false, "Rows": rows,
		"ReplaceUnitPriceWhenZero": rapid.Bool().Draw(t, "replace zero")}
}

// said is what the API computed, as Totals says it.
func said(t rapid.TB, resource string, d port.Document) port.Totals {
	value := func(name string) *big.Rat {
		r, ok := new(big.Rat).SetString(gjson.GetBytes(d.Body, name).Raw)
		if !ok {
			t.Fatalf("%s of %s", name, d.Body)
		}
		return r
	}
	vatName, roundings := "TotalVatAmount", "TotalRoundings"
	total := "TotalAmount"
	switch resource {
	case "order":
		total, vatName, roundings = "Amount", "VatAmount", "RoundingsAmount"
	case "quote":
		vatName, roundings = "VatAmount", "RoundingsAmount"
	}
	vat, gross := value(vatName), value(total)
	if (resource == "order" || resource == "quote") && member(d, "IncludesVat") != "true" {
		gross = add(add(gross, vat), value(roundings)) // without VAT it is the net amount
	}
	net := sub(sub(gross, vat), value(roundings))
	return port.Totals{Net: net.FloatString(2), Tax: vat.FloatString(2), Gross: gross.FloatString(2)}
}

// TestTotals holds the connector's sum against the sandbox's own arithmetic, which
// shares no code with it.
func TestTotals(t *testing.T) {
	for name, c := range map[string]struct {
		options map[string]string
		change  func(*sandbox.Settings)
	}{
		"as seeded":          {nil, func(*sandbox.Settings) {}},
		"prices without VAT": {nil, func(s *sandbox.Settings) { s.ShowPricesExclVatPC = true }},
		"whole units":        {nil, func(s *sandbox.Settings) { s.RoundTotals = true }},
		"VAT per row":        {map[string]string{optVATRounding: "row"}, func(s *sandbox.Settings) { s.Unproven.VATPerRow = true }},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t, plan{options: c.options, box: c.change})
			rapid.Check(t, func(rt *rapid.T) {
				resource := rapid.SampledFrom([]string{"order", "quote", "invoiceDraft", "invoice"}).Draw(rt, "resource")
				customer := s.customers[rapid.IntRange(0, len(s.customers)-1).Draw(rt, "customer")]
				body := raw(t, s.basket(rt, resource, customer))
				got, err := s.Totals(t.Context(), resource, body, s.links(customer, rapid.Bool().Draw(rt, "reference data in links")))
				if err != nil {
					rt.Fatal(err)
				}
				made, err := s.Create(t.Context(), resource, body)
				var e *port.Error
				if errors.As(err, &e) && e.Code == "2000" && strings.Contains(e.Message, "positive") {
					rt.Skip("a fixed discount made the order negative")
				}
				if err != nil {
					rt.Fatal(err)
				}
				if want := said(rt, resource, made); got != want {
					rt.Fatalf("%s: got %+v, eAccounting says %+v: %s", resource, got, want, body)
				}
			})
		})
	}
}

// TestTotalsOfWhatDoesNotExistYet plans a document for a customer and an article that are yet to be made.
func TestTotalsOfWhatDoesNotExistYet(t *testing.T) {
	s := newShop(t, plan{})
	coding := s.table("articleAccountCodings").Get(`#(Name=="Goods 9 %").Id`).String()
	links := raw(t, fields{"customer": fields{"document": fields{"IsPrivatePerson": true}},
		"products": fields{"NEW.1": fields{"id": "${product:NEW.1}", "document": fields{"Number": "NEW.1", "CodingId": coding}}}})
	body := `{"CustomerId":"${customer}","Rows":[{"ArticleId":"${product:NEW.1}","Quantity":2,"UnitPrice":10.90,"IsTextRow":false}]}`
	got, err := s.Totals(t.Context(), "invoiceDraft", []byte(body), links)
	if want := (port.Totals{Net: "20.00", Tax: "1.80", Gross: "21.80"}); err != nil || got != want {
		t.Errorf("%+v %v", got, err)
	}
}

// TestTotalsWithoutLinks reads customer and articles from the books.
func TestTotalsWithoutLinks(t *testing.T) {
	s := newShop(t, plan{})
	got, err := s.Totals(t.Context(), "invoiceDraft", raw(t, s.draft("x")), nil)
	if want := (port.Totals{Net: "20.66", Tax: "4.34", Gross: "25.00"}); err != nil || got != want {
		t.Errorf("%+v %v", got, err)
	}
}

func TestTotalsErrors(t *testing.T) {
	s := newShop(t, plan{})
	links := s.links(s.customers[0], true)
	mug := s.one("article", port.KeySKU, "NK-MUG-350").ID
	for want, body := range map[string]string{
		`row 1: it has no ArticleId`:                          `{"Rows":[{"Quantity":1}]}`,
		`row 2: links.products holds no article "NK"`:         `{"Rows":[{"IsTextRow":true},{"ArticleId":"NK"}]}`,
		`row 1: UnitPrice: "\"1\"" is not a number`:           `{"Rows":[{"ArticleId":"` + mug + `","UnitPrice":"1"}]}`,
		`row 1: Quantity: "1e999999999" is not a number`:      `{"Rows":[{"ArticleId":"` + mug + `","Quantity":1e999999999}]}`,
		`the document is not a JSON object`:                   `[]`,
		`GET /articles/{id}: not found (HTTP 404, code 3000)`: `{"Rows":[{"ArticleId":"7be4a250-13c9-4f8d-8e62-d05a9b7c1001"}]}`,
	} {
		if _, err := s.Totals(t.Context(), "order", []byte(body), links); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if _, err := s.Totals(t.Context(), "order", []byte(`{"CustomerId":"${customer}"}`), nil); err == nil {
		t.Error("nobody knows the customer")
	}
	if _, err := s.Totals(t.Context(), "customer", []byte(`{}`), nil); !errors.Is(err, port.ErrValidation) {
		t.Errorf("%v", err)
	}
	unknown := strings.Replace(string(links), `"InvoiceCountryCode":"NL"`, `"InvoiceCountryCode":"XX"`, 1)
	if _, err := s.Totals(t.Context(), "order", []byte(`{}`), []byte(unknown)); err == nil || !strings.Contains(err.Error(), "XX") {
		t.Errorf("%v", err)
	}
}

func TestRound(t *testing.T) {
	for in, want := range map[string]string{"0.005": "0.01", "-0.005": "-0.01", "0.0049": "0.00", "1.005": "1.01", "2.675": "2.68",
		"-2.675": "-2.68", "9007199254740993.105": "9007199254740993.11", "0": "0.00", "1e2": "100.00", "-1.5E-1": "-0.15"} {
		r, err := parseRat(in)
		if err != nil {
			t.Fatal(err)
		}
		if got := round(r, 2).FloatString(2); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
	for _, in := range []string{"", "x", "1e1000", "0x10", "1/3", "1_000", ".5", "Inf", strings.Repeat("1", 31)} {
		if _, err := parseRat(in); err == nil {
			t.Errorf("%q is a number", in)
		}
	}
}
