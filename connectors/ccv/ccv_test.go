package ccv

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"
	"go.uber.org/goleak"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/ccv/sandbox"
	"github.com/crosswalk-go/crosswalk/connectors/contract"
	"github.com/crosswalk-go/crosswalk/connectors/faults"
	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shop is a sandbox, a connection to it, and what happens before each of its answers.
type shop struct {
	*Client
	box    *sandbox.Sandbox
	clock  *contract.Clock
	url    string
	before func(r *http.Request)
	calls  contract.Calls
}

// tester is what a test and a property test have in common.
type tester interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// plan is how a shop is started.
type plan struct {
	register bool
	empty    bool
	options  []sandbox.Option
	config   connectors.Config
	wrap     func(http.Handler) http.Handler
}

// start runs a shop at noon of 1 December 2026. Waits of the client take no time; they move the clock.
func start(t tester, cleanup func(func()), p plan) *shop {
	t.Helper()
	s := &shop{clock: contract.NewClock(time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC))}
	o := connectors.SandboxOptions{Now: s.clock.Now, Empty: p.empty}
	d := shopDialect
	if p.register {
		d, s.box = registerDialect, sandbox.NewRegister(o, p.options...)
	} else {
		s.box = sandbox.New(o, p.options...)
	}
	var handler http.Handler = s.box
	if p.wrap != nil {
		handler = p.wrap(handler)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.calls.Note(r, r.URL.Path)
		if s.before != nil {
			s.before(r)
		}
		handler.ServeHTTP(w, r)
	}))
	srv.Config.ErrorLog = nil
	cfg := p.config
	cfg.URL, cfg.Name, cfg.Now = srv.URL, "webshop", s.clock.Now
	if cfg.Credentials == nil {
		cfg.Credentials = s.box.Credentials()
	}
	c, err := open(d, cfg, func(rc *rest.Config) {
		rc.Sleep = func(_ context.Context, d time.Duration) error { s.clock.Add(d); return nil }
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Client, s.url = c, srv.URL
	cleanup(func() {
		_ = c.Close()
		srv.Close()
	})
	return s
}

func newShop(t *testing.T) *shop { return start(t, t.Cleanup, plan{}) }
func newTill(t *testing.T) *shop { return start(t, t.Cleanup, plan{register: true}) }

// read collects a read.
func read(t tester, c *Client, q port.Query) []port.Document {
	t.Helper()
	var docs []port.Document
	for d, err := range c.Read(context.Background(), q) {
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, d)
	}
	return docs
}

func TestSystems(t *testing.T) {
	for _, s := range []*shop{newShop(t), newTill(t)} {
		spec := s.dialect.spec()
		for _, r := range spec.Resources {
			for _, probe := range r.Probes {
				if _, err := s.Find(t.Context(), r.Name, port.Key{Field: probe, Value: "x"}); err != nil {
					t.Errorf("%s by %s: %v", r.Name, probe, err)
				}
			}
			if _, err := s.Find(t.Context(), r.Name, port.Key{Field: "colour", Value: "x"}); !errors.Is(err, port.ErrNoProbe) {
				t.Errorf("%s by colour: %v", r.Name, err)
			}
			for _, body := range []string{`{}`, `[]`, `x`} {
				if _, err := s.Create(t.Context(), r.Name, []byte(body)); !errors.Is(err, port.ErrValidation) {
					t.Errorf("%s of %s: %v", r.Name, body, err)
				}
			}
			if docs := read(t, s.Client, port.Query{Resource: r.Name}); len(docs) == 0 {
				t.Errorf("no %s", r.Name)
			}
			if r.Impossible["create"] == "" && !r.Create || r.Impossible["read"] == "" && !r.Read {
				t.Errorf("%s does not say why not", r.Name)
			}
		}
		for _, r := range spec.References {
			table, err := s.Reference(t.Context(), r.Name, false)
			if err != nil || len(table) < 3 {
				t.Errorf("reference %s: %v %.100s", r.Name, err, table)
			}
		}
		if _, err := s.Reference(t.Context(), "cashups", true); (err == nil) != s.dialect.register {
			t.Errorf("%s: cashups: %v", spec.Name, err)
		}
		if _, err := s.Find(t.Context(), "wish", port.Key{Field: port.KeyID, Value: "1"}); !errors.Is(err, port.ErrNotFound) {
			t.Error(err)
		}
		if says, err := s.Ping(t.Context()); err != nil || !strings.Contains(says, "Noorderkade") {
			t.Errorf("%q %v", says, err)
		}
		if id, err := s.Account(t.Context()); err != nil || id != "71001" {
			t.Errorf("%q %v", id, err)
		}
	}
}

