package flow

import (
	"context"
	"errors"
	"fmt"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// wanted is a document that the target is to have.
type wanted struct {
	operation string // its id in the plan
	what      string // for messages: "article NK-1"
	mapping   string // for messages: "customer mapping"
	mapper    Mapper
	resource  string
	document  []byte // canonical
	in        engine.Input
	keys      []port.Key
	link      LinkRef
	claim     *LinkRef
}

// creation plans to make the document.
func (p *Planner) creation(ctx context.Context, w wanted) (*Operation, error) {
	w.in.Write = engine.Create
	body, err := w.mapper.Apply(ctx, w.document, w.in)
	if err != nil {
		return nil, mappingFailure(w.mapping, err)
	}
	return &Operation{
		ID: w.operation, Verb: Create, Resource: w.resource, Keys: w.keys, Body: body, Link: &w.link, Claim: w.claim,
	}, nil
}

// change plans to make have say what is wanted; nil where it does already.
func (p *Planner) change(ctx context.Context, w wanted, have port.Document) (*Operation, error) {
	w.in.Write, w.in.Current = engine.Update, have.Body
	body, err := w.mapper.Apply(ctx, w.document, w.in)
	if err != nil {
		return nil, mappingFailure(w.mapping, err)
	}
	c, err := p.compare(ctx, w.resource, have, body)
	if err != nil {
		return nil, fmt.Errorf("changes of %s %s: %w", w.resource, have.ID, err)
	}
	if len(c.Changes) == 0 {
		return nil, nil
	}
	return &Operation{
		ID: w.operation, Verb: Update, Resource: w.resource, TargetID: have.ID, Base: have.Version, Body: c.Body, Diff: c.Changes, Link: &w.link, Claim: w.claim,
	}, nil
}

// compare asks the target what an update would change where it can tell, because its documents hold ids for the labels of the
// mapping; else, and for resources that it cannot compare, members are compared.
func (p *Planner) compare(ctx context.Context, resource string, have port.Document, want []byte) (port.Comparison, error) {
	if c, ok := p.target.(port.Comparer); ok {
		out, err := retry(ctx, p.pace, func() (port.Comparison, error) { return c.Compare(ctx, resource, have, want) })
		if !errors.Is(err, port.ErrNoProbe) {
			return out, err
		}
	}
	changes, change, err := diff(have.Body, want)
	return port.Comparison{Changes: changes, Body: change}, err
}

// upsert plans to make or to change the one document that the draft becomes. asked tells whether the target could be asked
// for it, which is what says that a lost one is not there.
func (p *Planner) upsert(ctx context.Context, d *draft, w wanted, found *port.Document, link port.Link, asked bool) error {
	if found != nil {
		if err := p.owned(ctx, d, w, *found); err != nil {
			return err
		}
		d.adopt(w.link, link, w.resource, *found)
		if !p.set.update {
			t := targetOf("", w.resource, *found)
			d.plan.Skip = &Verdict{Code: SkipExists, Reason: fmt.Sprintf("%s has it as %s, and settings.update is false", p.flow.To, t), Target: &t}
			return nil
		}
	} else if err := p.pending(w.what, link, asked); err != nil {
		return err
	}
	references, err := p.references(ctx)
	if err != nil {
		return err
	}
	w.in = d.in
	w.in.Links = onlyReferences(references)
	var op *Operation
	if found != nil {
		op, err = p.change(ctx, w, *found)
	} else {
		op, err = p.creation(ctx, w)
	}
	if op != nil {
		d.plan.Operations = append(d.plan.Operations, *op)
	}
	return err
}

// owned makes sure that a document of the target follows one document of the source: two that share an e-mail address
// or SKU would change it in turns for ever. The first one that came has it.
func (p *Planner) owned(ctx context.Context, d *draft, w wanted, found port.Document) error {
	if w.claim == nil {
		return nil
	}
	claim, err := p.link(ctx, w.claim.Entity, w.claim.SourceID)
	if err != nil {
		return err
	}
	if claim.TargetID == found.ID && claim.Version != "" && claim.Version != w.claim.Version {
		return skip(SkipDuplicate, "%s of %s is %s already: two of %s cannot be one there",
			claim.Version, p.flow.From, targetOf("", w.resource, found), p.flow.From)
	}
	if claim.TargetID != found.ID || claim.Version != w.claim.Version {
		d.plan.Adopt = append(d.plan.Adopt, Adoption{Link: *w.claim, Target: targetOf("", w.resource, found)})
	}
	return nil
}

// adopt remembers a document of the target that was found, where the link says something else.
func (d *draft) adopt(ref LinkRef, link port.Link, resource string, found port.Document) {
	if link.TargetID != found.ID {
		d.plan.Adopt = append(d.plan.Adopt, Adoption{Link: ref, Target: targetOf("", resource, found)})
	}
}
