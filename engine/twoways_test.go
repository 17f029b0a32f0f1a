package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/crosswalk-go/crosswalk/engine"
)

// TestTwoWays: on generated mappings and documents the quick way and the thorough way give the same bytes or the same
// diagnostics; the output is JSON; nothing that was handed in changes; and many goroutines get what one gets.
func TestTwoWays(t *testing.T) {
	seen := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		g := &mappingGen{t: t}
		text := g.mapping()
		m, err := engine.Parse("mapping.yaml", []byte(text))
		for tries := 0; err != nil && tries < 5; tries++ { // the check refuses what can never work
			g = &mappingGen{t: t}
			text = g.mapping()
			m, err = engine.Parse("mapping.yaml", []byte(text))
		}
		if err != nil {
			seen["refused"]++
			return
		}
		seen["compiled"]++
		docs := make([][]byte, 4)
		ins := make([]engine.Input, len(docs))
		outs := make([]string, len(docs))
		for i := range docs {
			docs[i], ins[i] = []byte(g.object(3)), g.input()
			before := fmt.Sprintf("%s %+v", docs[i], ins[i])
			out, err := m.Apply(context.Background(), docs[i], ins[i])
			thorough, quick, thoroughErr := m.ApplyThorough(context.Background(), docs[i], ins[i])
			outs[i] = string(out) + rendered(err)
			if other := string(thorough) + rendered(thoroughErr); outs[i] != other {
				t.Fatalf("%s\nof %s with %s\nthe quick way gives\n%s\nthe thorough way\n%s", text, docs[i], ins[i].Current, outs[i], other)
			}
			room := []byte("before")
			appended, appendErr := m.Append(context.Background(), room, docs[i], ins[i])
			if want := "before" + string(out) + rendered(err); string(appended)+rendered(appendErr) != want {
				t.Fatalf("%s\nof %s: appended is\n%s\nwant\n%s", text, docs[i], string(appended)+rendered(appendErr), want)
			}
			told, explainErr := m.Explain(context.Background(), docs[i], ins[i])
			if explainErr != nil {
				t.Fatal(explainErr)
			}
			other := string(told.Output) + fmt.Sprint(nil)
			if told.Diagnostics != nil {
				other = rendered(told.Diagnostics)
			}
			if outs[i] != other {
				t.Fatalf("%s\nof %s with %s\ngives\n%s\nand while it is explained\n%s", text, docs[i], ins[i].Current, outs[i], other)
			}
			switch {
			case err != nil && out != nil:
				t.Fatalf("%s\nof %s: an output beside %v", text, docs[i], err)
			case err == nil && !json.Valid(out):
				t.Fatalf("%s\nof %s gives no JSON: %s", text, docs[i], out)
			}
			if after := fmt.Sprintf("%s %+v", docs[i], ins[i]); after != before {
				t.Fatalf("%s\nchanged what it was given: %s\nto %s", text, before, after)
			}
			word := "thorough only"
			if quick {
				word = "quick"
			}
			if err != nil {
				word += ", failed"
			}
			seen[word]++
		}
		var wg sync.WaitGroup
		again := make([]string, 3*len(docs))
		for i := range again {
			wg.Go(func() {
				out, err := m.Apply(context.Background(), docs[i%len(docs)], ins[i%len(docs)])
				again[i] = string(out) + rendered(err)
			})
		}
		wg.Wait()
		for i, got := range again {
			if got != outs[i%len(docs)] {
				t.Fatalf("%s\nof %s gives\n%s\nand beside others\n%s", text, docs[i%len(docs)], outs[i%len(docs)], got)
			}
		}
	})
	for _, word := range []string{"quick", "quick, failed", "thorough only", "thorough only, failed"} {
		if seen[word] < 10 {
			t.Errorf("the generator made %d documents that went %s", seen[word], word)
		}
	}
	if seen["refused"] > seen["compiled"] {
		t.Errorf("most of the generated mappings do not compile: %v", seen)
	}
	t.Log(seen)
}

// mappingGen draws mappings and documents over the same few names, so that rules meet values of every kind.
type mappingGen struct {
	t    *rapid.T
	lets []string
	done map[string]bool // targets that have a rule
}

func (g *mappingGen) pick(xs ...string) string { return rapid.SampledFrom(xs).Draw(g.t, "pick") }
func (g *mappingGen) chance(n int) bool        { return rapid.IntRange(1, n).Draw(g.t, "chance") == 1 }

func (g *mappingGen) mapping() string {
	var b strings.Builder
	b.WriteString("from: any\nto: any\n")
	if g.chance(8) {
		b.WriteString("base: doc\n")
	}
	b.WriteString("tables: {t: {a: 1.50, \"1\": one, \"2.5\": null, x: {y: [1]}}}\nsettings: {s: {type: string, default: d}, n: {type: number}}\n")
	if n := rapid.IntRange(0, 2).Draw(g.t, "lets"); n > 0 {
		b.WriteString("let:\n")
		for i := range n {
			name := fmt.Sprintf("v%d", i)
			fmt.Fprintf(&b, "  %s: %s\n", name, quoted(g.expr("", 2)))
			g.lets = append(g.lets, name)
		}
	}
	b.WriteString("rules:\n")
	g.done = map[string]bool{}
	for range rapid.IntRange(1, 7).Draw(g.t, "rules") {
		g.rule(&b, "", "")
	}
	return b.String()
}

