package flow

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine/decimal"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// PlansWhole tells whether a run must read and plan everything before it sends anything: see [Process.CheckZeroed].
func (p *Process) PlansWhole() bool { return p.flow.Entity == port.Stock }

// CheckZeroed holds the plans of a whole run to settings.maxZeroed. Half a catalogue with zeros in it, or a read mapping
// that reads the wrong member, must not empty a shop: nothing may be sent where the answer is not nil.
func (p *Process) CheckZeroed(plans []*Plan) *Failure {
	zeroed := 0
	for _, plan := range plans {
		if plan.Zeroes {
			zeroed++
		}
	}
	share := decimal.New(int64(zeroed)*100, 0)
	if zeroed == 0 || share.Cmp(p.set.maxZeroed.Mul(decimal.New(int64(len(plans)), 0))) <= 0 {
		return nil
	}
	return &Failure{Code: FailZeroed,
		Message: fmt.Sprintf("%d of %d articles that were read would go from some to none, which is more than the %s %% of settings.maxZeroed: nothing was sent",
			zeroed, len(plans), p.set.maxZeroed),
		Help: "look at the plans with --dry-run; where they are right, raise settings.maxZeroed for one run"}
}

// runWhole reads all of the source, plans all of it, and only then carries anything out. A source that fails in the middle has
// sent nothing. Stock has no cursor: bookings move no change stamp in most systems, and a share needs a whole.
func (p *Process) runWhole(ctx context.Context, o RunOptions, l *ledger) error {
	planner := p.Planner()
	var drafts []*draft
	for doc, err := range p.read(ctx, time.Time{}) {
		if err != nil {
			return fmt.Errorf("%w: nothing was sent", err)
		}
		drafts = append(drafts, planner.open(ctx, doc))
	}
	planner.memory.stocks = map[string][]*draft{}
	for _, d := range drafts {
		sku := scalar(gjson.GetBytes(d.canonical, "sku"))
		planner.memory.stocks[sku] = append(planner.memory.stocks[sku], d.copy())
	}
	plans := p.planAll(ctx, planner, drafts, l.options.Workers)
	if err := ctx.Err(); err != nil {
		return err
	}
	stop := p.CheckZeroed(plans)
	if stop != nil && !o.DryRun { // a dry run shows what would have been sent
		for _, plan := range plans {
			if len(plan.Operations) > 0 {
				plan.Operations, plan.Failure = nil, &Failure{Code: FailZeroed, Message: "not sent: the run would have taken too many articles to none", Err: stop}
			}
		}
	}
	var workers sync.WaitGroup
	defer workers.Wait()
	for i, d := range drafts {
		number, ok := l.admit(ctx, d.doc)
		if !ok {
			break
		}
		workers.Go(func() { l.settle(number, p.handle(o.contextOf(ctx, d.doc), planner, d.doc, plans[i], o.DryRun)) })
	}
	if stop != nil {
		return stop
	}
	return ctx.Err()
}

// copy is a draft as it is now: as the stock of another location it is looked at while it is being finished itself.
func (d *draft) copy() *draft {
	out, plan := *d, *d.plan
	out.plan = &plan
	return &out
}

// planAll finishes drafts, some at a time.
func (p *Process) planAll(ctx context.Context, planner *Planner, drafts []*draft, workers int) []*Plan {
	plans := make([]*Plan, len(drafts))
	next := make(chan int)
	var running sync.WaitGroup
	for range workers {
		running.Go(func() {
			for i := range next {
				p.planned(ctx, planner, drafts[i])
				plans[i] = drafts[i].plan
			}
		})
	}
	for i := range drafts {
		next <- i
	}
	close(next)
	running.Wait()
	return plans
}

// planned finishes a draft; a panic is its failure.
func (p *Process) planned(ctx context.Context, planner *Planner, d *draft) {
	defer func() {
		if v := recover(); v != nil {
			d.plan.Operations, d.plan.Skip = nil, nil
			d.plan.Failure = &Failure{Code: FailInternal, Message: "a mistake of Crosswalk: this document made it panic", Err: fmt.Errorf("panic: %v", v)}
		}
	}()
	planner.finish(ctx, d)
}

// again returns the planner for a stock whose target has moved since all was planned. What the guard did not count must
// not be taken to none now.
func (p *Process) again(planner *Planner, first *Plan) *Planner {
	if first.Zeroes {
		return planner
	}
	careful := *planner
	careful.keepsSome = true
	return &careful
}
