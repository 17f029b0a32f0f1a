package sandbox_test

import (
	"encoding/json"
	"testing"

	"github.com/crosswalk-go/crosswalk/connectors/eaccounting/sandbox"
)

func jsonNumber(s string) json.Number { return json.Number(s) }

// TestVAT is the matrix of who decides: the article's coding, the customer and
// the price basis.
func TestVAT(t *testing.T) {
	customer := func(country, vat string, person bool) body {
		return body{"Name": "X", "IsPrivatePerson": person, "InvoiceCountryCode": country, "VatNumber": vat}
	}
	for name, c := range map[string]struct {
		customer                 body
		change                   func(*sandbox.Settings)
		incl                     bool
		total, vat, order, lines string // draft TotalAmount, TotalVatAmount, order Amount, row VatRate
	}{
		"company at home":               {customer("NL", "NL123456789B01", false), nil, false, "39.83", "5.33", "34.5", "0.21 0.09"},
		"person at home":                {customer("NL", "", true), nil, true, "34.5", "4.53", "34.5", "0.21 0.09"},
		"person, prices without VAT":    {customer("NL", "", true), func(s *sandbox.Settings) { s.ShowPricesExclVatPC = true }, false, "39.83", "5.33", "34.5", "0.21 0.09"},
		"person, amount without VAT":    {customer("NL", "", true), func(s *sandbox.Settings) { s.Unproven.OrderAmountIsNet = true }, true, "34.5", "4.53", "29.97", "0.21 0.09"},
		"EU company with VAT number":    {customer("DE", "DE123456789", false), nil, false, "34.5", "0.0", "34.5", "0.0 0.0"},
		"EU company without VAT number": {customer("DE", "", false), nil, false, "39.83", "5.33", "34.5", "0.21 0.09"},
		"EU person":                     {customer("DE", "", true), nil, true, "34.5", "4.53", "34.5", "0.21 0.09"},
		"company outside the EU":        {customer("CH", "", false), nil, false, "34.5", "0.0", "34.5", "0.0 0.0"},
		"person outside the EU":         {customer("CH", "", true), nil, true, "34.5", "0.0", "34.5", "0.0 0.0"},
		"whole units":                   {customer("NL", "", false), func(s *sandbox.Settings) { s.RoundTotals = true }, false, "40.0", "5.33", "34.5", "0.21 0.09"},
	} {
		t.Run(name, func(t *testing.T) {
			a := open(t)
			if c.change != nil {
				a.box.Configure(c.change)
			}
			if c.customer["VatNumber"] == "" {
				c.customer["VatNumber"] = nil
			}
			id := a.want(a.do("POST", "customers", with(a.person(), c.customer)), 201, 0).Get("Id").String()
			rows := func() []body {
				return []body{{"ArticleId": a.article("NK-MUG-350"), "Quantity": 2, "UnitPrice": 9.25},
					{"ArticleId": a.article("NK-BEAN-HOUSE-500"), "Quantity": 2, "UnitPrice": 10, "DiscountPercentage": 0.2},
					{"IsTextRow": true, "Text": "Thanks"}}
			}
			draft := a.want(a.do("POST", "customerinvoicedrafts", a.draft(id, rows()...)), 201, 0)
			order := a.want(a.do("POST", "orders", a.order(id, rows()...)), 201, 0)
			if draft.Get("IncludesVat").Bool() != c.incl || order.Get("IncludesVat").Bool() != c.incl {
				t.Errorf("IncludesVat %s", draft.Get("IncludesVat"))
			}
			for what, pair := range map[string][2]string{
				"TotalAmount": {draft.Get("TotalAmount").Raw, c.total}, "TotalVatAmount": {draft.Get("TotalVatAmount").Raw, c.vat},
				"Amount": {order.Get("Amount").Raw, c.order}, "VatAmount": {order.Get("VatAmount").Raw, c.vat},
				"VatRate": {draft.Get("Rows.0.VatRate").Raw + " " + draft.Get("Rows.1.VatRate").Raw, c.lines},
			} {
				if pair[0] != pair[1] {
					t.Errorf("%s is %s, want %s", what, pair[0], pair[1])
				}
			}
		})
	}
}

