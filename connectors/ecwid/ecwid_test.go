package ecwid

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
	"github.com/crosswalk-go/crosswalk/connectors/contract"
	"github.com/crosswalk-go/crosswalk/connectors/ecwid/sandbox"
	"github.com/crosswalk-go/crosswalk/connectors/faults"
	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// store is a sandbox, a connection to it, and what happens before each of its answers.
type store struct {
	*sandbox.Sandbox
	*Client
	clock  *contract.Clock // of the store
	ahead  time.Duration
	before func(r *http.Request)
	waited time.Duration
	calls  contract.Calls
}

var noon = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

// start runs a store at noon of 1 December 2026. Waits of the client take no time; they move the clock.
func start(t *testing.T, o connectors.SandboxOptions, cfg connectors.Config, opts ...sandbox.Option) *store {
	t.Helper()
	s := &store{clock: contract.NewClock(noon)}
	o.Now = s.clock.Now
	s.Sandbox = sandbox.New(o, opts...)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.calls.Note(r, strings.TrimPrefix(r.URL.Path, "/api/v3/"+sandbox.StoreID))
		if s.before != nil {
			s.before(r)
		}
		s.ServeHTTP(w, r)
	}))
	cfg.URL, cfg.Name, cfg.Now = srv.URL, "webshop", func() time.Time { return s.clock.Now().Add(s.ahead) }
	if cfg.Credentials == nil {
		cfg.Credentials = s.Credentials()
	}
	c, err := open(cfg, func(rc *rest.Config) {
		rc.Sleep = func(_ context.Context, d time.Duration) error {
			s.waited += d
			s.clock.Add(d)
			return nil
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Client = c
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		srv.CloseClientConnections()
		srv.Close()
	})
	return s
}

func open0(t *testing.T, opts ...sandbox.Option) *store {
	t.Helper()
	return start(t, connectors.SandboxOptions{}, connectors.Config{}, opts...)
}

func (s *store) read(t *testing.T, q port.Query) []port.Document {
	t.Helper()
	var docs []port.Document
	for d, err := range s.Client.Read(t.Context(), q) {
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, d)
	}
	return docs
}

// one is the document with a key.
func (s *store) find(t *testing.T, resource, field, value string) port.Document {
	t.Helper()
	docs, err := s.Client.Find(t.Context(), resource, port.Key{Field: field, Value: value})
	if err != nil || len(docs) != 1 {
		t.Fatalf("%s by %s %s: %d documents, %v", resource, field, value, len(docs), err)
	}
	return docs[0]
}

func (s *store) create(t *testing.T, resource, body string) port.Document {
	t.Helper()
	d, err := s.Client.Create(t.Context(), resource, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func keys(docs []port.Document) []string {
	list := make([]string, len(docs))
	for i, d := range docs {
		list[i] = d.Key
	}
	return list
}

func TestWaysToFail(t *testing.T) {
	wrong := map[string]string{"storeId": sandbox.StoreID, "accessToken": "secret_hunter2hunter2"}
	foreign := map[string]string{"storeId": "1003", "accessToken": "secret_hunter2hunter2"}
	for name, tt := range map[string]struct {
		creds map[string]string
		opts  []sandbox.Option
		want  error
	}{
		"all is well":            {},
		"a wrong token":          {creds: wrong, want: port.ErrAuth},
		"an error without words": {creds: wrong, opts: []sandbox.Option{sandbox.WithEmptyErrors()}, want: port.ErrAuth},
		"another store":          {creds: foreign, want: port.ErrAuth},
		"a missing scope":        {opts: []sandbox.Option{sandbox.WithScopes("read_orders")}, want: port.ErrPermission},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, connectors.SandboxOptions{}, connectors.Config{Credentials: tt.creds}, tt.opts...)
			says, err := s.Ping(t.Context())
			if !errors.Is(err, tt.want) || err == nil && says != "Ecwid store 72145001, Noorderkade Koffie, EUR" {
				t.Fatalf("%q %v", says, err)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error holds the token: %v", err)
			}
		})
	}
}

// Ecwid throttles whoever goes on with a dead token: the first refusal is the last call.
func TestADeadTokenIsNotUsedAgain(t *testing.T) {
	s := start(t, connectors.SandboxOptions{}, connectors.Config{Credentials: map[string]string{"storeId": sandbox.StoreID, "accessToken": "secret_wrong"}})
	for range 3 {
		if _, err := s.Ping(t.Context()); !errors.Is(err, port.ErrAuth) {
			t.Fatal(err)
		}
	}
	if len(s.calls.List()) != 1 {
		t.Errorf("calls: %v", s.calls.List())
	}
}

