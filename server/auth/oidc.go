package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// OIDC is a provider of OpenID Connect with whom people sign in: the authorization code flow with PKCE, RFC 7636.
type OIDC struct {
	// Issuer is the provider's address, below which /.well-known/openid-configuration stands.
	Issuer       string `json:"issuer"`
	ClientID     string `json:"clientId"`
	ClientSecret string `json:"clientSecret"` // "" for a public client
	// URL is the server's own address, as browsers know it; the provider has to know URL + [CallbackPath].
	URL   string `json:"url"`
	Title string `json:"title"` // what the provider is called on the page
	// Scopes are asked for besides openid, profile and email.
	Scopes []string `json:"scopes"`
	// Name is the claim that names people, preferred_username or else email where it is "".
	Name string `json:"name"`
	// Claim gives the values of Roles, a text or a list of texts; "realm_access.roles" is within another claim.
	Claim string          `json:"claim"`
	Roles map[string]Role `json:"roles"`
	// Everybody is the role of whom Roles does not know; left out, they may not come in.
	Everybody Role `json:"everybody"`
}

// CallbackPath is where the provider sends people back to.
const CallbackPath = "/api/v1/session/oidc/callback"

// SignInCookie is the cookie of a sign-in that is under way.
const SignInCookie = "crosswalk_signin"

// signInLife is how long somebody may take at the provider.
const signInLife = 10 * time.Minute

// foreign is how By of a session begins that a provider has vouched for.
const foreign = "oidc "

var (
	// ErrNoProvider is the error of a sign-in where no provider is configured.
	ErrNoProvider = errors.New("no provider is configured")
	// ErrUnreachable is the error of a provider that does not answer as it should.
	ErrUnreachable = errors.New("the provider does not answer")
	// ErrExpired is the error of who comes back without having left, or too late.
	ErrExpired = errors.New("the sign-in is not the one that was begun")
	// ErrNoRole is the error of whom the provider knows and the configuration gives no role.
	ErrNoRole = errors.New("no role is configured for this person")
)

// provider is one that is configured.
type provider struct {
	OIDC
	client *http.Client
	asking chan struct{}  // one asks for all
	known  *oidc.Provider // since it answered first
	failed error          // why it did not, at last
	tried  time.Time
}

func newProvider(cfg OIDC) (*provider, error) {
	var errs []error
	for _, address := range []struct{ key, value string }{{"issuer", cfg.Issuer}, {"url", cfg.URL}} {
		u, err := url.Parse(address.value)
		if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "https" && (u.Scheme != "http" || !onThisMachine(u.Hostname())) {
			errs = append(errs, fmt.Errorf("oidc.%s is not an address that begins with https://", address.key))
		}
	}
	if cfg.ClientID == "" {
		errs = append(errs, errors.New("oidc.clientId is missing"))
	}
	if len(cfg.Roles) > 0 && cfg.Claim == "" {
		errs = append(errs, errors.New("oidc.roles needs oidc.claim, which says what they are of"))
	}
	if len(cfg.Roles) == 0 && cfg.Everybody == Nobody {
		errs = append(errs, errors.New("oidc gives nobody a role: write roles or everybody"))
	}
	// A connection is for one call: somebody signs in now and then, and nothing has to be closed.
	t := &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true, TLSHandshakeTimeout: 10 * time.Second,
		DialContext: (&net.Dialer{Timeout: 10 * time.Second}).DialContext, ForceAttemptHTTP2: true}
	cfg.URL = strings.TrimRight(cfg.URL, "/")
	return &provider{OIDC: cfg, asking: make(chan struct{}, 1), client: &http.Client{Transport: bounded{t}, Timeout: 15 * time.Second}}, errors.Join(errs...)
}

func onThisMachine(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// bounded is a transport whose answers have an end.
type bounded struct{ http.RoundTripper }

// RoundTrip sends a request.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(resp.Body, 1<<20), resp.Body}
	}
	return resp, err
}

// rediscover is how long a provider that did not answer is left alone: nobody has to wait for it who wants to know.
const rediscover = 3 * time.Second

