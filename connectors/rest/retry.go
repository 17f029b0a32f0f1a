package rest

import (
	"math"
	"time"
)

// Retry bounds repeats. The zero value of a field is its default.
type Retry struct {
	Attempts int           // tries in all, the first included; 0 is 5, 1 never repeats
	Base     time.Duration // the first wait is random in [0, Base); 0 is 500 ms
	Max      time.Duration // bounds one wait that the system did not ask for; 0 is 30 s
	// MaxWait bounds all waits of one call, those that the system or the budget asks
	// for included; 0 is 2 min. A call that had to wait longer ends with
	// [port.ErrRateLimit] (or its outage) and RetryAfter.
	MaxWait time.Duration
}

func (r Retry) withDefaults() Retry {
	if r.Attempts <= 0 {
		r.Attempts = 5
	}
	if r.Base <= 0 {
		r.Base = 500 * time.Millisecond
	}
	if r.Max <= 0 {
		r.Max = 30 * time.Second
	}
	if r.MaxWait <= 0 {
		r.MaxWait = 2 * time.Minute
	}
	return r
}

// backoff returns the wait after a failed attempt (from 1): full jitter, so that
// callers that failed together do not come back together.
func (r Retry) backoff(attempt int, random float64) time.Duration {
	top := math.Min(float64(r.Max), float64(r.Base)*math.Pow(2, float64(attempt-1)))
	return time.Duration(random * top)
}
