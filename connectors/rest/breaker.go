package rest

import (
	"errors"
	"sync"
	"time"
)

// ErrOpen is the cause of a [port.ErrOutage] that was answered without a call, because
// the system failed several times in a row.
var ErrOpen = errors.New("not called: the system failed several times in a row")

// Breaker bounds how often a system that is down is called.
type Breaker struct {
	// Failures in a row open the circuit: no connection, no answer in time, or
	// 502, 503, 504. 0 is 10, below 0 never opens.
	Failures int
	// Open is how long nothing is called; then one call probes. 0 is 15 s.
	Open time.Duration
}

// breaker is the circuit's state: closed while until is zero, else open until then, and
// from then on one probe at a time goes through.
type breaker struct {
	limit int
	open  time.Duration

	mu      sync.Mutex
	failed  int
	until   time.Time
	probing bool
}

func newBreaker(b Breaker) *breaker {
	if b.Failures == 0 {
		b.Failures = 10
	}
	if b.Open <= 0 {
		b.Open = 15 * time.Second
	}
	return &breaker{limit: b.Failures, open: b.Open}
}

// allow tells whether a call may be made and whether it probes; else how long to wait.
// Whoever is allowed calls settle exactly once.
func (b *breaker) allow(now time.Time) (probe bool, wait time.Duration, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.until.IsZero():
		return false, 0, true
	case now.Before(b.until):
		return false, b.until.Sub(now), false
	case b.probing:
		return false, b.open, false
	}
	b.probing = true
	return true, 0, true
}

// opened tells whether the circuit is open.
func (b *breaker) opened(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return now.Before(b.until)
}

// result is what a call told about the system's health.
type result uint8

const (
	unknown  result = iota // the caller gave up
	answered               // the system is there
	down
)

func (b *breaker) settle(now time.Time, probe bool, r result) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if probe {
		b.probing = false
	}
	switch r {
	case answered:
		b.failed, b.until = 0, time.Time{}
	case down:
		b.failed++
		if b.limit > 0 && (probe || b.failed >= b.limit) {
			b.until = now.Add(b.open)
		}
	}
}
