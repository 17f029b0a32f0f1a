package language

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine"
)

// known is what can be said of an expression's result.
type known struct {
	typ   engine.Type
	typed bool
	value gjson.Result // in the sample document
}

// scope returns what the expressions of a slot can see.
func (f *file) scope(s slot) *engine.Scope {
	if s.let != "" {
		return f.a.LetScope(s.let)
	}
	return f.a.RuleScope(s.target, s.outside)
}

// infer tells what is known of an expression that stands inside open brackets of a text.
func (f *file) infer(s *engine.Scope, text []rune, stack []level, inner string) known {
	expr, lists := probe(text, stack, inner)
	var k known
	k.typ, k.typed = s.Type(expr)
	for range lists {
		k.typ = k.typ.Element()
	}
	if f.docs == nil {
		return k
	}
	raw, ok := s.Value(f.ctx, expr, f.docs.document, f.docs.in)
	if !ok {
		return k
	}
	k.value = gjson.ParseBytes(raw)
	for range lists {
		k.value = k.value.Get("0")
	}
	return k
}

// fields lists the fields that a value has: those of its schema, else those of the sample.
func (k known) fields() []field {
	var all []field
	values := map[string]gjson.Result{}
	var names []string
	if k.value.IsObject() {
		k.value.ForEach(func(key, v gjson.Result) bool {
			if _, twice := values[key.Str]; !twice {
				names = append(names, key.Str)
			}
			values[key.Str] = v
			return true
		})
	}
	if declared := k.typ.Fields(); len(declared) > 0 {
		names = declared
	}
	for _, name := range names {
		t, _ := k.typ.Field(name)
		all = append(all, field{name, known{typ: t, typed: k.typed, value: values[name]}})
	}
	return all
}

type field struct {
	name string
	known
}

// maxShown is how many characters of a sample value are shown.
const maxShown = 80

func shown(v gjson.Result) string {
	if !v.Exists() {
		return ""
	}
	rs := []rune(strings.Join(strings.Fields(v.Raw), " "))
	if len(rs) > maxShown {
		rs = append(rs[:maxShown-1], '…')
	}
	return string(rs)
}

// detail is the type in short.
func (k known) detail() string {
	text := k.typ.String()
	if f := k.typ.Format(); f != "" {
		text += " (" + f + ")"
	}
	return text
}

// markdown says what is known in full, under a title that may be empty.
func (k known) markdown(title string) string {
	var parts []string
	head := "`" + k.detail() + "`"
	if title != "" {
		head = "**" + escaped(title) + "** " + head
	}
	if k.typed && k.typ.Optional() && k.typ.String() != "missing" {
		head += ", may be missing"
	}
	parts = append(parts, head)
	if d := k.typ.Description(); d != "" {
		parts = append(parts, escaped(d))
	}
	if c := k.typ.Choices(); len(c) > 0 {
		parts = append(parts, "One of "+strings.Join(c[:min(len(c), 20)], ", "))
	}
	if s := shown(k.value); s != "" {
		parts = append(parts, "For example "+code(s))
	}
	return strings.Join(parts, "\n\n")
}

// code writes a text as Markdown code, whatever is in it.
func code(s string) string {
	fence := "`"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	if len(fence) > 1 {
		return fence + " " + s + " " + fence
	}
	return fence + s + fence
}

// escaped keeps Markdown from reading a text as markup.
func escaped(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `_`, `\_`, "`", "\\`", `[`, `\[`, `<`, `\<`).Replace(s)
}

func functionMarkdown(fn engine.Function) string {
	var b strings.Builder
	fmt.Fprintf(&b, "```\n%s\n```\n\n%s", fn.Signature, fn.Summary)
	if fn.Detail != "" {
		b.WriteString("\n\n" + fn.Detail)
	}
	if len(fn.Examples) > 0 {
		b.WriteString("\n\n```")
		for _, e := range fn.Examples[:min(3, len(fn.Examples))] {
			fmt.Fprintf(&b, "\n%s  ->  %s", e.Expr, e.Result)
		}
		b.WriteString("\n```")
	}
	return b.String()
}

// unquoted returns the text of a JSON string; ok is false for anything else.
func unquoted(raw string) (text string, ok bool) {
	err := json.Unmarshal([]byte(raw), &text)
	return text, err == nil
}
