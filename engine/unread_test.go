package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
	"pgregory.net/rapid"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/mappings"
)

func TestReads(t *testing.T) {
	for _, c := range []struct{ name, rules, want string }{
		{"a field", "x: a.b", "a.b"},
		{"a whole object", "x: a", "a"},
		{"a let that is used", "x: v", "a.b"},
		{"a list", "x[]: {each: xs, as: l, where: l.on}\n  x[].y: l.y.z", "xs[].on(itself) xs[].y.z"},
		{"the count of a list", "x: len(xs)", "xs(itself)"},
		{"whether an object is there", "x: a != nil", "a(itself)"},
		{"a predicate", "x: filter(xs, .a == 1)[0].b", "xs.0.b xs[].a xs[].b"},
		{"an object that is made", "x: 'map(xs, {{k: .a, v: .b}})[0].k'", "xs[].a"},
		{"a computed member", "x: a[b].c", "a.*.c a[].c b"},
		{"the whole document", "x: doc", ""},
		{"a member of the document", "x: doc.a", "a"},
		{"merged objects", "x: 'map(xs, merge(#, {k: 1}))[0].a'", "xs[].a"},
		{"branches", "x: 'c ? a : b'", "a b c(itself)"},
		{"grouped", "x: values(groupBy(xs, .g))[0][0].a", "xs[].a xs[].g"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := parse(t, "from: any\nto: any\nlet:\n  v: a.b\n  unused: never.read\nrules:\n  "+c.rules+"\n")
			var got []string
			for _, r := range m.Reads() {
				if !r.Whole {
					r.Path += "(itself)"
				}
				got = append(got, r.Path)
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("got %q, want %q", strings.Join(got, " "), c.want)
			}
		})
	}
}

// A field that is added to a real document shows up at once, wherever it is added beside fields that are read.
func TestUnreadShowsANewField(t *testing.T) {
	m, err := engine.Load("shopware/order.read", engine.Library(mappings.FS))
	if err != nil {
		t.Fatal(err)
	}
	for _, document := range samples(t, "shopware", "order") {
		before, err := m.Unread(document)
		if err != nil {
			t.Fatal(err)
		}
		grown := strings.Replace(string(document), `"orderNumber"`, `"loyaltyPoints": 12, "orderNumber"`, 1)
		after, err := m.Unread([]byte(grown))
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(after, func(path string) bool { return path == "loyaltyPoints" })
		if i < 0 || !slices.Equal(slices.Delete(slices.Clone(after), i, i+1), before) {
			t.Errorf("before\n%v\nafter\n%v", before, after)
		}
	}
}

// samples returns the documents of a system that are beside its mappings.
func samples(t testing.TB, system, entity string) [][]byte {
	t.Helper()
	files, err := filepath.Glob("../mappings/" + system + "/testdata/*" + entity + "*.json")
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob("../mappings/" + system + "/testdata/*/*.json")
	if err != nil {
		t.Fatal(err)
	}
	var out [][]byte
	for _, file := range append(files, more...) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if gjson.GetBytes(text, "orderNumber").Exists() {
			out = append(out, text)
		}
	}
	if len(out) == 0 {
		t.Fatalf("no sample of %s.%s", system, entity)
	}
	return out
}

// Whatever stands at the paths that are reported unread, the output of a real mapping is the same.
func TestUnreadMeansUnreadInTheMappings(t *testing.T) {
	m, err := engine.Load("shopware/order.read", engine.Library(mappings.FS))
	if err != nil {
		t.Fatal(err)
	}
	for _, document := range samples(t, "shopware", "order") {
		paths, err := m.Unread(document)
		if err != nil {
			t.Fatal(err)
		}
		if len(paths) < 50 {
			t.Errorf("only %d fields of an order are unread", len(paths))
		}
		want := outcomeOf(m, document)
		for _, other := range []string{"null", `"other"`, `{"a":[1]}`, "-7.5", "[[]]"} {
			if got := outcomeOf(m, replaced(document, other, paths...)); got != want {
				t.Errorf("with %s at every unread path the output is\n%s\nand was\n%s", other, got, want)
			}
		}
	}
}

