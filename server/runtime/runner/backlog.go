package runner

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/server/runtime/queue"
	"github.com/crosswalk-go/crosswalk/server/runtime/schedule"
)

// backlog is how far the reading of a resync has come. It is stored with every page, so that a process that takes over goes on there.
type backlog struct {
	Run      string    `json:"run"`
	Since    time.Time `json:"since"`
	Versions []string  `json:"versions"` // with other mappings, everything is looked at again
	At       time.Time `json:"at"`
	Recent   []byte    `json:"recent"`
	Queued   bool      `json:"queued"` // all of it was read
}

func backlogKey(name string) string { return "backlog." + token(name) }

// readBacklog queues everything that changed since then behind what is new, and returns how many documents it queued. One process does so at a time.
// It keeps no reader of new documents waiting. What was begun and not ended goes on where it was; for a caller that handles too, so does
// what was queued and not handled.
func (e *Engine) readBacklog(ctx context.Context, f *Flow, since time.Time, patience time.Duration, handles bool, over func() bool) (queued int, err error) {
	_, release, err := e.leases.Locks("backlogs").Lock(ctx, f.Name)
	if errors.Is(err, flow.ErrBusy) {
		return 0, fmt.Errorf("flow %s: a resync is being read: %w", f.Name, ErrRunning)
	}
	if err != nil {
		return 0, fmt.Errorf("flow %s: %w", f.Name, err)
	}
	defer release()
	if start := f.Process.Flow().Start; start.After(since) {
		since = start
	}
	b, err := e.storedBacklog(ctx, f.Name)
	if err != nil {
		return 0, err
	}
	if b.Run == "" || b.Queued && !handles || !b.Since.Equal(since) || fmt.Sprint(b.Versions) != fmt.Sprint(f.Versions) {
		b = backlog{Run: rand.Text(), Since: since, Versions: f.Versions, At: since}
	}
	if b.Queued {
		return 0, nil
	}
	r := &reader{engine: e, flow: f, run: b.Run, unique: b.Run, lane: queue.Backfill, cause: "backfill", patience: patience, stop: over}
	r.mark = &mark{recent: recentFrom(b.Recent), save: func(ctx context.Context, recent *recentReads, newest time.Time) error {
		if newest.After(b.At) {
			b.At = newest
		}
		b.Recent = recent.bytes()
		return e.saveBacklog(ctx, f.Name, b)
	}}
	if err := r.all(ctx, b.At); err != nil || r.over() {
		return r.queued, err
	}
	b.Queued, b.Recent = true, nil
	return r.queued, e.saveBacklog(ctx, f.Name, b)
}

func (e *Engine) saveBacklog(ctx context.Context, name string, b backlog) error {
	text, err := json.Marshal(b)
	if err != nil {
		return err
	}
	if _, err := e.control.Put(ctx, backlogKey(name), text); err != nil {
		return fmt.Errorf("flow %s: how far the resync has come: %w", name, err)
	}
	return nil
}

func (e *Engine) storedBacklog(ctx context.Context, name string) (b backlog, err error) {
	if err := e.readControl(ctx, backlogKey(name), &b); err != nil {
		return b, fmt.Errorf("flow %s: how far the resync has come: %w", name, err)
	}
	return b, nil
}

// resync runs a flow over everything since its start, in the lane that yields: what is new or was left of other runs goes first. Servers of the
// same store take part, and their readers are not kept waiting.
func (e *Engine) resync(ctx context.Context, f *Flow, o RunOptions) (flow.Summary, error) {
	s := flow.Summary{Flow: f.Name, StartedAt: e.options.Now().UTC()}
	var mu sync.Mutex
	count := func(r flow.Result, _ *queue.Delivery) {
		mu.Lock()
		defer mu.Unlock()
		add(&s, r)
		if o.OnResult != nil {
			o.OnResult(r, s)
		}
	}
	live := e.crew(f, queue.Live, o.Workers, count)
	back := e.crew(f, queue.Backfill, o.Workers, count)
	back.yieldTo(queue.Live, live.putBack)
	working, stop := context.WithCancel(ctx)
	defer stop()
	var atWork sync.WaitGroup
	worked := make(chan struct{}) // until one of them stops
	var once sync.Once
	for _, c := range []*crew{live, back} {
		atWork.Go(func() {
			_ = c.work(working) // its error is why the crew stopped
			once.Do(func() { close(worked) })
		})
	}
	over := func() bool { return back.over() || live.stopped() != nil }
	_, readErr := e.readBacklog(ctx, f, o.Since, 0, true, over)
	drainErr := errors.Join(e.drain(ctx, f, live, worked), e.drain(ctx, f, back, worked))
	stop()
	atWork.Wait()
	s.FinishedAt = e.options.Now().UTC()
	s.Limited = back.limited()
	var err error
	if s.Cursor, err = f.Process.Cursor(context.WithoutCancel(ctx)); err != nil {
		return s, err
	}
	if err := errors.Join(readErr, drainErr, live.stopped(), back.stopped()); err != nil {
		return s, fmt.Errorf("flow %s: %w", f.Name, err)
	}
	if s.Limited {
		return s, nil // the next one goes on
	}
	if err := e.control.Purge(ctx, backlogKey(f.Name)); err != nil {
		return s, fmt.Errorf("flow %s: ending a resync: %w", f.Name, err)
	}
	return s, nil
}

// yieldTo has the crew wait while there is anything in a lane of the flow but what was put back for long.
func (c *crew) yieldTo(lane queue.Lane, putBack func() int) {
	c.yield = func(ctx context.Context) bool {
		left, err := c.engine.queue.Left(ctx, c.flow.Name, lane)
		return err == nil && left > putBack()
	}
}

// isBacklog tells whether an ask is for the lane that yields.
func isBacklog(a schedule.Ask) bool { return len(a.IDs) == 0 && (a.Full || !a.Since.IsZero()) }

// resync reads what a tick asks for beside what is new: that may take hours.
func (f *served) resync(ctx context.Context, open *Flow, t schedule.Tick) {
	e := f.server.engine
	stop := working(ctx, t)
	defer stop()
	_, err := e.readBacklog(ctx, open, t.Ask.Since, f.server.options.Patience, false, nil)
	switch {
	case errors.Is(err, ErrRunning):
		_ = t.Later(30 * time.Second) // of an ask that cannot be put back, the lease runs out
		return
	case ctx.Err() != nil:
		_ = t.Later(0) // it goes on where it was stopped
		return
	case err != nil:
		e.options.Log.Error("reading for a resync failed", "flow", f.name, "error", err)
		e.noteState(ctx, f.name, func(s *FlowState) { s.failed(err) })
	}
	_ = t.Done()
}

// working tells the store, until it is stopped, that a tick's run goes on.
func working(ctx context.Context, t schedule.Tick) (stop func()) {
	ctx, stop = context.WithCancel(ctx)
	go func() {
		for pause(ctx, 10*time.Second) {
			_ = t.Working()
		}
	}()
	return stop
}
