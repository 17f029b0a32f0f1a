package sandbox_test

import (
	"strings"
	"testing"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors/eaccounting/sandbox"
)

func TestCustomerRules(t *testing.T) {
	a := open(t)
	nowhere := "7be4a250-13c9-4f8d-8e62-d05a9b7c1001"
	for name, c := range map[string]struct {
		changes      body
		status, code int
	}{
		"as it is":             {body{}, 201, 0},
		"no name":              {body{"Name": missing}, 400, 2000},
		"empty name":           {body{"Name": ""}, 400, 2000},
		"null name":            {body{"Name": nil}, 400, 2000},
		"50 characters":        {body{"Name": strings.Repeat("é", 50)}, 201, 0},
		"51 characters":        {body{"Name": strings.Repeat("é", 51)}, 400, 2000},
		"no city":              {body{"InvoiceCity": missing}, 400, 2000},
		"long postal code":     {body{"InvoicePostalCode": "12345678901"}, 400, 2000},
		"no kind":              {body{"IsPrivatePerson": missing}, 400, 2000},
		"unknown terms":        {body{"TermsOfPaymentId": nowhere}, 400, 3000},
		"terms are no id":      {body{"TermsOfPaymentId": "30 days"}, 400, 2000},
		"unknown country":      {body{"InvoiceCountryCode": "XX"}, 400, 2000},
		"discount of 10":       {body{"DiscountPercentage": 10}, 400, 2000},
		"discount, 5 decimals": {body{"DiscountPercentage": 0.12345}, 400, 2000},
		"bad VAT number":       {body{"VatNumber": "12345"}, 400, 2000},
		"unknown VAT number":   {body{"VatNumber": "NL000000000B00"}, 400, 4100},
		"taken number":         {body{"CustomerNumber": "1001"}, 409, 4000},
		"reverse charge":       {body{"ReverseChargeOnConstructionServices": true}, 400, 2000},
		"delivery-based VAT":   {body{"DeliveryBasedVat": true}, 400, 2000},
		"unknown label":        {body{"CustomerLabels": []body{{"Id": nowhere}}}, 400, 2000},
		"not a list":           {body{"EmailAddresses": "x"}, 400, 2000},
		"not a bool":           {body{"IsActive": "perhaps"}, 400, 2000},
		"bool as text":         {body{"IsActive": "true"}, 201, 0},
		"unknown member":       {body{"ZipCode": "1"}, 201, 0},
		"read-only is ignored": {body{"Id": nowhere, "ChangedUtc": "never", "UnpaidInvoicesAmount": "x"}, 201, 0},
	} {
		t.Run(name, func(t *testing.T) {
			a.t = t
			a.box.Configure(func(s *sandbox.Settings) { s.UnknownVATNumbers = []string{"NL000000000B00"} })
			got := a.want(a.do("POST", "customers", with(a.person(), c.changes)), c.status, c.code)
			if got.Get("Id").String() == nowhere {
				t.Error("a client chose the id")
			}
		})
	}
	for name, text := range map[string]string{"no object": `[]`, "no JSON": `{`, "two values": `{} {}`, "null": `null`, "nothing": ``} {
		if got := a.do("POST", "customers", text); got.status != 400 || got.Get("ErrorCode").Int() != 2000 {
			t.Errorf("%s: %d %s", name, got.status, got.Raw)
		}
	}
}

func TestStrictInput(t *testing.T) {
	a := open(t, func(s *sandbox.Settings) { s.Unproven.StrictInput = true })
	a.want(a.do("POST", "customers", with(a.person(), body{"ZipCode": "1"})), 400, 2000)
	a.want(a.do("POST", "customers", with(a.person(), body{"IsActive": "true"})), 400, 2000)
	a.want(a.do("POST", "customers", a.person()), 201, 0)
}