func TestArithmetic(t *testing.T) {
	a := open(t)
	person, company := a.customer("sanne.devries@example.nl"), a.customer("inkoop@example.nl")
	mug := a.article("NK-MUG-350")
	for name, c := range map[string]struct {
		customer   string
		row        body
		total, vat string
	}{
		"half a cent goes up":              {company, body{"Quantity": jsonNumber("0.5"), "UnitPrice": jsonNumber("0.01")}, "0.01", "0.0"},
		"half a cent goes down below zero": {company, body{"Quantity": jsonNumber("-0.5"), "UnitPrice": jsonNumber("0.01")}, "-0.01", "0.0"},
		"VAT of half a cent":               {company, body{"Quantity": 1, "UnitPrice": jsonNumber("0.50")}, "0.61", "0.11"},
		"incl, VAT inside":                 {person, body{"Quantity": 3, "UnitPrice": jsonNumber("12.50")}, "37.5", "6.51"},
		"fixed discount":                   {company, body{"Quantity": 3, "UnitPrice": 10, "IsDiscountInFixedAmount": true, "DiscountFixedAmount": jsonNumber("1.99")}, "33.89", "5.88"},
		"fixed discount that is not on":    {company, body{"Quantity": 3, "UnitPrice": 10, "DiscountFixedAmount": jsonNumber("1.99")}, "36.3", "6.3"},
		"a zero price stays":               {company, body{"Quantity": 3, "UnitPrice": 0}, "0.0", "0.0"},
	} {
		c.row["ArticleId"] = mug
		got := a.want(a.do("POST", "customerinvoicedrafts", a.draft(c.customer, c.row)), 201, 0)
		if got.Get("TotalAmount").Raw != c.total || got.Get("TotalVatAmount").Raw != c.vat {
			t.Errorf("%s: %s, VAT %s, want %s, VAT %s", name, got.Get("TotalAmount").Raw, got.Get("TotalVatAmount").Raw, c.total, c.vat)
		}
	}
	zero := a.draft(person, body{"ArticleId": mug, "Quantity": 2, "UnitPrice": 0})
	zero["ReplaceUnitPriceWhenZero"] = true
	if got := a.want(a.do("POST", "customerinvoicedrafts", zero), 201, 0); got.Get("TotalAmount").Raw != "25.0" {
		t.Errorf("a replaced price gives %s", got.Get("TotalAmount").Raw)
	}
}

func TestVATPerRowOrRate(t *testing.T) {
	for want, perRow := range map[string]bool{"0.32": false, "0.33": true} { // 3 x 0.50 at 21 %
		a := open(t, func(s *sandbox.Settings) { s.Unproven.VATPerRow = perRow })
		var rows []body
		for range 3 {
			rows = append(rows, body{"ArticleId": a.article("NK-MUG-350"), "Quantity": 1, "UnitPrice": 0.5})
		}
		got := a.want(a.do("POST", "customerinvoicedrafts", a.draft(a.customer("inkoop@example.nl"), rows...)), 201, 0)
		if got.Get("TotalVatAmount").Raw != want {
			t.Errorf("per row %t: %s, want %s", perRow, got.Get("TotalVatAmount").Raw, want)
		}
	}
}

