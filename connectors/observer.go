package connectors

import (
	"context"
	"time"
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
