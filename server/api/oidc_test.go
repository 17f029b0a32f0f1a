package api_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/server/api"
	"github.com/crosswalk-go/crosswalk/server/auth"
	"github.com/crosswalk-go/crosswalk/server/runtime"
	"github.com/crosswalk-go/crosswalk/server/runtime/sessions"
)

// issuer is a small provider of OpenID Connect on this machine: it lets everybody in who is sent to it, as who says.
type issuer struct {
	t      *testing.T
	server *httptest.Server
	key    *rsa.PrivateKey

	mu    sync.Mutex
	who   object            // the claims of whom it lets in
	info  object            // what its userinfo says
	codes map[string]object // what was asked for with each
	spoil func(claims object)
	alg   string // of its signatures
}

const (
	clientID     = "crosswalk"
	clientSecret = "s3cret-m4rker-of-the-client"
)

// issuersKey is that of all of them: making one takes its time.
var issuersKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	key, err := issuersKey()
	if err != nil {
		t.Fatal(err)
	}
	p := &issuer{t: t, key: key, codes: map[string]object{}, alg: "RS256"}
	mux := http.NewServeMux()
	answer := func(v func(*http.Request) (int, object)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			status, body := v(r)
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			if err := json.NewEncoder(w).Encode(body); err != nil {
				t.Error(err)
			}
		}
	}
	mux.HandleFunc("GET /.well-known/openid-configuration", answer(func(*http.Request) (int, object) {
		at := p.server.URL
		return 200, object{"issuer": at, "authorization_endpoint": at + "/authorize", "token_endpoint": at + "/token", "jwks_uri": at + "/keys",
			"userinfo_endpoint": at + "/userinfo", "id_token_signing_alg_values_supported": []string{"RS256"}}
	}))
	mux.HandleFunc("GET /keys", answer(func(*http.Request) (int, object) {
		return 200, object{"keys": []object{{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "one",
			"n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()), "e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes())}}}
	}))
	mux.HandleFunc("POST /token", answer(p.token))
	mux.HandleFunc("GET /userinfo", answer(func(r *http.Request) (int, object) {
		if r.Header.Get("Authorization") != "Bearer of-the-person" {
			return 401, object{}
		}
		return 200, p.info
	}))
	p.server = httptest.NewServer(mux)
	t.Cleanup(p.server.Close)
	return p
}

// authorize is what a browser does at the provider: it comes with what address asks for and leaves with a code.
func (p *issuer) authorize(address string) (query url.Values) {
	p.t.Helper()
	u, err := url.Parse(address)
	if err != nil || !strings.HasPrefix(address, p.server.URL+"/authorize?") {
		p.t.Fatalf("the browser is sent to %s", address)
	}
	q := u.Query()
	for key, want := range map[string]string{"client_id": clientID, "response_type": "code", "code_challenge_method": "S256", "redirect_uri": "https://crosswalk.example.com" + auth.CallbackPath} {
		if q.Get(key) != want {
			p.t.Errorf("%s is %q, want %q", key, q.Get(key), want)
		}
	}
	if !strings.Contains(" "+q.Get("scope")+" ", " openid ") || q.Get("nonce") == "" || q.Get("state") == "" || q.Get("code_challenge") == "" {
		p.t.Errorf("the provider is asked %v", q)
	}
	code := rand.Text()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.codes[code] = object{"nonce": q.Get("nonce"), "challenge": q.Get("code_challenge")}
	return url.Values{"state": {q.Get("state")}, "code": {code}}
}

// token exchanges a code, once, for who brings the verifier of its challenge and the client's secret.
func (p *issuer) token(r *http.Request) (int, object) {
	p.mu.Lock()
	defer p.mu.Unlock()
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = r.FormValue("client_id"), r.FormValue("client_secret")
	}
	asked, ok := p.codes[r.FormValue("code")]
	delete(p.codes, r.FormValue("code"))
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	if !ok || id != clientID || secret != clientSecret || base64.RawURLEncoding.EncodeToString(sum[:]) != asked["challenge"] {
		return 400, object{"error": "invalid_grant", "error_description": "not with " + secret}
	}
	claims := object{"iss": p.server.URL, "aud": clientID, "sub": "4711", "nonce": asked["nonce"], "iat": inTests.Unix(), "exp": inTests.Unix() + 300}
	for k, v := range p.who {
		claims[k] = v
	}
	if p.spoil != nil {
		p.spoil(claims)
	}
	return 200, object{"access_token": "of-the-person", "token_type": "Bearer", "id_token": p.sign(claims)}
}

