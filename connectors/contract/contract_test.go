package contract

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// recording is a test that only listens. Its cleanups run when done is called.
type recording struct {
	testing.TB
	errors   []string
	cleanups []func()
}

func (r *recording) Helper()                   {}
func (r *recording) Failed() bool              { return len(r.errors) > 0 }
func (r *recording) Skipped() bool             { return false }
func (r *recording) Logf(string, ...any)       {}
func (r *recording) Error(args ...any)         { r.errors = append(r.errors, fmt.Sprint(args...)) }
func (r *recording) Cleanup(f func())          { r.cleanups = append(r.cleanups, f) }
func (r *recording) Errorf(f string, a ...any) { r.Error(fmt.Sprintf(f, a...)) }

func (r *recording) done() []string {
	for _, f := range slices.Backward(r.cleanups) {
		f()
	}
	return r.errors
}

// send is one exchange of a test.
type send struct {
	method, target, body string
	status               int
	answer               string
}

// through sends s through the handler's checker or the transport's.
func (s send) through(t *testing.T, c *Checker, side string) {
	t.Helper()
	var got string
	h := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = string(body)
		if s.answer != "" {
			w.Header().Set("Content-Type", "application/json")
		}
		w.WriteHeader(s.status)
		_, _ = w.Write([]byte(s.answer))
	}))
	// Not the default one: closing any test server closes that one's idle connections.
	own := &http.Transport{}
	defer own.CloseIdleConnections()
	client := &http.Client{Transport: own}
	if side == "handler" {
		h = c.Handler(h)
	} else {
		client.Transport = c.Transport(own)
	}
	server := httptest.NewServer(h)
	defer server.Close()
	r, err := http.NewRequest(s.method, server.URL+s.target, strings.NewReader(s.body))
	if err != nil {
		t.Fatal(err)
	}
	if s.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || string(answer) != s.answer || got != s.body || resp.StatusCode != s.status {
		t.Errorf("the exchange changed on its way: %q -> %q, %d %q, %v", s.body, got, resp.StatusCode, answer, err)
	}
}

