package magento

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidwall/gjson"
	"go.uber.org/goleak"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/contract"
	"github.com/crosswalk-go/crosswalk/connectors/faults"
	"github.com/crosswalk-go/crosswalk/connectors/magento/sandbox"
	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shop is a sandbox, a connection to it, and what happens before each of its answers.
type shop struct {
	*sandbox.Sandbox
	*Client
	clock  *contract.Clock
	guard  sync.Mutex // of what follows: a connection that is cut orders nothing
	before func(r *http.Request)
	calls  []string
}

// meet notes a call, and does what is to happen before its answer.
func (s *shop) meet(r *http.Request) {
	s.guard.Lock()
	defer s.guard.Unlock()
	s.calls = append(s.calls, r.Method+" "+r.URL.Path)
	if s.before != nil {
		s.before(r)
	}
}

// cut cuts the connection at writes, after n of them and for long of them, before or after the shop has carried them out.
func (s *shop) cut(n, long int, done bool) {
	s.guard.Lock()
	defer s.guard.Unlock()
	count := 0
	s.before = func(r *http.Request) {
		if r.Method == http.MethodGet {
			return
		}
		if count++; count > n && count <= n+long {
			if done {
				s.Sandbox.ServeHTTP(httptest.NewRecorder(), r)
			}
			panic(http.ErrAbortHandler)
		}
	}
}

func (s *shop) mend() {
	s.guard.Lock()
	defer s.guard.Unlock()
	s.before = nil
}

// writes are how many calls since the first n were no questions.
func (s *shop) writes(n int) (writes int) {
	s.guard.Lock()
	defer s.guard.Unlock()
	for _, call := range s.calls[n:] {
		if !strings.HasPrefix(call, http.MethodGet) {
			writes++
		}
	}
	return writes
}

type failer interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// start runs a shop at noon of 1 December 2026. Waits of the client take no time; they move the clock.
func start(t failer, cleanup func(func()), cfg connectors.Config, opts ...sandbox.Option) *shop {
	t.Helper()
	return startWith(t, cleanup, connectors.SandboxOptions{}, cfg, opts...)
}

func startWith(t failer, cleanup func(func()), o connectors.SandboxOptions, cfg connectors.Config, opts ...sandbox.Option) *shop {
	t.Helper()
	s := &shop{clock: contract.NewClock(time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC))}
	o.Now = s.clock.Now
	s.Sandbox = sandbox.New(o, opts...)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.meet(r)
		s.Sandbox.ServeHTTP(w, r)
	}))
	cfg.URL, cfg.Name, cfg.Now = srv.URL, "webshop", s.clock.Now
	if cfg.Credentials == nil {
		cfg.Credentials = s.Credentials()
	}
	c, err := open(cfg, func(rc *rest.Config) {
		rc.Sleep = func(_ context.Context, d time.Duration) error { s.clock.Add(d); return nil }
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Client = c
	cleanup(func() {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		srv.CloseClientConnections()
		srv.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	return s
}

func open0(t *testing.T, opts ...sandbox.Option) *shop {
	t.Helper()
	return start(t, t.Cleanup, connectors.Config{}, opts...)
}

func read(t failer, c *Client, q port.Query) []port.Document {
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

func keys(docs []port.Document) []string {
	list := make([]string, len(docs))
	for i, d := range docs {
		list[i] = d.Key
	}
	return list
}

func TestWaysToLogIn(t *testing.T) {
	token := sandbox.New(connectors.SandboxOptions{Empty: true}).Credentials()["accessToken"]
	admin := map[string]string{"username": sandbox.AdminUser, "password": sandbox.AdminPassword}
	for name, tt := range map[string]struct {
		creds map[string]string
		opts  []sandbox.Option
		want  error
	}{
		"integration":            {},
		"integration of 2.4.8":   {opts: []sandbox.Option{sandbox.WithVerbatimPath()}},
		"administrator":          {creds: admin},
		"bearer":                 {creds: map[string]string{"accessToken": token}, opts: []sandbox.Option{sandbox.WithIntegrationAsBearer()}},
		"bearer where forbidden": {creds: map[string]string{"accessToken": token}, want: port.ErrAuth},
		"wrong password":         {creds: map[string]string{"username": "admin", "password": "hunter22"}, want: port.ErrAuth},
		"missing right":          {opts: []sandbox.Option{sandbox.WithRights("Magento_Sales::actions_view")}, want: port.ErrPermission},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, t.Cleanup, connectors.Config{Credentials: tt.creds}, tt.opts...)
			says, err := s.Ping(t.Context())
			if !errors.Is(err, tt.want) || err == nil && says != "Magento 2, store view default, EUR" {
				t.Fatalf("%q %v", says, err)
			}
			if tt.want != nil {
				if strings.Contains(err.Error(), "hunter22") || strings.Contains(err.Error(), token) {
					t.Errorf("the error holds a secret: %v", err)
				}
				return
			}
			d, err := s.Create(t.Context(), "product", []byte(`{"sku":"A/B 12","name":"Slash","attribute_set_id":4,"price":1,"type_id":"simple"}`))
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // the second call knows how to sign
				if d, err = s.Update(t.Context(), "product", d.ID, []byte(`{"price":2.5}`)); err != nil || gjson.GetBytes(d.Body, "price").Raw != "2.5" {
					t.Fatalf("a SKU with a slash: %v %s", err, d.Body)
				}
			}
		})
	}
}

