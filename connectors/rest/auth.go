package rest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// Authenticator proves who calls. It is safe for concurrent use. An
// Authenticator that is an io.Closer is closed with its client.
type Authenticator interface {
	// Authorize adds credentials to r or signs it. It is called for every attempt, after all else of
	// the request is set; a signing scheme reads the body with r.GetBody. Its error ends the call.
	Authorize(ctx context.Context, r *http.Request) error
	// Invalidate tells that the system answered r with 401. It returns true where
	// another attempt would carry other credentials; it is asked once a call.
	Invalidate(ctx context.Context, r *http.Request) bool
}

// Bearer sends a token that never changes.
func Bearer(token string) Authenticator { return bearer(token) }

type bearer string

func (b bearer) Authorize(_ context.Context, r *http.Request) error {
	r.Header.Set("Authorization", "Bearer "+string(b))
	return nil
}

func (b bearer) Invalidate(context.Context, *http.Request) bool { return false }

// Token is an access token.
type Token struct {
	Value string
	// Expires is when the system stops taking it; zero is unknown: it is used until a 401.
	Expires time.Time
}

// fetchTimeout bounds a log-in, which outlives the call that started it.
const fetchTimeout = 2 * time.Minute

// Tokens is an [Authenticator] that fetches a bearer token when it needs one, a little
// before the old one expires, and never twice at the same time. A log-in that the system
// refuses is not tried again for half a minute.
type Tokens struct {
	fetch func(context.Context) (Token, error)
	now   func() time.Time

	mu      sync.Mutex
	token   Token
	renewAt time.Time // zero: never
	refusal error     // why there is no token, until again
	again   time.Time
	flight  *flight
	running sync.WaitGroup
}

// flight is a fetch under way; token and err are set before done is closed.
type flight struct {
	done  chan struct{}
	token Token
	err   error
}

// NewTokens returns an authenticator over fetch, for log-ins that are not OAuth 2. The
// context that fetch gets does not end with the call that needed the token:
// an answer with a rotated secret must not be thrown away. now nil is the system clock.
func NewTokens(fetch func(context.Context) (Token, error), now func() time.Time) *Tokens {
	if now == nil {
		now = time.Now
	}
	return &Tokens{fetch: fetch, now: now}
}

// Authorize sets the Authorization header, after a log-in where one is due.
func (t *Tokens) Authorize(ctx context.Context, r *http.Request) error {
	token, err := t.get(ctx)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+token.Value)
	return nil
}

// Invalidate drops the token that r carried, unless it was replaced meanwhile.
func (t *Tokens) Invalidate(_ context.Context, r *http.Request) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if r.Header.Get("Authorization") == "Bearer "+t.token.Value {
		t.token = Token{}
	}
	return true
}

// Close waits for a fetch that is under way.
func (t *Tokens) Close() error {
	t.running.Wait()
	return nil
}

func (t *Tokens) get(ctx context.Context) (Token, error) {
	t.mu.Lock()
	now := t.now()
	if t.token.Value != "" && (t.renewAt.IsZero() || now.Before(t.renewAt)) {
		defer t.mu.Unlock()
		return t.token, nil
	}
	if t.refusal != nil && now.Before(t.again) {
		defer t.mu.Unlock()
		return Token{}, t.refusal
	}
	f := t.flight
	if f == nil {
		f = &flight{done: make(chan struct{})}
		t.flight = f
		t.running.Add(1)
		go t.run(context.WithoutCancel(ctx), f)
	}
	t.mu.Unlock()
	select {
	case <-f.done:
		return f.token, f.err
	case <-ctx.Done():
		return Token{}, fmt.Errorf("waiting for a log-in: %w", context.Cause(ctx))
	}
}

func (t *Tokens) run(ctx context.Context, f *flight) {
	defer t.running.Done()
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	f.token, f.err = t.fetch(ctx)
	t.mu.Lock()
	now := t.now()
	t.refusal, t.again = f.err, now.Add(pause(f.err))
	if f.err == nil {
		t.token = f.token
		t.renewAt = renewAt(now, f.token.Expires)
	}
	t.flight = nil
	t.mu.Unlock()
	close(f.done)
}

// pause is how long a failed log-in is not tried again. Wrong credentials stay wrong for every
// document of a run, and servers lock out who keeps trying; a network may be back at once.
func pause(err error) time.Duration {
	var e *port.Error
	switch {
	case !errors.As(err, &e):
		return 0
	case e.Kind == port.ErrAuth:
		return max(e.RetryAfter, 30*time.Second)
	case e.Kind == port.ErrRateLimit:
		return e.RetryAfter
	}
	return 0
}

// renewAt is a tenth of the lifetime before the end, at most five minutes: a call that
// is sent with a token about to die fails half-way through an order.
func renewAt(now, expires time.Time) time.Time {
	if expires.IsZero() {
		return time.Time{}
	}
	early := min(expires.Sub(now)/10, 5*time.Minute)
	return expires.Add(-early)
}
