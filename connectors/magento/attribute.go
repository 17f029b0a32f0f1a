package magento

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// attribute is an attribute of products, as the table of attributes has it.
type attribute struct{ row gjson.Result }

func (a attribute) id() string    { return a.row.Get("attribute_id").String() }
func (a attribute) code() string  { return a.row.Get("attribute_code").String() }
func (a attribute) input() string { return a.row.Get("frontend_input").String() }

// axis tells whether a configurable may vary in it.
func (a attribute) axis() bool {
	return a.input() == "select" && a.row.Get("scope").String() == "global" && a.row.Get("is_user_defined").Bool()
}

// option is the id of the option with a label; names are compared without regard to case and outer spaces.
func (a attribute) option(label string) (id string, ok bool) {
	for _, o := range a.row.Get("options").Array() {
		if o.Get("value").String() != "" && alike(o.Get("label").String(), label) {
			return o.Get("value").String(), true
		}
	}
	return "", false
}

// label is what an id means; a text is its own label.
func (a attribute) label(value string) string {
	for _, o := range a.row.Get("options").Array() {
		if o.Get("value").String() == value && value != "" {
			return o.Get("label").String()
		}
	}
	return value
}

func alike(a, b string) bool { return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b)) }

// attributeOfName finds an attribute that people made by its code, else by its label; ok is false where there is none. Those of
// Magento's own, such as price and status, are members of a product.
func attributeOfName(table gjson.Result, named *jsondoc.Object) (a attribute, ok bool) {
	code, name := named.Text("code"), named.Text("name")
	for _, row := range table.Array() {
		if code != "" && row.Get("is_user_defined").Bool() && row.Get("attribute_code").String() == code {
			return attribute{row}, true
		}
	}
	for _, row := range table.Array() {
		if name != "" && row.Get("is_user_defined").Bool() && alike(row.Get("default_frontend_label").String(), name) {
			return attribute{row}, true
		}
	}
	return attribute{}, false
}

// knownAttribute looks in the table, and where it is not there in the table read anew.
func (c *Client) knownAttribute(ctx context.Context, named *jsondoc.Object) (a attribute, ok bool, err error) {
	for _, refresh := range []bool{false, true} {
		if refresh && !c.missed("attributes") {
			break
		}
		table, err := c.Reference(ctx, "attributes", refresh)
		if err != nil {
			return attribute{}, false, err
		}
		if a, ok := attributeOfName(gjson.ParseBytes(table), named); ok {
			return a, true, nil
		}
	}
	return attribute{}, false, nil
}

// attributeFor finds the attribute of a value and sees to it that products of a set have it. One that the shop lacks is made: as a list of
// options for what variants differ in, as a text for what informs.
func (c *Client) attributeFor(ctx context.Context, op, set string, named *jsondoc.Object, vary bool) (attribute, error) {
	title := nameOrCode(named)
	a, ok, err := c.knownAttribute(ctx, named)
	if err != nil {
		return a, err
	}
	if !ok {
		if a, err = c.makeAttribute(ctx, op, named, vary); err != nil {
			return a, err
		}
	}
	if vary && !a.axis() {
		return a, &port.Error{Kind: port.ErrValidation, System: system, Op: op, Field: a.code(),
			Message: "variants cannot differ in " + title + ": Magento wants an attribute of the input type Dropdown and the scope Global"}
	}
	return a, c.assign(ctx, op, set, a.code())
}

func nameOrCode(named *jsondoc.Object) string {
	if name := strings.TrimSpace(named.Text("name")); name != "" {
		return name
	}
	return named.Text("code")
}

func (c *Client) missing(op, field, what string) error {
	return &port.Error{Kind: port.ErrValidation, System: system, Op: op, Field: field,
		Message: "the shop has no " + what + ": make it there, or set the connection's option createMissing"}
}

var notInCode = regexp.MustCompile(`[^a-z0-9]+`)

// codeOf is a code for an attribute: at most 60 characters, the first one a letter.
func codeOf(text string) string {
	code := strings.Trim(notInCode.ReplaceAllString(strings.ToLower(text), "_"), "_")
	if code == "" || code[0] < 'a' {
		code = "a_" + code
	}
	return strings.Trim(code[:min(len(code), 60)], "_")
}

