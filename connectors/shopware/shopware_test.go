package shopware

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidwall/gjson"
	"go.uber.org/goleak"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/contract"
	"github.com/crosswalk-go/crosswalk/connectors/faults"
	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/connectors/shopware/sandbox"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shop is a sandbox, a connection to it, and what happens before each of its answers.
type shop struct {
	*sandbox.Sandbox
	*Client
	clock  *contract.Clock
	waits  []time.Duration
	before func(r *http.Request)

	mu    sync.Mutex
	calls contract.Calls
}

type failer interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// start runs a shop at noon of 1 June 2026. Waits of the client take no time; they move the clock.
func start(t failer, cleanup func(func()), o connectors.SandboxOptions, cfg connectors.Config, opts ...sandbox.Option) *shop {
	t.Helper()
	s := &shop{clock: contract.NewClock(time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC))}
	o.Now = s.clock.Now
	s.Sandbox = sandbox.New(o, opts...)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock() // two connections may call at once
		s.calls.Note(r, r.URL.Path)
		s.mu.Unlock()
		if s.before != nil {
			s.before(r)
		}
		s.Sandbox.ServeHTTP(w, r)
	}))
	cfg.URL, cfg.Name, cfg.Now = srv.URL+cfg.URL, "webshop", s.clock.Now
	if cfg.Credentials == nil {
		cfg.Credentials = s.Credentials()
	}
	c, err := open(cfg, func(rc *rest.Config) {
		rc.Sleep = func(_ context.Context, d time.Duration) error {
			s.waits = append(s.waits, d)
			s.clock.Add(d)
			return nil
		}
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
	return start(t, t.Cleanup, connectors.SandboxOptions{}, connectors.Config{}, opts...)
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

func TestTokenExpiresMidRun(t *testing.T) {
	s := open0(t)
	s.page = 2
	n := 0
	for _, err := range s.Read(t.Context(), port.Query{Resource: "order"}) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n%2 == 0 {
			s.Expire() // long before its time
		}
	}
	if n != 10 {
		t.Errorf("%d orders", n)
	}
	logins := 0
	for _, c := range s.calls.List() {
		if strings.HasSuffix(c, "/oauth/token") {
			logins++
		}
	}
	if logins != 5 { // the first, and one for each of the four pages after it
		t.Errorf("%d log-ins", logins)
	}
	s.clock.Add(time.Hour)
	if docs := read(t, s.Client, port.Query{Resource: "customer"}); len(docs) != 4 {
		t.Errorf("%d customers after an hour", len(docs))
	}
}

func TestThrottledAndMaintenance(t *testing.T) {
	s := open0(t)
	s.Fault(faults.Fault{Serve: sandbox.Throttled(17)})
	if docs := read(t, s.Client, port.Query{Resource: "order"}); len(docs) != 10 {
		t.Errorf("%d orders", len(docs))
	}
	if len(s.waits) != 1 || s.waits[0] < 17*time.Second || s.waits[0] > 19*time.Second {
		t.Errorf("waited %v for the seconds of the body", s.waits)
	}
	s.Fault(faults.Fault{Times: 2, Serve: faults.Maintenance})
	if docs := read(t, s.Client, port.Query{Resource: "order"}); len(docs) != 10 {
		t.Errorf("%d orders after maintenance", len(docs))
	}
	s.Fault(faults.Fault{Times: 5, Serve: faults.Maintenance})
	for _, err := range s.Read(t.Context(), port.Query{Resource: "order"}) {
		var e *port.Error
		if !errors.As(err, &e) || !errors.Is(err, port.ErrOutage) || e.Status != 503 || strings.Contains(err.Error(), "<") {
			t.Errorf("a shop that is down: %v", err)
		}
	}
	s.Fault(faults.Fault{Serve: func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>Under construction</html>") }})
	for _, err := range s.Read(t.Context(), port.Query{Resource: "order"}) {
		if !errors.Is(err, port.ErrProtocol) {
			t.Errorf("HTML with status 200: %v", err)
		}
	}
}

func TestPermission(t *testing.T) {
	key := "SWIALIMITEDLIMITEDLIMITED1"
	cfg := connectors.Config{Credentials: map[string]string{"accessKeyId": key, "secretAccessKey": "s"}}
	s := start(t, t.Cleanup, connectors.SandboxOptions{}, cfg,
		sandbox.WithIntegration(key, "s", "order:read", "order_delivery:read", "order_transaction:read", "order_customer:read"))
	for _, err := range s.Read(t.Context(), port.Query{Resource: "order"}) {
		if !errors.Is(err, port.ErrPermission) {
			t.Fatalf("%v", err)
		}
		for _, want := range []string{"order_line_item:read", "product:read", "payment_method:read", "country:read", "state_machine_state:read"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("the message does not name %s: %v", want, err)
			}
		}
		if strings.Contains(err.Error(), "order_delivery:read") {
			t.Errorf("the message names a right that is there: %v", err)
		}
	}
	_, err := s.Update(t.Context(), "product", strings.Repeat("a", 32), []byte(`{"stock":1}`))
	if err == nil {
		t.Error("an update without the right")
	}
}

func TestLoginFails(t *testing.T) {
	for name, creds := range map[string]map[string]string{
		"wrong secret":      {"accessKeyId": "SWIANOORDERKADEKOFFIEDEMO1", "secretAccessKey": "wrong"},
		"key of no shape":   {"accessKeyId": "me", "secretAccessKey": "wrong"},
		"unknown right key": {"accessKeyId": "SWIA0000000000000000000000", "secretAccessKey": "wrong"},
	} {
		s := start(t, t.Cleanup, connectors.SandboxOptions{}, connectors.Config{Credentials: creds})
		_, err := s.Ping(t.Context())
		if !errors.Is(err, port.ErrAuth) || strings.Contains(err.Error(), "wrong") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOpen(t *testing.T) {
	good := map[string]string{"accessKeyId": "SWIA", "secretAccessKey": "s"}
	for _, c := range []struct {
		url     string
		creds   map[string]string
		options map[string]string
		want    string // base of the API, or "" for a refusal
	}{
		{url: "https://shop.example.com", creds: good, want: "https://shop.example.com/api"},
		{url: " https://shop.example.com/nl/ ", creds: good, want: "https://shop.example.com/nl/api"},
		{url: "https://shop.example.com/admin#/sw/dashboard", creds: good, want: "https://shop.example.com/api"},
		{url: "https://shop.example.com/api", creds: good, options: map[string]string{"pageSize": "500", "overlap": "1h", "triggerFlows": "true"}, want: "https://shop.example.com/api"},
		{url: "shop.example.com", creds: good},
		{url: "ftp://shop.example.com", creds: good},
		{url: "", creds: good},
		{url: "https://shop.example.com", creds: map[string]string{"accessKeyId": "SWIA"}},
		{url: "https://shop.example.com", creds: good, options: map[string]string{"pageSize": "501"}},
		{url: "https://shop.example.com", creds: good, options: map[string]string{"overlap": "-1m"}},
		{url: "https://shop.example.com", creds: good, options: map[string]string{"triggerFlows": "perhaps"}},
	} {
		client, err := Open(connectors.Config{Name: "webshop", URL: c.url, Credentials: c.creds, Options: c.options})
		if (err == nil) != (c.want != "") {
			t.Errorf("%q %v: %v", c.url, c.options, err)
		}
		if err == nil {
			if got := client.base; got != c.want {
				t.Errorf("%q is %q, want %q", c.url, got, c.want)
			}
			if err := client.Close(); err != nil {
				t.Error(err)
			}
		} else if !strings.Contains(err.Error(), "webshop") {
			t.Errorf("the error names no connection: %v", err)
		}
	}
}

func TestSystem(t *testing.T) {
	sys := System()
	box := sys.Sandbox(connectors.SandboxOptions{})
	for _, cred := range sys.Spec.Credentials {
		if cred.Help == "" || cred.Needed && box.Credentials()[cred.Name] == "" {
			t.Errorf("credential %s: no help, or the sandbox has none", cred.Name)
		}
	}
	srv := httptest.NewServer(box)
	defer srv.Close()
	conn, err := sys.Open(connectors.Config{Name: "webshop", URL: srv.URL, Credentials: box.Credentials()})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, r := range sys.Spec.Resources {
		for _, probe := range r.Probes {
			if _, err := conn.Find(t.Context(), r.Name, port.Key{Field: probe, Value: "x"}); err != nil {
				t.Errorf("%s by %s: %v", r.Name, probe, err)
			}
		}
	}
	for _, r := range sys.Spec.References {
		table, err := conn.Reference(t.Context(), r.Name, false)
		if err != nil || !gjson.GetBytes(table, "0.id").Exists() {
			t.Errorf("reference %s: %v %.100s", r.Name, err, table)
		}
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
}
