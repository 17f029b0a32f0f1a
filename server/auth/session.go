package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"
)

// CookieName is the cookie of a session.
const CookieName = "crosswalk_session"

// SessionLife is how long a session lasts at most.
const SessionLife = 7 * 24 * time.Hour

const (
	sessionIdle  = 12 * time.Hour // without a request
	foreignLife  = 12 * time.Hour // of a session that another has vouched for, who is asked again then
	sessionTouch = time.Minute    // between two notes that somebody was here
)

var (
	// ErrRefused is the error of a name and a password that do not fit; it does not say which of them is wrong.
	ErrRefused = errors.New("the name or the password is not right")
	// ErrTooMany is the error of whoever tries too often.
	ErrTooMany = errors.New("too many attempts: wait a minute")
)

// Keep has sessions kept in a store that outlives the process. Call it before anybody signs in.
func (a *Authenticator) Keep(s Store) { a.sessions = s }

// SignIn checks a name and a password and returns the value of a new session's cookie. from is the address that asks; attempts
// are counted for it and for the name. The error is [ErrRefused], [ErrTooMany], or that of ctx or of the store.
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
	who := a.account(name)
	if who != nil {
		hash = who.hash
	}
	if fits := hash.fits(password); !fits || who == nil {
		return "", User{}, ErrRefused
	}
	return a.start(ctx, session{User: name, By: who.mark()})
}

func (a *Authenticator) account(name string) *account {
	for i := range a.accounts {
		if a.accounts[i].Name == name {
			return &a.accounts[i]
		}
	}
	return nil
}

// mark changes with the password, and ends the sessions that were begun with another one.
func (a *account) mark() string { return "password " + digest(a.Password)[:16] }

// SignOut ends the session of a request, if it has one.
func (a *Authenticator) SignOut(r *http.Request) error {
	if group, id, ok := sessionOf(r); ok {
		return a.sessions.End(r.Context(), group, id)
	}
	return nil
}

// SignOutEverywhere ends every session of the person who sends a request.
func (a *Authenticator) SignOutEverywhere(r *http.Request) error {
	if group, _, ok := sessionOf(r); ok {
		return a.sessions.EndAll(r.Context(), group)
	}
	return nil
}

// Cookie returns the cookie of a session; an empty value ends it. secure is true where the browser came over TLS.
func Cookie(value string, secure bool) *http.Cookie {
	c := &http.Cookie{Name: CookieName, Value: value, Path: "/", HttpOnly: true, Secure: secure, SameSite: http.SameSiteStrictMode, MaxAge: int(SessionLife / time.Second)}
	if value == "" {
		c.MaxAge = -1
	}
	return c
}

// session is what is kept of somebody who has signed in.
type session struct {
	User string `json:"user"`
	// By says what the session rests on: a password, or whoever vouched.
	By      string    `json:"by"`
	Values  []string  `json:"values,omitempty"` // of the claim that gives roles
	Started time.Time `json:"started"`
	Seen    time.Time `json:"seen"`
}

func (s session) over(now time.Time) bool {
	life := SessionLife
	if strings.HasPrefix(s.By, foreign) {
		life = foreignLife
	}
	return now.Sub(s.Started) > life || now.Sub(s.Seen) > sessionIdle
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// start begins a session and returns its cookie's value: whose it is, so that all of somebody's can be ended, and a secret.
func (a *Authenticator) start(ctx context.Context, s session) (string, User, error) {
	role, ok := a.roleOf(s)
	if !ok {
		return "", User{}, ErrRefused
	}
	group, secret := digest("user " + s.User)[:24], make([]byte, 32)
	_, _ = rand.Read(secret) // never fails
	text := base64.RawURLEncoding.EncodeToString(secret)
	s.Started = a.now()
	s.Seen = s.Started
	record, err := json.Marshal(s)
	if err == nil {
		err = a.sessions.Save(ctx, group, digest(text), record)
	}
	if err != nil {
		return "", User{}, err
	}
	return group + "." + text, User{Name: s.User, Role: role, Session: true}, nil
}

// sessionOf reads the cookie of a request.
func sessionOf(r *http.Request) (group, id string, ok bool) {
	cookie, err := r.Cookie(CookieName)
	if err != nil {
		return "", "", false
	}
	group, secret, ok := strings.Cut(cookie.Value, ".")
	if !ok || len(group) != 24 || len(secret) != 43 {
		return "", "", false
	}
	return group, digest(secret), true
}

// here tells who has signed in with the cookie of a request. Where the store does not answer nobody has.
func (a *Authenticator) here(r *http.Request) (User, bool) {
	group, id, ok := sessionOf(r)
	if !ok {
		return User{}, false
	}
	record, ok, err := a.sessions.Load(r.Context(), group, id)
	var s session
	if err != nil || !ok || json.Unmarshal(record, &s) != nil || digest("user " + s.User)[:24] != group {
		return User{}, false
	}
	now := a.now()
	role, ok := a.roleOf(s)
	if !ok || s.over(now) {
		_ = a.sessions.End(r.Context(), group, id) // it opens nothing any more, whether it is there or not
		return User{}, false
	}
	if now.Sub(s.Seen) >= sessionTouch {
		s.Seen = now
		if record, err := json.Marshal(s); err == nil {
			_ = a.sessions.Renew(r.Context(), group, id, record) // without it the session is over a minute sooner
		}
	}
	return User{Name: s.User, Role: role, Session: true}, true
}

// roleOf is what somebody may do by the configuration as it is now; ok is false for whom it does not know any more.
func (a *Authenticator) roleOf(s session) (role Role, ok bool) {
	if strings.HasPrefix(s.By, foreign) {
		return a.vouched(s)
	}
	if who := a.account(s.User); who != nil && who.mark() == s.By {
		return who.Role, true
	}
	return Nobody, false
}
