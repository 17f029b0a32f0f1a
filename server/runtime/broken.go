package runtime

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// ErrBroken is the error of a store that takes no writes any more, because one failed: the disk is full, or gone. It does not mend before the store is opened anew.
var ErrBroken = errors.New("the store cannot write any more: make room on its disk and start anew")

// broken is heard of in the words of the server, which has no other way of telling it.
type broken struct {
	is  context.Context // ends once it is, with [ErrBroken] as its cause
	end context.CancelCauseFunc
}

func newBroken() broken {
	is, end := context.WithCancelCause(context.Background())
	return broken{is, end}
}

// criticalWords are in what nats-server/v2 2.15 says when a write of a stream failed (server/filestore.go, setWriteErr).
const criticalWords = "Critical write error: "

func (b broken) hear(text string) {
	if _, why, ok := strings.Cut(text, criticalWords); ok {
		b.end(fmt.Errorf("%w (%s)", ErrBroken, why))
	}
}

// Broken is closed once the store takes no writes any more.
func (r *Runtime) Broken() <-chan struct{} { return r.broken.is.Done() }

// UntilBroken returns a context that also ends, with [ErrBroken] as its cause, once the store takes no writes any more. Whoever has it calls stop.
func (r *Runtime) UntilBroken(ctx context.Context) (until context.Context, stop func()) {
	until, cancel := context.WithCancelCause(ctx)
	deaf := context.AfterFunc(r.broken.is, func() { cancel(context.Cause(r.broken.is)) })
	return until, func() { deaf(); cancel(nil) }
}

// readyWait is how long a cluster may take to answer before it is not ready.
const readyWait = 2 * time.Second

// Ready says why the store cannot be used, nil where it can: [ErrBroken], or that the cluster is not reached, or has too few servers to answer.
func (r *Runtime) Ready(ctx context.Context) error {
	if err := context.Cause(r.broken.is); err != nil {
		return err
	}
	if s := r.conn.Status(); s != nats.CONNECTED {
		return fmt.Errorf("the store is not reached: the connection is %s", strings.ToLower(s.String()))
	}
	if r.cluster == nil {
		return nil
	}
	ctx, done := context.WithTimeout(ctx, readyWait)
	defer done()
	// Answered by the server that writes the bucket, of which there is none without most of the others.
	if _, _, err := get(ctx, r.cursors, "ready"); err != nil {
		return fmt.Errorf("the store does not answer: %w", r.cluster.explained(err))
	}
	return nil
}
