package sandbox

import (
	"context"
	"net/http"
	"strings"
	"time"
)

// FaultKind is a way to fail.
type FaultKind int

// The ways to fail. A Fault with none of them only waits.
const (
	Slow        FaultKind = iota // answer as usual after Delay
	CutBefore                    // close the connection, nothing was done
	CutAfter                     // do what was asked, then close the connection without an answer
	TooMany                      // 429 with the wait in prose
	ServerError                  // 500, nothing was done
)

// Fault makes coming requests fail.
type Fault struct {
	Method string // "" for any
	Path   string // a prefix of the path: "/v2/customers"; "" for any
	Kind   FaultKind
	// Times is how many requests fail; 0 means one.
	Times int
	// Skip is how many matching requests pass first.
	Skip int
	// Delay is waited before anything else; the request's context ends it.
	Delay time.Duration
	// Seconds is the wait that TooMany tells.
	Seconds int
}

// Fail adds a fault. Several that match are used up one after the other.
func (s *Sandbox) Fail(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.Times = max(f.Times, 1)
	s.faults = append(s.faults, f)
}

func (s *Sandbox) nextFault(r *http.Request) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.faults {
		f := &s.faults[i]
		if f.Times == 0 || f.Method != "" && f.Method != r.Method || !strings.HasPrefix(r.URL.Path, f.Path) {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		f.Times--
		return *f
	}
	return Fault{}
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

// cut closes the connection without an answer.
func cut(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		// HTTP/2 has no connection to take over; net/http documents this panic as the
		// way to abort a response, and recovers it.
		panic(http.ErrAbortHandler)
	}
	conn.Close()
}

// limiter counts calls in windows of a minute that begin with the first call.
type limiter struct {
	windows map[string]*window
}

type window struct {
	since time.Time
	calls int
}

func (l *limiter) count(now time.Time, limit int, key string) error {
	if l.windows == nil {
		l.windows = map[string]*window{}
	}
	w := l.windows[key]
	if w == nil || !now.Before(w.since.Add(time.Minute)) {
		w = &window{since: now}
		l.windows[key] = w
	}
	w.calls++
	if w.calls <= limit {
		return nil
	}
	left := w.since.Add(time.Minute).Sub(now)
	return tooManyCalls(limit, int((left+time.Second-1)/time.Second))
}
