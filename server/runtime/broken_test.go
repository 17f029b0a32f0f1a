package runtime

import (
	"context"
	"errors"
	"log/slog"
	"testing"
)

// TestBroken hears in the server's words (as it says them when a disk is full) that the store takes no writes any more.
func TestBroken(t *testing.T) {
	r := open(t, t.TempDir())
	if err := r.Ready(); err != nil {
		t.Errorf("a store that works: %v", err)
	}
	until, stop := r.UntilBroken(t.Context())
	defer stop()
	said := serverLog{slog.New(slog.DiscardHandler), &r.broken}
	said.Errorf("JetStream failed to store a msg on stream '%s > %s': %v", "$G", "WORK", errors.New("insufficient storage"))
	if err := r.Ready(); err != nil {
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
	if err := r.Ready(); !errors.Is(err, ErrBroken) {
		t.Errorf("a store that cannot write: %v", err)
	}
}
