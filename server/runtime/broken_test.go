package runtime

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
)

// TestBroken hears in the server's words (as it says them when a disk is full) that the store takes no writes any more.
func TestBroken(t *testing.T) {
	r := open(t, t.TempDir())
	if err := r.Ready(t.Context()); err != nil {
		t.Errorf("a store that works: %v", err)
	}
	until, stop := r.UntilBroken(t.Context())
	defer stop()
	said := serverLog{slog.New(slog.DiscardHandler), r.broken}
	said.Errorf("JetStream failed to store a msg on stream '%s > %s': %v", "$G", "WORK", errors.New("insufficient storage"))
	if err := r.Ready(t.Context()); err != nil {
		t.Errorf("one write that was refused: %v", err)
	}
	for range 2 {
		said.Errorf("Filestore [%s] Critical write error: %v", "WORK", errors.New("write 2.blk: no space left on device"))
	}
	select {
	case <-r.Broken():
	default:
		t.Error("nobody is told")
	}
	<-until.Done()
	if err := context.Cause(until); !errors.Is(err, ErrBroken) {
		t.Errorf("what waits for it ends with %v", err)
	}
	if err := r.Ready(t.Context()); !errors.Is(err, ErrBroken) {
		t.Errorf("a store that cannot write: %v", err)
	}
}

// TestFull lets a store run out of room, in a process of its own whose files may not grow: what the server says then is what is listened for.
func TestFull(t *testing.T) {
	const inside = "CROSSWALK_TEST_FULL"
	if os.Getenv(inside) == "" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFull$", "-test.v")
		cmd.Env = append(os.Environ(), inside+"=1")
		if out, err := cmd.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("took no more")) {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	r := open(t, t.TempDir())
	if _, err := r.Stream(t.Context(), jetstream.StreamConfig{Name: "FULL", Subjects: []string{"full"}}); err != nil {
		t.Fatal(err)
	}
	limitFiles(t, 256<<10)
	until, stop := r.UntilBroken(t.Context()) // the server does not answer a write that failed
	defer stop()
	for range 1000 {
		if _, err := r.PublishAll(until, []Outgoing{{Subject: "full", Data: make([]byte, 4<<10)}}); err != nil {
			if !errors.Is(context.Cause(until), ErrBroken) || !errors.Is(r.Ready(t.Context()), ErrBroken) {
				t.Errorf("%v, and nobody is told: %v", err, r.Ready(t.Context()))
			}
			t.Log("took no more")
			return
		}
	}
	t.Fatal("the files grew beyond their limit")
}
