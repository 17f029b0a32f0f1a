// Package faults makes a sandbox go wrong as systems and networks do: answers that come late, never, twice as
// slow, from yesterday, or after the work was done. It is not for the errors that a system answers for good reasons. Start with
// [Injector], which a sandbox embeds, and [Parse] for a plan as text.
package faults

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Fault is one way to go wrong. A zero Fault disturbs nothing, once.
type Fault struct {
	// Name is what [Watch] tells of it: "429".
	Name string
	// Match picks the requests; nil is every request that is not exempt.
	Match func(*http.Request) bool
	// Skip is how many of them pass first, and Times how many are disturbed then; 0 is once.
	Skip, Times int
	// Percent disturbs this share of them for ever, instead of Skip and Times.
	Percent float64
	// Delay is waited before anything else; the end of the request's context ends it.
	Delay time.Duration
	// Stale answers a GET with what the same GET was answered before, if it was.
	Stale bool
	// After does what was asked before Serve answers: the client cannot know that it was done.
	After bool
	// Serve answers instead of the system; nil leaves the answer to it.
	Serve http.HandlerFunc
	// Twice disturbs no request: Percent of the calls that the sandbox makes itself, webhooks, are made twice.
	Twice bool
}

// Faulty is a sandbox that can be made to go wrong.
type Faulty interface {
	Fault(Fault)
	// Seed makes the chances of faults by percentage repeatable.
	Seed(uint64)
}

// On matches a method and a prefix of the path; "" is any.
func On(method, prefix string) func(*http.Request) bool {
	return func(r *http.Request) bool {
		return (method == "" || r.Method == method) && strings.HasPrefix(r.URL.Path, prefix)
	}
}

// Cut drops the connection without an answer.
func Cut(http.ResponseWriter, *http.Request) {
	panic(http.ErrAbortHandler) // net/http's documented way, which it recovers
}

// Maintenance answers 503 with HTML, as the web server in front of a system does.
func Maintenance(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=UTF-8")
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = w.Write([]byte("<!DOCTYPE html><html><head><title>Maintenance</title></head><body><h1>We'll be back soon</h1></body></html>"))
}

// Injector disturbs requests. Its zero value disturbs none. It is safe for concurrent use.
type Injector struct {
	// Exempt are requests that only a fault with a Match of its own disturbs, such as those for a token.
	Exempt func(*http.Request) bool

	mu       sync.Mutex
	faults   []*Fault
	chance   *rand.Rand
	stale    bool              // whether answers must be remembered
	answered map[string]answer // by URL
}

type answer struct {
	header http.Header
	status int
	body   []byte
}

// mostAnswers bounds what is remembered for stale answers.
const mostAnswers = 1000

// Fault makes coming requests go wrong. Of several that match a request the one that was asked for first counts.
func (i *Injector) Fault(f Fault) {
	i.mu.Lock()
	defer i.mu.Unlock()
	f.Times = max(f.Times, 1)
	i.stale = i.stale || f.Stale
	i.faults = append(i.faults, &f)
}

// Seed makes the chances of faults by percentage repeatable.
func (i *Injector) Seed(seed uint64) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.chance = rand.New(rand.NewPCG(seed, seed))
}

// Serve hands the request to next, or disturbs it.
func (i *Injector) Serve(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
	f, remember := i.pick(r)
	if f.Delay > 0 || f.Serve != nil {
		note(r, f.Name)
	}
	if f.Delay > 0 && !delay(r, f.Delay) {
		return
	}
	if f.Stale && r.Method == http.MethodGet {
		if old, ok := i.before(r); ok {
			note(r, f.Name)
			old.write(w)
			return
		}
	}
	switch {
	case f.Serve != nil && f.After:
		next(newRecorder(), r)
		f.Serve(w, r)
	case f.Serve != nil:
		f.Serve(w, r)
	case remember && r.Method == http.MethodGet:
		rec := newRecorder()
		next(rec, r)
		i.remember(r, rec.answer())
		rec.answer().write(w)
	default:
		next(w, r)
	}
}

// pick finds the fault of a request, and tells whether its answer is to be remembered.
func (i *Injector) pick(r *http.Request) (Fault, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for n, f := range i.faults {
		if f.Twice || f.Match == nil && i.Exempt != nil && i.Exempt(r) || f.Match != nil && !f.Match(r) {
			continue
		}
		if f.Percent > 0 {
			if i.draw() >= f.Percent {
				continue
			}
			return *f, i.stale
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		if f.Times--; f.Times == 0 {
			i.faults = slices.Delete(i.faults, n, n+1)
		}
		return *f, i.stale
	}
	return Fault{}, i.stale
}

// draw gives a number from 0 to 100.
func (i *Injector) draw() float64 {
	if i.chance == nil {
		i.chance = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	return i.chance.Float64() * 100
}

func (i *Injector) before(r *http.Request) (answer, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	a, ok := i.answered[r.URL.String()]
	return a, ok
}

func (i *Injector) remember(r *http.Request, a answer) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.answered) >= mostAnswers || i.answered == nil {
		i.answered = map[string]answer{}
	}
	i.answered[r.URL.String()] = a
}

// delay waits unless the request ends before. net/http notices that a client has gone only once the body is read.
func delay(r *http.Request, d time.Duration) bool {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return false
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return pause(r.Context(), d)
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (a answer) write(w http.ResponseWriter) {
	for k, v := range a.header {
		w.Header()[k] = slices.Clone(v)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // the client went away: nobody is left to tell
}

// recorder takes an answer that nobody gets, or not yet.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func newRecorder() *recorder { return &recorder{header: http.Header{}} }

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

func (r *recorder) Write(p []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(p)
}

func (r *recorder) answer() answer {
	r.WriteHeader(http.StatusOK)
	return answer{r.header, r.status, r.body.Bytes()}
}
