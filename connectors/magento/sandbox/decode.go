package sandbox

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

//go:embed types.txt
var typesText string

// types says for every object of types.txt which type each member has.
var types = parseTypes(typesText)

func parseTypes(text string) map[string]map[string]string {
	all := map[string]map[string]string{}
	var members map[string]string
	for line := range strings.SplitSeq(text, "\n") {
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || words[0] == "#" || strings.HasPrefix(line, "#"):
		case line[0] != ' ':
			members = map[string]string{}
			all[words[0]] = members
		default:
			for _, name := range words[1:] {
				members[name] = words[0]
			}
		}
	}
	return all
}

// decode reads v as a type of types.txt: camelCase names become snake_case, scalars get their type.
func decode(member, typ string, v any) (any, *apiError) {
	if element, ok := strings.CutSuffix(typ, "*"); ok {
		list, ok := v.([]any)
		if o, isObject := v.(*object); isObject {
			list, ok = nil, true // PHP knows one kind of array: the values count
			for _, k := range o.Keys() {
				list = append(list, o.Get(k))
			}
		}
		if v == nil {
			return nil, nil
		}
		if !ok {
			list = []any{v}
		}
		out := make([]any, len(list))
		for i, e := range list {
			d, err := decode(member, element, e)
			if err != nil {
				return nil, err
			}
			out[i] = d
		}
		return out, nil
	}
	if members, ok := types[typ]; ok {
		return decodeObject(members, v)
	}
	if v == nil {
		return nil, nil
	}
	switch typ {
	case "any":
		return v, nil
	case "int", "float":
		if !isNumber(v) || typ == "int" && strings.ContainsAny(text(v), ".eE") {
			if b, ok := v.(bool); ok {
				return json.Number(map[bool]string{true: "1", false: "0"}[b]), nil
			}
			return nil, wrongType(member, v, typ)
		}
		return amount(rat(v), 12), nil
	case "boolean":
		switch strings.ToLower(typeText(v)) {
		case "1", "true":
			return true, nil
		case "0", "false", "":
			return false, nil
		}
		return nil, wrongType(member, v, "bool")
	case "string":
		switch v.(type) {
		case *object, []any:
			return nil, wrongType(member, v, typ)
		}
		return text(v), nil
	}
	panic(fmt.Sprintf("sandbox: types.txt names the type %q and does not say what it is", typ)) // a test rules this out
}

func decodeObject(members map[string]string, v any) (any, *apiError) {
	if list, ok := v.([]any); ok && len(list) == 0 {
		v = jsondoc.New() // PHP writes {} as []
	}
	in, ok := v.(*object)
	if !ok {
		if v == nil {
			return nil, nil
		}
		return nil, wrongType("", v, "object")
	}
	out := jsondoc.New()
	for _, k := range in.Keys() {
		name := snake(k)
		typ, ok := members[name]
		if !ok {
			return nil, unsupported(k)
		}
		d, err := decode(name, typ, in.Get(k))
		if err != nil {
			return nil, err
		}
		if attrs, ok := d.([]any); ok && typ == "custom_attribute*" {
			for _, a := range attrs {
				if o, ok := a.(*object); ok && o.Get("value") == nil {
					return nil, refuse(fmt.Sprintf("Error occurred during %q processing. The %q attribute code doesn't have a value set. Enter the value and try again.",
						name, text(o.Get("attribute_code"))))
				}
			}
		}
		out.Set(name, d)
	}
	return out, nil
}

// param decodes a parameter of the service, which is a member of the body. It is required.
func (c *call) param(name, typ string) (any, *apiError) {
	v := c.raw(name)
	if v == nil {
		return nil, required(name)
	}
	return decode(name, typ, v)
}

// object decodes a required parameter that is an object.
func (c *call) object(name, typ string) (*object, *apiError) {
	v, err := c.param(name, typ)
	if err != nil {
		return nil, err
	}
	o, ok := v.(*object)
	if !ok {
		return nil, wrongType(name, v, typ)
	}
	return o, nil
}

// objects decodes a required parameter that is a list.
func (c *call) objects(name, typ string) ([]*object, *apiError) {
	v, err := c.param(name, typ+"*")
	if err != nil {
		return nil, err
	}
	return jsondoc.New("list", v).Objects("list"), nil
}

// optional decodes a parameter that may be missing.
func (c *call) optional(name, typ string) (any, *apiError) {
	v := c.raw(name)
	if v == nil {
		return nil, nil
	}
	return decode(name, typ, v)
}

// raw is a parameter by its name or the snake_case of it.
func (c *call) raw(name string) any {
	if v := c.body.Get(name); v != nil {
		return v
	}
	if c.body == nil {
		return nil
	}
	for _, k := range c.body.Keys() {
		if snake(k) == snake(name) {
			return c.body.Get(k)
		}
	}
	return nil
}
