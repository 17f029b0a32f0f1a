package types

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine"
)

// flows declares what the flows give to rules, which may hand it on to scripts: fn(doc, settings, tables).
func (p Project) flows() []byte {
	flows := slices.Clone(p.Flows)
	slices.SortFunc(flows, func(a, b Flow) int { return cmp.Compare(a.Name, b.Name) })
	var out bytes.Buffer
	out.WriteString(Header + "\n/** What the flows of the project give to rules as `settings` and `tables`. */\ndeclare namespace Flows {")
	taken := map[string]bool{}
	for _, f := range flows {
		name := engine.PascalName(f.Name)
		for i := 2; taken[name]; i++ {
			name = fmt.Sprintf("%s%d", engine.PascalName(f.Name), i)
		}
		taken[name] = true
		fmt.Fprintf(&out, "\n%s  namespace %s {\n    interface Settings {\n", comment("  ", "The flow "+f.Name+"."), name)
		for _, s := range f.Settings {
			optional := "?"
			if s.Default != nil { // what the flow sets counts as that
				optional = ""
			}
			fmt.Fprintf(&out, "%s      %s%s: %s;\n", comment("      ", s.Help), member(s.Name), optional, setting(s))
		}
		out.WriteString("    }\n    interface Tables {\n")
		gjson.ParseBytes(f.Tables).ForEach(func(name, table gjson.Result) bool {
			fmt.Fprintf(&out, "      %s: %s;\n", member(name.String()), valueType(table, 0))
			return true
		})
		out.WriteString("    }\n  }\n")
	}
	out.WriteString("}\n")
	return out.Bytes()
}

func setting(s engine.Setting) string {
	one := "any"
	if len(s.Choices) > 0 {
		one = strings.Join(quoted(s.Choices), " | ")
	}
	switch s.Type {
	case "string":
		switch {
		case len(s.Choices) > 0:
			return one
		case gjson.ParseBytes(s.Default).Type == gjson.Number:
			return "Decimal" // YAML reads 1001 without quotes as a number
		}
		return "string"
	case "number":
		return "Decimal"
	case "boolean":
		return "boolean"
	case "list":
		return listOf(one)
	}
	return "{ [name: string]: any }"
}

// valueType is the type of a value that stands in a file: objects are tables, any key can be asked for.
func valueType(v gjson.Result, depth int) string {
	if depth > 8 {
		return "any"
	}
	union := func() string {
		var parts []string
		v.ForEach(func(_, element gjson.Result) bool {
			if t := valueType(element, depth+1); !slices.Contains(parts, t) {
				parts = append(parts, t)
			}
			return true
		})
		slices.Sort(parts)
		if len(parts) == 0 || slices.Contains(parts, "any") {
			return "any"
		}
		return strings.Join(parts, " | ")
	}
	switch {
	case v.IsObject():
		one := union()
		if one != "any" {
			one += " | undefined"
		}
		return "{ [key: string]: " + one + " }"
	case v.IsArray():
		return listOf(union())
	case v.IsBool():
		return "boolean"
	case v.Type == gjson.Number:
		return "Decimal"
	case v.Type == gjson.Null:
		return "null"
	}
	return "string"
}
