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

// The types of canonical products.
const (
	typeSimple   = "simple"
	typeVariants = "variants"
	typeGrouped  = "grouped"
)

// planProduct is the product process: what the product is called in the target, whether that takes its type, and
// whether it has the SKU.
func (p *Planner) planProduct(ctx context.Context, d *draft) error {
	if scalar(gjson.GetBytes(d.canonical, "sku")) == "" {
		return skip(SkipNoKey, "it has no SKU, so %s cannot be asked whether it has the product", p.flow.To)
	}
	if err := p.checkCurrency(d.canonical); err != nil {
		return err
	}
	prepared, err := p.prepareProduct(d.canonical)
	if err != nil {
		return err
	}
	d.canonical, d.plan.Canonical = prepared, prepared
	kind := gjson.GetBytes(prepared, "type").String()
	switch {
	case p.flow.Resources.Takes(typeVariants) && len(gjson.GetBytes(prepared, "attributes").Array()) > 0:
		// Sources that give variants as products too may give them before their family.
		return skip(SkipVariant, "it is a variant, which %s gets with its family", p.flow.To)
	case kind == "" || p.flow.Resources.Takes(kind):
	case kind == typeVariants && p.set.unsupportedTypes == typesSplit && p.flow.Resources.Takes(typeSimple):
		return p.planVariants(ctx, d)
	default:
		return p.unsupported(kind)
	}
	if kind == typeGrouped {
		if err := p.membersThere(ctx, prepared); err != nil {
			return err
		}
	}
	w := p.wantedProduct(prepared)
	w.link, w.operation = *p.linkRef(d), string(port.Product)
	w.claim = &LinkRef{Entity: port.Product, SourceID: "sku:" + scalar(gjson.GetBytes(prepared, "sku")), Version: d.doc.ID}
	return p.planOne(ctx, d, w)
}

var typeNames = map[string]string{typeSimple: "a simple product", typeVariants: "a family of variants", typeGrouped: "a set of other products"}

func (p *Planner) unsupported(kind string) error {
	what, known := typeNames[kind]
	if !known {
		what = fmt.Sprintf("of the type %q", kind)
	}
	reason := fmt.Sprintf("it is %s, and %s does not take such products", what, p.flow.To)
	if p.set.unsupportedTypes != typesFail {
		return &skipped{Verdict{Code: SkipType, Reason: reason}}
	}
	return &Failure{Code: FailType, Message: reason, Help: "leave it out with where, or set settings.unsupportedTypes"}
}

// wantedProduct is a product of the target but for its link.
func (p *Planner) wantedProduct(product []byte) wanted {
	sku := scalar(gjson.GetBytes(product, "sku"))
	return wanted{
		operation: "product:" + sku, what: "product " + sku, mapping: "product mapping", mapper: p.flow.Mappings.Write, resource: p.flow.Resources.Target,
		document: product, keys: []port.Key{{Field: port.KeySKU, Value: sku}},
	}
}

// planOne plans to make or change the product of one SKU.
func (p *Planner) planOne(ctx context.Context, d *draft, w wanted) error {
	sku := w.keys[0].Value
	found, asked, err := p.bySKU(ctx, w.resource, sku)
	if err != nil {
		return err
	}
	for part, when := range map[string]string{"categories": p.set.categories, "images": p.set.images} {
		if when == partNever || when == partCreate && found != nil {
			if w.document, err = sjson.DeleteBytes(w.document, part); err != nil {
				return err
			}
		}
	}
	if w.document, err = p.fitted(ctx, d, w.document, found); err != nil {
		return err
	}
	link, err := p.link(ctx, w.link.Entity, w.link.SourceID)
	if err != nil {
		return err
	}
	return p.upsert(ctx, d, w, found, link, asked)
}

// fitted is a product as it can be written over the one that the target has, nil for none: the options of a family under the names that they have there,
// and only those of its related products that are there.
func (p *Planner) fitted(ctx context.Context, d *draft, product []byte, found *port.Document) ([]byte, error) {
	family, related := gjson.GetBytes(product, "type").String() == typeVariants, gjson.GetBytes(product, "related").Exists()
	if found != nil && !p.set.update {
		return product, nil // nothing will be written
	}
	var have []byte
	if found != nil && (family || related) && p.flow.Mappings.TargetRead != nil {
		var err error
		if have, err = p.flow.Mappings.TargetRead.Apply(ctx, found.Body, engine.Input{}); err != nil {
			return nil, mappingFailure("read mapping of the target's product", err)
		}
	}
	if family && have != nil {
		named, err := p.namedAsThere(have, product)
		if err != nil {
			return nil, err
		}
		product, d.plan.Canonical = named, named
	}
	if !related {
		return product, nil
	}
	return p.relatedThere(ctx, d, product, have)
}

