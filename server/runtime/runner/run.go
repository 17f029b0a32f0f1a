package runner

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
	"github.com/crosswalk-go/crosswalk/server/runtime"
	"github.com/crosswalk-go/crosswalk/server/runtime/queue"
)

// RunOptions say how one run goes.
type RunOptions struct {
	// Workers is how many documents are at the flow's systems at a time (default 1, which keeps the source's order). A few more are in hand, waiting for the
	// store.
	Workers int
	// FromStart reads everything from the flow's start; Since reads what changed since then. Neither moves the cursor back.
	FromStart bool
	Since     time.Time
	// Resync reads everything from the flow's start, or since Since, in the lane that yields to what is new; it moves no cursor.
	Resync bool
	// Only are the keys or ids of the documents to handle, in place of what changed.
	Only []string
	// Version handles Only with another version of the flow than the present one.
	Version string
	// OnResult is called for each document as it ends, one call at a time, with the run's counts so far.
	OnResult func(flow.Result, flow.Summary)
	// DryRun sends and remembers nothing.
	DryRun bool
}

// ErrRunning is the error of a run of a flow that is being read by another.
var ErrRunning = errors.New("the flow is being run already")

// Run runs a flow once: it reads what changed since the last reading, and what the last runs left unsettled, into the queue, handles everything
// that is queued of the flow, and returns when nothing is left. An error means that the run ended early; what is queued then is handled by
// the next run. When ctx ends, the documents in hand are finished first.
func (e *Engine) Run(ctx context.Context, f *Flow, o RunOptions) (flow.Summary, error) {
	if o.DryRun {
		return e.dryRun(ctx, f, o)
	}
	if o.Resync && !f.Process.PlansWhole() {
		return e.resync(ctx, f, o)
	}
	ctx, stop := e.store.UntilBroken(ctx)
	defer stop()
	started := e.options.Now().UTC()
	s := flow.Summary{Flow: f.Name, StartedAt: started}
	_, release, err := e.leases.Locks("runs").Lock(ctx, f.Name)
	if errors.Is(err, flow.ErrBusy) {
		return s, fmt.Errorf("flow %s: %w", f.Name, ErrRunning)
	}
	if err != nil {
		return s, fmt.Errorf("flow %s: %w", f.Name, err)
	}
	defer release()
	if f.Process.PlansWhole() {
		s, err = e.runWhole(ctx, f, o)
	} else {
		s, err = e.runQueued(ctx, f, o, s)
	}
	if len(o.Only) == 0 {
		e.noteEnd(ctx, f.Name, started, s.Read, err)
		e.expire(ctx) // nobody else does where no server runs
	}
	if cause := context.Cause(ctx); errors.Is(cause, runtime.ErrBroken) {
		err = cause // whatever else went wrong came of it
	}
	return s, err
}

// runQueued reads into the queue and handles what is in it.
func (e *Engine) runQueued(ctx context.Context, f *Flow, o RunOptions, s flow.Summary) (flow.Summary, error) {
	run := rand.Text()
	count := func(r flow.Result, _ *queue.Delivery) {
		add(&s, r)
		if o.OnResult != nil {
			o.OnResult(r, s)
		}
	}
	c := e.crew(f, queue.Live, o.Workers, count)
	working, stop := context.WithCancel(ctx)
	defer stop()
	worked := make(chan struct{})
	go func() {
		defer close(worked)
		_ = c.work(working) // its error is why the crew stopped
	}()

	readErr := e.readInto(ctx, f, run, o, c)
	drainErr := e.drain(ctx, f, c, worked)
	stop()
	<-worked
	s.FinishedAt = e.options.Now().UTC()
	s.Limited = c.limited()
	var err error
	if s.Cursor, err = f.Process.Cursor(context.WithoutCancel(ctx)); err != nil {
		return s, err
	}
	if err := errors.Join(readErr, drainErr, c.stopped()); err != nil {
		return s, fmt.Errorf("flow %s: %w", f.Name, err)
	}
	return s, nil
}

