package rest

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Repeat says whether a request may be sent again when its outcome is unknown.
type Repeat uint8

// The kinds of repeats.
const (
	// ByMethod: GET, HEAD, OPTIONS, PUT and DELETE may, POST and PATCH may not.
	ByMethod Repeat = iota
	// Safe: a repeat does no harm, such as a search by POST.
	Safe
	// Once: a repeat would do it twice, such as a PUT that adds to a stock.
	Once
)

// Request is one call. It is sent again only where that is safe.
type Request struct {
	Method string // "" is GET
	// Path is appended to the base URL, already escaped: "/v2/customers" or [Path]("v2", "customers", id).
	Path string
	// Route is the path without ids ("/v2/customers/{id}") for errors, logs and budgets;
	// "" is Path. Name it where the path holds personal data.
	Route   string
	Query   url.Values  // spaces travel as %20
	Header  http.Header // over the client's headers
	Body    []byte
	Repeat  Repeat
	Timeout time.Duration // of one attempt; 0 is the client's

	secrets []string // that the body holds and no error may repeat
}

// Response is an answer with its whole body, decompressed.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Path joins segments to an escaped path with a leading slash. No segment can
// leave its place: a slash in a SKU travels as %2F, a segment ".." as %2E%2E.
func Path(segments ...string) string {
	var b strings.Builder
	for _, s := range segments {
		b.WriteByte('/')
		if s == "." || s == ".." {
			b.WriteString(strings.ReplaceAll(s, ".", "%2E"))
			continue
		}
		b.WriteString(url.PathEscape(s))
	}
	return b.String()
}

// Op returns "POST /v2/customers", which is what errors and logs say.
func (r Request) Op() string { return r.method() + " " + r.route() }

func (r Request) method() string {
	if r.Method == "" {
		return http.MethodGet
	}
	return r.Method
}

func (r Request) route() string {
	if r.Route != "" {
		return r.Route
	}
	return r.Path
}

// repeatable tells whether the request may be sent again after an unknown outcome.
func (r Request) repeatable() bool {
	if r.Repeat != ByMethod {
		return r.Repeat == Safe
	}
	switch r.method() {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodDelete:
		return true
	}
	return false
}

// url returns the request's whole address under base.
func (r Request) url(base string) (string, error) {
	if strings.ContainsAny(r.Path, "?#") {
		return "", errors.New("rest: Request.Path holds ? or #: use Query and Path")
	}
	addr := base
	if p := strings.TrimLeft(r.Path, "/"); p != "" {
		addr += "/" + p
	}
	if len(r.Query) > 0 {
		// Some systems sign or read the query by RFC 3986, where + is a plus.
		addr += "?" + strings.ReplaceAll(r.Query.Encode(), "+", "%20")
	}
	return addr, nil
}