func (p *issuer) sign(claims object) string {
	part := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			p.t.Error(err)
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	text := part(object{"alg": p.alg, "kid": "one"}) + "." + part(claims)
	if p.alg == "none" {
		return text + "."
	}
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(rand.Reader, p.key, crypto.SHA256, sum[:])
	if err != nil {
		p.t.Error(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(sig)
}

func (p *issuer) config() auth.Config {
	return auth.Config{
		Users: []auth.Account{{Name: "ann", Role: auth.Editor, Password: cheapHash}},
		OIDC: &auth.OIDC{Issuer: p.server.URL, ClientID: clientID, ClientSecret: clientSecret, URL: "https://crosswalk.example.com", Title: "Example ID",
			Claim: "groups", Roles: map[string]auth.Role{"staff": auth.Viewer, "integrators": auth.Operator}},
	}
}

func cookieOf(w *httptest.ResponseRecorder, name string) *http.Cookie {
	for _, c := range w.Result().Cookies() {
		if c.Name == name && c.Value != "" {
			return c
		}
	}
	return nil
}

// begin goes to the provider, and returns what the provider sends back and the cookie with which to come.
func (p *issuer) begin(c *client) (query url.Values, cookie *http.Cookie) {
	p.t.Helper()
	w := c.send("GET", "/session/oidc", nil)
	if w.Code != http.StatusSeeOther {
		p.t.Fatalf("the way to the provider answers %d: %s", w.Code, w.Body)
	}
	cookie = cookieOf(w, auth.SignInCookie)
	if cookie == nil || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || !strings.HasPrefix(auth.CallbackPath, cookie.Path) {
		p.t.Fatalf("the cookie is %v", cookie)
	}
	return p.authorize(w.Header().Get("Location")), cookie
}

// finish comes back from the provider; where is what the browser is sent to, session the cookie that it gets.
func (p *issuer) finish(c *client, query url.Values, cookie *http.Cookie) (where string, session *http.Cookie) {
	p.t.Helper()
	w := c.send("GET", "/session/oidc/callback?"+query.Encode(), nil, "Cookie", cookie.Name+"="+cookie.Value)
	if w.Code != http.StatusSeeOther {
		p.t.Fatalf("the way back answers %d: %s", w.Code, w.Body)
	}
	return w.Header().Get("Location"), cookieOf(w, auth.CookieName)
}

func TestSignInWithProvider(t *testing.T) {
	p := newIssuer(t)
	p.who = object{"preferred_username": "bo@example.com", "groups": []string{"staff", "integrators", "others"}}
	c := open(t, nil, p.config())
	if got := c.get("GET", "/session", nil); gjson.Get(got, "signIn.provider").Str != "Example ID" || !gjson.Get(got, "signIn.password").Bool() {
		t.Errorf("the page is told %s", got)
	}
	query, cookie := p.begin(c)
	where, session := p.finish(c, query, cookie)
	if where != "/" || session == nil || session.SameSite != http.SameSiteStrictMode || !session.HttpOnly {
		t.Fatalf("it ends at %s with %v", where, session)
	}
	in := session.Name + "=" + session.Value
	got := c.get("GET", "/session", nil, "Cookie", in)
	if gjson.Get(got, "user.name").Str != "bo@example.com" || gjson.Get(got, "user.role").Str != "operator" {
		t.Errorf("it is %s", got)
	}
	// A code and a sign-in are good for one time.
	if where, again := p.finish(c, query, cookie); where != "/?signin=refused" || again != nil {
		t.Errorf("the same code again: %s, %v", where, again)
	}
	c.get("DELETE", "/session", nil, "Cookie", in)
	c.fail(401, "GET", "/systems", nil, "Cookie", in)
	for _, want := range []string{`msg="signed in" user=bo@example.com`, `by="Example ID"`, `msg="signed out" user=bo@example.com`} {
		if !strings.Contains(c.log.String(), want) {
			t.Errorf("the log lacks %s:\n%s", want, c.log)
		}
	}
	for _, secret := range []string{clientSecret, "of-the-person", query.Get("code"), cookie.Value, session.Value} {
		if strings.Contains(c.log.String(), secret) {
			t.Errorf("the log holds %s", secret)
		}
	}
}

func TestSignInWithProviderRefuses(t *testing.T) {
	tests := []struct {
		name   string
		change func(p *issuer, cfg *auth.OIDC)
		back   func(query url.Values, cookie *http.Cookie)
		where  string
	}{
		{name: "another state", back: func(q url.Values, _ *http.Cookie) { q.Set("state", "x") }, where: "expired"},
		{name: "no cookie", back: func(_ url.Values, c *http.Cookie) { c.Value = "" }, where: "expired"},
		{name: "a cookie of nothing", back: func(q url.Values, c *http.Cookie) { c.Value, q["state"] = "..", nil }, where: "expired"},
		{name: "another provider", back: func(q url.Values, _ *http.Cookie) { q.Set("iss", "https://evil.example.com") }, where: "expired"},
		{name: "the provider refuses", back: func(q url.Values, _ *http.Cookie) { q.Set("error", "access_denied") }, where: "refused"},
		{name: "no code", back: func(q url.Values, _ *http.Cookie) { q.Del("code") }, where: "refused"},
		{name: "another code", back: func(q url.Values, _ *http.Cookie) { q.Set("code", "x") }, where: "refused"},
		{name: "another verifier", back: func(_ url.Values, c *http.Cookie) { c.Value += "x" }, where: "refused"},
		{name: "another nonce", change: func(p *issuer, _ *auth.OIDC) { p.spoil = func(c object) { c["nonce"] = "x" } }, where: "refused"},
		{name: "no nonce", change: func(p *issuer, _ *auth.OIDC) { p.spoil = func(c object) { delete(c, "nonce") } }, where: "refused"},
		{name: "a token for another", change: func(p *issuer, _ *auth.OIDC) { p.spoil = func(c object) { c["aud"] = "another" } }, where: "refused"},
		{name: "a token of another", change: func(p *issuer, _ *auth.OIDC) { p.spoil = func(c object) { c["iss"] = "https://evil.example.com" } }, where: "refused"},
		{name: "an old token", change: func(p *issuer, _ *auth.OIDC) { p.spoil = func(c object) { c["exp"] = inTests.Unix() - 1 } }, where: "refused"},
		{name: "a token that nobody signed", change: func(p *issuer, _ *auth.OIDC) { p.alg = "none" }, where: "refused"},
		{name: "another secret", change: func(_ *issuer, cfg *auth.OIDC) { cfg.ClientSecret = "another" }, where: "refused"},
		{name: "no group", change: func(p *issuer, _ *auth.OIDC) { p.who["groups"] = []string{"others"} }, where: "role"},
		{name: "no name", change: func(p *issuer, _ *auth.OIDC) { delete(p.who, "preferred_username") }, where: "refused"},
		{name: "the name of somebody with a password", change: func(p *issuer, _ *auth.OIDC) { p.who["preferred_username"] = "ann" }, where: "refused"},
		{name: "an address that nobody has seen", change: func(p *issuer, cfg *auth.OIDC) {
			cfg.Claim, cfg.Roles = "email", map[string]auth.Role{"bo@example.com": auth.Admin}
			p.who["email"] = "bo@example.com"
		}, where: "role"},
		{name: "others in userinfo", change: func(p *issuer, _ *auth.OIDC) {
			delete(p.who, "groups")
			p.info = object{"sub": "another", "groups": []string{"staff"}}
		}, where: "refused"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newIssuer(t)
			p.who = object{"preferred_username": "bo", "groups": []string{"staff"}}
			cfg := p.config()
			if tt.change != nil {
				tt.change(p, cfg.OIDC)
			}
			c := open(t, nil, cfg)
			query, cookie := p.begin(c)
			if tt.back != nil {
				tt.back(query, cookie)
			}
			where, session := p.finish(c, query, cookie)
			if where != "/?signin="+tt.where || session != nil {
				t.Errorf("it ends at %s with %v, want %s", where, session, tt.where)
			}
			if !strings.Contains(c.log.String(), "sign-in refused") || strings.Contains(c.log.String(), clientSecret) {
				t.Errorf("the log says %s", c.log)
			}
		})
	}
}

// Roles come from a claim within a claim, from userinfo, or from a text, as the configuration says.
func TestRolesOfProvider(t *testing.T) {
	tests := []struct {
		name   string
		change func(p *issuer, cfg *auth.OIDC)
		want   string
	}{
		{"a claim within a claim", func(p *issuer, cfg *auth.OIDC) {
			cfg.Claim = "realm_access.roles"
			p.who["realm_access"] = object{"roles": []string{"integrators"}}
		}, "operator"},
		{"a text", func(p *issuer, _ *auth.OIDC) { p.who["groups"] = "staff" }, "viewer"},
		{"userinfo", func(p *issuer, _ *auth.OIDC) { p.info = object{"sub": "4711", "groups": []string{"integrators"}} }, "operator"},
		{"an address that was seen", func(p *issuer, cfg *auth.OIDC) {
			cfg.Claim, cfg.Roles = "email", map[string]auth.Role{"bo@example.com": auth.Admin}
			p.who["email"], p.who["email_verified"] = "bo@example.com", true
		}, "admin"},
		{"everybody", func(p *issuer, cfg *auth.OIDC) { cfg.Everybody, p.info = auth.Viewer, object{"sub": "4711"} }, "viewer"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newIssuer(t)
			p.who = object{"preferred_username": "bo"}
			cfg := p.config()
			tt.change(p, cfg.OIDC)
			c := open(t, nil, cfg)
			query, cookie := p.begin(c)
			where, session := p.finish(c, query, cookie)
			if session == nil {
				t.Fatalf("it ends at %s\n%s", where, c.log)
			}
			if got := c.get("GET", "/session", nil, "Cookie", session.Name+"="+session.Value); gjson.Get(got, "user.role").Str != tt.want {
				t.Errorf("it is %s", got)
			}
		})
	}
}

