package runtime

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("CROSSWALK_TEST_CHILD"); dir != "" {
		child(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

func open(t testing.TB, dir string) *Runtime {
	t.Helper()
	r, err := Open(t.Context(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closed(t, r) })
	return r
}

func closed(t testing.TB, r *Runtime) {
	t.Helper()
	if err := r.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestStoresSurviveClosing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	ctx := t.Context()
	at := time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.FixedZone("CET", 3600))
	full := port.Link{SourceID: "a/b c.*>é", TargetID: "7", TargetKey: "10001", Resource: "invoiceDraft", Version: "v1"}
	intent := port.Link{SourceID: "2", Resource: "order", PendingSince: at}

	r := open(t, dir)
	if _, ok, err := r.Links("orders").Link(ctx, port.Order, "a/b c.*>é"); ok || err != nil {
		t.Errorf("a link from nowhere: %v, %v", ok, err)
	}
	if c, err := r.Cursors().Cursor(ctx, "orders"); !c.IsZero() || err != nil {
		t.Errorf("a cursor from nowhere: %v, %v", c, err)
	}
	if token, err := r.Tokens().Token(ctx, "books"); token != "" || err != nil {
		t.Errorf("a token from nowhere: %v", err)
	}
	for _, err := range []error{
		r.Links("orders").SaveLink(ctx, port.Order, port.Link{SourceID: full.SourceID, TargetID: "old"}),
		r.Links("orders").SaveLink(ctx, port.Order, full),
		r.Links("orders").SaveLink(ctx, port.Order, intent),
		r.Cursors().SaveCursor(ctx, "orders", at.Add(-time.Hour)),
		r.Cursors().SaveCursor(ctx, "orders", at),
		r.Tokens().SaveToken(ctx, "books", "first"),
		r.Tokens().SaveToken(ctx, "books", "second"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	closed(t, r)
	closed(t, r) // again does nothing

	r = open(t, dir)
	intent.PendingSince = at.UTC()
	for _, want := range []port.Link{full, intent} {
		if got, ok, err := r.Links("orders").Link(ctx, port.Order, want.SourceID); got != want || !ok || err != nil {
			t.Errorf("got  %+v, %v, %v\nwant %+v", got, ok, err, want)
		}
	}
	if c, err := r.Cursors().Cursor(ctx, "orders"); c != at.UTC() || err != nil {
		t.Errorf("cursor %v, %v", c, err)
	}
	if token, err := r.Tokens().Token(ctx, "books"); token != "second" || err != nil {
		t.Errorf("token %q, %v", token, err)
	}
	for _, other := range []struct {
		scope  string
		entity port.Entity
		id     string
	}{{"others", port.Order, full.SourceID}, {"orders", port.Customer, full.SourceID}, {"orders", port.Order, "a/b c"}} {
		if _, ok, err := r.Links(other.scope).Link(ctx, other.entity, other.id); ok || err != nil {
			t.Errorf("%v has a link: %v", other, err)
		}
	}
}

func TestAnyTextIsAKey(t *testing.T) {
	r := open(t, t.TempDir())
	long := strings.Repeat("long", 400)
	texts := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "=", ".", "..", "*", ">", " ", "a.b", "$KV", "\x00", "\xff", long, long + "x"}))
	links := func(scope string) port.Links { return r.Links(scope) }
	model := map[[3]string]string{}
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		at := [3]string{texts.Draw(t, "scope"), texts.Draw(t, "entity"), texts.Draw(t, "id")}
		n++
		model[at] = fmt.Sprint(n)
		if err := links(at[0]).SaveLink(context.Background(), port.Entity(at[1]), port.Link{SourceID: at[2], TargetID: model[at]}); err != nil {
			t.Fatal(err)
		}
	})
	for at, want := range model {
		got, ok, err := links(at[0]).Link(t.Context(), port.Entity(at[1]), at[2])
		if !ok || err != nil || got.TargetID != want || got.SourceID != at[2] {
			t.Errorf("%.40q: got %q, want %q: %v", at, got.TargetID, want, err)
		}
	}
}

