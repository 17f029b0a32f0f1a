package runner

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// setBackMost is by how much the clock may go back before anything is done about it: what keeps clocks right moves them by less.
const setBackMost = 30 * time.Second

// errSetBack ends a turn of [Engine.Serve].
var errSetBack = errors.New("this machine's clock was set back")

// untilSetBack returns a context that also ends, with [errSetBack] as its cause, once the clock was set back. The store puts off by times of the clock (the
// next tick of a schedule, the next delivery of what was put back), and would wait until the clock has come to them again. On a cluster that is the business of its
// servers' clocks.
func (e *Engine) untilSetBack(ctx context.Context, every time.Duration) (until context.Context, stop func()) {
	until, cancel := context.WithCancelCause(ctx)
	if !e.store.Owner() {
		return until, func() { cancel(nil) }
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			was, passed := e.options.Now().Round(0), time.Now()
			if !pause(until, every) {
				return
			}
			// time.Since goes by a clock that nobody sets.
			if by := was.Add(time.Since(passed)).Sub(e.options.Now().Round(0)); by > setBackMost {
				cancel(fmt.Errorf("%w by %s", errSetBack, by.Round(time.Second)))
				return
			}
		}
	}()
	return until, func() { cancel(nil); <-done }
}

// takeBack makes everything wait anew that waits for a time. Nothing may be in hand.
func (e *Engine) takeBack(ctx context.Context) error {
	return errors.Join(e.queue.TakeBack(ctx), e.schedules.Anew(ctx))
}