func (c *Client) makeAttribute(ctx context.Context, op string, named *jsondoc.Object, vary bool) (attribute, error) {
	title := nameOrCode(named)
	if title == "" {
		return attribute{}, &port.Error{Kind: port.ErrValidation, System: system, Op: op, Field: "attributes", Message: "an attribute has no name"}
	}
	if !c.createMissing {
		return attribute{}, c.missing(op, "attributes", "attribute "+title)
	}
	c.making.Lock()
	defer c.making.Unlock()
	table, err := c.Reference(ctx, "attributes", true) // another may have made it meanwhile
	if err != nil {
		return attribute{}, err
	}
	rows := gjson.ParseBytes(table)
	if a, ok := attributeOfName(rows, named); ok {
		return a, nil
	}
	code := codeOf(named.Text("code"))
	if named.Text("code") == "" {
		code = codeOf(title)
	}
	// A name such as Type is one of Magento's own codes.
	taken := func(row gjson.Result) bool { return row.Get("attribute_code").String() == code }
	if slices.ContainsFunc(rows.Array(), taken) || slices.Contains(reserved, code) {
		code = codeOf("x_" + code)
	}
	input := "text"
	if vary {
		input = "select"
	}
	body := jsondoc.New("attribute", jsondoc.New("attribute_code", code, "frontend_input", input, "default_frontend_label", title, "scope", "global",
		"is_required", false, "is_user_defined", true, "entity_type_id", "4", "frontend_labels", []any{}, "is_visible_on_front", "1"))
	req := rest.Request{Method: http.MethodPost, Path: "/all/V1/products/attributes", Body: jsondoc.Encode(body)}
	if _, err := c.api.Do(ctx, req); err != nil && !errors.Is(err, port.ErrConflict) {
		return attribute{}, err
	}
	if table, err = c.Reference(ctx, "attributes", true); err != nil {
		return attribute{}, err
	}
	a, ok := attributeOfName(gjson.ParseBytes(table), jsondoc.New("code", code))
	if !ok {
		return a, &port.Error{Kind: port.ErrInDoubt, System: system, Op: req.Op(), Message: "the new attribute " + code + " is not there"}
	}
	return a, nil
}

// reserved are codes that Magento keeps for itself, some without an attribute of that name.
var reserved = []string{"id", "name", "price", "weight", "status", "visibility", "sku", "type", "type_id", "options", "position", "product_type", "store", "store_id", "website_id", "container", "product_links"}

// optionID finds the option of an attribute by its label, and makes it where the shop lacks it.
func (c *Client) optionID(ctx context.Context, op string, a attribute, label string) (string, error) {
	if id, ok := a.option(label); ok {
		return id, nil
	}
	c.making.Lock()
	defer c.making.Unlock()
	made := false
	for {
		table, err := c.Reference(ctx, "attributes", true)
		if err != nil {
			return "", err
		}
		if a, ok := attributeOfName(gjson.ParseBytes(table), jsondoc.New("code", a.code())); ok {
			if id, ok := a.option(label); ok {
				return id, nil
			}
		}
		if made {
			return "", &port.Error{Kind: port.ErrInDoubt, System: system, Op: op, Field: a.code(), Message: "the new option is not there"}
		}
		if !c.createMissing {
			return "", c.missing(op, a.code(), "option "+label+" of "+a.row.Get("default_frontend_label").String())
		}
		body := jsondoc.New("option", jsondoc.New("label", strings.TrimSpace(label), "sort_order", 0, "is_default", false))
		req := rest.Request{Method: http.MethodPost, Path: rest.Path("all", "V1", "products", "attributes", a.code(), "options"),
			Route: "/all/V1/products/attributes/{code}/options", Body: jsondoc.Encode(body)}
		// The id in the answer differs between versions: the table has it.
		if _, err := c.api.Do(ctx, req); err != nil && !errors.Is(err, port.ErrConflict) {
			return "", err
		}
		made = true
	}
}

