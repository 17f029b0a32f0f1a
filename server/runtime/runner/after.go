package runner

import (
	"context"
	"time"

	"github.com/crosswalk-go/crosswalk/server/runtime/queue"
)

// Flows that are due at one time get their ticks within this time, and none waits longer than that for those that it comes after: one of their documents may
// be tried again for a day.
const (
	tickSpread = time.Second
	maxBehind  = 10 * time.Minute
)

// behind tells whether a flow that it comes after is due, is being read or has documents queued. One that is paused or cannot be opened keeps nobody waiting.
func (f *served) behind(ctx context.Context) bool {
	after := f.host.After(f.name)
	if len(after) == 0 {
		return false
	}
	if f.waiting.IsZero() {
		f.waiting = time.Now()
	}
	waited := time.Since(f.waiting)
	if waited < tickSpread || waited < maxBehind && f.server.engine.anyAtWork(ctx, after) {
		return true
	}
	f.waiting = time.Time{}
	return false
}

// anyAtWork tells whether a flow has something to read or to handle. What cannot be found out is no reason to wait.
func (e *Engine) anyAtWork(ctx context.Context, names []string) bool {
	for _, name := range names {
		if state, err := e.storedState(ctx, name); err != nil || state.Trouble != "" || e.Paused(ctx, name) {
			continue
		}
		if due, err := e.schedules.Due(ctx, name); err == nil && due {
			return true
		}
		if left, err := e.queue.Left(ctx, name, queue.Live); err == nil && left > 0 {
			return true
		}
	}
	return false
}
