package magento

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// writeVariants makes and changes the children of a configurable, and adds them and their values to f: options and links, as a save of the
// family has them. have is the family as it is, nil for a new one; put its body; in what is wanted.
func (c *Client) writeVariants(ctx context.Context, op string, put, f, have, in *jsondoc.Object) error {
	labels := in.Object(labelled)
	set := cmp.Or(put.Text("attribute_set_id"), have.Text("attribute_set_id"))
	variants := labels.Objects("variants")
	for _, v := range variants {
		if v.Text("sku") == "" {
			return invalid(op, "variants", "a variant has no SKU")
		}
		child, err := c.childFor(ctx, op, have, v.Text("sku"))
		if err != nil {
			return err
		}
		body, err := c.variantBody(ctx, op, set, f, child, v, labels)
		if err != nil {
			return err
		}
		if child != nil {
			if err := c.putProduct(ctx, v.Text("sku"), body); err != nil {
				return err
			}
		} else {
			body.Merge(jsondoc.New("sku", v.Get("sku"), "attribute_set_id", json.Number(set), "status", 1, "visibility", 1, "type_id", "simple"))
			if !body.Has("name") {
				body.Set("name", cmp.Or(v.Text("name"), put.Text("name"), have.Text("name")))
			}
			row, err := c.postProduct(ctx, body)
			if err != nil {
				return err
			}
			child = jsondoc.New("id", json.Number(row.Get("id").Raw))
		}
		if links := f.List("links"); !slices.ContainsFunc(links, func(l any) bool { return jsondoc.Text(l) == child.Text("id") }) {
			f.Set("links", append(links, child.Get("id")))
		}
	}
	// What a family is taxed with is what its variants are.
	for _, child := range have.Object(labelled).Objects("children") {
		if labels.Has("taxRate") && !slices.ContainsFunc(variants, func(v *jsondoc.Object) bool { return v.Text("sku") == child.Text("sku") }) {
			body := jsondoc.New()
			if err := c.putLabels(ctx, op, set, child, body, jsondoc.New("taxRate", labels.Get("taxRate"))); err != nil {
				return err
			}
			if err := c.putProduct(ctx, child.Text("sku"), body); err != nil {
				return err
			}
		}
	}
	return nil
}

// childFor is the product that a variant is: a child of the family, or one that is there without it; nil where there is none.
func (c *Client) childFor(ctx context.Context, op string, have *jsondoc.Object, sku string) (*jsondoc.Object, error) {
	if child := childOf(have, sku); child != nil {
		return child, nil
	}
	rows, _, err := c.search(ctx, productList, criteria{groups: [][]condition{and("sku", "eq", sku)}, size: 2})
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	if rows[0].Get("sku").String() != sku {
		return nil, &port.Error{Kind: port.ErrConflict, System: system, Op: op, Field: "sku", Message: "the shop has the SKU " + rows[0].Get("sku").String() + ", which Magento takes for the same as " + sku}
	}
	if kind := rows[0].Get("type_id").String(); kind != "simple" && kind != "virtual" {
		return nil, &port.Error{Kind: port.ErrConflict, System: system, Op: op, Field: "sku", Message: "the variant " + sku + " is in the shop as a " + kind + " product"}
	}
	return decoded(op, []byte(rows[0].Raw))
}

func childOf(family *jsondoc.Object, sku string) *jsondoc.Object {
	for _, child := range family.Object(labelled).Objects("children") {
		if child.Text("sku") == sku {
			return child
		}
	}
	return nil
}

