package peers

import (
	"encoding/json"
	"fmt"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/ext"

	"github.com/crosswalk-go/crosswalk/engine/bench/mappings"
)

// celToAny turns a result into what encoding/json writes.
func celToAny(v ref.Val) any {
	switch x := v.(type) {
	case traits.Mapper:
		m := make(map[string]any, 8)
		it := x.Iterator()
		for it.HasNext() == types.True {
			k := it.Next()
			e, _ := x.Find(k)
			m[string(k.(types.String))] = celToAny(e)
		}
		return m
	case traits.Lister:
		n := int(x.Size().(types.Int))
		l := make([]any, n)
		for i := range l {
			l[i] = celToAny(x.Get(types.Int(i)))
		}
		return l
	case types.Null:
		return nil
	}
	return v.Value()
}

func celProgram(src, name string) (cel.Program, error) {
	coalesce := cel.Function("coalesce", cel.Overload("coalesce_opt_dyn", []*cel.Type{cel.OptionalType(cel.DynType), cel.DynType}, cel.DynType,
		cel.BinaryBinding(func(a, b ref.Val) ref.Val {
			o := a.(*types.Optional)
			if !o.HasValue() || o.GetValue() == types.NullValue {
				return b
			}
			return o.GetValue()
		})))
	sum := cel.Function("sum", cel.Overload("sum_list", []*cel.Type{cel.ListType(cel.DynType)}, cel.DynType,
		cel.UnaryBinding(func(a ref.Val) ref.Val {
			l := a.(traits.Lister)
			s := types.Double(0)
			for i, n := types.Int(0), l.Size().(types.Int); i < n; i++ {
				s += l.Get(i).(types.Double)
			}
			return s
		})))
	opts := []cel.EnvOption{cel.OptionalTypes(), ext.Strings(), ext.Math(), ext.Bindings(), coalesce, sum, cel.Variable(name, cel.DynType)}
	env, err := cel.NewEnv(opts...)
	if err != nil {
		return nil, err
	}
	ast, iss := env.Compile(strings.TrimSpace(src))
	if iss.Err() != nil {
		return nil, iss.Err()
	}
	return env.Program(ast, cel.EvalOptions(cel.OptOptimize))
}

// celMapping uses CEL with its optional values, and two functions that it lacks: coalesce and sum.
func celMapping(mapping string) (Func, error) {
	file, name := mapping+".cel", "o"
	if mapping == "product" || mapping == "catalogue" {
		file, name = "product.cel", "p"
	}
	prog, err := celProgram(mappings.Text(file), name)
	if err != nil {
		return nil, err
	}
	one := func(in any) (any, error) {
		v, _, err := prog.Eval(map[string]any{name: in})
		if err != nil {
			return nil, err
		}
		if types.IsError(v) {
			return nil, fmt.Errorf("%v", v)
		}
		return celToAny(v), nil
	}
	if mapping == "catalogue" {
		return func(src []byte) ([]byte, error) {
			var in []any
			if err := json.Unmarshal(src, &in); err != nil {
				return nil, err
			}
			items := make([]any, len(in))
			for i := range in {
				if items[i], err = one(in[i]); err != nil {
					return nil, err
				}
			}
			return json.Marshal(map[string]any{"items": items})
		}, nil
	}
	return func(src []byte) ([]byte, error) {
		var in any
		if err := json.Unmarshal(src, &in); err != nil {
			return nil, err
		}
		o, err := one(in)
		if err != nil {
			return nil, err
		}
		return json.Marshal(o)
	}, nil
}
