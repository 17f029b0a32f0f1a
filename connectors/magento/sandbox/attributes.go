package sandbox

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

func (s *Sandbox) attribute(code string) *object {
	for _, a := range s.attributes {
		if text(a.Get("attribute_code")) == code {
			return a
		}
	}
	return nil
}

// pathAttribute is the attribute of the path, by code or id.
func (s *Sandbox) pathAttribute(c *call) (*object, *apiError) {
	if a := s.attribute(c.vars[0]); a != nil {
		return a, nil
	}
	if id, err := strconv.Atoi(c.vars[0]); err == nil {
		if a := hasID(s.attributes, "attribute_id", id); a != nil {
			return a, nil
		}
	}
	return nil, missing(`The attribute with a "%1" attributeCode doesn't exist. Verify the attribute and try again.`, c.vars[0])
}

var backendTypes = map[string]string{"select": "int", "boolean": "int", "price": "decimal", "weight": "decimal", "date": "datetime", "textarea": "text"}

var attributeCode = regexp.MustCompile(`^[a-zA-Z]+[a-zA-Z0-9_]*$`)

// newAttribute is a definition as answers show it.
func (s *Sandbox) newAttribute(in *object) *object {
	input := text(in.Get("frontend_input"))
	backend := backendTypes[input]
	if backend == "" {
		backend = "varchar"
	}
	a := jsondoc.New("extension_attributes", jsondoc.New("is_pagebuilder_enabled", false), "is_wysiwyg_enabled", false,
		"is_html_allowed_on_front", false, "used_for_sort_by", false, "is_filterable", false, "is_filterable_in_search", false,
		"is_used_in_grid", false, "is_visible_in_grid", false, "is_filterable_in_grid", false, "position", 0, "apply_to", []any{},
		"is_searchable", "0", "is_visible_in_advanced_search", "0", "is_comparable", "0", "is_used_for_promo_rules", "0",
		"is_visible_on_front", "0", "used_in_product_listing", "0", "is_visible", true, "scope", "global",
		"attribute_id", s.next("attribute"), "attribute_code", text(in.Get("attribute_code")), "frontend_input", input, "entity_type_id", "4",
		"is_required", false, "options", []any{}, "is_user_defined", true, "default_frontend_label", in.Get("default_frontend_label"),
		"frontend_labels", []any{}, "backend_type", backend)
	if input == "select" {
		a.Set("source_model", `Magento\Eav\Model\Entity\Attribute\Source\Table`)
		a.Set("options", []any{jsondoc.New("label", " ", "value", "")})
	}
	a.Merge(jsondoc.New("default_value", "", "is_unique", "0", "validation_rules", []any{}))
	for _, k := range []string{"scope", "is_required", "is_visible", "is_filterable", "position", "is_searchable", "is_comparable", "is_visible_on_front", "is_unique"} {
		if in.Has(k) {
			a.Set(k, in.Get(k))
		}
	}
	for _, o := range in.Objects("options") {
		s.addOption(a, text(o.Get("label")))
	}
	s.attributes = append(s.attributes, a)
	return a
}

// inSet tells whether products have the attribute: one that was not put into the attribute set loses its values.
func (s *Sandbox) inSet(a *object) bool {
	return a != nil && (a.Get("is_user_defined") == false || s.assigned[text(a.Get("attribute_code"))])
}

func (s *Sandbox) addOption(a *object, label string) string {
	id := strconv.Itoa(s.next("option"))
	a.Set("options", append(a.List("options"), jsondoc.New("label", label, "value", id)))
	return id
}

func (s *Sandbox) postAttribute(c *call) (any, *apiError) {
	in, err := c.object("attribute", "attribute")
	if err != nil {
		return nil, err
	}
	code := text(in.Get("attribute_code"))
	if !attributeCode.MatchString(code) {
		return nil, &apiError{status: 400, message: `Invalid value of "%value" provided for the %fieldName field.`,
			params: jsondoc.New("fieldName", "attribute_code", "value", code)}
	}
	if s.attribute(code) != nil {
		return nil, refuse("%1 already exists.", "Attribute with the same code")
	}
	return s.newAttribute(in).Clone(), nil
}

func (s *Sandbox) getAttribute(c *call) (any, *apiError) {
	a, err := s.pathAttribute(c)
	if err != nil {
		return nil, err
	}
	return a.Clone(), nil
}

func (s *Sandbox) searchAttributes(c *call) (any, *apiError) {
	t := plain(s.attributes)
	t.badField = s.internal
	return c.list(t, func(o *object) any { return o.Clone() })
}

func (s *Sandbox) getAttributeOptions(c *call) (any, *apiError) {
	a, err := s.pathAttribute(c)
	if err != nil {
		return nil, err
	}
	return jsondoc.Clone(a.List("options")), nil
}

func (s *Sandbox) postAttributeOption(c *call) (any, *apiError) {
	a, err := s.pathAttribute(c)
	if err != nil {
		return nil, err
	}
	in, err := c.object("option", "attribute_option")
	if err != nil {
		return nil, err
	}
	label := text(in.Get("label"))
	if strings.TrimSpace(label) == "" {
		return nil, refuse("The attribute option label is empty. Enter the value and try again.")
	}
	if slices.ContainsFunc(a.Objects("options"), func(o *object) bool { return strings.EqualFold(text(o.Get("label")), label) }) {
		return nil, refuse(`Admin store attribute option label "%1" is already exists.`, label)
	}
	return s.addOption(a, label), nil
}

