package magento

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// Compare says what Update would change. Custom attributes are compared by code, what a document names in its member crosswalk (see put.go) with
// the names behind the ids, and addresses of a customer with those that the update would change.
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
	switch res.name {
	case productResource:
		err = c.compareProduct(ctx, op, d, old, in)
	case "customer":
		err = c.compareCustomer(ctx, d, old, in)
	case stockResource:
		d.Members(old, in, "sku", "source_code", labelled)
	default:
		d.Members(old, in, "id", labelled)
	}
	return d.Comparison(), err
}

func (c *Client) compareProduct(ctx context.Context, op string, d *jsondoc.Difference, have, want *jsondoc.Object) error {
	kind := want.Text("type_id")
	if is := have.Text("type_id"); kind != "" && kind != is && (kind == configurable || kind == grouped || is == configurable || is == grouped) {
		return &port.Error{Kind: port.ErrConflict, System: system, Op: op, Field: "type_id",
			Message: "the shop has " + have.Text("sku") + " as a " + is + " product, and Magento makes no " + kind + " one of it: delete it there first"}
	}
	d.Members(have, want, "id", "type_id", "attribute_set_id", "custom_attributes", "extension_attributes", "product_links", "media_gallery_entries", labelled)
	compareAttributes(d, have, want)
	labels, named := jsondoc.New(), want.Object(labelled)
	if err := c.compareTax(ctx, d, labels, have, named); err != nil {
		return err
	}
	if missing := missingPaths(have.Object(labelled).List("categories"), named.List("categories")); len(missing) > 0 {
		d.Note("crosswalk.categories", have.Object(labelled).Get("categories"), named.Get("categories"))
		labels.Set("categories", missing)
	}
	table, err := c.attributesFor(ctx, named)
	if err != nil {
		return err
	}
	if other := otherValues(d, "crosswalk.attributes", have, named.Objects("attributes"), table); len(other) > 0 {
		labels.Set("attributes", other)
	}
	c.compareVariants(d, labels, have, named, table)
	compareMembers(d, labels, have, named)
	compareRelated(d, labels, have, named)
	compareImages(d, labels, have, named)
	if labels.Len() > 0 {
		d.Body.Set(labelled, labels)
	}
	return nil
}

// compareAttributes compares the attributes that are written by code.
func compareAttributes(d *jsondoc.Difference, have, want *jsondoc.Object) {
	var changed []any
	for _, a := range want.Objects("custom_attributes") {
		is, v := attributeValue(have, a.Text("attribute_code")), a.Get("value")
		if d.Holds(is, v) || sameText(jsondoc.Text(is), jsondoc.Text(v)) && jsondoc.Text(v) != "" {
			continue
		}
		d.Note(`custom_attributes["`+a.Text("attribute_code")+`"]`, is, v)
		changed = append(changed, a)
	}
	if len(changed) > 0 {
		d.Body.Set("custom_attributes", changed)
	}
}

// compareTax compares the rate that a product has; that of a family is what its variants have.
func (c *Client) compareTax(ctx context.Context, d *jsondoc.Difference, labels, have, want *jsondoc.Object) error {
	rate, ok := want.Get("taxRate").(json.Number)
	if !ok || have.Text("type_id") == grouped {
		return nil
	}
	for _, p := range append([]*jsondoc.Object{have}, have.Object(labelled).Objects("children")...) {
		is, err := c.taxRate(ctx, jsondoc.Text(attributeValue(p, "tax_class_id")))
		if err != nil {
			return err
		}
		if jsondoc.SameNumber(json.Number(is), rate) {
			continue
		}
		var from any
		if is != "" {
			from = json.Number(is)
		}
		d.Note("crosswalk.taxRate", from, rate)
		labels.Set("taxRate", rate)
		return nil
	}
	return nil
}

// attributesFor is the table of attributes, read anew where something that a document names is not in it.
func (c *Client) attributesFor(ctx context.Context, named *jsondoc.Object) (gjson.Result, error) {
	lists := [][]*jsondoc.Object{named.Objects("attributes")}
	for _, v := range named.Objects("variants") {
		lists = append(lists, v.Objects("attributes"), v.Objects("options"))
	}
	for _, list := range lists {
		for _, n := range list {
			if _, _, err := c.knownAttribute(ctx, n); err != nil {
				return gjson.Result{}, err
			}
		}
	}
	table, err := c.Reference(ctx, "attributes", false)
	return gjson.ParseBytes(table), err
}

// compareMembers looks for members of a set that are missing or there in another number.
func compareMembers(d *jsondoc.Difference, labels, have, want *jsondoc.Object) {
	links := have.Objects("product_links")
	var changed []any
	for _, m := range want.Objects("members") {
		i := slices.IndexFunc(links, func(l *jsondoc.Object) bool {
			return l.Text("link_type") == "associated" && l.Text("linked_product_sku") == m.Text("sku")
		})
		if i < 0 {
			d.Note("crosswalk.members", nil, m)
			changed = append(changed, m)
			continue
		}
		if qty := links[i].Object("extension_attributes").Get("qty"); m.Get("quantity") != nil && !d.Holds(qty, m.Get("quantity")) {
			d.Note(`crosswalk.members["`+m.Text("sku")+`"].quantity`, qty, m.Get("quantity"))
			changed = append(changed, m)
		}
	}
	if len(changed) > 0 {
		labels.Set("members", changed)
	}
}

// compareRelated looks for links to related products that are missing. Magento compares SKUs without regard to case.
func compareRelated(d *jsondoc.Difference, labels, have, want *jsondoc.Object) {
	var missing []any
	for _, v := range want.List("related") {
		there := slices.ContainsFunc(have.Objects("product_links"), func(l *jsondoc.Object) bool {
			return l.Text("link_type") == relatedLink && strings.EqualFold(l.Text("linked_product_sku"), jsondoc.Text(v))
		})
		if !there {
			d.Note("crosswalk.related", nil, v)
			missing = append(missing, v)
		}
	}
	if len(missing) > 0 {
		labels.Set("related", missing)
	}
}