func TestAdminTokenEnds(t *testing.T) {
	s := start(t, t.Cleanup, connectors.Config{Credentials: map[string]string{"username": sandbox.AdminUser, "password": sandbox.AdminPassword}})
	read(t, s.Client, port.Query{Resource: "order"})
	s.Expire() // before its time
	read(t, s.Client, port.Query{Resource: "order"})
	s.clock.Add(5 * time.Hour)
	read(t, s.Client, port.Query{Resource: "order"})
	logins := 0
	for _, c := range s.calls {
		if strings.HasSuffix(c, "/token") {
			logins++
		}
	}
	if logins != 3 {
		t.Errorf("%d log-ins", logins)
	}
}

func TestOpen(t *testing.T) {
	good := map[string]string{"accessToken": "a"}
	for _, c := range []struct {
		url     string
		creds   map[string]string
		options map[string]string
		want    string // base of the API, or "" for a refusal
	}{
		{url: "https://shop.example.com", creds: good, want: "https://shop.example.com/rest"},
		{url: " https://shop.example.com/nl/ ", creds: good, want: "https://shop.example.com/nl/rest"},
		{url: "https://shop.example.com/rest/all/V1/?x=1", creds: good, want: "https://shop.example.com/rest"},
		{url: "shop.example.com", creds: good},
		{url: "", creds: good},
		{url: "https://shop.example.com"},
		{url: "https://shop.example.com", creds: map[string]string{"consumerKey": "a", "accessToken": "b"}},
		{url: "https://shop.example.com", creds: map[string]string{"username": "a"}},
		{url: "https://shop.example.com", creds: good, options: map[string]string{"pageSize": "301"}},
		{url: "https://shop.example.com", creds: good, options: map[string]string{"overlap": "-1m"}},
		{url: "https://shop.example.com", creds: good, options: map[string]string{"taxCountry": "Nederland"}},
	} {
		got, err := apiURL(c.url)
		client, openErr := Open(connectors.Config{Name: "webshop", URL: c.url, Credentials: c.creds, Options: c.options})
		if (openErr == nil) != (c.want != "") || openErr == nil && (err != nil || got != c.want) {
			t.Errorf("%q %v %v: %q %v", c.url, c.creds, c.options, got, openErr)
		}
		if openErr == nil {
			if err := client.Close(); err != nil {
				t.Error(err)
			}
		} else if !strings.Contains(openErr.Error(), "webshop") {
			t.Errorf("the error names no connection: %v", openErr)
		}
	}
}

func TestSystem(t *testing.T) {
	s := open0(t)
	for _, r := range System().Spec.Resources {
		for _, probe := range r.Probes {
			if _, err := s.Find(t.Context(), r.Name, port.Key{Field: probe, Value: "x"}); err != nil {
				t.Errorf("%s by %s: %v", r.Name, probe, err)
			}
		}
		if _, err := s.Find(t.Context(), r.Name, port.Key{Field: "colour", Value: "x"}); !errors.Is(err, port.ErrNoProbe) {
			t.Errorf("%s by colour: %v", r.Name, err)
		}
		if _, err := s.Create(t.Context(), r.Name, []byte(`{"sku":"x"}`)); err == nil {
			t.Errorf("an empty %s was created", r.Name)
		}
		if docs := slices.Collect(func(yield func(error) bool) {
			for _, err := range s.Read(t.Context(), port.Query{Resource: r.Name}) {
				if err != nil {
					yield(err)
					return
				}
			}
		}); (len(docs) == 0) != r.Read {
			t.Errorf("%s is read: %v %v", r.Name, r.Read, docs)
		}
	}
	for _, r := range System().Spec.References {
		table, err := s.Reference(t.Context(), r.Name, false)
		if err != nil || !gjson.GetBytes(table, "0").IsObject() && r.Name != "taxRules" {
			t.Errorf("reference %s: %v %.100s", r.Name, err, table)
		}
	}
	if _, err := s.Reference(t.Context(), "colours", false); !errors.Is(err, port.ErrNotFound) {
		t.Error(err)
	}
}

