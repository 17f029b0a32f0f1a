package runtime

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/nats-io/nats.go"
)

// ErrBroken is the error of a store that takes no writes any more, because one failed: the disk is full, or gone. It does not mend before the store is opened anew.
var ErrBroken = errors.New("the store cannot write any more: make room on its disk and start anew")

// broken is heard of in the words of the server, which has no other way of telling it.
type broken struct {
	once sync.Once
	is   chan struct{} // closed once it is
	why  string
}

// criticalWords are in what nats-server/v2 2.15 says when a write of a stream failed (server/filestore.go, setWriteErr).
const criticalWords = "Critical write error: "

func (b *broken) hear(text string) {
	if _, why, ok := strings.Cut(text, criticalWords); ok {
		b.once.Do(func() {
			b.why = why
			close(b.is)
		})
	}
}

// Broken is closed once the store takes no writes any more.
func (r *Runtime) Broken() <-chan struct{} { return r.broken.is }

// UntilBroken returns a context that also ends, with [ErrBroken] as its cause, once the store takes no writes any more. Whoever has it calls stop.
func (r *Runtime) UntilBroken(ctx context.Context) (until context.Context, stop context.CancelFunc) {
	until, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-until.Done():
		case <-r.broken.is:
			cancel(r.Ready())
		}
	}()
	return until, func() { cancel(nil) }
}

// Ready says why the store cannot be used, nil where it can: [ErrBroken], or that the cluster is not reached.
func (r *Runtime) Ready() error {
	select {
	case <-r.broken.is:
		return fmt.Errorf("%w (%s)", ErrBroken, r.broken.why)
	default:
	}
	if s := r.conn.Status(); s != nats.CONNECTED {
		return fmt.Errorf("the store is not reached: the connection is %s", strings.ToLower(s.String()))
	}
	return nil
}
