package sandbox

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// The partner's client that is registered at the sandbox's identity server.
const (
	ClientID     = "sandbox-client"
	ClientSecret = "sandbox-client-secret"
)

// RedirectURI is the only one that the sandbox's client registered.
const RedirectURI = "http://127.0.0.1/callback"

const codeLife = 5 * time.Minute

// identity is what the identity server remembers.
type identity struct {
	access  map[string]time.Time // token to its end
	refresh map[string]time.Time // token to its birth
	codes   map[string]authCode
	current string // the refresh token that was given last
}

type authCode struct {
	until    time.Time
	redirect string
}

func (t *identity) open() {
	t.access = map[string]time.Time{}
	t.refresh = map[string]time.Time{}
	t.codes = map[string]authCode{}
	t.current = rand.Text()
	t.refresh[t.current] = time.Time{}
}

// Credentials are the client's and the refresh token that was given last, so that
// a new connection works after a rotation.
func (s *Sandbox) Credentials() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return map[string]string{"clientId": ClientID, "clientSecret": ClientSecret, "refreshToken": s.tokens.current}
}

// ExpireAccessTokens ends every access token, as after an hour.
func (s *Sandbox) ExpireAccessTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens.access)
}

// RevokeRefreshTokens ends every refresh token, as when the user changes the
// password. Access tokens live on.
func (s *Sandbox) RevokeRefreshTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens.refresh)
}

// identityReply is an answer of the identity server.
type identityReply struct {
	status   int
	body     []byte
	location string
}

func (r identityReply) write(w http.ResponseWriter) {
	if r.location != "" {
		w.Header().Set("Location", r.location)
	}
	w.Header().Set("Cache-Control", "no-store")
	write(w, reply{r.status, r.body})
}

func oauthError(status int, code string) identityReply {
	return identityReply{status: status, body: []byte(`{"error":"` + code + `"}`)}
}

func (s *Sandbox) identity(r *http.Request, body []byte) identityReply {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch r.Method + " " + r.URL.Path {
	case "GET /connect/authorize":
		return s.authorize(r.URL.Query())
	case "POST /connect/token":
		return s.token(r, body)
	case "POST /connect/revocation":
		return s.revoke(r, body)
	}
	return oauthError(http.StatusNotFound, "not_found")
}

// authorize consents at once: there is no user to ask.
func (s *Sandbox) authorize(q url.Values) identityReply {
	redirect, err := url.Parse(q.Get("redirect_uri"))
	if q.Get("client_id") != ClientID || err != nil || redirect.String() != RedirectURI {
		return oauthError(http.StatusBadRequest, "unauthorized_client")
	}
	back := redirect.Query()
	back.Set("state", q.Get("state"))
	scopes := strings.Fields(q.Get("scope"))
	switch {
	case q.Get("response_type") != "code":
		back.Set("error", "unsupported_response_type")
	case !contains(scopes, "ea:api") || !contains(scopes, "offline_access"):
		back.Set("error", "invalid_scope")
	default:
		code := rand.Text()
		s.tokens.codes[code] = authCode{until: s.now().Add(codeLife), redirect: RedirectURI}
		s.set.Scopes = scopes
		back.Set("code", code)
	}
	redirect.RawQuery = back.Encode()
	return identityReply{status: http.StatusFound, location: redirect.String()}
}

// client checks the credentials, by Basic authentication or in the form.
func (s *Sandbox) client(r *http.Request, form url.Values) bool {
	id, secret, ok := r.BasicAuth()
	if !ok {
		id, secret = form.Get("client_id"), form.Get("client_secret")
	}
	return id == ClientID && secret == ClientSecret
}

func (s *Sandbox) badClient() identityReply {
	if s.set.Unproven.BadClientIs401 {
		return oauthError(http.StatusUnauthorized, "invalid_client")
	}
	return oauthError(http.StatusBadRequest, "invalid_client")
}

func (s *Sandbox) token(r *http.Request, body []byte) identityReply {
	form, err := url.ParseQuery(string(body))
	if err != nil || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		return oauthError(http.StatusBadRequest, "invalid_request")
	}
	if !s.client(r, form) {
		return s.badClient()
	}
	switch form.Get("grant_type") {
	case "authorization_code":
		code, ok := s.tokens.codes[form.Get("code")]
		delete(s.tokens.codes, form.Get("code"))
		if !ok || s.now().After(code.until) || form.Get("redirect_uri") != code.redirect {
			return oauthError(http.StatusBadRequest, "invalid_grant")
		}
		return s.grant(s.newRefreshToken())
	case "refresh_token":
		old := form.Get("refresh_token")
		born, ok := s.tokens.refresh[old]
		life := s.set.RefreshTokenLife
		if !ok || life > 0 && !born.IsZero() && s.now().After(born.Add(life)) {
			return oauthError(http.StatusBadRequest, "invalid_grant")
		}
		if !s.set.RotateRefreshTokens {
			return s.grant(old)
		}
		delete(s.tokens.refresh, old)
		return s.grant(s.newRefreshToken())
	}
	return oauthError(http.StatusBadRequest, "unsupported_grant_type")
}

func (s *Sandbox) newRefreshToken() string {
	token := rand.Text()
	s.tokens.refresh[token] = s.now()
	s.tokens.current = token
	return token
}

func (s *Sandbox) grant(refresh string) identityReply {
	life := s.set.accessTokenLife()
	until := s.now().Add(life)
	access := s.jwt(until)
	s.tokens.access[access] = until
	b, err := json.Marshal(map[string]any{
		"access_token": access, "refresh_token": refresh, "token_type": "bearer",
		"expires_in": int(life / time.Second), "scope": strings.Join(s.set.Scopes, " "),
	})
	if err != nil { // a map of strings always marshals
		return oauthError(http.StatusInternalServerError, "server_error")
	}
	return identityReply{status: http.StatusOK, body: b}
}

// jwt makes a token with the claims that real ones carry; its signature is random.
func (s *Sandbox) jwt(until time.Time) string {
	claims, err := json.Marshal(map[string]any{
		"client_id": ClientID, "sub": "sandbox-user", "customer_id": s.company["CompanyIdentifier"],
		"scope": s.set.Scopes, "exp": until.Unix(),
	})
	if err != nil { // a map of strings always marshals
		claims = nil
	}
	enc := base64.RawURLEncoding.EncodeToString
	return enc([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + enc(claims) + "." + rand.Text()
}

func (s *Sandbox) revoke(r *http.Request, body []byte) identityReply {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return oauthError(http.StatusBadRequest, "invalid_request")
	}
	if !s.client(r, form) {
		return s.badClient()
	}
	delete(s.tokens.refresh, form.Get("token"))
	delete(s.tokens.access, form.Get("token"))
	return identityReply{status: http.StatusOK}
}

// authenticate checks the bearer token and says whose client it is.
func (s *Sandbox) authenticate(r *http.Request) (string, error) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	until, ok := s.tokens.access[token]
	if !strings.EqualFold(scheme, "Bearer") || !ok || !s.now().Before(until) {
		return "", unauthorized()
	}
	return ClientID, nil
}
