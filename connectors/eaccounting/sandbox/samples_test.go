package sandbox_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tidwall/gjson"
)

func sample(t *testing.T, name string) gjson.Result {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return gjson.ParseBytes(b)
}

// TestSamples compares members, their order and their types with samples of the
// API's answers, both ways.
func TestSamples(t *testing.T) {
	a := open(t)
	mug, company, person := a.article("NK-MUG-350"), a.customer("inkoop@example.nl"), a.customer("sanne.devries@example.nl")
	invoice := a.want(a.do("POST", "customerinvoices", body{"CustomerId": person, "EuThirdParty": false, "RotReducedInvoicingType": 0,
		"Rows": []body{{"ArticleId": mug, "Quantity": 1, "UnitPrice": 12.5}}}), 201, 0)
	order := a.order(person, body{"ArticleId": mug, "Quantity": 1, "UnitPrice": 12.5})
	draft := a.draft(company, body{"ArticleId": mug, "Quantity": 1, "UnitPrice": 10.33})
	labelled := with(a.person(), body{"Name": "Labelled", "CustomerLabels": []body{{"Id": a.get("customerlabels").Get("Data.0.Id").String()}}})

	for _, c := range []struct {
		file string
		got  answer
	}{
		{"article.json", a.get("articles/" + mug)},
		{"article_list_page.json", a.get("articles")},
		{"article_account_codings.json", a.get("articleaccountcodings")},
		{"customer_company.json", a.get("customers/" + company)},
		{"customer_private.json", a.get("customers/" + person)},
		{"customer_company.json", a.do("POST", "customers", labelled)},
		{"customer_invoice.json", invoice},
		{"customer_invoice_draft.json", a.do("POST", "customerinvoicedrafts", draft)},
		{"order.json", a.do("POST", "orders", order)},
		{"quote.json", a.do("POST", "quotes", body{"CustomerId": company, "Rows": []body{{"ArticleId": mug, "Quantity": 1, "UnitPrice": 10.33}}})},
		{"terms_of_payment_list.json", a.get("termsofpayments")},
		{"vat_code_list.json", a.get("vatcodes")},
		{"error_auth.json", (&api{t: t, box: a.box, token: "bad"}).get("customers")},
		{"error_validation.json", a.do("POST", "customers", with(a.person(), body{"Name": fmt.Sprintf("%051d", 1)}))},
	} {
		t.Run(c.file, func(t *testing.T) { sameShape(t, "", sample(t, c.file), c.got.Result) })
	}
	if got, want := a.do("POST", "customers", with(a.person(), body{"Name": fmt.Sprintf("%051d", 1)})).Get("DeveloperErrorMessage").String(),
		sample(t, "error_validation.json").Get("DeveloperErrorMessage").String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func sameShape(t *testing.T, at string, want, got gjson.Result) {
	t.Helper()
	switch {
	case want.Type == gjson.Null || got.Type == gjson.Null:
		return
	case want.IsArray() && got.IsArray():
		if w, g := want.Array(), got.Array(); len(w) > 0 && len(g) > 0 {
			sameShape(t, at+"[]", w[0], g[0])
		}
	case want.IsObject() && got.IsObject():
		names := func(r gjson.Result) (out []string) {
			r.ForEach(func(k, _ gjson.Result) bool { out = append(out, k.String()); return true })
			return out
		}
		w, g := names(want), names(got)
		for _, n := range w {
			if !slices.Contains(g, n) {
				t.Errorf("%s.%s is missing", at, n)
			}
			sameShape(t, at+"."+n, want.Get(n), got.Get(n))
		}
		for _, n := range g {
			if !slices.Contains(w, n) {
				t.Errorf("%s.%s is not in the sample", at, n)
			}
		}
		if !t.Failed() && !slices.Equal(w, g) {
			t.Errorf("%s: the order of members is %v, want %v", at, g, w)
		}
	case want.IsBool() != got.IsBool() || !want.IsBool() && want.Type != got.Type:
		t.Errorf("%s is %s, want the type of %s", at, got.Raw, want.Raw)
	}
}
