package engine

import (
	"strings"

	"github.com/crosswalk-go/crosswalk/engine/internal/function"
	"github.com/crosswalk-go/crosswalk/engine/internal/shape"
)

// Function describes a function that expressions may call.
type Function struct {
	Name      string   `json:"name"`
	Group     string   `json:"group"`     // the chapter of docs/functions.md
	Signature string   `json:"signature"` // truncate(text, limit, [suffix])
	Summary   string   `json:"summary"`
	Detail    string   `json:"detail,omitempty"` // Markdown
	Params    []string `json:"params"`           // the names of those that must be given
	// Parameters and Result are the typed signature; a predicate has none.
	Parameters []FunctionParameter `json:"-"`
	Result     Type                `json:"-"`
	// TakesNil says that it looks at missing and null arguments itself. Others give missing where one of [Function.Params] is.
	TakesNil  bool              `json:"-"`
	Predicate bool              `json:"predicate,omitempty"`
	Examples  []FunctionExample `json:"examples"`
}

// FunctionParameter is a parameter of a function.
type FunctionParameter struct {
	Name     string
	Kinds    []string // that it takes, as in [Type.Kinds]
	Choices  []string // the only strings that it takes, where it is only some
	Optional bool
	Variadic bool // may repeat, also not at all
	OrNil    bool // missing and null are as good as an argument that is not given
}

// FunctionExample is a call and its result: JSON text, "missing", or "error: " and the message.
type FunctionExample struct {
	Expr   string `json:"expr"`
	Result string `json:"result"`
}

// Functions returns every function that expressions may call: those of the registry sorted by name, then
// those whose second argument is evaluated for each element.
func Functions() []Function {
	var all []Function
	for _, f := range function.All() {
		d := Function{Name: f.Name, Group: f.Group, Signature: function.Signature(f), Summary: f.Summary, Detail: f.Detail, Params: []string{}, Result: Type{f.Result}, TakesNil: f.TakesNil}
		if f.Infer != nil {
			d.Result = Type{} // it depends on the arguments
		}
		for _, p := range f.Params {
			d.Parameters = append(d.Parameters, FunctionParameter{Name: p.Name, Kinds: Type{shape.Of(p.Kinds)}.Kinds(),
				Choices: p.Choices, Optional: p.Optional, Variadic: p.Variadic, OrNil: p.OrNil || f.TakesNil})
			if !p.Optional && !p.Variadic {
				d.Params = append(d.Params, p.Name)
			}
		}
		for _, e := range f.Examples {
			d.Examples = append(d.Examples, FunctionExample{e.Expr, e.Result})
		}
		all = append(all, d)
	}
	for _, p := range predicateDocs {
		d := Function{Name: p.name, Group: "lists", Signature: p.call, Summary: p.summary, Predicate: true, Params: []string{}}
		_, args, _ := strings.Cut(strings.TrimSuffix(p.call, ")"), "(")
		for _, arg := range strings.Split(args, ", ") {
			if !strings.HasPrefix(arg, "[") {
				d.Params = append(d.Params, arg)
			}
		}
		for _, e := range p.examples {
			d.Examples = append(d.Examples, FunctionExample{e[0], e[1]})
		}
		all = append(all, d)
	}
	return all
}

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