func TestOpen(t *testing.T) {
	good := map[string]string{"public": "p", "secret": "s"}
	for _, tt := range []struct {
		url     string
		creds   map[string]string
		options map[string]string
		want    string // what the error says; empty for none
	}{
		{"https://x.ccvshop.example", good, nil, ""},
		{"https://x.ccvshop.example/api/rest/v1/", good, map[string]string{"pageSize": "250", "rescan": "0s", "overlap": "1h", "verifyAnswers": "false"}, ""},
		{"", good, nil, "url"},
		{"ftp://x", good, nil, "url"},
		{"https://x.ccvshop.example", map[string]string{"public": "p"}, nil, "secret"},
		{"https://x.ccvshop.example", good, map[string]string{"pageSize": "251"}, "pageSize"},
		{"https://x.ccvshop.example", good, map[string]string{"pageSize": "1"}, "pageSize"},
		{"https://x.ccvshop.example", good, map[string]string{"rescan": "-1h"}, "rescan"},
		{"https://x.ccvshop.example", good, map[string]string{"overlap": "long"}, "overlap"},
		{"https://x.ccvshop.example", good, map[string]string{"verifyAnswers": "perhaps"}, "verifyAnswers"},
	} {
		c, err := Shop().Open(connectors.Config{Name: "webshop", URL: tt.url, Credentials: tt.creds, Options: tt.options})
		if (err == nil) != (tt.want == "") || err != nil && (!strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "webshop")) {
			t.Errorf("%q %v: %v", tt.url, tt.options, err)
		}
		if err == nil {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestSignature holds the client's own formula to the vendor's vectors, apart from the sandbox.
func TestSignature(t *testing.T) {
	s := &signer{public: "demo", secret: "demo", now: func() time.Time { return time.Date(2026, 11, 21, 11, 0, 0, 0, time.FixedZone("CET", 3600)) }}
	r := httptest.NewRequest(http.MethodGet, "https://x.ccvshop.example/api/rest/v1/orders/?start=0&size=25", nil)
	if err := s.Authorize(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if got := r.Header.Get("X-Hash"); r.Header.Get("X-Date") != "2026-11-21T10:00:00Z" || !strings.HasPrefix(got, "1ff418cba2db4be4") || !strings.HasSuffix(got, "d66a7775") {
		t.Errorf("%s %s", r.Header.Get("X-Date"), got)
	}
	if got := s.hash("PATCH", "/api/rest/v1/products/845001/", `{"stock":42}`, "2026-11-21T10:00:00+00:00"); !strings.HasPrefix(got, "d17fe73a69a01ab5") || !strings.HasSuffix(got, "4b5954b0f1d4") {
		t.Error(got)
	}
}

// TestAnswersAreVerified takes no answer that the shop did not sign.
func TestAnswersAreVerified(t *testing.T) {
	unsigned := start(t, t.Cleanup, plan{options: []sandbox.Option{sandbox.WithoutSignatures()}})
	if _, err := unsigned.Ping(t.Context()); !errors.Is(err, port.ErrProtocol) || !strings.Contains(err.Error(), "not signed") {
		t.Error(err)
	}
	body := []byte(`{"userinfo":{"email":"a@example.nl"}}`)
	if _, err := unsigned.Create(t.Context(), "customer", body); !errors.Is(err, port.ErrInDoubt) {
		t.Errorf("a create whose answer is not signed: %v", err)
	}
	trusting := start(t, t.Cleanup, plan{options: []sandbox.Option{sandbox.WithoutSignatures()}, config: connectors.Config{Options: map[string]string{"verifyAnswers": "false"}}})
	if _, err := trusting.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	// Signed, but for another request.
	s := newShop(t)
	stolen, err := s.api.Do(t.Context(), rest.Request{Path: "/packages/"})
	if err != nil {
		t.Fatal(err)
	}
	s.box.Fault(faults.Fault{Serve: func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Hash", stolen.Header.Get("X-Hash"))
		w.Header().Set("X-Date", stolen.Header.Get("X-Date"))
		_, _ = w.Write(stolen.Body)
	}})
	if _, err := s.Reference(t.Context(), "brands", true); !errors.Is(err, port.ErrProtocol) {
		t.Error(err)
	}
}

func TestErrors(t *testing.T) {
	for _, tt := range []struct {
		status int
		body   string
		want   error
	}{
		{404, `{"status":404,"code":"404.20","developermessage":"m"}`, port.ErrProtocol},
		{404, `<html>`, port.ErrProtocol},
		{429, `{"status":429,"code":"429.10","developermessage":"m"}`, port.ErrRateLimit},
		{500, `{"status":500,"code":"500.24","developermessage":"m"}`, port.ErrNotFound},
		{500, `{"status":500,"code":"500.40","developermessage":"m"}`, port.ErrConflict},
		{500, `{"status":500,"code":"500.60","developermessage":"m"}`, port.ErrPermission},
		{500, `{"status":500,"code":500.24}`, nil}, // a number is not the vendor's code
		{500, `oops`, nil},
		{400, `{"status":400,"code":"400.10","developermessage":"m"}`, nil}, // the status says it
	} {
		if e := decodeError(time.Now)(tt.status, http.Header{}, []byte(tt.body)); !errors.Is(e.Kind, tt.want) {
			t.Errorf("%d %s: %v, want %v", tt.status, tt.body, e.Kind, tt.want)
		}
	}
	// A clock that is off is said to be.
	s := newShop(t)
	s.signer.now = func() time.Time { return s.clock.Now().Add(-7 * time.Minute) }
	if _, err := s.Ping(t.Context()); !errors.Is(err, port.ErrAuth) {
		t.Error(err)
	}
	e := decodeError(func() time.Time { return time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC) })(401, http.Header{"Date": {"Tue, 01 Dec 2026 12:07:00 GMT"}}, []byte(`{"code":"401.10"}`))
	if !strings.Contains(e.Message, "7m0s") {
		t.Error(e.Message)
	}
}

func FuzzDecodeError(f *testing.F) {
	f.Add(500, `{"status":500,"code":"500.24","developermessage":"No product found"}`)
	f.Add(401, `{"code":{}}`)
	f.Fuzz(func(_ *testing.T, status int, body string) {
		_ = decodeError(time.Now)(status, http.Header{}, []byte(body))
	})
}

// TestOutages survives limits and pages of a host, and says what it does not know.
func TestOutages(t *testing.T) {
	s := start(t, t.Cleanup, plan{options: []sandbox.Option{sandbox.WithLimits()}})
	for range 40 { // more than 30 a minute
		if _, err := s.Find(t.Context(), "product", port.Key{Field: port.KeySKU, Value: "NK-TEE-BLACK-M"}); err != nil {
			t.Fatal(err)
		}
		s.skus.forget()
	}
	s.box.Fault(faults.Fault{Times: 2, Serve: func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTooManyRequests)
		fmt.Fprint(w, `{"status":429,"code":"429.11","developermessage":"Too many requests."}`)
	}})
	s.box.Fault(faults.Fault{Serve: faults.Maintenance})
	s.box.Fault(faults.Fault{Serve: faults.Cut})
	if docs := read(t, s.Client, port.Query{Resource: "order"}); len(docs) != 9 {
		t.Errorf("%d orders", len(docs))
	}
	s.box.Fault(faults.Fault{Match: faults.On(http.MethodPost, "/api/rest/v1/users"), After: true, Serve: faults.Cut})
	body := []byte(`{"userinfo":{"email":"in.doubt@example.nl"}}`)
	if _, err := s.Create(t.Context(), "customer", body); !errors.Is(err, port.ErrInDoubt) {
		t.Errorf("a cut connection: %v", err)
	}
	if docs, err := s.Find(t.Context(), "customer", port.Key{Field: port.KeyEmail, Value: "IN.doubt@example.nl"}); err != nil || len(docs) != 1 {
		t.Errorf("the customer is there %d times: %v", len(docs), err)
	}
	if _, err := s.Create(t.Context(), "customer", body); !errors.Is(err, port.ErrConflict) {
		t.Errorf("the same address again: %v", err)
	}
}

