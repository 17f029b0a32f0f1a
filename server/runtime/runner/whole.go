package runner

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
	"github.com/crosswalk-go/crosswalk/server/runtime/queue"
)

// runWhole runs a flow that must see everything before it sends anything, such as stock with its guard. It has no use for the queue: what a
// crash leaves undone, the next run finds by looking at both sides again. Each document is kept in the activity like any other.
func (e *Engine) runWhole(ctx context.Context, f *Flow, o RunOptions) (flow.Summary, error) {
	w := &wholeRun{engine: e, run: rand.Text(), crew: e.crew(f, queue.Live, 1, nil), inHand: map[string]*document{}}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	s, err := f.Process.Run(ctx, flow.RunOptions{DryRun: o.DryRun, Workers: o.Workers, FromStart: o.FromStart, Context: w.begin, OnResult: func(r flow.Result, s flow.Summary) {
		if !o.DryRun {
			if err := w.keep(ctx, r); err != nil {
				stop(err) // nothing may be sent that is not accounted for
			}
		}
		if o.OnResult != nil {
			o.OnResult(r, s)
		}
	}})
	e.keepMissed(context.WithoutCancel(ctx), f.Name)
	if cause := context.Cause(ctx); err != nil && cause != nil && !errors.Is(err, cause) {
		err = errors.Join(err, cause)
	}
	return s, err
}

// wholeRun is a whole run on its way.
type wholeRun struct {
	engine *Engine
	crew   *crew
	run    string
	mu     sync.Mutex
	inHand map[string]*document
}

// begin notes a document that is about to be carried out.
func (w *wholeRun) begin(ctx context.Context, doc port.Document) context.Context {
	d := &document{crew: w.crew, doc: doc, began: w.engine.options.Now().UnixMilli(),
		item: &queue.Delivery{Item: queue.Item{Flow: w.crew.flow.Name, Run: w.run, Lane: queue.Live, Cause: "poll"}, Number: 1}}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.inHand[doc.ID] = d
	return context.WithValue(ctx, documentKey{}, d)
}

// keep stores the result of a document.
func (w *wholeRun) keep(ctx context.Context, r flow.Result) error {
	w.mu.Lock()
	d := w.inHand[r.Document.ID]
	delete(w.inHand, r.Document.ID)
	w.mu.Unlock()
	if d == nil {
		return nil
	}
	return w.engine.applied(ctx, d, r)
}
