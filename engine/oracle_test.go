package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/expr-lang/expr"
	"pgregory.net/rapid"

	"github.com/crosswalk-go/crosswalk/engine"
)

// TestOracle compares our evaluator with expr's own machine where the two mean the same: small whole
// numbers, no missing and no null, texts of ASCII. docs/decisions/0004-differences-from-expr.md lists where they differ on purpose.
func TestOracle(t *testing.T) {
	kinds := map[string]int{}
	oracle := func(t *rapid.T) {
		g := &exprGen{t: t, kinds: kinds}
		env := g.document()
		text := g.program()
		want, err := expr.Eval(text, env)
		if err != nil {
			t.Fatalf("expr refuses what the generator made: %s: %v", text, err)
		}
		doc, err := json.Marshal(env)
		if err != nil {
			t.Fatal(err)
		}
		m, err := engine.Parse("m.yaml", []byte("from: any\nto: any\nrules:\n  r:\n    empty: {missing: null, null: null}\n    expr: |-\n      "+text+"\n"))
		if err != nil {
			t.Fatalf("%s\n%v", text, err)
		}
		out, err := m.Apply(context.Background(), doc, engine.Input{})
		if err != nil {
			t.Fatalf("%s\nof %s\nexpr gives %v, we fail: %v", text, doc, want, err)
		}
		var got struct{ R any }
		dec := json.NewDecoder(bytes.NewReader(out))
		dec.UseNumber()
		if err := dec.Decode(&got); err != nil {
			t.Fatal(err)
		}
		if w := plain(want); !reflect.DeepEqual(got.R, w) {
			t.Fatalf("%s\nof %s\nexpr gives %v\nwe give %v", text, doc, w, got.R)
		}
	}
	for range 20 { // until every construct has come up
		rapid.Check(t, oracle)
		if len(kinds) >= len(constructs) {
			break
		}
	}
	for _, kind := range constructs {
		if kinds[kind] == 0 {
			t.Errorf("the generator never made %s", kind)
		}
	}
}

// constructs are what the generator must have made.
var constructs = []string{
	"arithmetic", "comparison", "logic", "?:", "if", "??", "let", "slice", "index", "in", "contains", "startsWith", "endsWith", "matches",
	"filter", "map", "count", "sum", "find", "all", "any", "none", "one", "groupBy", "sortBy", "reduce", "array", "object", "range", "quotient", "power", "pipe",
}

// plain turns what expr gives into what encoding/json gives for the same JSON.
func plain(v any) any {
	switch rv := reflect.ValueOf(v); rv.Kind() {
	case reflect.Invalid:
		return nil
	case reflect.Int, reflect.Int64, reflect.Float64:
		return json.Number(fmt.Sprint(v))
	case reflect.Slice:
		out := make([]any, rv.Len())
		for i := range out {
			out[i] = plain(rv.Index(i).Interface())
		}
		return out
	case reflect.Map:
		out := map[string]any{}
		for it := rv.MapRange(); it.Next(); {
			out[fmt.Sprint(it.Key().Interface())] = plain(it.Value().Interface())
		}
		return out
	}
	return v
}

// exprGen draws expressions that both evaluators must agree on, each of a known type.
type exprGen struct {
	t     *rapid.T
	kinds map[string]int
	// what # is in the predicate in hand: "", "int" or "object"
	element string
	names   []string // of variables that are numbers
}

func (g *exprGen) kind(name string) { g.kinds[name]++ }

func (g *exprGen) pick(xs ...string) string { return rapid.SampledFrom(xs).Draw(g.t, "pick") }

func (g *exprGen) small() int { return rapid.IntRange(-9, 20).Draw(g.t, "int") }

func (g *exprGen) word() string { return g.pick("", "a", "ab", "Ab c", "x,y", "  z ", "abcabc", "10") }

