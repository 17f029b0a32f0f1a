package engine

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/crosswalk-go/crosswalk/engine/internal/function"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// toleranceRows are the operators, each over an operand $x that is there and one that is not.
var toleranceRows = []struct{ expr, there string }{
	{"$x + 1", "2"}, {"1 + $x", "2"}, {`$x + "b"`, `"a"`}, {`"b" + $x`, `"a"`},
	{"$x - 1", "2"}, {"$x * 2", "2"}, {"$x / 2", "2"}, {"$x % 2", "2"}, {"$x ** 2", "2"}, {"-$x", "2"},
	{"$x == 1", "1"}, {"$x != 1", "1"}, {"$x == nil", "1"}, {`$x == ""`, `"a"`},
	{"$x < 1", "0"}, {"$x >= 1", "1"}, {"1 < $x", "2"}, {`$x < "b"`, `"a"`},
	{"$x and true", "true"}, {"$x or false", "true"}, {"not $x", "true"}, {"$x ? 1 : 2", "true"},
	{"$x ?? 1", "2"},
	{`$x contains "a"`, `"a"`}, {`"a" contains $x`, `"a"`}, {`$x startsWith "a"`, `"a"`}, {`$x endsWith "a"`, `"a"`}, {`$x matches "a"`, `"a"`},
	{"$x in [1, 2]", "1"}, {"1 in $x", "[1]"}, {`"a" in $x`, `{"a":1}`},
	{"$x.a", `{"a":1}`}, {`$x["a"]`, `{"a":1}`}, {"$x[0]", "[1]"}, {"[1, 2][$x]", "1"}, {"$x[0:1]", "[1]"}, {"$x..2", "1"},
	{"[$x]", "1"}, {"{a: $x}", "1"},
	{"map($x, # + 1)", "[1]"}, {"filter($x, # > 1)", "[2]"}, {"find($x, # > 1)", "[2]"}, {"any($x, # > 1)", "[2]"}, {"all($x, # > 1)", "[2]"},
	{"none($x, # > 1)", "[2]"}, {"one($x, # > 1)", "[2]"}, {"count($x, # > 1)", "[2]"}, {"sum($x)", "[2]"}, {"groupBy($x, #)", `["a"]`}, {"sortBy($x, #)", "[2,1]"},
}

// toleranceTable writes what every operator makes of an operand that is missing, null or empty.
func toleranceTable(t *testing.T) []byte {
	var b bytes.Buffer
	b.WriteString("| expression | `x` is there | missing | null | `\"\"` |\n|---|---|---|---|---|\n")
	for _, row := range toleranceRows {
		fmt.Fprintf(&b, "| `%s` | `%s` for `%s`", strings.ReplaceAll(row.expr, "$x", "x"), resultOf(t, row.expr, row.there), row.there)
		for _, operand := range []string{"", "null", `""`} {
			fmt.Fprintf(&b, " | %s", resultOf(t, row.expr, operand))
		}
		b.WriteString(" |\n")
	}
	return b.Bytes()
}

// resultOf evaluates an expression over {x: operand}; "" is no x. A document that fails gives the code.
func resultOf(t *testing.T, expr, operand string) string {
	t.Helper()
	m, err := Parse("row.yaml", []byte("from: any\nto: any\nrules:\n  r:\n    empty: {null: null}\n    expr: |-\n      "+strings.ReplaceAll(expr, "$x", "x")+"\n"))
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	document := "{}"
	if operand != "" {
		document = `{"x":` + operand + `}`
	}
	out, err := m.Apply(t.Context(), []byte(document), Input{})
	var ds Diagnostics
	if errors.As(err, &ds) {
		return "error " + ds[0].Code
	}
	if err != nil {
		t.Fatal(err)
	}
	if string(out) == "{}" {
		return "missing"
	}
	return strings.TrimSuffix(strings.TrimPrefix(string(out), `{"r":`), "}")
}

