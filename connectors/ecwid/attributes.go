package ecwid

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// attributeFor finds the attribute of a product or variation by id, by alias, which is its type, or by name.
func attributeFor(have *jsondoc.Object, a *jsondoc.Object) *jsondoc.Object {
	for _, h := range have.Objects("attributes") {
		switch {
		case a.Has("id") && h.Text("id") == a.Text("id"),
			a.Has("alias") && h.Text("type") == a.Text("alias"),
			a.Has("name") && h.Text("type") == "CUSTOM" && strings.EqualFold(h.Text("name"), strings.TrimSpace(a.Text("name"))):
			return h
		}
	}
	return nil
}

// changedAttributes are those of a list whose value is another.
func changedAttributes(have *jsondoc.Object, want []*jsondoc.Object) []any {
	var changed []any
	for _, a := range want {
		if attributeFor(have, a).Text("value") != a.Text("value") {
			changed = append(changed, a)
		}
	}
	return changed
}

// compareAttributes compares attributes that are written by id or alias.
func compareAttributes(d *jsondoc.Difference, have, want *jsondoc.Object) {
	if changed := changedAttributes(have, want.Objects("attributes")); len(changed) > 0 {
		d.Note("attributes", have.Get("attributes"), want.Get("attributes"))
		d.Body.Set("attributes", changed)
	}
}

// compareNamed compares the attributes that are written by name.
func compareNamed(d *jsondoc.Difference, labels, have, want *jsondoc.Object) {
	if changed := changedAttributes(have, want.Objects("attributes")); len(changed) > 0 {
		d.Note("crosswalk.attributes", have.Get("attributes"), want.Get("attributes"))
		labels.Set("attributes", changed)
	}
}

// attributeList is the whole list of a product's attributes: those that are there, and the changed ones in their place.
func (c *Client) attributeList(ctx context.Context, have, want *jsondoc.Object) ([]any, error) {
	values := jsondoc.New() // by id or alias
	add := func(a *jsondoc.Object, id json.Number) {
		if id != "" {
			values.Set("id "+id.String(), jsondoc.New("id", id, "value", a.Get("value")))
			return
		}
		values.Set("alias "+a.Text("alias"), jsondoc.New("alias", a.Get("alias"), "value", a.Get("value")))
	}
	for _, h := range have.Objects("attributes") {
		add(h, json.Number(h.Text("id")))
	}
	for _, a := range want.Objects("attributes") {
		id := json.Number(a.Text("id"))
		if is := attributeFor(have, a); is != nil {
			id = json.Number(is.Text("id"))
		}
		add(a, id)
	}
	class := cmp.Or(want.Text("productClassId"), have.Text("productClassId"), "0")
	for _, a := range want.Object("crosswalk").Objects("attributes") {
		id, err := c.attributeID(ctx, class, strings.TrimSpace(a.Text("name")), "DESCR")
		if err != nil {
			return nil, err
		}
		add(a, id)
	}
	var list []any
	for _, k := range values.Keys() {
		list = append(list, values.Get(k))
	}
	return list, nil
}

// attributeID is the attribute with a name of a product type; one that is missing is made. Names are compared without regard to case.
func (c *Client) attributeID(ctx context.Context, class, name, show string) (json.Number, error) {
	if id, err := c.knownAttribute(ctx, class, name, false); err != nil || id != "" {
		return id, err
	}
	c.making.Lock()
	defer c.making.Unlock()
	if id, err := c.knownAttribute(ctx, class, name, true); err != nil || id != "" {
		return id, err
	}
	table, err := c.Reference(ctx, "classes", false)
	if err != nil {
		return "", err
	}
	// A call replaces the list, and an attribute that is left out is gone from all products: all of them are sent.
	list := []any{}
	found := false
	for _, row := range gjson.ParseBytes(table).Array() {
		if row.Get("id").Raw != class {
			continue
		}
		found = true
		for _, a := range row.Get("attributes").Array() {
			v, err := jsondoc.DecodeObject([]byte(a.Raw))
			if err != nil {
				return "", &port.Error{Kind: port.ErrProtocol, System: system, Op: "GET /classes", Err: err}
			}
			list = append(list, v)
		}
	}
	if !found {
		return "", &port.Error{Kind: port.ErrValidation, System: system, Op: "PUT /classes/{id}", Field: "productClassId", Message: "the store has no such product type"}
	}
	list = append(list, jsondoc.New("name", name, "type", "CUSTOM", "show", show))
	req := rest.Request{Method: http.MethodPut, Path: rest.Path("classes", class), Route: "/classes/{id}", Repeat: rest.Once,
		Body: jsondoc.Encode(jsondoc.New("attributes", list))}
	if _, _, err := c.do(ctx, req); err != nil {
		return "", err
	}
	id, err := c.knownAttribute(ctx, class, name, true)
	if err == nil && id == "" {
		err = &port.Error{Kind: port.ErrInDoubt, System: system, Op: req.Op(), Message: "the new attribute is not there"}
	}
	return id, err
}

func (c *Client) knownAttribute(ctx context.Context, class, name string, refresh bool) (json.Number, error) {
	table, err := c.Reference(ctx, "classes", refresh)
	if err != nil {
		return "", err
	}
	for _, row := range gjson.ParseBytes(table).Array() {
		if row.Get("id").Raw != class {
			continue
		}
		for _, a := range row.Get("attributes").Array() {
			if a.Get("type").String() == "CUSTOM" && strings.EqualFold(strings.TrimSpace(a.Get("name").String()), name) {
				return json.Number(a.Get("id").Raw), nil
			}
		}
	}
	return "", nil
}
