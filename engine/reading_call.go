package engine

import (
	"strings"

	"github.com/expr-lang/expr/ast"

	"github.com/crosswalk-go/crosswalk/engine/internal/function"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// call follows the functions that hand on parts of their arguments; all others read them whole.
func (t *reader) call(n *ast.CallNode, of func(ast.Node) *origin) *origin {
	callee, _ := n.Callee.(*ast.IdentifierNode)
	args := make([]*origin, len(n.Arguments))
	for i, a := range n.Arguments {
		args[i] = of(a)
	}
	name := ""
	if callee != nil && len(args) > 0 {
		name = callee.Value
	}
	touched := func() {
		for _, a := range args {
			t.touch(a)
		}
	}
	switch name {
	case "isMissing", "isNull", "isEmpty", "typeOf", "len", "keys":
		touched()
		return nowhere
	case "first", "last":
		return t.element(args[0])
	case "reverse":
		touched()
		return args[0]
	case "compact":
		t.touch(t.element(args[0]))
		return args[0]
	case "default", "coalesce", "merge", "concat":
		touched()
		var out *origin
		for _, a := range args {
			out = t.union(out, a)
		}
		return out
	case "nonEmpty":
		touched() // of a text it looks at the characters, which lie at the place itself
		return args[0]
	case "values":
		return &origin{item: t.anyMember(args[0])}
	case "flatten":
		for _, a := range args[1:] {
			t.use(a)
		}
		return &origin{item: t.flat(args[0], 0)}
	case "unique", "indexBy":
		path, ok := constantText(n.Arguments, 1)
		if !ok {
			break
		}
		item := t.element(args[0])
		key := item
		for _, name := range strings.Split(path, ".") {
			key = t.member(key, name)
		}
		t.use(key)
		if name == "unique" {
			return &origin{item: item}
		}
		return &origin{rest: item}
	case "has":
		if field, ok := constantText(n.Arguments, 1); ok {
			t.touch(t.member(args[0], field))
			return nowhere
		}
	case "lookup":
		if len(args) > 1 {
			t.use(args[1])
		}
		if key, ok := constantText(n.Arguments, 1); ok {
			return t.union(t.member(args[0], key), third(args))
		}
		if _, isList := n.Arguments[min(1, len(args)-1)].(*ast.ArrayNode); !isList && !t.manyKeys(n) {
			return t.union(t.anyMember(args[0]), third(args))
		}
		t.use(args[0])
		return third(args)
	}
	for _, a := range args {
		t.use(a)
	}
	return nowhere
}

// manyKeys tells whether the key of a lookup may be a list, which goes into tables within tables.
func (t *reader) manyKeys(n *ast.CallNode) bool {
	if len(n.Arguments) < 2 {
		return true
	}
	switch key := n.Arguments[1].(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode:
		return false
	case *ast.CallNode:
		if callee, ok := key.Callee.(*ast.IdentifierNode); ok {
			if fn := function.Lookup(callee.Value); fn != nil && fn.Infer == nil && fn.Result != nil {
				return fn.Result.Has(value.List)
			}
		}
	}
	return true
}

func third(args []*origin) *origin {
	if len(args) > 2 {
		return args[2]
	}
	return nowhere
}

func constantText(args []ast.Node, i int) (string, bool) {
	if i >= len(args) {
		return "", false
	}
	s, ok := args[i].(*ast.StringNode)
	if !ok {
		return "", false
	}
	return s.Value, true
}

// flat is the origin of the elements of lists within lists.
func (t *reader) flat(o *origin, depth int) *origin {
	item := t.element(o)
	t.touch(item)
	if depth == 8 || t.tired() {
		t.use(item)
		return item
	}
	out := item
	if item.item != nil {
		out = t.union(out, t.flat(&origin{item: item.item}, depth+1))
	}
	if len(item.places) > 0 && depth < 2 {
		out = t.union(out, t.flat(&origin{places: item.places}, depth+1))
	} else if len(item.places) > 0 { // lists nested deeper than anyone has seen
		for _, p := range item.places {
			child(&p.item).whole = true
		}
	}
	return out
}

func (t *reader) builtin(n *ast.BuiltinNode, of func(ast.Node) *origin) *origin {
	list := of(n.Arguments[0])
	item := t.element(list)
	for _, a := range n.Arguments[min(2, len(n.Arguments)):] {
		t.use(of(a))
	}
	if n.Name == "reduce" { // what #acc holds is not followed
		t.use(item)
	}
	body := item
	if len(n.Arguments) > 1 {
		t.preds = append(t.preds, item)
		body = of(n.Arguments[1])
		t.preds = t.preds[:len(t.preds)-1]
	}
	switch n.Name {
	case "filter":
		t.touch(body)
		return list
	case "find", "findLast":
		t.touch(body)
		return item
	case "map":
		return &origin{item: body}
	case "sortBy":
		t.use(body)
		return list
	case "groupBy":
		t.use(body)
		return &origin{rest: &origin{item: item}}
	case "reduce", "sum":
		t.use(body)
	case "count":
		if len(n.Arguments) > 1 {
			t.touch(body)
		}
	default: // all, any, none, one, findIndex, findLastIndex
		t.touch(body)
	}
	return nowhere
}
