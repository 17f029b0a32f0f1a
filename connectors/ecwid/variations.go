package ecwid

import (
	"context"
	"net/http"
	"slices"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
	"github.com/crosswalk-go/crosswalk/connectors/rest"
)

func variationOf(product *jsondoc.Object, which func(*jsondoc.Object) bool) *jsondoc.Object {
	variations := product.Objects("combinations")
	if i := slices.IndexFunc(variations, which); i >= 0 {
		return variations[i]
	}
	return nil
}

// chosen tells whether two variations are made of the same values; a variation is known by nothing else.
func chosen(a, b *jsondoc.Object) bool {
	have, want := a.Objects("options"), b.Objects("options")
	if len(have) != len(want) {
		return false
	}
	for _, o := range want {
		if !slices.ContainsFunc(have, func(h *jsondoc.Object) bool {
			return h.Text("name") == o.Text("name") && h.Text("value") == o.Text("value")
		}) {
			return false
		}
	}
	return true
}

func named(list []*jsondoc.Object, member, value string) *jsondoc.Object {
	for _, o := range list {
		if o.Text(member) == value {
			return o
		}
	}
	return nil
}

// inherited are members that a variation has from its product where it does not say them.
var inherited = []string{"price", "compareToPrice", "weight"}

// asVariation makes of a product with the SKU of a variation a change of that: some shops give the variants of a family as products of
// their own, too.
func asVariation(v, product *jsondoc.Object) *jsondoc.Object {
	out := jsondoc.New("options", v.Get("options"))
	for _, name := range inherited {
		if product.Has(name) {
			out.Set(name, product.Get(name))
		}
	}
	if code := named(product.Objects("attributes"), "alias", "UPC"); code != nil {
		out.Set("attributes", []any{code}) // it has no other
	}
	return jsondoc.New("combinations", []any{out})
}

// compareOptions looks for options and choices that are missing.
func compareOptions(d *jsondoc.Difference, have, want *jsondoc.Object) {
	missing := []any{}
	for _, o := range want.Objects("options") {
		is := named(have.Objects("options"), "name", o.Text("name"))
		lacks := is == nil
		for _, choice := range o.Objects("choices") {
			lacks = lacks || named(is.Objects("choices"), "text", choice.Text("text")) == nil
		}
		if lacks {
			missing = append(missing, o)
		}
	}
	if len(missing) > 0 {
		d.Note("options", have.Get("options"), want.Get("options"))
		d.Body.Set("options", missing)
	}
}

// mergedOptions is the whole list, which a call replaces: what is there, and what is missing behind it.
func mergedOptions(have, want []*jsondoc.Object) []any {
	var all []*jsondoc.Object
	for _, o := range have {
		all = append(all, o.Clone())
	}
	for _, o := range want {
		is := named(all, "name", o.Text("name"))
		if is == nil {
			is = jsondoc.New("type", "SELECT", "name", o.Get("name"), "choices", []any{}, "defaultChoice", 0, "required", true)
			for _, k := range o.Keys() {
				if k != "choices" {
					is.Set(k, o.Get(k))
				}
			}
			all = append(all, is)
		}
		for _, choice := range o.Objects("choices") {
			if named(is.Objects("choices"), "text", choice.Text("text")) == nil {
				full := jsondoc.New("text", choice.Get("text"), "priceModifier", 0, "priceModifierType", "ABSOLUTE")
				full.Merge(choice)
				is.Set("choices", append(is.List("choices"), full))
			}
		}
	}
	out := make([]any, len(all))
	for i, o := range all {
		out[i] = o
	}
	return out
}

// compareVariations finds each variation by its values, and what differs in it. The quantity of one that is there does not count.
func compareVariations(d *jsondoc.Difference, have, want *jsondoc.Object) {
	changed := []any{}
	for _, v := range want.Objects("combinations") {
		is := variationOf(have, func(h *jsondoc.Object) bool { return chosen(h, v) })
		if is == nil {
			d.Note("combinations", nil, v)
			changed = append(changed, v)
			continue
		}
		part := jsondoc.NewDifference(derived...)
		part.Body.Set("options", v.Get("options"))
		old := is.Clone()
		for _, name := range inherited {
			for _, product := range []*jsondoc.Object{have, want} {
				if !is.Has(name) && product.Has(name) {
					old.Set(name, product.Get(name))
				}
			}
		}
		part.Members(old, v, "id", "options", "quantity", "unlimited", "attributes")
		compareAttributes(part, is, v)
		for _, ch := range part.Changes {
			ch.Path = `combinations["` + is.Text("sku") + `"].` + ch.Path
			d.Changes = append(d.Changes, ch)
		}
		if len(part.Changes) > 0 {
			changed = append(changed, part.Body)
		}
	}
	if len(changed) > 0 {
		d.Body.Set("combinations", changed)
	}
}

// writeVariations makes and changes the variations of a document that holds only what differs.
func (c *Client) writeVariations(ctx context.Context, have, want *jsondoc.Object) error {
	for _, v := range want.Objects("combinations") {
		is := variationOf(have, func(h *jsondoc.Object) bool { return chosen(h, v) })
		req := rest.Request{Method: http.MethodPost, Path: rest.Path("products", have.Text("id"), "combinations"), Route: "/products/{id}/combinations"}
		body := v
		if is != nil {
			req.Method, req.Path = http.MethodPut, rest.Path("products", have.Text("id"), "combinations", is.Text("id"))
			req.Route += "/{id}"
			body = v.Clone()
			body.Drop("options", "quantity", "unlimited")
		}
		req.Body = jsondoc.Encode(body)
		if _, _, err := c.do(ctx, req); err != nil {
			return err
		}
	}
	return nil
}
