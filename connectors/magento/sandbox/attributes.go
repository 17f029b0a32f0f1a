package sandbox

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

func (s *Sandbox) attribute(code string) *object {
	for _, a := range s.attributes {
		if a.str("attribute_code") == code {
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
	input := in.str("frontend_input")
	backend := backendTypes[input]
	if backend == "" {
		backend = "varchar"
	}
	a := newObject("extension_attributes", newObject("is_pagebuilder_enabled", false), "is_wysiwyg_enabled", false,
		"is_html_allowed_on_front", false, "used_for_sort_by", false, "is_filterable", false, "is_filterable_in_search", false,
		"is_used_in_grid", false, "is_visible_in_grid", false, "is_filterable_in_grid", false, "position", 0, "apply_to", []any{},
		"is_searchable", "0", "is_visible_in_advanced_search", "0", "is_comparable", "0", "is_used_for_promo_rules", "0",
		"is_visible_on_front", "0", "used_in_product_listing", "0", "is_visible", true, "scope", "global",
		"attribute_id", s.next("attribute"), "attribute_code", in.str("attribute_code"), "frontend_input", input, "entity_type_id", "4",
		"is_required", false, "options", []any{}, "is_user_defined", true, "default_frontend_label", in.get("default_frontend_label"),
		"frontend_labels", []any{}, "backend_type", backend)
	if input == "select" {
		a.set("source_model", `Magento\Eav\Model\Entity\Attribute\Source\Table`)
		a.set("options", []any{newObject("label", " ", "value", "")})
	}
	a.merge(newObject("default_value", "", "is_unique", "0", "validation_rules", []any{}))
	for _, k := range []string{"scope", "is_required", "is_visible", "is_filterable", "position", "is_searchable", "is_comparable", "is_visible_on_front", "is_unique"} {
		if in.has(k) {
			a.set(k, in.get(k))
		}
	}
	for _, o := range in.objects("options") {
		s.addOption(a, o.str("label"))
	}
	s.attributes = append(s.attributes, a)
	return a
}

// inSet tells whether products have the attribute: one that was not put into the attribute set loses its values.
func (s *Sandbox) inSet(a *object) bool {
	return a != nil && (a.get("is_user_defined") == false || s.assigned[a.str("attribute_code")])
}

func (s *Sandbox) addOption(a *object, label string) string {
	id := strconv.Itoa(s.next("option"))
	a.set("options", append(a.list("options"), newObject("label", label, "value", id)))
	return id
}

func (s *Sandbox) postAttribute(c *call) (any, *apiError) {
	in, err := c.object("attribute", "attribute")
	if err != nil {
		return nil, err
	}
	code := in.str("attribute_code")
	if !attributeCode.MatchString(code) {
		return nil, &apiError{status: 400, message: `Invalid value of "%value" provided for the %fieldName field.`,
			params: newObject("fieldName", "attribute_code", "value", code)}
	}
	if s.attribute(code) != nil {
		return nil, refuse("%1 already exists.", "Attribute with the same code")
	}
	return s.newAttribute(in).clone(), nil
}

func (s *Sandbox) getAttribute(c *call) (any, *apiError) {
	a, err := s.pathAttribute(c)
	if err != nil {
		return nil, err
	}
	return a.clone(), nil
}

func (s *Sandbox) searchAttributes(c *call) (any, *apiError) {
	t := plain(s.attributes)
	t.badField = s.internal
	return c.list(t, func(o *object) any { return o.clone() })
}

func (s *Sandbox) getAttributeOptions(c *call) (any, *apiError) {
	a, err := s.pathAttribute(c)
	if err != nil {
		return nil, err
	}
	return cloneValue(a.list("options")), nil
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
	label := in.str("label")
	if strings.TrimSpace(label) == "" {
		return nil, refuse("The attribute option label is empty. Enter the value and try again.")
	}
	if slices.ContainsFunc(a.objects("options"), func(o *object) bool { return strings.EqualFold(o.str("label"), label) }) {
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

// Categories.

func (s *Sandbox) category(id int) *object { return hasID(s.categories, "id", id) }

func (s *Sandbox) children(id int) []*object {
	var out []*object
	for _, o := range s.categories {
		if o.int("parent_id") == id {
			out = append(out, o)
		}
	}
	return out
}

func (s *Sandbox) showCategory(o *object) any {
	out := o.clone()
	var ids []string
	for _, child := range s.children(o.int("id")) {
		ids = append(ids, child.str("id"))
	}
	out.set("children", strings.Join(ids, ","))
	count := 0
	for _, other := range s.categories {
		if strings.HasPrefix(other.str("path"), o.str("path")+"/") {
			count++
		}
	}
	for _, a := range out.objects("custom_attributes") {
		if a.str("attribute_code") == "children_count" {
			a.set("value", strconv.Itoa(count))
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
		return row.get(name), types["category"][name] != ""
	}
	return c.list(t, s.showCategory)
}

func (s *Sandbox) categoryTree(*call) (any, *apiError) { return s.branch(s.categories[0]), nil }

func (s *Sandbox) branch(o *object) *object {
	products := 0
	for _, p := range s.products {
		if slices.Contains(p.attrs.list("category_ids"), any(o.str("id"))) {
			products++
		}
	}
	children := []any{}
	for _, child := range s.children(o.int("id")) {
		children = append(children, s.branch(child))
	}
	return newObject("id", o.get("id"), "parent_id", o.get("parent_id"), "name", o.get("name"), "is_active", o.get("is_active"),
		"position", o.get("position"), "level", o.get("level"), "product_count", products, "children_data", children)
}

const categoryNotSaved = "Could not save category: %1"

func (s *Sandbox) postCategory(c *call) (any, *apiError) {
	in, err := c.object("category", "category")
	if err != nil {
		return nil, err
	}
	if in.str("name") == "" {
		return nil, refuse(categoryNotSaved, `The "Name" attribute value is empty. Set the attribute and try again.`)
	}
	parent := s.category(in.int("parent_id"))
	if parent == nil {
		return nil, noEntity("id", in.int("parent_id"))
	}
	o, err := s.newCategory(parent, in)
	if err != nil {
		return nil, err
	}
	return s.showCategory(o), nil
}

func (s *Sandbox) newCategory(parent, in *object) (*object, *apiError) {
	siblings := s.children(parent.int("id"))
	key := urlKey(in.str("name"))
	for _, o := range siblings {
		if urlKey(o.str("name")) == key {
			return nil, refuse(categoryNotSaved, duplicateURLKey)
		}
	}
	id := s.next("category")
	path := parent.str("path") + "/" + strconv.Itoa(id)
	url := key
	for _, a := range parent.objects("custom_attributes") {
		if a.str("attribute_code") == "url_path" {
			url = a.str("value") + "/" + key
		}
	}
	attr := func(code, value string) *object { return newObject("attribute_code", code, "value", value) }
	attrs := append(in.list("custom_attributes"), attr("is_anchor", "1"), attr("path", path), attr("children_count", "0"), attr("url_key", key), attr("url_path", url))
	o := newObject("id", id, "parent_id", parent.int("id"), "name", in.str("name"), "is_active", in.get("is_active") == true,
		"position", len(siblings)+1, "level", parent.int("level")+1, "children", "", "created_at", s.now(), "updated_at", s.now(), "path", path,
		"include_in_menu", !in.has("include_in_menu") || in.get("include_in_menu") == true, "custom_attributes", attrs)
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
		if in.has(k) {
			o.set(k, in.get(k))
		}
	}
	o.set("updated_at", s.now())
	return s.showCategory(o), nil
}
