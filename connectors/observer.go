package connectors

import (
	"context"
	"errors"
	"time"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// Observer hears what connections do, for metrics and traces. It hears no address, no key and nothing of a document. It is called from
// many goroutines and must not block.
type Observer interface {
	// Call begins an attempt of a call. The attempt goes on with the context that it returns, such as one with a span; ended, which may be
	// nil, is called once.
	Call(ctx context.Context, c Call) (attempt context.Context, ended func(Ended))
	// Wait tells that a call waits before it is sent.
	Wait(ctx context.Context, w Wait)
}

// Call is an attempt of a call that begins.
type Call struct {
	Connection, System string
	Op                 string // method and route without ids: "GET /v2/customers/{id}"
	Attempt            int    // from 1
	// Budget is how many calls may be sent at once now, below 0 where calls queue; nil where nothing bounds them.
	Budget *float64
}

// Ended is how an attempt ended.
type Ended struct {
	Status int   // 0 where no answer came
	Kind   error // nil, one of the errors of engine/port, or the context's
	Took   time.Duration
	// Open is true where the system is not called for a while from now on, or was not called at all, because it failed too often.
	Open bool
}

// ends are the words for the kinds of ends.
var ends = []struct {
	kind error
	word string
}{
	{port.ErrAuth, "auth"}, {port.ErrPermission, "permission"}, {port.ErrNotFound, "not_found"}, {port.ErrConflict, "conflict"},
	{port.ErrValidation, "validation"}, {port.ErrRateLimit, "rate_limit"}, {port.ErrOutage, "outage"}, {port.ErrInDoubt, "in_doubt"},
	{context.Canceled, "cancelled"}, {context.DeadlineExceeded, "cancelled"},
}

// Word is how the attempt ended in one word, for labels: "ok", "auth", "permission", "not_found", "conflict", "validation", "rate_limit",
// "outage", "in_doubt", "cancelled" or "protocol".
func (e Ended) Word() string {
	if e.Kind == nil {
		return "ok"
	}
	for _, end := range ends {
		if errors.Is(e.Kind, end.kind) {
			return end.word
		}
	}
	return "protocol"
}

// Observers tell all of them, the first one first. nil among them count for nothing.
func Observers(all ...Observer) Observer {
	var heard observers
	for _, o := range all {
		if o != nil {
			heard = append(heard, o)
		}
	}
	return heard
}

type observers []Observer

func (all observers) Call(ctx context.Context, c Call) (context.Context, func(Ended)) {
	ends := make([]func(Ended), len(all))
	for i, o := range all {
		attempt, ended := o.Call(ctx, c)
		if attempt != nil {
			ctx = attempt
		}
		ends[i] = ended
	}
	return ctx, func(e Ended) {
		for _, ended := range ends {
			if ended != nil {
				ended(e)
			}
		}
	}
}

func (all observers) Wait(ctx context.Context, w Wait) {
	for _, o := range all {
		o.Wait(ctx, w)
	}
}

// Wait is a pause before a call.
type Wait struct {
	Connection, System, Op string
	Why                    WaitReason
	For                    time.Duration
}

// WaitReason says why a call waits.
type WaitReason string

// The reasons to wait.
const (
	WaitBudget WaitReason = "budget" // the vendor grants so many calls
	WaitRetry  WaitReason = "retry"  // an attempt failed, or was told when to come back
)
