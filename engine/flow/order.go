package flow

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/decimal"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// planOrder is the order process: does the target have it, whose is it, does the
// target know its articles, what becomes of it, and does that add up.
func (p *Planner) planOrder(ctx context.Context, d *draft) error {
	buyer := p.buyer(ctx, d)
	defer func() { _, _ = buyer.link() }()
	done, err := p.orderExists(ctx, d)
	if done || err != nil {
		return err
	}
	references, err := p.references(ctx)
	if err != nil {
		return err
	}
	referencesOnly := onlyReferences(references)
	customer, err := p.customer(ctx, d, buyer, referencesOnly)
	if err != nil {
		return err
	}
	articles, err := p.articles(ctx, d, referencesOnly)
	if err != nil {
		return err
	}
	totals, warnings, err := checkTotals(d.canonical)
	if err != nil {
		return err
	}
	d.plan.Expected, d.plan.Warnings = &totals, append(d.plan.Warnings, warnings...)

	in := d.in
	in.Write = engine.Create
	in.Links = orderLinks(customer, articles, references)
	d.plan.links = orderLinks(customer, articles, []byte("null"))
	body, err := p.writeOrder(ctx, d, in, articles)
	if err != nil {
		return err
	}
	if customer.op != nil {
		d.plan.Operations = append(d.plan.Operations, *customer.op)
	}
	for _, a := range articles {
		if a.op != nil {
			d.plan.Operations = append(d.plan.Operations, *a.op)
		}
	}
	d.plan.Operations = append(d.plan.Operations, Operation{
		ID: string(p.flow.Entity), Verb: Create, Resource: p.flow.Resources.Target,
		Keys:      []port.Key{p.reference(d)},
		Body:      body,
		DependsOn: dependencies(body, d.plan.Operations),
		Link:      p.linkRef(d),
	})
	return nil
}

// onlyReferences is what mappings see as links that are not about an order.
func onlyReferences(references []byte) []byte {
	return slices.Concat([]byte(`{"reference":`), references, []byte(`}`))
}

// linkRef is the document's own half of its link.
func (p *Planner) linkRef(d *draft) *LinkRef {
	return &LinkRef{Entity: p.flow.Entity, SourceID: d.doc.ID, Version: d.doc.Version}
}

// orderLinks is what the write mapping sees as links.
func orderLinks(customer party, articles []article, references []byte) []byte {
	var b bytes.Buffer
	b.WriteString(`{"customer":`)
	b.Write(linked(customer.id, customer.document))
	b.WriteString(`,"products":{`)
	var products bytes.Buffer
	products.WriteByte('{')
	for _, a := range articles {
		writeMember(&products, a.sku, linked(a.id, a.document))
	}
	b.Write(products.Bytes()[1:])
	b.WriteString(`},"reference":`)
	b.Write(references)
	b.WriteByte('}')
	return b.Bytes()
}

func linked(id string, document []byte) []byte {
	quoted, _ := json.Marshal(id) // a string always marshals
	if len(document) == 0 {
		document = []byte("null")
	}
	return slices.Concat([]byte(`{"id":`), quoted, []byte(`,"document":`), document, []byte(`}`))
}

// usesMissing fails a body that holds the id of an article that the target lacks.
func (p *Planner) usesMissing(body []byte, articles []article) error {
	ids := map[string]string{}
	names := map[string]article{}
	for _, a := range articles {
		if a.absent {
			ids[a.id], names[a.id] = a.id, a
		}
	}
	_, used := fill(body, ids)
	if len(used) == 0 {
		return nil
	}
	var what []string
	for _, id := range used {
		what = append(what, fmt.Sprintf("%s (table %s)", names[id].sku, names[id].table))
	}
	return &Failure{
		Code:    FailProduct,
		Message: fmt.Sprintf("%s has no article %s", p.flow.To, strings.Join(what, ", ")),
		Help:    "create it there, or correct the flow's table",
	}
}

// writeOrder maps the order to what the target gets, and holds that to the order's total where the target can tell
// what it will compute. A difference within settings.roundingLimit is sent as a fee at rate 0.
func (p *Planner) writeOrder(ctx context.Context, d *draft, in engine.Input, articles []article) ([]byte, error) {
	body, err := p.mapOrder(ctx, d.canonical, in, articles)
	if err != nil {
		return nil, err
	}
	totaler, ok := p.target.(port.Totaler)
	if !ok {
		return body, nil
	}
	compare := func(body []byte) (warnings []string, err error) {
		got, err := retry(ctx, p.pace, func() (port.Totals, error) {
			return totaler.Totals(ctx, p.flow.Resources.Target, body, in.Links)
		})
		if err != nil {
			return nil, fmt.Errorf("what the target would compute: %w", err)
		}
		return compareTotals(*d.plan.Expected, got, "the rows add up to")
	}
	warnings, err := compare(body)
	var off *differenceError
	if errors.As(err, &off) && off.by.Abs().Cmp(p.set.roundingLimit) <= 0 {
		rounded, feeErr := withFee(d.canonical, off.by)
		if feeErr != nil {
			return nil, feeErr
		}
		if body, err = p.mapOrder(ctx, rounded, in, articles); err != nil {
			f := *failureOf(err)
			f.Message = fmt.Sprintf("the rounding difference of %s cannot be sent as a row of its own, a fee at rate 0: %s", off.by, f.Message)
			return nil, &f
		}
		if warnings, err = compare(body); err == nil {
			warnings = append(warnings, fmt.Sprintf("%s is sent as a row of its own: %s rounds tax in another way", off.by, p.flow.To))
		}
	}
	d.plan.Warnings = append(d.plan.Warnings, warnings...)
	return body, err
}

func (p *Planner) mapOrder(ctx context.Context, order []byte, in engine.Input, articles []article) ([]byte, error) {
	body, err := p.flow.Mappings.Write.Apply(ctx, order, in)
	if err != nil {
		return nil, mappingFailure(p.flow.Resources.Target+" mapping", err)
	}
	return body, p.usesMissing(body, articles)
}

// withFee adds a rounding difference to the order as a fee without tax.
func withFee(order []byte, by decimal.Decimal) ([]byte, error) {
	if !gjson.GetBytes(order, "fees").IsArray() {
		var err error
		if order, err = sjson.SetRawBytes(order, "fees", []byte("[]")); err != nil {
			return nil, err
		}
	}
	fee := fmt.Sprintf(`{"code":"rounding","name":"Rounding","net":%s,"tax":0,"gross":%s,"taxRate":0}`, by, by)
	return sjson.SetRawBytes(order, "fees.-1", []byte(fee))
}

// dependencies names the operations whose placeholders the body holds.
func dependencies(body []byte, ops []Operation) []string {
	ids, by := map[string]string{}, map[string]string{}
	for _, op := range ops {
		if op.Provides != "" {
			name := op.Provides
			ids[name], by[name] = name, op.ID
		}
	}
	_, used := fill(body, ids)
	var out []string
	for _, u := range used {
		out = append(out, by[u])
	}
	return out
}

// withoutLines removes the lines with these article numbers.
func withoutLines(order []byte, skus []string) ([]byte, error) {
	kept := []byte("[]")
	var err error
	for _, line := range gjson.GetBytes(order, "lines").Array() {
		if slices.Contains(skus, scalar(line.Get("sku"))) {
			continue
		}
		if kept, err = sjson.SetRawBytes(kept, "-1", []byte(line.Raw)); err != nil {
			return nil, err
		}
	}
	return sjson.SetRawBytes(order, "lines", kept)
}
