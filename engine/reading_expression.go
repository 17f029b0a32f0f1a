package engine

import (
	"slices"
	"strconv"

	"github.com/expr-lang/expr/ast"

	"github.com/crosswalk-go/crosswalk/engine/decimal"
	"github.com/crosswalk-go/crosswalk/engine/internal/function"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// follow returns where the value of an expression may come from and marks what its computing reads.
func (t *reader) follow(node ast.Node, text *scalar) *origin {
	if t.tired() {
		return nowhere
	}
	of := func(n ast.Node) *origin {
		if n == nil {
			return nowhere
		}
		return t.follow(n, text)
	}
	switch n := node.(type) {
	case *ast.IdentifierNode:
		return t.identifier(n)
	case *ast.PointerNode:
		if n.Name == "" && len(t.preds) > 0 {
			return t.preds[len(t.preds)-1]
		}
	case *ast.ChainNode:
		return of(n.Node)
	case *ast.PredicateNode:
		return of(n.Node)
	case *ast.MemberNode:
		base := of(n.Node)
		if name, ok := n.Property.(*ast.StringNode); ok {
			return t.member(base, name.Value)
		}
		if i, ok := literalIndex(n.Property); ok {
			return t.union(t.element(base), t.member(base, i))
		}
		t.use(of(n.Property))
		return t.anyMember(base)
	case *ast.UnaryNode:
		t.touch(of(n.Node))
	case *ast.BinaryNode:
		return t.binary(n, of)
	case *ast.ConditionalNode:
		t.touch(of(n.Cond))
		return t.union(of(n.Exp1), of(n.Exp2))
	case *ast.SliceNode:
		base := of(n.Node)
		t.touch(base)
		t.use(of(n.From))
		t.use(of(n.To))
		return base
	case *ast.ArrayNode:
		o := &origin{}
		for _, item := range n.Nodes {
			o.item = t.union(o.item, of(item))
		}
		return o
	case *ast.MapNode:
		o := &origin{fields: map[string]*origin{}}
		for _, pair := range n.Pairs {
			p := pair.(*ast.PairNode)
			if name, ok := p.Key.(*ast.StringNode); ok {
				o.fields[name.Value] = of(p.Value)
				continue
			}
			t.use(of(p.Key))
			o.rest = t.union(o.rest, of(p.Value))
		}
		return o
	case *ast.VariableDeclaratorNode:
		from, outer := of(n.Value), t.locals
		l := t.declare(&scalar{file: text.file, text: n.Name, line: text.line, column: text.column}, n, from)
		l.at = text
		body := of(n.Expr)
		t.locals = outer
		return body
	case *ast.CallNode:
		return t.call(n, of)
	case *ast.BuiltinNode:
		return t.builtin(n, of)
	}
	return nowhere
}

// literalIndex returns the number in x[1] or x[-1] as the name that a member would have.
func literalIndex(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.IntegerNode:
		return strconv.Itoa(n.Value), true
	case *ast.UnaryNode:
		if i, ok := n.Node.(*ast.IntegerNode); ok && n.Operator == "-" {
			text, _ := function.KeyText(value.Decimal(decimal.New(int64(i.Value), 0).Neg()))
			return text, true
		}
	}
	return "", false
}

func (t *reader) identifier(n *ast.IdentifierNode) *origin {
	for l := t.locals; l != nil; l = l.outer {
		if l.name == n.Value {
			l.used = true
			return l.from
		}
	}
	for i := t.visible - 1; i >= 0; i-- {
		if t.linked.lets[i].name.text == n.Value {
			return t.let(i)
		}
	}
	switch n.Value {
	case "doc":
		return t.fromDoc
	case "settings":
		return &origin{places: []*sourcePlace{t.settings}}
	case "tables":
		return &origin{places: []*sourcePlace{t.tables}}
	}
	if slices.Contains(contextWords, n.Value) {
		return nowhere
	}
	return t.member(t.fromDoc, n.Value)
}

func (t *reader) binary(n *ast.BinaryNode, of func(ast.Node) *origin) *origin {
	left, right := of(n.Left), of(n.Right)
	switch n.Operator {
	case "??":
		t.touch(left)
		return t.union(left, right)
	case "and", "&&", "or", "||": // anything but true and false is an error
		t.touch(left)
		t.touch(right)
		return nowhere
	case "==", "!=":
		// Against nil only the being there counts.
		if _, ok := n.Left.(*ast.NilNode); ok {
			t.touch(right)
			return nowhere
		}
		if _, ok := n.Right.(*ast.NilNode); ok {
			t.touch(left)
			return nowhere
		}
	}
	t.use(left)
	t.use(right)
	return nowhere
}
