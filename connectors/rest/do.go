package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"slices"
	"sync/atomic"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// Do makes the call, again where that is safe, and returns the answer with a status below 300.
// Every other ending is an error, with the last answer beside it if there was one:
//
//   - [*port.Error]: what the system said, or [port.ErrOutage] where nothing was done, or
//     [port.ErrInDoubt] where a call that must not be repeated may have been carried out;
//   - the context's error, where it ended before anything was sent or during a call that may be repeated.
func (c *Client) Do(ctx context.Context, req Request) (Response, error) {
	addr, err := req.url(c.base)
	if err != nil {
		return Response{}, fmt.Errorf("%s: %s: %w", c.cfg.System, req.Op(), err)
	}
	call := &call{Client: c, req: req, url: addr}
	for attempt := 1; ; attempt++ {
		if err := call.budget(ctx); err != nil {
			return Response{}, err
		}
		resp, retry, err := call.observed(ctx, attempt)
		if err == nil {
			return resp, nil
		}
		if retry == relogin {
			attempt-- // a stale token is no failure of the system
			continue
		}
		if retry == never || attempt >= c.cfg.Retry.Attempts {
			return resp, err
		}
		wait := c.cfg.Retry.backoff(attempt, c.cfg.Rand())
		var e *port.Error
		if errors.As(err, &e) && e.RetryAfter > 0 {
			// A little later than told: seconds are often rounded down.
			wait = e.RetryAfter + c.cfg.Retry.backoff(1, c.cfg.Rand())
		}
		if call.waited+wait > c.cfg.Retry.MaxWait {
			return resp, err
		}
		if serr := call.wait(ctx, connectors.WaitRetry, wait); serr != nil {
			return resp, serr
		}
	}
}

// call is one Do.
type call struct {
	*Client
	req    Request
	url    string
	waited time.Duration
	asked  bool // Invalidate was asked
}

// again says what an attempt's error allows.
type again uint8

const (
	never again = iota
	later
	relogin
)

// budget waits until the request's limiter lets it through.
func (c *call) budget(ctx context.Context) error {
	l := c.limiter()
	if l == nil {
		return c.alive(ctx)
	}
	wait, ok := l.reserve(c.cfg.Now(), c.cfg.Retry.MaxWait-c.waited)
	if !ok {
		return &port.Error{Kind: port.ErrRateLimit, System: c.cfg.System, Op: c.req.Op(), RetryAfter: wait,
			Message: "the budget of requests is spent"}
	}
	if wait > 0 {
		return c.wait(ctx, connectors.WaitBudget, wait)
	}
	return c.alive(ctx)
}

func (c *call) limiter() *Limiter {
	if c.cfg.Limit == nil {
		return nil
	}
	return c.cfg.Limit(c.req)
}

func (c *call) wait(ctx context.Context, why connectors.WaitReason, d time.Duration) error {
	c.waited += d
	c.tellWait(ctx, why, d)
	if err := c.cfg.Sleep(ctx, d); err != nil {
		return c.ended(err)
	}
	return nil
}

func (c *call) alive(ctx context.Context) error {
	if ctx.Err() != nil {
		return c.ended(context.Cause(ctx))
	}
	return nil
}

// ended is the error of a request that was not sent because its caller has gone. Of one that must not be repeated it says so: whoever stops while it
// waits for the budget has made nothing.
func (c *call) ended(cause error) error {
	if !c.req.repeatable() {
		return &port.Error{Kind: port.ErrOutage, System: c.cfg.System, Op: c.req.Op(), Message: "not sent", Err: cause}
	}
	return fmt.Errorf("%s: %s: %w", c.cfg.System, c.req.Op(), cause)
}

