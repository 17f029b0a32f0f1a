package flow

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

const unchanged = "the target says the same already"

// Executor carries plans out. It is safe for concurrent use, but it holds no lock: two plans for one
// order or one new customer must not be carried out at a time, which [Process.Run] sees to.
type Executor struct {
	flow   Flow
	target port.Target
	links  port.Links
	tracer Tracer
	pace   Pace
}

// Apply carries a plan out, operation by operation. Before each create an intent is stored and after
// it the link, so that a crash between the two is found by the next plan. A create whose answer is
// lost is asked for by its keys and never sent again in the same run. A plan that was stored, and so may be
// old, is held to the target first; where that has moved, the plan is refused.
func (e *Executor) Apply(ctx context.Context, p *Plan) Result {
	r := e.apply(ctx, p)
	r.await(p)
	return r
}

func (e *Executor) apply(ctx context.Context, p *Plan) Result {
	r := newResult(p)
	switch {
	case p.Failure != nil:
		r.fail(p.Failure)
		return r
	case p.Doubt != nil:
		r.doubt(*p.Doubt)
		return r
	}
	for _, a := range p.Adopt {
		if err := e.remember(ctx, a.Link, a.Target); err != nil {
			r.fail(err)
			return r
		}
	}
	if p.Skip != nil {
		r.skip(*p.Skip)
		return r
	}
	if len(p.Operations) == 0 {
		r.skip(Verdict{Code: SkipUnchanged, Reason: unchanged})
		return r
	}
	if !p.fresh {
		if done, err := e.stands(ctx, p); err != nil {
			e.failed(p.Main(), err, &r)
			return r
		} else if done != nil {
			r.skip(*done)
			return r
		}
	}
	ids := map[string]string{}
	for i := range p.Operations {
		op := &p.Operations[i]
		last := i == len(p.Operations)-1
		writing, done := e.flow.begin(ctx, e.tracer, op.work())
		err := e.carryOut(writing, p, op, last, ids, &r)
		done(doneWith(err))
		if err != nil {
			e.failed(op, err, &r)
			return r
		}
		if r.Outcome != "" {
			return r
		}
	}
	return r
}

// failed turns the error of an operation into the document's outcome.
func (e *Executor) failed(op *Operation, err error, r *Result) {
	var lost *lostError
	var waits *doubt
	switch {
	case errors.As(err, &waits):
		r.doubt(waits.Verdict)
	case errors.As(err, &lost):
		code := DoubtLost
		if !lost.able {
			code = DoubtUnprobed
		}
		r.doubt(Verdict{Code: code, Reason: lost.Error()})
		r.Err = err
	default:
		var f *Failure
		if !errors.As(err, &f) {
			err = fmt.Errorf("%s: %w", op.ID, err)
		}
		r.fail(err)
		r.moved = r.Code == FailMoved
	}
}

// carryOut does one operation and notes what it made. It sets r.Outcome when the document is done.
func (e *Executor) carryOut(ctx context.Context, p *Plan, op *Operation, last bool, ids map[string]string, r *Result) error {
	body, _ := fill(op.Body, ids)
	var doc port.Document
	var verb Verb
	var err error
	switch op.Verb {
	case Update:
		verb = Update
		doc, err = e.update(ctx, p, op, body, r)
	case Create:
		doc, verb, err = e.create(ctx, p, op, body, r)
	default:
		return &Failure{Code: FailInternal, Message: fmt.Sprintf("operation %s has no known verb", op.ID)}
	}
	if err != nil {
		return err
	}
	t := targetOf(verb, op.Resource, doc)
	if verb == Adopt && (!last || p.Document.Entity != port.Order) {
		if ours, err := e.made(ctx, op, doc); err != nil {
			return err
		} else if last || !ours {
			return moved(fmt.Sprintf("%s is in the target now", op.ID))
		}
	}
	r.Targets = append(r.Targets, t)
	for _, l := range []*LinkRef{op.Link, op.Claim} {
		if l == nil {
			continue
		}
		if err := e.remember(ctx, *l, t); err != nil {
			if !last {
				return err
			}
			// It is made, and the intent is stored: the next run finds it by its key.
			r.Warnings = append(r.Warnings, err.Error())
			r.unsettled, r.Err = true, err
		}
	}
	if op.Provides != "" {
		ids[op.Provides] = doc.ID
	}
	if !last {
		return nil
	}
	switch verb {
	case Adopt:
		r.Outcome, r.Code, r.Reason = Skipped, SkipExists, "the target has it as "+t.String()
	case Update:
		r.Outcome = Updated
	default:
		r.Outcome = Created
		e.checkAnswer(p, op, doc, r)
	}
	return nil
}

// checkAnswer holds the amounts of the document that was made to those of the order.
func (e *Executor) checkAnswer(p *Plan, op *Operation, doc port.Document, r *Result) {
	teller, ok := e.target.(port.Totaled)
	if !ok || p.Expected == nil {
		return
	}
	got, ok := teller.Totaled(op.Resource, doc.Body)
	if !ok {
		return
	}
	if _, err := compareTotals(*p.Expected, got, "the target made it"); err != nil {
		r.Warnings = append(r.Warnings, err.Error())
	}
}

