package sandbox

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// product is a product as the database keeps it: what its answers are made of.
type product struct {
	base         *object   // id, sku, name, ... weight
	attrs        *object   // custom attributes by code
	view         *object   // names and texts of the default store view, where they differ
	websites     []any     // website ids
	categories   []*object // category_links
	links        []*object // product_links
	media        []*object // media_gallery_entries with their content
	tiers        []any     // tier_prices
	configurable []*object // options of a configurable
	children     []int     // products of a configurable
	item         *object   // stock item; its quantity is that of the default source
}

func (p *product) id() int      { return p.base.Int("id") }
func (p *product) sku() string  { return text(p.base.Get("sku")) }
func (p *product) kind() string { return text(p.base.Get("type_id")) }

// ofStore is a base member or attribute as a store view shows it.
func (p *product) ofStore(c *call, name string) any {
	if !c.global() && p.view.Has(name) {
		return p.view.Get(name)
	}
	if p.base.Has(name) {
		return p.base.Get(name)
	}
	return p.attrs.Get(name)
}

// bySKU finds a product as the database does: without regard to case.
func (s *Sandbox) bySKU(sku string) *product {
	for _, p := range s.products {
		if strings.EqualFold(p.sku(), strings.TrimRight(sku, " ")) {
			return p
		}
	}
	return nil
}

func (s *Sandbox) productByID(id int) *product {
	for _, p := range s.products {
		if p.id() == id {
			return p
		}
	}
	return nil
}

// scope is how much of a product an answer shows.
type scope int

const (
	whole   scope = iota // GET and PUT of one
	created              // the answer to its creation
	listed               // in a list
	asChild              // as the child of a configurable
)

func (s *Sandbox) showProduct(c *call, p *product, how scope) *object {
	o := jsondoc.New()
	for _, k := range p.base.Keys() {
		o.Set(k, p.ofStore(c, k))
	}
	if how != asChild {
		o.Set("extension_attributes", s.productExtension(p, how))
	}
	if how != created || len(p.links) > 0 {
		o.Set("product_links", objectList(p.links))
	}
	if how != asChild {
		o.Set("options", []any{})
	}
	gallery := []any{}
	for _, m := range p.media {
		m = m.Clone()
		m.Drop("content")
		gallery = append(gallery, m)
	}
	if how == asChild {
		gallery = []any{}
	}
	o.Set("media_gallery_entries", gallery)
	if how != created || len(p.tiers) > 0 {
		o.Set("tier_prices", append([]any{}, p.tiers...))
	}
	attrs := []any{}
	for _, code := range p.attrs.Keys() {
		if how == asChild && !slices.Contains(childAttributes, code) && !s.isAxis(code) || how == created && p.attrs.Get(code) == "no_selection" {
			continue
		}
		if v := p.ofStore(c, code); v != nil {
			attrs = append(attrs, jsondoc.New("attribute_code", code, "value", v))
		}
	}
	o.Set("custom_attributes", attrs)
	return o
}

// childAttributes are what a child shows of itself in the list of children.
var childAttributes = []string{"required_options", "has_options", "tax_class_id", "category_ids", "url_key", "msrp_display_actual_price_type"}

// isAxis tells whether a configurable varies in the attribute.
func (s *Sandbox) isAxis(code string) bool {
	a := s.attribute(code)
	return a != nil && slices.ContainsFunc(s.products, func(p *product) bool {
		return slices.ContainsFunc(p.configurable, func(o *object) bool { return o.Int("attribute_id") == a.Int("attribute_id") })
	})
}

func (s *Sandbox) productExtension(p *product, how scope) *object {
	ext := jsondoc.New("website_ids", append([]any{}, p.websites...))
	if len(p.categories) > 0 {
		ext.Set("category_links", objectList(p.categories))
	}
	if how != listed {
		ext.Set("stock_item", s.stockItem(p))
	}
	if p.kind() == "configurable" {
		ext.Set("configurable_product_options", objectList(p.configurable))
		ids := []any{}
		for _, id := range p.children {
			ids = append(ids, jsondoc.Int(id))
		}
		ext.Set("configurable_product_links", ids)
	}
	return ext
}

func objectList(list []*object) []any {
	out := make([]any, len(list))
	for i, o := range list {
		out[i] = o.Clone()
	}
	return out
}

func (s *Sandbox) getProduct(c *call) (any, *apiError) {
	p := s.bySKU(c.vars[0])
	if p == nil {
		return nil, missing(noProduct)
	}
	return s.showProduct(c, p, whole), nil
}

