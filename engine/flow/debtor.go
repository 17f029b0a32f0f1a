package flow

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// party is the customer of the target that an order goes to; none where the target's orders carry their customer themselves.
type party struct {
	id       string // real, or a placeholder
	document []byte // as it is, or as it is about to be
	op       *Operation
}

// buyer is the customer of an order as the source has it.
type buyer struct {
	document []byte
	linkID   string
	err      error // why there is none
	link     func() (port.Link, error)
}

// buyer reads the customer of an order, and begins to look for its link: that takes as long as the target takes to say whether it has the order, or less.
func (p *Planner) buyer(ctx context.Context, d *draft) buyer {
	b := buyer{link: func() (port.Link, error) { return port.Link{}, nil }}
	if p.flow.Resources.Customer == "" || p.set.defaultCustomer != "" {
		return b
	}
	if b.document, b.err = p.canonicalCustomer(d.canonical); b.err != nil {
		return b
	}
	b.linkID = customerLinkID(gjson.ParseBytes(b.document))
	var link port.Link
	var err error
	var looking sync.WaitGroup
	looking.Go(func() { link, err = p.link(ctx, port.Customer, b.linkID) })
	b.link = func() (port.Link, error) {
		looking.Wait()
		return link, err
	}
	return b
}

// customer decides whose the order is: the default customer, or the one that matches, or a new one.
func (p *Planner) customer(ctx context.Context, d *draft, b buyer, links []byte) (party, error) {
	switch {
	case p.flow.Resources.Customer == "":
		return party{}, nil
	case p.set.defaultCustomer != "":
		doc, err := p.debtor(ctx)
		return party{id: doc.ID, document: doc.Body}, err
	case b.err != nil:
		return party{}, fmt.Errorf("customer of the order: %w", b.err)
	}
	document, linkID := b.document, b.linkID
	customer := gjson.ParseBytes(document)
	email := foldedEmail(customer)
	link, err := b.link()
	if err != nil {
		return party{}, err
	}
	found, asked, err := p.matchCustomer(ctx, customer, link)
	if err != nil {
		return party{}, err
	}
	in := d.in
	in.Links = links
	w := wanted{
		operation: "customer", mapping: "customer mapping", mapper: p.flow.Mappings.CustomerWrite, resource: p.flow.Resources.Customer,
		document: document, in: in, keys: []port.Key{{Field: port.KeyEmail, Value: email}}, link: LinkRef{Entity: port.Customer, SourceID: linkID},
	}
	if found != nil {
		return p.knownCustomer(ctx, d, w, *found, link)
	}
	if email == "" {
		return party{}, &Failure{Code: FailCustomer,
			Message: "the order's customer has no e-mail address and matches no customer of the target",
			Help:    "set settings.defaultCustomer, or settings.defaults with customer.email"}
	}
	if err := p.pending("the order's customer", link, asked); err != nil {
		return party{}, err
	}
	op, err := p.creation(ctx, w)
	if err != nil {
		return party{}, err
	}
	op.Provides = customerPlaceholder(d.doc.Body, d.canonical)
	return party{id: op.Provides, document: op.Body, op: op}, nil
}

func (p *Planner) knownCustomer(ctx context.Context, d *draft, w wanted, found port.Document, link port.Link) (party, error) {
	out := party{id: found.ID, document: found.Body}
	if w.link.SourceID != "" {
		d.adopt(w.link, link, w.resource, found)
	}
	if !p.set.updateCustomer {
		return out, nil
	}
	op, err := p.change(ctx, w, found)
	if err != nil || op == nil {
		return out, err
	}
	op.Link = nil // it is linked already, or has nothing to be linked by
	if _, labels := p.target.(port.Comparer); !labels {
		out.document = overlay(found.Body, op.Body)
	}
	out.op = op
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

// canonicalCustomer makes a canonical customer of an order's customer, addresses and currency.
func (p *Planner) canonicalCustomer(order []byte) ([]byte, error) {
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
	if email := gjson.GetBytes(out, "email"); email.Type == gjson.String && email.Str != strings.TrimSpace(email.Str) {
		// As it is looked for: the target would be asked in vain for one that it has with spaces.
		if out, err = sjson.SetBytes(out, "email", strings.TrimSpace(email.Str)); err != nil {
			return nil, err
		}
	}
	if currency := gjson.GetBytes(order, "currency"); present(currency) {
		if out, err = sjson.SetRawBytes(out, "currency", []byte(currency.Raw)); err != nil {
			return nil, err
		}
	}
	if out, err = sjson.SetRawBytes(out, "active", []byte("true")); err != nil {
		return nil, err
	}
	return p.withTaxCode(out)
}
