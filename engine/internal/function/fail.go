package function

import (
	"github.com/crosswalk-go/crosswalk/engine/internal/shape"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// Failed is the error of the function fail: what the author of a mapping says.
type Failed string

// Error returns the author's words.
func (f Failed) Error() string { return string(f) }

var failFuncs = []*Func{{
	Name: "fail", Group: "values",
	Summary: "Fails the document with a message for whoever has to correct it: x ?? fail(\"...\"). The message is a constant, because messages are logged and " +
		"must not hold values of a document.",
	Params: []Param{{Name: "message", Kinds: value.Strings}},
	Result: shape.Of(value.NoKind),
	Examples: []Example{
		{`1 ?? fail("the order has no number")`, "1"}, {`fail("the order has no number")`, "error: the order has no number"},
		{`fail(lower("x"))`, "error: fail: message must be a text that is written here"},
	},
	Prepare: func(constant []value.Value) (Code, error) {
		if constant[0].Kind() != value.String {
			return nil, failure(0, "must be a text that is written here")
		}
		return nil, nil
	},
	Call: func(_ *Call, args []value.Value) (value.Value, error) {
		return value.Value{}, Failed(args[0].Str())
	},
}}
