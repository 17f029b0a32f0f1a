package flow

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/decimal"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// planStock is the stock process: how many are there to sell, and does the target say so. What write mappings send is
// `available`, which is what the flow's quantity came to; `location` is the target's; `managed` is there only where it is to be set.
func (p *Planner) planStock(ctx context.Context, d *draft) error {
	sku := scalar(gjson.GetBytes(d.canonical, "sku"))
	if sku == "" {
		return skip(SkipNoKey, "it has no SKU")
	}
	place, err := p.placeOf(d.canonical)
	if err != nil {
		return err
	}
	quantity, known, err := p.totalQuantity(ctx, d, place)
	if err != nil {
		return err
	}
	switchesOff := p.set.manageStock == manageSource && gjson.GetBytes(d.canonical, "managed").Type == gjson.False
	if !known && !switchesOff {
		return skip(SkipNoQuantity, "%s does not say how many there are, and unknown is not zero", p.flow.From)
	}
	if d.canonical, err = p.preparedStock(d.canonical, quantity, known, place); err != nil {
		return err
	}
	d.plan.Canonical = d.canonical
	found, asked, err := p.stockAt(ctx, sku, place)
	if err != nil {
		return err
	}
	w := wanted{
		operation: "stock", what: "the stock of " + sku, mapping: "stock mapping", mapper: p.flow.Mappings.Write, resource: p.flow.Resources.Target,
		document: d.canonical, keys: []port.Key{{Field: port.KeySKU, Value: sku}}, link: *p.linkRef(d),
	}
	if found == nil {
		return p.newStock(ctx, d, w, asked)
	}
	if err := p.upsert(ctx, d, w, found, port.Link{TargetID: found.ID}, asked); err != nil {
		return err
	}
	for i := range d.plan.Operations {
		d.plan.Operations[i].Link = nil // stock is found by its SKU, every time
	}
	d.plan.Zeroes = known && quantity.Sign() <= 0 && len(d.plan.Operations) > 0 && p.hadSome(ctx, *found)
	if d.plan.Zeroes && p.keepsSome {
		return moved("the stock of " + sku + " has changed")
	}
	return nil
}

// newStock plans the stock of a product that the target has and keeps no stock of at this place yet.
func (p *Planner) newStock(ctx context.Context, d *draft, w wanted, asked bool) error {
	sku := w.keys[0].Value
	if p.flow.Resources.Product == "" {
		return skip(SkipNotThere, "%s has no %s of %s", p.flow.To, p.flow.Resources.Target, sku)
	}
	docs, _, err := p.find(ctx, p.flow.Resources.Product, port.Key{Field: port.KeySKU, Value: sku})
	if err != nil && !isAbsent(err) {
		return fmt.Errorf("product %s: %w", sku, err)
	}
	if len(docs) == 0 {
		return skip(SkipNotThere, "%s has no product %s that it keeps stock of", p.flow.To, sku)
	}
	link, err := p.link(ctx, port.Stock, d.doc.ID)
	if err != nil {
		return err
	}
	return p.upsert(ctx, d, w, nil, link, asked)
}

// placeOf is the target's location for a stock, by the table locations; "" is the target's only one. Without a table locations
// are not looked at.
func (p *Planner) placeOf(stock []byte) (string, error) {
	table := gjson.GetBytes(p.flow.Tables, "locations")
	if !table.IsObject() {
		return "", nil
	}
	at := scalar(gjson.GetBytes(stock, "location"))
	to := member(table, at)
	if !present(to) {
		return "", skip(SkipLocation, "the table locations does not have %q", at)
	}
	return scalar(to), nil
}

// totalQuantity is what the target's place is to have: what the flow's quantity gives for the stock, or the sum where several
// locations of the source are one place of the target. known is false where the source does not say it of all of them.
func (p *Planner) totalQuantity(ctx context.Context, d *draft, place string) (sum decimal.Decimal, known bool, err error) {
	stocks, err := p.sameStock(ctx, d, place)
	if err != nil {
		return sum, false, err
	}
	if len(stocks) > 1 && !gjson.GetBytes(p.flow.Tables, "locations").IsObject() {
		var at []string
		for _, s := range stocks {
			at = append(at, scalar(gjson.GetBytes(s.canonical, "location")))
		}
		return sum, false, &Failure{Code: FailConfiguration,
			Message: fmt.Sprintf("%s has it at %d locations (%s)", p.flow.From, len(stocks), strings.Join(at, ", ")),
			Help:    "say in the table locations which of the target's each is ({north: main, south: main} adds them up), or leave some out with where"}
	}
	for _, s := range stocks {
		q, ok, err := p.quantity(ctx, s)
		if err != nil || !ok {
			return sum, false, err
		}
		sum = sum.Add(q)
	}
	return sum, true, nil
}

// quantity computes the flow's quantity of one stock.
func (p *Planner) quantity(ctx context.Context, d *draft) (q decimal.Decimal, known bool, err error) {
	raw, err := p.flow.Quantity.Eval(ctx, d.canonical, d.in)
	if err != nil {
		return q, false, mappingFailure("quantity", err)
	}
	v := gjson.ParseBytes(raw)
	if !present(v) {
		return q, false, nil
	}
	if v.Type != gjson.Number {
		return q, false, &Failure{Code: FailMapping, Message: "the quantity is no number", Help: "see settings.quantity"}
	}
	if q, err = decimal.Parse(v.Raw); err != nil {
		return q, false, &Failure{Code: FailMapping, Message: "the quantity cannot be read", Err: err}
	}
	if q.Sign() < 0 && !p.set.ownQuantity {
		q = decimal.Decimal{} // sold more often than it was there: there is nothing to sell
	}
	return q, true, nil
}