func (g *exprGen) document() map[string]any {
	ints := func() []any {
		out := make([]any, rapid.IntRange(0, 5).Draw(g.t, "n"))
		for i := range out {
			out[i] = g.small()
		}
		return out
	}
	objects := make([]any, rapid.IntRange(0, 4).Draw(g.t, "n"))
	for i := range objects {
		objects[i] = map[string]any{"n": g.small(), "s": g.word(), "ok": rapid.Bool().Draw(g.t, "ok"), "l": ints()}
	}
	return map[string]any{
		"a": g.small(), "b": g.small(), "s": g.word(), "t": g.word(), "p": rapid.Bool().Draw(g.t, "p"), "q": rapid.Bool().Draw(g.t, "q"),
		"xs": ints(), "ys": append(ints(), g.small()), "os": objects, "o": map[string]any{"n": g.small(), "s": g.word()},
	}
}

func (g *exprGen) program() string {
	const depth = 4
	lets := ""
	for i := range rapid.IntRange(0, 2).Draw(g.t, "lets") {
		g.kind("let")
		name := fmt.Sprintf("v%d", i)
		lets += "let " + name + " = " + g.number(2) + "; "
		g.names = append(g.names, name)
	}
	switch g.pick("number", "test", "text", "list", "any", "any") {
	case "number":
		return lets + g.number(depth)
	case "test":
		return lets + g.test(depth)
	case "text":
		return lets + g.text(depth)
	case "list":
		return lets + g.list(depth)
	}
	switch g.pick("array", "object", "groupBy", "objects", "sortBy", "findLast") {
	case "array":
		g.kind("array")
		return lets + "[" + g.number(2) + ", " + g.text(2) + ", " + g.test(2) + ", " + g.list(2) + "]"
	case "object":
		g.kind("object")
		return lets + "{n: " + g.number(2) + ", s: " + g.text(2) + ", l: " + g.list(2) + ", \"in\": {b: " + g.test(2) + "}}"
	case "groupBy":
		g.kind("groupBy")
		return lets + "groupBy(os, " + g.in("object", func() string { return g.pick(".s", ".n", ".n % 3", `.s + "k"`) }) + ")"
	case "objects":
		g.kind("map")
		g.kind("object")
		return lets + "map(" + g.objects() + ", " + g.in("object", func() string { return "{{x: " + g.number(2) + ", y: " + g.text(1) + "}}" }) + ")"
	case "findLast":
		return lets + "findLast(ys, " + g.in("int", func() string { return g.test(2) }) + ")"
	}
	g.kind("sortBy")
	order := g.pick("", `, "asc"`, `, "desc"`)
	// Elements with equal keys may come in any order from expr: only the keys are compared.
	return lets + "map(sortBy(os, .n" + order + "), .n)"
}

// in draws an expression in which # is of the given type.
func (g *exprGen) in(element string, draw func() string) string {
	outer := g.element
	g.element = element
	defer func() { g.element = outer }()
	return draw()
}

func (g *exprGen) objects() string {
	if g.pick("all", "filter") == "all" {
		return "os"
	}
	g.kind("filter")
	return "filter(os, " + g.in("object", func() string { return g.test(1) }) + ")"
}

