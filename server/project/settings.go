package project

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/flow"
)

// checkSettings holds the flow's settings to what flows of its entity and its mappings declare.
func (a *assembly) checkSettings() {
	known := append(flow.OrderSettings(), a.known...)
	var names []string
	for _, s := range known {
		names = append(names, s.Name)
	}
	gjson.ParseBytes(a.flow.Settings).ForEach(func(k, v gjson.Result) bool {
		name := k.String()
		i := slices.IndexFunc(known, func(s engine.Setting) bool { return s.Name == name })
		if i < 0 {
			a.misspelt(a.setting(name), codeUnknownKey, fmt.Sprintf("unknown setting %q", name), names)
			return true
		}
		if problem := unfit(known[i], v); problem != "" {
			a.report(a.setting(name), codeValue, fmt.Sprintf("the setting %s %s", name, problem), known[i].Help)
		}
		return true
	})
}

// unfit says why a value is none for a setting, "" if it is one.
func unfit(s engine.Setting, v gjson.Result) string {
	if v.Type == gjson.Null {
		return ""
	}
	ok := true
	switch s.Type {
	case "string":
		// A number without quotes is the usual way to write a customer's number in YAML.
		ok = v.Type == gjson.String || v.Type == gjson.Number
	case "number":
		ok = v.Type == gjson.Number
	case "boolean":
		ok = v.IsBool()
	case "list":
		ok = v.IsArray()
	case "object":
		ok = v.IsObject()
	}
	if !ok {
		return "must be a " + s.Type
	}
	if len(s.Choices) == 0 {
		return ""
	}
	values := []gjson.Result{v}
	if v.IsArray() {
		values = v.Array()
	}
	for _, e := range values {
		if !slices.Contains(s.Choices, choice(e)) {
			return fmt.Sprintf("cannot be %s: it is one of %s", e.Raw, strings.Join(s.Choices, ", "))
		}
	}
	return ""
}

func choice(v gjson.Result) string {
	if v.Type == gjson.String {
		return v.Str
	}
	return v.Raw
}

// setting is where a setting stands in the flow's file.
func (a *assembly) setting(name string) text {
	if t, ok := a.flow.at["settings."+name]; ok {
		return t
	}
	return a.flow.at["to"]
}
