package runner

import (
	"context"
	"sync"
	"time"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// dryRun reads what a run would handle, and plans each document. It sends and remembers nothing.
func (e *Engine) dryRun(ctx context.Context, f *Flow, o RunOptions) (flow.Summary, error) {
	if f.Process.PlansWhole() {
		return e.runWhole(ctx, f, o)
	}
	s := flow.Summary{Flow: f.Name, DryRun: true, StartedAt: e.options.Now().UTC()}
	cursor, err := f.Process.Cursor(ctx)
	if err != nil {
		return s, err
	}
	s.Cursor = cursor
	w := &dryWork{flow: f, planner: f.Process.Planner(), free: make(chan struct{}, max(1, o.Workers)), seen: map[string]bool{}, told: func(r flow.Result) {
		add(&s, r)
		if o.OnResult != nil {
			o.OnResult(r, s)
		}
	}}
	err = w.all(ctx, e, o, cursor)
	w.inHand.Wait()
	s.Limited = w.full()
	s.FinishedAt = e.options.Now().UTC()
	return s, err
}

// dryWork is a dry run on its way.
type dryWork struct {
	flow    *Flow
	planner *flow.Planner
	free    chan struct{}
	inHand  sync.WaitGroup
	seen    map[string]bool

	mu   sync.Mutex
	sent int
	told func(flow.Result)
}

func (w *dryWork) all(ctx context.Context, e *Engine, o RunOptions, since time.Time) error {
	if len(o.Only) > 0 {
		docs, err := e.named(ctx, w.flow, o.Only)
		for _, doc := range docs {
			w.plan(ctx, doc)
		}
		return err
	}
	start := w.flow.Process.Flow().Start
	switch {
	case o.FromStart:
		since = start
	case !o.Since.IsZero():
		since = o.Since
	default:
		left, err := e.Unsettled(ctx, w.flow.Name)
		if err != nil {
			return err
		}
		for _, u := range left {
			for doc, err := range w.flow.Process.Read(ctx, time.Time{}, u.ID) {
				if err != nil {
					return err
				}
				w.plan(ctx, doc)
			}
		}
	}
	if start.After(since) {
		since = start
	}
	for doc, err := range w.flow.Process.Read(ctx, since) {
		if err != nil {
			return err
		}
		if w.full() || ctx.Err() != nil {
			break
		}
		w.plan(ctx, doc)
	}
	return ctx.Err()
}

func (w *dryWork) full() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	limit := w.flow.Process.Flow().Limit
	return limit > 0 && w.sent >= limit
}

// plan plans one document once a hand is free.
func (w *dryWork) plan(ctx context.Context, doc port.Document) {
	if key := doc.ID + "\x00" + doc.Version; w.seen[key] {
		return
	} else {
		w.seen[key] = true
	}
	w.free <- struct{}{}
	w.inHand.Go(func() {
		defer func() { <-w.free }()
		r, _ := w.flow.Process.Handle(ctx, w.planner, doc, flow.Handling{DryRun: true}) // its error is in the result
		w.mu.Lock()
		defer w.mu.Unlock()
		if r.Outcome == flow.Created || r.Outcome == flow.Updated || r.Outcome == flow.InDoubt {
			w.sent++
		}
		w.told(r)
	})
}