// discover asks the provider what it is; what it said once is kept.
func (p *provider) discover(ctx context.Context) (*oidc.Provider, *oauth2.Config, error) {
	select {
	case p.asking <- struct{}{}:
		defer func() { <-p.asking }()
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	if p.known == nil && (p.failed == nil || time.Since(p.tried) > rediscover) {
		p.known, p.failed = oidc.NewProvider(context.WithoutCancel(ctx), p.Issuer) // for all who wait
		p.tried = time.Now()
	}
	if p.known == nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrUnreachable, p.failed)
	}
	scopes := append([]string{oidc.ScopeOpenID, "profile", "email"}, p.Scopes...)
	return p.known, &oauth2.Config{ClientID: p.ClientID, ClientSecret: p.ClientSecret, Endpoint: p.known.Endpoint(), RedirectURL: p.URL + CallbackPath, Scopes: scopes}, nil
}

// Provider is what the provider is called, "" where none is configured.
func (a *Authenticator) Provider() string {
	switch {
	case a.provider == nil:
		return ""
	case a.provider.Title != "":
		return a.provider.Title
	}
	u, err := url.Parse(a.provider.Issuer)
	if err != nil {
		return a.provider.Issuer // it was parsed before
	}
	return u.Hostname()
}

// Begin returns the provider's address for somebody who wants to sign in, and the value of the cookie that [Authenticator.Finish] wants to see. The error is
// [ErrNoProvider] or [ErrUnreachable].
func (a *Authenticator) Begin(ctx context.Context) (address, cookie string, err error) {
	if a.provider == nil {
		return "", "", ErrNoProvider
	}
	_, cfg, err := a.provider.discover(oidc.ClientContext(ctx, a.provider.client))
	if err != nil {
		return "", "", err
	}
	state, nonce, verifier := rand.Text(), rand.Text(), oauth2.GenerateVerifier()
	return cfg.AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)), strings.Join([]string{state, nonce, verifier}, "."), nil
}

// BeginCookie returns the cookie of a sign-in that is under way; an empty value ends it. It comes along when the provider sends somebody back.
func BeginCookie(value string, secure bool) *http.Cookie {
	c := &http.Cookie{Name: SignInCookie, Value: value, Path: "/api/v1/session/oidc", HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode, MaxAge: int(signInLife / time.Second)}
	if value == "" {
		c.MaxAge = -1
	}
	return c
}

// Finish signs somebody in whom the provider has sent back with query. cookie is what [Authenticator.Begin] gave, from the address that asks. It
// returns the value of the session's cookie. The error is [ErrExpired], [ErrRefused], [ErrNoRole], [ErrTooMany], [ErrUnreachable], or that of
// the store.
func (a *Authenticator) Finish(ctx context.Context, cookie string, query url.Values, from string) (string, User, error) {
	p := a.provider
	if p == nil {
		return "", User{}, ErrNoProvider
	}
	parts := strings.Split(cookie, ".")
	if len(parts) != 3 || parts[0] == "" || subtle.ConstantTimeCompare([]byte(parts[0]), []byte(query.Get("state"))) != 1 {
		return "", User{}, ErrExpired
	}
	if iss := query.Get("iss"); iss != "" && iss != p.Issuer { // RFC 9207
		return "", User{}, ErrExpired
	}
	if query.Get("error") != "" || query.Get("code") == "" {
		return "", User{}, ErrRefused
	}
	if !a.attempts.allow("from "+from, a.now()) {
		return "", User{}, ErrTooMany
	}
	ctx = oidc.ClientContext(ctx, p.client)
	claims, err := p.claims(ctx, query.Get("code"), parts[1], parts[2], a.now)
	if err != nil {
		return "", User{}, err
	}
	s := session{User: p.nameOf(claims), By: p.by(), Values: p.valuesOf(claims)}
	if s.User == "" || a.account(s.User) != nil { // somebody with a password is called so
		return "", User{}, ErrRefused
	}
	if _, ok := a.vouched(s); !ok {
		return "", User{}, ErrNoRole
	}
	return a.start(ctx, s)
}

