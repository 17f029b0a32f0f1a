package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
	"github.com/crosswalk-go/crosswalk/server/runtime/activity"
	"github.com/crosswalk-go/crosswalk/server/runtime/queue"
)

// Apply carries out plans that were made earlier, one after the other, exactly as they are. Where the target has moved since a plan was
// made, that document fails and nothing of it is sent. Each is noted in the activity and counted like a document of a run. Where one of them is not
// this flow's, nothing is sent at all: the errors are those of [Engine.CheckPlan].
func (e *Engine) Apply(ctx context.Context, f *Flow, saved []SavedPlan, o RunOptions) (flow.Summary, error) {
	s := flow.Summary{Flow: f.Name, StartedAt: e.options.Now().UTC()}
	plans := make([]*flow.Plan, len(saved))
	for i, plan := range saved {
		var err error
		if plans[i], err = e.CheckPlan(f, plan); err != nil {
			return s, fmt.Errorf("plan %d: %w", i+1, err)
		}
	}
	c := e.crew(f, queue.Live, 1, nil)
	run := "apply"
	for i, p := range plans {
		if ctx.Err() != nil {
			return s, ctx.Err()
		}
		ref, planned := p.Document, *f
		planned.Versions = saved[i].Versions
		d := &document{crew: c, edition: &edition{flow: &planned}, began: e.options.Now().UnixMilli(),
			doc:  port.Document{Resource: p.Resource, ID: ref.ID, Key: ref.Key, Version: ref.Version},
			item: &queue.Delivery{Item: queue.Item{Flow: f.Name, Run: run, Lane: queue.Live, Cause: "apply"}, Number: 1}}
		hctx := context.WithValue(ctx, documentKey{}, d)
		carryOut := func() (flow.Result, error) {
			return f.Process.Apply(hctx, p, func(ctx context.Context, r flow.Result) error {
				if err := e.leases.Confirm(ctx); err != nil {
					return err
				}
				return e.applied(ctx, d, r)
			})
		}
		r, err := carryOut()
		for errors.Is(err, flow.ErrBusy) && ctx.Err() == nil { // a run of the flow has the order or its customer in hand
			r, err = carryOut()
		}
		if err != nil {
			return s, err
		}
		add(&s, r)
		if o.OnResult != nil {
			o.OnResult(r, s)
		}
	}
	s.FinishedAt = e.options.Now().UTC()
	return s, nil
}

// applied notes the result of a document that did not come from the queue.
func (e *Engine) applied(ctx context.Context, d *document, r flow.Result) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.options.Step)
	defer cancel()
	entry := d.entry()
	d.fill(&entry, r)
	if r.Outcome == flow.InDoubt && d.item.Cause == "settle" {
		entry.Outcome = activity.Retrying // a word on an attempt that is counted already
	}
	id, err := e.activity.Record(ctx, activity.Finished{Entry: entry, Document: d.doc, Record: d.record(r), Before: e.leases.Kept})
	if err != nil {
		return err
	}
	if d.item.Cause != "apply" {
		e.noteMissed(ctx, d.crew.flow.Name, r.Plan)
	}
	if r.Outcome == flow.Failed && d.item.Cause == "apply" {
		return nil // a plan that does not fit says nothing of the document
	}
	return e.noteOpen(ctx, d.edition.flow, d.doc, r, id, e.openBefore(ctx, d.edition.flow, d.doc))
}

// fill puts a result into its entry.
func (d *document) fill(e *activity.Entry, r flow.Result) {
	now := d.crew.engine.options.Now()
	e.Document, e.Reason, e.Help, e.Targets, e.Warnings = r.Document, r.Reason, r.Help, r.Targets, r.Warnings
	if d.edition.note != "" {
		e.Warnings = append(slices.Clone(e.Warnings), d.edition.note)
	}
	e.Outcome, e.Code, e.Writes = r.Outcome, r.Code, r.Attempts
	e.Took = activity.Millis(now.Sub(time.UnixMilli(d.began)).Milliseconds())
}
