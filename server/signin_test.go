package server_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/crosswalk-go/crosswalk/server/auth"
	"github.com/crosswalk-go/crosswalk/server/runtime"
	"github.com/crosswalk-go/crosswalk/server/runtime/sessions"
)

const (
	goodPassword = "correct horse battery"
	// cheapHash is a hash of it that costs as little as one may.
	cheapHash = "$argon2id$v=19$m=19456,t=1,p=1$c2FsdC1vZi10aGUtdGVzdHM$ilLF7/EDXLP1F6eTMTN8zay/8G4X+NoW2H06z3mlbrs"
)

// door is an authenticator over a store in a folder, as a process of the server has it.
type door struct {
	*auth.Authenticator
	t     *testing.T
	store *runtime.Runtime
	kept  *sessions.Store
}

func newDoor(t *testing.T, dir string, now *time.Time, cfg auth.Config) *door {
	t.Helper()
	d := &door{t: t}
	var err error
	if d.store, err = runtime.Open(t.Context(), dir, runtime.Options{}); err != nil {
		t.Fatal(err)
	}
	if d.kept, err = sessions.Open(t.Context(), d.store, auth.SessionLife); err != nil {
		t.Fatal(err)
	}
	if d.Authenticator, err = auth.New(cfg, func() time.Time { return *now }); err != nil {
		t.Fatal(err)
	}
	d.Keep(d.kept)
	return d
}

func (d *door) close() {
	d.t.Helper()
	if err := d.store.Close(context.WithoutCancel(d.t.Context())); err != nil {
		d.t.Error(err)
	}
}

func (d *door) signIn() string {
	d.t.Helper()
	cookie, _, err := d.SignIn(d.t.Context(), "ann", goodPassword, "127.0.0.1")
	if err != nil {
		d.t.Fatal(err)
	}
	return cookie
}

func with(cookie string) *http.Request {
	r := httptest.NewRequest("GET", "/", nil)
	r.AddCookie(auth.Cookie(cookie, false))
	return r
}

func (d *door) here(cookie string) bool {
	u, ok := d.Identify(with(cookie))
	return ok && u.Name == "ann" && u.Session
}

// A session holds over a restart, until it is ended, over, or its password is another one. What lies on the disk opens nothing.
func TestSessionsOverRestarts(t *testing.T) {
	dir, now := t.TempDir(), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	cfg := auth.Config{Users: []auth.Account{{Name: "ann", Role: auth.Editor, Password: cheapHash}}}
	first := newDoor(t, dir, &now, cfg)
	one, two, three := first.signIn(), first.signIn(), first.signIn()
	if err := first.SignOut(with(two)); err != nil {
		t.Fatal(err)
	}
	first.close()

	second := newDoor(t, dir, &now, cfg)
	if !second.here(one) || second.here(two) || !second.here(three) {
		t.Errorf("after a restart they are %v %v %v", second.here(one), second.here(two), second.here(three))
	}
	for _, wrong := range []string{"", ".", one + "x", strings.Repeat("a", len(one)), one[:25] + three[25:][:42] + "x", three[:25]} {
		if second.here(wrong) {
			t.Errorf("the cookie %q opens a session", wrong)
		}
	}
	now = now.Add(11 * time.Hour)
	if !second.here(one) {
		t.Fatal("it ended too soon")
	}
	second.close()

	third := newDoor(t, dir, &now, cfg)
	now = now.Add(2 * time.Hour)
	if !third.here(one) || third.here(three) {
		t.Errorf("the one that was used is %v, the other %v", third.here(one), third.here(three))
	}
	if err := third.SignOutEverywhere(with(one)); err != nil {
		t.Fatal(err)
	}
	if third.here(one) {
		t.Error("it is open after all were ended")
	}
	last := third.signIn()
	third.close()

	other, err := auth.HashPassword("another horse battery")
	if err != nil {
		t.Fatal(err)
	}
	changed := newDoor(t, dir, &now, auth.Config{Users: []auth.Account{{Name: "ann", Role: auth.Editor, Password: other}}})
	if changed.here(last) {
		t.Error("a session holds that was begun with another password")
	}
	changed.close()

	err = fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		for _, secret := range []string{"ann", one[25:], three[25:], last[25:], last[:24]} {
			if secret == "ann" && !bytes.Contains(data, []byte(`"user"`)) {
				continue // three letters stand anywhere
			}
			if bytes.Contains(data, []byte(secret)) {
				t.Errorf("%s holds %s", name, secret)
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// A request that is under way while all sessions are ended begins none anew.
func TestEndedSessionsStayEnded(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	d := newDoor(t, t.TempDir(), &now, auth.Config{})
	defer d.close()
	ctx := t.Context()
	if err := errors.Join(d.kept.Save(ctx, "g", "a", []byte("1")), d.kept.Save(ctx, "g", "b", []byte("2")), d.kept.Save(ctx, "h", "a", []byte("3"))); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(d.kept.EndAll(ctx, "g"), d.kept.Renew(ctx, "g", "a", []byte("4")), d.kept.Renew(ctx, "h", "a", []byte("5"))); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ group, id, want string }{{"g", "a", ""}, {"g", "b", ""}, {"h", "a", "5"}, {"h", "b", ""}} {
		got, ok, err := d.kept.Load(ctx, tt.group, tt.id)
		if err != nil || string(got) != tt.want || ok != (tt.want != "") {
			t.Errorf("%s %s holds %q, %v, want %q", tt.group, tt.id, got, err, tt.want)
		}
	}
}