// TestOwnSchema treats an answer that does not fit its schema as done, where something was sent.
func TestOwnSchema(t *testing.T) {
	s := newShop(t)
	broken := func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprint(w, `{"status":500,"code":"500.20","developermessage":"The output does not match the schema."}`)
	}
	s.box.Fault(faults.Fault{Match: faults.On(http.MethodPost, ""), After: true, Serve: broken})
	if _, err := s.Create(t.Context(), "customer", []byte(`{"userinfo":{"email":"b@example.nl"}}`)); !errors.Is(err, port.ErrInDoubt) {
		t.Error(err)
	}
	s.box.Fault(faults.Fault{Match: faults.On(http.MethodGet, ""), Serve: broken})
	if _, err := s.Ping(t.Context()); !errors.Is(err, port.ErrProtocol) {
		t.Error(err)
	}
}

// TestFind asks by every key.
func TestFind(t *testing.T) {
	s := newShop(t)
	for _, tt := range []struct{ resource, field, value, want string }{
		{"order", port.KeyNumber, "1002", "339900102"},
		{"order", port.KeyNumber, "9999", ""},
		{"order", port.KeyNumber, "WEB", ""},
		{"order", port.KeyID, "339900102", "339900102"},
		{"order", port.KeyID, "339900102/", ""},
		{"customer", port.KeyEmail, " pieter.JANSEN@example.nl ", "330042"},
		{"customer", port.KeyEmail, "nobody@example.nl", ""},
		{"customer", port.KeyID, "330042", "330042"},
		{"product", port.KeySKU, "NK-MUG-350", "845003"},
		{"product", port.KeySKU, "nk-mug-350", ""},
		{"product", port.KeySKU, "NK-TEE", "845006"},
		{"product", port.KeySKU, "NK-TEE-BLACK-M", "845006/920004"},
		{"product", port.KeyID, "845006/920004", "845006/920004"},
		{"product", port.KeyID, "845006/1", ""},
		{"stock", port.KeySKU, "NK-TEE-BLACK-M", "845006/920004"},
		{"stock", port.KeySKU, "NK-TEE", ""}, // its variants have the stock
		{"stock", port.KeySKU, "NK-MUG-350", "845003"},
		{"stock", port.KeyID, "845003", "845003"},
		{"stock", port.KeySKU, "", ""},
	} {
		docs, err := s.Find(t.Context(), tt.resource, port.Key{Field: tt.field, Value: tt.value})
		var ids []string
		for _, d := range docs {
			ids = append(ids, d.ID)
		}
		if err != nil || strings.Join(ids, " ") != tt.want {
			t.Errorf("%s by %s %q: %v %v", tt.resource, tt.field, tt.value, ids, err)
		}
	}
}

