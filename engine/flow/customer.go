package flow

import (
	"context"
	"fmt"
	"strings"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// party is the customer of the target that an order goes to.
type party struct {
	id       string // real, or a placeholder
	document []byte // as it is, or as it is about to be
	op       *Operation
}

// customer decides whose the order is: the default customer, or the one that matches, or a new one.
func (p *Planner) customer(ctx context.Context, d *draft, links []byte) (party, error) {
	if p.set.defaultCustomer != "" {
		doc, err := p.debtor(ctx)
		return party{id: doc.ID, document: doc.Body}, err
	}
	email := foldedEmail(d.order)
	linkID := customerLinkID(d.order)
	link, err := p.link(ctx, port.Customer, linkID)
	if err != nil {
		return party{}, err
	}
	found, asked, err := p.matchCustomer(ctx, d.order, link)
	if err != nil {
		return party{}, err
	}
	document, err := canonicalCustomer(d.order)
	if err != nil {
		return party{}, fmt.Errorf("customer of the order: %w", err)
	}
	in := d.in
	in.Links = links
	if found != nil {
		return p.knownCustomer(ctx, d, *found, link, document, in)
	}
	if email == "" {
		return party{}, &Failure{Code: FailCustomer,
			Message: "the order's customer has no e-mail address and matches no customer of the target",
			Help:    "set settings.defaultCustomer, or settings.defaults with customer.email"}
	}
	if err := p.pending("the order's customer", link, asked); err != nil {
		return party{}, err
	}
	in.Write = engine.Create
	body, err := p.flow.Mappings.CustomerWrite.Apply(ctx, document, in)
	if err != nil {
		return party{}, mappingFailure("customer mapping", err)
	}
	id := customerPlaceholder(d.doc.Body, d.order)
	return party{id: id, document: body, op: &Operation{
		ID: "customer", Verb: Create, Resource: p.flow.Resources.Customer,
		Keys: []port.Key{{Field: port.KeyEmail, Value: email}},
		Body: body, Provides: id,
		Link: &LinkRef{Entity: port.Customer, SourceID: linkID},
	}}, nil
}

func (p *Planner) knownCustomer(ctx context.Context, d *draft, found port.Document, link port.Link, document []byte, in engine.Input) (party, error) {
	out := party{id: found.ID, document: found.Body}
	if id := customerLinkID(d.order); id != "" && link.TargetID != found.ID {
		d.plan.Adopt = append(d.plan.Adopt, Adoption{
			Link:   LinkRef{Entity: port.Customer, SourceID: id},
			Target: targetOf("", p.flow.Resources.Customer, found),
		})
	}
	if !p.set.updateCustomer {
		return out, nil
	}
	in.Write, in.Current = engine.Update, found.Body
	body, err := p.flow.Mappings.CustomerWrite.Apply(ctx, document, in)
	if err != nil {
		return party{}, mappingFailure("customer mapping", err)
	}
	changes, change, err := diff(found.Body, body)
	if err != nil {
		return party{}, fmt.Errorf("changes of customer %s: %w", found.ID, err)
	}
	if len(changes) == 0 {
		return out, nil
	}
	out.document = overlay(found.Body, change)
	out.op = &Operation{
		ID: "customer", Verb: Update, Resource: p.flow.Resources.Customer,
		TargetID: found.ID, Base: found.Version, Body: change, Diff: changes,
	}
	return out, nil
}

// debtor returns the customer of settings.defaultCustomer, found by number or id.
func (p *Planner) debtor(ctx context.Context) (port.Document, error) {
	m := p.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.debtor != nil {
		return *m.debtor, nil
	}
	for _, field := range []string{port.KeyNumber, port.KeyID} {
		docs, _, err := p.find(ctx, p.flow.Resources.Customer, port.Key{Field: field, Value: p.set.defaultCustomer})
		if err != nil && !isAbsent(err) {
			return port.Document{}, fmt.Errorf("settings.defaultCustomer: %w", err)
		}
		if len(docs) > 0 {
			m.debtor = &docs[0]
			return docs[0], nil
		}
	}
	return port.Document{}, &Failure{Code: FailConfiguration,
		Message: fmt.Sprintf("settings.defaultCustomer: %s has no customer with number or id %q", p.flow.To, p.set.defaultCustomer),
		Help:    "take the number of a customer that exists there"}
}

// matchCustomer looks in the order of settings.customerMatch. asked tells whether the target could be asked by
// e-mail, which is what says that a lost customer is not there.
func (p *Planner) matchCustomer(ctx context.Context, order []byte, link port.Link) (found *port.Document, asked bool, err error) {
	email := foldedEmail(order)
	for _, by := range p.set.customerMatch {
		var key port.Key
		switch by {
		case matchLink:
			key = port.Key{Field: port.KeyID, Value: link.TargetID}
		case matchEmail:
			key = port.Key{Field: port.KeyEmail, Value: email}
		case matchNumber:
			key = port.Key{Field: port.KeyNumber, Value: scalar(gjson.GetBytes(order, "customer.number"))}
		}
		docs, ok, err := p.find(ctx, p.flow.Resources.Customer, key)
		if isAbsent(err) {
			docs, ok, err = nil, true, nil
		}
		if err != nil {
			return nil, false, fmt.Errorf("customer by %s: %w", by, err)
		}
		asked = asked || ok && by == matchEmail
		if len(docs) == 0 {
			continue
		}
		one, err := p.onlyCustomer(ctx, docs, scalar(gjson.GetBytes(order, "customer.type")), by)
		return one, asked, err
	}
	if asked || email == "" {
		return nil, asked, nil
	}
	// The settings do not match by e-mail, but one address must not become two customers.
	docs, asked, err := p.find(ctx, p.flow.Resources.Customer, port.Key{Field: port.KeyEmail, Value: email})
	switch {
	case err != nil:
		return nil, false, fmt.Errorf("customer by email: %w", err)
	case len(docs) == 1 && !link.PendingSince.IsZero():
		return &docs[0], true, nil // ours: its create was begun and its answer lost
	case len(docs) > 0:
		return nil, true, &Failure{Code: FailCustomer,
			Message: fmt.Sprintf("customer %s of %s has the order's e-mail address, but settings.customerMatch does not hold email", name(docs[0]), p.flow.To),
			Help:    "add email to settings.customerMatch, or set settings.defaultCustomer"}
	}
	return nil, asked, nil
}

// onlyCustomer picks one of several candidates: of the active ones the only one of the order's type. Without a
// customer read mapping neither is known.
func (p *Planner) onlyCustomer(ctx context.Context, docs []port.Document, kind, by string) (*port.Document, error) {
	if len(docs) == 1 {
		return &docs[0], nil
	}
	var active, same []port.Document
	if read := p.flow.Mappings.CustomerRead; read != nil {
		for _, doc := range docs {
			c, err := read.Apply(ctx, doc.Body, engine.Input{})
			if err != nil {
				return nil, mappingFailure("customer read mapping", err)
			}
			if v := gjson.GetBytes(c, "active"); v.Exists() && !v.Bool() {
				continue
			}
			active = append(active, doc)
			if kind != "" && gjson.GetBytes(c, "type").String() == kind {
				same = append(same, doc)
			}
		}
	}
	switch {
	case len(same) == 1:
		return &same[0], nil
	case len(active) == 1:
		return &active[0], nil
	}
	var names []string
	for _, doc := range docs {
		names = append(names, name(doc))
	}
	message := fmt.Sprintf("%d customers of %s match the order's customer by %s (%s)", len(docs), p.flow.To, by, strings.Join(names, ", "))
	if kind != "" && p.flow.Mappings.CustomerRead != nil {
		message += fmt.Sprintf(", %d of them an active %s", len(same), kind)
	}
	return nil, &Failure{Code: FailCustomer, Message: message,
		Help: "decide which one it is: give the others another address or make them inactive, or set settings.defaultCustomer"}
}

// canonicalCustomer makes a canonical customer of an order's customer, addresses and currency.
func canonicalCustomer(order []byte) ([]byte, error) {
	out := []byte(gjson.GetBytes(order, "customer").Raw)
	if len(out) == 0 || out[0] != '{' {
		out = []byte("{}")
	}
	billing, shipping := gjson.GetBytes(order, "billing"), gjson.GetBytes(order, "shipping")
	addresses := []byte("[]")
	var err error
	add := func(uses string, address gjson.Result) {
		if !address.IsObject() || err != nil {
			return
		}
		var a []byte
		if a, err = sjson.SetRawBytes([]byte(address.Raw), "use", []byte(uses)); err == nil {
			addresses, err = sjson.SetRawBytes(addresses, "-1", a)
		}
	}
	if equal(billing, shipping) {
		add(`["billing","shipping"]`, billing)
	} else {
		add(`["billing"]`, billing)
		add(`["shipping"]`, shipping)
	}
	if err != nil {
		return nil, err
	}
	if out, err = sjson.SetRawBytes(out, "addresses", addresses); err != nil {
		return nil, err
	}
	if currency := gjson.GetBytes(order, "currency"); present(currency) {
		if out, err = sjson.SetRawBytes(out, "currency", []byte(currency.Raw)); err != nil {
			return nil, err
		}
	}
	return sjson.SetRawBytes(out, "active", []byte("true"))
}

func name(d port.Document) string {
	if d.Key != "" {
		return d.Key
	}
	return d.ID
}
