package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"github.com/crosswalk-go/crosswalk/engine/internal/shape"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// binary looks at an operator and its two sides.
func (l *lint) binary(c *compiler, n *ast.BinaryNode) {
	left, right := l.known[n.Left], l.known[n.Right]
	if left.shape == nil || right.shape == nil {
		return
	}
	switch n.Operator {
	case "??":
		if certain(left.shape) {
			l.warnAt(c, n.Right, codeNeverUsed, "the right side of ?? is never used: the left side is never missing or null", "remove `??` and what follows")
		}
	case "and", "&&", "or", "||":
		l.logic(n)
	case "==", "!=", "<", "<=", ">", ">=":
		l.compare(c, n, left, right)
	case "contains", "startsWith", "endsWith", "matches":
		l.twoConstants(c, n, left, right)
	case "in":
		l.membership(c, n, left, right)
	}
}

// logic carries answers that never change through and, or.
func (l *lint) logic(n *ast.BinaryNode) {
	stop := n.Operator == "or" || n.Operator == "||"
	a, knownA := l.truth[n.Left]
	b, knownB := l.truth[n.Right]
	switch {
	case knownA && a == stop || knownB && b == stop:
		l.truth[n] = stop
	case knownA && knownB:
		l.truth[n] = !stop
	}
}

func (l *lint) constantCondition(c *compiler, cond ast.Node) {
	if b, ok := cond.(*ast.BoolNode); ok {
		l.warnAt(c, cond, codeAlways, fmt.Sprintf("the condition is always %t", b.Value), "remove the branch that is never taken")
	}
}

// compare warns about a comparison that has the same answer for every document.
func (l *lint) compare(c *compiler, n *ast.BinaryNode, a, b operand) {
	l.comparesNow(c, n)
	_, nilA := n.Left.(*ast.NilNode)
	_, nilB := n.Right.(*ast.NilNode)
	equality := n.Operator == "==" || n.Operator == "!="
	switch {
	case nilA && nilB, !nilA && !nilB && a.konst != nil && b.konst != nil:
		l.twoConstants(c, n, a, b)
	case (nilA || nilB) && !equality:
		l.always(c, n, false, "nothing is less or greater than nil", "x == nil tests for missing and null")
	case nilA && certain(b.shape), nilB && certain(a.shape):
		l.always(c, n, n.Operator == "!=", "the field is never missing or null", "")
	case sameText(n.Left, n.Right):
		if equality || !a.shape.Has(value.Missing) && !a.shape.Has(value.Null) || n.Operator == "<" || n.Operator == ">" {
			l.always(c, n, strings.Contains(n.Operator, "=") && n.Operator != "!=", "both sides are the same", "")
		}
	}
}

// always notes and tells that a test has one answer.
func (l *lint) always(c *compiler, n ast.Node, answer bool, why, help string) {
	l.truth[n] = answer
	l.warnAt(c, n, codeAlways, fmt.Sprintf("this is always %t: %s", answer, why), help)
}

// twoConstants computes a test of two values that stand in the rule.
func (l *lint) twoConstants(c *compiler, n *ast.BinaryNode, a, b operand) {
	if a.konst == nil || b.konst == nil || l.known[n].shape == shape.Any {
		return
	}
	var answer bool
	switch n.Operator {
	case "==", "!=":
		answer = value.Equal(*a.konst, *b.konst) == (n.Operator == "==")
	case "<", "<=", ">", ">=":
		order, ok := value.Compare(*a.konst, *b.konst)
		if !ok {
			return
		}
		answer = order < 0 && n.Operator[0] == '<' || order > 0 && n.Operator[0] == '>' || order == 0 && len(n.Operator) == 2
	case "contains":
		answer = strings.Contains(a.konst.Str(), b.konst.Str())
	case "startsWith":
		answer = strings.HasPrefix(a.konst.Str(), b.konst.Str())
	case "endsWith":
		answer = strings.HasSuffix(a.konst.Str(), b.konst.Str())
	default:
		return
	}
	l.always(c, n, answer, "both sides are written here", "")
}

// sameText tells whether two expressions are written alike. A number with a point is left alone: the tree
// holds it rounded.
func sameText(a, b ast.Node) bool {
	switch a.(type) {
	case *ast.IdentifierNode, *ast.MemberNode, *ast.PointerNode, *ast.ChainNode:
		x, ok := chainText(a)
		y, also := chainText(b)
		return ok && also && x == y
	}
	return false
}