func (s *Sandbox) searchProducts(c *call) (any, *apiError) {
	rows := make([]*object, len(s.products))
	for i, p := range s.products {
		rows[i] = p.base
	}
	t := table{rows: rows, badField: badAttribute, field: func(row *object, name string) (any, bool) {
		known := name == "entity_id" || name == "category_id" || name == "website_id" || name == "store" || name == "store_id" ||
			types["product"][name] != "" || s.attribute(name) != nil
		if row == nil || !known {
			return nil, known
		}
		p := s.productByID(row.Int("id"))
		switch name {
		case "entity_id":
			return row.Get("id"), true
		case "category_id":
			return p.attrs.Get("category_ids"), true
		case "website_id":
			return append([]any{}, p.websites...), true
		}
		return p.ofStore(c, name), true
	}}
	return c.list(t, func(row *object) any { return s.showProduct(c, s.productByID(row.Int("id")), listed) })
}

func (s *Sandbox) postProduct(c *call) (any, *apiError) { return s.saveProduct(c, "") }
func (s *Sandbox) putProduct(c *call) (any, *apiError)  { return s.saveProduct(c, c.vars[0]) }

// saveProduct creates or updates by SKU. The SKU of the path wins over that of the body, and either renames a product
// whose SKU differs in case.
func (s *Sandbox) saveProduct(c *call, sku string) (any, *apiError) {
	if in, ok := c.raw("product").(*object); ok && len(in.Keys()) == 0 && sku == "" {
		return nil, phpCrash()
	}
	in, err := c.object("product", "product")
	if err != nil {
		return nil, err
	}
	sku = cmp.Or(sku, text(in.Get("sku")))
	p := s.bySKU(sku)
	attrs, err := s.customAttributes(in)
	if err != nil {
		return nil, err
	}
	if err := s.checkProduct(in, attrs, p, sku); err != nil {
		return nil, err
	}
	how := created
	if len(c.vars) > 0 {
		how = whole
	}
	isNew := p == nil
	if isNew {
		p = s.newProduct(in, sku)
	} else if p.item.Get("low_stock_date") == nil && s.sourceItem(p.sku(), defaultSource) == nil && !composite(p) {
		p.item.Set("low_stock_date", s.now()) // it was noticed that there is none
	}
	in.Set("sku", sku)
	s.change(c, p, in, attrs, isNew)
	if err := s.changeFamily(p, in.Object("extension_attributes")); err != nil {
		return nil, err
	}
	p.base.Set("updated_at", s.now())
	return s.showProduct(c, p, how), nil
}

func (s *Sandbox) checkProduct(in, attrs *object, p *product, sku string) *apiError {
	switch {
	case len([]rune(sku)) > 64:
		return refuse("SKU length should be 64 characters maximum.")
	case (p == nil || in.Has("attribute_set_id")) && s.attributeSet(in.Int("attribute_set_id")) == nil:
		return refuse("Invalid product data: %1", "Invalid attribute set entity type")
	case p == nil && text(in.Get("name")) == "", in.Has("name") && text(in.Get("name")) == "":
		return refuse(`The "Product Name" attribute value is empty. Set the attribute and try again.`)
	case rat(in.Get("price")).Sign() < 0:
		return refuse("Please enter a number 0 or greater in this field.")
	case p == nil && sku == "":
		return refuse(`The "SKU" attribute value is empty. Set the attribute and try again.`)
	}
	key := text(attrs.Get("url_key"))
	if key == "" && p == nil {
		key = urlKey(text(in.Get("name")))
		attrs.Set("url_key", key)
	}
	for _, other := range s.products {
		if key != "" && other != p && text(other.attrs.Get("url_key")) == key {
			return refuse(duplicateURLKey)
		}
	}
	return nil
}

func (s *Sandbox) attributeSet(id int) *object {
	return hasID(s.reference["attribute-sets"], "attribute_set_id", id)
}

// newProduct is an empty product with what Magento fills in.
func (s *Sandbox) newProduct(in *object, sku string) *product {
	id := s.next("product")
	kind := cmp.Or(text(in.Get("type_id")), "simple")
	p := &product{view: jsondoc.New(), websites: []any{jsondoc.Int(1)}}
	p.base = jsondoc.New("id", id, "sku", sku, "name", "", "attribute_set_id", 4)
	if kind != "grouped" {
		p.base.Set("price", 0)
	}
	p.base.Merge(jsondoc.New("status", 1, "visibility", 4, "type_id", kind, "created_at", s.now(), "updated_at", s.now()))
	p.attrs = jsondoc.New()
	if kind == "configurable" || kind == "grouped" {
		for _, role := range []string{"image", "small_image", "thumbnail"} {
			p.attrs.Set(role, "no_selection")
		}
	}
	p.attrs.Set("options_container", "container2")
	p.attrs.Set("url_key", "")
	if kind != "grouped" {
		p.attrs.Set("msrp_display_actual_price_type", "0")
	}
	p.attrs.Set("required_options", "0")
	p.attrs.Set("has_options", "0")
	if kind != "grouped" {
		p.attrs.Set("tax_class_id", "2")
	}
	p.attrs.Set("category_ids", []any{})
	p.item = newStockItem(id)
	s.products = append(s.products, p)
	return p
}

