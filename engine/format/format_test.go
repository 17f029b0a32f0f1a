package format_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	yaml "github.com/goccy/go-yaml"
	"pgregory.net/rapid"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/format"
)

func TestFormat(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"indents", "rules:\n    a:\n        expr: b\n        round: 2\n    c: d\n", "rules:\n  a:\n    expr: b\n    round: 2\n  c: d\n"},
		{"colons and braces", "a :   { expr:  b ,round:2,  write: create }\n", "a: {expr: b, round:2, write: create}\n"},
		{"quoted keys stick to their colon", `a: {"b":1, "c d" :2}`, "a: {b: 1, c d: 2}\n"},
		{"brackets", "a: [ b,c , [ ], {} ]\n", "a: [b, c, [], {}]\n"},
		{"lists stand two to the right", "cases:\n- name: a\n  input: {}\n-   name: b\n    input: {}\n", "cases:\n  - name: a\n    input: {}\n  - name: b\n    input: {}\n"},
		{"lists of lists", "a:\n-   - b\n    - c\n-\n   - d\n", "a:\n  - - b\n    - c\n  -\n    - d\n"},
		{"a key after a list at its column", "a:\n- b\nc: d\n", "a:\n  - b\nc: d\n"},
		{"empty lines: one at most, none at the ends", "\n\na: b\n\n\n\nc: d\n\n\n", "a: b\n\nc: d\n"},
		{"trailing space, tabs and carriage returns", "a:\tb \t\r\nc:  d\r\n", "a: b\nc: d\n"},
		{"the last line ends", "a: b", "a: b\n"},
		{"a byte order mark", "\ufeffa: b\n", "a: b\n"},
		{"comments beside", "a: b    # why   so\nc:   # below\n    d: e # f\n", "a: b # why   so\nc: # below\n  d: e # f\n"},
		{"comments above", "# top\n\na:\n    # of b\n    b: c\n# of d\nd: e\n  # of a, still\n", "# top\n\na:\n  # of b\n  b: c\n# of d\nd: e\n# of a, still\n"},
		{"comments at the end of a block", "a:\n    b: c\n    # end of a\nd: e\n", "a:\n  b: c\n  # end of a\nd: e\n"},
		{"comments in lists", "a:\n# first\n- b\n# second\n- c\n# of d\nd: e\n", "a:\n  # first\n  - b\n  # second\n  - c\n# of d\nd: e\n"},
		{"no comment", "a: b#c\nd: 'e # f'\n", "a: b#c\nd: 'e # f'\n"},
		{"quotes that nothing needs", "a: \"orderNumber\"\nb: 'lower(c)'\n\"d\": {expr: 'e.f', value: \"Jan Jansen\"}\n", "a: orderNumber\nb: lower(c)\nd: {expr: e.f, value: Jan Jansen}\n"},
		{"quotes that something needs", "a: '21'\nb: \"true\"\nc: 'x ? y : z'\nd: {e: 'f(g, h)', i: '#', j: 'a 3:7'}\nj: ''\nk: \"a\\nb\"\nl: ' m'\n", "a: '21'\nb: \"true\"\nc: 'x ? y : z'\nd: {e: 'f(g, h)', i: '#', j: 'a 3:7'}\nj: ''\nk: \"a\\nb\"\nl: ' m'\n"},
		{"single quotes spare escapes", `a: "x == \"y\" ? 1 : 2"` + "\n", `a: 'x == "y" ? 1 : 2'` + "\n"},
		{"but not where these need more", `a: "x == \"y\" ? 'z' : 2"` + "\n", `a: "x == \"y\" ? 'z' : 2"` + "\n"},
		{"literals move as one", "a:\n    b: |\n            x ?\n              y\n\n            z  \n    c: >-\n     d\n", "a:\n  b: |\n    x ?\n      y\n\n    z  \n  c: >-\n    d\n"},
		{"literals with an indent of their own", "a:\n    b: |2\n        x\n       y\n", "a:\n  b: |2\n      x\n     y\n"},
		{"literals that keep their end", "a: |+\n  b\n\n\nc: d\n", "a: |+\n  b\n\n\nc: d\n"},
		{"text over lines", "a: b +\n      c\n\n      d # e\nf: 'g\n       h'\n", "a: b +\n  c\n\n  d # e\nf: 'g\n  h'\n"},
		{"a value below its key", "a:\n      b + c\nd:\n   {e: f}\n", "a:\n  b + c\nd:\n  {e: f}\n"},
		{"brackets over lines", "a: {\n   b: c,   # why\n\n\n   d: [\n  e,\n     f]\n  }\n", "a: {\n  b: c, # why\n\n  d: [\n    e,\n    f]\n  }\n"},
		{"brackets that open together", "a:\n  b: [{\n  c: d,\n  },\n  {e: f}]\n", "a:\n  b: [{\n    c: d,\n    },\n    {e: f}]\n"},
		{"documents", "a: b\n---\nc:   d\n", "a: b\n---\nc: d\n"},
		{"nothing but a comment", "  # a\n", "# a\n"},
		{"nothing", "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := formatted(t, test.in)
			if got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
			if again := formatted(t, got); again != got {
				t.Errorf("formatted again\n%s\nwant\n%s", again, got)
			}
		})
	}
}

