package sandbox

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

const (
	tokenLife  = 4 * time.Hour
	maxLogins  = 6 // wrong ones, before the account is locked
	badSignIn  = "The account sign-in was incorrect or your account is disabled temporarily. Please wait and try again later."
	keyLength  = 32
	timeFuture = 600 * time.Second
	// anonymous is the right of routes that everybody may call.
	anonymous = ""
	// self is the right of routes that any account may call.
	self = "self"
)

// authorize checks that the caller has a right. No, wrong and expired bearer tokens make a guest, so that the answer
// is the same as for a right that is missing.
func (s *Sandbox) authorize(r *http.Request, right string) *apiError {
	header := r.Header.Get("Authorization")
	caller := ""
	switch scheme, rest, _ := strings.Cut(header, " "); {
	case strings.EqualFold(scheme, "OAuth"):
		if err := s.verifyOAuth(r, rest); err != nil {
			return err
		}
		caller = "integration"
	case strings.EqualFold(scheme, "Bearer"):
		if end, ok := s.tokens[rest]; ok && s.clock().Before(end) {
			caller = "admin"
		} else if s.bearer && rest == accessToken {
			caller = "integration"
		}
	}
	switch {
	case right == anonymous, caller == "admin":
		return nil
	case caller == "integration" && (s.rights == nil || right == self || slices.Contains(s.rights, right)):
		return nil
	}
	return unauthorized("The consumer isn't authorized to access %resources.", jsondoc.New("resources", right))
}

// verifyOAuth checks a signature by RFC 5849 as the library in Magento does.
func (s *Sandbox) verifyOAuth(r *http.Request, header string) *apiError {
	p := map[string]string{}
	for part := range strings.SplitSeq(header, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		value, err := url.PathUnescape(strings.Trim(value, `"`))
		if err != nil {
			return refuse("The signature is invalid. Verify and try again.")
		}
		p[name] = value
	}
	var absent []string
	for _, name := range []string{"oauth_consumer_key", "oauth_signature", "oauth_signature_method", "oauth_nonce", "oauth_timestamp", "oauth_token"} {
		if p[name] == "" {
			absent = append(absent, name)
		}
	}
	if len(absent) > 0 {
		return required(absent...)
	}
	at, err := strconv.ParseInt(p["oauth_timestamp"], 10, 64)
	switch {
	case len(p["oauth_consumer_key"]) != keyLength:
		return unauthorized("Consumer key is not the correct length", nil)
	case p["oauth_consumer_key"] != consumerKey:
		return unauthorized("A consumer having the specified key does not exist", nil)
	case err != nil || time.Unix(at, 0).After(s.clock().Add(timeFuture)):
		return unauthorized("An error occurred validating the nonce", nil)
	case s.nonces[p["oauth_nonce"]]:
		return unauthorized("The nonce is already being used by the consumer with ID %1", []any{"1"})
	}
	s.nonces[p["oauth_nonce"]] = true
	switch {
	case len(p["oauth_token"]) != keyLength:
		return refuse("The token length is invalid. Check the length and try again.")
	case p["oauth_token"] != accessToken:
		return unauthorized("Specified token does not exist", nil)
	case p["oauth_signature_method"] != "HMAC-SHA256":
		return refuse("Signature method %1 is not supported", p["oauth_signature_method"])
	case !hmac.Equal([]byte(p["oauth_signature"]), []byte(s.signature(r, p))):
		return unauthorized("The signature is invalid. Verify and try again.", nil)
	}
	return nil
}

func (s *Sandbox) signature(r *http.Request, params map[string]string) string {
	var pairs []string
	for k, v := range params {
		if strings.HasPrefix(k, "oauth_") && k != "oauth_signature" {
			pairs = append(pairs, rfc3986(k)+"="+rfc3986(v))
		}
	}
	for piece := range strings.SplitSeq(r.URL.RawQuery, "&") {
		k, v, ok := strings.Cut(piece, "=")
		if !ok || strings.Contains(v, "=") {
			continue // such pieces are not signed
		}
		k, err1 := url.PathUnescape(k) // + stays +
		v, err2 := url.PathUnescape(v)
		if err1 == nil && err2 == nil {
			pairs = append(pairs, rfc3986(k)+"="+rfc3986(v))
		}
	}
	if s.verbatim {
		slices.Sort(pairs)
	} else {
		slices.SortFunc(pairs, natural)
	}
	path := r.URL.EscapedPath()
	if !s.verbatim {
		path = strings.ReplaceAll(strings.ReplaceAll(path, "%2F", "/"), "%2f", "/")
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	base := r.Method + "&" + rfc3986(scheme+"://"+r.Host+path) + "&" + rfc3986(strings.Join(pairs, "&"))
	mac := hmac.New(sha256.New, []byte(rfc3986(consumerSecret)+"&"+rfc3986(accessTokenSecret)))
	mac.Write([]byte(base))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// natural compares digits within text as numbers, so that [2] comes before [10].
func natural(a, b string) int {
	for a != "" && b != "" {
		x, y := digits(a), digits(b)
		if x != "" && y != "" {
			m, _ := strconv.ParseUint(x, 10, 64)
			n, _ := strconv.ParseUint(y, 10, 64)
			if m != n {
				if m < n {
					return -1
				}
				return 1
			}
			a, b = a[len(x):], b[len(y):]
			continue
		}
		if a[0] != b[0] {
			return int(a[0]) - int(b[0])
		}
		a, b = a[1:], b[1:]
	}
	return len(a) - len(b)
}

func digits(s string) string {
	end := 0
	for end < len(s) && end < 18 && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	return s[:end]
}

func rfc3986(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

func (s *Sandbox) adminToken(c *call) (any, *apiError) {
	user, err := c.param("username", "string")
	if err != nil {
		return nil, err
	}
	password, err := c.param("password", "string")
	if err != nil {
		return nil, err
	}
	var empty []string
	if user == "" {
		empty = append(empty, "username")
	}
	if password == "" {
		empty = append(empty, "password")
	}
	if len(empty) > 0 {
		return nil, required(empty...)
	}
	if s.logins >= maxLogins || user != AdminUser || password != AdminPassword {
		s.logins++
		return nil, unauthorized(badSignIn, nil)
	}
	s.logins = 0
	var b [24]byte
	_, _ = rand.Read(b[:]) // crypto/rand does not fail
	token := "eyJraWQiOiIxIiwiYWxnIjoiSFMyNTYifQ." + hex.EncodeToString(b[:12]) + "." + hex.EncodeToString(b[12:])
	s.tokens[token] = s.clock().Add(tokenLife)
	return token, nil
}

func (s *Sandbox) customerToken(c *call) (any, *apiError) {
	for _, name := range []string{"username", "password"} {
		if _, err := c.param(name, "string"); err != nil {
			return nil, err
		}
	}
	return nil, unauthorized(badSignIn, nil) // nobody has a password here
}

// Expire ends every admin token at once.
func (s *Sandbox) Expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}