// TestVariantDocument shows a variant as a document of its own.
func TestVariantDocument(t *testing.T) {
	s := newShop(t)
	docs, err := s.Find(t.Context(), "product", port.Key{Field: port.KeySKU, Value: "NK-TEE-BLACK-M"})
	if err != nil || len(docs) != 1 {
		t.Fatal(docs, err)
	}
	if d := docs[0]; d.Key != "NK-TEE-BLACK-M" || gjson.GetBytes(d.Body, "crosswalk.variant.id").Raw != "920004" || gjson.GetBytes(d.Body, "productnumber").Str != "NK-TEE" {
		t.Errorf("%s %s", d.Key, d.Body)
	}
	// An article of the source that is a variant here has a bar code and a stock of its own; its name and its price are the product's.
	same := []byte(`{"productnumber":"NK-TEE-BLACK-M","name":"T-shirt M","price":24.95,"discount":0,"eannumber":"8712345678951"}`)
	if c, err := s.Compare(t.Context(), "product", docs[0], same); err != nil || len(c.Changes) != 0 {
		t.Errorf("%+v %v", c, err)
	}
	c, err := s.Compare(t.Context(), "product", docs[0], []byte(`{"productnumber":"NK-TEE-BLACK-M","eannumber":"1","stock":7}`))
	if err != nil || len(c.Changes) != 2 {
		t.Fatalf("%+v %v", c, err)
	}
	if doc, err := s.Update(t.Context(), "product", docs[0].ID, c.Body); err != nil || gjson.GetBytes(doc.Body, "crosswalk.variant.ean_number").Str != "1" || gjson.GetBytes(doc.Body, "crosswalk.variant.stock").Raw != "7" {
		t.Errorf("%s %v", doc.Body, err)
	}
	if _, err := s.Compare(t.Context(), "product", docs[0], []byte(`{"price":99}`)); !errors.Is(err, port.ErrValidation) {
		t.Errorf("the price of one variant: %v", err)
	}
}