func TestManyWriters(t *testing.T) {
	r := open(t, t.TempDir())
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			links := r.Links(fmt.Sprint("flow ", w))
			for i := range 20 {
				id := fmt.Sprint(i)
				if err := links.SaveLink(t.Context(), port.Order, port.Link{SourceID: id, TargetID: fmt.Sprint(w)}); err != nil {
					t.Error(err)
				}
				if l, ok, err := links.Link(t.Context(), port.Order, id); !ok || err != nil || l.TargetID != fmt.Sprint(w) {
					t.Errorf("what was just written is not there: %+v, %v, %v", l, ok, err)
				}
			}
		})
	}
	wg.Wait()
}

func TestOneFolderOneProcess(t *testing.T) {
	dir := t.TempDir()
	r := open(t, dir)
	_, err := Open(t.Context(), dir, Options{})
	if !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), fmt.Sprintf("%s: in use by process %d", dir, os.Getpid())) {
		t.Errorf("the same process: %v", err)
	}
	out, err := startChild(t, dir, "exit").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "in use by process") {
		t.Errorf("another process: %v: %s", err, out)
	}
	closed(t, r)
	open(t, dir)
}

// TestJoin shows that another process, and this one, can use a store that is open, and that its end is told.
func TestJoin(t *testing.T) {
	for _, dir := range []string{t.TempDir(), filepath.Join(t.TempDir(), strings.Repeat("long", 30))} {
		owner := open(t, dir)
		if !owner.Owner() {
			t.Error("who opened the folder does not own it")
		}
		joined, err := Open(t.Context(), dir, Options{Join: true})
		if err != nil {
			t.Fatal(err)
		}
		if joined.Owner() {
			t.Error("who joined owns the folder")
		}
		if err := joined.Tokens().SaveToken(t.Context(), "books", "new"); err != nil {
			t.Fatal(err)
		}
		if token, err := owner.Tokens().Token(t.Context(), "books"); token != "new" || err != nil {
			t.Errorf("%q, %v", token, err)
		}
		closed(t, owner)
		if _, err := joined.Tokens().Token(t.Context(), "books"); err == nil {
			t.Error("a store that is gone gives no token, which is not the same as none")
		}
		closed(t, joined)
		again, err := Open(t.Context(), dir, Options{Join: true}) // now nobody has it
		if err != nil {
			t.Fatal(err)
		}
		if !again.Owner() {
			t.Error("the folder is free, and was joined")
		}
		closed(t, again)
	}
}

func TestNewerLayout(t *testing.T) {
	dir := t.TempDir()
	r := open(t, dir)
	about, err := r.Bucket(t.Context(), jetstream.KeyValueConfig{Bucket: "about"})
	if err != nil {
		t.Fatal(err)
	}
	if err := put(t.Context(), about, "layout", []byte("2")); err != nil {
		t.Fatal(err)
	}
	closed(t, r)
	if _, err := Open(t.Context(), dir, Options{}); err == nil || !strings.Contains(err.Error(), "newer Crosswalk") {
		t.Errorf("a store of a newer program: %v", err)
	}
}

