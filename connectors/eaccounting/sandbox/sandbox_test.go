package sandbox_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/eaccounting/sandbox"
)

// clock is set by hand.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func newClock() *clock { return &clock{time.Date(2026, 6, 15, 9, 30, 0, 123456700, time.UTC)} }

// api talks to a sandbox without a network.
type api struct {
	t     testing.TB
	box   *sandbox.Sandbox
	clock *clock
	token string
}

func open(t testing.TB, changes ...func(*sandbox.Settings)) *api {
	t.Helper()
	c := newClock()
	a := &api{t: t, clock: c, box: sandbox.New(connectors.SandboxOptions{Now: c.now}, changes...)}
	a.login()
	return a
}

func (a *api) login() {
	a.t.Helper()
	res := a.form("/connect/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {a.box.Credentials()["refreshToken"]}})
	if a.token = res.Get("access_token").String(); a.token == "" {
		a.t.Fatalf("no token: %s", res.Raw)
	}
}

// answer is a status and a JSON body.
type answer struct {
	status int
	header http.Header
	gjson.Result
}

func (a *api) serve(r *http.Request) answer {
	w := httptest.NewRecorder()
	a.box.ServeHTTP(w, r)
	body, _ := io.ReadAll(w.Result().Body)
	return answer{w.Code, w.Header(), gjson.ParseBytes(body)}
}

func (a *api) form(path string, form url.Values) answer {
	r := httptest.NewRequest("POST", path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(sandbox.ClientID, sandbox.ClientSecret)
	return a.serve(r)
}

// do sends body, which may be text or a value.
func (a *api) do(method, path string, body any) answer {
	a.t.Helper()
	var b []byte
	switch v := body.(type) {
	case nil:
	case string:
		b = []byte(v)
	default:
		var err error
		if b, err = json.Marshal(v); err != nil {
			a.t.Fatal(err)
		}
	}
	r := httptest.NewRequest(method, "/v2/"+path, bytes.NewReader(b))
	r.Header.Set("Authorization", "Bearer "+a.token)
	return a.serve(r)
}

func (a *api) get(path string) answer { a.t.Helper(); return a.do("GET", path, nil) }

// filter lists with a $filter.
func (a *api) filter(resource, expr string) answer {
	a.t.Helper()
	return a.get(resource + "?$filter=" + url.QueryEscape(expr))
}

// want fails unless the answer has the status and error code (0 for a success).
func (a *api) want(got answer, status, code int) answer {
	a.t.Helper()
	if got.status != status || int(got.Get("ErrorCode").Int()) != code {
		a.t.Fatalf("got %d/%d, want %d/%d: %s", got.status, got.Get("ErrorCode").Int(), status, code, got.Raw)
	}
	return got
}

// ids of the seed that tests use.
func (a *api) article(number string) string {
	a.t.Helper()
	return a.filter("articles", "Number eq '"+number+"'").Get("Data.0.Id").String()
}

func (a *api) customer(email string) string {
	a.t.Helper()
	return a.filter("customers", "EmailAddress eq '"+email+"'").Get("Data.0.Id").String()
}

type body map[string]any

func with(base body, changes body) body {
	out := body{}
	for k, v := range base {
		out[k] = v
	}
	for k, v := range changes {
		if v == missing {
			delete(out, k)
			continue
		}
		out[k] = v
	}
	return out
}

// missing removes a member in with.
const missing = "\x00"

func (a *api) person() body {
	return body{"Name": "Daan Bakker", "IsPrivatePerson": true, "IsActive": true, "EmailAddress": "daan.bakker@example.nl",
		"InvoicePostalCode": "1012 AB", "InvoiceCity": "Amsterdam", "TermsOfPaymentId": a.get("termsofpayments").Get("Data.0.Id").String()}
}

func (a *api) order(customer string, rows ...body) body {
	for i, r := range rows {
		for k, v := range (body{"LineNumber": i + 1, "IsTextRow": false, "IsWorkCost": false, "EligibleForReverseChargeOnVat": false}) {
			if _, ok := r[k]; !ok {
				r[k] = v
			}
		}
	}
	return body{"CustomerId": customer, "CurrencyCode": "EUR", "OrderDate": "2026-06-15", "Status": 2, "EuThirdParty": false,
		"RotReducedInvoicingType": 0, "ReverseChargeOnConstructionServices": false, "Rows": rows}
}

func (a *api) draft(customer string, rows ...body) body {
	for _, r := range rows {
		r["IsTextRow"], r["ReversedConstructionServicesVatFree"] = r["ArticleId"] == nil, false
	}
	return body{"CustomerId": customer, "EuThirdParty": false, "RotReducedInvoicingType": 0, "Rows": rows}
}

func TestSeed(t *testing.T) {
	a := open(t)
	for _, sku := range []string{"NK-BEAN-HOUSE-500", "NK-BEAN-DARK-1000", "NK-MUG-350", "NK-TEE-BLACK-M", "NK-GRINDER-01",
		"SHIP-21", "SHIP-9", "SHIP-0", "DISC-21", "DISC-9", "DISC-0"} {
		if a.article(sku) == "" {
			t.Errorf("no article %s", sku)
		}
	}
	if a.article("NK-GIFT-UNKNOWN") != "" {
		t.Error("the books must not know NK-GIFT-UNKNOWN")
	}
	for _, resource := range []string{"orders", "customerinvoicedrafts"} {
		if n := a.filter(resource, "BuyersOrderReference eq '10001'").Get("Data.#").Int(); n != 1 {
			t.Errorf("%s: %d documents with reference 10001", resource, n)
		}
	}
	if n := a.get("fiscalyears").Get("Data.#").Int(); n != 3 {
		t.Errorf("%d fiscal years", n)
	}
}

func TestEmptyHasReferenceDataOnly(t *testing.T) {
	c := newClock()
	a := &api{t: t, clock: c, box: sandbox.New(connectors.SandboxOptions{Now: c.now, Empty: true})}
	a.login()
	for resource, want := range map[string]int64{"customers": 0, "articles": 0, "orders": 0, "quotes": 0,
		"customerinvoicedrafts": 0, "customerinvoices": 0, "articleaccountcodings": 4, "termsofpayments": 5} {
		if got := a.get(resource).Get("Meta.TotalNumberOfResults").Int(); got != want {
			t.Errorf("%s: %d, want %d", resource, got, want)
		}
	}
}

func TestSeedWorksWithEverySettings(t *testing.T) {
	a := open(t, func(s *sandbox.Settings) {
		s.Unproven, s.StockModule, s.RoundTotals = sandbox.Strict(), true, true
		s.UnknownVATNumbers = []string{"NL009999990B01"}
	})
	if n := a.get("articles").Get("Meta.TotalNumberOfResults").Int(); n != 11 {
		t.Fatal(n)
	}
}

func ExampleNew() {
	box := sandbox.New(connectors.SandboxOptions{})
	server := httptest.NewServer(box)
	defer server.Close()
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {box.Credentials()["refreshToken"]},
		"client_id": {sandbox.ClientID}, "client_secret": {sandbox.ClientSecret}}
	res, err := http.PostForm(server.URL+"/connect/token", form)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer res.Body.Close()
	fmt.Println(res.Status)
	// Output: 200 OK
}