// create makes a document once. verb is Adopt where the target turned out to have one that is not ours.
func (e *Executor) create(ctx context.Context, p *Plan, op *Operation, body []byte, r *Result) (port.Document, Verb, error) {
	if !p.fresh {
		doc, found, err := e.before(ctx, op)
		if err != nil {
			return port.Document{}, "", err
		}
		if found {
			return doc, Adopt, nil
		}
	}
	if err := e.intend(ctx, op); err != nil {
		return port.Document{}, "", err
	}
	doc, err := retry(ctx, e.pace, func() (port.Document, error) {
		r.Attempts++
		return e.target.Create(ctx, op.Resource, body)
	})
	switch {
	case err == nil && doc.ID != "":
		return doc, Create, nil
	case errors.Is(err, port.ErrConflict):
		if doc, found, _ := e.probe(ctx, op); found {
			return doc, Adopt, nil
		}
	case !refused(err):
		doc, found, able := e.probe(ctx, op)
		if found {
			return doc, Create, nil
		}
		return port.Document{}, "", &lostError{op: op, able: able, err: err}
	}
	e.forget(ctx, op)
	return port.Document{}, "", err
}

// refused tells that nothing was made. Any other error of a create leaves that open, an
// answer that was not understood included.
func refused(err error) bool {
	if err == nil || errors.Is(err, port.ErrInDoubt) {
		return false
	}
	for _, kind := range []error{port.ErrAuth, port.ErrPermission, port.ErrNotFound, port.ErrConflict, port.ErrValidation, port.ErrRateLimit, port.ErrOutage} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// lostError says that a create was sent and what became of it is not known.
type lostError struct {
	op   *Operation
	able bool // the target can be asked
	err  error
}

func (l *lostError) Error() string {
	if !l.able {
		return fmt.Sprintf("the answer to the create of %s was lost and the target cannot be asked for it by a key: look it up there", l.op.Resource)
	}
	var fields []string
	for _, k := range l.op.Keys {
		fields = append(fields, k.Field)
	}
	return fmt.Sprintf("the answer to the create of %s was lost and it is not there by its %s yet: the next run looks again before it sends anything",
		l.op.Resource, strings.Join(fields, ", "))
}

func (l *lostError) Unwrap() error { return l.err }

// probe asks for the operation's document until it is there or the tries are used up. able is false where no key
// can be asked for.
func (e *Executor) probe(ctx context.Context, op *Operation) (doc port.Document, found, able bool) {
	for try := range e.pace.Probes {
		if try > 0 && e.pace.Sleep(ctx, e.pace.pause(try-1)) != nil {
			return doc, false, true
		}
		able = false
		for _, key := range op.Keys {
			docs, err := e.target.Find(ctx, op.Resource, key)
			if errors.Is(err, port.ErrNoProbe) {
				continue
			}
			able = true
			if err != nil {
				continue // a look-up that fails says nothing: ask again
			}
			if len(docs) > 0 {
				return docs[0], true, true
			}
		}
		if !able {
			return doc, false, false
		}
	}
	return doc, false, able
}

// update changes a document. A repeat writes the same values, so a lost answer is tried again.
func (e *Executor) update(ctx context.Context, p *Plan, op *Operation, body []byte, r *Result) (port.Document, error) {
	if !p.fresh && op.Base != "" {
		docs, err := retry(ctx, e.pace, func() ([]port.Document, error) {
			return e.target.Find(ctx, op.Resource, port.Key{Field: port.KeyID, Value: op.TargetID})
		})
		if err != nil && !errors.Is(err, port.ErrNoProbe) {
			return port.Document{}, err
		}
		if err == nil && (len(docs) != 1 || docs[0].Version != op.Base) {
			return port.Document{}, moved(fmt.Sprintf("%s %s has changed", op.Resource, op.TargetID))
		}
	}
	again := func(err error) bool { return port.Retryable(err) || errors.Is(err, port.ErrInDoubt) }
	doc, err := retryIf(ctx, e.pace, again, func() (port.Document, error) {
		r.Attempts++
		return e.target.Update(ctx, op.Resource, op.TargetID, body)
	})
	if doc.ID == "" {
		doc.ID = op.TargetID
	}
	return doc, err
}

// intend stores that a create is about to begin.
func (e *Executor) intend(ctx context.Context, op *Operation) error {
	if op.Link == nil {
		return nil
	}
	return e.save(ctx, op.Link.Entity, port.Link{
		SourceID: op.Link.SourceID, Resource: op.Resource, Version: op.Link.Version, PendingSince: e.pace.Now().UTC(),
	})
}

// forget takes an intent back, once it is certain that nothing was made. If that fails, the intent only
// makes the next run wait.
func (e *Executor) forget(ctx context.Context, op *Operation) {
	if op.Link != nil {
		_ = e.save(ctx, op.Link.Entity, port.Link{SourceID: op.Link.SourceID, Resource: op.Resource})
	}
}

func (e *Executor) remember(ctx context.Context, l LinkRef, t Target) error {
	return e.save(ctx, l.Entity, port.Link{SourceID: l.SourceID, TargetID: t.ID, TargetKey: t.Key, Resource: t.Resource, Version: l.Version})
}

// save stores a link, also while the run is being stopped.
func (e *Executor) save(ctx context.Context, entity port.Entity, l port.Link) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.pace.Grace)
	defer cancel()
	if err := e.links.SaveLink(ctx, entity, l); err != nil {
		return fmt.Errorf("%w: %w", errStore, err)
	}
	return nil
}
