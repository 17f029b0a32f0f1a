package sandbox

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/faults"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return noon }

// ask sends a signed request and returns the answer, whose signature it checks.
func ask(t testing.TB, s *Sandbox, method, uri, body string) (int, gjson.Result) {
	t.Helper()
	r := httptest.NewRequest(method, uri, strings.NewReader(body))
	date := noon.Format(time.RFC3339)
	r.Header.Set("Accept", registerMedia)
	r.Header.Set("X-Public", publicKey)
	r.Header.Set("X-Date", date)
	r.Header.Set("X-Hash", sign(secretKey, publicKey, method, uri, body, date))
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if want := sign(secretKey, publicKey, method, uri, w.Body.String(), w.Header().Get("X-Date")); w.Header().Get("X-Hash") != want {
		t.Errorf("%s %s: the answer is not signed", method, uri)
	}
	return w.Code, gjson.Parse(w.Body.String())
}

// TestSignature holds the formula to the vectors of the vendor's demo key.
func TestSignature(t *testing.T) {
	for _, tt := range []struct{ parts, starts, ends string }{
		{"demo|GET|/api/rest/v1/orders/?start=0&size=25||2026-11-21T10:00:00Z", "1ff418cba2db4be4", "d66a7775"},
		{`demo|PATCH|/api/rest/v1/products/845001/|{"stock":42}|2026-11-21T10:00:00+00:00`, "d17fe73a69a01ab5", "4b5954b0f1d4"},
	} {
		if got := sign("demo", strings.Split(tt.parts, "|")...); !strings.HasPrefix(got, tt.starts) || !strings.HasSuffix(got, tt.ends) {
			t.Errorf("%s: %s", tt.parts, got)
		}
	}
	if got := sign("appsecret", "https://app.example/install", "p"); !strings.HasPrefix(got, "350c21945aae8095") || !strings.HasSuffix(got, "edeb6ea0f4e") {
		t.Errorf("handshake: %s", got)
	}
}

