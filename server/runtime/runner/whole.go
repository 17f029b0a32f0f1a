package runner

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
	"github.com/crosswalk-go/crosswalk/server/runtime/activity"
	"github.com/crosswalk-go/crosswalk/server/runtime/queue"
)

// runWhole runs a flow that must see everything before it sends anything, such as stock with its guard. It has no use for the queue: what a
// crash leaves undone, the next run finds by looking at both sides again. Each document is kept in the activity like any other.
func (e *Engine) runWhole(ctx context.Context, f *Flow, o RunOptions) (flow.Summary, error) {
	options := flow.RunOptions{DryRun: o.DryRun, Workers: o.Workers, FromStart: o.FromStart, Only: o.Only, OnResult: o.OnResult, Spill: e.store.Scratch()}
	if o.DryRun {
		return f.Process.Run(ctx, options)
	}
	w := &wholeRun{engine: e, run: rand.Text(), crew: e.crew(f, queue.Live, 1, nil), cause: "poll", open: map[string]bool{}}
	if len(o.Only) > 0 {
		w.cause = "replay"
	}
	if _, err := e.keepVersion(ctx, f); err != nil {
		return flow.Summary{Flow: f.Name}, fmt.Errorf("flow %s: %w", f.Name, err)
	}
	var err error
	if w.edition, err = w.crew.edition(ctx, o.Version); err != nil {
		return flow.Summary{Flow: f.Name}, fmt.Errorf("flow %s: %w", f.Name, err)
	}
	left, err := e.Unsettled(ctx, f.Name)
	if err != nil {
		return flow.Summary{Flow: f.Name}, fmt.Errorf("flow %s: %w", f.Name, err)
	}
	for _, u := range left {
		w.open[u.ID] = true
	}
	options.Context, options.Keep = w.begin, w.keep
	s, err := w.edition.flow.Process.Run(ctx, options)
	e.keepMissed(context.WithoutCancel(ctx), f.Name)
	return s, errors.Join(err, w.flush(ctx, 1))
}

// wholeRun is a whole run on its way.
type wholeRun struct {
	engine *Engine
	crew   *crew
	run    string
	cause  string
	// edition is the version of the flow that handles what is read.
	edition *edition
	open    map[string]bool // what was unsettled when the run began; nobody else settles it meanwhile

	mu   sync.Mutex
	idle []finished // of which nothing was sent, not stored yet
}

// finished is a document with its result.
type finished struct {
	*document
	result flow.Result
}

// idleMost is how many documents of which nothing was sent wait to be stored together. What a crash takes of them, the next run looks at again.
const idleMost = 400

// flushLimit is how long storing them may take, on a disk or a cluster that is very busy.
const flushLimit = 2 * time.Minute

// begin notes a document that is about to be carried out.
func (w *wholeRun) begin(ctx context.Context, doc port.Document) context.Context {
	d := &document{crew: w.crew, edition: w.edition, doc: doc, began: w.engine.options.Now().UnixMilli(),
		item: &queue.Delivery{Item: queue.Item{Flow: w.crew.flow.Name, Run: w.run, Lane: queue.Live, Cause: w.cause}, Number: 1}}
	return context.WithValue(ctx, documentKey{}, d)
}

// keep stores the result of a document, at once where something of it was sent.
func (w *wholeRun) keep(ctx context.Context, r flow.Result) error {
	d := inHand(ctx)
	if r.Attempts > 0 {
		return w.engine.applied(ctx, d, r)
	}
	if err := w.engine.leases.Kept(ctx); err != nil {
		return err
	}
	w.engine.noteMissed(ctx, w.crew.flow.Name, r.Plan)
	w.mu.Lock()
	w.idle = append(w.idle, finished{d, r})
	w.mu.Unlock()
	return w.flush(ctx, idleMost)
}

// flush stores what nothing was sent of, where that is many documents.
func (w *wholeRun) flush(ctx context.Context, many int) error {
	w.mu.Lock()
	if len(w.idle) < many {
		w.mu.Unlock()
		return nil
	}
	idle := w.idle
	w.idle = nil
	w.mu.Unlock()
	// They are many, and nobody's lease waits for them.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushLimit)
	defer cancel()
	all := make([]activity.Finished, len(idle))
	for i, f := range idle {
		entry := f.entry()
		f.fill(&entry, f.result)
		all[i] = activity.Finished{Entry: entry, Document: f.doc, Record: f.record(f.result)}
	}
	ids, err := w.engine.activity.RecordAll(ctx, all...)
	if err != nil {
		return err
	}
	for i, f := range idle {
		if f.result.Settled() && !w.open[f.doc.ID] {
			continue
		}
		if err := w.engine.noteOpen(ctx, w.crew.flow, f.doc, f.result, ids[i], w.engine.openBefore(ctx, w.crew.flow, f.doc)); err != nil {
			return err
		}
	}
	return nil
}