// claims exchanges a code for what the provider says of a person, and checks that the provider says it, to us, about this sign-in.
func (p *provider) claims(ctx context.Context, code, nonce, verifier string, now func() time.Time) (map[string]any, error) {
	known, cfg, err := p.discover(ctx)
	if err != nil {
		return nil, err
	}
	token, err := cfg.Exchange(ctx, code, oauth2.VerifierOption(verifier))
	if err != nil {
		var refused *oauth2.RetrieveError
		if errors.As(err, &refused) { // its text is the provider's answer, which may repeat what it got
			return nil, fmt.Errorf("%w: the provider answers %d to the code", ErrRefused, refused.Response.StatusCode)
		}
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := known.Verifier(&oidc.Config{ClientID: p.ClientID, Now: now}).Verify(ctx, raw)
	if err != nil {
		return nil, fmt.Errorf("%w: the provider's token does not hold", ErrRefused) // the error's text may hold the token
	}
	if nonce == "" || subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(nonce)) != 1 {
		return nil, fmt.Errorf("%w: the provider's token is of another sign-in", ErrRefused)
	}
	claims := map[string]any{}
	if err := id.Claims(&claims); err != nil {
		return nil, fmt.Errorf("%w: the provider's token cannot be read", ErrRefused)
	}
	if p.Claim == "" || at(claims, p.Claim) != nil || known.UserInfoEndpoint() == "" {
		return claims, nil
	}
	// Some providers say groups only where they are asked for more.
	more, err := known.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return nil, fmt.Errorf("%w: it says nothing more of the person", ErrUnreachable)
	}
	extra := map[string]any{}
	if more.Subject != id.Subject || more.Claims(&extra) != nil {
		return nil, fmt.Errorf("%w: the provider speaks of somebody else", ErrRefused)
	}
	for name, v := range extra {
		if _, ok := claims[name]; !ok {
			claims[name] = v
		}
	}
	return claims, nil
}

// at is a claim, "" to "a.b.c": one within others.
func at(claims map[string]any, path string) any {
	if v, ok := claims[path]; ok {
		return v
	}
	var v any = claims
	for name := range strings.SplitSeq(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[name]
	}
	return v
}

// nameOf is what somebody is called here. An address that the provider does not vouch for names nobody.
func (p *provider) nameOf(claims map[string]any) string {
	names := []string{p.Name}
	if p.Name == "" {
		names = []string{"preferred_username", "email"}
	}
	for _, claim := range names {
		if claim == "email" && claims["email_verified"] == false {
			continue
		}
		if s, ok := at(claims, claim).(string); ok && s != "" && len(s) <= 200 {
			return s
		}
	}
	return ""
}

// valuesOf are those of the claim that give a role. E-mail addresses do so only where the provider has seen that they are the person's.
func (p *provider) valuesOf(claims map[string]any) []string {
	if p.Claim == "email" && claims["email_verified"] != true {
		return nil
	}
	var all []string
	switch v := at(claims, p.Claim).(type) {
	case string:
		all = []string{v}
	case []any:
		for _, e := range v {
			if s, ok := e.(string); ok {
				all = append(all, s)
			}
		}
	}
	return slices.DeleteFunc(all, func(s string) bool { return p.Roles[s] == Nobody })
}

// by names the provider in sessions: another one, or another registration with it, has vouched for nobody.
func (p *provider) by() string {
	text, _ := json.Marshal([]string{p.Issuer, p.ClientID, p.Claim}) // texts always marshal
	return foreign + digest(string(text))[:16]
}

// vouched is the role of a session that rests on the provider.
func (a *Authenticator) vouched(s session) (role Role, ok bool) {
	if a.provider == nil || s.By != a.provider.by() {
		return Nobody, false
	}
	role = a.provider.Everybody
	for _, v := range s.Values {
		role = max(role, a.provider.Roles[v])
	}
	return role, role != Nobody
}
