package flow

import (
	"context"
	"errors"
	"time"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// sleep waits for d or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// pause is the wait after the attempt'th try, counted from 0.
func (p Pace) pause(attempt int) time.Duration {
	d := p.Wait
	for range attempt {
		if d *= 2; d >= p.MaxWait {
			return p.MaxWait
		}
	}
	return min(d, p.MaxWait)
}

// retry makes a call again while its error says that a repeat is safe.
func retry[T any](ctx context.Context, p Pace, call func() (T, error)) (T, error) {
	return retryIf(ctx, p, port.Retryable, call)
}

func retryIf[T any](ctx context.Context, p Pace, again func(error) bool, call func() (T, error)) (T, error) {
	for attempt := 0; ; attempt++ {
		v, err := call()
		if err == nil || attempt+1 >= p.Attempts || !again(err) {
			return v, err
		}
		wait := p.pause(attempt)
		var e *port.Error
		if errors.As(err, &e) && e.RetryAfter > 0 {
			if e.RetryAfter > p.MaxWait {
				return v, err
			}
			wait = e.RetryAfter
		}
		if sleepErr := p.Sleep(ctx, wait); sleepErr != nil {
			return v, err
		}
	}
}

// lingering returns a context that ends grace after ctx does, so that a document in hand
// can be settled when a run is stopped. It keeps ctx's values and no deadline.
func lingering(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	out, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		t := time.NewTimer(grace)
		defer t.Stop()
		select {
		case <-t.C:
			cancel()
		case <-out.Done():
		}
	})
	return out, func() {
		stop()
		cancel()
	}
}
