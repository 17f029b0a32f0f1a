package flow

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// planCustomer is the customer process: whose customer of the target is it, and what of that one differs.
func (p *Planner) planCustomer(ctx context.Context, d *draft) error {
	var err error
	if d.canonical, err = p.withTaxCode(d.canonical); err != nil {
		return err
	}
	d.plan.Canonical = d.canonical
	customer := gjson.ParseBytes(d.canonical)
	link, err := p.link(ctx, port.Customer, d.doc.ID)
	if err != nil {
		return err
	}
	found, asked, err := p.matchCustomer(ctx, customer, link)
	if err != nil {
		return err
	}
	email := foldedEmail(customer)
	if found == nil && email == "" {
		return skip(SkipNoKey, "it has no e-mail address, so %s cannot be asked whether it has the customer", p.flow.To)
	}
	w := wanted{
		operation: "customer", mapping: "customer mapping", mapper: p.flow.Mappings.Write, resource: p.flow.Resources.Target,
		document: d.canonical, link: *p.linkRef(d), what: "the customer",
	}
	if email != "" {
		w.keys = []port.Key{{Field: port.KeyEmail, Value: email}}
		w.claim = &LinkRef{Entity: port.Customer, SourceID: emailLinkID(email), Version: d.doc.ID}
	}
	return p.upsert(ctx, d, w, found, link, asked)
}

// orDefaultCustomer adds the way out that flows of orders have.
func (p *Planner) orDefaultCustomer(help string) string {
	if p.flow.Entity != port.Order {
		return help
	}
	return help + ", or set settings.defaultCustomer"
}

// withTaxCode sets the tax code that the table customerTaxCodes has for the country of the customer's billing address: by
// the country's code, else by EU for a member state, else by world. Without an entry the code stays as it is.
func (p *Planner) withTaxCode(customer []byte) ([]byte, error) {
	codes := gjson.GetBytes(p.flow.Tables, "customerTaxCodes")
	if !codes.IsObject() {
		return customer, nil
	}
	code := byCountry(codes, billingCountry(gjson.ParseBytes(customer)))
	if !present(code) {
		return customer, nil
	}
	return sjson.SetRawBytes(customer, "taxCode", []byte(code.Raw))
}

// billingCountry is the country of the first address for bills, else of the first address.
func billingCountry(customer gjson.Result) string {
	addresses := customer.Get("addresses").Array()
	for _, a := range addresses {
		if slices.ContainsFunc(a.Get("use").Array(), func(use gjson.Result) bool { return use.String() == "billing" }) {
			return a.Get("country").String()
		}
	}
	if len(addresses) == 0 {
		return ""
	}
	return addresses[0].Get("country").String()
}

// members are the member states of the European Union by ISO 3166-1; GR is Greece, which VAT numbers call EL.
var members = strings.Fields("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK")

func byCountry(table gjson.Result, country string) gjson.Result {
	if country == "" {
		return gjson.Result{}
	}
	names := []string{country, "world"}
	if slices.Contains(members, country) {
		names = []string{country, "EU", "world"}
	}
	for _, n := range names {
		if v := member(table, n); present(v) {
			return v
		}
	}
	return gjson.Result{}
}

// matchCustomer looks in the order of settings.customerMatch. asked tells whether the target could be asked by
// e-mail, which is what says that a lost customer is not there.
func (p *Planner) matchCustomer(ctx context.Context, customer gjson.Result, link port.Link) (found *port.Document, asked bool, err error) {
	email := foldedEmail(customer)
	for _, by := range p.set.customerMatch {
		var key port.Key
		switch by {
		case matchLink:
			key = port.Key{Field: port.KeyID, Value: link.TargetID}
		case matchEmail:
			key = port.Key{Field: port.KeyEmail, Value: email}
		case matchNumber:
			key = port.Key{Field: port.KeyNumber, Value: scalar(customer.Get("number"))}
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
		one, err := p.onlyCustomer(ctx, docs, scalar(customer.Get("type")), by)
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
			Message: fmt.Sprintf("customer %s of %s has the same e-mail address, but settings.customerMatch does not hold email", name(docs[0]), p.flow.To),
			Help:    p.orDefaultCustomer("add email to settings.customerMatch")}
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
	message := fmt.Sprintf("%d customers of %s match by %s (%s)", len(docs), p.flow.To, by, strings.Join(names, ", "))
	if kind != "" && p.flow.Mappings.CustomerRead != nil {
		message += fmt.Sprintf(", %d of them an active %s", len(same), kind)
	}
	return nil, &Failure{Code: FailCustomer, Message: message,
		Help: p.orDefaultCustomer("decide which one it is: give the others another address or make them inactive")}
}

// name is what people call a document of the target; never an e-mail address, because names stand in logs.
func name(d port.Document) string {
	if t := targetOf("", "", d); t.Key != "" {
		return t.Key
	}
	return d.ID
}
