package rest

import (
	"context"
	"errors"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// observed is attempt with the observer told.
func (c *call) observed(ctx context.Context, number int) (Response, again, error) {
	if c.cfg.Observer == nil {
		return c.attempt(ctx, number)
	}
	told := connectors.Call{Connection: c.cfg.Connection, System: c.cfg.System, Op: c.req.Op(), Attempt: number}
	if l := c.limiter(); l != nil {
		left := l.left(c.cfg.Now())
		told.Budget = &left
	}
	start := c.cfg.Now()
	attempt, ended := c.cfg.Observer.Call(ctx, told)
	if attempt == nil {
		attempt = ctx
	}
	resp, retry, err := c.attempt(attempt, number)
	if ended != nil {
		now := c.cfg.Now()
		ended(connectors.Ended{Status: resp.Status, Kind: endKind(err), Took: now.Sub(start), Open: c.breaker.opened(now)})
	}
	return resp, retry, err
}

func (c *call) tellWait(ctx context.Context, why connectors.WaitReason, d time.Duration) {
	if c.cfg.Observer != nil {
		c.cfg.Observer.Wait(ctx, connectors.Wait{Connection: c.cfg.Connection, System: c.cfg.System, Op: c.req.Op(), Why: why, For: d})
	}
}

// endKind is the kind of an attempt's error: one of engine/port, or the context's, nil for none.
func endKind(err error) error {
	var e *port.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, port.ErrOutage) && errors.Is(err, context.Canceled):
		return context.Canceled // it was not sent
	case errors.As(err, &e):
		return e.Kind
	case errors.Is(err, context.DeadlineExceeded):
		return context.DeadlineExceeded
	case errors.Is(err, context.Canceled):
		return context.Canceled
	}
	return port.ErrProtocol
}