func TestDocumentRules(t *testing.T) {
	a := open(t)
	company, german := a.customer("inkoop@example.nl"), a.customer("einkauf@example.com")
	mug := a.article("NK-MUG-350")
	nowhere := "7be4a250-13c9-4f8d-8e62-d05a9b7c1001"
	row := func(changes body) body { return with(body{"ArticleId": mug, "Quantity": 1, "UnitPrice": 10}, changes) }
	order := func(changes body, rows ...body) body { return with(a.order(company, rows...), changes) }
	draft := func(id string, changes body, rows ...body) body { return with(a.draft(id, rows...), changes) }
	for name, c := range map[string]struct {
		path         string
		body         body
		status, code int
	}{
		"order":                     {"orders", order(nil, row(nil)), 201, 0},
		"order without customer":    {"orders", order(body{"CustomerId": missing}, row(nil)), 400, 2000},
		"order, unknown customer":   {"orders", order(body{"CustomerId": nowhere}, row(nil)), 400, 3000},
		"order without status":      {"orders", order(body{"Status": missing}, row(nil)), 400, 2000},
		"order of status 5":         {"orders", order(body{"Status": 5}, row(nil)), 400, 2000},
		"order invoiced at once":    {"orders", order(body{"Status": 4}, row(nil)), 400, 2000},
		"order of another year":     {"orders", order(body{"OrderDate": "2019-06-15"}, row(nil)), 400, 3001},
		"order date with a time":    {"orders", order(body{"OrderDate": "2026-06-15T00:00:00"}, row(nil)), 201, 0},
		"order date in Dutch":       {"orders", order(body{"OrderDate": "15-06-2026"}, row(nil)), 400, 2000},
		"order, unknown article":    {"orders", order(nil, row(body{"ArticleId": nowhere})), 400, 3000},
		"order row without article": {"orders", order(nil, row(body{"ArticleId": nil})), 400, 2000},
		"order text row":            {"orders", order(nil, body{"IsTextRow": true, "Text": "Hi"}), 201, 0},
		"order, 4 decimals":         {"orders", order(nil, row(body{"Quantity": jsonNumber("0.1234")})), 201, 0},
		"order, 5 decimals":         {"orders", order(nil, row(body{"Quantity": jsonNumber("0.12345")})), 400, 2000},
		"order price, 3 decimals":   {"orders", order(nil, row(body{"UnitPrice": jsonNumber("1.005")})), 400, 2000},
		"order discount of 10":      {"orders", order(nil, row(body{"DiscountPercentage": 10})), 400, 2000},
		"order below zero":          {"orders", order(nil, row(body{"Quantity": -1})), 400, 2000},
		"order with a return":       {"orders", order(nil, row(body{"Quantity": 2}), row(body{"Quantity": -1})), 201, 0},
		"order line 1001":           {"orders", order(nil, row(body{"LineNumber": 1001})), 400, 2000},
		"order row without flags":   {"orders", order(nil, row(body{"IsTextRow": nil})), 400, 2000},
		"order, long reference":     {"orders", order(body{"BuyersOrderReference": "123456789012345678901234567890123456"}, row(nil)), 400, 2000},
		"order, a huge number":      {"orders", order(nil, row(body{"UnitPrice": jsonNumber("1e999999999")})), 400, 2000},
		"draft":                     {"customerinvoicedrafts", draft(company, nil, row(nil)), 201, 0},
		"draft, 3 decimals":         {"customerinvoicedrafts", draft(company, nil, row(body{"Quantity": jsonNumber("0.123")})), 400, 2000},
		"draft price, 4 decimals":   {"customerinvoicedrafts", draft(company, nil, row(body{"UnitPrice": jsonNumber("1.2345")})), 400, 2000},
		"draft abroad, 4 decimals":  {"customerinvoicedrafts", draft(german, nil, row(body{"UnitPrice": jsonNumber("1.2345")})), 201, 0},
		"draft, unknown terms":      {"customerinvoicedrafts", draft(company, body{"TermsOfPaymentId": nowhere}, row(nil)), 400, 3000},
		"draft of type 3":           {"customerinvoicedrafts", draft(company, body{"RotReducedInvoicingType": 3}, row(nil)), 400, 2000},
		"invoice with the least":    {"customerinvoices", body{"CustomerId": company, "Rows": []body{row(nil)}}, 201, 0},
		"invoice without rows":      {"customerinvoices", body{"CustomerId": company}, 400, 2000},
		"invoice of tomorrow":       {"customerinvoices", body{"CustomerId": company, "InvoiceDate": "2026-06-16", "Rows": []body{row(nil)}}, 400, 2000},
		"quote":                     {"quotes", body{"CustomerId": company, "Rows": []body{row(nil)}}, 201, 0},
		"quote delivered before":    {"quotes", body{"CustomerId": company, "QuoteDate": "2026-06-15", "DeliveryDate": "2026-06-14"}, 400, 2000},
		"quote with text":           {"quotes", body{"CustomerId": company, "Rows": []body{{"Text": "Hi"}}}, 201, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if r, ok := c.body["Rows"].([]body); ok && name == "order row without flags" {
				r[0]["IsTextRow"] = nil
			}
			got := a.do("POST", c.path, c.body)
			if got.status != c.status || int(got.Get("ErrorCode").Int()) != c.code {
				t.Errorf("%d %s, want %d/%d", got.status, got.Raw, c.status, c.code)
			}
		})
	}
	a.box.Configure(func(s *sandbox.Settings) { s.Unproven = sandbox.Strict() })
	a.want(a.do("POST", "customerinvoices", body{"CustomerId": company, "Rows": []body{row(nil)}}), 400, 2000)
	a.want(a.do("POST", "orders", order(body{"CustomerId": nowhere}, row(nil))), 404, 3000)
}