func TestAuthorization(t *testing.T) {
	s := New(connectors.SandboxOptions{Now: clock})
	const uri = "/api/rest/v1/orders/"
	tests := []struct {
		name   string
		public string
		date   string
		secret string
		want   int
	}{
		{"UTC", publicKey, "2026-11-21T12:00:00Z", secretKey, 200},
		{"an offset without a colon", publicKey, "2026-11-21T12:00:00+0000", secretKey, 200},
		{"an hour without a zero", publicKey, "2026-11-21T12:0:0Z", secretKey, 200},
		{"four minutes late", publicKey, "2026-11-21T11:56:00Z", secretKey, 200},
		{"six minutes late", publicKey, "2026-11-21T11:54:00Z", secretKey, 401},
		{"six minutes early", publicKey, "2026-11-21T12:06:00Z", secretKey, 401},
		{"no date", publicKey, "yesterday", secretKey, 401},
		{"another key", "other", "2026-11-21T12:00:00Z", secretKey, 401},
		{"another secret", publicKey, "2026-11-21T12:00:00Z", "other", 401},
		{"nothing", "", "", "", 401},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", uri, nil)
			r.Header.Set("X-Public", tt.public)
			r.Header.Set("X-Date", tt.date)
			r.Header.Set("X-Hash", sign(tt.secret, tt.public, "GET", uri, "", tt.date))
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if w.Code != tt.want || tt.want == 401 && gjson.Get(w.Body.String(), "code").String() != "401.10" {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
}

// kindsOf lists the paths of a document with their kinds.
func kindsOf(at string, v gjson.Result, into map[string]string) {
	switch {
	case v.IsObject():
		v.ForEach(func(k, m gjson.Result) bool { kindsOf(at+"."+k.String(), m, into); return true })
	case v.IsArray():
		for _, e := range v.Array() {
			kindsOf(at+"[]", e, into)
		}
	default:
		if kind := v.Type.String(); into[at] == "" || into[at] == "Null" {
			into[at] = strings.NewReplacer("True", "Bool", "False", "Bool").Replace(kind)
		}
	}
}

// TestShapes compares what the sandbox answers with the samples: the same members of the same kinds.
func TestShapes(t *testing.T) {
	shop, till := New(connectors.SandboxOptions{Now: clock}), NewRegister(connectors.SandboxOptions{Now: clock})
	for _, tt := range []struct {
		s              *Sandbox
		sample, uri, q string
	}{
		{shop, "ccvshop/order.json", "orders/339900102", ""},
		{shop, "ccvshop/order_company.json", "orders/339900103", ""},
		{shop, "ccvshop/orderrows.json", "orders/339900104/orderrows", ""},
		{shop, "ccvshop/customer.json", "users/330041", ""},
		{shop, "ccvshop/product_simple.json", "products/845001", ""},
		{shop, "ccvshop/product_with_attributes.json", "products/845006", "?expand=attributecombinations,productattributesets,productphotos"},
		{shop, "ccvshop/category.json", "categories/5103", ""},
		{till, "ccvsalespos/order.json", "orders/339900103", ""},
		{till, "ccvsalespos/order_company.json", "orders/339900104", ""},
		{till, "ccvsalespos/orderrows.json", "orders/339900102/orderrows", ""},
		{till, "ccvsalespos/customer_company.json", "users/330043", ""},
		{till, "ccvsalespos/article_simple.json", "products/845001", ""},
		{till, "ccvsalespos/article_with_variants.json", "products/845006", "?expand=attributecombinations%2Cproductattributesets%2Cproductphotos"},
		{till, "ccvsalespos/receipt.json", "terminalreceipts/300001", ""},
		{till, "ccvsalespos/cashup.json", "cashups/611", ""},
		{till, "ccvsalespos/webshops.json", "webshops", ""},
	} {
		t.Run(tt.sample, func(t *testing.T) {
			sample, err := os.ReadFile(filepath.Join("testdata", tt.sample))
			if err != nil {
				t.Fatal(err)
			}
			code, got := ask(t, tt.s, "GET", "/api/rest/v1/"+tt.uri+"/"+tt.q, "")
			if code != 200 {
				t.Fatalf("%d %s", code, got)
			}
			want, have := map[string]string{}, map[string]string{}
			kindsOf("", gjson.ParseBytes(sample), want)
			kindsOf("", got, have)
			for path, kind := range want {
				if h, ok := have[path]; !ok && !optional(path) || ok && h != kind && h != "Null" && kind != "Null" {
					t.Errorf("%s is %s in the sample, %q here", path, kind, h)
				}
			}
			for path := range have {
				if _, ok := want[path]; !ok && !optional(path) {
					t.Errorf("%s is not in the sample", path)
				}
			}
		})
	}
}

// optional tells whether a path is there only where there is something to say.
func optional(path string) bool {
	for _, part := range []string{".user.id", ".user.href", ".brand", ".condition", ".supplier", ".attributes[]", ".uploads[]", ".next"} {
		if strings.HasPrefix(path, part) || strings.Contains(path, "[]"+part) {
			return true
		}
	}
	return strings.HasPrefix(path, ".parentcategory") || strings.HasPrefix(path, ".balances")
}

func TestErrors(t *testing.T) {
	s := New(connectors.SandboxOptions{Now: clock})
	for _, tt := range []struct {
		method, path, body string
		status             int
		code               string
	}{
		{"GET", "products/999999999/", "", 500, "500.24"},
		{"GET", "wishes/", "", 404, "404.20"},
		{"GET", "cashups/", "", 404, "404.20"},
		{"GET", "stocklevels/", "", 404, "404.20"},
		{"DELETE", "orders/339900101/", "", 405, "405.10"},
		{"POST", "products/845006/attributecombinations/", "{}", 405, "405.10"},
		{"GET", "invoices/", "", 501, "501.20"},
		{"POST", "products/", `{"name":"A","price":1,"discount":0,"taxtariff":"normal"}`, 400, "400.10"},
		{"POST", "products/", `{"name":"A","price":1,"discount":0,"package_id":9101}`, 400, "400.10"},
		{"PATCH", "products/845001/", `{"is_active":true}`, 400, "400.10"},
		{"PATCH", "products/845001/", `{"price":"1"}`, 400, "400.10"},
		{"PATCH", "products/845001/", `[]`, 400, "400.10"},
		{"POST", "users/", `{"username":"SANNE.devries@example.nl","password":"x"}`, 500, "500.40"},
		{"POST", "orders/", `{"customer":{},"orderrows":[{"count":1}]}`, 400, "400.10"},
		{"POST", "orders/", `{"customer":{},"orderrows":[{"count":1,"product_id":845006}]}`, 500, "500.70"},
		{"POST", "products/845001/productphotos/", `{"file_type":"exe","source":"AAAA"}`, 500, "500.22"},
		{"GET", "products/?expand=productphotos&size=200", "", 500, "500.80"},
	} {
		code, got := ask(t, s, tt.method, "/api/rest/v1/"+tt.path, tt.body)
		if code != tt.status || got.Get("code").Type != gjson.String || got.Get("code").Str != tt.code || got.Get("status").Int() != int64(tt.status) || got.Get("developermessage").Str == "" {
			t.Errorf("%s %s: %d %s", tt.method, tt.path, code, got)
		}
	}
}

// TestLists walks pages, and sees baskets only where they are asked for.
func TestLists(t *testing.T) {
	s := New(connectors.SandboxOptions{Now: clock})
	code, page := ask(t, s, "GET", "/api/rest/v1/orders/?start=2&size=3&orderby=create_date_desc", "")
	if code != 200 || len(page.Get("items").Array()) != 3 || page.Get("items.0.ordernumber").Int() != 1007 || page.Get("previous").Str == "" {
		t.Fatalf("%d %s", code, page)
	}
	next := strings.TrimPrefix(page.Get("next").Str, "http://example.com")
	if _, page = ask(t, s, "GET", next, ""); page.Get("items.0.ordernumber").Int() != 1004 {
		t.Errorf("%s: %s", next, page)
	}
	if _, page = ask(t, s, "GET", "/api/rest/v1/orders/?is_completed=false", ""); len(page.Get("items").Array()) != 1 {
		t.Errorf("baskets: %s", page)
	}
	if _, page = ask(t, s, "GET", "/api/rest/v1/orders/?min_create_date=2026-11-08%2015:20:01&max_create_date=2026-11-09", ""); len(page.Get("items").Array()) != 1 {
		t.Errorf("a window: %s", page)
	}
}

// TestVariants attaches values and sees what the shop makes of them.
func TestVariants(t *testing.T) {
	s := New(connectors.SandboxOptions{Now: clock})
	combos := func() gjson.Result {
		_, got := ask(t, s, "GET", "/api/rest/v1/products/845006/attributecombinations/", "")
		return got.Get("items")
	}
	before := combos()
	_, white := ask(t, s, "POST", "/api/rest/v1/attributes/602/attributevalues/", `{"name":"Wit","default_price":0}`)
	code, value := ask(t, s, "POST", "/api/rest/v1/products/845006/productattributevalues/", `{"optionvalue":`+white.Get("id").Raw+`,"price":1.5,"stock":4}`)
	if code != 201 || value.Get("optionname").Str != "Kleur" {
		t.Fatalf("%d %s", code, value)
	}
	after := combos()
	if len(before.Array()) != 2 || len(after.Array()) != 4 || after.Get("0.sku_number").Str != "NK-TEE-BLACK-S" || after.Get("2.netto_extra_price").Raw != "1.5" || after.Get("2.stock").Raw != "4" {
		t.Errorf("%s\n%s", before, after)
	}
	if code, _ = ask(t, s, "DELETE", "/api/rest/v1/productattributevalues/"+value.Get("id").Raw+"/", ""); code != 204 || combos().Raw != before.Raw {
		t.Errorf("%d %s", code, combos())
	}
}

// TestOrderArithmetic orders what the samples hold and comes to what they say.
func TestOrderArithmetic(t *testing.T) {
	s := New(connectors.SandboxOptions{Now: clock})
	free := `"discount":0,"tax":21,"package_id":9101`
	for _, tt := range []struct{ name, body, total, tax string }{
		{"with VAT", `{"customer":{},"orderrows":[{"product_name":"A","price":12.5,"count":2,` + free + `},{"product_name":"B","price":58.95,"count":1,` + free + `}]}`, "88.9", "15.43"},
		{"without VAT", `{"customer":{},"order_row_taxes_included":false,"total_shipping":0,"orderrows":[{"product_name":"A","price":10.33,"count":12,` + free + `},{"product_name":"B","price":75,"count":1,` + free + `}]}`, "240.74", "41.78"},
		{"free of tax", `{"customer":{},"taxes_included":false,"total_shipping":5,"orderrows":[{"product_name":"A","price":10,"count":1,` + free + `}]}`, "15", "0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, o := ask(t, s, "POST", "/api/rest/v1/orders/", tt.body)
			if code != 201 || o.Get("total_price").Raw != tt.total || o.Get("total_tax").Raw != tt.tax {
				t.Errorf("%d %s %s", code, o.Get("total_price").Raw, o.Get("total_tax").Raw)
			}
		})
	}
}

func TestStockMovesWithOrders(t *testing.T) {
	s := New(connectors.SandboxOptions{Now: clock})
	body := `{"customer":{},"orderrows":[{"product_id":845001,"count":3},{"product_id":845006,"attribute_combination_id":920004,"count":1}]}`
	_, before := ask(t, s, "GET", "/api/rest/v1/products/845001/", "")
	if code, o := ask(t, s, "POST", "/api/rest/v1/orders/", body); code != 201 {
		t.Fatalf("%d %s", code, o)
	}
	_, after := ask(t, s, "GET", "/api/rest/v1/products/845001/", "")
	_, tee := ask(t, s, "GET", "/api/rest/v1/attributecombinations/920004/", "")
	if after.Get("stock").Int() != before.Get("stock").Int()-3 || tee.Get("stock").Int() != 7 {
		t.Errorf("%s then %s, variant %s", before.Get("stock").Raw, after.Get("stock").Raw, tee.Get("stock").Raw)
	}
}

func TestLimits(t *testing.T) {
	s := New(connectors.SandboxOptions{Now: clock}, WithLimits())
	for i := range 31 {
		code, got := ask(t, s, "GET", "/api/rest/v1/productqueries/?skunumber=x", "")
		if want := map[bool]int{true: 200, false: 429}[i < 30]; code != want {
			t.Fatalf("call %d: %d %s", i+1, code, got)
		}
	}
}

// TestTill rings up sales and closes the day: the slip and the closing repeat what the sales say.
func TestTill(t *testing.T) {
	s := NewRegister(connectors.SandboxOptions{Now: func() time.Time { return noon.Add(time.Hour) }, Empty: true})
	s.clock = clock
	cash, err := s.RingUp(Sale{SKUs: map[string]string{"NK-MUG-350": "2"}})
	if err != nil {
		t.Fatal(err)
	}
	card, err := s.RingUp(Sale{SKUs: map[string]string{"NK-TEE-BLACK-M": "1", "NK-MUG-350": "-1"}, Card: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.RingUp(Sale{SKUs: map[string]string{"NK-MUG-350": "1"}, Account: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.RingUp(Sale{SKUs: map[string]string{"NOTHING": "1"}}); err == nil {
		t.Error("an unknown article was sold")
	}
	s.CloseDay()
	slips := func(order int) []gjson.Result {
		_, got := ask(t, s, "GET", "/api/rest/v1/orders/"+itoa(order)+"/terminalreceipts/", "")
		return got.Get("items").Array()
	}
	if len(slips(cash)) != 0 || len(slips(card)) != 1 || slips(card)[0].Get("amount").Raw != "12" {
		t.Errorf("slips: %v %v", slips(cash), slips(card))
	}
	_, day := ask(t, s, "GET", "/api/rest/v1/cashups/", "")
	if got := day.Get("items.0.vat_totals.0.total_inc_tax").Raw; got != "37.9" {
		t.Errorf("the day came to %s", got)
	}
}

// TestWebhooks subscribes and sees the events, with a signature over address and body.
func TestWebhooks(t *testing.T) {
	s := New(connectors.SandboxOptions{Now: clock})
	var got []string
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = append(got, r.Header.Get("X-Hash")) }))
	defer receiver.Close()
	for _, event := range []string{"orders.updated.status", "orders.updated.ispaid"} {
		body, err := json.Marshal(map[string]string{"event": event, "address": receiver.URL + "/" + event})
		if err != nil {
			t.Fatal(err)
		}
		if code, hook := ask(t, s, "POST", "/api/rest/v1/webhooks/", string(body)); code != 201 || hook.Get("key").Str == "" {
			t.Fatalf("%d %s", code, hook)
		}
	}
	if code, v := ask(t, s, "PATCH", "/api/rest/v1/orders/339900105/", `{"status":5,"paid":true}`); code != 204 {
		t.Fatalf("%d %s", code, v)
	}
	events := s.Events()
	if len(events) != 2 || events[0].Name != "orders.updated.status" || gjson.GetBytes(events[0].Body, "previous_status").Int() != 4 || gjson.GetBytes(events[0].Body, "order_number").Int() != 1005 {
		t.Fatalf("%+v", events)
	}
	if want := sign(webhookKey, events[0].Address, string(events[0].Body)); events[0].Hash != want {
		t.Errorf("hash %s", events[0].Hash)
	}
	if code, _ := ask(t, s, "PATCH", "/api/rest/v1/orders/339900105/", `{"status":6}`); code != 204 {
		t.Fatal(code)
	}
	if err := s.Deliver(t.Context(), receiver.Client()); err != nil || len(got) != 1 {
		t.Errorf("%v %v", got, err)
	}
	plan, err := faults.Parse("429=0.001%, twice=100%", faults.Words{})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range plan {
		s.Fault(f)
	}
	if code, _ := ask(t, s, "PATCH", "/api/rest/v1/orders/339900105/", `{"status":5}`); code != 204 {
		t.Fatal(code)
	}
	if err := s.Deliver(t.Context(), receiver.Client()); err != nil || len(got) != 3 {
		t.Errorf("a webhook that comes twice: %v %v", got, err)
	}
}