func (s *Sandbox) assignAttribute(c *call) (any, *apiError) {
	code, err := c.param("attributeCode", "string")
	if err != nil {
		return nil, err
	}
	if s.attribute(text(code)) == nil {
		return nil, missing(`The attribute with a "%1" attributeCode doesn't exist. Verify the attribute and try again.`, text(code))
	}
	s.assigned[text(code)] = true
	return "135", nil
}

// attributesOfSet lists those of a set: there is one.
func (s *Sandbox) attributesOfSet(c *call) (any, *apiError) {
	id, err := c.id(0)
	if err != nil {
		return nil, err
	}
	if s.attributeSet(id) == nil {
		return nil, noEntity("attributeSetId", id)
	}
	out := []any{}
	for _, a := range s.attributes {
		if s.inSet(a) {
			out = append(out, a.Clone())
		}
	}
	return out, nil
}

// Categories.

func (s *Sandbox) category(id int) *object { return hasID(s.categories, "id", id) }

func (s *Sandbox) children(id int) []*object {
	var out []*object
	for _, o := range s.categories {
		if o.Int("parent_id") == id {
			out = append(out, o)
		}
	}
	return out
}

func (s *Sandbox) showCategory(o *object) any {
	out := o.Clone()
	var ids []string
	for _, child := range s.children(o.Int("id")) {
		ids = append(ids, text(child.Get("id")))
	}
	out.Set("children", strings.Join(ids, ","))
	count := 0
	for _, other := range s.categories {
		if strings.HasPrefix(text(other.Get("path")), text(o.Get("path"))+"/") {
			count++
		}
	}
	for _, a := range out.Objects("custom_attributes") {
		if text(a.Get("attribute_code")) == "children_count" {
			a.Set("value", strconv.Itoa(count))
		}
	}
	return out
}

func (s *Sandbox) pathCategory(c *call) (*object, *apiError) {
	id, err := c.id(0)
	if err != nil {
		return nil, err
	}
	o := s.category(id)
	if o == nil {
		return nil, noEntity("id", id)
	}
	return o, nil
}

func (s *Sandbox) getCategory(c *call) (any, *apiError) {
	o, err := s.pathCategory(c)
	if err != nil {
		return nil, err
	}
	return s.showCategory(o), nil
}

func (s *Sandbox) searchCategories(c *call) (any, *apiError) {
	t := plain(s.categories)
	t.badField = badAttribute
	t.field = func(row *object, name string) (any, bool) {
		if name == "entity_id" {
			name = "id"
		}
		return row.Get(name), types["category"][name] != ""
	}
	return c.list(t, s.showCategory)
}

func (s *Sandbox) categoryTree(*call) (any, *apiError) { return s.branch(s.categories[0]), nil }

func (s *Sandbox) branch(o *object) *object {
	products := 0
	for _, p := range s.products {
		if slices.Contains(p.attrs.List("category_ids"), any(text(o.Get("id")))) {
			products++
		}
	}
	children := []any{}
	for _, child := range s.children(o.Int("id")) {
		children = append(children, s.branch(child))
	}
	return jsondoc.New("id", o.Get("id"), "parent_id", o.Get("parent_id"), "name", o.Get("name"), "is_active", o.Get("is_active"),
		"position", o.Get("position"), "level", o.Get("level"), "product_count", products, "children_data", children)
}

const categoryNotSaved = "Could not save category: %1"

func (s *Sandbox) postCategory(c *call) (any, *apiError) {
	in, err := c.object("category", "category")
	if err != nil {
		return nil, err
	}
	if text(in.Get("name")) == "" {
		return nil, refuse(categoryNotSaved, `The "Name" attribute value is empty. Set the attribute and try again.`)
	}
	parent := s.category(in.Int("parent_id"))
	if parent == nil {
		return nil, noEntity("id", in.Int("parent_id"))
	}
	o, err := s.newCategory(parent, in)
	if err != nil {
		return nil, err
	}
	return s.showCategory(o), nil
}

func (s *Sandbox) newCategory(parent, in *object) (*object, *apiError) {
	siblings := s.children(parent.Int("id"))
	key := urlKey(text(in.Get("name")))
	for _, o := range siblings {
		if urlKey(text(o.Get("name"))) == key {
			return nil, refuse(categoryNotSaved, duplicateURLKey)
		}
	}
	id := s.next("category")
	path := text(parent.Get("path")) + "/" + strconv.Itoa(id)
	url := key
	for _, a := range parent.Objects("custom_attributes") {
		if text(a.Get("attribute_code")) == "url_path" {
			url = text(a.Get("value")) + "/" + key
		}
	}
	attr := func(code, value string) *object { return jsondoc.New("attribute_code", code, "value", value) }
	attrs := append(in.List("custom_attributes"), attr("is_anchor", "1"), attr("path", path), attr("children_count", "0"), attr("url_key", key), attr("url_path", url))
	o := jsondoc.New("id", id, "parent_id", parent.Int("id"), "name", text(in.Get("name")), "is_active", in.Get("is_active") == true,
		"position", len(siblings)+1, "level", parent.Int("level")+1, "children", "", "created_at", s.now(), "updated_at", s.now(), "path", path,
		"include_in_menu", !in.Has("include_in_menu") || in.Get("include_in_menu") == true, "custom_attributes", attrs)
	s.categories = append(s.categories, o)
	return o, nil
}

func (s *Sandbox) putCategory(c *call) (any, *apiError) {
	o, err := s.pathCategory(c)
	if err != nil {
		return nil, err
	}
	in, err := c.object("category", "category")
	if err != nil {
		return nil, err
	}
	for _, k := range []string{"name", "is_active", "position", "include_in_menu"} {
		if in.Has(k) {
			o.Set(k, in.Get(k))
		}
	}
	o.Set("updated_at", s.now())
	return s.showCategory(o), nil
}
