package sandbox

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/hex"
	"net/http"
	"strings"
	"time"
)

// sign is the vendor's signature over parts joined by a bar.
func sign(key string, parts ...string) string {
	mac := hmac.New(sha512.New, []byte(key))
	mac.Write([]byte(strings.Join(parts, "|")))
	return hex.EncodeToString(mac.Sum(nil))
}

// tolerance is how far the clock of a caller may be off.
const tolerance = 5 * time.Minute

// dateForms are those that clients in the wild send and the shop takes.
var dateForms = []string{time.RFC3339, "2006-01-02T15:04:05-0700", "2006-1-2T15:4:5Z07:00"}

// authorize checks the signature of a request: over the words of its date header, whatever their form.
func (s *Sandbox) authorize(r *http.Request, body []byte) *apiError {
	public, date, hash := r.Header.Get("X-Public"), r.Header.Get("X-Date"), r.Header.Get("X-Hash")
	if public == "" || date == "" || hash == "" {
		return &apiError{http.StatusUnauthorized, "401.10", "The headers x-public, x-date and x-hash are required."}
	}
	if public != publicKey {
		return &apiError{http.StatusUnauthorized, "401.10", "The x-public header does not belong to an active key."}
	}
	want := sign(secretKey, public, r.Method, r.RequestURI, string(body), date)
	if !hmac.Equal([]byte(strings.ToLower(hash)), []byte(want)) {
		return &apiError{http.StatusUnauthorized, "401.10", "The x-hash header does not match the hash calculated for this request."}
	}
	for _, form := range dateForms {
		if at, err := time.Parse(form, date); err == nil {
			if off := s.clock().Sub(at); off > tolerance || off < -tolerance {
				break
			}
			return nil
		}
	}
	return &apiError{http.StatusUnauthorized, "401.10", "The x-date header is not within five minutes of the server's time."}
}

// window counts the calls of a minute.
type window struct {
	since time.Time
	calls int
}

// budget refuses calls beyond the limit of a resource and method.
func (s *Sandbox) budget(method, resource string) *apiError {
	most := 100
	switch {
	case !s.limited:
		return nil
	case resource == "productqueries":
		most = 30
	case method == http.MethodGet:
		most = 150
	}
	key := method + " " + resource
	w := s.calls[key]
	if w == nil || s.clock().Sub(w.since) >= time.Minute {
		w = &window{since: s.clock()}
		s.calls[key] = w
	}
	if w.calls++; w.calls > most {
		return &apiError{http.StatusTooManyRequests, "429.10", "Too many " + method + " requests on the resource " + resource + " in the last minute."}
	}
	return nil
}
