// Package types writes TypeScript declarations (.d.ts) of what scripts meet: the documents of a project, the settings and
// tables of its flows, and the library that scripts have without importing it. It is not for checking scripts: the
// TypeScript compiler does that with what this package writes. Start with [Project.Files].
package types

import (
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/crosswalk-go/crosswalk/engine"
)

// Header is the first line of every file, by which a file that was written is known again.
const Header = "// Written by `crosswalk types`. What is changed here is lost.\n"

// Project is what declarations are written of.
type Project struct {
	Documents []Document
	Flows     []Flow
}

// Document is a document type: order is declared as the interface Order, shopware.order as Shopware.Order.
type Document struct {
	Name string
	Type engine.Type
}

// Flow is what the flow of that name gives to the rules of its mappings.
type Flow struct {
	Name     string
	Settings []engine.Setting
	Tables   []byte // a JSON object of tables; nil for none
}

// File is a file of declarations.
type File struct {
	Name string
	Text []byte
}

//go:embed library.d.ts
var library []byte

// Files writes the declarations. The same project gives the same bytes, whatever the order of its lists.
func (p Project) Files() []File {
	files := []File{
		{"library.d.ts", append([]byte(Header), library...)},
		{"functions.d.ts", functions()},
		{"documents.d.ts", p.documents()},
	}
	if len(p.Flows) > 0 {
		files = append(files, File{"flows.d.ts", p.flows()})
	}
	return files
}

// TSConfig is a tsconfig.json for a project that has none: the scripts in the folders given, checked strictly, with no library but that
// of scripts.
func TSConfig(include ...string) []byte {
	var b bytes.Buffer
	fmt.Fprint(&b, "{\n  \"compilerOptions\": {\n")
	for _, o := range CompilerOptions() {
		fmt.Fprintf(&b, "    %q: %s,\n", o.Name, o.Value)
	}
	b.Truncate(b.Len() - 2)
	fmt.Fprintf(&b, "\n  },\n  \"include\": [%s]\n}\n", strings.Join(quoted(include), ", "))
	return b.Bytes()
}

// CompilerOption is an option of the TypeScript compiler, with its value as JSON.
type CompilerOption struct{ Name, Value string }

// CompilerOptions describe how scripts are bundled and run: imports are resolved as by a bundler, nothing is there
// but the language itself.
func CompilerOptions() []CompilerOption {
	return []CompilerOption{
		{"target", `"ES2022"`}, {"lib", `["ES2022"]`}, {"module", `"ESNext"`}, {"moduleResolution", `"Bundler"`}, {"moduleDetection", `"force"`},
		{"types", `[]`}, {"strict", "true"}, {"noEmit", "true"}, {"isolatedModules", "true"}, {"resolveJsonModule", "true"}, {"allowJs", "true"},
		{"allowImportingTsExtensions", "true"}, {"skipLibCheck", "true"},
	}
}

// Interface returns the name of the interface that a document type is declared as.
func Interface(document string) string {
	system, entity, ok := strings.Cut(document, ".")
	if !ok {
		return pascal(document)
	}
	return pascal(system) + "." + pascal(entity)
}

func (p Project) documents() []byte {
	documents := slices.Clone(p.Documents)
	slices.SortFunc(documents, func(a, b Document) int {
		// Canonical types first: they are what most scripts are about.
		if c := cmp.Compare(strings.Count(a.Name, "."), strings.Count(b.Name, ".")); c != 0 {
			return c
		}
		return cmp.Compare(a.Name, b.Name)
	})
	documents = slices.CompactFunc(documents, func(a, b Document) bool { return a.Name == b.Name })
	var out bytes.Buffer
	out.WriteString(Header)
	spaces := map[string]*namespace{}
	var order []*namespace
	for _, d := range documents {
		system, entity, ok := strings.Cut(d.Name, ".")
		n := spaces[pascal(system)]
		if n == nil {
			n = &namespace{name: pascal(system), taken: map[string]engine.Type{"Decimal": {}}}
			spaces[n.name] = n
			order = append(order, n)
		}
		if !ok {
			fmt.Fprintf(&out, "\n%sinterface %s {\n", comment("", d.Type.Description()), n.name)
			n.outside = d.Type
			n.members(&out, "  ", "", d.Type)
			out.WriteString("}\n")
		} else {
			n.declare(pascal(entity), d.Type)
		}
	}
	for _, n := range order {
		n.write(&out)
	}
	return out.Bytes()
}

// namespace holds the interfaces of a system, or those that a canonical document is made of.
type namespace struct {
	name    string
	outside engine.Type // the document that the namespace is named after
	inline  bool        // objects have no names; for types that do not hold themselves
	taken   map[string]engine.Type
	queue   []declaration
}

type declaration struct {
	name string
	typ  engine.Type
}

// declare gives an object a name; one that has a name keeps it.
func (n *namespace) declare(name string, t engine.Type) string {
	if known, ok := n.taken[name]; !ok {
		n.taken[name] = t
		n.queue = append(n.queue, declaration{name, t})
	} else if !known.Same(t) {
		return ""
	}
	return n.name + "." + name
}

