package sandbox

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidwall/gjson"
	"go.uber.org/goleak"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/faults"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shop is a running sandbox and a token for it.
type shop struct {
	*Sandbox
	t      *testing.T
	url    string
	token  string
	client *http.Client
}

func start(t *testing.T, opts ...Option) *shop {
	t.Helper()
	at := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	s := &shop{t: t}
	s.Sandbox = New(connectors.SandboxOptions{Now: func() time.Time {
		at = at.Add(time.Millisecond)
		return at
	}}, opts...)
	srv := httptest.NewServer(s.Sandbox)
	s.client = srv.Client()
	t.Cleanup(srv.Close)
	s.url = srv.URL
	s.token = s.login()
	return s
}

func (s *shop) login() string {
	s.t.Helper()
	creds := s.Credentials()
	body := fmt.Sprintf(`{"grant_type":"client_credentials","client_id":%q,"client_secret":%q}`, creds["accessKeyId"], creds["secretAccessKey"])
	return gjson.Get(s.must(200, "POST", "/api/oauth/token", body), "access_token").String()
}

// call sends JSON and returns status and body; header is name, value, name, value.
func (s *shop) call(method, path, body string, header ...string) (int, string) {
	s.t.Helper()
	req, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Accept", "application/json")
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if s.token != "" {
		req.Header.Set("Authorization", "Bearer "+s.token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := s.client.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res.StatusCode, string(data)
}

// must is a call with the status that it must have.
func (s *shop) must(status int, method, path, body string, header ...string) string {
	s.t.Helper()
	got, answer := s.call(method, path, body, header...)
	if got != status {
		s.t.Fatalf("%s %s: %d, want %d: %.400s", method, path, got, status, answer)
	}
	return answer
}

// product is a member of a product by its number.
func (s *shop) product(number, member string) gjson.Result {
	s.t.Helper()
	return gjson.Get(s.must(200, "POST", "/api/search/product", fmt.Sprintf(`{"filter":[{"type":"equals","field":"productNumber","value":%q}]}`, number)), "data.0."+member)
}

const line = `"price":{"unitPrice":8.95,"totalPrice":17.9,"quantity":2,"calculatedTaxes":[],"taxRules":[]}`

// order writes an order with one line of the house blend.
func (s *shop) order(id string, quantity int) {
	s.t.Helper()
	round := `{"decimals":2,"interval":0.01,"roundForNet":true}`
	house := fixedID("product-house")
	s.must(204, "POST", "/api/order", fmt.Sprintf(`{"id":%q,"orderDateTime":"2026-06-01","salesChannelId":%q,"currencyId":%q,"currencyFactor":1,"stateId":%q,"billingAddressId":%q,
		"itemRounding":%s,"totalRounding":%s,"price":{"netPrice":1,"totalPrice":1,"positionPrice":1,"rawTotal":1,"taxStatus":"gross","calculatedTaxes":[],"taxRules":[]},
		"lineItems":[{"id":%q,"identifier":%q,"referencedId":%q,"type":"product","label":"House","quantity":%d,%s}]}`,
		id, fixedID("channel"), systemCurrency, fixedID("order-open"), id, round, round, fixedID("line"+id), house, house, quantity, line))
}

func TestStockFollowsOrders(t *testing.T) {
	s := start(t)
	id := strings.Repeat("ab", 16)
	stock := func(what string, want int64) {
		t.Helper()
		if got := s.product("NK-BEAN-HOUSE-500", "stock").Int(); got != want {
			t.Errorf("%s: stock %d, want %d", what, got, want)
		}
	}
	first, stamp := s.product("NK-BEAN-HOUSE-500", "stock").Int(), s.product("NK-BEAN-HOUSE-500", "updatedAt").String()
	s.order(id, 2)
	stock("an order takes stock", first-2)
	s.must(204, "PATCH", "/api/order-line-item/"+fixedID("line"+id), `{"quantity":5}`)
	stock("a changed line books the difference", first-5)
	if got := gjson.Get(s.must(200, "GET", "/api/order/"+id, ""), "data.amountTotal").Raw; got != "1" {
		t.Errorf("totals follow the line: %s", got)
	}
	s.must(200, "POST", "/api/_action/order/"+id+"/state/cancel", "")
	stock("cancelling gives back", first)
	s.must(200, "POST", "/api/_action/order/"+id+"/state/reopen", "")
	stock("reopening takes again", first-5)
	if got := s.product("NK-BEAN-HOUSE-500", "updatedAt").String(); got != stamp {
		t.Errorf("bookings moved updatedAt from %s to %s", stamp, got)
	}
	s.must(204, "DELETE", "/api/order/"+id, "")
	stock("deleting gives back", first)
	if n := gjson.Get(s.must(200, "POST", "/api/search/order-line-item", fmt.Sprintf(`{"filter":{"orderId":%q}}`, id)), "total").Int(); n != 0 {
		t.Errorf("%d lines outlive their order", n)
	}
}

func TestStockBefore66(t *testing.T) {
	s := start(t, WithVersion("6.5.8.14"))
	id := strings.Repeat("ab", 16)
	first := s.product("NK-BEAN-HOUSE-500", "stock").Int()
	free := s.product("NK-BEAN-HOUSE-500", "availableStock").Int()
	s.order(id, 2)
	if got, gotFree := s.product("NK-BEAN-HOUSE-500", "stock").Int(), s.product("NK-BEAN-HOUSE-500", "availableStock").Int(); got != first || gotFree != free-2 {
		t.Errorf("placed: stock %d, available %d", got, gotFree)
	}
	s.must(200, "POST", "/api/_action/order/"+id+"/state/process", "")
	s.must(200, "POST", "/api/_action/order/"+id+"/state/complete", "")
	if got, gotFree := s.product("NK-BEAN-HOUSE-500", "stock").Int(), s.product("NK-BEAN-HOUSE-500", "availableStock").Int(); got != first-2 || gotFree != free-2 {
		t.Errorf("completed: stock %d, available %d", got, gotFree)
	}
}

func TestVersionsDiffer(t *testing.T) {
	for version, want := range map[string]struct {
		limit501 int
		loaded   bool
		syncBody string
	}{
		"6.4.20.2": {200, true, "success"},
		"6.5.8.14": {200, true, "notFound"},
		"6.6.7.1":  {400, false, "notFound"},
		"6.7.0.0":  {400, false, "notFound"},
	} {
		s := start(t, WithVersion(version))
		if got, _ := s.call("POST", "/api/search/order", `{"limit":501}`); got != want.limit501 {
			t.Errorf("%s: limit 501 is %d", version, got)
		}
		state := gjson.Get(s.must(200, "POST", "/api/search/order", `{"limit":1}`), "data.0.stateMachineState")
		if state.IsObject() != want.loaded {
			t.Errorf("%s: the state is %.40s unasked", version, state.Raw)
		}
		body := s.must(200, "POST", "/api/_action/sync", fmt.Sprintf(`[{"key":"k","entity":"product","action":"upsert","payload":[{"id":%q,"stock":3}]}]`, fixedID("product-mug")))
		if !gjson.Get(body, want.syncBody).Exists() {
			t.Errorf("%s: sync answers %s", version, body)
		}
	}
}

func TestSyncIsOneTransaction(t *testing.T) {
	s := start(t)
	before := s.product("NK-MUG-350", "stock").Int()
	// The second operation fails in the database, after the first was carried out.
	body := fmt.Sprintf(`[{"entity":"product","action":"upsert","payload":[{"id":%q,"stock":1}]},
		{"entity":"product","action":"delete","payload":[{"id":%q}]},
		{"entity":"product","action":"upsert","payload":[{"id":%q,"taxId":"%032d"}]}]`, fixedID("product-mug"), fixedID("product-gift"), fixedID("product-mug"), 7)
	answer := s.must(500, "POST", "/api/_action/sync", body)
	if gjson.Get(answer, "errors.0.code").String() != "1452" {
		t.Error(answer)
	}
	if got := s.product("NK-MUG-350", "stock").Int(); got != before {
		t.Errorf("stock %d, was %d", got, before)
	}
	if !s.product("NK-GIFT-UNKNOWN", "id").Exists() {
		t.Error("the deletion was not rolled back")
	}
	if n := gjson.Get(s.must(200, "POST", "/api/search/product-visibility", fmt.Sprintf(`{"filter":{"productId":%q}}`, fixedID("product-gift"))), "total").Int(); n != 1 {
		t.Errorf("%d visibilities after the rollback", n)
	}
}

func TestInheritanceAndLanguages(t *testing.T) {
	s := start(t)
	search := `{"filter":[{"type":"equals","field":"productNumber","value":"NK-TEE-BLACK-M"}],"associations":{"categories":{},"options":{"associations":{"group":{}}}}}`
	own := gjson.Get(s.must(200, "POST", "/api/search/product", search), "data.0")
	if own.Get("price").Type != gjson.Null || own.Get("translated.name").Type != gjson.Null || own.Get("active").Type != gjson.Null || own.Get("categories.#").Int() != 0 {
		t.Errorf("as stored: %s", own.Raw)
	}
	filled := gjson.Get(s.must(200, "POST", "/api/search/product", search, "sw-inheritance", "0"), "data.0") // any value counts
	if filled.Get("price.0.gross").Raw != "24.95" || filled.Get("translated.name").String() != "T-shirt" || filled.Get("name").Type != gjson.Null ||
		!filled.Get("active").Bool() || filled.Get("categories.#").Int() != 1 || filled.Get("tax.taxRate").Int() != 21 {
		t.Errorf("with inheritance: %s", filled.Raw)
	}
	if got := filled.Get("variation").Raw; got != `[{"group":"Size","option":"M"},{"group":"Colour","option":"Black"}]` {
		t.Errorf("variation %s", got)
	}
	dutch := gjson.Get(s.must(200, "POST", "/api/search/product", `{"filter":{"productNumber":"NK-BEAN-DARK-1000"}}`, "sw-language-id", fixedID("language-nl")), "data.0")
	if dutch.Get("name").String() != "Donkere branding 1 kg" || dutch.Get("translated.metaDescription").Type != gjson.Null {
		t.Errorf("in Dutch: %s", dutch.Get("translated").Raw)
	}
	s.must(204, "PATCH", "/api/product/"+fixedID("product-gift"), `{"name":{"nl-NL":null}}`)
	dutch = gjson.Get(s.must(200, "POST", "/api/search/product", `{"filter":{"productNumber":"NK-GIFT-UNKNOWN"}}`, "sw-language-id", fixedID("language-nl")), "data.0")
	if dutch.Get("name").Type != gjson.Null || dutch.Get("translated.name").String() != "Gift box" {
		t.Errorf("fallback: %s", dutch.Raw)
	}
}

func TestIndexerMovesTheFamily(t *testing.T) {
	s := start(t)
	before := s.product("NK-TEE-BLACK-S", "updatedAt").String()
	s.must(204, "PATCH", "/api/product/"+fixedID("product-tee-m"), `{"ean":"1"}`)
	parent, sibling := s.product("NK-TEE", "updatedAt").String(), s.product("NK-TEE-BLACK-S", "updatedAt").String()
	if sibling == before || sibling != parent || parent != s.product("NK-TEE-BLACK-M", "updatedAt").String() {
		t.Errorf("stamps of the family: %s, %s, before %s", parent, sibling, before)
	}
}

func TestNestedRoutes(t *testing.T) {
	s := start(t)
	id := fixedID("order-10002")
	if n := gjson.Get(s.must(200, "GET", "/api/order/"+id+"/line-items?limit=1&total-count-mode=1", ""), "total").Int(); n != 2 {
		t.Errorf("%d lines", n)
	}
	if n := gjson.Get(s.must(200, "POST", "/api/search/order/"+id+"/transactions", `{}`), "total").Int(); n != 1 {
		t.Errorf("%d transactions", n)
	}
	house, gear := fixedID("product-house"), fixedID("category-gear")
	s.must(204, "POST", "/api/product/"+house+"/categories", fmt.Sprintf(`{"id":%q}`, gear))
	if n := gjson.Get(s.must(200, "GET", "/api/product/"+house+"/categories", ""), "total").Int(); n != 2 {
		t.Errorf("%d categories", n)
	}
	s.must(204, "DELETE", "/api/product/"+house+"/categories/"+gear, "")
	if !gjson.Get(s.must(200, "GET", "/api/category/"+gear, ""), "data.id").Exists() {
		t.Error("unlinking deleted the category")
	}
	s.must(404, "GET", "/api/order/"+id+"/bananas", "")
	s.must(404, "GET", "/api/order/"+strings.Repeat("0", 32)+"/line-items", "")
}

func TestSubFolderAndNoRoute(t *testing.T) {
	s := start(t)
	s.must(200, "GET", "/shop/nl/api/_info/version", "")
	s.must(404, "GET", "/", "")
	s.must(404, "GET", "/api/_action/banana", "")
	s.must(405, "GET", "/api/search/order", "")
	s.must(404, "POST", "/api/search/", "{}")
}

func TestThrottleEnds(t *testing.T) {
	at := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	s := New(connectors.SandboxOptions{Now: func() time.Time { return at }})
	try := func(secret string) *httptest.ResponseRecorder {
		body := fmt.Sprintf(`{"grant_type":"client_credentials","client_id":%q,"client_secret":%q}`, accessKey, secret)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest("POST", "/api/oauth/token", strings.NewReader(body)))
		return w
	}
	for i := range 10 {
		if w := try("wrong"); w.Code != 401 {
			t.Fatalf("attempt %d: %d", i, w.Code)
		}
	}
	w := try(secretKey) // the right one has to wait as well
	if w.Code != 429 || gjson.Get(w.Body.String(), "errors.0.meta.parameters.seconds").Int() != 10 || w.Header().Get("Retry-After") != "" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	at = at.Add(11 * time.Second)
	if w := try(secretKey); w.Code != 200 {
		t.Errorf("after the wait: %d %s", w.Code, w.Body)
	}
}

func TestFaults(t *testing.T) {
	s := start(t)
	s.Fault(faults.Fault{Serve: faults.Maintenance, Times: 2})
	s.Fault(faults.Fault{Serve: Throttled(7), Match: func(r *http.Request) bool { return r.Method == "PATCH" }})
	s.must(503, "GET", "/api/_info/version", "")
	s.must(503, "GET", "/api/_info/version", "")
	s.must(200, "GET", "/api/_info/version", "")
	s.must(429, "PATCH", "/api/product/"+fixedID("product-mug"), `{"stock":1}`)
	s.Fault(faults.Fault{After: true, Serve: faults.Maintenance})
	s.must(503, "PATCH", "/api/product/"+fixedID("product-mug"), `{"stock":123}`)
	if got := s.product("NK-MUG-350", "stock").Int(); got != 123 {
		t.Errorf("the write before the lost answer is missing: %d", got)
	}
	s.Expire()
	s.must(401, "GET", "/api/_info/version", "")
	s.token = s.login()
	s.must(200, "GET", "/api/_info/version", "")
}

func TestConcurrentUse(t *testing.T) {
	s := New(connectors.SandboxOptions{})
	creds, _ := json.Marshal(map[string]string{"grant_type": "client_credentials", "client_id": accessKey, "client_secret": secretKey})
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest("POST", "/api/oauth/token", strings.NewReader(string(creds))))
	token := gjson.Get(w.Body.String(), "access_token").String()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 5 {
				for _, c := range [][3]string{{"PATCH", "/api/product/" + fixedID("product-mug"), fmt.Sprintf(`{"stock":%d}`, i)}, {"POST", "/api/search/order", `{"associations":{"lineItems":{}}}`}} {
					r := httptest.NewRequest(c[0], c[1], strings.NewReader(c[2]))
					r.Header.Set("Authorization", "Bearer "+token)
					r.Header.Set("Accept", "application/json")
					r.Header.Set("Content-Type", "application/json")
					w := httptest.NewRecorder()
					s.ServeHTTP(w, r)
					if w.Code >= 300 {
						t.Errorf("%s: %d %s", c[1], w.Code, w.Body)
					}
				}
			}
		})
	}
	wg.Wait()
}

