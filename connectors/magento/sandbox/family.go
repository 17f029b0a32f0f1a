package sandbox

import (
	"cmp"
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
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
	p.base.Set("updated_at", s.now())
	return text(o.Get("id")), nil
}

func (s *Sandbox) newOption(p *product, in *object) (*object, *apiError) {
	a := hasID(s.attributes, "attribute_id", in.Int("attribute_id"))
	if a == nil {
		return nil, missing(`The attribute with a "%1" attributeCode doesn't exist. Verify the attribute and try again.`, text(in.Get("attribute_id")))
	}
	values := []any{}
	for _, v := range in.Objects("values") {
		values = append(values, jsondoc.New("value_index", v.Int("value_index")))
	}
	id := in.Int("id")
	if !slices.ContainsFunc(p.configurable, func(o *object) bool { return o.Int("id") == id }) {
		id = s.next("configurable option")
	}
	return jsondoc.New("id", id, "attribute_id", text(in.Get("attribute_id")), "label", cmp.Or(text(in.Get("label")), text(a.Get("default_frontend_label"))),
		"position", in.Int("position"), "values", values, "product_id", p.id()), nil
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
	p.base.Set("updated_at", s.now())
	return true, nil
}

// fits tells whether a child has a value for every option of its parent, and another than its siblings.
func (s *Sandbox) fits(p, child *product) *apiError {
	for _, o := range p.configurable {
		code := text(hasID(s.attributes, "attribute_id", o.Int("attribute_id")).Get("attribute_code"))
		if text(child.attrs.Get(code)) == "" {
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
		values = append(values, text(child.attrs.Get(text(hasID(s.attributes, "attribute_id", o.Int("attribute_id")).Get("attribute_code")))))
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
	if ext.Has("configurable_product_options") {
		var options []*object
		for _, in := range ext.Objects("configurable_product_options") {
			o, err := s.newOption(p, in)
			if err != nil {
				return err
			}
			options = append(options, o)
		}
		p.configurable = options
	}
	if ext.Has("configurable_product_links") {
		before := p.children
		p.children = nil
		for _, id := range ext.List("configurable_product_links") {
			child := s.productByID(jsondoc.New("id", id).Int("id"))
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
	l := jsondoc.New("sku", p.sku(), "link_type", text(in.Get("link_type")), "linked_product_sku", text(in.Get("linked_product_sku")),
		"linked_product_type", cmp.Or(text(in.Get("linked_product_type")), "simple"), "position", in.Int("position"))
	if text(in.Get("link_type")) == "associated" {
		l.Set("extension_attributes", jsondoc.New("qty", amount(rat(in.Object("extension_attributes").Get("qty")), 4)))
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
		if s.bySKU(text(l.Get("linked_product_sku"))) == nil {
			return nil, missing(noSKU, text(l.Get("linked_product_sku")))
		}
	}
	for _, l := range list {
		p.links = slices.DeleteFunc(p.links, func(o *object) bool {
			return text(o.Get("link_type")) == text(l.Get("link_type")) && strings.EqualFold(text(o.Get("linked_product_sku")), text(l.Get("linked_product_sku")))
		})
		p.links = append(p.links, productLink(p, l))
	}
	p.base.Set("updated_at", s.now())
	return true, nil
}

func (s *Sandbox) getLinks(c *call) (any, *apiError) {
	p := s.bySKU(c.vars[0])
	if p == nil {
		return nil, missing(noSKU, c.vars[0])
	}
	out := []any{}
	for _, l := range p.links {
		if text(l.Get("link_type")) == c.vars[1] {
			out = append(out, l.Clone())
		}
	}
	return out, nil
}