func (n *namespace) write(out *bytes.Buffer) {
	if len(n.queue) == 0 {
		return
	}
	fmt.Fprintf(out, "\ndeclare namespace %s {", n.name)
	for i := 0; i < len(n.queue); i++ { // describing one may add others
		d := n.queue[i]
		fmt.Fprintf(out, "\n%s  interface %s {\n", comment("  ", d.typ.Description()), d.name)
		n.members(out, "    ", d.name, d.typ)
		out.WriteString("  }\n")
	}
	out.WriteString("}\n")
}

func (n *namespace) members(out *bytes.Buffer, indent, parent string, t engine.Type) {
	for _, name := range t.Fields() {
		f, _ := t.Field(name)
		text := f.Description()
		if format := f.Format(); format != "" {
			text = strings.TrimSpace(text + " (" + format + ")")
		}
		fmt.Fprintf(out, "%s%s%s;\n", comment(indent, text), indent, n.signature(name, f, parent))
	}
	if _, open := t.Others(); open && len(t.Fields()) > 0 {
		fmt.Fprintf(out, "%s[other: string]: any;\n", indent)
	}
}

// signature writes a member without its semicolon.
func (n *namespace) signature(name string, f engine.Type, parent string) string {
	optional := ": "
	if f.Optional() {
		optional = "?: "
	}
	return member(name) + optional + n.of(f, parent+pascal(name))
}

// of writes a type; hint names the object in it where its schema does not.
func (n *namespace) of(t engine.Type, hint string) string {
	if !t.Known() {
		return "any"
	}
	var parts []string
	for _, kind := range t.Kinds() {
		switch kind {
		case "boolean", "string":
			parts = append(parts, choices(t.Choices(), kind)...)
		case "number":
			parts = append(parts, "Decimal")
		case "list":
			parts = append(parts, listOf(n.of(t.Element(), singular(hint))))
		case "object":
			parts = append(parts, n.object(t, hint))
		}
	}
	if slices.Contains(t.Kinds(), "null") {
		parts = append(parts, "null")
	}
	if len(parts) == 0 {
		return "undefined"
	}
	return strings.Join(parts, " | ")
}

func (n *namespace) object(t engine.Type, hint string) string {
	others, open := t.Others()
	switch {
	case n.inline && len(t.Fields()) > 0:
		var members []string
		for _, name := range t.Fields() {
			f, _ := t.Field(name)
			members = append(members, n.signature(name, f, ""))
		}
		return "{ " + strings.Join(members, "; ") + " }"
	case len(t.Fields()) > 0:
		if n.outside.Same(t) {
			return n.name
		}
		names := []string{hint}
		if t.Name() != "" {
			names = []string{pascal(t.Name()), hint}
		}
		for i := 2; ; i++ {
			for _, name := range names {
				if as := n.declare(name, t); as != "" {
					return as
				}
			}
			names = []string{fmt.Sprintf("%s%d", hint, i)}
		}
	case !open:
		return "Record<string, never>"
	case !others.Known():
		return "{ [name: string]: any }"
	}
	return "{ [name: string]: " + n.of(others, hint+"Value") + " | undefined }"
}

// choices writes the choices of a kind as literals; without any it is the kind itself.
func choices(all []string, kind string) []string {
	var literals []string
	for _, c := range all {
		if (kind == "string") == strings.HasPrefix(c, `"`) && (kind == "string" || c == "true" || c == "false") && !slices.Contains(literals, c) {
			literals = append(literals, c)
		}
	}
	if len(literals) == 0 {
		return []string{kind}
	}
	return literals
}

func listOf(element string) string {
	if strings.Contains(element, " | ") && !strings.HasPrefix(element, "{") || strings.HasPrefix(element, "{") && strings.Contains(element, "} | ") {
		element = "(" + element + ")"
	}
	return element + "[]"
}

// comment writes a text as TSDoc; an empty one is nothing.
func comment(indent, text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if text == "" {
		return ""
	}
	return indent + "/** " + strings.ReplaceAll(text, "*/", "* /") + " */\n"
}

// member writes the name of a member, in quotes where it is none.
func member(name string) string {
	for i, r := range name {
		if r != '_' && r != '$' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			return quote(name)
		}
	}
	if name == "" {
		return `""`
	}
	return name
}

func quoted(texts []string) []string {
	out := make([]string, len(texts))
	for i, t := range texts {
		out[i] = quote(t)
	}
	return out
}

// pascal writes a name as types are named: cart_price, cart-price and cartPrice are CartPrice.
func pascal(name string) string {
	var b strings.Builder
	upper := true
	for _, r := range name {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			upper = true
			continue
		}
		if upper {
			r = unicode.ToUpper(r)
		}
		if b.Len() == 0 && unicode.IsDigit(r) {
			b.WriteByte('_')
		}
		b.WriteRune(r)
		upper = false
	}
	if b.Len() == 0 {
		return "_"
	}
	return b.String()
}

// singular names an element of a list, as far as that can be told from the list's name.
func singular(name string) string {
	for _, end := range [][2]string{{"ies", "y"}, {"sses", "ss"}, {"xes", "x"}, {"ches", "ch"}, {"ss", "ss"}, {"us", "us"}, {"s", ""}} {
		if stem, ok := strings.CutSuffix(name, end[0]); ok && stem != "" {
			return stem + end[1]
		}
	}
	return name + "Element"
}