// assign puts an attribute into a set. Magento forgets values of attributes that are not in the set of a product.
func (c *Client) assign(ctx context.Context, op, set, code string) error {
	c.mu.Lock()
	has := c.sets[set][code]
	c.mu.Unlock()
	if has {
		return nil
	}
	path := rest.Path("all", "V1", "products", "attribute-sets", set, "attributes")
	resp, err := c.api.Do(ctx, rest.Request{Path: path, Route: "/all/V1/products/attribute-sets/{id}/attributes"})
	if err != nil {
		return err
	}
	codes := map[string]bool{}
	for _, row := range gjson.ParseBytes(resp.Body).Array() {
		codes[row.Get("attribute_code").String()] = true
	}
	if !codes[code] {
		if !c.createMissing {
			return c.missing(op, code, "attribute "+code+" in the attribute set of the product")
		}
		groups, err := c.all(ctx, "/all/V1/products/attribute-sets/groups/list", criteria{groups: [][]condition{and("attribute_set_id", "eq", set)}})
		if err != nil {
			return err
		}
		if len(groups) == 0 {
			return &port.Error{Kind: port.ErrValidation, System: system, Op: op, Field: code, Message: "the attribute set " + set + " has no group to put the attribute into"}
		}
		body := []byte(`{"attributeSetId":` + set + `,"attributeGroupId":` + groups[0].Get("attribute_group_id").String() + `,"attributeCode":"` + code + `","sortOrder":50}`)
		if _, err := c.api.Do(ctx, rest.Request{Method: http.MethodPost, Path: "/all/V1/products/attribute-sets/attributes", Body: body, Repeat: rest.Safe}); err != nil {
			return err
		}
		codes[code] = true
	}
	c.mu.Lock()
	c.sets[set] = codes
	c.mu.Unlock()
	return nil
}

// attributeSet is the id of the attribute set that new products get: that of the option, else Default.
func (c *Client) attributeSet(ctx context.Context, op string) (string, error) {
	table, err := c.Reference(ctx, "attributeSets", false)
	if err != nil {
		return "", err
	}
	for _, row := range gjson.ParseBytes(table).Array() {
		if row.Get("attribute_set_name").String() == c.set {
			return row.Get("attribute_set_id").String(), nil
		}
	}
	return "", &port.Error{Kind: port.ErrValidation, System: system, Op: op, Field: "attribute_set_id",
		Message: "the shop has no attribute set " + c.set + ": set the connection's option attributeSet"}
}

// written is the value of an attribute as the API takes it. One that has several keeps those that it has.
func (c *Client) written(ctx context.Context, op string, a attribute, have any, value string) (string, error) {
	switch a.input() {
	case "select":
		return c.optionID(ctx, op, a, value)
	case "multiselect":
		id, err := c.optionID(ctx, op, a, value)
		if ids := jsondoc.Text(have); ids != "" {
			id = ids + "," + id
		}
		return id, err
	case "boolean":
		if said, ok := yesNo(value); ok {
			return said, nil
		}
		return "", &port.Error{Kind: port.ErrValidation, System: system, Op: op, Field: a.code(), Message: "the attribute takes yes or no"}
	}
	return value, nil
}

func yesNo(value string) (string, bool) {
	switch strings.ToLower(strings.TrimSpace(value)) {
	case "1", "true", "yes", "ja", "oui":
		return "1", true
	case "0", "false", "no", "nee", "nein", "non", "nej":
		return "0", true
	}
	return "", false
}

// says tells whether a product has the value.
func (a attribute) says(have any, value string) bool {
	text := jsondoc.Text(have)
	switch a.input() {
	case "select", "multiselect":
		return slices.ContainsFunc(strings.Split(text, ","), func(id string) bool { return id != "" && alike(a.label(id), value) })
	case "boolean":
		said, ok := yesNo(value)
		return ok && text == said
	}
	return sameText(text, value) || a.input() == "date" && text == value+" 00:00:00"
}

// sameText compares texts, and numbers by value: Magento writes 6.1 as 6.100000.
func sameText(have, want string) bool {
	if have == want {
		return true
	}
	x, okX := amountOf(have)
	y, okY := amountOf(want)
	return okX && okY && strings.Contains(have, ".") && x.Cmp(y) == 0
}
