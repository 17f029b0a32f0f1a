package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/crosswalk-go/crosswalk/engine/internal/function"
)

var updatePages = flag.Bool("update-pages", false, "rewrite the pages of docs that come from the code")

// predicateDocs describe the functions whose second argument is evaluated for each element: the compiler knows
// them by name, so no registry does. An example is an expression and its result as JSON text, or "missing".
var predicateDocs = []struct {
	name, call, summary string
	examples            [][2]string
}{
	{"all", "all(list, test)", "Tells whether the test is true of every element; true of an empty list.", [][2]string{
		{"all([1, 2], # > 0)", "true"}, {"all([], false)", "true"}}},
	{"any", "any(list, test)", "Tells whether the test is true of an element.", [][2]string{
		{"any([1, 2], # > 1)", "true"}, {"any([], true)", "false"}}},
	{"count", "count(list, [test])", "Counts the elements of which the test is true, or all of them.", [][2]string{
		{"count([1, 2, 3], # > 1)", "2"}}},
	{"filter", "filter(list, test)", "Keeps the elements of which the test is true.", [][2]string{
		{`filter([{sku: "a", n: 1}, {sku: "b", n: 0}], .n > 0)`, `[{"sku":"a","n":1}]`}}},
	{"find", "find(list, test)", "Gives the first element of which the test is true; missing where there is none.", [][2]string{
		{"find([1, 2, 3], # > 1)", "2"}, {"find([1], # > 1)", "missing"}}},
	{"findIndex", "findIndex(list, test)", "Gives the index of the first element of which the test is true; missing where there is none.", [][2]string{
		{"findIndex([1, 2, 3], # > 1)", "1"}}},
	{"findLast", "findLast(list, test)", "Gives the last element of which the test is true; missing where there is none.", [][2]string{
		{"findLast([1, 2, 3], # > 1)", "3"}}},
	{"findLastIndex", "findLastIndex(list, test)", "Gives the index of the last element of which the test is true; missing where there is none.", [][2]string{
		{"findLastIndex([1, 2, 3], # > 1)", "2"}}},
	{"groupBy", "groupBy(list, key)", "Gives an object that has, for each key, the list of the elements with it.", [][2]string{
		{`groupBy(["a", "bb", "c"], # == "bb" ? "long" : "short")`, `{"short":["a","c"],"long":["bb"]}`}}},
	{"map", "map(list, result)", "Gives the list of the results. A map literal needs double braces, because a single one opens the block.", [][2]string{
		{"map([1.10, 2], # * 2)", "[2.20,4]"}, {`map([1], {{sku: #, at: #index}})`, `[{"sku":1,"at":0}]`}}},
	{"none", "none(list, test)", "Tells whether the test is true of no element.", [][2]string{
		{"none([1, 2], # > 2)", "true"}}},
	{"one", "one(list, test)", "Tells whether the test is true of exactly one element.", [][2]string{
		{"one([1, 2], # > 1)", "true"}}},
	{"reduce", "reduce(list, result, [start])", "Carries a value through the list: #acc is what the elements before gave, at first the start, or the first element where there is none.", [][2]string{
		{"reduce([1, 2, 3], #acc + #, 10)", "16"}}},
	{"sortBy", `sortBy(list, key, ["desc"])`, "Sorts by the key; elements with equal keys keep their order.", [][2]string{
		{`sortBy([{n: 2}, {n: 1}], .n)`, `[{"n":1},{"n":2}]`}, {`sortBy([1, 2], #, "desc")`, "[2,1]"}}},
	{"sum", "sum(list, [result])", "Adds up the results, or the elements, exactly.", [][2]string{
		{"sum([0.1, 0.2])", "0.3"}, {"sum([{n: 1.10}, {n: 2}], .n)", "3.10"}}},
}

func TestPredicateDocs(t *testing.T) {
	var described []string
	for _, d := range predicateDocs {
		described = append(described, d.name)
		for _, example := range d.examples {
			if got := evaluateExample(t, example[0]); got != example[1] {
				t.Errorf("%s is %s, docs say %s", example[0], got, example[1])
			}
		}
	}
	if !slices.Equal(described, predicateNames) {
		t.Errorf("described are %v\nthere are %v", described, predicateNames)
	}
}

func evaluateExample(t *testing.T, expr string) string {
	t.Helper()
	m, err := Parse("example.yaml", []byte("from: any\nto: any\nrules:\n  result: |-\n    "+expr+"\n"))
	if err != nil {
		return err.Error()
	}
	out, err := m.Apply(t.Context(), []byte("{}"), Input{})
	if err != nil {
		return err.Error()
	}
	var doc struct{ Result json.RawMessage }
	if err := json.Unmarshal(out, &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Result == nil {
		return "missing"
	}
	return string(doc.Result)
}

// TestFunctionsPage compares docs/functions.md with the functions there are; -update-pages writes it.
func TestFunctionsPage(t *testing.T) {
	const path = "../docs/functions.md"
	want := functionsPage()
	if *updatePages {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("docs/functions.md is not what the functions say: go test ./engine -run FunctionsPage -update-pages")
	}
}

func functionsPage() []byte {
	var page bytes.Buffer
	page.WriteString(`# Functions

This page is written from the registry of functions: ` + "`go test ./engine -run FunctionsPage -update-pages`" + `. The examples are run by
tests; what stands behind the arrow is JSON, the word missing, or an error.

A missing or null argument gives missing, unless the function says otherwise. Numbers are exact decimals.
`)
	groups := map[string][]*function.Func{}
	for _, f := range function.All() {
		groups[f.Group] = append(groups[f.Group], f)
	}
	for _, name := range function.Groups {
		fmt.Fprintf(&page, "\n## %s\n", strings.ToUpper(name[:1])+name[1:])
		for _, f := range groups[name] {
			var examples [][2]string
			for _, e := range f.Examples {
				examples = append(examples, [2]string{e.Expr, e.Result})
			}
			writeFunction(&page, function.Signature(f), f.Summary, examples)
			if f.Detail != "" {
				page.WriteString("\n" + f.Detail + "\n")
			}
		}
	}
	page.WriteString("\n## With an expression for each element\n\n" +
		"In the second argument `#` is the element, `.field` its field, and `#index` its index. A missing list counts as an empty one\n" +
		"where a number or true or false comes out (count, sum, all, any, ...), and gives missing elsewhere.\n")
	for _, d := range predicateDocs {
		writeFunction(&page, d.call, d.summary, d.examples)
	}
	return page.Bytes()
}

func writeFunction(page *bytes.Buffer, call, summary string, examples [][2]string) {
	name, _, _ := strings.Cut(call, "(")
	fmt.Fprintf(page, "\n### %s\n\n`%s`: %s\n\n```text\n", name, call, summary)
	for _, e := range examples {
		fmt.Fprintf(page, "%s  ->  %s\n", e[0], e[1])
	}
	page.WriteString("```\n")
}
