package sandbox

import (
	"net/http"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors/faults"
)

// TooMany answers 429 with the wait in prose, as the API does.
func (s *Sandbox) TooMany(seconds int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { s.refuse(w, tooManyCalls(600, max(seconds, 1))) }
}

// ServerError answers 500; nothing is done.
func (s *Sandbox) ServerError(w http.ResponseWriter, _ *http.Request) { s.refuse(w, unhandled()) }

// FailureWords are the API's own.
func (s *Sandbox) FailureWords() faults.Words {
	return faults.Words{TooMany: s.TooMany(1), ServerError: s.ServerError}
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