func TestLoadRefusesWhatIsNoEntity(t *testing.T) {
	s := New(connectors.SandboxOptions{}, WithoutReferenceData())
	for _, doc := range []string{`[]`, `{`, `{"apiAlias":"banana","id":"` + fixedID("x") + `"}`, `{"apiAlias":"order","id":"1"}`} {
		if err := s.Load([]byte(doc)); err == nil {
			t.Errorf("%s was taken", doc)
		}
	}
}

func TestSchemaProblems(t *testing.T) {
	for text, want := range map[string]string{
		"entity a\n  b":                      "has no type",
		"entity a\n  b one":                  "has no target",
		"entity a\n  b string purple":        "unknown flag purple",
		"  b string":                         "outside of an entity",
		"banana a":                           "unknown word",
		"mapping a b:c":                      "pairs two",
		"entity a\n  b one zz by:c\n  c id":  "unknown entity zz",
		"entity a\n  b one a by:c":           "no field c",
		"entity a\n  b many a of:c":          "has no field c",
		"entity a\n  b string max:x":         "invalid syntax",
		"entity a\n  b nothing":              "unknown type nothing",
		"struct s s\n  b nothing\nentity a":  "unknown struct nothing",
		"entity a\n  b many a via:m\n  c id": "unknown entity m",
		"entity a purple":                    "unknown word purple",
		"entity a\n  b string default:{":     "malformed",
	} {
		s := &schema{entities: map[string]*entity{}, structs: map[string]*structure{}, routes: map[string]*entity{}}
		err := s.parse("x.txt", text)
		if err == nil {
			err = s.resolve()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