func TestOpen(t *testing.T) {
	good := map[string]string{"storeId": "1003", "accessToken": "a"}
	for _, c := range []struct {
		url     string
		creds   map[string]string
		options map[string]string
		want    string // base of the API, or "" for a refusal
	}{
		{creds: good, want: "https://app.ecwid.com/api/v3/1003"},
		{url: " https://app.ecwid.com/api/v3/1003/orders?x=1 ", creds: good, want: "https://app.ecwid.com/api/v3/1003"},
		{url: "http://127.0.0.1:9000/", creds: good, want: "http://127.0.0.1:9000/api/v3/1003"},
		{url: "shop", creds: good},
		{creds: map[string]string{"storeId": "shop", "accessToken": "a"}},
		{creds: map[string]string{"storeId": "1003"}},
		{creds: good, options: map[string]string{"overlap": "5s"}},
		{creds: good, options: map[string]string{"callsPerMinute": "0"}},
	} {
		got, err := apiURL(c.url, c.creds["storeId"])
		client, openErr := Open(connectors.Config{Name: "webshop", URL: c.url, Credentials: c.creds, Options: c.options})
		if (openErr == nil) != (c.want != "") || openErr == nil && (err != nil || got != c.want) {
			t.Errorf("%q %v %v: %q %v", c.url, c.creds, c.options, got, openErr)
		}
		if openErr == nil {
			if account, err := client.Account(t.Context()); err != nil || account != "1003" {
				t.Errorf("account %q, %v", account, err)
			}
			if err := client.Close(); err != nil {
				t.Error(err)
			}
		} else if !strings.Contains(openErr.Error(), "webshop") {
			t.Errorf("the error names no connection: %v", openErr)
		}
	}
}

// TestSystem holds the connector to what it declares.
func TestSystem(t *testing.T) {
	s := open0(t)
	for _, r := range System().Spec.Resources {
		for _, probe := range r.Probes {
			if docs, err := s.Find(t.Context(), r.Name, port.Key{Field: probe, Value: "x"}); err != nil || len(docs) > 0 {
				t.Errorf("%s by %s: %v %v", r.Name, probe, docs, err)
			}
		}
		if _, err := s.Find(t.Context(), r.Name, port.Key{Field: "colour", Value: "x"}); !errors.Is(err, port.ErrNoProbe) {
			t.Errorf("%s by colour: %v", r.Name, err)
		}
		if _, err := s.Create(t.Context(), r.Name, []byte(`{"sku":"x"}`)); err == nil {
			t.Errorf("an empty %s was created", r.Name)
		}
		if docs := s.read(t, port.Query{Resource: r.Name}); len(docs) == 0 {
			t.Errorf("no %s is read", r.Name)
		}
	}
	for _, r := range System().Spec.References {
		table, err := s.Reference(t.Context(), r.Name, false)
		if err != nil || !gjson.GetBytes(table, "0").IsObject() && !gjson.ParseBytes(table).IsObject() {
			t.Errorf("reference %s: %v %.100s", r.Name, err, table)
		}
	}
	if _, err := s.Reference(t.Context(), "colours", false); !errors.Is(err, port.ErrNotFound) {
		t.Error(err)
	}
}

func TestErrors(t *testing.T) {
	c := &Client{now: time.Now}
	for _, tt := range []struct {
		status int
		body   string
		want   error
	}{
		{400, `{"errorMessage":"Status QUEUED is deprecated, use AWAITING_PAYMENT instead","errorCode":"WRONG_PARAMETER"}`, nil},
		{402, ``, port.ErrPermission},
		{400, `{"errorCode":"MAX_PRODUCTS_LIMIT_REACHED"}`, port.ErrPermission},
		{403, ``, port.ErrAuth},
		{403, `{"errorCode":"INSUFFICIENT_APP_SCOPE"}`, port.ErrPermission},
		{404, `<html>`, port.ErrProtocol},
		{404, ``, nil},
		{404, `{"errorCode":"STORE_NOT_FOUND"}`, port.ErrAuth},
		{409, `{"errorCode":"SKU_ALREADY_EXISTS"}`, nil},
		{409, `{"errorCode":"COMBINATION_CONTAINS_REMOVED_OPTION"}`, port.ErrValidation},
		{413, ``, port.ErrValidation},
		{415, ``, port.ErrValidation},
		{422, `{"errorCode":"WRONG_URL"}`, port.ErrValidation},
		{500, `{"errorCode":"INTERNAL_ERROR"}`, nil},
	} {
		if e := c.decodeError(tt.status, http.Header{}, []byte(tt.body)); !errors.Is(e.Kind, tt.want) {
			t.Errorf("%d %s: %v, want %v", tt.status, tt.body, e.Kind, tt.want)
		}
	}
	if e := c.decodeError(429, http.Header{}, nil); e.RetryAfter != unsaidWait {
		t.Errorf("without Retry-After the wait is %s", e.RetryAfter)
	}
}

