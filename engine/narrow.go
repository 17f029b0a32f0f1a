package engine

import (
	"strings"

	"github.com/expr-lang/expr/ast"

	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// sureOf is a path that a condition has shown to be neither missing nor null, and the scope in which it
// means the same.
type sureOf struct {
	path  string
	local *local
	pred  *predicate
}

// assume compiles the branch that is taken where cond gives answer: what cond has tested is known there.
func (c *compiler) assume(cond ast.Node, answer bool, branch ast.Node, tail *rounding) operand {
	mark := len(c.sure)
	c.learn(cond, answer)
	o := c.rounded(branch, tail)
	c.sure = c.sure[:mark]
	return o
}

// learn notes which paths are neither missing nor null where cond gives answer.
func (c *compiler) learn(cond ast.Node, answer bool) {
	switch n := cond.(type) {
	case *ast.UnaryNode:
		if n.Operator == "not" || n.Operator == "!" {
			c.learn(n.Node, !answer)
		}
	case *ast.CallNode:
		if callee, ok := n.Callee.(*ast.IdentifierNode); ok && callee.Value == "isEmpty" && len(n.Arguments) == 1 && !answer {
			c.learnPath(n.Arguments[0])
		}
	case *ast.BinaryNode:
		_, nilLeft := n.Left.(*ast.NilNode)
		_, nilRight := n.Right.(*ast.NilNode)
		switch n.Operator {
		case "and", "&&":
			if answer {
				c.learn(n.Left, true)
				c.learn(n.Right, true)
			}
		case "or", "||":
			if !answer {
				c.learn(n.Left, false)
				c.learn(n.Right, false)
			}
		case "==", "!=":
			same := answer == (n.Operator == "==")
			switch {
			case nilLeft || nilRight:
				if !same {
					c.learnPath(n.Left)
					c.learnPath(n.Right)
				}
			case same && isLiteral(n.Right):
				c.learnPath(n.Left)
			case same && isLiteral(n.Left):
				c.learnPath(n.Right)
			}
		case "<", "<=", ">", ">=", "contains", "startsWith", "endsWith", "matches": // false with missing and null
			if answer {
				c.learnPath(n.Left)
				c.learnPath(n.Right)
			}
		case "in":
			if answer {
				c.learnPath(n.Left)
			}
		}
	default:
		if answer { // missing and null count as false
			c.learnPath(cond)
		}
	}
}

func isLiteral(n ast.Node) bool {
	switch n.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return true
	}
	return false
}

func (c *compiler) learnPath(n ast.Node) {
	if path, ok := chainText(n); ok {
		c.sure = append(c.sure, c.scoped(path))
	}
}

// scoped returns a path with what its first name means here.
func (c *compiler) scoped(path string) sureOf {
	s := sureOf{path: path}
	if strings.HasPrefix(path, "#") {
		s.pred = c.preds
		return s
	}
	root := path
	if i := strings.IndexAny(path, ".["); i >= 0 {
		root = path[:i]
	}
	for l := c.locals; l != nil; l = l.outer {
		if l.name == root {
			s.local = l
			break
		}
	}
	return s
}

// narrowed returns o without missing and null where a condition around it has excluded them.
func (c *compiler) narrowed(n ast.Node, o operand) operand {
	if len(c.sure) == 0 || o.shape.Kinds&value.Nil == 0 || o.shape.Kinds&^value.Nil == 0 || o.shape.Kinds == value.AnyKind {
		return o
	}
	path, ok := chainText(n)
	if !ok {
		return o
	}
	here := c.scoped(path)
	for _, s := range c.sure {
		if s == here {
			o.shape = o.shape.Without(value.Nil)
			break
		}
	}
	return o
}
