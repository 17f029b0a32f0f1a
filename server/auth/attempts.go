package auth

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// attempts bounds how often somebody may try: five at once, then one in ten seconds.
type attempts struct {
	mu  sync.Mutex
	who map[string]*rate.Limiter
}

const maxAttempted = 10_000

func (a *attempts) allow(who string, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.who == nil {
		a.who = map[string]*rate.Limiter{}
	}
	l := a.who[who]
	if l == nil {
		if len(a.who) >= maxAttempted {
			for key, other := range a.who {
				if other.TokensAt(now) >= 5 {
					delete(a.who, key) // as good as new
				}
			}
		}
		if len(a.who) >= maxAttempted {
			return false // somebody tries thousands of names or comes from thousands of addresses
		}
		l = rate.NewLimiter(rate.Every(10*time.Second), 5)
		a.who[who] = l
	}
	return l.AllowN(now, 1)
}
