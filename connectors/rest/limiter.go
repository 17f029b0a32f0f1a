package rest

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limiter spends a budget of requests per period. It is safe for concurrent use.
type Limiter struct {
	bucket *rate.Limiter

	mu    sync.Mutex
	pause time.Time // nothing is sent before it: the system said so
}

// NewLimiter allows n requests in every window of length per, a tenth of them at once.
// In no window are there more than n, wherever the system starts to count.
func NewLimiter(n int, per time.Duration) *Limiter {
	n = max(n, 1)
	burst := max(1, n/10)
	refill := max(1, n-burst)
	return &Limiter{bucket: rate.NewLimiter(rate.Limit(float64(refill)/per.Seconds()), burst)}
}

// reserve takes one request and returns how long to wait before it is sent; a wait
// longer than limit takes nothing and ok is false.
func (l *Limiter) reserve(now time.Time, limit time.Duration) (wait time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	// Who waits for the end of a pause queues there, else all would go at once.
	start := now
	if l.pause.After(now) {
		start = l.pause
	}
	r := l.bucket.ReserveN(start, 1)
	wait = start.Sub(now) + r.DelayFrom(start)
	if wait > limit {
		r.CancelAt(start)
		return wait, false
	}
	return wait, true
}

// hold sends nothing more before until, for everyone who shares the budget.
func (l *Limiter) hold(until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if until.After(l.pause) {
		l.pause = until
	}
}

// left is how many requests may be sent at once, below 0 where some wait already, and at most 0 during a pause.
func (l *Limiter) left(now time.Time) float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := l.bucket.TokensAt(now); !l.pause.After(now) || n < 0 {
		return n
	}
	return 0
}

// idle tells whether forgetting the limiter would change nothing.
func (l *Limiter) idle(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !now.Before(l.pause) && l.bucket.TokensAt(now) >= float64(l.bucket.Burst())
}

// Budgets hands out limiters by key, so that connections share what the vendor counts
// together: eAccounting counts 600 a minute per partner's client id and endpoint, whoever the
// company is. The zero value is ready; it is safe for concurrent use.
type Budgets struct {
	mu   sync.Mutex
	keys map[string]*Limiter
}

// budgetsKept is how many keys are kept before those at rest are forgotten.
const budgetsKept = 1024

// Limiter returns the key's limiter; n and per are those of its first use.
func (b *Budgets) Limiter(key string, n int, per time.Duration) *Limiter {
	b.mu.Lock()
	defer b.mu.Unlock()
	if l, ok := b.keys[key]; ok {
		return l
	}
	if b.keys == nil {
		b.keys = map[string]*Limiter{}
	}
	if len(b.keys) >= budgetsKept {
		now := time.Now()
		for k, l := range b.keys {
			if l.idle(now) {
				delete(b.keys, k)
			}
		}
	}
	l := NewLimiter(n, per)
	b.keys[key] = l
	return l
}
