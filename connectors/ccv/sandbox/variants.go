package sandbox

import (
	"math/big"
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// postValue attaches a value of an attribute to a product. The shop then makes the variants: every choice of one value of each attribute.
func (c *call) postValue() (any, *apiError) {
	p, fault := c.target("products", "product")
	if fault != nil {
		return nil, fault
	}
	if fault := checkInput(attachInput, c.body, "productattributevalues"); fault != nil {
		return nil, fault
	}
	value := c.s.table("attributevalues").find(c.body.Int("optionvalue"))
	if value == nil {
		return nil, unknownID("attribute value", c.body.Int("optionvalue"))
	}
	values := c.s.table("productattributevalues").by("_product", c.id)
	option, position := len(c.s.optionsOf(c.id))+1, 1
	for _, v := range values {
		if v.Int("optionvalue_id") == value.Int("id") {
			return nil, exists("The product already has the attribute value.")
		}
		if v.Int("optionid") == value.Int("attribute_id") {
			option = v.Int("optionposition")
			position = max(position, v.Int("position")+1)
		}
	}
	attribute := c.s.table("attributes").find(value.Int("attribute_id"))
	o := c.s.add("productattributevalues", "productattributevalue")
	o.Set("_product", c.id)
	o.Set("optionid", attribute.Get("id"))
	o.Set("optionname", attribute.Text("name"))
	o.Set("optionposition", option)
	o.Set("optionvalue_id", value.Get("id"))
	o.Set("optionvalue_name", value.Text("name"))
	o.Set("position", position)
	o.Set("price", c.body.Get("price"))
	if isNumber(c.body.Get("position")) {
		o.Set("position", c.body.Get("position"))
	}
	c.s.combine(p, c.body.Get("stock"))
	return o, nil
}

func (c *call) patchValue() (any, *apiError) {
	o, fault := c.target("productattributevalues", "product attribute value")
	if fault != nil {
		return nil, fault
	}
	if fault := checkInput(patchValueInput, c.body, "productattributevalues"); fault != nil {
		return nil, fault
	}
	o.Merge(c.body)
	c.s.combine(c.s.table("products").find(o.Int("_product")), nil)
	return nil, nil
}

func (c *call) deleteValue() (any, *apiError) {
	o, fault := c.target("productattributevalues", "product attribute value")
	if fault != nil {
		return nil, fault
	}
	c.s.table("productattributevalues").remove(o)
	c.s.combine(c.s.table("products").find(o.Int("_product")), nil)
	return nil, nil
}

// combining tells whether values of an attribute make variants. Free text does not.
func (s *Sandbox) combining(attribute int) bool {
	return strings.HasPrefix(s.table("attributes").find(attribute).Text("type"), "option_menu")
}

// optionsOf returns the values of a product, an attribute at a time.
func (s *Sandbox) optionsOf(product int) [][]*object {
	var out [][]*object
	values := sorted(sorted(s.table("productattributevalues").by("_product", product), "position"), "optionposition")
	slices.SortStableFunc(values, func(a, b *object) int { return a.Int("optionposition") - b.Int("optionposition") })
	for _, v := range values {
		i := slices.IndexFunc(out, func(set []*object) bool { return set[0].Int("optionid") == v.Int("optionid") })
		if i < 0 {
			out = append(out, []*object{v})
			continue
		}
		out[i] = append(out[i], v)
	}
	return out
}

// combine makes the variants anew: those that are still there keep their ids and numbers, new ones get the stock, others go.
func (s *Sandbox) combine(p *object, stock any) {
	id := p.Int("id")
	choices := [][]*object{nil}
	for _, set := range s.optionsOf(id) {
		if !s.combining(set[0].Int("optionid")) {
			continue
		}
		var longer [][]*object
		for _, c := range choices {
			for _, v := range set {
				longer = append(longer, append(slices.Clone(c), v))
			}
		}
		choices = longer
	}
	t := s.table("attributecombinations")
	old := t.by("product_id", id)
	if len(choices[0]) == 0 {
		t.remove(old...)
		return
	}
	var kept []*object
	for _, choice := range choices {
		key := choiceKey(choice)
		i := slices.IndexFunc(old, func(o *object) bool { return o.Text("_key") == key })
		var o *object
		if i >= 0 {
			o = old[i]
		} else {
			o = s.add("attributecombinations", "attributecombination", "{product}", itoa(id))
			o.Set("product_id", id)
			o.Set("_key", key)
			if isNumber(stock) {
				o.Set("stock", stock)
			}
		}
		s.describe(o, choice)
		kept = append(kept, o)
	}
	t.remove(slices.DeleteFunc(old, func(o *object) bool { return slices.Contains(kept, o) })...)
}

func choiceKey(choice []*object) string {
	var ids []string
	for _, v := range choice {
		ids = append(ids, v.Text("optionvalue_id"))
	}
	slices.Sort(ids)
	return strings.Join(ids, " ")
}

func (s *Sandbox) describe(o *object, choice []*object) {
	extra := new(big.Rat)
	var parts []any
	for _, v := range choice {
		extra.Add(extra, rat(v.Get("price")))
		parts = append(parts, jsondoc.New(
			"attribute", jsondoc.New("id", v.Get("optionid"), "name", v.Text("optionname"), "href", "@/attributes/"+v.Text("optionid")),
			"attribute_value", jsondoc.New("id", v.Get("optionvalue_id"), "name", v.Text("optionvalue_name"), "href", "@/attributevalues/"+v.Text("optionvalue_id")),
			"extra_price", v.Get("price")))
	}
	o.Set("combination", parts)
	o.Set("netto_extra_price", number(extra, 4))
}

func (c *call) patchCombination() (any, *apiError) {
	o, fault := c.target("attributecombinations", "attribute combination")
	if fault != nil {
		return nil, fault
	}
	if fault := checkInput(comboInput, c.body, "attributecombinations"); fault != nil {
		return nil, fault
	}
	o.Merge(c.body) // whether the product's stamp moves is not known: it stays
	return nil, nil
}

func (c *call) attributeSets() (any, *apiError) {
	if _, fault := c.target("products", "product"); fault != nil {
		return nil, fault
	}
	return jsondoc.New("href", c.path, "items", c.s.sets(c.id)), nil
}

func (s *Sandbox) sets(product int) []any {
	out := []any{}
	for _, set := range s.optionsOf(product) {
		var items []any
		for _, v := range set {
			items = append(items, jsondoc.New("href", "@/productattributevalues/"+v.Text("id"), "id", v.Get("id"), "optionsname", v.Text("optionvalue_name"),
				"price", v.Get("price"), "enable", true, "position", v.Get("position")))
		}
		out = append(out, jsondoc.New("id", set[0].Get("optionid"), "attributename", set[0].Text("optionname"), "attributeposition", set[0].Get("optionposition"),
			"type", s.table("attributes").find(set[0].Int("optionid")).Text("type"), "items", items, "parent", jsondoc.New("href", "@/products/"+itoa(product)+"/")))
	}
	return out
}