// attempt sends the request once.
func (c *call) attempt(ctx context.Context, number int) (Response, again, error) {
	timeout := c.req.Timeout
	if timeout <= 0 {
		timeout = c.cfg.Timeout
	}
	actx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	sent := &sentTrace{}
	hr, err := c.build(httptrace.WithClientTrace(actx, sent.trace()))
	if err != nil {
		return Response{}, never, fmt.Errorf("%s: %s: %w", c.cfg.System, c.req.Op(), err)
	}
	if c.cfg.Auth != nil {
		if err := c.cfg.Auth.Authorize(ctx, hr); err != nil {
			return Response{}, never, err
		}
	}
	probe, wait, ok := c.breaker.allow(c.cfg.Now())
	if !ok {
		return Response{}, never, &port.Error{Kind: port.ErrOutage, System: c.cfg.System, Op: c.req.Op(), RetryAfter: wait, Err: ErrOpen}
	}
	start := c.cfg.Now()
	resp, err := c.roundTrip(hr)
	end := c.cfg.Now()
	c.breaker.settle(end, probe, health(ctx, resp, err))
	c.record(ctx, hr, resp, err, number, start, end)

	if err != nil {
		retry, failure := c.lost(ctx, resp, err, sent)
		return resp, retry, failure
	}
	if resp.Status == http.StatusUnauthorized && c.cfg.Auth != nil && !c.asked {
		c.asked = true
		if c.cfg.Auth.Invalidate(ctx, hr) {
			return resp, relogin, c.failure(resp, hr.Header)
		}
	}
	if resp.Status >= 300 {
		e := c.failure(resp, hr.Header)
		if l := c.limiter(); l != nil && errors.Is(e.Kind, port.ErrRateLimit) && e.RetryAfter > 0 {
			l.hold(end.Add(e.RetryAfter))
		}
		if port.Retryable(e) {
			return resp, later, e
		}
		return resp, never, e
	}
	if c.cfg.JSON && len(bytes.TrimSpace(resp.Body)) > 0 && !json.Valid(resp.Body) {
		return resp, never, c.garbled(resp)
	}
	return resp, never, nil
}

func (c *call) build(ctx context.Context) (*http.Request, error) {
	var body io.Reader
	if c.req.Body != nil {
		body = bytes.NewReader(c.req.Body) // gives the request its GetBody
	}
	hr, err := http.NewRequestWithContext(ctx, c.req.method(), c.url, body)
	if err != nil {
		return nil, errors.New("the request cannot be built: check method and path")
	}
	for name, values := range c.cfg.Header {
		hr.Header[http.CanonicalHeaderKey(name)] = slices.Clone(values)
	}
	for name, values := range c.req.Header {
		hr.Header[http.CanonicalHeaderKey(name)] = slices.Clone(values)
	}
	if hr.Header.Get("Accept") == "" {
		hr.Header.Set("Accept", "application/json")
	}
	if c.req.Body != nil && hr.Header.Get("Content-Type") == "" {
		hr.Header.Set("Content-Type", "application/json")
	}
	if hr.Header.Get("User-Agent") == "" {
		hr.Header.Set("User-Agent", "Crosswalk")
	}
	return hr, nil
}

var errTooLarge = errors.New("the answer is too large")

// roundTrip sends hr and reads the whole answer. With an error, the response holds what was
// read of it; Status is 0 where nothing came.
func (c *call) roundTrip(hr *http.Request) (Response, error) {
	answer, err := c.http.Do(hr)
	if err != nil {
		return Response{}, withoutURL(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, c.cfg.MaxBody+1))
	resp := Response{Status: answer.StatusCode, Header: answer.Header, Body: body}
	if err == nil && int64(len(body)) > c.cfg.MaxBody {
		resp.Body = body[:c.cfg.MaxBody]
		err = fmt.Errorf("%w: more than %d bytes", errTooLarge, c.cfg.MaxBody)
	}
	if err != nil && resp.Status >= 300 {
		err = nil // the status says enough; the words may be cut off
	}
	return resp, err
}

func health(ctx context.Context, resp Response, err error) result {
	switch {
	case resp.Status == http.StatusBadGateway, resp.Status == http.StatusServiceUnavailable, resp.Status == http.StatusGatewayTimeout:
		return down
	case resp.Status != 0:
		return answered
	case ctx.Err() != nil:
		return unknown
	case err != nil:
		return down
	}
	return answered
}

func (c *call) record(ctx context.Context, hr *http.Request, resp Response, err error, number int, start, end time.Time) {
	attrs := []slog.Attr{
		slog.String("system", c.cfg.System), slog.String("op", c.req.Op()), slog.Int("attempt", number),
		slog.Int("status", resp.Status), slog.Duration("took", end.Sub(start)), slog.Int("bytes", len(resp.Body)),
	}
	if err != nil {
		attrs = append(attrs, slog.String("error", err.Error()))
	}
	c.cfg.Log.LogAttrs(ctx, slog.LevelDebug, "call", attrs...)
	if c.cfg.Capture == nil {
		return
	}
	if take := c.cfg.Capture(ctx); take != nil {
		take(exchange(hr, c.req.Body, resp, err, number, start, end))
	}
}

// sentTrace tells whether a request may have left the machine. The transport sends a
// request that must not be repeated a second time only where nothing of it was written, so
// that each start over resets the answer.
type sentTrace struct {
	looked, got atomic.Bool
}

func (s *sentTrace) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(string) { s.got.Store(false); s.looked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { s.got.Store(true) },
	}
}

// nothing tells whether certainly nothing was sent.
func (s *sentTrace) nothing() bool { return s.looked.Load() && !s.got.Load() }