// TestReceive takes calls that the shop signed, and no others.
func TestReceive(t *testing.T) {
	s := start(t, t.Cleanup, plan{config: connectors.Config{Credentials: map[string]string{"public": "p", "secret": "s", "webhookKeys": "one0000000000000, two0000000000000"}}})
	const body = `{"triggered_at":"2026-12-01T10:12:31Z","href":"https:\/\/x.ccvshop.example\/api\/rest\/v1\/orders\/339900101","id":339900101,"order_number":1042,"status":5}`
	call := func(key, address, body string) *http.Request {
		r := httptest.NewRequest(http.MethodPost, "https://sync.example.nl/hooks/webshop?x=%2F", strings.NewReader(body))
		r.Header.Set("X-Hash", strings.ToUpper(hash(key, address, body)))
		return r
	}
	const address = "https://sync.example.nl/hooks/webshop?x=%2F"
	for _, key := range []string{"one0000000000000", "two0000000000000"} {
		hints, _, err := s.Receive(call(key, address, body), []byte(body))
		if err != nil || len(hints) != 1 || hints[0].Entity != port.Order || hints[0].Resource != "order" || hints[0].ID != "339900101" || hints[0].Delivery == "" {
			t.Errorf("%+v %v", hints, err)
		}
	}
	for name, r := range map[string]*http.Request{
		"another key":     call("three", address, body),
		"another address": call("one0000000000000", "https://sync.example.nl/hooks/other", body),
		"another body":    call("one0000000000000", address, body+" "),
		"no key at all":   httptest.NewRequest(http.MethodPost, "https://sync.example.nl/hooks/webshop?x=%2F", nil),
	} {
		if hints, _, err := s.Receive(r, []byte(body)); !errors.Is(err, connectors.ErrSignature) || hints != nil {
			t.Errorf("%s: %v %v", name, hints, err)
		}
	}
	for text, want := range map[string]string{
		`{"href":"https://x/api/rest/v1/products/845001","id":845001}`: "product 845001,stock ",
		`{"href":"https://x/api/rest/v1/categories/5101/","id":5101}`:  "",
		`{"order_number":7,"id":9}`:                                    "order 9",
		`{"href":"https://x/api/rest/v1/orders/1","id":"../users/1"}`:  "",
		`[1,2]`: "",
		`{"href":["https://x/api/rest/v1/orders/1"],"id":{"a":[1,2,3]}}`: "",
	} {
		hints, _, err := s.Receive(call("one0000000000000", address, text), []byte(text))
		var got []string
		for _, h := range hints {
			got = append(got, string(h.Entity)+" "+h.ID)
		}
		if err != nil || strings.Join(got, ",") != want {
			t.Errorf("%s: %q %v", text, got, err)
		}
	}
	fixed := start(t, t.Cleanup, plan{config: connectors.Config{Credentials: map[string]string{"public": "p", "secret": "s", "webhookKeys": "one0000000000000"}, Options: map[string]string{"webhookAddress": "https://public.example.nl/h"}}})
	if _, _, err := fixed.Receive(call("one0000000000000", "https://public.example.nl/h", body), []byte(body)); err != nil {
		t.Errorf("behind a proxy: %v", err)
	}
}

