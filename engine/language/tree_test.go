package language

import (
	"context"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/mappings"
)

// yamlPaths lists the keys and scalars of a text as a YAML parser sees them.
func yamlPaths(t *testing.T, text string) []string {
	t.Helper()
	f, err := parser.ParseBytes([]byte(text), 0)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	var walk func(path string, n ast.Node)
	walk = func(path string, n ast.Node) {
		switch n := n.(type) {
		case ast.MapNode:
			for it := n.MapRange(); it.Next(); {
				walk(path+"/"+it.KeyValue().Key.GetToken().Value, it.KeyValue().Value)
			}
		case *ast.SequenceNode:
			for _, v := range n.Values {
				walk(path+"/-", v)
			}
		case *ast.LiteralNode:
			all = append(all, path+" = "+flat(n.Value.Value))
		case *ast.NullNode:
			all = append(all, path+" = ")
		default:
			all = append(all, path+" = "+flat(n.GetToken().Value))
		}
	}
	walk("", f.Docs[0].Body)
	return all
}

// flat is a text without its white space, which depends on how a scalar is folded.
func flat(s string) string { return strings.Join(strings.Fields(s), "") }

func treePaths(text string) []string {
	t := parseTree(text)
	var all []string
	var walk func(path string, n *node)
	walk = func(path string, n *node) {
		switch n.kind {
		case mapNode:
			if bare := n.bare(); bare != nil {
				walk(path, bare)
				return
			}
			for _, e := range n.entries {
				walk(path+"/"+e.key, e.value)
			}
		case listNode:
			for _, item := range n.items {
				walk(path+"/-", item)
			}
		case scalarNode:
			value := flat(t.scalar(n).String())
			if value == "null" {
				value = ""
			}
			all = append(all, path+" = "+value)
		default:
			all = append(all, path+" = ")
		}
	}
	walk("", t.root)
	return all
}

// The tolerant reader sees in every mapping that is built in what a YAML parser sees.
func TestTreeIsWhatYAMLSays(t *testing.T) {
	names, err := fs.Glob(mappings.FS, "*/*.yaml")
	if err != nil || len(names) < 5 {
		t.Fatal(names, err)
	}
	texts := map[string]string{"forms": strings.Join([]string{
		"from: a", "to: 'b''c'", "rules:", "  a: >-", "    one", "    two", "", "  b: |", "    x", "", "    y", "  \"c d\": \"e \\\" f\"", "  g:",
		"    - h", "    - i: j", "      k: l", "    -", "      m", "  n:", "  - o", "  p: {q: [r, s], t: {u: v}, 'w': \"x, y\"} # z", "  aa: plain", "    goes on", "  bb: [", "    cc,", "    dd", "  ]",
		"  lines[]: {each: x, where: a.b == c}", "  custom[\"my.key\"]: y", "  ee: http://x", "last: 1",
	}, "\n")}
	for _, name := range names {
		data, err := fs.ReadFile(mappings.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = string(data)
	}
	for name, text := range texts {
		got, want := treePaths(text), yamlPaths(t, text)
		for i := range max(len(got), len(want)) {
			if i >= len(got) || i >= len(want) || got[i] != want[i] {
				t.Errorf("%s: entry %d\n got %q\nwant %q", name, i, at(got, i), at(want, i))
				break
			}
		}
	}
}

func at(xs []string, i int) string {
	if i < len(xs) {
		return xs[i]
	}
	return "nothing"
}

// Every name that all expressions know is explained. (That the keys and words are the engine's is tested where they stand.)
func TestContextWordsAreExplained(t *testing.T) {
	scope := engine.Analyze("a.yaml", []byte("from: any\nto: any\nrules: {}\n")).RuleScope("", false)
	for _, s := range scope.Symbols() {
		if s.Kind == engine.ContextSymbol && contextDocs[s.Name] == "" {
			t.Errorf("%s is not explained", s.Name)
		}
	}
}

func TestTokens(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"a.b?.c ?? 1.5", "a . b ?. c ?? 1.5"},
		{`x["k"] == 'a \' b'`, `x [ "k" ] == 'a \' b'`},
		{"filter(#, .a >= #index) // note", "filter ( # , . a >= #index ) // note"},
		{"a /* b */ c", "a /* b */ c"},
		{"1..3 + 0x1F", "1 .. 3 + 0x1F"},
		{`"open`, `"open`},
		{"é + 😀", "é + 😀"},
	} {
		var got []string
		for _, tk := range tokens([]rune(test.text)) {
			got = append(got, tk.text)
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s\n got %q\nwant %q", test.text, strings.Join(got, " "), test.want)
		}
	}
}

