package sandbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// tokenLife is how long an access token lives; clients must trust expires_in, not this.
const tokenLife = 600 * time.Second

// An integration is an account of a program.
type integration struct {
	key, secret string
	privileges  []string // nil: everything
}

func (i *integration) may(privilege string) bool {
	return i.privileges == nil || slices.Contains(i.privileges, privilege)
}

// session is a token that was given out.
type session struct {
	by      *integration
	expires time.Time
	refresh bool
	used    bool
}

// failures counts wrong logins of one key, as the throttle of the server does.
type failures struct {
	n     int
	until time.Time
}

// newToken makes text in the shape of a JWT with three parts and signs it.
func (s *Sandbox) newToken(by *integration, life time.Duration, refresh bool) string {
	s.tokens++
	enc := base64.RawURLEncoding
	head := enc.EncodeToString([]byte(`{"typ":"JWT","alg":"HS256"}`)) + "." +
		enc.EncodeToString([]byte(`{"aud":"sandbox","jti":"`+strconv.Itoa(s.tokens)+`"}`))
	mac := hmac.New(sha256.New, s.signing)
	mac.Write([]byte(head))
	token := head + "." + enc.EncodeToString(mac.Sum(nil))
	s.sessions[token] = &session{by: by, expires: s.now().Add(life), refresh: refresh}
	return token
}

// Errors of the token endpoint use the server's own list, not the shape of RFC 6749.
var (
	errGrant = bare(400, "2", "The authorization grant type is not supported by the authorization server.",
		"Check that all required parameters have been provided")
	errClient = bare(401, "4", "Client authentication failed", nil)
	errUser   = bare(400, "6", "The user credentials were incorrect.", nil)
	errDenied = "The resource owner or authorization server denied the request."
)

func missingParameter(name string) apiErrors {
	return apiErrors{bare(400, "3", "The request is missing a required parameter, includes an invalid parameter value, "+
		"includes a parameter more than once, or is otherwise malformed.", "Check the `"+name+"` parameter")}
}

// tokenRequest reads JSON or a form; the client may also come by HTTP Basic.
func tokenRequest(r *http.Request, body []byte) (*object, error) {
	o := jsondoc.New()
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, apiErrors{httpProblem(http.StatusBadRequest, "The form is malformed.")}
		}
		for k := range form {
			o.Set(k, form.Get(k))
		}
	} else if len(body) > 0 {
		v, err := decodeJSON(body)
		if err != nil {
			return nil, malformed()
		}
		if parsed, ok := v.(*object); ok {
			o = parsed
		}
	}
	if id, secret, ok := r.BasicAuth(); ok {
		o.Set("client_id", id)
		o.Set("client_secret", secret)
	}
	return o, nil
}