// variantBody is what is written of a variant: all of a new one, of another only what was said.
func (c *Client) variantBody(ctx context.Context, op, set string, f, child, v, labels *jsondoc.Object) (*jsondoc.Object, error) {
	body := jsondoc.New()
	for _, name := range []string{"price", "weight"} {
		if v.Get(name) != nil {
			body.Set(name, v.Get(name))
		}
	}
	own := jsondoc.New()
	for _, name := range []string{"taxRate"} {
		if labels.Get(name) != nil {
			own.Set(name, labels.Get(name))
		}
	}
	own.Set("attributes", v.List("attributes"))
	if err := c.putLabels(ctx, op, set, child, body, own); err != nil {
		return nil, err
	}
	var values []string
	for _, o := range v.Objects("options") {
		a, err := c.attributeFor(ctx, op, set, o, true)
		if err != nil {
			return nil, err
		}
		id, err := c.optionID(ctx, op, a, o.Text("value"))
		if err != nil {
			return nil, err
		}
		setAttribute(body, a.code(), id)
		offer(f, a, id)
		values = append(values, o.Text("value"))
	}
	if child == nil {
		if len(values) == 0 {
			return nil, invalid(op, "variants", "the variant "+v.Text("sku")+" has no options")
		}
		if q, ok := v.Get("quantity").(json.Number); ok {
			extension(body).Set("stock_item", jsondoc.New("qty", q, "is_in_stock", positive(q)))
		}
	}
	return body, nil
}

// offer adds a value to the options of a family.
func offer(f *jsondoc.Object, a attribute, value string) {
	for _, o := range f.Objects("options") {
		if o.Text("attribute_id") != a.id() {
			continue
		}
		if !slices.ContainsFunc(o.Objects("values"), func(v *jsondoc.Object) bool { return v.Text("value_index") == value }) {
			o.Set("values", append(o.List("values"), jsondoc.New("value_index", json.Number(value))))
		}
		return
	}
	f.Set("options", append(f.List("options"), jsondoc.New("attribute_id", a.id(), "label", a.row.Get("default_frontend_label").String(),
		"position", len(f.List("options")), "is_use_default", true, "values", []any{jsondoc.New("value_index", json.Number(value))})))
}

// compareVariants says which variants are to be made or changed; these go to the body.
func (c *Client) compareVariants(d *jsondoc.Difference, labels, have, want *jsondoc.Object, table gjson.Result) {
	var changed []any
	for _, v := range want.Objects("variants") {
		child := childOf(have, v.Text("sku"))
		if child == nil {
			d.Note("crosswalk.variants", nil, v)
			changed = append(changed, v)
			continue
		}
		at := `crosswalk.variants["` + v.Text("sku") + `"].`
		part := jsondoc.New("sku", v.Get("sku"))
		for _, name := range []string{"price", "weight"} {
			if w := v.Get(name); w != nil && !d.Holds(child.Get(name), w) {
				d.Note(at+name, child.Get(name), w)
				part.Set(name, w)
			}
		}
		for _, list := range []string{"attributes", "options"} {
			if other := otherValues(d, at+list, child, v.Objects(list), table); len(other) > 0 {
				part.Set(list, other)
			}
		}
		if part.Len() > 1 {
			changed = append(changed, part)
		}
	}
	if len(changed) > 0 {
		labels.Set("variants", changed)
	}
}

// otherValues are the named values that a product does not have.
func otherValues(d *jsondoc.Difference, path string, have *jsondoc.Object, want []*jsondoc.Object, table gjson.Result) []any {
	var other []any
	for _, named := range want {
		if named.Text("value") == "" {
			continue
		}
		a, ok := attributeOfName(table, named)
		is := attributeValue(have, a.code())
		if ok && a.says(is, named.Text("value")) {
			continue
		}
		var from any
		if text := jsondoc.Text(is); ok && text != "" {
			from = a.label(text)
		}
		d.Note(path+`["`+nameOrCode(named)+`"]`, from, named.Get("value"))
		other = append(other, named)
	}
	return other
}

func attributeValue(product *jsondoc.Object, code string) any {
	for _, a := range product.Objects("custom_attributes") {
		if code != "" && a.Text("attribute_code") == code {
			return a.Get("value")
		}
	}
	return nil
}