// TestOrderLife follows an order from draft to invoice.
func TestOrderLife(t *testing.T) {
	a := open(t)
	draft := with(a.order(a.customer("sanne.devries@example.nl"), body{"ArticleId": a.article("NK-MUG-350"), "Quantity": 2, "UnitPrice": 12.5}),
		body{"Status": 1, "Number": 99, "BuyersOrderReference": "10002", "Amount": 1})
	o := a.want(a.do("POST", "orders", draft), 201, 0)
	if o.Get("Number").Raw != "null" || o.Get("Amount").Raw != "25.0" {
		t.Errorf("a draft has number %s, amount %s", o.Get("Number").Raw, o.Get("Amount").Raw)
	}
	path := "orders/" + o.Get("Id").String()
	o = a.want(a.do("POST", path+"/converteddrafttoorder", nil), 200, 0)
	if o.Get("Number").Int() != 2 || o.Get("Status").Int() != 2 {
		t.Errorf("%s", o.Raw)
	}
	a.want(a.do("POST", path+"/convert", nil), 400, 2000) // not shipped
	o = a.want(a.do("POST", path+"/completed", nil), 200, 0)
	if o.Get("Rows.0.DeliveredQuantity").Raw != "2.0" || o.Get("DeliveredAmount").Raw != "25.0" || o.Get("ShippedDateTime").String() != "2026-06-15" {
		t.Errorf("%s", o.Raw)
	}
	inv := a.want(a.do("POST", path+"/convert", nil), 200, 0)
	for name, want := range map[string]string{"TotalAmount": "25.0", "TotalVatAmount": "4.34", "BuyersOrderReference": `"10002"`,
		"CreatedFromOrderId": o.Get("Id").Raw, "InvoiceDate": `"2026-06-15"`, "DueDate": `"2026-07-15"`, "InvoiceNumber": "1001",
		"Rows.0.AmountNoVat": "20.66", "VatSpecification.0.AmountInvoiceCurrency": "20.66", "PaymentStatus": "1"} {
		if inv.Get(name).Raw != want {
			t.Errorf("%s is %s, want %s", name, inv.Get(name).Raw, want)
		}
	}
	if got := a.get(path).Get("Status").Int(); got != 4 {
		t.Errorf("status %d", got)
	}
	a.want(a.do("PUT", path, draft), 400, 2000)
	a.want(a.do("DELETE", path, nil), 400, 2000)
	a.want(a.do("PUT", "customerinvoices/"+inv.Get("Id").String(), inv.Raw), 405, 2000)
}