// The same for rules and documents that are made up.
func TestUnreadMeansUnread(t *testing.T) {
	unreadPaths := 0
	rapid.Check(t, func(t *rapid.T) {
		g := pathGen{t}
		var b strings.Builder
		b.WriteString("from: any\nto: any\nlet:\n")
		fmt.Fprintf(&b, "  v1: %s\n  v2: %s\n", quoteYAML(g.expr(2)), quoteYAML(g.expr(2)))
		b.WriteString("rules:\n")
		for i := range rapid.IntRange(1, 4).Draw(t, "rules") {
			fmt.Fprintf(&b, "  r%d: %s\n", i, quoteYAML(g.expr(3)))
		}
		if rapid.Bool().Draw(t, "each") {
			fmt.Fprintf(&b, "  list[]: {each: %s, as: item, where: %s}\n  list[].x: %s\n", quoteYAML(g.list(1)), quoteYAML(g.expr(1)), quoteYAML(strings.ReplaceAll(g.expr(2), "doc.", "item.")))
		}
		m, err := engine.Parse("mapping.yaml", []byte(b.String()))
		if err != nil {
			t.Skip("the rules do not compile")
		}
		document := []byte(g.value(3))
		paths, err := m.Unread(document)
		if err != nil {
			t.Fatal(err)
		}
		want := outcomeOf(m, document)
		for _, path := range paths {
			unreadPaths++
			other := rapid.SampledFrom([]string{"null", `"a"`, "1", "true", `{"a":1}`, `[{"b":2}]`}).Draw(t, "other")
			if got := outcomeOf(m, replaced(document, other, path)); got != want {
				t.Fatalf("%s\n%s is reported unread in %s\nwith %s there the output is %s\nand was %s", b.String(), path, document, other, got, want)
			}
		}
	})
	if unreadPaths == 0 {
		t.Error("no path was ever unread")
	}
}

// outcomeOf returns the output, or the codes of what failed.
func outcomeOf(m *engine.Mapping, document []byte) string {
	out, err := m.Apply(context.Background(), document, engine.Input{Now: "2026-01-02T03:04:05Z"})
	var ds engine.Diagnostics
	if errors.As(err, &ds) {
		return fmt.Sprint(ds.Codes())
	}
	return string(out)
}

// replaced returns a document with other in the place of every value at the paths.
func replaced(document []byte, other string, paths ...string) []byte {
	at := map[string]bool{}
	for _, p := range paths {
		at[p] = true
	}
	var walk func(v gjson.Result, at string) string
	walk = func(v gjson.Result, path string) string {
		switch {
		case at[path]:
			return other
		case v.IsObject():
			var parts []string
			v.ForEach(func(key, val gjson.Result) bool {
				below := path + "." + key.String()
				if path == "" {
					below = key.String()
				}
				if strings.ContainsAny(key.String(), ".[]\"'* ") || key.String() == "" {
					below = fmt.Sprintf("%s[%q]", path, key.String())
				}
				parts = append(parts, key.Raw+":"+walk(val, below))
				return true
			})
			return "{" + strings.Join(parts, ",") + "}"
		case v.IsArray():
			var parts []string
			for _, item := range v.Array() {
				parts = append(parts, walk(item, path+"[]"))
			}
			return "[" + strings.Join(parts, ",") + "]"
		}
		return v.Raw
	}
	return []byte(walk(gjson.ParseBytes(document), ""))
}

func quoteYAML(s string) string {
	text, _ := json.Marshal(s)
	return string(text)
}

// pathGen makes expressions over documents with members a, b, c that hold anything.
type pathGen struct{ t *rapid.T }

func (g pathGen) pick(words ...string) string { return rapid.SampledFrom(words).Draw(g.t, "part") }

