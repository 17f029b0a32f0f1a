package auth_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/crosswalk-go/crosswalk/server/auth"
)

const password = "correct horse battery"

// cheapHash is a hash of password that costs as little as one may: tests sign in often.
const cheapHash = "$argon2id$v=19$m=19456,t=1,p=1$c2FsdC1vZi10aGUtdGVzdHM$ilLF7/EDXLP1F6eTMTN8zay/8G4X+NoW2H06z3mlbrs"

func account() auth.Account {
	return auth.Account{Name: "ann", Role: auth.Editor, Password: cheapHash}
}

func TestPasswords(t *testing.T) {
	one, _ := auth.HashPassword(password)
	two, _ := auth.HashPassword(password)
	if one == two || strings.Contains(one, password) || !strings.HasPrefix(one, "$argon2id$v=19$m=65536,t=3,p=2$") {
		t.Errorf("the hashes are %s and %s", one, two)
	}
	if _, err := auth.HashPassword("eleven char"); !errors.Is(err, auth.ErrShortPassword) {
		t.Errorf("eleven characters: %v", err)
	}
}

func TestConfigRefuses(t *testing.T) {
	good := account()
	_, hash := auth.NewToken()
	tests := []struct {
		name string
		cfg  auth.Config
		want string
	}{
		{"a password in the clear", auth.Config{Users: []auth.Account{{Name: "ann", Role: auth.Viewer, Password: password}}}, "no argon2id hash"},
		{"a hash that guards nothing", auth.Config{Users: []auth.Account{{Name: "ann", Role: auth.Viewer, Password: "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA"}}}, "out of bounds"},
		{"a hash that stops the server", auth.Config{Users: []auth.Account{{Name: "ann", Role: auth.Viewer, Password: "$argon2id$v=19$m=99999999,t=1,p=1$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA"}}}, "out of bounds"},
		{"no role", auth.Config{Users: []auth.Account{{Name: "ann", Password: good.Password}}}, "no role"},
		{"no name", auth.Config{Tokens: []auth.Token{{Role: auth.Viewer, Hash: hash}}}, "no name"},
		{"two of one name", auth.Config{Users: []auth.Account{good, good}}, "two users"},
		{"a token in the clear", auth.Config{Tokens: []auth.Token{{Name: "ci", Role: auth.Viewer, Hash: "cw_secret"}}}, "sha256"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := auth.New(test.cfg, nil)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, want %q", err, test.want)
			}
			if strings.Contains(err.Error(), password) || strings.Contains(err.Error(), "cw_secret") {
				t.Errorf("the error holds the secret: %v", err)
			}
		})
	}
}

func TestSessionsEnd(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	a, err := auth.New(auth.Config{Users: []auth.Account{account()}}, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	cookie, _, err := a.SignIn(t.Context(), "ann", password, "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	here := func() bool {
		r := httptest.NewRequest("GET", "/", nil)
		r.AddCookie(auth.Cookie(cookie, false))
		u, ok := a.Identify(r)
		return ok && u.Name == "ann"
	}
	for range 13 { // a request now and then keeps it open, for a week
		now = now.Add(11 * time.Hour)
		if !here() {
			t.Fatalf("the session ended after %s", now)
		}
	}
	now = now.Add(13 * time.Hour)
	if here() {
		t.Error("a session that nobody used is still open")
	}
	cookie, _, _ = a.SignIn(t.Context(), "ann", password, "127.0.0.1")
	for range 20 {
		now = now.Add(10 * time.Hour)
		here()
	}
	if here() {
		t.Error("a session is open for longer than a week")
	}
}

// All sessions of a person end at once, and nobody else's.
func TestSignOutEverywhere(t *testing.T) {
	bo := account()
	bo.Name = "bo"
	a, err := auth.New(auth.Config{Users: []auth.Account{account(), bo}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var cookies []string
	for _, name := range []string{"ann", "ann", "bo"} {
		cookie, _, err := a.SignIn(t.Context(), name, password, "127.0.0.1")
		if err != nil {
			t.Fatal(err)
		}
		cookies = append(cookies, cookie)
	}
	with := func(i int) *http.Request {
		r := httptest.NewRequest("GET", "/", nil)
		r.AddCookie(auth.Cookie(cookies[i], false))
		return r
	}
	if err := a.SignOutEverywhere(with(0)); err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{false, false, true} {
		if _, ok := a.Identify(with(i)); ok != want {
			t.Errorf("session %d is open: %v", i, ok)
		}
	}
}

func TestAttemptsAreCounted(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	a, err := auth.New(auth.Config{Users: []auth.Account{account()}}, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	try := func(name, from string) error {
		_, _, err := a.SignIn(context.Background(), name, "wrong", from)
		return err
	}
	for i := range 5 {
		if err := try("ann", "10.0.0."+string(rune('1'+i))); !errors.Is(err, auth.ErrRefused) {
			t.Fatalf("attempt %d: %v", i+1, err)
		}
	}
	if err := try("ann", "10.0.0.9"); !errors.Is(err, auth.ErrTooMany) {
		t.Errorf("the sixth attempt at a name: %v", err)
	}
	now = now.Add(11 * time.Second)
	if err := try("ann", "10.0.0.10"); !errors.Is(err, auth.ErrRefused) {
		t.Errorf("after a while: %v", err)
	}
}
