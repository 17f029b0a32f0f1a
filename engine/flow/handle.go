package flow

import (
	"context"
	"fmt"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// Handling says how one document is handled.
type Handling struct {
	// DryRun plans and sends nothing.
	DryRun bool
	// Settle is told the result while what belongs to the document is still in this worker's hands. Its context ends when
	// that is no longer so. nil for nobody.
	Settle func(ctx context.Context, r Result) error
}

// Handle takes one document from reading to its outcome while holding what no other worker may touch. The error is that of
// Settle; or it is [ErrBusy] or the context's, and nothing was done and nothing is settled.
func (p *Process) Handle(ctx context.Context, planner *Planner, doc port.Document, h Handling) (Result, error) {
	t := &task{process: p, planner: planner, ref: refOf(p.flow.Entity, doc), settle: h.Settle}
	t.open = func(ctx context.Context) *draft { return t.planner.open(ctx, doc) }
	t.do = func(ctx context.Context, d *draft) Result {
		t.planner.finish(ctx, d)
		if h.DryRun {
			return preview(d.plan)
		}
		d.plan.fresh = true
		defer func() { d.plan.fresh = false }()
		return p.Executor().Apply(ctx, d.plan)
	}
	return t.run(ctx)
}

// Apply carries a plan out that was made earlier, and refuses it where the target has moved since. Its errors are
// those of [Process.Handle].
func (p *Process) Apply(ctx context.Context, plan *Plan, settle func(ctx context.Context, r Result) error) (Result, error) {
	t := &task{process: p, planner: p.Planner(), ref: plan.Document, settle: settle}
	t.open = func(context.Context) *draft {
		return &draft{plan: plan, doc: port.Document{ID: plan.Document.ID}, canonical: plan.Canonical}
	}
	t.do = func(ctx context.Context, d *draft) Result {
		r := p.Executor().Apply(ctx, d.plan)
		r.moved = false // it is this plan or none
		return r
	}
	return t.run(ctx)
}

// Decide settles what a document became where only a person can tell: the target's document by its id, or, with an empty one, that nothing was
// made, so that it may be sent again. An id that the target can be asked for and does not have is refused, such as that of an order's customer.
func (p *Process) Decide(ctx context.Context, sourceID, targetID string) error {
	link, _, err := p.systems.Links.Link(ctx, p.flow.Entity, sourceID)
	if err != nil {
		return fmt.Errorf("%w: %w", errStore, err)
	}
	if link.TargetID != "" {
		return fmt.Errorf("%s %s is settled already: it is %s %s", p.flow.Entity, sourceID, link.Resource, link.TargetID)
	}
	if targetID != "" {
		docs, asked, err := p.Planner().find(ctx, p.flow.Resources.Target, port.Key{Field: port.KeyID, Value: targetID})
		switch {
		case err != nil && !isAbsent(err):
			return fmt.Errorf("whether %s has %s %s: %w", p.flow.To, p.flow.Resources.Target, targetID, err)
		case asked && len(docs) == 0, err != nil:
			return fmt.Errorf("%s has no %s with the id %s: nothing was settled", p.flow.To, p.flow.Resources.Target, targetID)
		}
	}
	if err := p.systems.Links.SaveLink(ctx, p.flow.Entity, port.Link{SourceID: sourceID, TargetID: targetID, Resource: p.flow.Resources.Target, Version: link.Version}); err != nil {
		return fmt.Errorf("%w: %w", errStore, err)
	}
	return nil
}

// handle is Handle for a run of this process. first is a plan that was made for the document before, nil for none.
func (p *Process) handle(ctx context.Context, planner *Planner, doc port.Document, first *Plan, dry bool) Result {
	if first == nil {
		r, _ := p.Handle(ctx, planner, doc, Handling{DryRun: dry})
		return r
	}
	if dry {
		return preview(first)
	}
	t := &task{process: p, planner: planner, ref: refOf(p.flow.Entity, doc)}
	t.open = func(ctx context.Context) *draft { return t.planner.open(ctx, doc) }
	t.do = func(ctx context.Context, d *draft) Result {
		if first != nil {
			plan := first
			t.planner, first = p.again(t.planner, first), nil
			return p.Executor().Apply(ctx, plan)
		}
		t.planner.finish(ctx, d)
		d.plan.fresh = true
		defer func() { d.plan.fresh = false }()
		return p.Executor().Apply(ctx, d.plan)
	}
	r, _ := t.run(ctx)
	return r
}

// task is one document on its way to an outcome.
type task struct {
	process *Process
	planner *Planner
	ref     Ref
	settle  func(context.Context, Result) error
	open    func(context.Context) *draft
	do      func(context.Context, *draft) Result
}

// run does the task, again where the target moved meanwhile.
func (t *task) run(ctx context.Context) (r Result, err error) {
	pace := t.process.pace
	ctx, cancel := lingering(ctx, pace.Grace)
	defer cancel()
	ctx, done := t.process.flow.begin(ctx, t.process.systems.Tracer, "")
	defer func() {
		if err != nil {
			done(doneWith(err)) // nothing is settled
			return
		}
		done(Done{Outcome: r.Outcome, Code: r.Code, Failed: r.Outcome == Failed || r.Outcome == InDoubt})
	}()
	defer func() {
		if v := recover(); v != nil {
			r = Result{Document: t.ref}
			r.fail(&Failure{Code: FailInternal, Message: "a mistake of Crosswalk: this document made it panic", Err: fmt.Errorf("panic: %v", v)})
			if t.settle != nil {
				err = t.settle(ctx, r)
			}
		}
	}()
	for try := 0; ; try++ {
		var again bool
		if r, again, err = t.once(ctx, try+1 < pace.Attempts); !again {
			return r, err
		}
		if err := pace.Sleep(ctx, pace.pause(try)); err != nil {
			return r, err
		}
	}
}

// once does the task while its keys are held. again says that the target moved and that there is to be another plan, which
// mayRepeat allows.
func (t *task) once(ctx context.Context, mayRepeat bool) (r Result, again bool, err error) {
	d := t.open(ctx)
	held, release, err := t.process.systems.Locks.Lock(ctx, t.planner.keys(d)...)
	if err != nil {
		r = newResult(d.plan)
		r.fail(err)
		return r, false, err
	}
	defer release()
	if r = t.do(held, d); r.moved && mayRepeat {
		return r, true, nil
	}
	if t.settle != nil {
		err = t.settle(held, r)
	}
	return r, false, err
}