func TestFindings(t *testing.T) {
	tests := []struct {
		name    string
		reading Reading
		send    send
		want    []string
	}{
		{"all well", Reading{Closed: true}, send{"GET", "/api/orders?limit=5", "", 200, `{"total":1,"data":[{"number":"1","total":19.10,"state":"open","custom":{"a":1},"children":[]}]}`}, nil},
		{"no content", Reading{}, send{"POST", "/api/orders", `{"number":"1"}`, 204, ""}, nil},
		{"a fixed path before a parameter", Reading{}, send{"GET", "/api/orders/new", "", 204, ""}, nil},
		{"another base", Reading{}, send{"GET", "/orders", "", 200, `{}`}, []string{"GET /orders: request path: not under /api"}},
		{"no such path", Reading{}, send{"GET", "/api/orders/1/lines", "", 200, `{}`}, []string{"GET /orders/1/lines: request path: not in the document"}},
		{"no such method", Reading{}, send{"PUT", "/api/orders/1", "", 200, `{}`}, []string{"PUT /orders/{id}: request method: not in the document"}},
		{"a bad query", Reading{}, send{"GET", "/api/orders?limit=501", "", 200, `{"total":0,"data":[]}`}, []string{"GET /orders: request parameter query limit: number must be at most 500"}},
		{"a bad id, with a slash", Reading{}, send{"GET", "/api/orders/123456789%2F", "", 200, `{"number":"1"}`}, []string{"GET /orders/{id}: request parameter path id: maximum string length is 8"}},
		{"a bad body", Reading{}, send{"POST", "/api/orders", `{"number":1,"state":"lost"}`, 204, ""},
			[]string{"POST /orders: request body /number: value must be a string", "POST /orders: request body /state: value is not one of the allowed values [\"open\",\"paid\"]"}},
		{"no body", Reading{}, send{"POST", "/api/orders", "", 204, ""}, []string{"POST /orders: request body: value is required but missing"}},
		{"a body where none is", Reading{}, send{"GET", "/api/orders/new", "{}", 204, ""}, []string{"GET /orders/new: request: request body not allowed for this request"}},
		{"an unknown status", Reading{}, send{"POST", "/api/orders", `{"number":"1"}`, 400, `{}`}, []string{"POST /orders: response 400: status is not supported"}},
		{"a bad answer, once a list", Reading{}, send{"GET", "/api/orders", "", 200, `{"total":2,"data":[{"number":"a","total":"1"},{"number":"2","total":"1"}]}`},
			[]string{`GET /orders: response 200 body /data/*/number: string doesn't match the regular expression "^[0-9]+$"`, "GET /orders: response 200 body /data/*/total: value must be a number"}},
		{"a missing member", Reading{}, send{"GET", "/api/orders/1", "", 200, `{}`}, []string{`GET /orders/{id}: response 200 body /number: property "number" is missing`}},
		{"a missing member, allowed", Reading{Optional: true}, send{"GET", "/api/orders/1", "", 200, `{}`}, nil},
		{"null", Reading{}, send{"GET", "/api/orders/1", "", 200, `{"number":null}`}, []string{"GET /orders/{id}: response 200 body /number: Value is not nullable"}},
		{"null, allowed", Reading{Nulls: true}, send{"GET", "/api/orders/1", "", 200, `{"number":null,"state":null,"children":[null]}`}, nil},
		{"unknown members", Reading{Closed: true}, send{"GET", "/api/orders/1", "", 200, `{"number":"1","numbr":1,"children":[{"number":"2","x":{}}],"custom":{"any":1}}`},
			[]string{"GET /orders/{id}: response 200 body /children/*/x: the document does not name it", "GET /orders/{id}: response 200 body /numbr: the document does not name it"}},
		{"unknown members of a request", Reading{Closed: true}, send{"POST", "/api/orders", `{"number":"1","x":1}`, 204, ""}, []string{"POST /orders: request body /x: the document does not name it"}},
		{"an answer that is no JSON", Reading{}, send{"GET", "/api/orders/1", "", 200, `<html>`}, []string{"GET /orders/{id}: response 200: failed to decode response body"}},
	}
	for _, side := range []string{"handler", "transport"} {
		for _, tt := range tests {
			t.Run(side+" "+tt.name, func(t *testing.T) {
				rec := &recording{TB: t}
				c := New(rec, Load(t, "testdata/shop.yaml", tt.reading), nil)
				tt.send.through(t, c, side)
				tt.send.through(t, c, side)
				got := rec.done()
				for i, w := range tt.want {
					if i >= len(got) || !strings.HasPrefix(got[i], "contract: "+w) || !strings.HasSuffix(got[i], "times)") {
						t.Errorf("want %s", w)
					}
				}
				if len(got) != len(tt.want) || t.Failed() {
					t.Errorf("got %s", strings.Join(got, "\n"))
				}
			})
		}
	}
}

func TestSwagger2(t *testing.T) {
	doc := Load(t, "testdata/books.json", Reading{})
	rec := &recording{TB: t}
	c := New(rec, doc, nil)
	send{"POST", "/v2/articles", `{"Number":"NK1","Price":19.10}`, 201, `{"Number":"NK-TOO-LONG","Price":19.10}`}.through(t, c, "transport")
	want := []string{"contract: POST /v2/articles: response 201 body /Number: maximum string length is 3 (1 times)"}
	if got := rec.done(); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if doc != Load(t, "testdata/books.json", Reading{}) || doc == Load(t, "testdata/books.json", Reading{Nulls: true}) {
		t.Error("a document is read again, or shared by readings that differ")
	}
}

func TestManyAtOnce(t *testing.T) {
	rec := &recording{TB: t}
	c := New(rec, Load(t, "testdata/shop.yaml", Reading{Closed: true}), []Exception{{What: "/x: the document does not name it", Reason: "met by all"}})
	t.Run("traffic", func(t *testing.T) {
		for i := range 8 {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				for range 20 {
					send{"POST", "/api/orders", `{"number":"1","x":1,"y":2}`, 204, ""}.through(t, c, "handler")
				}
			})
		}
	})
	want := []string{"contract: POST /orders: request body /y: the document does not name it (160 times)"}
	if got := rec.done(); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestExceptions(t *testing.T) {
	doc := Load(t, "testdata/shop.yaml", Reading{})
	bad := send{"GET", "/api/orders/1", "", 200, `{"number":5}`}
	const what = "^response 200 body /number: value must be a string$"
	tests := []struct {
		name    string
		e       Exception
		covered bool
	}{
		{"exactly", Exception{"GET", "/orders/{id}", what, "sent as a number"}, true},
		{"any method, any path", Exception{"", "", what, "sent as a number"}, true},
		{"a pattern of paths", Exception{"GET", "/orders/*", "must be a string", "sent as a number"}, true},
		{"another method", Exception{"POST", "/orders/{id}", what, "sent as a number"}, false},
		{"another path", Exception{"GET", "/orders", what, "sent as a number"}, false},
		{"another finding", Exception{"GET", "/orders/{id}", "^response 400", "sent as a number"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec := &recording{TB: t}
			bad.through(t, New(rec, doc, []Exception{tt.e}), "handler")
			got := rec.done()
			if tt.covered && len(got) != 0 || !tt.covered && (len(got) != 2 || !strings.Contains(got[1], "nothing met the exception")) {
				t.Errorf("got %q", got)
			}
		})
	}
	t.Run("without reason", func(t *testing.T) {
		rec := &recording{TB: t}
		bad.through(t, New(rec, doc, []Exception{{What: what}}), "handler")
		if got := rec.done(); len(got) != 1 || !strings.Contains(got[0], "no reason") {
			t.Errorf("got %q", got)
		}
	})
	t.Run("a path that the document does not have", func(t *testing.T) {
		rec := &recording{TB: t}
		send{"POST", "/connect/token", "", 200, ""}.through(t, New(rec, doc, []Exception{{"POST", "/connect/token", "^request path", "the identity server has no document"}}), "handler")
		if got := rec.done(); len(got) != 0 {
			t.Errorf("got %q", got)
		}
	})
}