func TestOpenFails(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	blocked := t.TempDir()
	if err := os.WriteFile(filepath.Join(blocked, "store"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"", file, blocked} {
		if _, err := Open(t.Context(), dir, Options{}); err == nil {
			t.Errorf("%q was opened", dir)
		}
	}
	if err := os.Remove(filepath.Join(blocked, "store")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, blocked, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that is over: %v", err)
	}
	open(t, blocked) // neither failure left the lock behind
}

func TestAfterClosing(t *testing.T) {
	r := open(t, t.TempDir())
	closed(t, r)
	if err := r.Tokens().SaveToken(t.Context(), "books", "a"); err == nil {
		t.Error("a closed store takes a token")
	}
	if _, err := r.Cursors().Cursor(t.Context(), "orders"); err == nil {
		t.Error("a closed store has no cursor, which is not the same as a zero one")
	}
	if _, _, err := r.Links("orders").Link(t.Context(), port.Order, "1"); err == nil {
		t.Error("a closed store has no link, which is not the same as none")
	}
}

func TestUnreadableEntriesAreErrors(t *testing.T) {
	r := open(t, t.TempDir())
	ctx := t.Context()
	if err := errors.Join(put(ctx, r.links, key("orders", "order", "1"), []byte("{")), put(ctx, r.cursors, key("orders"), []byte("yesterday"))); err != nil {
		t.Fatal(err)
	}
	if _, _, err := r.Links("orders").Link(ctx, port.Order, "1"); err == nil {
		t.Error("a torn link is read")
	}
	if _, err := r.Cursors().Cursor(ctx, "orders"); err == nil {
		t.Error("a torn cursor is read")
	}
}

func TestPrivateAndSilent(t *testing.T) {
	dir := t.TempDir()
	var log bytes.Buffer
	r, err := Open(t.Context(), dir, Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Tokens().SaveToken(t.Context(), "books", "refresh-secret"); err != nil {
		t.Fatal(err)
	}
	if addr := r.server.Addr(); addr != nil {
		t.Errorf("the server listens on %v", addr)
	}
	// A killed process does not lose what the kernel has; only a lost machine would tell.
	if cfg := r.server.JetStreamConfig(); !cfg.SyncAlways {
		t.Error("acknowledged writes are not flushed to disk")
	}
	closed(t, r)
	if log.Len() != 0 {
		t.Errorf("at level info the log says %s", log.String())
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is open to others: %v", path, info.Mode())
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// startChild prepares this test binary as a process that writes to the store.
func startChild(t *testing.T, dir, end string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "CROSSWALK_TEST_CHILD="+dir, "CROSSWALK_TEST_END="+end)
	return cmd
}

// child writes links, cursors and tokens and says each number once they are acknowledged.
func child(dir string) {
	ctx := context.Background()
	r, err := Open(ctx, dir, Options{})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for i := 1; ; i++ {
		err := errors.Join(
			r.Links("orders").SaveLink(ctx, port.Order, port.Link{SourceID: fmt.Sprint(i), TargetID: fmt.Sprint(i)}),
			r.Cursors().SaveCursor(ctx, "orders", time.Unix(int64(i), 0)),
			r.Tokens().SaveToken(ctx, "books", fmt.Sprint(i)))
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(i)
		if os.Getenv("CROSSWALK_TEST_END") == "exit" && i == 5 {
			os.Exit(0) // without closing
		}
	}
}

func TestAcknowledgedWritesSurviveACrash(t *testing.T) {
	for _, end := range []string{"exit", "kill", "kill", "kill"} {
		t.Run(end, func(t *testing.T) {
			dir := t.TempDir()
			cmd := startChild(t, dir, end)
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			acknowledged := 0
			for lines := bufio.NewScanner(out); lines.Scan(); {
				if _, err := fmt.Sscan(lines.Text(), &acknowledged); err != nil {
					t.Fatal(lines.Text())
				}
				if end == "kill" && acknowledged == 10 {
					// SIGKILL, in the middle of the next writes.
					if err := cmd.Process.Kill(); err != nil {
						t.Fatal(err)
					}
				}
			}
			_ = cmd.Wait()
			if acknowledged < 5 {
				t.Fatalf("the child wrote %d", acknowledged)
			}
			r := open(t, dir)
			for i := 1; i <= acknowledged; i++ {
				if l, ok, err := r.Links("orders").Link(t.Context(), port.Order, fmt.Sprint(i)); !ok || err != nil || l.TargetID != fmt.Sprint(i) {
					t.Errorf("link %d of %d is %+v, %v, %v", i, acknowledged, l, ok, err)
				}
			}
			if c, err := r.Cursors().Cursor(t.Context(), "orders"); err != nil || c.Unix() < int64(acknowledged) {
				t.Errorf("the cursor is %v, %v", c, err)
			}
			var token int
			if text, err := r.Tokens().Token(t.Context(), "books"); err != nil {
				t.Error(err)
			} else if _, err := fmt.Sscan(text, &token); err != nil || token < acknowledged {
				t.Errorf("the token is %q", text)
			}
			if err := r.Tokens().SaveToken(t.Context(), "books", "after"); err != nil {
				t.Error(err)
			}
		})
	}
}