func formatted(t interface{ Fatalf(string, ...any) }, text string) string {
	out, err := format.Format([]byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return string(out)
}

func TestFormatLeavesAlone(t *testing.T) {
	tests := []struct {
		name, in, where string
	}{
		{"no YAML", "a: b\n  c: d\n", "1:4"},
		{"a bracket that never closes", "a:   [b\n", "1:6"},
		{"not UTF-8", "a:   \xff\n", "1:1"},
		{"too deep", "a:   " + strings.Repeat("[", 300), "1:1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			out, err := format.Format([]byte(test.in))
			var found engine.Diagnostics
			if string(out) != test.in || !errors.As(err, &found) {
				t.Fatalf("got %q, %v", out, err)
			}
			if d := found[0]; len(found) != 1 || d.Pos.String() != test.where || d.Message == "" {
				t.Errorf("diagnosed %v, want %s", found, test.where)
			}
		})
	}
	for _, in := range []string{"? a\n:   b\n", "a:   &x\n  b:\n    c: d\ne: *x\n", "%YAML 1.2\n---\na:   b\n", "a:   !t\n  b:\n    c: d\n", "a:   {? b : c}\n"} {
		if out, err := format.Format([]byte(in)); string(out) != in || !errors.Is(err, format.ErrUnsupported) {
			t.Errorf("%q became %q, %v", in, out, err)
		}
	}
}

