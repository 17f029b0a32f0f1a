package flow

import (
	"context"
	"errors"
	"fmt"

	"github.com/crosswalk-go/crosswalk/engine/decimal"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// A plan that was stored is held to the target and to the links before anything of it is sent: both may have moved since it was made, and
// so may have what other plans of the same file made.

func moved(what string) error {
	return &Failure{Code: FailMoved, Message: what + " since the plan was made", Help: "make the plan again"}
}

// stands tells of an order that is there by now, before its customer and articles are made in vain. done is nil where it is to be sent.
func (e *Executor) stands(ctx context.Context, p *Plan) (done *Verdict, err error) {
	main := p.Main()
	if p.Document.Entity != port.Order || main.Verb != Create || main.Link == nil {
		return nil, nil
	}
	link, err := e.link(ctx, main)
	if err != nil {
		return nil, err
	}
	if link.TargetID != "" {
		t := Target{Verb: Adopt, Resource: link.Resource, ID: link.TargetID, Key: link.TargetKey}
		return &Verdict{Code: SkipExists, Reason: "already sent as " + t.String(), Target: &t}, nil
	}
	doc, found, err := e.before(ctx, main)
	if err != nil || !found {
		return nil, err
	}
	t := targetOf(Adopt, main.Resource, doc)
	if link.PendingSince.IsZero() && !e.same(p, main, doc) {
		return nil, moved(fmt.Sprintf("another document with its reference is in the target now (%s)", t))
	}
	if err := e.remember(ctx, *main.Link, t); err != nil {
		return nil, err
	}
	return &Verdict{Code: SkipExists, Reason: "the target has it as " + t.String(), Target: &t}, nil
}

// same tells whether a document with an order's reference may be that order by what it comes to: two shops may count alike.
func (e *Executor) same(p *Plan, op *Operation, doc port.Document) bool {
	teller, tells := e.target.(port.Totaled)
	if !tells || p.Expected == nil {
		return true
	}
	resource := doc.Resource
	if resource == "" {
		resource = op.Resource
	}
	total, ok := teller.Totaled(resource, doc.Body)
	if !ok {
		return true
	}
	want, errWant := decimal.Parse(p.Expected.Gross)
	got, errGot := decimal.Parse(total.Gross)
	return errWant != nil || errGot != nil || want.Sub(got).Abs().Cmp(roundedOff) <= 0
}

// before asks once for the document of a create that was planned earlier. Its error is a doubt where an attempt was made at it that is
// not settled.
func (e *Executor) before(ctx context.Context, op *Operation) (doc port.Document, found bool, err error) {
	doc, found, asked, err := e.look(ctx, op, op.Keys)
	if found || err != nil || op.Link == nil {
		return doc, found, err
	}
	link, err := e.link(ctx, op)
	if err != nil {
		return doc, false, err
	}
	if link.TargetID == "" {
		return doc, false, e.pace.pending("the "+op.ID, e.flow.To, link, asked)
	}
	// A link that leads nowhere any more was there when the plan was made. One that cannot be followed was not: it would have been believed.
	doc, found, asked, err = e.look(ctx, op, []port.Key{{Field: port.KeyID, Value: link.TargetID}})
	if err == nil && !asked {
		return port.Document{Resource: link.Resource, ID: link.TargetID, Key: link.TargetKey}, true, nil
	}
	return doc, found, err
}

// look asks the target by keys. asked is false where it cannot be asked by any of them.
func (e *Executor) look(ctx context.Context, op *Operation, keys []port.Key) (doc port.Document, found, asked bool, err error) {
	for _, key := range keys {
		docs, err := retry(ctx, e.pace, func() ([]port.Document, error) { return e.target.Find(ctx, op.Resource, key) })
		switch {
		case errors.Is(err, port.ErrNoProbe):
			continue
		case err != nil:
			return doc, false, true, err
		case len(docs) > 0:
			return docs[0], true, true, nil
		}
		asked = true
	}
	return doc, false, asked, nil
}

// made tells whether a document that was to be made is what this flow made for the same document of the source: an earlier plan of the file
// did, and a customer or an article serves many orders.
func (e *Executor) made(ctx context.Context, op *Operation, doc port.Document) (bool, error) {
	if op.Link == nil {
		return false, nil
	}
	link, err := e.link(ctx, op)
	return err == nil && link.TargetID != "" && link.TargetID == doc.ID, err
}

// link returns what is remembered of the document of an operation, nothing where nothing is.
func (e *Executor) link(ctx context.Context, op *Operation) (port.Link, error) {
	link, ok, err := e.links.Link(ctx, op.Link.Entity, op.Link.SourceID)
	if err != nil {
		return port.Link{}, fmt.Errorf("%w: %w", errStore, err)
	}
	if !ok {
		return port.Link{}, nil
	}
	return link, nil
}
