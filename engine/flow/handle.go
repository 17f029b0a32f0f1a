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
	ref := Ref{Entity: p.flow.Entity, ID: doc.ID, Key: doc.Key, Version: doc.Version}
	return p.patiently(ctx, h.Settle, ref, func(ctx context.Context) *draft { return planner.open(ctx, doc) },
		func(ctx context.Context, d *draft) Result {
			planner.finish(ctx, d)
			if h.DryRun {
				return preview(d.plan)
			}
			d.plan.fresh = true
			defer func() { d.plan.fresh = false }()
			return p.Executor().Apply(ctx, d.plan)
		}, planner)
}

// Apply carries a plan out that was made earlier, and refuses it where the target has moved since. Its errors are
// those of [Process.Handle].
func (p *Process) Apply(ctx context.Context, plan *Plan, settle func(ctx context.Context, r Result) error) (Result, error) {
	open := func(context.Context) *draft {
		return &draft{plan: plan, doc: port.Document{ID: plan.Document.ID}, order: plan.Canonical}
	}
	return p.patiently(ctx, settle, plan.Document, open, func(ctx context.Context, d *draft) Result {
		r := p.Executor().Apply(ctx, d.plan)
		r.moved = false // it is this plan or none
		return r
	}, p.Planner())
}

// patiently opens a draft, takes its keys and does it, again where the target moved meanwhile.
func (p *Process) patiently(ctx context.Context, settle func(context.Context, Result) error, ref Ref, open func(context.Context) *draft,
	do func(context.Context, *draft) Result, planner *Planner) (r Result, err error) {
	ctx, cancel := lingering(ctx, p.pace.Grace)
	defer cancel()
	defer func() {
		if v := recover(); v != nil {
			r = Result{Document: ref}
			r.fail(&Failure{Code: FailInternal, Message: "a mistake of Crosswalk: this document made it panic", Err: fmt.Errorf("panic: %v", v)})
			if settle != nil {
				err = settle(ctx, r)
			}
		}
	}()
	for try := 0; ; try++ {
		var again bool
		if r, again, err = p.once(ctx, settle, open, do, planner, try+1 < p.pace.Attempts); !again {
			return r, err
		}
		if err := p.pace.Sleep(ctx, p.pace.pause(try)); err != nil {
			return r, err
		}
	}
}

// once does a draft while its keys are held. again says that the target moved and that the draft is to be made anew, which
// mayRepeat allows.
func (p *Process) once(ctx context.Context, settle func(context.Context, Result) error, open func(context.Context) *draft,
	do func(context.Context, *draft) Result, planner *Planner, mayRepeat bool) (r Result, again bool, err error) {
	d := open(ctx)
	held, release, err := p.systems.Locks.Lock(ctx, planner.keys(d)...)
	if err != nil {
		r = newResult(d.plan)
		r.fail(err)
		return r, false, err
	}
	defer release()
	if r = do(held, d); r.moved && mayRepeat {
		return r, true, nil
	}
	if settle != nil {
		err = settle(held, r)
	}
	return r, false, err
}
