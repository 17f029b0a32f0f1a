package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// CookieName is the cookie of a session.
const CookieName = "crosswalk_session"

// How long a session lasts, and how long without a request.
const (
	sessionLife = 7 * 24 * time.Hour
	sessionIdle = 12 * time.Hour
	maxSessions = 10_000
)

var (
	// ErrRefused is the error of a name and a password that do not fit; it does not say which of them is wrong.
	ErrRefused = errors.New("the name or the password is not right")
	// ErrTooMany is the error of whoever tries too often.
	ErrTooMany = errors.New("too many attempts: wait a minute")
)

// SignIn checks a name and a password and returns the value of a new session's cookie. from is the address that asks; attempts
// are counted for it and for the name. The error is [ErrRefused], [ErrTooMany] or that of ctx.
func (a *Authenticator) SignIn(ctx context.Context, name, password, from string) (string, User, error) {
	if !a.attempts.allow("from "+from, a.now()) || !a.attempts.allow("name "+name, a.now()) {
		return "", User{}, ErrTooMany
	}
	select { // each hash takes 64 MiB
	case a.hashing <- struct{}{}:
		defer func() { <-a.hashing }()
	case <-ctx.Done():
		return "", User{}, ctx.Err()
	}
	// Somebody who does not exist takes as long as somebody who does.
	hash := passwordHash{memory: hashMemory, time: hashTime, threads: hashThreads, salt: make([]byte, 16), sum: make([]byte, hashLength)}
	var who *account
	for i, acc := range a.accounts {
		if acc.Name == name {
			who, hash = &a.accounts[i], acc.hash
		}
	}
	if fits := hash.fits(password); !fits || who == nil {
		return "", User{}, ErrRefused
	}
	return a.sessions.start(name, a.now()), User{Name: name, Role: who.Role, Session: true}, nil
}

// SignOut ends the session of a request, if it has one.
func (a *Authenticator) SignOut(r *http.Request) {
	if cookie, err := r.Cookie(CookieName); err == nil {
		a.sessions.end(cookie.Value)
	}
}

// Cookie returns the cookie of a session; an empty value ends it. secure is true where the browser came over TLS.
func Cookie(value string, secure bool) *http.Cookie {
	c := &http.Cookie{Name: CookieName, Value: value, Path: "/", HttpOnly: true, Secure: secure, SameSite: http.SameSiteStrictMode, MaxAge: int(sessionLife / time.Second)}
	if value == "" {
		c.MaxAge = -1
	}
	return c
}

// sessions are those that are open, by the hash of their cookie: who reads the memory cannot use them.
type sessions struct {
	mu   sync.Mutex
	open map[[sha256.Size]byte]session
}

type session struct {
	user          string
	started, seen time.Time
}

func (s session) over(now time.Time) bool {
	return now.Sub(s.started) > sessionLife || now.Sub(s.seen) > sessionIdle
}

func (s *sessions) start(user string, now time.Time) string {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails
	id := base64.RawURLEncoding.EncodeToString(raw)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open = map[[sha256.Size]byte]session{}
	}
	var oldest [sha256.Size]byte
	for key, other := range s.open {
		if other.over(now) {
			delete(s.open, key)
		} else if first, ok := s.open[oldest]; !ok || other.seen.Before(first.seen) {
			oldest = key
		}
	}
	if len(s.open) >= maxSessions {
		delete(s.open, oldest)
	}
	s.open[sha256.Sum256([]byte(id))] = session{user, now, now}
	return id
}

func (s *sessions) user(id string, now time.Time) (string, bool) {
	key := sha256.Sum256([]byte(id))
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.open[key]
	if !ok || found.over(now) {
		delete(s.open, key)
		return "", false
	}
	found.seen = now
	s.open[key] = found
	return found.user, true
}

func (s *sessions) end(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, sha256.Sum256([]byte(id)))
}

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