func TestErrors(t *testing.T) {
	for body, want := range map[string]string{
		`{"message":"\"%fieldName\" is required. Enter and try again.","parameters":{"fieldName":"product"}}`:                       `product: "product" is required. Enter and try again.`,
		`{"message":"%1 and %10","parameters":["a","b","c","d","e","f","g","h","i","j"]}`:                                           "a and j",
		`{"message":"x","errors":[{"message":"%1 is bad","parameters":["A"]},{"message":"\"%f\"!","parameters":{"f":"%1"}}]}`:       `A is bad "%1"!`,
		`{"message":"No such entity with %fieldName = %fieldValue","parameters":{"fieldName":"customerId","fieldValue":"a%2Fb%1"}}`: "customerId: No such entity with customerId = a%2Fb%1",
	} {
		e := decodeError(false)(400, nil, []byte(body))
		e.Kind = port.ErrValidation
		if got := e.Error(); !strings.HasSuffix(got, want) {
			t.Errorf("%s\nbecomes %s", body, got)
		}
	}
	for _, tt := range []struct {
		status int
		body   string
		want   error
	}{
		{404, "<html>", port.ErrProtocol},
		{404, `{"message":"Request does not match any route."}`, port.ErrProtocol},
		{404, `{"message":"No such entity"}`, nil},
		{400, `{"message":"Unique constraint violation found"}`, port.ErrConflict},
		{400, `{"message":"Signature method %1 is not supported","parameters":["x"]}`, port.ErrAuth},
		{500, "An error has happened during application run.", nil},
		{401, `{"message":"m","parameters":{"resources":"Magento_Sales::actions_view"}}`, port.ErrPermission},
		{401, `{"message":"The nonce is already being used by the consumer with ID %1","parameters":["1"]}`, port.ErrInDoubt},
	} {
		if e := decodeError(false)(tt.status, nil, []byte(tt.body)); !errors.Is(e.Kind, tt.want) {
			t.Errorf("%d %s: %v, want %v", tt.status, tt.body, e.Kind, tt.want)
		}
	}
}

func FuzzDecodeError(f *testing.F) {
	f.Add(400, `{"message":"%1","parameters":["a"]}`)
	f.Add(401, `{"message":"%resources","parameters":{"resources":""}}`)
	f.Add(500, `{"message":[],"errors":{"a":1}}`)
	f.Fuzz(func(_ *testing.T, status int, body string) { _ = decodeError(true)(status, nil, []byte(body)) })
}

func TestOutages(t *testing.T) {
	s := open0(t)
	s.Fault(faults.Fault{Times: 2, Serve: faults.Maintenance})
	if docs := read(t, s.Client, port.Query{Resource: "order"}); len(docs) != 10 {
		t.Errorf("%d orders after maintenance", len(docs))
	}
	s.Fault(faults.Fault{Serve: func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>Under construction</html>") }})
	for _, err := range s.Read(t.Context(), port.Query{Resource: "order"}) {
		if !errors.Is(err, port.ErrProtocol) {
			t.Errorf("HTML with status 200: %v", err)
		}
	}
	post := func(r *http.Request) bool {
		return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/customers")
	}
	s.Fault(faults.Fault{Match: post, After: true, Serve: faults.Cut})
	body := []byte(`{"email":"in.doubt@example.nl","firstname":"In","lastname":"Doubt"}`)
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

// TestRequestThatComesTwice loses the answer to a look-up on a connection that was in use: net/http sends the same request once more, and the shop, which knows
// its nonce, refuses that. The credentials are right all the same.
func TestRequestThatComesTwice(t *testing.T) {
	s := open0(t)
	if _, err := s.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	cut := func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/V1/inventory/source-items") }
	s.Fault(faults.Fault{Match: cut, After: true, Serve: faults.Cut, Times: 1})
	docs, err := s.Find(t.Context(), "stock", port.Key{Field: port.KeySKU, Value: "NK-MUG-350"})
	if err != nil || len(docs) != 1 {
		t.Errorf("%d documents, %v", len(docs), err)
	}
}