// TestTolerancePage compares the table in docs/language.md with what the engine does; -update-pages writes it.
func TestTolerancePage(t *testing.T) {
	const path, begin, end = "../docs/language.md", "<!-- tolerance: written by a test -->\n", "<!-- /tolerance -->\n"
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), begin)
	have, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has no place for the table", path)
	}
	want := string(toleranceTable(t))
	if *updatePages {
		if err := os.WriteFile(path, []byte(before+begin+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if have != want {
		t.Errorf("%s says\n%s\nthe engine does\n%s\nwrite it with: go test ./engine -run TolerancePage -update-pages", path, have, want)
	}
}

// leaked matches what a message must never show: types, packages and faults of the program.
var leaked = regexp.MustCompile(`interface ?\{|\bvalue\.|\bshape\.|\bdecimal\.|\bfunction\.|\bengine\.|runtime error|\*big|map\[|\[\]string|float64|\bint64\b|\buint|<nil>|%!|0x[0-9a-f]{6}|goroutine|panic|reflect|strconv`)

// oddValues are values of every kind, as JSON.
var oddValues = []string{"null", "true", "2.5", "1e400", `"a"`, `""`, `[]`, `[1,"a",null,{"b":1}]`, `{}`, `{"a":{"b":[1]}}`}

// everyOperation returns every operator and every function over x and y.
func everyOperation() (exprs []string) {
	for _, op := range []string{"+", "-", "*", "/", "%", "**", "^", "==", "!=", "<", "<=", ">", ">=", "and", "or", "??", "contains", "startsWith", "endsWith", "matches", "in", ".."} {
		exprs = append(exprs, "(x "+op+" y)")
	}
	exprs = append(exprs, "-x", "not x", "x.a", "x[y]", "x[y:]", "x ? y : x", "x.a.b.c", "{(string(x)): y}", "[x][y]", "reduce(x, #acc + #, y)", "sortBy(x, #, y)",
		"(x == nil ? y : x)", "(x == nil and y != nil ? y : x)", "(isEmpty(x) ? y : x)", "(not (x == 2.5) ? y : x)", "(x in [1, 2.5] ? x : y)", "(x != y ? x : y)", "(x > 2 ? x : y)")
	for _, name := range predicateNames {
		exprs = append(exprs, name+"(x, # + y)", name+"(x, #.a == y)", name+"(x, y)")
	}
	for _, f := range function.All() {
		least := 0
		for _, p := range f.Params {
			if !p.Optional && !p.Variadic {
				least++
			}
		}
		for n := least; n <= len(f.Params); n++ {
			args := []string{"x", "y", "y", "y", "y"}[:n]
			exprs = append(exprs, f.Name+"("+strings.Join(args, ", ")+")")
		}
	}
	return exprs
}

// TestShapesHold gives every operator and function every kind of value and compares what comes out with what the
// checker said could: warnings about defaults, conditions and required fields stand on it.
func TestShapesHold(t *testing.T) {
	checked := 0
	for _, expr := range everyOperation() {
		for _, x := range append([]string{"doc.gone"}, oddValues...) {
			for _, y := range []string{"doc.gone", "null", "2.5", `"a"`, `[1,"a"]`} {
				constant := strings.NewReplacer("null", "nil")
				text := fmt.Sprintf("let x = %s; let y = %s; %s", constant.Replace(x), constant.Replace(y), expr)
				m, err := Parse("shape.yaml", []byte("from: any\nto: any\nrules:\n  r:\n    empty: {null: null}\n    expr: |-\n      "+text+"\n"))
				if err != nil {
					continue
				}
				out, err := m.Apply(t.Context(), []byte("{}"), Input{})
				if err != nil {
					continue
				}
				var got value.Value // missing
				if rest, ok := strings.CutPrefix(string(out), `{"r":`); ok {
					got = value.Raw(strings.TrimSuffix(rest, "}"))
				}
				checked++
				if s := m.results[m.linked.rules[0]]; !s.Has(got.Kind()) {
					t.Errorf("%s gives %s, the checker says %s", text, got.Kind(), s.Kinds)
				}
			}
		}
	}
	if checked < 2000 {
		t.Errorf("only %d results were compared", checked)
	}
}

// TestMessagesHoldNoGoTypes gives every operator and function every kind of value, as a constant and from a
// document, and reads what it says.
func TestMessagesHoldNoGoTypes(t *testing.T) {
	values, exprs := oddValues, everyOperation()
	said := 0
	check := func(expr string, err error) {
		var ds Diagnostics
		if err == nil || !errors.As(err, &ds) {
			return
		}
		for _, d := range ds {
			said++
			d.Values = nil // values of the document may look like anything
			d.Snippet = ""
			if found := leaked.FindString(d.Message + " " + d.Help); found != "" {
				t.Errorf("%s: %s %s (%s)", expr, d.Code, d.Message+" / "+d.Help, found)
			}
		}
	}
	head := "from: any\nto: any\nrules:\n  r: |-\n    "
	constant := strings.NewReplacer("null", "nil")
	for _, expr := range exprs {
		m, err := Parse("kinds.yaml", []byte(head+expr+"\n"))
		check(expr, err)
		for _, x := range values {
			for _, y := range values {
				if err == nil {
					_, failed := m.Apply(t.Context(), []byte(`{"x":`+x+`,"y":`+y+`}`), Input{})
					check(expr, failed)
				}
			}
			// The same known when the mapping is read.
			text := head + "let p = " + constant.Replace(x) + "; " + regexp.MustCompile(`\bx\b`).ReplaceAllString(expr, "p") + "\n"
			_, err := Parse("kinds.yaml", []byte(text))
			check(text, err)
		}
	}
	if said < 1000 {
		t.Errorf("only %d messages were read", said)
	}
}
