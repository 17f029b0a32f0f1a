package function

import (
	"errors"
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/engine/decimal"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// Groups are the chapters of the reference page, in its order.
var Groups = []string{"values", "strings", "regular expressions", "lists", "objects", "numbers", "dates", "commerce", "encoding"}

var registry = build(valueFuncs, failFuncs, textFuncs, regexpFuncs, listFuncs, objectFuncs, numberFuncs, dateFuncs, commerceFuncs, encodingFuncs)

func build(chapters ...[]*Func) map[string]*Func {
	all := map[string]*Func{}
	for _, f := range slices.Concat(chapters...) {
		f.Call = f.guard(f.Call)
		if prepare := f.Prepare; prepare != nil {
			f.Prepare = func(constant []value.Value) (Code, error) {
				code, err := prepare(constant)
				if err != nil {
					return nil, f.explain(err)
				}
				if code == nil {
					return nil, nil
				}
				return f.guard(code), nil
			}
		}
		all[f.Name] = f
	}
	return all
}

// Lookup returns the function with that name, nil if there is none.
func Lookup(name string) *Func { return registry[name] }

// All returns every function, sorted by name.
func All() []*Func {
	all := make([]*Func, 0, len(registry))
	for _, f := range registry {
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b *Func) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// guard adds to a function's code what all functions have in common: the checks that the signature
// asks for beyond kinds, and errors that name the parameter.
func (f *Func) guard(code Code) Code {
	return func(c *Call, args []value.Value) (value.Value, error) {
		for i, a := range args {
			p := f.Param(i)
			switch {
			case a.IsNil():
				if !f.TakesNil && !p.OrNil {
					return value.Value{}, f.explain(failure(i, "is %s", a.Kind()))
				}
			case p.Choices != nil && !slices.Contains(p.Choices, a.Str()):
				return value.Value{}, f.explain(failure(i, "must be one of %s", strings.Join(p.Choices, ", ")))
			}
		}
		v, err := code(c, args)
		if err != nil {
			return value.Value{}, f.explain(err)
		}
		return v, nil
	}
}

// explain completes an error with what the function's code does not know.
func (f *Func) explain(err error) error {
	var e *Error
	if errors.As(err, &e) {
		done := *e
		done.Param = f.Param(e.Arg - 1).Name
		return &done
	}
	if errors.Is(err, decimal.ErrRange) {
		return errTooLarge
	}
	return err
}