func TestNothingChecked(t *testing.T) {
	rec := &recording{TB: t}
	New(rec, Load(t, "testdata/shop.yaml", Reading{}), nil)
	if got := rec.done(); len(got) != 1 || got[0] != "contract: no request came by" {
		t.Errorf("got %q", got)
	}
}

func TestBaseAndCheck(t *testing.T) {
	rec := &recording{TB: t}
	c := New(rec, Load(t, "testdata/shop.yaml", Reading{}), nil, Base("/shop/api/"))
	w := httptest.NewRecorder()
	w.WriteHeader(204)
	if err := c.Check("GET", "/shop/api/orders/new?x=1", http.Header{}, nil, w); err != nil {
		t.Error(err)
	}
	if err := c.Check("GET", "not a path", nil, nil, w); err == nil {
		t.Error("a bad target is taken")
	}
	if got := rec.done(); len(got) != 0 {
		t.Errorf("got %q", got)
	}
}

func TestAnswerThatDoesNotCome(t *testing.T) {
	rec := &recording{TB: t}
	c := New(rec, Load(t, "testdata/shop.yaml", Reading{}), nil)
	server := httptest.NewServer(c.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		conn.Close()
	})))
	defer server.Close()
	if _, err := http.Post(server.URL+"/api/orders", "application/json", strings.NewReader(`{"number":7}`)); err == nil {
		t.Error("an answer from nowhere")
	}
	if got := rec.done(); len(got) != 1 || !strings.Contains(got[0], "request body /number") {
		t.Errorf("got %q", got)
	}
}

// TestVendorsDocuments loads the real documents and sends one good and one bad exchange through each.
func TestVendorsDocuments(t *testing.T) {
	tests := []struct {
		file string
		ok   send
		bad  send
		find string
	}{
		{"shopware/admin-api-6.6.7.1.openapi.json",
			send{"POST", "/api/search/tax", `{"limit":1,"total-count-mode":"exact"}`, 200, `{"total":1,"data":[{"id":"018fa4d4e9fa7105a4e0b4d4e9fa7105","taxRate":21,"name":"21%"}]}`},
			send{"POST", "/api/search/tax", `{"limit":1}`, 200, `{"total":1,"data":[{"id":"018fa4d4e9fa7105a4e0b4d4e9fa7105","taxRate":"21","name":"21%"}]}`},
			"POST /search/tax: response 200 body /data/*/taxRate: value must be a number"},
		{"eaccounting/swagger-v2-2023-07-03.json",
			send{"GET", "/v2/units", ``, 200, `{"Data":[{"Name":"Stuk","Code":"st"}]}`},
			send{"GET", "/v2/orders", ``, 200, `{"Data":[{"Amount":"19.10"}]}`},
			"GET /v2/orders: response 200 body /Data/*/Amount: value must be a number"},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			doc := Load(t, Vendor(t, tt.file), Reading{Nulls: true, Optional: true, Closed: true})
			rec := &recording{TB: t}
			c := New(rec, doc, nil)
			tt.ok.through(t, c, "handler")
			tt.bad.through(t, c, "transport")
			got := rec.done()
			if len(got) != 1 || !strings.Contains(got[0], tt.find) {
				t.Errorf("got %s", strings.Join(got, "\n"))
			}
		})
	}
}