// change writes what the request holds. Through a store view, names and texts of a product that exists become
// values of that view.
func (s *Sandbox) change(c *call, p *product, in, attrs *object, isNew bool) {
	for _, k := range []string{"sku", "name", "attribute_set_id", "price", "status", "visibility", "weight"} {
		if !in.Has(k) || k == "price" && p.kind() == "grouped" {
			continue
		}
		if k == "name" && !c.global() && !isNew {
			p.view.Set(k, in.Get(k))
			continue
		}
		p.base.Set(k, in.Get(k))
	}
	for _, k := range attrs.Keys() {
		if !c.global() && !isNew && text(s.attribute(k).Get("scope")) == "store" {
			p.view.Set(k, attrs.Get(k))
			continue
		}
		p.attrs.Set(k, attrs.Get(k))
	}
	ext := in.Object("extension_attributes")
	if ext.Has("website_ids") {
		p.websites = ext.List("website_ids")
	}
	if ext.Has("category_links") {
		p.categories = nil
		for _, l := range ext.Objects("category_links") {
			p.categories = append(p.categories, jsondoc.New("position", l.Int("position"), "category_id", text(l.Get("category_id"))))
		}
		s.nameCategories(p)
	} else if ids := attrs.List("category_ids"); attrs.Has("category_ids") {
		p.categories = nil
		for _, id := range ids {
			p.categories = append(p.categories, jsondoc.New("position", 0, "category_id", text(id)))
		}
		s.nameCategories(p)
	}
	if item := ext.Object("stock_item"); item != nil {
		s.changeStockItem(p, item)
	}
	if in.Has("product_links") {
		p.links = nil
		for _, l := range in.Objects("product_links") {
			p.links = append(p.links, productLink(p, l))
		}
	}
	if in.Has("tier_prices") {
		p.tiers = in.List("tier_prices")
	}
	if in.Has("media_gallery_entries") {
		s.replaceMedia(p, in.Objects("media_gallery_entries"))
	}
}

func (s *Sandbox) nameCategories(p *product) {
	ids := []any{}
	for _, l := range p.categories {
		ids = append(ids, text(l.Get("category_id")))
	}
	p.attrs.Set("category_ids", ids)
}

// customAttributes are those that the shop knows, as the database keeps them; others are swallowed.
func (s *Sandbox) customAttributes(in *object) (*object, *apiError) {
	out := jsondoc.New()
	for _, a := range in.Objects("custom_attributes") {
		code, v := text(a.Get("attribute_code")), a.Get("value")
		def := s.attribute(code)
		if !s.inSet(def) {
			continue
		}
		switch text(def.Get("frontend_input")) {
		case "select", "boolean":
			if text(v) != "" && (!isNumber(v) || strings.Contains(text(v), ".")) {
				return nil, refuse(fmt.Sprintf("Error occurred during \"custom_attributes\" processing. Attribute %q has invalid value. The %q value's type is invalid. The \"int\" type was expected. Verify and try again.",
					code, typeText(v)))
			}
		case "date":
			if len(text(v)) == len("2006-01-02") {
				v = text(v) + " 00:00:00"
			}
		}
		if _, isList := v.([]any); !isList {
			v = text(v)
		}
		if text(def.Get("backend_type")) == "decimal" && text(v) != "" {
			v = rat(v).FloatString(6)
		}
		out.Set(code, v)
	}
	return out, nil
}

// urlKey is the part of an address that Magento makes of a name.
func urlKey(name string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	return strings.Trim(b.String(), "-")
}

func (s *Sandbox) deleteProduct(c *call) (any, *apiError) {
	p := s.bySKU(c.vars[0])
	if p == nil {
		return nil, missing(noProduct)
	}
	s.products = slices.DeleteFunc(s.products, func(o *product) bool { return o == p })
	s.stock = slices.DeleteFunc(s.stock, func(i *object) bool { return strings.EqualFold(text(i.Get("sku")), p.sku()) })
	for _, o := range s.products {
		o.children = slices.DeleteFunc(o.children, func(id int) bool { return id == p.id() })
	}
	return true, nil
}

// basePrices answers 200 with a list of what it did not take.
func (s *Sandbox) basePrices(c *call) (any, *apiError) {
	list, err := c.objects("prices", "base_price")
	if err != nil {
		return nil, err
	}
	faults := []any{}
	for _, l := range list {
		p := s.bySKU(text(l.Get("sku")))
		for field, bad := range map[string]bool{"SKU": p == nil, "Price": rat(l.Get("price")).Sign() < 0} {
			if bad {
				value := map[string]string{"SKU": text(l.Get("sku")), "Price": text(l.Get("price"))}[field]
				faults = append(faults, jsondoc.New("message", "Invalid attribute %fieldName = %fieldValue.", "parameters", []any{field, value}))
			}
		}
		if p != nil && rat(l.Get("price")).Sign() >= 0 {
			p.base.Set("price", l.Get("price").(json.Number))
			p.base.Set("updated_at", s.now())
		}
	}
	return faults, nil
}
