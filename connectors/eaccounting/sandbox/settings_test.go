package sandbox_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/crosswalk-go/crosswalk/connectors/eaccounting/sandbox"
)

// TestEverySwitchDoesSomething turns each switch on alone and compares what a client then sees.
func TestEverySwitchDoesSomething(t *testing.T) {
	lenient := transcript(t, sandbox.Unproven{})
	switches := reflect.TypeFor[sandbox.Unproven]()
	strict := reflect.ValueOf(sandbox.Strict())
	for i := range switches.NumField() {
		name := switches.Field(i).Name
		var u sandbox.Unproven
		reflect.ValueOf(&u).Elem().Field(i).SetBool(true)
		if transcript(t, u) == lenient {
			t.Errorf("%s changes nothing", name)
		}
		if kind := name == "ReadOnlyScopeWrites"; strict.Field(i).Bool() == kind { // the one switch whose lenient reading refuses
			t.Errorf("Strict says %t for %s", strict.Field(i).Bool(), name)
		}
	}
}

// transcript is what a client sees of a little of everything.
func transcript(t *testing.T, u sandbox.Unproven) string {
	a := open(t, func(s *sandbox.Settings) { s.CallsPerMinute = 1 << 40 })
	mug, person := a.article("NK-MUG-350"), a.customer("Sanne.deVries@Example.nl")
	a.box.Configure(func(s *sandbox.Settings) { s.Unproven = u })
	var b strings.Builder
	see := func(got answer) answer {
		b.WriteString(got.Raw)
		b.WriteString(" ")
		b.WriteByte(byte('0' + got.status%100/10))
		b.WriteByte(byte('0' + got.status%10))
		b.WriteByte('\n')
		return got
	}
	for _, path := range []string{"Units", "articles?$pagesize=5000", "articles?$page=99", "orders?$filter=Status%20eq%202",
		"customers?$filter=startswith(EmailAddress,'i')", "customers?$filter=EmailAddress%20eq%20'INKOOP@example.nl'"} {
		see(a.get(path))
	}
	see(badClient(a))
	see(a.do("POST", "customers", with(a.person(), body{"ZipCode": "1"})))
	see(a.do("POST", "orders", a.order("7be4a250-13c9-4f8d-8e62-d05a9b7c1001", body{"ArticleId": mug})))
	half := func() body { return body{"ArticleId": mug, "Quantity": 1, "UnitPrice": 0.5, "DeliveredQuantity": 1} }
	order := with(a.order(person, half(), half(), half()), body{"Amount": 99, "BuyersOrderReference": "R"})
	made := see(a.do("POST", "orders", order))
	path := "orders/" + made.Get("Id").String()
	a.clock.at = a.clock.at.AddDate(0, 0, 1)
	a.login()
	order["Status"] = 3
	see(a.do("PUT", path, order))
	see(a.get("articles/" + mug))
	see(a.do("POST", path+"/convert", nil))
	see(a.do("POST", "quotes", body{"CustomerId": person, "QuoteDate": "2026-06-15", "DueDate": "2026-06-15", "Rows": []body{{"Text": "x"}}}))
	see(a.do("POST", "customerinvoices", body{"CustomerId": person, "Rows": []body{{"ArticleId": mug, "Quantity": 1, "UnitPrice": 1}}}))
	see(a.get("customerinvoicedrafts"))
	see(a.do("DELETE", "orders/"+a.do("POST", "orders", with(order, body{"Status": 1})).Get("Id").String(), nil))
	a.box.Configure(func(s *sandbox.Settings) { s.Scopes = []string{"ea:sales_readonly"} })
	see(a.do("POST", "customerinvoices", body{"CustomerId": person, "EuThirdParty": false, "RotReducedInvoicingType": 0,
		"Rows": []body{{"ArticleId": mug, "Quantity": 1, "UnitPrice": 1}}}))
	return b.String()
}
