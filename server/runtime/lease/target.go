package lease

import (
	"context"
	"errors"
	"fmt"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// Target returns a target that writes only what the leases of the call's context allow, when what was to be kept before is kept, and each within the
// step timeout. A write that is refused was not begun; one that takes too long is in doubt. What else t can is kept.
func (k *Keeper) Target(t port.Target, before Before) port.Target {
	guarded := target{t, k, before}
	totaler, ok1 := t.(port.Totaler)
	teller, ok2 := t.(port.Totaled)
	comparer, ok3 := t.(port.Comparer)
	amounts := totaled{teller}
	switch {
	case ok1 && ok2 && ok3:
		return struct {
			target
			port.Totaler
			totaled
			port.Comparer
		}{guarded, totaler, amounts, comparer}
	case ok1 && ok2:
		return struct {
			target
			port.Totaler
			totaled
		}{guarded, totaler, amounts}
	case ok1 && ok3:
		return struct {
			target
			port.Totaler
			port.Comparer
		}{guarded, totaler, comparer}
	case ok2 && ok3:
		return struct {
			target
			totaled
			port.Comparer
		}{guarded, amounts, comparer}
	case ok1:
		return struct {
			target
			port.Totaler
		}{guarded, totaler}
	case ok2:
		return struct {
			target
			totaled
		}{guarded, amounts}
	case ok3:
		return struct {
			target
			port.Comparer
		}{guarded, comparer}
	}
	return guarded
}

// totaled is a [port.Totaled] that can be embedded: the interface is called what its method is.
type totaled struct{ teller port.Totaled }

func (t totaled) Totaled(resource string, body []byte) (port.Totals, bool) {
	return t.teller.Totaled(resource, body)
}

type target struct {
	port.Target
	keeper *Keeper
	before Before
}

// Before is what is called ahead of calls of a target, which its errors refuse; nil for nothing.
type Before struct {
	// Look is called ahead of each look-up while leases are held, Write ahead of each write.
	Look, Write func(context.Context) error
	// Turn is called last, when nothing but the target is waited for any more, and done when it has answered.
	Turn func(context.Context) (done func(), err error)
}

func (b Before) turn(ctx context.Context) (done func(), err error) {
	if b.Turn == nil {
		return func() {}, nil
	}
	return b.Turn(ctx)
}

// Find looks for documents.
func (t target) Find(ctx context.Context, resource string, key port.Key) ([]port.Document, error) {
	if t.before.Look != nil && held(ctx) != nil {
		if err := t.before.Look(ctx); err != nil {
			return nil, err
		}
	}
	done, err := t.before.turn(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	return t.Target.Find(ctx, resource, key)
}

// Create makes a document while the leases hold.
func (t target) Create(ctx context.Context, resource string, body []byte) (port.Document, error) {
	return t.write(ctx, "create "+resource, func(ctx context.Context) (port.Document, error) { return t.Target.Create(ctx, resource, body) })
}

// Update changes a document while the leases hold.
func (t target) Update(ctx context.Context, resource, id string, change []byte) (port.Document, error) {
	return t.write(ctx, "update "+resource, func(ctx context.Context) (port.Document, error) { return t.Target.Update(ctx, resource, id, change) })
}

func (t target) write(ctx context.Context, op string, call func(context.Context) (port.Document, error)) (port.Document, error) {
	done, err := t.ready(ctx)
	if err != nil {
		return port.Document{}, &port.Error{Kind: port.ErrOutage, System: "crosswalk", Op: op, Message: "not begun", Err: err}
	}
	defer done()
	bounded, cancel := context.WithTimeout(ctx, t.keeper.options.Step)
	defer cancel()
	doc, err := call(bounded)
	if err != nil && bounded.Err() != nil && ctx.Err() == nil && !errors.Is(err, port.ErrInDoubt) && !errors.Is(err, port.ErrOutage) {
		err = fmt.Errorf("%w: no answer within %s: %w", port.ErrInDoubt, t.keeper.options.Step, err)
	}
	return doc, err
}

// ready waits for what a write waits for. done ends its turn.
func (t target) ready(ctx context.Context) (done func(), err error) {
	err = t.keeper.Check(ctx)
	if err == nil && t.before.Write != nil {
		err = t.before.Write(ctx)
	}
	if kept := t.keeper.Kept(ctx); err == nil { // the intent, above all
		err = kept
	}
	if err != nil {
		return nil, err
	}
	if done, err = t.before.turn(ctx); err != nil {
		return nil, err
	}
	// The turn may have been long in coming, and come because the document before was stopped, as this one is.
	if err = errors.Join(ctx.Err(), t.keeper.Check(ctx)); err != nil {
		done()
		return nil, err
	}
	return done, nil
}
