package types

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/engine"
)

// functions declares the functions of the mapping language, which scripts have as cw.name(...).
func functions() []byte {
	var out bytes.Buffer
	out.WriteString(Header + "\n/** The functions of the mapping language. A missing or null argument that must be given gives undefined. */\ninterface CrosswalkFunctions {\n")
	callable := engine.FunctionLibrary{}.Names()
	for _, f := range engine.Functions() {
		if f.Predicate || !slices.Contains(callable, f.Name) {
			continue
		}
		text := f.Summary
		for _, e := range f.Examples[:min(2, len(f.Examples))] {
			text += fmt.Sprintf(" `%s` is `%s`.", e.Expr, e.Result)
		}
		signature := func(nils bool) {
			result := typeOf(f.Result)
			if result != "any" && (nils || f.Result.Optional()) {
				result += " | undefined"
			}
			fmt.Fprintf(&out, "%s  %s(%s): %s;\n", comment("  ", text), member(f.Name), parameters(f, nils), result)
		}
		if f.TakesNil || len(f.Params) == 0 {
			signature(f.TakesNil)
			continue
		}
		signature(false)
		signature(true)
	}
	out.WriteString("}\n\n/** The functions of the mapping language. */\ndeclare const cw: CrosswalkFunctions;\n")
	return out.Bytes()
}

func parameters(f engine.Function, nils bool) string {
	var all []string
	for _, p := range f.Parameters {
		t := accepts(p)
		if t != "unknown" && (nils && !p.Optional && !p.Variadic || p.OrNil) {
			t += " | null | undefined"
		}
		name := p.Name
		if slices.Contains(reserved, name) {
			name += "_"
		}
		switch {
		case p.Variadic:
			if strings.Contains(t, " | ") {
				t = "(" + t + ")"
			}
			name, t = "..."+name, t+"[]"
		case p.Optional:
			name += "?"
		}
		all = append(all, name+": "+t)
	}
	return strings.Join(all, ", ")
}

// accepts writes the type of a parameter: a function takes numbers of JavaScript where they are exact.
func accepts(p engine.FunctionParameter) string {
	if len(p.Choices) > 0 {
		return strings.Join(quoted(p.Choices), " | ")
	}
	var parts []string
	for _, kind := range p.Kinds {
		switch kind {
		case "number":
			parts = append(parts, "Decimal | number")
		case "list":
			parts = append(parts, "readonly unknown[]")
		case "object":
			parts = append(parts, "object")
		case "boolean", "string":
			parts = append(parts, kind)
		}
	}
	if len(parts) == 5 { // each kind but null
		return "unknown"
	}
	return strings.Join(parts, " | ")
}

// reserved are the words that JavaScript lets no parameter be called, as far as functions use them.
var reserved = []string{"case", "default", "in", "new", "with", "function", "class", "enum", "this", "var", "for", "if", "else", "null", "true", "false"}

// typeOf writes a type with the objects in it in line.
func typeOf(t engine.Type) string { return (&namespace{inline: true}).of(t, 0) }

// quote writes a text as a literal.
func quote(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		return `""` // no text fails
	}
	return string(text)
}