// membership warns about words in a list that a field never holds.
func (l *lint) membership(c *compiler, n *ast.BinaryNode, a, b operand) {
	array, ok := n.Right.(*ast.ArrayNode)
	if !ok {
		return
	}
	if len(array.Nodes) == 0 {
		l.always(c, n, false, "the list is empty", "")
		return
	}
	kinds := a.shape.Kinds &^ value.Nil
	for _, item := range array.Nodes {
		o := l.known[item]
		if o.konst == nil {
			continue
		}
		if k := o.konst.Kind(); kinds != 0 && k != value.Null && !kinds.Has(k) {
			l.warnAt(c, item, codeAlways, fmt.Sprintf("%s is never equal to %s", article(kinds.String()), article(k.String())), "string(x) and number(x) change the kind")
			continue
		}
		if text := string(o.konst.AppendJSON(nil)); o.konst.Kind() == value.String && a.shape.Enum != nil && !slices.Contains(a.shape.Enum, text) {
			l.warnAt(c, item, codeAlways, fmt.Sprintf("the field never holds %s", text), "it holds "+list(a.shape.Enum, 12))
		}
	}
}

// call looks at the arguments of a function.
func (l *lint) call(c *compiler, n *ast.CallNode) {
	l.scriptNumbers(c, n)
	callee, ok := n.Callee.(*ast.IdentifierNode)
	if !ok || len(n.Arguments) == 0 {
		return
	}
	zoneAt := map[string]int{"formatDate": 2, "daysBetween": 2, "addDays": 2, "addMonths": 2}
	switch name := callee.Value; name {
	case "default":
		if first := l.known[n.Arguments[0]]; first.shape != nil && len(n.Arguments) == 2 && certain(first.shape) {
			l.warnAt(c, n.Arguments[1], codeNeverUsed, "the second argument is never used: the first is never missing or null", "remove `default`")
		}
	case "substring", "truncate":
		l.cutInstant(c, n, n.Arguments[0])
	case "formatDate", "daysBetween", "addDays", "addMonths":
		if len(n.Arguments) > zoneAt[name] {
			return
		}
		dates := n.Arguments[:1]
		if name == "daysBetween" {
			dates = n.Arguments[:min(2, len(n.Arguments))]
		}
		for _, date := range dates {
			if l.isInstant(date) {
				l.warnAt(c, n, codeNoZone, fmt.Sprintf("%s takes the day and hour of an instant from the offset that its text happens to have", name), fmt.Sprintf("name the zone: %s", zoned(name)))
				return
			}
		}
	}
}

func zoned(name string) string {
	switch name {
	case "formatDate":
		return `formatDate(x, layout, "Europe/Amsterdam")`
	case "daysBetween":
		return `daysBetween(x, y, "Europe/Amsterdam")`
	}
	return name + `(x, n, "Europe/Amsterdam")`
}

// isInstant tells whether an expression is known to give an instant whose offset the rule does not choose: the run's
// instant, or a field that its schema calls one.
func (l *lint) isInstant(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		if n.Value == "now" {
			return true
		}
	case *ast.CallNode:
		// A zone that was given to date() or fromUnix() is the rule's choice.
		if callee, ok := n.Callee.(*ast.IdentifierNode); ok && len(n.Arguments) == 1 && (callee.Value == "date" || callee.Value == "fromUnix") {
			return callee.Value == "fromUnix" || l.isInstant(n.Arguments[0])
		}
		return false
	}
	o := l.known[n]
	return o.shape != nil && o.konst == nil && o.shape.Format == "date-time"
}

// cutInstant warns about the first characters of an instant in the place of its date.
func (l *lint) cutInstant(c *compiler, n, of ast.Node) {
	if !l.isInstant(of) {
		return
	}
	what, code := "an instant", codeNoZone
	if id, ok := of.(*ast.IdentifierNode); ok && id.Value == "now" {
		what, code = "now", codeNow
	}
	l.warnAt(c, n, code, fmt.Sprintf("a part of the text of %s is the date in whatever offset the text has", what), `dateIn(x, "Europe/Amsterdam") is the date that a calendar shows`)
}

// comparesNow warns about comparing the text of the run's instant.
func (l *lint) comparesNow(c *compiler, n *ast.BinaryNode) {
	for i, side := range []ast.Node{n.Left, n.Right} {
		id, ok := side.(*ast.IdentifierNode)
		if !ok || id.Value != "now" {
			continue
		}
		other := []ast.Node{n.Right, n.Left}[i]
		if _, isNil := other.(*ast.NilNode); isNil {
			continue
		}
		l.warnAt(c, n, codeNow, "this compares texts: the same instant can be written with another offset", "compare instants: toUnix(now) > toUnix(x)")
		return
	}
}
