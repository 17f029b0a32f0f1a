package peers

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"
)

// exprMap is what is built first with expr: a rule is a program, the decoded document its environment, and
// the results are put into a tree that is marshalled once.
func exprMap(mapping string) (Func, error) {
	text, isList := map[string][]exprRule{"tiny": exprTiny, "order": exprOrder, "product": exprProduct, "catalogue": exprProduct}[mapping], mapping == "catalogue"
	rules, err := exprCompileAll(text)
	if err != nil {
		return nil, err
	}
	m := &vm.VM{}
	if isList {
		return func(src []byte) ([]byte, error) {
			var docs []map[string]any
			if err := json.Unmarshal(src, &docs); err != nil {
				return nil, err
			}
			items := make([]any, len(docs))
			for i, d := range docs {
				if items[i], err = exprRun(m, rules, d); err != nil {
					return nil, err
				}
			}
			return json.Marshal(map[string]any{"items": items})
		}, nil
	}
	return func(src []byte) ([]byte, error) {
		var env map[string]any
		if err := json.Unmarshal(src, &env); err != nil {
			return nil, err
		}
		out, err := exprRun(m, rules, env)
		if err != nil {
			return nil, err
		}
		return json.Marshal(out)
	}, nil
}

type exprCompiled struct {
	to    string
	prog  *vm.Program
	each  []exprCompiled
	in    *vm.Program
	where *vm.Program
	as    string
}

func exprCompile(s string) (*vm.Program, error) {
	lookup := expr.Function("lookup", func(p ...any) (any, error) {
		table, ok := p[0].(string)
		other, ok2 := p[2].(string)
		if !ok || !ok2 {
			return nil, fmt.Errorf("lookup wants texts, not %T and %T", p[0], p[2])
		}
		key, _ := p[1].(string) // a key that is nil is in no table
		return lookupOr(table, key, other), nil
	})
	return expr.Compile(s, expr.Env(map[string]any{}), expr.AllowUndefinedVariables(), lookup)
}

func exprCompileAll(rules []exprRule) ([]exprCompiled, error) {
	var out []exprCompiled
	for _, r := range rules {
		c := exprCompiled{to: r.To}
		var err error
		if r.Each == nil {
			if c.prog, err = exprCompile(r.Expr); err != nil {
				return nil, err
			}
			out = append(out, c)
			continue
		}
		c.as = r.Each.As
		if c.in, err = exprCompile(r.Each.In); err != nil {
			return nil, err
		}
		if c.where, err = exprCompile(r.Each.Where); err != nil {
			return nil, err
		}
		if c.each, err = exprCompileAll(r.Each.Rules); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

func exprRun(m *vm.VM, rules []exprCompiled, env map[string]any) (map[string]any, error) {
	out := map[string]any{}
	for i := range rules {
		r := &rules[i]
		if r.prog != nil {
			v, err := m.Run(r.prog, env)
			if err != nil {
				return nil, err
			}
			putPath(out, r.to, v)
			continue
		}
		in, err := m.Run(r.in, env)
		if err != nil {
			return nil, err
		}
		items, _ := in.([]any)
		list := make([]any, 0, len(items))
		for _, item := range items {
			env[r.as] = item
			keep, err := m.Run(r.where, env)
			if err != nil {
				return nil, err
			}
			if keep != true {
				continue
			}
			o, err := exprRun(m, r.each, env)
			if err != nil {
				return nil, err
			}
			list = append(list, o)
		}
		delete(env, r.as)
		putPath(out, r.to, list)
	}
	return out, nil
}

func putPath(m map[string]any, path string, v any) {
	for {
		key, rest, more := strings.Cut(path, ".")
		if !more {
			m[key] = v
			return
		}
		inner, ok := m[key].(map[string]any)
		if !ok {
			inner = map[string]any{}
			m[key] = inner
		}
		m, path = inner, rest
	}
}