// bySKU asks the target for the only document with a SKU. One that is found by the SKU of a variant of its own has another key: what a
// simple product says of itself must not become what a family says of all its variants.
func (p *Planner) bySKU(ctx context.Context, resource, sku string) (found *port.Document, asked bool, err error) {
	docs, asked, err := p.find(ctx, resource, port.Key{Field: port.KeySKU, Value: sku})
	switch {
	case isAbsent(err):
		return nil, true, nil
	case err != nil:
		return nil, false, fmt.Errorf("%s %s: %w", resource, sku, err)
	case !asked:
		return nil, false, &Failure{Code: FailConfiguration, Message: fmt.Sprintf("%s cannot be asked for its %s by SKU", p.flow.To, resource)}
	}
	own := slices.DeleteFunc(slices.Clone(docs), func(d port.Document) bool { return d.Key != "" && d.Key != sku })
	switch {
	case len(own) == 0 && len(docs) > 0:
		return nil, true, skip(SkipVariant, "%s has %s as a variant of %s, which is changed with its family", p.flow.To, sku, docs[0].Key)
	case len(own) > 1:
		return nil, true, &Failure{Code: FailConflict,
			Message: fmt.Sprintf("%s has %d documents %s with the SKU %s", p.flow.To, len(own), resource, sku), Help: "give each a SKU of its own there"}
	case len(own) == 1:
		return &own[0], true, nil
	}
	return nil, true, nil
}

// planVariants sends each variant of a family as a product of its own. What is made comes last: the outcome
// of the whole is that of its last operation.
func (p *Planner) planVariants(ctx context.Context, d *draft) error {
	variants, err := splitVariants(d.canonical)
	if err != nil {
		return err
	}
	for _, v := range variants {
		w := p.wantedProduct(v)
		w.link = LinkRef{Entity: port.Product, SourceID: "sku:" + w.keys[0].Value, Version: d.doc.Version}
		if err := p.planOne(ctx, d, w); err != nil {
			return err
		}
	}
	if d.plan.Skip != nil && len(d.plan.Operations) > 0 { // some are there, and settings.update is false
		d.plan.Skip = nil
	}
	slices.SortStableFunc(d.plan.Operations, func(a, b Operation) int { return strings.Compare(string(b.Verb), string(a.Verb)) })
	return nil
}

// splitVariants makes simple products of a family: each has what the family shares, its own SKU, prices and quantity, and
// its options as attributes and behind the name.
func splitVariants(family []byte) ([][]byte, error) {
	root := gjson.ParseBytes(family)
	var out [][]byte
	for _, v := range root.Get("variants").Array() {
		if scalar(v.Get("sku")) == "" {
			return nil, &Failure{Code: FailMapping, Message: "a variant of the family has no SKU", Help: "give it one in the source"}
		}
		own, err := withoutMembers(family, "variants", "options", "quantity", "ean")
		if err != nil {
			return nil, err
		}
		if present(v.Get("priceNet")) || present(v.Get("priceGross")) { // one of its own must not meet the other of the family
			if own, err = withoutMembers(own, "priceNet", "priceGross"); err != nil {
				return nil, err
			}
		}
		values := []string{root.Get("name").String()}
		for _, o := range v.Get("options").Array() {
			values = append(values, o.Get("value").String())
		}
		set := map[string]string{"type": `"simple"`, "name": quoted(strings.TrimSpace(strings.Join(values, " ")))}
		for from, to := range map[string]string{"sku": "sku", "ean": "ean", "priceNet": "priceNet", "priceGross": "priceGross", "quantity": "quantity", "options": "attributes"} {
			if m := v.Get(from); present(m) {
				set[to] = m.Raw
			}
		}
		for name, raw := range set {
			if own, err = sjson.SetRawBytes(own, name, []byte(raw)); err != nil {
				return nil, err
			}
		}
		out = append(out, own)
	}
	if len(out) == 0 {
		return nil, skip(SkipType, "it is a family without variants")
	}
	return out, nil
}

func withoutMembers(doc []byte, names ...string) ([]byte, error) {
	var err error
	for _, n := range names {
		if doc, err = sjson.DeleteBytes(doc, n); err != nil {
			return nil, err
		}
	}
	return doc, nil
}

// membersThere makes sure that the products of a set are in the target before the set is. A set that comes before its members
// fails, and comes back in the next run.
func (p *Planner) membersThere(ctx context.Context, product []byte) error {
	var missing []string
	for _, m := range gjson.GetBytes(product, "members").Array() {
		sku := scalar(m.Get("sku"))
		docs, asked, err := p.find(ctx, p.flow.Resources.Target, port.Key{Field: port.KeySKU, Value: sku})
		if err != nil && !isAbsent(err) {
			return fmt.Errorf("product %s of the set: %w", sku, err)
		}
		if len(docs) == 0 && (asked || isAbsent(err)) {
			missing = append(missing, sku)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return &Failure{Code: FailProduct, Message: fmt.Sprintf("%s does not have %s of the set yet", p.flow.To, strings.Join(missing, ", ")),
		Help: "the set is sent once they are there"}
}

// productSKUs are the SKUs that a product or a stock is about, each once.
func productSKUs(product []byte) (out []string) {
	root := gjson.ParseBytes(product)
	for _, v := range append([]gjson.Result{root}, root.Get("variants").Array()...) {
		if sku := scalar(v.Get("sku")); sku != "" && !slices.Contains(out, sku) {
			out = append(out, sku)
		}
	}
	return out
}
