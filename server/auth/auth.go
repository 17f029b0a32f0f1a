// Package auth says who sends a request and what that person or program may do: bearer tokens with roles for programs,
// sign-in with a password or with an OpenID Connect provider, and a session, for people. It is not for saying which route needs which role, nor for
// HTTP's other defences; package server and its api do that. Start with [New] and [Authenticator.Identify].
package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Role is what somebody may do. Each role may do what those before it may.
type Role uint8

// The roles.
const (
	Nobody   Role = iota
	Viewer        // sees mappings, flows and activity, and previews
	Editor        // changes the project's files
	Operator      // runs, pauses and replays flows
	Admin         // changes connections and who may do what
)

var roleNames = [...]string{"nobody", "viewer", "editor", "operator", "admin"}

// String returns the role's word.
func (r Role) String() string { return roleNames[min(int(r), len(roleNames)-1)] }

// MarshalText writes the role as its word.
func (r Role) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads viewer, editor, operator or admin.
func (r *Role) UnmarshalText(text []byte) error {
	i := slices.Index(roleNames[1:], string(text))
	if i < 0 {
		return fmt.Errorf("there is no role %q: there are %s", text, strings.Join(roleNames[1:], ", "))
	}
	*r = Role(i + 1)
	return nil
}

// User is who sends a request.
type User struct {
	Name string `json:"name"`
	Role Role   `json:"role"`
	// Session is true for a person who signed in and can sign out.
	Session bool `json:"session"`
}

// Config lists who may come in. It holds hashes, never a password or a token.
type Config struct {
	Users  []Account `json:"users"`
	Tokens []Token   `json:"tokens"`
	OIDC   *OIDC     `json:"oidc"`
}

// Account is a person who signs in.
type Account struct {
	Name string `json:"name"`
	Role Role   `json:"role"`
	// Password is what [HashPassword] returns.
	Password string `json:"password"`
}

// Token is a program's key.
type Token struct {
	Name string `json:"name"`
	Role Role   `json:"role"`
	// Hash is what [NewToken] returns beside the token.
	Hash string `json:"hash"`
}

// Authenticator knows who may come in. It is safe for concurrent use.
type Authenticator struct {
	accounts []account
	tokens   []token
	provider *provider // nil where none is configured
	sessions Store
	attempts attempts
	hashing  chan struct{}
	now      func() time.Time
}

type account struct {
	Account
	hash passwordHash
}

type token struct {
	Token
	sum [sha256.Size]byte
}

// local is who comes in where no account and no token is configured.
var local = User{Name: "local", Role: Admin}

// New checks the configuration. now is the clock, nil for the system's.
func New(cfg Config, now func() time.Time) (*Authenticator, error) {
	if now == nil {
		now = time.Now
	}
	a := &Authenticator{now: now, hashing: make(chan struct{}, 2), sessions: &memory{now: now}}
	var errs []error
	seen := map[string]bool{}
	check := func(kind, name string, role Role) {
		switch {
		case name == "":
			errs = append(errs, fmt.Errorf("a %s has no name", kind))
		case seen[kind+name]:
			errs = append(errs, fmt.Errorf("two %ss are called %q", kind, name))
		case role == Nobody:
			errs = append(errs, fmt.Errorf("the %s %q has no role", kind, name))
		}
		seen[kind+name] = true
	}
	for _, u := range cfg.Users {
		check("user", u.Name, u.Role)
		hash, err := parseHash(u.Password)
		if err != nil {
			errs = append(errs, fmt.Errorf("the password of %q: %w", u.Name, err))
		}
		a.accounts = append(a.accounts, account{u, hash})
	}
	for _, t := range cfg.Tokens {
		check("token", t.Name, t.Role)
		sum, ok := strings.CutPrefix(t.Hash, "sha256:")
		raw, err := hex.DecodeString(sum)
		if !ok || err != nil || len(raw) != sha256.Size {
			errs = append(errs, fmt.Errorf("the hash of the token %q is not sha256: and 64 digits", t.Name))
			continue
		}
		a.tokens = append(a.tokens, token{t, [sha256.Size]byte(raw)})
	}
	if cfg.OIDC != nil {
		var err error
		if a.provider, err = newProvider(*cfg.OIDC); err != nil {
			errs = append(errs, err)
		}
	}
	return a, errors.Join(errs...)
}

// Open tells whether anybody may come in: no account, no token and no provider is configured.
func (a *Authenticator) Open() bool { return len(a.accounts)+len(a.tokens) == 0 && a.provider == nil }

// Passwords tells whether anybody signs in with a password.
func (a *Authenticator) Passwords() bool { return len(a.accounts) > 0 }

// NewToken makes a token and the hash to configure it with. The token itself is not kept anywhere.
func NewToken() (text, hash string) {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails
	text = "cw_" + base64.RawURLEncoding.EncodeToString(raw)
	sum := sha256.Sum256([]byte(text))
	return text, "sha256:" + hex.EncodeToString(sum[:])
}

// Identify tells who sends a request. ok is false where nobody is known who does; a token or a session that does
// not hold is never taken for somebody else.
func (a *Authenticator) Identify(r *http.Request) (u User, ok bool) {
	if header := r.Header.Get("Authorization"); header != "" {
		text, bearer := strings.CutPrefix(header, "Bearer ")
		if !bearer {
			return User{}, false
		}
		sum := sha256.Sum256([]byte(text))
		for _, t := range a.tokens {
			if subtle.ConstantTimeCompare(sum[:], t.sum[:]) == 1 {
				u, ok = User{Name: t.Name, Role: t.Role}, true
			}
		}
		return u, ok
	}
	if a.Open() {
		return local, true
	}
	return a.here(r)
}

type userKey struct{}

// WithUser returns a context in which [UserOf] finds who sends the request.
func WithUser(ctx context.Context, u User) context.Context {
	return context.WithValue(ctx, userKey{}, u)
}

// UserOf returns who sends the request of ctx; the zero User is nobody.
func UserOf(ctx context.Context) User {
	u, _ := ctx.Value(userKey{}).(User)
	return u
}