func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// rule writes a rule below prefix whose expressions know the alias, and sometimes the rules below it.
func (g *mappingGen) rule(b *strings.Builder, prefix, alias string) {
	target := prefix + g.pick("p", "q", "r", "s", "p.x", "p.y", "q.x.z", "a", "o.b", "l[]", "l[]", "m[]")
	if g.done[target] {
		return
	}
	g.done[target] = true
	if !strings.HasSuffix(target, "[]") {
		fmt.Fprintf(b, "  %s: %s\n", target, g.options(alias, prefix != ""))
		return
	}
	inner := "x" + alias
	options := []string{"each: " + quoted(g.listExpr(alias)), "as: " + inner}
	if g.chance(3) {
		options = append(options, "where: "+quoted(g.test(inner)))
	}
	if g.chance(4) {
		options = append(options, "index: i"+alias)
	}
	if g.chance(5) {
		options = append(options, "required: true")
	}
	if g.chance(4) {
		options = append(options, "write: "+g.pick("create", "update"))
	}
	if g.chance(4) {
		options = append(options, "empty: "+g.emptyModes(prefix != ""))
	}
	own := g.chance(3)
	if own {
		options = append(options, g.result(inner)...)
	}
	fmt.Fprintf(b, "  %s: {%s}\n", target, strings.Join(options, ", "))
	if len(alias) < 2 && (!own || g.chance(4)) {
		for range rapid.IntRange(0, 3).Draw(g.t, "below") {
			g.rule(b, target+".", inner)
		}
	}
}

func (g *mappingGen) options(alias string, inList bool) string {
	if g.chance(3) {
		return quoted(g.expr(alias, 2))
	}
	options := g.result(alias)
	if g.chance(4) {
		options = append(options, "required: true")
	}
	if g.chance(3) {
		options = append(options, "empty: "+g.emptyModes(inList))
	}
	if g.chance(3) {
		modes := []string{"always", "create", "update", "if-empty"}
		if inList {
			modes = modes[:3]
		}
		options = append(options, "write: "+g.pick(modes...))
	}
	return "{" + strings.Join(options, ", ") + "}"
}

func (g *mappingGen) emptyModes(inList bool) string {
	modes := []string{"omit", "null", "keep"}
	if inList {
		modes = modes[:2]
	}
	if g.chance(2) {
		return g.pick(modes...)
	}
	return fmt.Sprintf("{missing: %s, null: %s, empty: %s}", g.pick(modes...), g.pick(modes...), g.pick(modes...))
}

// result draws what makes the value: an expression, a literal, cases or a lookup, with default and rounding.
func (g *mappingGen) result(alias string) []string {
	var options []string
	switch g.pick("expr", "expr", "expr", "value", "when", "lookup") {
	case "expr":
		options = append(options, "expr: "+quoted(g.expr(alias, 2)))
	case "value":
		options = append(options, "value: "+g.pick("EUR", "1.50", "null", "true", "[1, x]", "{k: [null]}", `""`, "{}", "[]"))
	case "when":
		cases := fmt.Sprintf("{if: %s, expr: %s}", quoted(g.test(alias)), quoted(g.expr(alias, 1)))
		if g.chance(2) {
			cases += ", {value: other}"
		}
		options = append(options, "when: ["+cases+"]")
	case "lookup":
		key := quoted(g.expr(alias, 0))
		if g.chance(4) {
			key = "[" + key + ", " + quoted(g.expr(alias, 0)) + "]"
		}
		options = append(options, "lookup: t", "key: "+key, "missing: "+g.pick("omit", "omit", "fail", "{value: z}", "{value: null}"))
	}
	if g.chance(4) {
		options = append(options, "default: "+g.pick("{value: d}", "{value: 7.0}", quoted(g.expr(alias, 0))))
	}
	if g.chance(6) {
		options = append(options, "round: "+g.pick("2", "0", "-1", "{digits: 1, mode: half-even}"))
	}
	return options
}

func (g *mappingGen) path(alias string) string {
	roots := append([]string{"a", "b", "items", "o", "doc", "source", "current.p", "settings.s", "settings.n", "tables.t", "links.k", "now"}, g.lets...)
	if alias != "" {
		roots = append(roots, alias, alias, alias+".a", alias+".b", alias+".n")
	}
	if g.chance(20) {
		roots = []string{"out.p"}
	}
	path := g.pick(roots...)
	for range rapid.IntRange(0, 2).Draw(g.t, "steps") {
		path += g.pick(".a", ".b", ".n", "[0]", "[-1]", `["o"]`, "?.b")
	}
	return path
}

