package ccv

import (
	"context"
	"crypto/hmac"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// signer signs requests: HMAC-SHA512 over public|METHOD|uri|body|date, as the vendor documents and its SDK does it. It is a
// rest.Authenticator.
type signer struct {
	public, secret string
	now            func() time.Time
}

// Authorize signs the path and query exactly as they are sent.
func (s *signer) Authorize(_ context.Context, r *http.Request) error {
	var body []byte
	if r.GetBody != nil {
		b, err := r.GetBody()
		if err == nil {
			body, err = io.ReadAll(b)
			err = errors.Join(err, b.Close())
		}
		if err != nil {
			return fmt.Errorf("signing: %w", err)
		}
	}
	date := s.now().UTC().Format(time.RFC3339)
	r.Header.Set("X-Public", s.public)
	r.Header.Set("X-Date", date)
	r.Header.Set("X-Hash", s.hash(r.Method, r.URL.RequestURI(), string(body), date))
	return nil
}

// Invalidate tells that another attempt would be signed the same way.
func (s *signer) Invalidate(context.Context, *http.Request) bool { return false }

func (s *signer) hash(parts ...string) string {
	return hash(s.secret, append([]string{s.public}, parts...)...)
}

// answered tells whether the shop signed an answer to a request: the same formula over the answer's body and date.
func (s *signer) answered(method, uri string, header http.Header, body []byte) bool {
	want := s.hash(method, uri, string(body), header.Get("X-Date"))
	return equalHash(header.Get("X-Hash"), want)
}

func hash(key string, parts ...string) string {
	mac := hmac.New(sha512.New, []byte(key))
	for i, p := range parts {
		if i > 0 {
			mac.Write([]byte{'|'})
		}
		mac.Write([]byte(p))
	}
	return hex.EncodeToString(mac.Sum(nil))
}

// equalHash compares in constant time.
func equalHash(got, want string) bool {
	return hmac.Equal([]byte(strings.ToLower(strings.TrimSpace(got))), []byte(want))
}