func TestDraftLife(t *testing.T) {
	a := open(t)
	d := a.want(a.do("POST", "customerinvoicedrafts", with(a.draft(a.customer("inkoop@example.nl"),
		body{"ArticleId": a.article("NK-MUG-350"), "Quantity": 1, "UnitPrice": 10}), body{"BuyersOrderReference": "10003"})), 201, 0)
	if d.Get("InvoiceAddress1").String() != "Wijnhaven 12" || d.Get("DeliveryAddress1").String() != "Maasboulevard 3" {
		t.Errorf("addresses of the customer: %s", d.Raw)
	}
	path := "customerinvoicedrafts/" + d.Get("Id").String()
	again := a.want(a.do("PUT", path, d.Raw), 200, 0)
	if again.Get("Rows.0.Id").String() == d.Get("Rows.0.Id").String() {
		t.Error("row ids of drafts change with every update")
	}
	a.want(a.do("POST", path+"/convert", body{"TotalAmountInvoiceCurrency": 99}), 400, 2000)
	inv := a.want(a.do("POST", path+"/convert", body{"TotalAmountInvoiceCurrency": 12.1}), 201, 0)
	if inv.Get("CreatedFromDraftId").String() != d.Get("Id").String() || inv.Get("BuyersOrderReference").String() != "10003" {
		t.Errorf("%s", inv.Raw)
	}
	a.want(a.get(path), 404, 3000)

	person := with(a.draft(a.customer("inkoop@example.nl"), body{"ArticleId": a.article("NK-MUG-350"), "Quantity": 1, "UnitPrice": 12.1}),
		body{"CustomerIsPrivatePerson": true})
	if got := a.do("POST", "customerinvoicedrafts", person); got.Get("IncludesVat").Bool() {
		t.Error("CustomerIsPrivatePerson is read-only")
	}
	if got := a.do("POST", "customerinvoicedrafts?overrideCustomerIsPrivatePerson=true", person); !got.Get("IncludesVat").Bool() || got.Get("TotalAmount").Raw != "12.1" {
		t.Errorf("%s", got.Raw)
	}
}

func TestQuoteLife(t *testing.T) {
	a := open(t)
	q := a.want(a.do("POST", "quotedrafts", body{"CustomerId": a.customer("inkoop@example.nl"), "CustomerReference": "Femke", "BuyersOrderReference": "10004",
		"Rows": []body{{"ArticleId": a.article("NK-MUG-350"), "Quantity": 2, "UnitPrice": 10}, {"Text": "With our logo"}}}), 201, 0)
	id := q.Get("Id").String()
	if q.Get("Status").Int() != 0 || q.Get("Number").Raw != "null" || !q.Get("Rows.1.IsTextRow").Bool() || q.Get("TotalAmount").Raw != "20.0" {
		t.Errorf("%s", q.Raw)
	}
	a.want(a.get("quotes/"+id), 404, 3000) // drafts and quotes are two resources
	q = a.want(a.do("PUT", "quotedrafts/"+id+"/convert", nil), 200, 0)
	if q.Get("Number").Int() != 2 || q.Get("Status").Int() != 1 {
		t.Errorf("%s", q.Raw)
	}
	a.want(a.do("PUT", "quotes/"+id+"/accept", nil), 200, 0)
	o := a.want(a.do("POST", "quotes/"+id+"/converttoorder", body{"Type": 1}), 200, 0)
	if o.Get("YourReference").String() != "Femke" || o.Get("CreatedFromQuoteId").String() != id || o.Get("Status").Int() != 2 ||
		o.Get("BuyersOrderReference").String() != "10004" || len(o.Get("Rows").Array()) != 2 {
		t.Errorf("%s", o.Raw)
	}
	a.want(a.do("POST", "quotes/"+id+"/converttoorder", body{"Type": 1}), 400, 2000)

	q = a.want(a.do("POST", "quotes", body{"CustomerId": a.customer("inkoop@example.nl"), "Rows": []body{{"ArticleId": a.article("NK-MUG-350"), "Quantity": 1, "UnitPrice": 10}}}), 201, 0)
	inv := a.want(a.do("POST", "quotes/"+q.Get("Id").String()+"/converttocustomerinvoice", nil), 200, 0)
	if inv.Get("TotalAmount").Raw != "12.1" {
		t.Errorf("%s", inv.Raw)
	}
}

func TestModifiedSince(t *testing.T) {
	a := open(t)
	a.want(a.do("POST", "customerinvoices", body{"CustomerId": a.customer("inkoop@example.nl"), "Rows": []body{
		{"ArticleId": a.article("NK-MUG-350"), "Quantity": 1, "UnitPrice": 10}}}), 201, 0)
	for since, want := range map[string]int64{"2026-06-15T09:30:00Z": 1, "2026-06-15T09:30:01Z": 0} {
		if got := a.get("customerinvoices?modifiedSinceUtc=" + since).Get("Data.#").Int(); got != want {
			t.Errorf("%s: %d, want %d", since, got, want)
		}
	}
	a.want(a.get("customerinvoices?modifiedSinceUtc=yesterday"), 400, 6001)
}
