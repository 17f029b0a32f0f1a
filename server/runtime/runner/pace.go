package runner

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
	"github.com/crosswalk-go/crosswalk/server/runtime/queue"
)

// The pauses between attempts at a document whose systems do not answer.
const (
	firstPause   = 2 * time.Second
	longestPause = 5 * time.Minute
)

// retry tells whether a failed document is tried again, and when.
func (c *crew) retry(i *queue.Delivery, r flow.Result) (time.Duration, bool) {
	if r.Outcome != flow.Failed {
		return 0, false
	}
	if r.Code == flow.FailInterrupted || r.Code == flow.FailStore {
		return time.Second, true
	}
	passes := r.Unanswered() || r.Code == flow.FailAuth || r.Code == flow.FailMoved
	if !passes || c.engine.options.Now().Sub(i.QueuedAt) >= i.Patience {
		return 0, false
	}
	pause := min(firstPause<<min(max(i.Number-1, 0), 10), longestPause)
	pause = pause/2 + rand.N(pause/2+1)
	var e *port.Error
	if errors.As(r.Err, &e) {
		pause = max(pause, e.RetryAfter) // a system that says how long is believed
	}
	return pause, true
}

// judge ends the crew, or lets it rest, where going on is useless: credentials that do not work, systems that do not answer.
func (c *crew) judge(r flow.Result) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.Unanswered() {
		c.outages++
	} else if r.Outcome != "" {
		c.outages = 0
	}
	switch {
	case r.Err == nil:
	case errors.Is(r.Err, port.ErrAuth):
		c.halt(fmt.Errorf("stopped at %s: %w", r.Document.Name(), r.Err))
	case c.outages >= maxOutages:
		c.halt(fmt.Errorf("stopped after %d documents in a row: %w", c.outages, r.Err))
	}
}

// maxOutages is after how many documents in a row that met a system that does not answer the crew stops.
const maxOutages = 3

// halt ends the crew of a run, or gives that of a server a rest.
func (c *crew) halt(err error) {
	if c.patient {
		c.outages = 0
		c.rest = time.Now().Add(c.restFor())
		c.engine.options.Log.Warn("a flow rests", "flow", c.flow.Name, "error", err)
		return
	}
	if c.stop == nil {
		c.stop = err
		c.changed.Broadcast()
	}
}

// fail ends the crew whatever it is for.
func (c *crew) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stop == nil {
		c.stop = err
	}
	c.changed.Broadcast()
}

// restFor doubles the rest with each that follows soon after another.
func (c *crew) restFor() time.Duration {
	if time.Since(c.rest) > longestPause {
		c.rests = 0
	}
	c.rests = min(c.rests+1, 8)
	return min(firstPause<<c.rests, longestPause)
}
