package rest

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// OAuth1 signs every request by OAuth 1.0a (RFC 5849) with HMAC-SHA256, without a log-in. The body is not signed, so that it must
// not be a form.
type OAuth1 struct {
	ConsumerKey, ConsumerSecret string
	Token, TokenSecret          string
	Now                         func() time.Time // nil for the system clock
	Nonce                       func() string    // nil for a random one

	// verbatim signs a slash in a segment of the path as it is sent, %2F, as the RFC says. Servers that decode
	// the path before they verify, such as Magento before 2.4.8, want the slash itself, which is tried first.
	verbatim atomic.Bool
}

// Authorize sets the Authorization header.
func (o *OAuth1) Authorize(_ context.Context, r *http.Request) error {
	now, nonce := time.Now, randomNonce
	if o.Now != nil {
		now = o.Now
	}
	if o.Nonce != nil {
		nonce = o.Nonce
	}
	params := [][2]string{
		{"oauth_consumer_key", o.ConsumerKey}, {"oauth_token", o.Token}, {"oauth_signature_method", "HMAC-SHA256"},
		{"oauth_timestamp", strconv.FormatInt(now().Unix(), 10)}, {"oauth_nonce", nonce()}, {"oauth_version", "1.0"},
	}
	signature, err := o.sign(r, params)
	if err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString("OAuth ")
	for _, p := range append(params, [2]string{"oauth_signature", signature}) {
		if b.Len() > len("OAuth ") {
			b.WriteByte(',')
		}
		b.WriteString(p[0] + `="` + escape3986(p[1]) + `"`)
	}
	r.Header.Set("Authorization", b.String())
	return nil
}

// Invalidate has another way to sign only where a segment of the path holds a slash.
func (o *OAuth1) Invalidate(_ context.Context, r *http.Request) bool {
	if !hasSlash(r.URL.EscapedPath()) {
		return false
	}
	o.verbatim.Store(!o.verbatim.Load())
	return true
}

func hasSlash(path string) bool {
	return strings.Contains(path, "%2F") || strings.Contains(path, "%2f")
}

// base is the text that is signed: RFC 5849, section 3.4.1.
func (o *OAuth1) base(r *http.Request, params [][2]string) (string, error) {
	var pairs [][2]string
	for _, p := range params {
		pairs = append(pairs, [2]string{escape3986(p[0]), escape3986(p[1])})
	}
	if r.URL.RawQuery != "" {
		for piece := range strings.SplitSeq(r.URL.RawQuery, "&") {
			k, v, _ := strings.Cut(piece, "=")
			if strings.ContainsRune(piece, '+') {
				return "", errors.New("rest: a query that is signed holds +: write a space as %20")
			}
			k, err := url.PathUnescape(k)
			if err != nil {
				return "", errors.New("rest: a query that is signed cannot be read")
			}
			if v, err = url.PathUnescape(v); err != nil {
				return "", errors.New("rest: a query that is signed cannot be read")
			}
			pairs = append(pairs, [2]string{escape3986(k), escape3986(v)})
		}
	}
	// By name and then by value; sorted as one text, a2 would come before a.
	slices.SortFunc(pairs, func(a, b [2]string) int { return cmp.Or(strings.Compare(a[0], b[0]), strings.Compare(a[1], b[1])) })
	normal := make([]string, len(pairs))
	for i, p := range pairs {
		normal[i] = p[0] + "=" + p[1]
	}
	path := r.URL.EscapedPath()
	if !o.verbatim.Load() {
		path = strings.NewReplacer("%2F", "/", "%2f", "/").Replace(path)
	}
	host := strings.ToLower(r.URL.Host)
	if port := map[string]string{"http": ":80", "https": ":443"}[r.URL.Scheme]; port != "" {
		host = strings.TrimSuffix(host, port)
	}
	return r.Method + "&" + escape3986(strings.ToLower(r.URL.Scheme)+"://"+host+path) + "&" + escape3986(strings.Join(normal, "&")), nil
}

func (o *OAuth1) sign(r *http.Request, params [][2]string) (string, error) {
	base, err := o.base(r, params)
	if err != nil {
		return "", err
	}
	mac := hmac.New(sha256.New, []byte(escape3986(o.ConsumerSecret)+"&"+escape3986(o.TokenSecret)))
	mac.Write([]byte(base))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil)), nil
}

func randomNonce() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // crypto/rand does not fail
	return hex.EncodeToString(b[:])
}

// escape3986 leaves only the unreserved characters of RFC 3986 as they are.
func escape3986(s string) string {
	const hexadecimal = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~' {
			b.WriteByte(c)
		} else {
			b.WriteString("%" + string(hexadecimal[c>>4]) + string(hexadecimal[c&15]))
		}
	}
	return b.String()
}