func (g *exprGen) number(depth int) string {
	if depth == 0 || g.pick("leaf", "node", "node") == "leaf" {
		leaves := append([]string{"a", "b", "o.n", `o["n"]`, "o?.n", fmt.Sprint(rapid.IntRange(0, 20).Draw(g.t, "int")), "len(s)"}, g.names...)
		switch g.element {
		case "int":
			leaves = append(leaves, "#", "#index", "#")
		case "object":
			leaves = append(leaves, ".n", "#.n", "len(.l)")
		}
		return g.pick(leaves...)
	}
	x := func() string { return g.number(depth - 1) }
	switch g.pick("+", "-", "*", "%", "neg", "?:", "if", "??", "index", "sum", "count", "reduce", "find", "len", "abs", "max") {
	case "+":
		g.kind("arithmetic")
		return "(" + x() + " + " + x() + ")"
	case "-":
		return "(" + x() + " - " + x() + ")"
	case "*":
		return "(" + x() + " * " + fmt.Sprint(rapid.IntRange(0, 9).Draw(g.t, "k")) + ")"
	case "%":
		return "(" + x() + " % " + fmt.Sprint(rapid.IntRange(1, 7).Draw(g.t, "k")) + ")"
	case "neg":
		return "-(" + x() + ")"
	case "?:":
		g.kind("?:")
		return "(" + g.test(depth-1) + " ? " + x() + " : " + x() + ")"
	case "if":
		g.kind("if")
		return "(if " + g.test(depth-1) + " { " + x() + " } else { " + x() + " })"
	case "??":
		g.kind("??")
		return "((" + g.pick("nil", x()) + ") ?? (" + x() + "))"
	case "index":
		g.kind("index")
		return "ys[" + g.pick("0", "-1", "len(ys) - 1") + "]"
	case "sum":
		g.kind("sum")
		if g.pick("plain", "field") == "plain" {
			return "sum(" + g.list(depth-1) + ")"
		}
		return "sum(" + g.objects() + ", " + g.in("object", func() string { return g.number(depth - 1) }) + ")"
	case "count":
		g.kind("count")
		return "count(" + g.list(depth-1) + ", " + g.in("int", func() string { return g.test(depth - 1) }) + ")"
	case "reduce":
		g.kind("reduce")
		// expr computes the start inside the loop, we compute it outside: it must not hold #.
		return "reduce(" + g.list(depth-1) + ", #acc + " + g.in("int", func() string { return g.number(1) }) + ", " + g.in("", x) + ")"
	case "find":
		g.kind("find")
		name := g.pick("find", "findIndex") // expr's checker takes findLast's result for true or false
		return "(" + name + "(ys, " + g.in("int", func() string { return g.test(1) }) + ") ?? 0)"
	case "len":
		return "len(" + g.pick(g.text(depth-1), g.list(depth-1)) + ")"
	case "abs":
		return "abs(" + x() + ")"
	}
	return g.pick("max", "min") + "(" + x() + ", " + x() + ")"
}

func (g *exprGen) test(depth int) string {
	if depth == 0 || g.pick("leaf", "node", "node", "node") == "leaf" {
		leaves := []string{"p", "q", "true", "false"}
		if g.element == "object" {
			leaves = append(leaves, ".ok", "#.ok")
		}
		return g.pick(leaves...)
	}
	x := func() string { return g.test(depth - 1) }
	n := func() string { return g.number(depth - 1) }
	s := func() string { return g.text(depth - 1) }
	switch op := g.pick("compare", "compare", "text", "logic", "not", "in", "contains", "startsWith", "endsWith", "matches", "all", "any", "none", "one", "lists", "quotient", "power"); op {
	case "compare":
		g.kind("comparison")
		return "(" + n() + " " + g.pick("<", "<=", ">", ">=", "==", "!=") + " " + n() + ")"
	case "text": // a word beside a constant that it can never be is an error of ours
		return "(" + s() + ` + "" ` + g.pick("<", "<=", ">", ">=", "==", "!=") + " " + s() + ")"
	case "logic":
		g.kind("logic")
		return "(" + x() + " " + g.pick("and", "or", "&&", "||") + " " + x() + ")"
	case "not":
		return g.pick("not ", "!") + "(" + x() + ")"
	case "in":
		g.kind("in")
		return "(" + n() + " " + g.pick("in", "not in") + " " + g.list(depth-1) + ")"
	case "contains", "startsWith", "endsWith":
		g.kind(op)
		return "(" + s() + " " + g.pick("", "not ") + op + " " + s() + ")"
	case "matches":
		g.kind(op)
		return "(" + s() + " matches " + g.pick(`"^a"`, `"[0-9]+"`, `"(?i)B"`, `"^$"`, `"b.*c"`) + ")"
	case "all", "any", "none", "one":
		g.kind(op)
		if g.pick("ints", "objects") == "ints" {
			return op + "(" + g.list(depth-1) + ", " + g.in("int", func() string { return g.test(depth - 1) }) + ")"
		}
		return op + "(" + g.objects() + ", " + g.in("object", func() string { return g.test(depth - 1) }) + ")"
	case "lists":
		return "(" + g.list(depth-1) + " " + g.pick("==", "!=") + " " + g.list(depth-1) + ")"
	case "quotient": // exact in float64 too
		g.kind(op)
		return "((" + n() + " * 4) / 4 " + g.pick("==", "<") + " " + n() + ")"
	}
	g.kind("power")
	return "(" + fmt.Sprint(rapid.IntRange(0, 9).Draw(g.t, "k")) + " ** " + fmt.Sprint(rapid.IntRange(0, 6).Draw(g.t, "k")) + " > " + n() + ")"
}

