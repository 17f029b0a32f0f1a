// Package statepage shows people what a sandbox holds and which requests it got, at [Path] of the sandbox's own address. It is no part of
// what the sandbox imitates, and changes nothing in it: a connector never meets it. Start with [New].
package statepage

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/faults"
)

// Path is where the page is.
const Path = "/_sandbox"

const (
	mostRequests = 100
	mostTarget   = 300 // characters of a request's path and query
)

// Options say what stands at the top of the page.
type Options struct {
	Title  string           // the system's: "Shopware 6"
	Faults string           // the plan of faults, "" for none
	Now    func() time.Time // nil for the system clock
}

// Handler serves a sandbox and its page. It is safe for concurrent use.
type Handler struct {
	sandbox http.Handler
	options Options

	mu    sync.Mutex
	total int
	last  []request // the oldest first
}

// request is one that the sandbox got.
type request struct {
	Number         int
	At             time.Time
	Method, Target string
	Status         int // 0 where none was answered
	Took           time.Duration
	Fault          string
}

// New wraps a sandbox. Where it is [connectors.Stateful], the page shows its documents.
func New(sandbox http.Handler, o Options) *Handler {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Handler{sandbox: sandbox, options: o}
}

// ServeHTTP answers the page, and hands everything else to the sandbox.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == Path {
		h.page(w, r)
		return
	}
	start := h.options.Now()
	watched, fault := faults.Watch(r)
	seen := &answer{ResponseWriter: w}
	whole := false
	defer func() { // a connection that is cut ends in a panic, which goes on to net/http
		got := request{At: start, Method: r.Method, Target: clip(r.URL.RequestURI()), Took: h.options.Now().Sub(start), Fault: fault()}
		if whole {
			got.Status = seen.sent()
		}
		h.keep(got)
	}()
	h.sandbox.ServeHTTP(seen, watched)
	// Who went away before anything was written got nothing: net/http would send 200 to nobody.
	whole = seen.status != 0 || r.Context().Err() == nil
}

func (h *Handler) keep(got request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.total++
	got.Number = h.total
	if len(h.last) == mostRequests {
		h.last = h.last[1:]
	}
	h.last = append(h.last, got)
}

// answer sees the status of an answer.
type answer struct {
	http.ResponseWriter
	status int
}

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(p []byte) (int, error) {
	a.status = a.sent()
	return a.ResponseWriter.Write(p)
}

// Unwrap lets [http.ResponseController] reach the writer below.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// sent is the status that the client gets.
func (a *answer) sent() int {
	if a.status == 0 {
		return http.StatusOK
	}
	return a.status
}

func clip(s string) string {
	if len(s) <= mostTarget {
		return s
	}
	return strings.ToValidUTF8(s[:mostTarget], "") + "…"
}

// local tells whether a request names this machine, or an address: a page of the web that points a name of its own here must not read it.
func local(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if host == "localhost" {
		return true
	}
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil
}

var _ connectors.Stateful = noState{}

// noState is a sandbox that shows nothing.
type noState struct{}

func (noState) State(int) []connectors.Holding { return nil }
