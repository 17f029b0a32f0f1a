package flow

import (
	"context"
	"fmt"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// Tracer hears of the work on documents, for traces. It hears no key, no id and nothing of a document. It is called from many goroutines and
// must not block.
type Tracer interface {
	// Begin begins a piece of work, which goes on with the context that it returns, such as one with a span; done is called once.
	Begin(ctx context.Context, w Work) (working context.Context, done func(Done))
}

// Work is a piece of work that begins: a document's, a step of that, or the reading of a flow's documents.
type Work struct {
	Flow   string
	Entity port.Entity
	// Step says what is done in words of which there are few: "read mapping", "step 2", "plan", "create invoiceDraft". It is "" for a
	// document as a whole, and [ReadStep] for the reading of documents.
	Step string
}

// ReadStep is the step of the work that reads documents, which is of no single one.
const ReadStep = "read"

// Done is how a piece of work ended.
type Done struct {
	Outcome Outcome // of a document, "" for a step
	// Code says why a document was not created or updated, and what a step failed with. Codes are those of results and plans.
	Code string
	// Failed is true where a step did not do what it is for.
	Failed bool
}

// begin is Begin of the tracer, where there is one.
func (f Flow) begin(ctx context.Context, t Tracer, step string) (context.Context, func(Done)) {
	if t == nil {
		return ctx, func(Done) {}
	}
	working, done := t.Begin(ctx, Work{Flow: f.Name, Entity: f.Entity, Step: step})
	if done == nil {
		done = func(Done) {}
	}
	return working, done
}

// step does a step of a document.
func (p *Planner) step(ctx context.Context, step string, do func(context.Context) error) error {
	ctx, done := p.flow.begin(ctx, p.tracer, step)
	err := do(ctx)
	done(doneWith(err))
	return err
}

func doneWith(err error) Done {
	if err == nil {
		return Done{}
	}
	return Done{Failed: true, Code: failureOf(err).Code}
}

// done is how the planning of the draft ended.
func (d *draft) done() Done {
	switch {
	case d.plan.Failure != nil:
		return Done{Failed: true, Code: d.plan.Failure.Code}
	case d.plan.Doubt != nil:
		return Done{Code: d.plan.Doubt.Code}
	case d.plan.Skip != nil:
		return Done{Code: d.plan.Skip.Code}
	}
	return Done{}
}

// stepName is what a step of the flow's file is called in traces: its own name may hold what a person wrote about documents.
func stepName(i int, s Step) string {
	kind := "map"
	if s.Filter != nil {
		kind = "filter"
	}
	return fmt.Sprintf("step %d, %s", i+1, kind)
}

func (op *Operation) work() string { return string(op.Verb) + " " + op.Resource }