func (g *exprGen) text(depth int) string {
	if depth == 0 || g.pick("leaf", "node") == "leaf" {
		leaves := []string{"s", "t", "o.s", fmt.Sprintf("%q", g.word()), "'it'"}
		if g.element == "object" {
			leaves = append(leaves, ".s", "#.s")
		}
		return g.pick(leaves...)
	}
	x := func() string { return g.text(depth - 1) }
	switch g.pick("+", "slice", "call", "?:", "??", "string", "join", "pipe") {
	case "+":
		return "(" + x() + " + " + x() + ")"
	case "slice":
		g.kind("slice")
		return x() + g.bounds()
	case "call":
		return g.pick("upper", "lower", "trim") + "(" + x() + ")"
	case "?:":
		return "(" + g.test(depth-1) + " ? " + x() + " : " + x() + ")"
	case "??":
		return "(nil ?? (" + x() + "))"
	case "string":
		return "string(" + g.number(depth-1) + ")"
	case "join":
		return "join(split(" + x() + `, ","), "-")`
	}
	g.kind("pipe")
	return "(" + x() + " | trim() | lower())"
}

func (g *exprGen) bounds() string {
	bound := func() string { return g.pick("", fmt.Sprint(rapid.IntRange(-3, 4).Draw(g.t, "bound"))) }
	return "[" + bound() + ":" + bound() + "]"
}

func (g *exprGen) list(depth int) string {
	if depth == 0 || g.pick("leaf", "node", "node") == "leaf" {
		if g.element == "object" {
			return g.pick("xs", "ys", ".l")
		}
		return g.pick("xs", "ys")
	}
	n := func() string { return g.number(depth - 1) }
	switch g.pick("filter", "map", "slice", "array", "range", "sortBy", "concat", "reverse", "fields", "?:") {
	case "filter":
		g.kind("filter")
		return "filter(" + g.list(depth-1) + ", " + g.in("int", func() string { return g.test(depth - 1) }) + ")"
	case "map":
		g.kind("map")
		return "map(" + g.list(depth-1) + ", " + g.in("int", func() string { return g.number(depth - 1) }) + ")"
	case "slice":
		g.kind("slice")
		return g.list(depth-1) + g.bounds()
	case "array":
		g.kind("array")
		return "[" + strings.Join([]string{n(), n()}, ", ") + "]"
	case "range":
		g.kind("range")
		return "(" + g.pick("-2", "0", "1") + ".." + g.pick("0", "1", "4", "len(xs)") + ")"
	case "sortBy":
		g.kind("sortBy")
		return "sortBy(" + g.list(depth-1) + ", #)"
	case "concat":
		return "concat(" + g.list(depth-1) + ", " + g.list(depth-1) + ")"
	case "reverse":
		return "reverse(" + g.list(depth-1) + ")"
	case "fields":
		return "map(" + g.objects() + ", " + g.in("object", func() string { return g.number(depth - 1) }) + ")"
	}
	return "(" + g.test(depth-1) + " ? " + g.list(depth-1) + " : " + g.list(depth-1) + ")"
}
