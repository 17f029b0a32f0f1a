package shopware

import (
	"context"
	"slices"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// Compare says what Update would change. In a list whose wanted elements have ids, such as the addresses of a customer,
// each is compared with the one of its id, and others stay. Prices are compared by currency, and the
// labels of a product (see product.go) with the names behind its ids.
func (c *Client) Compare(ctx context.Context, name string, have port.Document, want []byte) (port.Comparison, error) {
	res, err := resourceOf(name)
	if err != nil {
		return port.Comparison{}, err
	}
	op := "compare " + res.name
	in, err := decoded(op, want)
	if err != nil {
		return port.Comparison{}, err
	}
	old, err := jsondoc.DecodeObject(have.Body)
	if err != nil {
		return port.Comparison{}, &port.Error{Kind: port.ErrProtocol, System: system, Op: op, Err: err}
	}
	d := jsondoc.NewDifference()
	for _, member := range in.Keys() {
		v := in.Get(member)
		switch elements := objectsWithIDs(v); {
		case member == "id" || member == labelled:
		case isEmptyList(v) && len(old.Objects(member)) > 0:
			// A write takes no element out.
		case member == "price" || member == "purchasePrices":
			comparePrices(d, member, old.Objects(member), in.Objects(member))
		case member == "visibilities":
			compareVisibilities(d, old, in)
		case elements != nil:
			compareElements(d, member, old.Objects(member), elements)
		case !d.Holds(own(old, member), v):
			d.Note(member, own(old, member), v)
			d.Body.Set(member, v)
		}
	}
	if res.name == "product" && in.Has(labelled) {
		if err := c.compareLabels(ctx, d, have.ID, old, in.Object(labelled)); err != nil {
			return port.Comparison{}, err
		}
	}
	return d.Comparison(), nil
}

func isEmptyList(v any) bool {
	list, ok := v.([]any)
	return ok && len(list) == 0
}

// own is a member, or its translation where it is null: a variant says only what differs from its family.
func own(o *jsondoc.Object, member string) any {
	if v := o.Get(member); v != nil {
		return v
	}
	return o.Object("translated").Get(member)
}

// objectsWithIDs are the elements of a list in which all are objects with an id, nil for any other value.
func objectsWithIDs(v any) []*jsondoc.Object {
	list, _ := v.([]any)
	var out []*jsondoc.Object
	for _, e := range list {
		o, ok := e.(*jsondoc.Object)
		if !ok || o.Text("id") == "" {
			return nil
		}
		out = append(out, o)
	}
	return out
}

func compareElements(d *jsondoc.Difference, member string, have, want []*jsondoc.Object) {
	var changed []any
	for _, w := range want {
		var old any
		if i := slices.IndexFunc(have, func(h *jsondoc.Object) bool { return h.Text("id") == w.Text("id") }); i >= 0 {
			old = have[i]
			if d.Holds(old, w) {
				continue
			}
		}
		d.Note(member+"["+w.Text("id")+"]", shown(old, w), w)
		changed = append(changed, w)
	}
	if len(changed) > 0 {
		d.Body.Set(member, changed)
	}
}

// shown are those members of have that want has too.
func shown(have any, want *jsondoc.Object) any {
	h, ok := have.(*jsondoc.Object)
	if !ok {
		return have
	}
	out := jsondoc.New()
	for _, k := range want.Keys() {
		out.Set(k, h.Get(k))
	}
	return out
}

// comparePrices compares amounts by currency. A write replaces the whole list, so the other currencies go along.
func comparePrices(d *jsondoc.Difference, member string, have, want []*jsondoc.Object) {
	list, changed := mergePrices(d, have, want)
	if !changed {
		return
	}
	var old any
	if len(have) > 0 {
		old = amounts(have)
	}
	d.Note(member, old, amounts(want))
	d.Body.Set(member, list)
}

func mergePrices(d *jsondoc.Difference, have, want []*jsondoc.Object) (list []any, changed bool) {
	var left []any
	for _, h := range have {
		if !slices.ContainsFunc(want, func(w *jsondoc.Object) bool { return w.Text("currencyId") == h.Text("currencyId") }) {
			left = append(left, h)
		}
	}
	for _, w := range want {
		i := slices.IndexFunc(have, func(h *jsondoc.Object) bool { return h.Text("currencyId") == w.Text("currencyId") })
		if i < 0 || !d.Holds(have[i], w) {
			changed = true
		}
		if i >= 0 { // a list price, a percentage
			merged := have[i].Clone()
			merged.Drop("extensions", "apiAlias")
			merged.Merge(w)
			w = merged
		}
		list = append(list, w)
	}
	return append(list, left...), changed
}

func amounts(list []*jsondoc.Object) []any {
	var out []any
	for _, p := range list {
		out = append(out, jsondoc.New("currencyId", p.Get("currencyId"), "net", p.Get("net"), "gross", p.Get("gross")))
	}
	return out
}

// compareVisibilities compares by sales channel: a product has one row for each.
func compareVisibilities(d *jsondoc.Difference, have, want *jsondoc.Object) {
	var changed []any
	for _, w := range want.Objects("visibilities") {
		var from any
		if old := visibilityIn(have, w.Text("salesChannelId")); old != nil {
			if d.Holds(old.Get("visibility"), w.Get("visibility")) {
				continue
			}
			from = shown(old, w)
		}
		d.Note("visibilities", from, w)
		changed = append(changed, w)
	}
	if len(changed) > 0 {
		d.Body.Set("visibilities", changed)
	}
}

// compareLabels compares the names in a product with those behind its ids; what differs goes to the body by name, and Update
// finds the ids.
func (c *Client) compareLabels(ctx context.Context, d *jsondoc.Difference, id string, have, labels *jsondoc.Object) error {
	body := jsondoc.New()
	if name := labels.Text("manufacturer"); name != "" {
		if old := nameIn(have.Object("manufacturer")); old != name {
			d.Note("manufacturer", orNil(old), name)
			body.Set("manufacturer", name)
		}
	}
	if err := c.compareCategories(ctx, d, body, have, labels); err != nil {
		return err
	}
	var features []any
	for _, f := range labels.Objects("features") {
		if f.Text("name") != "" && f.Text("value") != "" && !hasValue(have.Objects("properties"), f) {
			d.Note("features", nil, f)
			features = append(features, f)
		}
	}
	if len(features) > 0 {
		body.Set("features", features)
	}
	if err := compareVariants(d, body, have, labels); err != nil {
		return err
	}
	compareRelated(d, body, have, labels)
	if err := compareImages(d, body, id, have, labels); err != nil {
		return err
	}
	if body.Len() > 0 {
		d.Body.Set(labelled, body)
	}
	return nil
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func nameIn(o *jsondoc.Object) string {
	name, _ := own(o, "name").(string)
	return name
}

func (c *Client) compareCategories(ctx context.Context, d *jsondoc.Difference, body, have, labels *jsondoc.Object) error {
	var missing []any
	for _, v := range labels.List("categories") {
		path := texts(v)
		if len(path) == 0 {
			continue
		}
		_, root, err := c.names.root(ctx)
		if err != nil {
			return err
		}
		if !inCategory(have, root, path) {
			d.Note("categories", nil, v)
			missing = append(missing, v)
		}
	}
	if len(missing) > 0 {
		body.Set("categories", missing)
	}
	return nil
}

// inCategory compares a path with the breadcrumbs of a product's categories, which begin at the top.
func inCategory(have *jsondoc.Object, root, path []string) bool {
	path = slices.Concat(root, below(root, path))
	return slices.ContainsFunc(have.Objects("categories"), func(c *jsondoc.Object) bool {
		return slices.Equal(texts(own(c, "breadcrumb")), path)
	})
}

// hasValue tells whether values of properties hold the one that is named.
func hasValue(values []*jsondoc.Object, named *jsondoc.Object) bool {
	return slices.ContainsFunc(values, func(v *jsondoc.Object) bool {
		return nameIn(v) == named.Text("value") && nameIn(v.Object("group")) == named.Text("name")
	})
}

func compareVariants(d *jsondoc.Difference, body, have, labels *jsondoc.Object) error {
	var changed []any
	for _, w := range labels.Objects("variants") {
		number := w.Text("productNumber")
		if number == "" {
			return invalid("variants", "a variant has no number")
		}
		old := childOf(have, number)
		if old == nil {
			d.Note("variants["+number+"]", nil, w)
			changed = append(changed, w)
			continue
		}
		if part := variantChange(d, number, have, old, w); part != nil {
			changed = append(changed, part)
		}
	}
	if len(changed) > 0 {
		body.Set("variants", changed)
	}
	return nil
}

// variantChange is what is to be written of a variant that is there, nil for nothing. A price that is that of its family needs
// none of its own.
func variantChange(d *jsondoc.Difference, number string, family, have, want *jsondoc.Object) *jsondoc.Object {
	part := jsondoc.New("productNumber", number)
	note := func(member string, from, to any) { d.Note("variants["+number+"]."+member, from, to) }
	for _, member := range want.Keys() {
		w := want.Get(member)
		switch member {
		case "productNumber", "stock", "id":
		case "price":
			prices := have.Objects("price")
			if len(prices) == 0 {
				prices = family.Objects("price")
			}
			if list, differs := mergePrices(d, prices, want.Objects("price")); differs {
				note(member, amounts(prices), amounts(want.Objects("price")))
				part.Set(member, list)
			}
		case "options":
			for _, o := range want.Objects("options") {
				if !hasValue(have.Objects("options"), o) {
					note(member, nil, o)
					part.Set(member, w)
				}
			}
		default:
			if !d.Holds(own(have, member), w) {
				note(member, have.Get(member), w)
				part.Set(member, w)
			}
		}
	}
	if part.Len() == 1 {
		return nil
	}
	return part
}

// compareImages takes the images whole when one differs, because their places count.
func compareImages(d *jsondoc.Difference, body *jsondoc.Object, id string, have, labels *jsondoc.Object) error {
	differs := false
	for i, o := range labels.Objects("images") {
		im, err := imageOf(id, o)
		if err != nil {
			return err
		}
		if placed(have, fixedID("place", id, position(i))) != im.id || !hasFile(have, im.id) {
			d.Note("images["+position(i)+"]", nil, o)
			differs = true
		}
	}
	if differs {
		body.Set("images", labels.Get("images"))
	}
	return nil
}

// decoded reads a document that is to be written.
func decoded(op string, body []byte) (*jsondoc.Object, error) {
	o, err := jsondoc.DecodeObject(body)
	if err != nil {
		return nil, &port.Error{Kind: port.ErrValidation, System: system, Op: op, Message: "the document is no JSON object", Err: err}
	}
	return o, nil
}