// TestFormatRepository formats every YAML file of the repository twice, and compares what an independent decoder
// makes of it.
func TestFormatRepository(t *testing.T) {
	files := 0
	err := filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && entry.Name() == "node_modules" {
			return filepath.SkipDir // other people's files
		}
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".yaml" || filepath.Base(filepath.Dir(path)) == "spec" {
			return err // the conformance suite is no file of a project
		}
		files++
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		once := formatted(t, string(text))
		if again := formatted(t, once); again != once {
			t.Errorf("%s: formatting twice differs from once", path)
		}
		if before, after := decoded(t, string(text)), decoded(t, once); before != after {
			t.Errorf("%s says something else when formatted:\n%s\n%s", path, before, after)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 20 {
		t.Errorf("found %d files only", files)
	}
}

// decoded returns what a YAML text says as JSON-like text, keys in order.
func decoded(t interface{ Fatalf(string, ...any) }, text string) string {
	var v any
	if err := yaml.UnmarshalWithOptions([]byte(text), &v, yaml.UseOrderedMap()); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return fmt.Sprintf("%#v", v)
}

// noise writes YAML the sloppy way; a nil noise writes it as Format does.
type noise struct{ t *rapid.T }

func (n *noise) spaces(least, most int) string {
	if n == nil {
		return strings.Repeat(" ", least)
	}
	return strings.Repeat(" ", rapid.IntRange(least, most).Draw(n.t, "spaces"))
}

func (n *noise) end() string {
	if n == nil {
		return "\n"
	}
	return rapid.SampledFrom([]string{"\n", " \n", "\t\n", "\r\n", "  \n"}).Draw(n.t, "end")
}

// node is a piece of a file that is written in two ways.
type node struct {
	scalar  string
	lines   []string // of a literal
	keys    []string
	values  []node // of a map, or of a list where there are no keys
	flow    bool
	comment string // above the entry
	beside  string
	blank   bool
}

var scalars = []string{
	"orderNumber", "lower(customer.email)", "'a ? b : c'", `"x\ny"`, "'21'", "21", "19.10", "true", "null", "''", "'#'", "a - b", "price.net * 1.21",
	"filter(lines, .kind == \"product\")", "'it''s: so'", "ünïcode ☃", "2026-01-01", "-1", ".field", "~", "(a or b) and c", "a  ==  b",
}

func drawNode(t *rapid.T, depth int, inFlow bool) node {
	n := node{flow: inFlow || rapid.IntRange(0, 2).Draw(t, "flow") == 0}
	kind := rapid.SampledFrom([]string{"scalar", "scalar", "map", "list", "literal"}).Draw(t, "kind")
	if depth == 0 || kind == "literal" && n.flow {
		kind = "scalar"
	}
	switch kind {
	case "scalar":
		n.scalar = rapid.SampledFrom(scalars).Draw(t, "scalar")
		if inFlow && strings.ContainsAny(n.scalar, ",[]{}") && n.scalar[0] != '\'' {
			n.scalar = "x"
		}
	case "literal":
		n.lines = rapid.SliceOfN(rapid.SampledFrom([]string{"a +", "  b", "", "# no comment", "c: d", "- e"}), 0, 4).Draw(t, "lines")
		n.lines = append(append([]string{"first"}, n.lines...), "last")
	default:
		for range rapid.IntRange(1, 4).Draw(t, "count") {
			v := drawNode(t, depth-1, n.flow)
			if !n.flow {
				v.comment = rapid.SampledFrom([]string{"", "", "", "# above", "#"}).Draw(t, "comment")
				v.beside = rapid.SampledFrom([]string{"", "", "", "# beside: it"}).Draw(t, "beside")
				v.blank = rapid.IntRange(0, 3).Draw(t, "blank") == 0
			}
			n.values = append(n.values, v)
			if kind == "map" {
				n.keys = append(n.keys, fmt.Sprintf("%s%d", rapid.SampledFrom([]string{"a.b", "key ", "Rows[].x", "'#", "été"}).Draw(t, "key"), len(n.keys)))
				if k := &n.keys[len(n.keys)-1]; n.flow && strings.Contains(*k, "[") || (*k)[0] == '\'' {
					*k = "'#" + strings.Trim(*k, "'[]") + "'"
				}
			}
		}
	}
	return n
}

// write writes n behind "key:" or "-" of a block at column; inline text starts with a space.
func (n node) write(b *strings.Builder, s *noise, column int) {
	beside := ""
	if n.beside != "" {
		beside = s.spaces(1, 4) + n.beside
	}
	switch {
	case n.lines != nil:
		b.WriteString(s.spaces(1, 3) + "|" + beside + "\n")
		indent := column + 2
		if s != nil {
			indent = column + rapid.IntRange(1, 6).Draw(s.t, "indent")
		}
		for _, line := range n.lines {
			if line != "" {
				line = strings.Repeat(" ", indent) + line
			}
			b.WriteString(line + "\n")
		}
	case n.values == nil || n.flow:
		b.WriteString(s.spaces(1, 3))
		n.writeFlow(b, s)
		b.WriteString(beside + s.end())
	default:
		b.WriteString(beside + s.end())
		indent := column + 2
		if s != nil {
			indent = column + rapid.IntRange(1, 6).Draw(s.t, "indent")
		}
		n.writeBlock(b, s, indent)
	}
}

func (n node) writeBlock(b *strings.Builder, s *noise, column int) {
	for i, v := range n.values {
		if v.blank && b.Len() > 0 {
			b.WriteString(strings.Repeat("\n", len(s.spaces(1, 3))))
		}
		if v.comment != "" {
			b.WriteString(strings.Repeat(" ", column) + v.comment + s.end())
		}
		b.WriteString(strings.Repeat(" ", column))
		if n.keys == nil {
			b.WriteString("-")
		} else {
			b.WriteString(n.keys[i] + s.spaces(0, 2) + ":")
		}
		v.write(b, s, column)
	}
}

func (n node) writeFlow(b *strings.Builder, s *noise) {
	if n.values == nil {
		b.WriteString(n.scalar)
		return
	}
	marks := "[]"
	if n.keys != nil {
		marks = "{}"
	}
	b.WriteString(marks[:1] + s.spaces(0, 2))
	for i, v := range n.values {
		if i > 0 {
			b.WriteString(s.spaces(0, 2) + "," + s.spaces(1, 3))
		}
		if n.keys != nil {
			b.WriteString(n.keys[i] + s.spaces(0, 2) + ":" + s.spaces(1, 3))
		}
		v.writeFlow(b, s)
	}
	b.WriteString(s.spaces(0, 2) + marks[1:])
}

// TestFormatRemovesNoise writes a file in order and in disorder: Format leaves the one as it is and
// makes it of the other.
func TestFormatRemovesNoise(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		root := drawNode(t, 4, false)
		if root.values == nil || root.keys == nil {
			root = node{keys: []string{"rules"}, values: []node{root}}
		}
		root.flow = false
		var tidy, sloppy strings.Builder
		root.writeBlock(&tidy, nil, 0)
		root.writeBlock(&sloppy, &noise{t}, 0)
		if got := formatted(t, tidy.String()); got != tidy.String() {
			t.Fatalf("tidy text changed:\n%s\nto\n%s", tidy.String(), got)
		}
		if got := formatted(t, sloppy.String()); got != tidy.String() {
			t.Fatalf("sloppy\n%s\nbecame\n%s\nwant\n%s", sloppy.String(), got, tidy.String())
		}
	})
}

// FuzzFormat holds for any text: what is formatted says the same, and formatting it again changes nothing.
func FuzzFormat(f *testing.F) {
	for _, path := range []string{"../../mappings/shopware/order.read.yaml", "../../mappings/eaccounting/sales.base.yaml", "../../mappings/shopware/product.read.test.yaml"} {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	for _, text := range []string{"a: [b,\n c]\n", "a: |+\n b\n\n", "a: \"b\n  c\\\n  d\"\n", "- - a\n  - b\n# c\n", "a:\n- b\n-   c:  d\n", "? a\n: b\n", "{a: {b: c}, d: [e]}\n", "a: b\n---\n...\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		once, err := format.Format([]byte(text))
		if err != nil {
			if string(once) != text {
				t.Fatalf("%v, and the text changed", err)
			}
			return
		}
		twice, err := format.Format(once)
		if err != nil {
			t.Fatalf("what was formatted cannot be formatted: %v\n%q\n%q", err, text, once)
		}
		if string(twice) != string(once) {
			t.Fatalf("%q\nformats to\n%q\nand then to\n%q", text, once, twice)
		}
	})
}