// token serves POST /api/oauth/token.
func (s *Sandbox) token(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodPost {
		return wrongMethod(r, "POST")
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		return err
	}
	req, err := tokenRequest(r, body)
	if err != nil {
		return err
	}
	grant := req.Text("grant_type")
	key := "client " + address(r)
	if grant == "password" {
		key = "user " + req.Text("username") + " " + address(r)
	}
	if f := s.failed[key]; f != nil && s.now().Before(f.until) {
		seconds := int((f.until.Sub(s.now()) + time.Second - 1) / time.Second)
		return apiErrors{problem(http.StatusTooManyRequests, "FRAMEWORK__AUTH_THROTTLED",
			fmt.Sprintf("Auth throttled for %d seconds.", seconds), jsondoc.New("seconds", seconds))}
	}
	by, refresh, err := s.grant(grant, req)
	if err != nil {
		if es, ok := err.(apiErrors); ok && (es[0].members.Text("code") == "4" || es[0].members.Text("code") == "6") {
			s.countFailure(key)
		}
		return err
	}
	delete(s.failed, key)
	answer := jsondoc.New("token_type", "Bearer", "expires_in", int(tokenLife/time.Second), "access_token", s.newToken(by, tokenLife, false))
	if refresh {
		answer.Set("refresh_token", s.newToken(by, 7*24*time.Hour, true))
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(jsondoc.EncodePHP(answer))
	return nil
}

func (s *Sandbox) grant(grant string, req *object) (by *integration, refresh bool, err error) {
	switch grant {
	case "client_credentials":
		id, secret := req.Text("client_id"), req.Text("client_secret")
		if _, given := req.Lookup("client_secret"); !given {
			return nil, false, apiErrors{errGrant}
		}
		if !strings.HasPrefix(id, "SWIA") && !strings.HasPrefix(id, "SWUA") {
			return nil, false, apiErrors{problem(http.StatusInternalServerError, "FRAMEWORK__API_INVALID_ACCESS_KEY",
				"Access key is invalid and could not be identified.", nil)}
		}
		for _, i := range s.integrations {
			if i.key == id && hmac.Equal([]byte(i.secret), []byte(secret)) {
				return i, false, nil
			}
		}
		return nil, false, apiErrors{errClient}
	case "password":
		if req.Text("client_id") != "administration" {
			return nil, false, apiErrors{errClient}
		}
		for _, name := range []string{"username", "password"} {
			if _, ok := req.Lookup(name); !ok {
				return nil, false, missingParameter(name)
			}
		}
		if req.Text("username") != AdminUser || req.Text("password") != AdminPassword {
			return nil, false, apiErrors{errUser}
		}
		return &integration{key: AdminUser}, true, nil
	case "refresh_token":
		token := req.Text("refresh_token")
		if token == "" {
			return nil, false, missingParameter("refresh_token")
		}
		se := s.sessions[token]
		if se == nil || !se.refresh || se.used || s.now().After(se.expires) {
			return nil, false, apiErrors{bare(http.StatusUnauthorized, "8", "The refresh token is invalid.", "Token has been revoked")}
		}
		se.used = true
		return se.by, true, nil
	}
	return nil, false, apiErrors{errGrant}
}

// countFailure: 10 failures wait 10 s, 15 wait 30 s, 20 wait 60 s.
func (s *Sandbox) countFailure(key string) {
	f := s.failed[key]
	if f == nil {
		f = &failures{}
		s.failed[key] = f
	}
	f.n++
	switch {
	case f.n >= 20:
		f.until = s.now().Add(60 * time.Second)
	case f.n >= 15:
		f.until = s.now().Add(30 * time.Second)
	case f.n >= 10:
		f.until = s.now().Add(10 * time.Second)
	}
}

func address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// authenticate finds who calls. An expired token is reported like a forged one.
func (s *Sandbox) authenticate(r *http.Request) (*integration, error) {
	denied := func(detail string) error { return apiErrors{bare(http.StatusUnauthorized, "9", errDenied, detail)} }
	header := r.Header.Get("Authorization")
	if header == "" {
		return nil, denied(`Missing "Authorization" header`)
	}
	token := strings.TrimSpace(strings.TrimPrefix(header, "Bearer"))
	if strings.Count(token, ".") != 2 {
		return nil, denied("The JWT string must have two dots")
	}
	se := s.sessions[token]
	if se == nil || se.refresh || !s.now().Before(se.expires) {
		return nil, denied("Access token could not be verified")
	}
	return se.by, nil
}

// searchPrivileges are those that criteria need: of the entity and of every association and path.
func (v *view) searchPrivileges(ent *entity, c *criteria) error {
	if v.by.privileges == nil {
		return nil
	}
	var missing []string
	need := func(e *entity) {
		if p := e.name + ":read"; !v.by.may(p) && !slices.Contains(missing, p) {
			missing = append(missing, p)
		}
	}
	need(ent)
	var walk func(e *entity, c *criteria)
	path := func(e *entity, name string) {
		p, err := v.path(e, name)
		if err != nil {
			return
		}
		for _, f := range p.steps {
			need(f.target)
		}
	}
	var filters func(e *entity, list []filter)
	filters = func(e *entity, list []filter) {
		for _, f := range list {
			if f.field != "" {
				path(e, f.field)
			}
			filters(e, f.queries)
		}
	}
	walk = func(e *entity, c *criteria) {
		filters(e, c.filters)
		filters(e, c.post)
		for _, s := range c.sorts {
			path(e, s.field)
		}
		for _, a := range c.aggregations {
			path(e, a.field)
		}
		for _, a := range c.associations {
			if f := e.byName[a.name]; f != nil && f.target != nil {
				if f.via != nil {
					need(f.via)
				}
				need(f.target)
				walk(f.target, a.crit)
			}
		}
	}
	walk(ent, c)
	if len(missing) > 0 {
		return missingPrivileges(missing)
	}
	return nil
}

// writePrivileges names one for every row that a write touches, translations included.
func (w *writer) writePrivileges() error {
	if w.v.by.privileges == nil {
		return nil
	}
	var missing []string
	for _, c := range w.cmds {
		p := c.ent.name + ":update"
		if c.insert {
			p = c.ent.name + ":create"
		}
		if w.v.by.may(p) {
			continue
		}
		missing = append(missing, p)
		if c.ent.translated {
			missing = append(missing, p)
		}
	}
	if len(missing) > 0 {
		return missingPrivileges(missing)
	}
	return nil
}

func (v *view) deletePrivilege(ent *entity) error {
	if p := ent.name + ":delete"; !v.by.may(p) {
		return missingPrivileges([]string{p})
	}
	return nil
}

func (v *view) syncPrivileges(ops []operation) error {
	for _, op := range ops {
		if op.action == "delete" {
			if err := v.deletePrivilege(op.ent); err != nil {
				return err
			}
		}
	}
	return nil
}