func TestLenientNumbers(t *testing.T) {
	a := open(t)
	order := a.order(a.customer("inkoop@example.nl"), body{"ArticleId": a.article("NK-MUG-350"), "Quantity": "2", "UnitPrice": "10.50"})
	order["Status"], order["RotReducedInvoicingType"] = "Ongoing", false
	if got := a.want(a.do("POST", "orders", order), 201, 0); got.Get("Amount").Raw != "21.0" || got.Get("Status").Int() != 2 {
		t.Errorf("%s", got.Raw)
	}
}

// TestPutReplaces is the trap: what is left out is emptied.
func TestPutReplaces(t *testing.T) {
	a := open(t)
	made := a.want(a.do("POST", "customers", with(a.person(), body{"Note": "VIP", "Telephone": "020", "VatNumber": "NL123456789B01"})), 201, 0)
	path := "customers/" + made.Get("Id").String()
	a.clock.at = a.clock.at.Add(time.Minute)
	a.want(a.do("PUT", path, body{"Id": made.Get("Id").String(), "Name": "Only a name"}), 400, 2000)
	got := a.want(a.do("PUT", path, with(a.person(), body{"EmailAddress": missing})), 200, 0)
	for _, name := range []string{"EmailAddress", "Note", "Telephone", "VatNumber"} {
		if got.Get(name).Raw != "null" {
			t.Errorf("%s is %s", name, got.Get(name).Raw)
		}
	}
	if got.Get("CustomerNumber").String() != made.Get("CustomerNumber").String() {
		t.Error("the number was lost")
	}
	if got.Get("ChangedUtc").String() != "2026-06-15T09:31:00.1234567Z" {
		t.Errorf("ChangedUtc %s", got.Get("ChangedUtc"))
	}
	a.want(a.do("PUT", "customers/7be4a250-13c9-4f8d-8e62-d05a9b7c1001", a.person()), 404, 3000)
}

func TestCustomerLife(t *testing.T) {
	a := open(t)
	made := a.want(a.do("POST", "customers", a.person()), 201, 0)
	path := "customers/" + made.Get("Id").String()
	if got := made.Get("CustomerNumber").String(); got != "1004" {
		t.Errorf("number %s", got)
	}
	if made.Get("InvoiceCountryCode").String() != "NL" || made.Get("CurrencyCode").String() != "EUR" {
		t.Errorf("defaults %s", made.Raw)
	}
	if got := a.do("DELETE", path, nil); got.status != 200 {
		t.Errorf("%d %s", got.status, got.Raw)
	}
	a.want(a.get(path), 404, 3000)
	a.want(a.do("DELETE", "customers/"+a.customer("sanne.devries@example.nl"), nil), 400, 4001) // has orders
	a.want(a.do("PATCH", path, body{}), 405, 2000)
}

func TestLabels(t *testing.T) {
	a := open(t)
	made := a.want(a.do("POST", "articlelabels", body{"Name": "Coffee", "Description": "Beans"}), 201, 0)
	path := "articlelabels/" + made.Get("Id").String()
	a.want(a.do("PUT", path, body{"Name": "Koffie"}), 200, 0)
	if got := a.get(path); got.Get("Name").String() != "Koffie" || got.Get("Description").Raw != "null" {
		t.Errorf("%s", got.Raw)
	}
	a.want(a.do("DELETE", path, nil), 200, 0)
	a.want(a.get(path), 404, 3000)
	a.want(a.do("POST", "articlelabels", body{"Description": "x"}), 400, 2000)
}

func (a *api) newArticle(changes body) body {
	return with(body{"Number": "NEW-1", "Name": "New", "IsActive": true, "NetPrice": 10,
		"CodingId": a.get("articleaccountcodings").Get(`Data.#(Name=="Goods 9 %").Id`).String(),
		"UnitId":   a.get("units").Get("Data.0.Id").String()}, changes)
}