// readInto queues what a run is to handle.
func (e *Engine) readInto(ctx context.Context, f *Flow, run string, o RunOptions, c *crew) error {
	r := &reader{engine: e, flow: f, run: run, lane: queue.Live, cause: "poll", stop: c.over}
	if len(o.Only) > 0 {
		r.version = o.Version
		return e.readOnly(ctx, r, o.Only)
	}
	cursor, err := f.Process.Cursor(ctx)
	if err != nil {
		return err
	}
	since, start := cursor, f.Process.Flow().Start
	switch {
	case o.FromStart:
		since, r.unique = start, run
	case !o.Since.IsZero():
		since, r.unique = o.Since, run
	}
	if start.After(since) {
		since = start
	}
	if r.unique == "" {
		if r.mark, err = e.cursorMark(ctx, f, cursor); err != nil {
			return err
		}
		left, err := e.Unsettled(ctx, f.Name)
		if err != nil {
			return err
		}
		retry := &reader{engine: e, flow: f, run: run, lane: queue.Live, cause: "retry", unique: run}
		var ids []string
		for _, u := range left {
			ids = append(ids, u.ID)
		}
		if err := retry.each(ctx, ids); err != nil {
			return err
		}
	}
	if r.unique != "" {
		if r.mark, err = e.noteMark(ctx, f); err != nil {
			return err
		}
	}
	err = r.all(ctx, since)
	if at := f.Process.Happened(r.newest); err == nil && r.unique != "" && at.After(cursor) && !c.over() {
		err = f.Process.SaveCursor(ctx, at) // everything before it was read
	}
	return err
}

// readOnly queues the documents that a person names.
func (e *Engine) readOnly(ctx context.Context, r *reader, names []string) error {
	r.cause, r.unique = "replay", r.run
	docs, err := e.named(ctx, r.flow, names)
	if err != nil {
		return err
	}
	for _, doc := range docs {
		if err := r.add(ctx, doc); err != nil {
			return err
		}
	}
	return r.flush(ctx)
}

// named reads the documents that a person names, by id or by what people call them. All of them are there, or it is an error.
func (e *Engine) named(ctx context.Context, f *Flow, names []string) ([]port.Document, error) {
	var out []port.Document
	left := map[string]bool{}
	for _, n := range names {
		left[n] = true
	}
	for doc, err := range f.Process.Read(ctx, time.Time{}, names...) {
		if err != nil {
			break // not every source takes any text for an id
		}
		if left[doc.ID] {
			delete(left, doc.ID)
			out = append(out, doc)
		}
	}
	if len(left) == 0 {
		return out, nil
	}
	planner := f.Process.Planner()
	for doc, err := range f.Process.Read(ctx, f.Process.Flow().Start) {
		if err != nil {
			return nil, fmt.Errorf("looking for the documents: %w", err)
		}
		name := doc.Key
		if !left[name] {
			name = planner.NameOf(ctx, doc) // which is what the runs and the log call it
		}
		if left[name] {
			delete(left, name)
			if out = append(out, doc); len(left) == 0 {
				return out, nil
			}
		}
	}
	return nil, fmt.Errorf("%s has no document %s", f.Process.Flow().From, strings.Join(slices.Sorted(maps.Keys(left)), ", "))
}

// drain waits until nothing of the flow is queued but what was put back for long, or until the crew ends.
func (e *Engine) drain(ctx context.Context, f *Flow, c *crew, worked <-chan struct{}) error {
	for {
		c.mu.Lock()
		deferred, working := len(c.deferred), c.handling
		c.mu.Unlock()
		if working == 0 || ctx.Err() != nil { // what is in hand is in the queue, too
			left, err := e.queue.Left(context.WithoutCancel(ctx), f.Name, c.lane)
			if err != nil {
				return err
			}
			if left <= deferred || ctx.Err() != nil {
				return ctx.Err()
			}
		}
		select {
		case <-worked:
			return ctx.Err() // the crew says itself why it stopped
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// putBack returns how many documents the crew put back for long.
func (c *crew) putBack() int {
	if c == nil {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.deferred)
}

// over tells whether the crew takes no more documents.
func (c *crew) over() bool { return c.stopped() != nil || c.limited() }

func (c *crew) stopped() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stop
}

func (c *crew) limited() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.limit > 0 && c.sent >= c.limit
}

// add counts a result.
func add(s *flow.Summary, r flow.Result) {
	s.Read++
	switch r.Outcome {
	case flow.Created:
		s.Created++
	case flow.Updated:
		s.Updated++
	case flow.Skipped:
		s.Skipped++
	case flow.InDoubt:
		s.InDoubt++
	case flow.Failed:
		s.Failed++
	}
}
