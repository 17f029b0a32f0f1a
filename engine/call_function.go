package engine

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/crosswalk-go/crosswalk/engine/internal/function"
	"github.com/crosswalk-go/crosswalk/engine/internal/jsontext"
	"github.com/crosswalk-go/crosswalk/engine/internal/limit"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// FunctionLibrary is the functions of the mapping language for callers outside of it: scripts call them as cw.name(...).
// Those that take a predicate are not among them, nor fail, whose message has to stand in a mapping. Its zero value works.
type FunctionLibrary struct{}

// Names lists the functions.
func (FunctionLibrary) Names() []string {
	var names []string
	for _, f := range function.All() {
		if f.Name != "fail" {
			names = append(names, f.Name)
		}
	}
	return names
}

// Call calls a function with JSON texts; nil is missing, as an argument and as the result. now is the run's instant in RFC 3339, ""
// without one. The call may cost what a document may by [DefaultLimits]. Errors hold no values of the arguments.
func (FunctionLibrary) Call(ctx context.Context, name, now string, args []json.RawMessage) (json.RawMessage, error) {
	fn := function.Lookup(name)
	if fn == nil || name == "fail" {
		return nil, fmt.Errorf("there is no function %q", name)
	}
	least := 0
	for _, p := range fn.Params {
		if !p.Optional && !p.Variadic {
			least++
		}
	}
	if len(args) < least {
		return nil, fmt.Errorf("%s needs %s, got %d: use %s", name, count(least, "argument"), len(args), function.Signature(fn))
	}
	values := make([]value.Value, len(args))
	for i, a := range args {
		p := parameter(fn, i)
		if p == nil {
			return nil, fmt.Errorf("%s takes at most %s, got %d: use %s", name, count(len(fn.Params), "argument"), len(args), function.Signature(fn))
		}
		if a != nil {
			text := string(a)
			start, end, err := jsontext.Validate(text, maxMadeDepth)
			if err != nil {
				return nil, fmt.Errorf("%s: %s is no JSON", name, p.Name)
			}
			values[i] = value.Raw(text[start:end])
		}
		if values[i].IsNil() {
			if !fn.TakesNil && !p.Optional && !p.Variadic {
				return nil, nil
			}
			continue
		}
		if !p.Kinds.Has(values[i].Kind()) {
			return nil, fmt.Errorf("%s wants %s as %s, got %s: use %s", name, article(p.Kinds.String()), p.Name, article(values[i].Kind().String()), function.Signature(fn))
		}
	}
	budget := limit.New(ctx, DefaultLimits.Steps, DefaultLimits.MemoryBytes)
	v, err := fn.Call(&function.Call{Budget: &budget, Now: now}, values)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if v.Kind() == value.Missing {
		return nil, nil
	}
	return v.AppendJSON(nil), nil
}
