// Package types writes TypeScript declarations (.d.ts) of what scripts meet: the documents of a project, the settings and
// tables of its flows, and the library that scripts have without importing it. It is not for checking scripts: the
// TypeScript compiler does that with what this package writes. Start with [Project.Files].
package types

import (
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"maps"
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

// Document is a document type. It is declared as [engine.InterfaceName] says; a project that names one of a system names all of them,
// so that what is in them has the same names in each project.
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

func (p Project) documents() []byte {
	spaces := map[string]map[string]engine.Type{}
	for _, d := range p.Documents {
		space, _, _ := strings.Cut(d.Name, ".")
		if spaces[space] == nil {
			spaces[space] = map[string]engine.Type{}
		}
		spaces[space][d.Name] = d.Type
	}
	// Canonical types first: they are what most scripts are about.
	order := slices.SortedFunc(maps.Keys(spaces), func(a, b string) int {
		_, canonicalA := spaces[a][a]
		_, canonicalB := spaces[b][b]
		if canonicalA != canonicalB {
			if canonicalA {
				return -1
			}
			return 1
		}
		return cmp.Compare(a, b)
	})
	var out bytes.Buffer
	out.WriteString(Header)
	for _, space := range order {
		n := &namespace{list: engine.Interfaces(spaces[space])}
		n.write(&out)
	}
	return out.Bytes()
}

// namespace holds the interfaces of a system, or of a canonical document and what it is made of.
type namespace struct {
	list   []engine.Interface
	inline bool // objects have no names; for types that do not hold themselves
}

func (n *namespace) write(out *bytes.Buffer) {
	list := n.list
	if !strings.Contains(list[0].Name, ".") {
		fmt.Fprintf(out, "\n%sinterface %s {\n", comment("", list[0].Type.Description()), list[0].Name)
		n.members(out, "  ", list[0].Type)
		out.WriteString("}\n")
		list = list[1:]
	}
	if len(list) == 0 {
		return
	}
	space, _, _ := strings.Cut(list[0].Name, ".")
	fmt.Fprintf(out, "\ndeclare namespace %s {", space)
	for _, in := range list {
		_, name, _ := strings.Cut(in.Name, ".")
		fmt.Fprintf(out, "\n%s  interface %s {\n", comment("  ", in.Type.Description()), name)
		n.members(out, "    ", in.Type)
		out.WriteString("  }\n")
	}
	out.WriteString("}\n")
}

func (n *namespace) members(out *bytes.Buffer, indent string, t engine.Type) {
	for _, name := range t.Fields() {
		f, _ := t.Field(name)
		text := f.Description()
		if format := f.Format(); format != "" {
			text = strings.TrimSpace(text + " (" + format + ")")
		}
		fmt.Fprintf(out, "%s%s%s;\n", comment(indent, text), indent, n.signature(name, f))
	}
	if _, open := t.Others(); open && len(t.Fields()) > 0 {
		fmt.Fprintf(out, "%s[other: string]: any;\n", indent)
	}
}

// signature writes a member without its semicolon.
func (n *namespace) signature(name string, f engine.Type) string {
	optional := ": "
	if f.Optional() {
		optional = "?: "
	}
	return member(name) + optional + n.of(f, 0)
}

// maxDepth bounds lists of lists: a schema may say that a list holds itself.
const maxDepth = 20

// of writes a type.
func (n *namespace) of(t engine.Type, depth int) string {
	if !t.Known() || depth > maxDepth {
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
			if t.IsObject() && !t.Element().Known() {
				continue // PHP writes an empty object as []; reading a field of either gives undefined
			}
			parts = append(parts, listOf(n.of(t.Element(), depth+1)))
		case "object":
			parts = append(parts, n.object(t, depth))
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

func (n *namespace) object(t engine.Type, depth int) string {
	others, open := t.Others()
	switch {
	case n.inline && len(t.Fields()) > 0:
		var members []string
		for _, name := range t.Fields() {
			f, _ := t.Field(name)
			members = append(members, n.signature(name, f))
		}
		return "{ " + strings.Join(members, "; ") + " }"
	case len(t.Fields()) > 0:
		i := slices.IndexFunc(n.list, func(in engine.Interface) bool { return in.Type.Same(t) })
		if i < 0 {
			return "any" // nested too deep for a name
		}
		return n.list[i].Name
	case !open:
		return "Record<string, never>"
	case !others.Known():
		return "{ [name: string]: any }"
	}
	return "{ [name: string]: " + n.of(others, depth+1) + " | undefined }"
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
