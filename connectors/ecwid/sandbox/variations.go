package sandbox

import (
	"slices"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

func variation(product *jsondoc.Object, id string) *jsondoc.Object {
	for _, v := range product.Objects("combinations") {
		if v.Text("id") == id {
			return v
		}
	}
	return nil
}

func (s *Sandbox) variationOf(c *call) (*record, *jsondoc.Object, *apiError) {
	r, err := s.productOf(c)
	if err != nil {
		return nil, nil, err
	}
	if v := variation(r.doc, c.vars[1]); v != nil {
		return r, v, nil
	}
	return nil, nil, notFound("COMBINATION_NOT_FOUND", "Combination", c.vars[1])
}

// listVariations is a plain list, without an envelope.
func (s *Sandbox) listVariations(c *call) (any, *apiError) {
	r, err := s.productOf(c)
	if err != nil {
		return nil, err
	}
	return r.doc.List("combinations"), nil
}

func (s *Sandbox) getVariation(c *call) (any, *apiError) {
	_, v, err := s.variationOf(c)
	if err != nil {
		return nil, err
	}
	return v, nil
}

func (s *Sandbox) createVariation(c *call) (any, *apiError) {
	r, err := s.productOf(c)
	if err != nil {
		return nil, err
	}
	next := &record{doc: r.doc.Clone()}
	v, err := s.addVariation(next, c.body.Clone())
	if err != nil {
		return nil, err
	}
	r.doc = next.doc
	s.settle(r)
	return jsondoc.New("id", v.Get("id")), nil
}

var variationReadOnly = []string{"id", "combinationNumber", "inStock", "defaultDisplayedPrice", "imageUrl", "thumbnailUrl", "originalImageUrl"}

// addVariation makes a variation. Options and values that the product lacks are made, as a SELECT.
func (s *Sandbox) addVariation(r *record, in *jsondoc.Object) (*jsondoc.Object, *apiError) {
	if len(in.Objects("options")) == 0 {
		return nil, wrong("Field Combination.options is absent")
	}
	if sku := in.Text("sku"); s.set.uniqueSKUs && sku != "" {
		if p, _ := s.bySKU(sku); p != nil || r.doc.Text("sku") == sku {
			return nil, conflict("SKU_ALREADY_EXISTS", "SKU "+sku+" already exists")
		}
	}
	for _, v := range r.doc.Objects("combinations") {
		if sameOptions(v, in) {
			return nil, conflict("COMBINATION_DUPLICATED", "A combination with these options exists")
		}
	}
	for _, o := range in.Objects("options") {
		addChoice(r.doc, o.Text("name"), o.Text("value"))
		o.Set("nameTranslated", jsondoc.New("nl", o.Get("name")))
		o.Set("valueTranslated", jsondoc.New("nl", o.Get("value")))
	}
	in.Drop(variationReadOnly...)
	v := jsondoc.New("id", s.next("combination", 451900100), "combinationNumber", len(r.doc.List("combinations"))+1, "options", in.Get("options"))
	if err := s.mergeVariation(r, v, in); err != nil {
		return nil, err
	}
	r.doc.Set("combinations", append(r.doc.List("combinations"), v))
	return v, nil
}

func addChoice(product *jsondoc.Object, name, value string) {
	options := product.Objects("options")
	i := slices.IndexFunc(options, func(o *jsondoc.Object) bool { return o.Text("name") == name })
	choice := jsondoc.New("text", value, "textTranslated", jsondoc.New("nl", value), "priceModifier", 0, "priceModifierType", "ABSOLUTE")
	switch {
	case i < 0:
		product.Set("options", append(product.List("options"), jsondoc.New("type", "SELECT", "name", name, "nameTranslated", jsondoc.New("nl", name),
			"choices", []any{choice}, "defaultChoice", 0, "required", false)))
	case !hasChoice(options, name, value):
		options[i].Set("choices", append(options[i].List("choices"), choice))
	}
}

func sameOptions(a, b *jsondoc.Object) bool {
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

// mergeVariation takes over what is sent. A variation without a SKU has that of the product, and its stock.
func (s *Sandbox) mergeVariation(r *record, v, in *jsondoc.Object) *apiError {
	if in.Has("attributes") {
		if !slices.ContainsFunc(in.Objects("attributes"), func(a *jsondoc.Object) bool {
			return a.Text("alias") == "UPC" || a.Text("type") == "UPC" || a.Has("id")
		}) && len(in.List("attributes")) > 0 {
			return wrong("A variation has the UPC attribute only")
		}
		attributes, err := s.attributes(v, jsondoc.New("attributes", in.Get("attributes"), "productClassId", r.doc.Get("productClassId")))
		if err != nil {
			return err
		}
		in.Set("attributes", attributes)
	}
	in.Drop(variationReadOnly...)
	v.Merge(in)
	switch {
	case v.Text("sku") == "":
		v.Drop("sku")
	case in.Has("quantity") && !in.Has("unlimited"):
		v.Set("unlimited", false)
	}
	fill(v, "unlimited", true, "attributes", []any{}, "outOfStockVisibilityBehaviour", "SHOW")
	return nil
}

func (s *Sandbox) updateVariation(c *call) (any, *apiError) {
	r, v, err := s.variationOf(c)
	if err != nil {
		return nil, err
	}
	if err := s.mergeVariation(r, v, c.body.Clone()); err != nil {
		return nil, err
	}
	s.settle(r)
	return jsondoc.New("updateCount", 1), nil
}

func (s *Sandbox) deleteVariation(c *call) (any, *apiError) {
	r, v, err := s.variationOf(c)
	if err != nil {
		return nil, err
	}
	r.doc.Set("combinations", slices.DeleteFunc(r.doc.List("combinations"), func(o any) bool { return o == any(v) }))
	s.settle(r)
	return jsondoc.New("deleteCount", 1), nil
}

// adjustVariation refuses a variation without a SKU of its own, which has no stock of its own.
func (s *Sandbox) adjustVariation(c *call) (any, *apiError) {
	r, v, err := s.variationOf(c)
	if err != nil {
		return nil, err
	}
	if !v.Has("sku") {
		return nil, wrong("The combination has no stock of its own")
	}
	out, err := adjust(v, c.body)
	if err != nil {
		return nil, err
	}
	s.settle(r)
	return out, nil
}
