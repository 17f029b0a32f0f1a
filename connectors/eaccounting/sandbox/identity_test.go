package sandbox_test

import (
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors/eaccounting/sandbox"
)

func refresh(a *api, token string) answer {
	return a.form("/connect/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}})
}

func TestReusableRefreshToken(t *testing.T) {
	a := open(t)
	token := a.box.Credentials()["refreshToken"]
	for range 2 {
		if got := refresh(a, token); got.status != 200 || got.Get("refresh_token").String() != token {
			t.Fatalf("%d %s", got.status, got.Raw)
		}
	}
}

func TestRotatingRefreshTokenDiesOnUse(t *testing.T) {
	a := open(t, func(s *sandbox.Settings) { s.RotateRefreshTokens = true })
	old := a.box.Credentials()["refreshToken"]
	next := refresh(a, old).Get("refresh_token").String()
	if next == "" || next == old {
		t.Fatalf("the token was not rotated: %q", next)
	}
	if got := refresh(a, old); got.status != 400 || got.Get("error").String() != "invalid_grant" {
		t.Errorf("the old token still works: %d %s", got.status, got.Raw)
	}
	if got := refresh(a, next); got.status != 200 {
		t.Errorf("the new token does not work: %s", got.Raw)
	}
}

func TestAccessTokenExpires(t *testing.T) {
	a := open(t)
	a.want(a.get("units"), 200, 0)
	a.clock.at = a.clock.at.Add(time.Hour)
	a.want(a.get("units"), 401, 4005)
	a.login()
	a.want(a.get("units"), 200, 0)
	a.box.ExpireAccessTokens()
	a.want(a.get("units"), 401, 4005)
	a.box.RevokeRefreshTokens()
	if got := refresh(a, a.box.Credentials()["refreshToken"]); got.Get("error").String() != "invalid_grant" {
		t.Errorf("got %s", got.Raw)
	}
}

func TestAuthorizationCode(t *testing.T) {
	ask := url.Values{"client_id": {sandbox.ClientID}, "redirect_uri": {sandbox.RedirectURI}, "response_type": {"code"},
		"scope": {"ea:api offline_access ea:sales"}, "state": {"xyz"}, "prompt": {"select_account"}}
	consent := func(a *api) url.Values {
		got := a.serve(httptest.NewRequest("GET", "/connect/authorize?"+ask.Encode(), nil))
		back, err := url.Parse(got.header.Get("Location"))
		if got.status != 302 || err != nil || back.Query().Get("state") != "xyz" {
			t.Fatalf("%d %q %v", got.status, got.header.Get("Location"), err)
		}
		return url.Values{"grant_type": {"authorization_code"}, "code": {back.Query().Get("code")}, "redirect_uri": {sandbox.RedirectURI}}
	}
	a := open(t)
	form := consent(a)
	got := a.form("/connect/token", form)
	if got.status != 200 || got.Get("token_type").String() != "bearer" || got.Get("expires_in").Int() != 3600 {
		t.Fatalf("%d %s", got.status, got.Raw)
	}
	if again := a.form("/connect/token", form); again.Get("error").String() != "invalid_grant" {
		t.Errorf("a code works twice: %s", again.Raw)
	}
	a.token = got.Get("access_token").String()
	a.want(a.get("units"), 200, 0)
	a.want(a.get("vatcodes"), 403, 4006) // not consented to

	form = consent(a)
	a.clock.at = a.clock.at.Add(5*time.Minute + time.Second)
	if late := a.form("/connect/token", form); late.Get("error").String() != "invalid_grant" {
		t.Errorf("a code lives longer than 5 minutes: %s", late.Raw)
	}
}

func badClient(a *api) answer {
	r := httptest.NewRequest("POST", "/connect/token", nil)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(sandbox.ClientID, "wrong")
	return a.serve(r)
}

func TestBadClient(t *testing.T) {
	for want, changes := range map[int][]func(*sandbox.Settings){
		400: nil,
		401: {func(s *sandbox.Settings) { s.Unproven.BadClientIs401 = true }},
	} {
		a := open(t, changes...)
		if got := badClient(a); got.status != want || got.Get("error").String() != "invalid_client" {
			t.Errorf("%d %s, want %d", got.status, got.Raw, want)
		}
	}
}

func TestRevocation(t *testing.T) {
	a := open(t)
	token := a.box.Credentials()["refreshToken"]
	if got := a.form("/connect/revocation", url.Values{"token": {token}, "token_type_hint": {"refresh_token"}}); got.status != 200 || got.Raw != "" {
		t.Errorf("%d %q", got.status, got.Raw)
	}
	if got := refresh(a, token); got.Get("error").String() != "invalid_grant" {
		t.Errorf("a revoked token works: %s", got.Raw)
	}
}

func TestGates(t *testing.T) {
	for name, c := range map[string]struct {
		change       func(*sandbox.Settings)
		method, path string
		status, code int
		other        string // a path that still works
	}{
		"no API module":      {func(s *sandbox.Settings) { s.Modules = nil }, "GET", "units", 403, 4002, ""},
		"no order module":    {func(s *sandbox.Settings) { s.Modules = []string{"api_standard"} }, "GET", "orders", 403, 4002, "customerinvoices"},
		"no quote module":    {func(s *sandbox.Settings) { s.Modules = []string{"api_standard", "sales_standard"} }, "GET", "quotes", 403, 4002, "orders"},
		"no labels in Solo":  {func(s *sandbox.Settings) { s.Variant = 4 }, "GET", "customerlabels", 403, 4009, "customers"},
		"inactive":           {func(s *sandbox.Settings) { s.Inactive = true }, "GET", "units", 403, 4004, ""},
		"start-up guide":     {func(s *sandbox.Settings) { s.SetUpUnfinished = true }, "GET", "units", 403, 4003, ""},
		"user may only read": {func(s *sandbox.Settings) { s.ReadOnlyUser = true }, "POST", "customers", 403, 4019, "customers"},
		"scope is read-only": {func(s *sandbox.Settings) { s.Scopes = []string{"ea:sales_readonly"} }, "POST", "customers", 403, 4006, "customers"},
		"no accounting":      {func(s *sandbox.Settings) { s.Scopes = []string{"ea:sales"} }, "GET", "accounts", 403, 4006, "customers"},
	} {
		t.Run(name, func(t *testing.T) {
			a := open(t)
			a.box.Configure(c.change)
			a.want(a.do(c.method, c.path, body{}), c.status, c.code)
			if c.other != "" {
				a.want(a.get(c.other), 200, 0)
			}
		})
	}
}

func TestLimit(t *testing.T) {
	a := open(t, func(s *sandbox.Settings) { s.CallsPerMinute = 3 })
	for range 3 {
		a.want(a.get("units"), 200, 0)
	}
	a.clock.at = a.clock.at.Add(19 * time.Second)
	got := a.want(a.get("units"), 429, 4010)
	if want := "API calls quota exceeded! maximum admitted 3 per Minute. Try again in 41 seconds."; got.Get("DeveloperErrorMessage").String() != want {
		t.Errorf("got %q", got.Get("DeveloperErrorMessage"))
	}
	if got.header.Get("Retry-After") != "" {
		t.Error("the API does not send Retry-After")
	}
	a.want(a.get("currencies"), 200, 0) // counted for each endpoint
	a.clock.at = a.clock.at.Add(41 * time.Second)
	a.want(a.get("units"), 200, 0)
}
