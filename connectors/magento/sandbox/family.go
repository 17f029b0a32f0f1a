package sandbox

import (
	"cmp"
	"slices"
	"strings"
)

// configurableProduct is the product of the path, which must be a configurable.
func (s *Sandbox) configurableProduct(c *call) (*product, *apiError) {
	p := s.bySKU(c.vars[0])
	if p == nil {
		return nil, missing(noProduct)
	}
	if p.kind() != "configurable" {
		return nil, refuse("The product that was requested doesn't exist. Verify the product and try again.")
	}
	return p, nil
}

func (s *Sandbox) postOption(c *call) (any, *apiError) {
	p, err := s.configurableProduct(c)
	if err != nil {
		return nil, err
	}
	in, err := c.object("option", "configurable_option")
	if err != nil {
		return nil, err
	}
	o, err := s.newOption(p, in)
	if err != nil {
		return nil, err
	}
	p.configurable = append(p.configurable, o)
	p.base.set("updated_at", s.now())
	return o.str("id"), nil
}

func (s *Sandbox) newOption(p *product, in *object) (*object, *apiError) {
	a := hasID(s.attributes, "attribute_id", in.int("attribute_id"))
	if a == nil {
		return nil, missing(`The attribute with a "%1" attributeCode doesn't exist. Verify the attribute and try again.`, in.str("attribute_id"))
	}
	values := []any{}
	for _, v := range in.objects("values") {
		values = append(values, newObject("value_index", v.int("value_index")))
	}
	id := in.int("id")
	if !slices.ContainsFunc(p.configurable, func(o *object) bool { return o.int("id") == id }) {
		id = s.next("configurable option")
	}
	return newObject("id", id, "attribute_id", in.str("attribute_id"), "label", cmp.Or(in.str("label"), a.str("default_frontend_label")),
		"position", in.int("position"), "values", values, "product_id", p.id()), nil
}

func (s *Sandbox) getOptions(c *call) (any, *apiError) {
	p, err := s.configurableProduct(c)
	if err != nil {
		return nil, err
	}
	return objectList(p.configurable), nil
}

func (s *Sandbox) getChildren(c *call) (any, *apiError) {
	p := s.bySKU(c.vars[0])
	if p == nil {
		return nil, missing(noProduct)
	}
	out := []any{}
	for _, id := range p.children {
		if child := s.productByID(id); child != nil {
			out = append(out, s.showProduct(c, child, asChild))
		}
	}
	return out, nil
}

func (s *Sandbox) postChild(c *call) (any, *apiError) {
	p, err := s.configurableProduct(c)
	if err != nil {
		return nil, err
	}
	sku, err := c.param("childSku", "string")
	if err != nil {
		return nil, err
	}
	child := s.bySKU(text(sku))
	if child == nil {
		return nil, missing(noProduct)
	}
	if slices.Contains(p.children, child.id()) {
		return nil, refuse("The product is already attached.")
	}
	if len(p.configurable) == 0 {
		return nil, refuse("The parent product doesn't have configurable product options.")
	}
	if err := s.fits(p, child); err != nil {
		return nil, err
	}
	p.children = append(p.children, child.id())
	p.base.set("updated_at", s.now())
	return true, nil
}

// fits tells whether a child has a value for every option of its parent, and another than its siblings.
func (s *Sandbox) fits(p, child *product) *apiError {
	for _, o := range p.configurable {
		code := hasID(s.attributes, "attribute_id", o.int("attribute_id")).str("attribute_code")
		if child.attrs.str(code) == "" {
			return refuse(`The child product doesn't have the "%1" attribute value. Verify the value and try again.`, code)
		}
	}
	for _, id := range p.children {
		sibling := s.productByID(id)
		if sibling != nil && sibling != child && s.variation(p, sibling) == s.variation(p, child) {
			return refuse(`Products "%1" and "%2" have the same set of attribute values.`, child.sku(), sibling.sku())
		}
	}
	return nil
}

// variation is what a child differs in from its siblings.
func (s *Sandbox) variation(p, child *product) string {
	var values []string
	for _, o := range p.configurable {
		values = append(values, child.attrs.str(hasID(s.attributes, "attribute_id", o.int("attribute_id")).str("attribute_code")))
	}
	return strings.Join(values, "/")
}

func (s *Sandbox) deleteChild(c *call) (any, *apiError) {
	p, err := s.configurableProduct(c)
	if err != nil {
		return nil, err
	}
	child := s.bySKU(c.vars[1])
	if child == nil || !slices.Contains(p.children, child.id()) {
		return nil, missing("The product that was requested doesn't exist. Verify the product and try again.")
	}
	p.children = slices.DeleteFunc(p.children, func(id int) bool { return id == child.id() })
	return true, nil
}

// changeFamily takes over options and children from a product save; both replace what is there.
func (s *Sandbox) changeFamily(p *product, ext *object) *apiError {
	if p.kind() != "configurable" {
		return nil
	}
	if ext.has("configurable_product_options") {
		var options []*object
		for _, in := range ext.objects("configurable_product_options") {
			o, err := s.newOption(p, in)
			if err != nil {
				return err
			}
			options = append(options, o)
		}
		p.configurable = options
	}
	if ext.has("configurable_product_links") {
		before := p.children
		p.children = nil
		for _, id := range ext.list("configurable_product_links") {
			child := s.productByID(newObject("id", id).int("id"))
			if child == nil {
				p.children = before
				return missing(noProduct)
			}
			if err := s.fits(p, child); err != nil {
				p.children = before
				return err
			}
			p.children = append(p.children, child.id())
		}
	}
	return nil
}

func productLink(p *product, in *object) *object {
	l := newObject("sku", p.sku(), "link_type", in.str("link_type"), "linked_product_sku", in.str("linked_product_sku"),
		"linked_product_type", cmp.Or(in.str("linked_product_type"), "simple"), "position", in.int("position"))
	if in.str("link_type") == "associated" {
		l.set("extension_attributes", newObject("qty", amount(in.obj("extension_attributes").rat("qty"), 4)))
	}
	return l
}

func (s *Sandbox) postLinks(c *call) (any, *apiError) {
	p := s.bySKU(c.vars[0])
	if p == nil {
		return nil, missing(noSKU, c.vars[0])
	}
	list, err := c.objects("items", "product_link")
	if err != nil {
		return nil, err
	}
	for _, l := range list {
		if s.bySKU(l.str("linked_product_sku")) == nil {
			return nil, missing(noSKU, l.str("linked_product_sku"))
		}
	}
	for _, l := range list {
		p.links = slices.DeleteFunc(p.links, func(o *object) bool {
			return o.str("link_type") == l.str("link_type") && strings.EqualFold(o.str("linked_product_sku"), l.str("linked_product_sku"))
		})
		p.links = append(p.links, productLink(p, l))
	}
	p.base.set("updated_at", s.now())
	return true, nil
}

func (s *Sandbox) getLinks(c *call) (any, *apiError) {
	p := s.bySKU(c.vars[0])
	if p == nil {
		return nil, missing(noSKU, c.vars[0])
	}
	out := []any{}
	for _, l := range p.links {
		if l.str("link_type") == c.vars[1] {
			out = append(out, l.clone())
		}
	}
	return out, nil
}