func TestArticleRules(t *testing.T) {
	a := open(t)
	nowhere := "7be4a250-13c9-4f8d-8e62-d05a9b7c1001"
	for name, c := range map[string]struct {
		changes      body
		status, code int
	}{
		"as it is":            {body{}, 201, 0},
		"no number":           {body{"Number": missing}, 400, 2000},
		"taken number":        {body{"Number": "nk-mug-350"}, 409, 4000},
		"long number":         {body{"Number": strings.Repeat("x", 41)}, 400, 2000},
		"unknown coding":      {body{"CodingId": nowhere}, 400, 3000},
		"unknown unit":        {body{"UnitId": nowhere}, 400, 3000},
		"3 decimals":          {body{"NetPrice": 10.001}, 400, 2000},
		"a trailing zero":     {body{"NetPrice": jsonNumber("10.010")}, 201, 0},
		"negative price":      {body{"NetPrice": -1}, 400, 2000},
		"prices agree":        {body{"NetPrice": 10, "GrossPrice": 10.9}, 201, 0},
		"prices agree, gross": {body{"NetPrice": 8.21, "GrossPrice": 8.95}, 201, 0},
		"prices disagree":     {body{"NetPrice": 10, "GrossPrice": 12.1}, 400, 2000},
		"stock article":       {body{"IsStock": true}, 400, 2000}, // the module is off
	} {
		t.Run(name, func(t *testing.T) {
			a := open(t)
			a.want(a.do("POST", "articles", a.newArticle(c.changes)), c.status, c.code)
		})
	}
	a.want(a.do("DELETE", "articles/"+a.article("NK-MUG-350"), nil), 405, 2000)
}

// TestPricesHaveMoreDecimalsThanTheyMayHave is a trap: what GET shows cannot be PUT.
func TestPricesHaveMoreDecimalsThanTheyMayHave(t *testing.T) {
	a := open(t)
	path := "articles/" + a.article("NK-BEAN-HOUSE-500")
	long := a.get(path)
	if long.Get("NetPrice").Raw != "8.211009" || long.Get("GrossPrice").Raw != "8.95" {
		t.Fatalf("%s %s", long.Get("NetPrice").Raw, long.Get("GrossPrice").Raw)
	}
	a.want(a.do("PUT", path, long.Raw), 400, 2000)
	short := a.get(path + "?showPricesWithTwoDecimals=true")
	if short.Get("NetPrice").Raw != "8.21" {
		t.Fatal(short.Get("NetPrice").Raw)
	}
	a.want(a.do("PUT", path, short.Raw), 200, 0)
}

func TestStock(t *testing.T) {
	a := open(t)
	house := a.article("NK-BEAN-HOUSE-500")
	stock := func() string {
		s := a.get("articles/" + house)
		return s.Get("StockBalance").Raw + " " + s.Get("StockBalanceReserved").Raw + " " + s.Get("StockBalanceAvailable").Raw
	}
	check := func(want string) {
		t.Helper()
		if got := stock(); got != want {
			t.Errorf("stock %s, want %s", got, want)
		}
	}
	check("120.0 2.0 118.0") // the seeded order
	order := a.want(a.do("POST", "orders", a.order(a.customer("inkoop@example.nl"), body{"ArticleId": house, "Quantity": 5, "UnitPrice": 10})), 201, 0)
	check("120.0 7.0 113.0")
	path := "orders/" + order.Get("Id").String()
	a.want(a.do("POST", path+"/completed", nil), 200, 0)
	check("115.0 2.0 113.0")
	a.want(a.do("POST", path+"/voided", nil), 200, 0)
	check("120.0 7.0 113.0")
	a.want(a.do("DELETE", path, nil), 200, 0)
	check("120.0 2.0 118.0")
	a.box.Configure(func(s *sandbox.Settings) { s.StockModule = true })
	a.want(a.do("PUT", "articles/"+house, strings.Replace(a.get("articles/"+house+"?showPricesWithTwoDecimals=true").Raw, `"StockBalance":120.0`, `"StockBalance":1.0`, 1)), 200, 0)
	check("120.0 2.0 118.0") // read-only with the module
}