func (g *mappingGen) listExpr(alias string) string {
	items := "items"
	if alias != "" {
		items = g.pick("items", alias+".items", alias+".a", alias)
	}
	switch g.pick("path", "path", "path", "filter", "values", "range", "odd", "sort") {
	case "filter":
		return "filter(" + items + ", " + g.pick(".ok", ".n > 1", "# != nil") + ")"
	case "values":
		return "values(o)"
	case "range":
		return "1..3"
	case "odd":
		return g.path(alias)
	case "sort":
		return "sortBy(" + items + ", .n)"
	}
	return items
}

func (g *mappingGen) test(alias string) string {
	p := g.path(alias)
	switch g.pick("==", "nil", "<", "raw", "in", "not", "contains") {
	case "==":
		return p + " == " + g.path(alias)
	case "nil":
		return p + " != nil"
	case "<":
		return p + g.pick(" < 2", " >= 1.0", ` < "m"`)
	case "in":
		return p + " in [1, \"x\", nil]"
	case "not":
		return "not (" + p + " == 1)"
	case "contains":
		return p + ` contains "x"`
	}
	return p
}

func (g *mappingGen) expr(alias string, depth int) string {
	p := g.path(alias)
	if depth == 0 {
		return p
	}
	sub := func() string { return g.expr(alias, depth-1) }
	switch g.pick("path", "path", "path", "path", "??", "+", "text", "object", "list", "loop", "call", "if", "test", "let", "index", "literal") {
	case "??":
		return "(" + sub() + ") ?? (" + sub() + ")"
	case "+":
		return "(" + sub() + ") " + g.pick("+", "-", "*", "/") + " " + g.pick("1", "0.10", "3", p)
	case "text":
		return `"t" + string(` + p + ")"
	case "object":
		return "{k: " + sub() + ", l: " + p + "}"
	case "list":
		return "[" + sub() + ", " + p + "]"
	case "loop":
		return g.pick("map", "filter", "find", "count", "sum", "sortBy", "groupBy", "any") + "(" + g.listExpr(alias) + ", " + g.pick("#", ".n", ".ok", ".a.b", "# == 1") + ")"
	case "call":
		return g.pick("len", "lower", "string", "keys", "toJSON", "isEmpty", "first", "nonEmpty", "number", "typeOf") + "(" + sub() + ")"
	case "if":
		return "if " + g.test(alias) + " { " + sub() + " } else { " + sub() + " }"
	case "test":
		return g.test(alias)
	case "let":
		return "let w = " + sub() + "; [w, w]"
	case "index":
		return "(" + sub() + ")" + g.pick("[0]", "[-1]", ".a", "[0:1]")
	case "literal":
		return g.pick("nil", "1.50", `"é\n"`, "true", "[]", "{}", "9007199254740993")
	}
	return p
}

func (g *mappingGen) input() engine.Input {
	in := engine.Input{}
	if g.chance(2) {
		in.Write = engine.Update
	}
	for _, part := range []*[]byte{&in.Source, &in.Links, &in.Current, &in.Current} {
		if g.chance(2) {
			*part = []byte(g.object(2))
		}
	}
	if g.chance(3) {
		in.Settings = []byte(g.pick(`{"s":"x"}`, `{"n":1.0}`, `{"n":null,"s":""}`, `{"n":"1"}`))
	}
	if g.chance(4) {
		in.Tables = []byte(g.pick(`{"t":{"x":2}}`, `{"u":{}}`, `{"t":{"1":{"1":"deep"}}}`))
	}
	if g.chance(2) {
		in.Now = "2026-01-02T03:04:05Z"
	}
	return in
}

func (g *mappingGen) object(depth int) string {
	space := g.pick("", "", " ", "\n\t")
	parts := []string{}
	for range rapid.IntRange(0, 5).Draw(g.t, "members") {
		name := g.pick(`"a"`, `"b"`, `"o"`, `"p"`, `"n"`, `"ok"`, `"items"`, `"items"`, `"\u0061"`, `"q"`, `"l"`)
		v := g.value(depth - 1)
		if name == `"items"` && !g.chance(8) {
			v = g.list(depth - 1)
		}
		if name == `"ok"` && !g.chance(8) {
			v = g.pick("true", "false")
		}
		parts = append(parts, name+space+":"+space+v)
	}
	return "{" + space + strings.Join(parts, space+","+space) + space + "}"
}

func (g *mappingGen) list(depth int) string {
	var parts []string
	for range rapid.IntRange(0, 3).Draw(g.t, "elements") {
		if g.chance(4) {
			parts = append(parts, g.value(depth-1))
		} else {
			parts = append(parts, g.object(depth-1))
		}
	}
	return "[" + strings.Join(parts, " , ") + "]"
}

func (g *mappingGen) value(depth int) string {
	if depth > 0 && g.chance(3) {
		if g.chance(3) {
			return g.list(depth)
		}
		return g.object(depth)
	}
	return g.pick("null", "true", "false", "0", "1", "1.0", "2.50", "-0", "1e2", "9007199254740993", "1e400", `""`, `"x"`, `"a"`, `"\u0078"`, `"12"`, `"é\/"`, "[]", "{}", "[ ]", "{ }")
}