func (g pathGen) value(depth int) string {
	if depth == 3 {
		return g.object(depth)
	}
	switch k := rapid.IntRange(0, 8).Draw(g.t, "kind"); {
	case k >= 5 && depth > 0:
		items := make([]string, rapid.IntRange(0, 3).Draw(g.t, "items"))
		objects := rapid.IntRange(0, 3).Draw(g.t, "objects") > 0
		for i := range items {
			if items[i] = g.object(1); !objects {
				items[i] = g.value(depth - 1)
			}
		}
		return "[" + strings.Join(items, ",") + "]"
	case k >= 3 && depth > 0:
		return g.object(depth)
	}
	return g.pick("null", "true", "false", "1", "2.50", `"a"`, `"b"`, `""`, "[]", "{}")
}

func (g pathGen) object(depth int) string {
	var parts []string
	for _, name := range []string{"a", "b", "c"} {
		if rapid.IntRange(0, 3).Draw(g.t, "there") > 0 {
			parts = append(parts, fmt.Sprintf("%q:%s", name, g.value(depth-1)))
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func (g pathGen) path() string {
	p := g.pick("doc", "doc", "v1", "v2")
	for range rapid.IntRange(1, 3).Draw(g.t, "steps") {
		p += g.pick(".a", ".b", ".c", ".a", ".b", "[0]", "[-1]", `["a"]`)
	}
	return p
}

func (g pathGen) list(depth int) string {
	if depth == 0 {
		return g.path()
	}
	x := g.list(depth - 1)
	switch rapid.IntRange(0, 9).Draw(g.t, "list") {
	case 0:
		return fmt.Sprintf("filter(%s, .%s != nil)", x, g.pick("a", "b"))
	case 1:
		return fmt.Sprintf("map(%s, {{a: .b, b: .a}})", x)
	case 2:
		return fmt.Sprintf("map(%s, .%s)", x, g.pick("a", "b"))
	case 3:
		return fmt.Sprintf("sortBy(%s, .a)", x)
	case 4:
		return fmt.Sprintf("concat(%s, %s)", x, g.path())
	case 5:
		return fmt.Sprintf("flatten(%s)", x)
	case 6:
		return fmt.Sprintf("values(groupBy(%s, .a))", x)
	case 7:
		return fmt.Sprintf("%s[1:]", x)
	case 8:
		return fmt.Sprintf("map(%s, merge(#, {c: .a}))", x)
	}
	return x
}

func (g pathGen) expr(depth int) string {
	if depth == 0 {
		return g.pick(g.path(), g.path(), "1", `"a"`, "nil")
	}
	x, y := g.expr(depth-1), g.expr(depth-1)
	switch rapid.IntRange(0, 17).Draw(g.t, "expr") {
	case 0:
		return fmt.Sprintf("(%s ?? %s)", x, y)
	case 1:
		return fmt.Sprintf("(%s == %s)", x, y)
	case 2:
		return fmt.Sprintf("(%s == nil ? %s : %s)", g.path(), x, y)
	case 3:
		return fmt.Sprintf("len(%s)", g.list(1))
	case 4:
		return fmt.Sprintf("find(%s, .a == %s).b", g.list(1), g.pick(`"a"`, "1"))
	case 5:
		return fmt.Sprintf("first(%s).%s", g.list(2), g.pick("a", "b"))
	case 6:
		return fmt.Sprintf("isEmpty(%s)", g.path())
	case 7:
		return fmt.Sprintf("typeOf(%s)", g.path())
	case 8:
		return fmt.Sprintf("merge(%s, {a: %s}).%s", g.path(), x, g.pick("a", "b"))
	case 9:
		return fmt.Sprintf("(let q = %s; q.a ?? q.b)", g.path())
	case 10:
		return fmt.Sprintf("%s[%s]", g.path(), g.path())
	case 11:
		return fmt.Sprintf("any(%s, .a != nil)", g.list(1))
	case 12:
		return fmt.Sprintf("keys(%s)", g.path())
	case 13:
		return fmt.Sprintf("has(%s, %q)", g.path(), g.pick("a", "b"))
	case 14:
		return fmt.Sprintf("lookup(%s, %s, nil)", g.path(), x)
	case 15:
		return fmt.Sprintf("indexBy(%s, \"a\")[\"a\"].b", g.list(1))
	case 16:
		return fmt.Sprintf("nonEmpty(%s)", g.path())
	}
	return g.list(2)
}