// TestDelivery lets the sandbox call, as the shop would.
func TestDelivery(t *testing.T) {
	s := newShop(t)
	var hints []connectors.Hint
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := make([]byte, r.ContentLength)
		if _, err := r.Body.Read(body); err != nil && err.Error() != "EOF" {
			t.Error(err)
		}
		h, _, err := s.Receive(r, body)
		if err != nil {
			w.WriteHeader(http.StatusUnauthorized)
		}
		hints = append(hints, h...)
	}))
	defer receiver.Close()
	if _, err := s.write(t.Context(), http.MethodPost, members("event", "orders.updated.ispaid", "address", receiver.URL+"/hooks/webshop"), "webhooks"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Update(t.Context(), "order", "339900105", []byte(`{"paid":true}`)); err != nil {
		t.Fatal(err)
	}
	if err := s.box.Deliver(t.Context(), receiver.Client()); err != nil || len(hints) != 1 || hints[0].ID != "339900105" {
		t.Errorf("%v %v", hints, err)
	}
	docs := read(t, s.Client, port.Query{Resource: hints[0].Resource, IDs: []string{hints[0].ID}})
	if len(docs) != 1 || !gjson.GetBytes(docs[0].Body, "paid").Bool() {
		t.Error(docs)
	}
}

func FuzzReceive(f *testing.F) {
	c, err := open(shopDialect, connectors.Config{URL: "https://x.ccvshop.example", Credentials: map[string]string{"public": "p", "secret": "s", "webhookKeys": "k"}}, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = c.Close() })
	f.Add(`{"href":"https://x/api/rest/v1/orders/1","id":1}`, "")
	f.Fuzz(func(t *testing.T, body, signature string) {
		r := httptest.NewRequest(http.MethodPost, "https://sync.example.nl/h", nil)
		r.Header["X-Hash"] = []string{signature}
		if hints, _, err := c.Receive(r, []byte(body)); err == nil && !strings.EqualFold(signature, hash("k", "https://sync.example.nl/h", body)) && !strings.EqualFold(signature, hash("k", "http://sync.example.nl/h", body)) {
			t.Errorf("%q was taken: %v", signature, hints)
		}
		r.Header["X-Hash"] = []string{hash("k", "https://sync.example.nl/h", body)}
		hints, _, err := c.Receive(r, []byte(body))
		if err != nil || slices.ContainsFunc(hints, func(h connectors.Hint) bool { return h.ID != "" && !isID(h.ID) }) {
			t.Errorf("%v %v", hints, err)
		}
	})
}
