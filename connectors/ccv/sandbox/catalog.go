package sandbox

import (
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

func (c *call) settings() (any, *apiError) {
	if _, fault := c.target("webshops", "webshop"); fault != nil {
		return nil, fault
	}
	o := c.s.fromTemplate("settings")
	fillLinks(o, strings.NewReplacer("{id}", itoa(c.id)))
	names := []string{"Nieuw", "In behandeling", "Wacht op fabrikant", "Wacht op betaling", "Verzonden", "Afgeleverd", "Afgerond", "Geannuleerd",
		"Wacht op leverancier", "Wordt verpakt", "Klaar om af te halen", "Wordt samengesteld", "Nabestelling", "Gereserveerd"}
	var states []any
	for i, name := range names {
		states = append(states, jsondoc.New("id", i+1, "status", itoa(i+1), "status_name", name, "text_color", "#000000", "background_color", "#ffffff"))
	}
	o.Set("order_status", states)
	return o, nil
}

// paymethod is a way to pay. An order that is made by the API cannot choose one.
type paymethod struct {
	id           int
	method, text string
}

func (s *Sandbox) methods() []paymethod {
	if s.register {
		return []paymethod{{1, "Cash", "Contant"}, {12, "Pin", "PIN"}, {3, "BankTransfer", "Op rekening"}}
	}
	return []paymethod{{3, "BankTransfer", "Vooraf overmaken"}, {21, "Ideal", "iDEAL"}, {5, "Invoice", "Achteraf betalen"}}
}

func (c *call) paymethods() (any, *apiError) {
	var items []any
	for _, m := range c.s.methods() {
		items = append(items, jsondoc.New("id", m.id, "psp", "", "method", m.method, "combined_name", m.method, "label", m.text,
			"extra_costs", false, "extra_costs_fixed", 0, "extra_costs_percentage", 0, "apppsp", nil, "apppsppaymethod", nil))
	}
	return jsondoc.New("href", c.path, "items", items), nil
}

// attributeTypes are those that the vendor's samples show; there are more.
var attributeTypes = []string{"option_menu", "option_menu_required", "text", "text_required"}

func (c *call) postAttribute() (any, *apiError) {
	if fault := checkInput(attributeInput, c.body, "attributes"); fault != nil {
		return nil, fault
	}
	if !slices.Contains(attributeTypes, c.body.Text("type")) {
		return nil, refuse("The property type must be one of %s.", strings.Join(attributeTypes, ", "))
	}
	o := c.s.add("attributes", "attribute")
	o.Set("name", c.body.Text("name"))
	o.Set("type", c.body.Text("type"))
	return o, nil
}

func (c *call) postAttributeValue() (any, *apiError) {
	if _, fault := c.target("attributes", "attribute"); fault != nil {
		return nil, fault
	}
	if fault := checkInput(valueInput, c.body, "attributevalues"); fault != nil {
		return nil, fault
	}
	o := c.s.add("attributevalues", "attributevalue", "{attribute}", itoa(c.id))
	o.Merge(c.body)
	o.Set("attribute_id", c.id)
	return o, nil
}

func (c *call) postCategory() (any, *apiError) {
	if fault := checkInput(categoryInput, c.body, "categories"); fault != nil {
		return nil, fault
	}
	parent := c.body.Int("parentcategory_id")
	if parent != 0 && c.s.table("categories").find(parent) == nil {
		return nil, unknownID("category", parent)
	}
	alias := slug(c.body.Text("name"))
	last := 0
	for _, sibling := range c.s.table("categories").by("_parent", parent) {
		last = max(last, sibling.Int("position"))
	}
	o := c.s.add("categories", "category", "{alias}", alias)
	o.Set("alias", alias)
	o.Set("position", last+1)
	for _, k := range c.body.Keys() {
		switch {
		case k == "parentcategory_id", strings.Contains(k, "photo_source"), strings.Contains(k, "file_type"):
		case k == "layout_of_products_id":
		default:
			o.Set(k, c.body.Get(k))
		}
	}
	o.Set("_parent", parent)
	if parent != 0 {
		o.Set("parentcategory", jsondoc.New("id", parent, "href", "@/categories/"+itoa(parent)))
	}
	return o, nil
}

func (c *call) categoryTree() (any, *apiError) {
	return jsondoc.New("href", c.path, "root_categories", c.s.branch(0)), nil
}

func (s *Sandbox) branch(parent int) []any {
	out := []any{}
	for _, o := range sorted(s.table("categories").by("_parent", parent), "position") {
		out = append(out, jsondoc.New("href", o.Text("href"), "id", o.Int("id"), "name", o.Text("name"), "description", o.Text("description"),
			"position", o.Int("position"), "show_on_website", flag(o, "show_on_website"), "deeplink", o.Text("deeplink"), "children", s.branch(o.Int("id"))))
	}
	return out
}

// slug is a name as part of an address.
func slug(name string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	return strings.Join(words, "-")
}
