package eaccounting

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/eaccounting/sandbox"
	"github.com/crosswalk-go/crosswalk/connectors/faults"
	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// store is a TokenStore that remembers what was saved.
type store struct {
	mu    sync.Mutex
	saved map[string]string
	saves int
}

func (s *store) Token(_ context.Context, connection string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.saved[connection], nil
}

func (s *store) SaveToken(_ context.Context, connection, token string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.saved[connection] = token
	s.saves++
	return nil
}

// TestRotation follows a client whose refresh token dies on use, over a restart.
func TestRotation(t *testing.T) {
	tokens := &store{saved: map[string]string{}}
	co := connect(t, plan{tokens: tokens, box: func(s *sandbox.Settings) { s.RotateRefreshTokens = true }})
	first := co.box.Credentials()["refreshToken"]
	for i := range 3 {
		if _, err := co.Ping(t.Context()); err != nil {
			t.Fatalf("after %d hours: %v", i, err)
		}
		co.clock.Add(time.Hour)
	}
	if tokens.saves != 3 || strings.Contains(tokens.saved["books"], first) {
		t.Errorf("%d saves", tokens.saves)
	}
	again, err := Open(connectors.Config{Name: "books", URL: co.server.URL, HTTP: co.server.Client(), Now: co.clock.Now, Tokens: tokens,
		Credentials: map[string]string{"clientId": sandbox.ClientID, "clientSecret": sandbox.ClientSecret, "refreshToken": first}})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if _, err := again.Ping(t.Context()); err != nil {
		t.Errorf("after a restart: %v", err)
	}
	// Without the store the chain is broken: the token of the configuration is dead.
	lost, err := Open(connectors.Config{Name: "books", URL: co.server.URL, HTTP: co.server.Client(), Now: co.clock.Now,
		Credentials: map[string]string{"clientId": sandbox.ClientID, "clientSecret": sandbox.ClientSecret, "refreshToken": first}})
	if err != nil {
		t.Fatal(err)
	}
	defer lost.Close()
	_, err = lost.Ping(t.Context())
	failed(t, err, port.ErrAuth, "invalid_grant")
}

// TestExpiryMidRun ends every access token between two pages.
func TestExpiryMidRun(t *testing.T) {
	co := connect(t, plan{box: func(s *sandbox.Settings) { s.RotateRefreshTokens = true }})
	for i := range 250 {
		co.clock.Add(time.Second)
		co.create("customer", co.person(fmt.Sprintf("c%d@example.com", i)))
	}
	n := 0
	for _, err := range co.Read(t.Context(), port.Query{Resource: "customer"}) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n%90 == 0 {
			co.box.ExpireAccessTokens()
		}
	}
	if n != 253 {
		t.Errorf("%d customers", n)
	}
}

func TestWithdrawnConsent(t *testing.T) {
	co := connect(t, plan{})
	if _, err := co.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	co.box.RevokeRefreshTokens()
	co.box.ExpireAccessTokens()
	_, err := co.Ping(t.Context())
	failed(t, err, port.ErrAuth, "invalid_grant")
}

// TestWaitToldInProse: the API says how long to wait in words only.
func TestWaitToldInProse(t *testing.T) {
	co := connect(t, plan{})
	co.box.Fault(faults.Fault{Match: faults.On("", "/v2/companysettings"), Serve: co.box.TooMany(41)})
	before := co.clock.Now()
	if _, err := co.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	if waited := co.clock.Now().Sub(before); waited < 41*time.Second || waited > 45*time.Second {
		t.Errorf("waited %s", waited)
	}
	co.box.Fault(faults.Fault{Match: faults.On("", "/v2/companysettings"), Serve: co.box.TooMany(3600)})
	_, err := co.Ping(t.Context())
	if e := failed(t, err, port.ErrRateLimit, "4010"); e.RetryAfter != time.Hour {
		t.Errorf("RetryAfter %s", e.RetryAfter)
	}
}

// TestBudgetIsShared: connections of one partner's client take from one budget for each endpoint, so
// that the API never has to refuse a call.
func TestBudgetIsShared(t *testing.T) {
	var refused atomic.Int32
	co := connect(t, plan{options: map[string]string{optCallsPerMinute: "10"}, box: func(s *sandbox.Settings) { s.CallsPerMinute = 10 },
		wrap: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				rec := httptest.NewRecorder()
				next.ServeHTTP(rec, r)
				if rec.Code == http.StatusTooManyRequests {
					refused.Add(1)
				}
				maps.Copy(w.Header(), rec.Header())
				w.WriteHeader(rec.Code)
				w.Write(rec.Body.Bytes())
			})
		}})
	other, err := open(connectors.Config{Name: "other books", URL: co.server.URL, HTTP: co.server.Client(), Now: co.clock.Now,
		Credentials: co.box.Credentials(), Options: map[string]string{optCallsPerMinute: "10"}},
		func(rc *rest.Config) { rc.Sleep = co.clock.sleep })
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	start := co.clock.Now()
	for i := range 25 {
		c := co.Connector
		if i%2 == 1 {
			c = other
		}
		if _, err := c.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if took := co.clock.Now().Sub(start); took < 2*time.Minute {
		t.Errorf("25 calls at 10 a minute took %s", took)
	}
	if n := refused.Load(); n != 0 {
		t.Errorf("%d calls were refused", n)
	}
}

func TestScopes(t *testing.T) {
	co := connect(t, plan{})
	if n := len(co.table("vatCodes").Array()); n != 5 {
		t.Errorf("%d VAT codes", n)
	}
	co.box.Configure(func(s *sandbox.Settings) { s.Scopes = []string{"ea:api", "ea:sales"} })
	_, err := co.Reference(t.Context(), "accounts", false)
	failed(t, err, port.ErrPermission, "4006")
	if n := len(co.table("vatCodes").Array()); n != 5 {
		t.Error("what was read is kept")
	}
	_, err = co.Reference(t.Context(), "vatCodes", true)
	failed(t, err, port.ErrPermission, "4006")
	if _, err := co.Reference(t.Context(), "banana", true); err == nil {
		t.Error("no such table")
	}
}

func TestReferences(t *testing.T) {
	co := connect(t, plan{})
	for name, want := range map[string]int{"termsOfPayment": 5, "units": 3, "deliveryMethods": 2, "deliveryTerms": 1, "articleAccountCodings": 4,
		"currencies": 4, "countries": 34, "fiscalYears": 3, "vatCodes": 5, "accounts": 24} {
		if got := len(co.table(name).Array()); got != want {
			t.Errorf("%s: %d, want %d", name, got, want)
		}
	}
	if got := co.table("companySettings"); got.Get("CurrencyCode").String() != "EUR" || !got.IsObject() {
		t.Errorf("%s", got.Raw)
	}
	co.calls()
	co.table("units")
	if calls := co.calls(); len(calls) != 0 {
		t.Errorf("not kept: %v", calls)
	}
	if _, err := co.Reference(t.Context(), "units", true); err != nil || len(co.calls()) != 1 {
		t.Error("not refreshed")
	}
}
