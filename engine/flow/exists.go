package flow

import (
	"context"
	"fmt"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine/decimal"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// reference is by what the target is asked for the order. The write mapping writes the same.
func (p *Planner) reference(d *draft) port.Key {
	return port.Key{Field: port.KeyReference, Value: p.set.referencePrefix + d.plan.Document.Key}
}

// orderExists looks for the order in the links and then in the target, by its number as the reference. The target
// also answers with what the order's document has become since, such as the invoice of a draft.
func (p *Planner) orderExists(ctx context.Context, d *draft) (bool, error) {
	link, err := p.link(ctx, p.flow.Entity, d.doc.ID)
	if err != nil {
		return false, err
	}
	if link.TargetID != "" {
		t := Target{Resource: link.Resource, ID: link.TargetID, Key: link.TargetKey}
		d.plan.Skip = &Verdict{Code: SkipExists, Reason: "already sent as " + t.String(), Target: &t}
		return true, nil
	}
	if d.plan.Document.Key == "" {
		return false, &Failure{Code: FailMapping, Message: "the order has no number, so the target cannot be asked whether it has it"}
	}
	key := p.reference(d)
	docs, asked, err := p.find(ctx, p.flow.Resources.Target, key)
	if err != nil {
		return false, fmt.Errorf("whether %s has order %s: %w", p.flow.To, key.Value, err)
	}
	if len(docs) == 0 {
		return false, p.pending("the order", link, asked)
	}
	doc, err := p.ownDocument(d, docs, link)
	if err != nil {
		return false, err
	}
	t := targetOf("", p.flow.Resources.Target, doc)
	reason := fmt.Sprintf("%s has it as %s", p.flow.To, t)
	if len(docs) > 1 {
		reason += fmt.Sprintf(" and in %d more", len(docs)-1)
	}
	d.plan.Skip = &Verdict{Code: SkipExists, Reason: reason, Target: &t}
	d.plan.Adopt = []Adoption{{Link: *p.linkRef(d), Target: t}}
	return true, nil
}

// roundedOff is how far a document of the books may be from its order: some round to whole units of the currency.
var roundedOff = decimal.New(1, 0)

// ownDocument picks the order's own of the documents with its reference. Two shops, and two sales channels of one, may
// count alike: an order whose number another one has already must not be taken for sent. One that was
// about to be made by us is ours, and so is one that does not tell its total.
func (p *Planner) ownDocument(d *draft, docs []port.Document, link port.Link) (port.Document, error) {
	teller, tells := p.target.(port.Totaled)
	if !tells || p.set.trustReference || !link.PendingSince.IsZero() {
		return docs[0], nil
	}
	want, err := decimal.Parse(gjson.GetBytes(d.canonical, "totals.gross").Raw)
	if err != nil {
		return docs[0], nil // the order's amounts are checked where it is sent
	}
	var others []string
	for _, doc := range docs {
		resource := doc.Resource
		if resource == "" {
			resource = p.flow.Resources.Target
		}
		total, ok := teller.Totaled(resource, doc.Body)
		if !ok {
			return doc, nil
		}
		got, err := decimal.Parse(total.Gross)
		if err != nil || want.Sub(got).Abs().Cmp(roundedOff) <= 0 {
			return doc, nil
		}
		others = append(others, fmt.Sprintf("%s over %s", targetOf("", resource, doc), got))
	}
	return port.Document{}, &Failure{Code: FailConflict,
		Message: fmt.Sprintf("%s has another document with the reference %s (%s), and the order is over %s", p.flow.To, p.reference(d).Value, strings.Join(others, ", "), want),
		Help:    "if that is another shop's order, give this flow a settings.referencePrefix of its own; if it is this order, changed in the books, set settings.trustReference"}
}