func TestNoProvider(t *testing.T) {
	c, _ := guarded(t)
	c.fail(404, "GET", "/session/oidc", nil)
	c.fail(404, "GET", "/session/oidc/callback?state=x&code=y", nil)
	p := newIssuer(t)
	p.server.Close()
	gone := open(t, nil, p.config())
	if w := gone.send("GET", "/session/oidc", nil); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/?signin=unreachable" {
		t.Errorf("a provider that is not there: %d to %s", w.Code, w.Header().Get("Location"))
	}
}

// What somebody may do follows the configuration, in sessions that were begun with another one too.
func TestRolesFollowTheConfiguration(t *testing.T) {
	store, err := runtime.Open(t.Context(), t.TempDir(), runtime.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	kept, err := sessions.Open(t.Context(), store, auth.SessionLife)
	if err != nil {
		t.Fatal(err)
	}
	p := newIssuer(t)
	p.who = object{"preferred_username": "bo", "groups": []string{"staff"}}
	cfg := p.config()
	as := func(cfg auth.Config) *client {
		return open(t, nil, cfg, func(o *api.Options, _ string) { o.Auth.Keep(kept) })
	}
	query, cookie := p.begin(as(cfg))
	_, session := p.finish(as(cfg), query, cookie)
	if session == nil {
		t.Fatal("nobody is signed in")
	}
	role := func(cfg auth.Config) string {
		return gjson.Get(as(cfg).get("GET", "/session", nil, "Cookie", session.Name+"="+session.Value), "user.role").Str
	}
	if got := role(cfg); got != "viewer" {
		t.Errorf("another process says %q", got)
	}
	more := *cfg.OIDC
	more.Roles = map[string]auth.Role{"staff": auth.Editor}
	if got := role(auth.Config{OIDC: &more}); got != "editor" {
		t.Errorf("with another role of the group it is %q", got)
	}
	other := *cfg.OIDC
	other.ClientID = "another"
	if got := role(auth.Config{OIDC: &other}); got != "" {
		t.Errorf("with another registration it is %q", got)
	}
	if got := role(cfg); got != "" {
		t.Errorf("a session that was void is %q again", got)
	}
}