// sameStock returns the draft and, where its source has locations, the stocks of the same article at others that are the
// same place of the target.
func (p *Planner) sameStock(ctx context.Context, d *draft, place string) ([]*draft, error) {
	if scalar(gjson.GetBytes(d.canonical, "location")) == "" {
		return []*draft{d}, nil
	}
	others, err := p.stocksOf(ctx, scalar(gjson.GetBytes(d.canonical, "sku")))
	if err != nil {
		return nil, err
	}
	out := []*draft{d}
	for _, o := range others {
		if o.doc.ID == d.doc.ID || o.plan.Skip != nil {
			continue
		}
		if o.plan.Failure != nil {
			return nil, o.plan.Failure
		}
		if at, err := p.placeOf(o.canonical); err == nil && at == place {
			out = append(out, o)
		}
	}
	return out, nil
}

// stocksOf returns the source's stocks of an article: those of the run, or those that the source tells when it is asked.
func (p *Planner) stocksOf(ctx context.Context, sku string) ([]*draft, error) {
	if p.whole {
		var out []*draft
		for _, doc := range p.others {
			out = append(out, p.open(ctx, doc))
		}
		return out, nil
	}
	source, ok := p.source.(finder)
	if !ok {
		return nil, nil
	}
	docs, err := retry(ctx, p.pace, func() ([]port.Document, error) {
		return source.Find(ctx, p.flow.Resources.Source, port.Key{Field: port.KeySKU, Value: sku})
	})
	if errors.Is(err, port.ErrNoProbe) || isAbsent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("stock of %s in %s: %w", sku, p.flow.From, err)
	}
	var out []*draft
	for _, doc := range docs {
		out = append(out, p.open(ctx, doc))
	}
	return out, nil
}

// preparedStock is what the write mapping gets.
func (p *Planner) preparedStock(stock []byte, quantity decimal.Decimal, known bool, place string) (out []byte, err error) {
	out = stock
	set := func(name, raw string) {
		switch {
		case err != nil:
		case raw == "":
			out, err = sjson.DeleteBytes(out, name)
		default:
			out, err = sjson.SetRawBytes(out, name, []byte(raw))
		}
	}
	amount, at := "", ""
	if known {
		amount = quantity.Trim().String() // 118.0 pieces are 118: some systems take whole numbers only
	}
	if place != "" {
		at = quoted(place)
	}
	set("available", amount)
	set("location", at)
	switch p.set.manageStock {
	case manageLeave:
		set("managed", "")
	case manageOn:
		set("managed", "true")
	}
	return out, err
}

// stockAt finds the target's stock of an article at a place. Where several have the SKU, the target's read mapping tells where
// each is.
func (p *Planner) stockAt(ctx context.Context, sku, place string) (found *port.Document, asked bool, err error) {
	docs, asked, err := p.find(ctx, p.flow.Resources.Target, port.Key{Field: port.KeySKU, Value: sku})
	switch {
	case isAbsent(err):
		return nil, true, nil
	case err != nil:
		return nil, false, fmt.Errorf("stock of %s: %w", sku, err)
	case !asked:
		return nil, false, &Failure{Code: FailConfiguration, Message: fmt.Sprintf("%s cannot be asked for its stock by SKU", p.flow.To)}
	}
	var names []string
	var here []port.Document
	for _, doc := range docs {
		c, err := p.targetStock(ctx, doc)
		if err != nil {
			return nil, false, err
		}
		at := scalar(gjson.GetBytes(c, "location"))
		names = append(names, at)
		if place == "" || at == "" || at == place {
			here = append(here, doc)
		}
	}
	if len(here) > 1 {
		return nil, true, &Failure{Code: FailConfiguration,
			Message: fmt.Sprintf("%s has %s at %d locations (%s)", p.flow.To, sku, len(docs), strings.Join(names, ", ")),
			Help:    `say in the table locations which one is meant: {"": main} for a source without locations`}
	}
	if len(here) == 0 {
		return nil, true, nil
	}
	return &here[0], true, nil
}

// targetStock reads the target's stock; nil where there is no mapping for it.
func (p *Planner) targetStock(ctx context.Context, doc port.Document) ([]byte, error) {
	if p.flow.Mappings.TargetRead == nil {
		return nil, nil
	}
	c, err := p.flow.Mappings.TargetRead.Apply(ctx, doc.Body, engine.Input{Settings: p.flow.Settings, Tables: p.flow.Tables})
	if err != nil {
		return nil, mappingFailure("read mapping of the target's stock", err)
	}
	return c, nil
}

// hadSome tells whether a stock of the target holds any. What cannot be told counts as some: the guard is there for the doubtful.
func (p *Planner) hadSome(ctx context.Context, doc port.Document) bool {
	c, err := p.targetStock(ctx, doc)
	if err != nil {
		return true
	}
	for _, field := range []string{"onHand", "available"} {
		if v := gjson.GetBytes(c, field); present(v) {
			d, err := decimal.Parse(v.Raw)
			return err != nil || d.Sign() > 0
		}
	}
	return true
}
