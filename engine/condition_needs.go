package engine

import (
	"slices"

	"github.com/expr-lang/expr/ast"
)

// Needs returns the words of which a field of the document must hold one for the condition to pass, as far as its text says so:
// field == "word", field in ["a", "b"], and several with `or` between them, alone or beside others with `and`. ok is
// false where the text leaves the field open.
func (c *Condition) Needs(field string) (words []string, ok bool) {
	return needs(c.text.tree, field)
}

func needs(node ast.Node, field string) ([]string, bool) {
	n, ok := node.(*ast.BinaryNode)
	if !ok {
		return nil, false
	}
	switch n.Operator {
	case "and", "&&", "or", "||":
		left, inLeft := needs(n.Left, field)
		right, inRight := needs(n.Right, field)
		if either := n.Operator == "or" || n.Operator == "||"; either {
			return append(left, right...), inLeft && inRight
		}
		switch {
		case !inLeft:
			return right, inRight
		case inRight:
			left = slices.DeleteFunc(left, func(w string) bool { return !slices.Contains(right, w) })
		}
		return left, inLeft
	case "==":
		if word, isWord := n.Left.(*ast.StringNode); isWord {
			return []string{word.Value}, isField(n.Right, field)
		}
		word, isWord := n.Right.(*ast.StringNode)
		if !isWord {
			return nil, false
		}
		return []string{word.Value}, isField(n.Left, field)
	case "in":
		list, isList := n.Right.(*ast.ArrayNode)
		if !isList || !isField(n.Left, field) {
			return nil, false
		}
		var words []string
		for _, e := range list.Nodes {
			word, isWord := e.(*ast.StringNode)
			if !isWord {
				return nil, false
			}
			words = append(words, word.Value)
		}
		return words, true
	}
	return nil, false
}

func isField(n ast.Node, field string) bool {
	path, ok := chainText(n)
	return ok && (path == field || path == "doc."+field)
}
