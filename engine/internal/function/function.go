// Package function is the registry of the functions that expressions may call: each with its typed
// signature, its description and its examples. The checker, the completion data, docs/functions.md and
// the tests of the examples all come from it. It does not know how expressions are
// read or run, and not the functions with a predicate. Start with [Func] and [Lookup].
package function

import (
	"strings"

	"github.com/crosswalk-go/crosswalk/engine/internal/limit"
	"github.com/crosswalk-go/crosswalk/engine/internal/shape"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// Func is a function of the mapping language. It is pure: the same arguments and the
// same Call give the same result.
type Func struct {
	Name    string
	Group   string // "strings", "dates", ...: the chapter of docs/functions.md
	Summary string // what it gives, in a sentence or a few
	Detail  string // more for docs/functions.md, as Markdown; may be empty
	Params  []Param
	// Result is what the function returns, without the missing that a missing
	// argument gives.
	Result *shape.Shape
	// Infer, where set, tells the result from the shapes of the arguments.
	Infer func(args []*shape.Shape) *shape.Shape
	// TakesNil is true where the function looks at missing and null arguments itself. For
	// all others a missing or null argument that is not optional gives missing, and one that is
	// optional is an error, unless its parameter says OrNil: round(x, settings.digits) must not quietly
	// round to something else.
	TakesNil bool
	Examples []Example
	// Call computes the result. The caller has checked the number and the kinds of
	// args; an optional argument that is not given is not in args. An error says what
	// is wrong in words for the author of a rule, without values of the document; it is an [*Error]
	// where it is about one argument.
	Call Code
	// Prepare, where set, is called once when a rule is compiled, with the arguments that are constants (missing
	// for the others), and may return a faster Call or an error about a constant.
	Prepare func(constant []value.Value) (Code, error)
	// Cut, Append and Place, where set, give what Call does for plain texts, without making values: characters
	// that need no escapes in JSON, before and after. Cut returns a piece of its only argument. Append appends; ok is
	// false where Call has to be asked. Place returns a whole number.
	Cut    func(text string) string
	Append func(dst []byte, text string) (out []byte, ok bool)
	Place  func(text, other string) int
}

// Code is what a function does.
type Code = func(c *Call, args []value.Value) (value.Value, error)

// Param is a parameter of a function.
type Param struct {
	Name     string
	Kinds    value.Kinds // the kinds that are accepted, without missing and null
	Optional bool
	Variadic bool // the last parameter may repeat, also not at all
	// OrNil says that a missing or null optional argument is as one that is not given.
	OrNil bool
	// Choices are the only strings that are accepted, where it is only some.
	Choices []string
}

// Example is an expression with its result as JSON text, "missing", or "error: " and the message.
type Example struct {
	Expr   string
	Result string
}

// Call is what a function may use besides its arguments.
type Call struct {
	// Budget counts what the document costs: a function takes its steps and, before
	// it allocates something that can grow, its bytes.
	Budget *limit.Budget
	// Arena is where lists that live as long as the document may be made; nil for the heap.
	Arena *value.Arena
	// Now is the run's instant in RFC 3339, "" if the run has none.
	Now string
}

// Signature writes a function as it is called: lookup(table, key, [fallback]).
func Signature(f *Func) string {
	var b strings.Builder
	b.WriteString(f.Name)
	b.WriteByte('(')
	for i, p := range f.Params {
		if i > 0 {
			b.WriteString(", ")
		}
		switch {
		case p.Variadic:
			b.WriteString(p.Name + "...")
		case p.Optional:
			b.WriteString("[" + p.Name + "]")
		default:
			b.WriteString(p.Name)
		}
	}
	b.WriteByte(')')
	return b.String()
}

// Param returns the parameter that argument i, from 0, is for; nil if there is none.
func (f *Func) Param(i int) *Param {
	if i < len(f.Params) {
		return &f.Params[i]
	}
	if last := len(f.Params) - 1; last >= 0 && f.Params[last].Variadic {
		return &f.Params[last]
	}
	return nil
}
