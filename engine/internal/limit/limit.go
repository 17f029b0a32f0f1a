// Package limit counts what the work on one document costs: steps, bytes and time. It
// decides nothing about documents. Start with [Budget].
package limit

import (
	"context"
	"errors"
	"fmt"
)

// ErrExceeded is matched by every error of a [Budget] that ran out.
var ErrExceeded = errors.New("limit reached")

// Error says which limit was reached.
type Error struct {
	What string // "steps", "bytes of memory", "bytes of output", "time"
	Max  int64
	Err  error
}

// Error says what ran out, without any value of the document.
func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("the time for this document ran out: %v", e.Err)
	}
	return fmt.Sprintf("more than %d %s for one document", e.Max, e.What)
}

// Unwrap gives ErrExceeded and the context's error.
func (e *Error) Unwrap() []error {
	if e.Err != nil {
		return []error{ErrExceeded, e.Err}
	}
	return []error{ErrExceeded}
}

// Budget is what one document may still use. It belongs to one goroutine.
type Budget struct {
	ctx             context.Context
	steps, maxSteps int64
	bytes, maxBytes int64
	check           int64 // the step at which to look closer
}

// New starts a budget of steps and bytes that also ends with ctx.
func New(ctx context.Context, steps, bytes int64) Budget {
	return Budget{ctx: ctx, maxSteps: steps, maxBytes: bytes}
}

// Context returns what the budget ends with.
func (b *Budget) Context() context.Context { return b.ctx }

// Step takes n steps.
func (b *Budget) Step(n int) error {
	if b.steps += int64(n); b.steps < b.check {
		return nil
	}
	return b.look()
}

// look tells whether the steps or the time ran out, and says when to look again.
func (b *Budget) look() error {
	if b.steps > b.maxSteps {
		return &Error{What: "steps", Max: b.maxSteps}
	}
	if err := b.ctx.Err(); err != nil {
		return &Error{What: "time", Err: err}
	}
	b.check = min(b.steps+1024, b.maxSteps+1)
	return nil
}

// Bytes takes n bytes of memory; call it before allocating them.
func (b *Budget) Bytes(n int64) error {
	if n < 0 || n > b.maxBytes-b.bytes {
		return &Error{What: "bytes of memory", Max: b.maxBytes}
	}
	b.bytes += n
	return b.Step(int(n >> 8))
}

// Fits tells whether something of n bytes may exist at all.
func (b *Budget) Fits(n int64) error {
	if n > b.maxBytes {
		return &Error{What: "bytes of memory", Max: b.maxBytes}
	}
	return nil
}