func TestProbe(t *testing.T) {
	for _, test := range []struct {
		text, inner, want string
		lists             int
	}{
		{"a + ", "x", "x", 0},
		{"filter(list, ", "#", "map(list, #)", 1},
		{"f(filter(a.b, .c), map(list[0], any(.d, ", "#", "map( list[0], map( .d, #))", 2},
		{"list | map(", "#", "map(list , #)", 1},
		{"a ? b : list | filter(.x) | map(", "#", "map( list | filter(.x) , #)", 1},
		{"let a = f(b); let c = a; ", "c", "let a = f(b); let c = a; c", 0},
		{"map(list, let a = #; ", "a", "map(list, let a = #; a)", 1},
		{"map(map(list, let z = 1; z), ", "#", "map(map(list, let z = 1; z), #)", 1},
		{"[{a: 1}, ", "x", "x", 0},
		{"map(list, #) + ", "x", "x", 0},
		{") ] } (", "x", "x", 0},
	} {
		ts := tokens([]rune(test.text))
		got, lists := probe([]rune(test.text), levels(ts, len(ts)), test.inner)
		if flat(got) != flat(test.want) || lists != test.lists {
			t.Errorf("%s\n got %q, %d lists\nwant %q, %d", test.text, got, lists, test.want, test.lists)
		}
	}
}

// FuzzAnswers asks everything at every place of any text: there is always an answer, and what it says to replace is in the text.
func FuzzAnswers(f *testing.F) {
	for _, text := range []string{
		"from: shopware.order\nto: order\nrules:\n  number: lower(orderCustomer.",
		"extends: shopware/order.read\nrules:\n  lines[]: {each: filter(lineItems, .a, as: x\n  lines[].sku: x.",
		"rules:\n  a: {when: [{if: a, ", "let:\n  a: |\n    x\n   y: >\n", "- - a: b\n  - {", "a:\n\tb: 'c", "rules:\n  \"a: b", "\r\n😀: 😀.😀",
	} {
		f.Add(text, uint16(len(text)))
		f.Add(text, uint16(len(text)/2))
	}
	f.Fuzz(func(t *testing.T, text string, off uint16) {
		if len(text) > 2000 {
			return
		}
		s := New(fstest.MapFS{}, mappings.FS)
		tr := parseTree(text)
		pos := tr.position("a.yaml", int(off))
		inText := func(p engine.Position) {
			if p != tr.position("a.yaml", tr.offset(p)) {
				t.Fatalf("%v is no place of %q", p, text)
			}
		}
		found, err := s.Complete(context.Background(), "a.yaml", text, pos)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range found {
			inText(c.Pos)
			inText(c.End)
			if tr.offset(c.Pos) > tr.offset(c.End) {
				t.Fatalf("%s replaces from %v to %v", c.Label, c.Pos, c.End)
			}
		}
		h, err := s.Hover(context.Background(), "a.yaml", text, pos)
		if err != nil {
			t.Fatal(err)
		}
		if h != nil {
			inText(h.Pos)
			inText(h.End)
		}
		if _, err := s.Definition(context.Background(), "a.yaml", text, pos); err != nil {
			t.Fatal(err)
		}
		s.Diagnose("a.yaml", text)
	})
}