func FuzzDecodeError(f *testing.F) {
	f.Add(400, `{"errorMessage":"m","errorCode":"WRONG_PARAMETER"}`)
	f.Add(403, `[]`)
	f.Add(429, `{"errorMessage":[],"errorCode":{}}`)
	f.Fuzz(func(_ *testing.T, status int, body string) {
		_ = (&Client{now: time.Now}).decodeError(status, http.Header{}, []byte(body))
	})
}

// Above its limit the store blocks the token until a time, which is waited for.
func TestRateLimit(t *testing.T) {
	s := start(t, connectors.SandboxOptions{}, connectors.Config{Options: map[string]string{"callsPerMinute": "100000"}}, sandbox.WithCallsPerMinute(20))
	for i := range 30 {
		if _, err := s.Reference(t.Context(), "profile", true); err != nil {
			t.Fatalf("call %d: %v", i+1, err)
		}
	}
	if s.waited < 50*time.Second || s.waited > 2*time.Minute {
		t.Errorf("the connection waited %s", s.waited)
	}
	// A connection that keeps to its own budget is never refused.
	own := start(t, connectors.SandboxOptions{}, connectors.Config{Options: map[string]string{"callsPerMinute": "20"}}, sandbox.WithCallsPerMinute(20))
	for range 60 {
		if _, err := own.Reference(t.Context(), "profile", true); err != nil {
			t.Fatal(err)
		}
	}
	if len(own.calls.List()) != 60 {
		t.Errorf("%d calls for 60: some were refused", len(own.calls.List()))
	}
}

func TestOutages(t *testing.T) {
	s := open0(t)
	s.Fault(faults.Fault{Times: 2, Serve: sandbox.Internal})
	if docs := s.read(t, port.Query{Resource: "customer"}); len(docs) == 0 {
		t.Error("no customers after an outage")
	}
	s.Fault(faults.Fault{Serve: func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>Under construction</html>") }})
	for _, err := range s.Read(t.Context(), port.Query{Resource: "order"}) {
		if !errors.Is(err, port.ErrProtocol) {
			t.Errorf("HTML with status 200: %v", err)
		}
	}
	post := func(r *http.Request) bool { return r.Method == http.MethodPost }
	for resource, body := range map[string]string{
		"customer": `{"email":"in.doubt@example.nl"}`,
		"order":    `{"email":"in.doubt@example.nl","refererId":"1001","total":1,"subtotal":1,"items":[{"name":"A","quantity":1,"price":1}]}`,
		"product":  `{"sku":"DOUBT","name":"Doubt"}`,
	} {
		s.Fault(faults.Fault{Match: post, After: true, Serve: faults.Cut})
		if _, err := s.Create(t.Context(), resource, []byte(body)); !errors.Is(err, port.ErrInDoubt) {
			t.Errorf("a cut connection for %s: %v", resource, err)
		}
	}
	s.find(t, "customer", port.KeyEmail, "IN.doubt@example.nl")
	s.find(t, "order", port.KeyReference, "1001")
	s.find(t, "product", port.KeySKU, "DOUBT")
	for _, resource := range []string{"customer", "product"} {
		body := []byte(`{"email":"In.Doubt@example.nl","sku":"DOUBT","name":"Doubt"}`)
		if _, err := s.Create(t.Context(), resource, body); !errors.Is(err, port.ErrConflict) {
			t.Errorf("the same %s again: %v", resource, err)
		}
	}
	if posts := slices.DeleteFunc(s.calls.List(), func(c string) bool { return c != "POST /orders" }); len(posts) != 1 {
		t.Errorf("the order was posted %d times", len(posts))
	}
}
