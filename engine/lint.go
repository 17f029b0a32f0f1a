package engine

import (
	"fmt"

	"github.com/expr-lang/expr/ast"

	"github.com/crosswalk-go/crosswalk/engine/internal/shape"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// lint looks for what compiles and is still most likely a mistake. It notes what the compiler finds out
// about each part of an expression, and says nothing until the whole mapping is known to compile:
// a warning that follows from an error helps nobody.
//
// It keeps silent where nothing is known (a document of type any), because a warning that is wrong
// now and then is one that nobody reads.
type lint struct {
	found   Diagnostics
	known   map[ast.Node]operand
	truth   map[ast.Node]bool // conditions that have the same answer for every document
	results map[*ruleDecl]*shape.Shape
}

// node notes what the compiler made of a part of an expression and looks at it.
func (l *lint) node(c *compiler, n ast.Node, o operand) {
	if c.linked == nil || c.notes != nil {
		return // a condition of its own, or a mapping that was looked at already
	}
	if l.known == nil {
		l.known, l.truth = map[ast.Node]operand{}, map[ast.Node]bool{}
	}
	l.known[n] = o
	switch n := n.(type) {
	case *ast.BoolNode:
		l.truth[n] = n.Value
	case *ast.UnaryNode:
		if answer, ok := l.truth[n.Node]; ok && (n.Operator == "not" || n.Operator == "!") {
			l.truth[n] = !answer
		}
	case *ast.BinaryNode:
		l.binary(c, n)
	case *ast.ConditionalNode:
		l.constantCondition(c, n.Cond)
	case *ast.CallNode:
		l.call(c, n)
	case *ast.SliceNode:
		l.cutInstant(c, n, n.Node)
	case *ast.VariableDeclaratorNode:
		l.shadow(c, n.Name, func(msg, help string) { l.warnAt(c, n, codeShadow, msg, help) })
	}
}

// warnAt adds a warning about a part of the expression in hand.
func (l *lint) warnAt(c *compiler, n ast.Node, code, msg, help string) {
	loc := n.Location()
	l.warn(c, c.text, loc.From, loc.To, code, msg, help)
}

// warn adds a warning about the characters from..to of a scalar.
func (l *lint) warn(c *compiler, s *scalar, from, to int, code, msg, help string) *Diagnostic {
	d := Diagnostic{Severity: Warning, Code: code, Message: msg, Help: help}
	if c.rule != nil {
		d.Target = c.rule.path.String()
		d.Chain = chainOf(c.linked, c.rule)
	}
	d.Pos, d.End = s.rangeOf(from, to)
	d.Snippet = s.file.line(d.Pos.Line)
	l.found = append(l.found, d)
	return &l.found[len(l.found)-1]
}

func (l *lint) warnWhole(c *compiler, s *scalar, code, msg, help string) *Diagnostic {
	return l.warn(c, s, 0, whole(s), code, msg, help)
}

// finish adds the warnings about a mapping that has no errors.
func (c *mappingCompiler) finish() {
	if c.diags.HasErrors() || c.notes != nil {
		return
	}
	l := &c.lint
	l.wheres(c)
	l.names(c)
	l.unfilled(c)
	l.overwritten(c)
	*c.diags = append(*c.diags, l.found...)
	c.m.results, c.m.target = l.results, c.target
	l.known, l.truth = nil, nil
}

// certain tells whether s is never missing or null, as far as schemas and rules say.
func certain(s *shape.Shape) bool {
	return s.Kinds != value.NoKind && s.Kinds&value.Nil == 0
}

// maybeNil tells whether it is known that s can be missing or null, and in which words. A value that can be of
// every kind is one of which nothing is known.
func maybeNil(s *shape.Shape) (word string, ok bool) {
	nils := s.Kinds & value.Nil
	if nils == 0 || s.Kinds|value.Nil == value.AnyKind {
		return "", false
	}
	return nils.String(), true
}

// rule looks at a rule and its result.
func (l *lint) rule(c *mappingCompiler, r *ruleDecl, target *shape.Shape, has bool, result operand, def *operand) {
	if !has || c.notes != nil {
		return
	}
	if l.results == nil {
		l.results = map[*ruleDecl]*shape.Shape{}
	}
	s := result.shape
	if r.def != nil && certain(s) {
		text := r.key
		if r.def.expr != nil {
			text = r.def.expr
		}
		l.warnWhole(&c.compiler, text, codeNeverUsed, "the default is never used: the result is never missing or null", "remove the default")
	}
	if def != nil {
		s = shape.Union(s.Without(value.Nil), def.shape)
		if result.shape.Kinds&^value.Nil == 0 {
			s = def.shape
		}
	}
	l.results[r] = s
	text := r.key
	if r.result.expr != nil {
		text = r.result.expr
	}
	l.nullable(c, r, text, target, s)
	l.clears(c, r, text, s)
	l.lossyFloat(c, r, text, target, s)
	l.cases(c, r)
	l.entries(c, r, target)
}

// nullable warns about a required field whose rule may give nothing.
func (l *lint) nullable(c *mappingCompiler, r *ruleDecl, text *scalar, target, s *shape.Shape) {
	word, ok := maybeNil(s)
	if !ok || r.each != nil || r.required || target.Has(value.Missing) || target.Kinds == value.NoKind {
		return
	}
	if s.Kinds&value.Nil == value.Of(value.Missing) && r.empty[0] == emptyNull && target.Has(value.Null) {
		return
	}
	if r.empty[1] == emptyNull && r.empty[0] == emptyNull && target.Has(value.Null) {
		return
	}
	l.warnWhole(&c.compiler, text, codeMaybeMissing, fmt.Sprintf("the target requires %s, and this may be %s", r.path, word),
		"add `required: true`, so that such a document fails here, or a `default`")
}

// clears warns about a rule that wipes out what the target has because the source said nothing.
func (l *lint) clears(c *mappingCompiler, r *ruleDecl, text *scalar, s *shape.Shape) {
	if !c.writesSystem() || r.write == writeOnCreate || r.write == writeIfEmpty {
		return
	}
	if _, nilable := maybeNil(s); r.emptyWord && r.empty[0] == emptyNull && nilable && s.Has(value.Missing) {
		at := r.emptyAt
		if at == nil {
			at = r.key
		}
		l.warnWhole(&c.compiler, at, codeClears, "an update clears the field where the source says nothing about it",
			"write `empty: {null: null}` to clear only where the source says null, or `empty: {missing: null, ...}` to mean it")
	}
	if r.empty[2] != emptyUnsaid {
		return
	}
	blank := func(x *resultDecl) bool {
		if x == nil {
			return false
		}
		if x.literal != nil {
			return *x.literal == `""`
		}
		return x.expr != nil && endsBlank(x.expr.tree, 0)
	}
	found := blank(&r.result) || blank(r.def)
	for i := range r.when {
		found = found || blank(&r.when[i].result)
	}
	if found {
		l.warnWhole(&c.compiler, text, codeClears, `an update clears the field with the empty text that is written here`,
			"write `empty: omit` to leave the field alone, or `empty: {empty: null}` to mean it")
	}
}

// endsBlank tells whether the result of an expression may be a "" that is written in it.
func endsBlank(n ast.Node, depth int) bool {
	if depth > maxExprDepth {
		return false
	}
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value == ""
	case *ast.ConditionalNode:
		return endsBlank(n.Exp1, depth+1) || endsBlank(n.Exp2, depth+1)
	case *ast.BinaryNode:
		return n.Operator == "??" && endsBlank(n.Right, depth+1)
	case *ast.VariableDeclaratorNode:
		return endsBlank(n.Expr, depth+1)
	}
	return false
}

// writesSystem tells whether the target is a document of a system, which may be there already.
func (c *mappingCompiler) writesSystem() bool {
	for _, ch := range c.m.to {
		if ch == '.' {
			return true
		}
	}
	return false
}

// lossyFloat warns where the target keeps a number as a binary float.
func (l *lint) lossyFloat(c *mappingCompiler, r *ruleDecl, text *scalar, target, s *shape.Shape) {
	digits := map[string]string{"float": "7", "double": "15"}[target.Format]
	if digits == "" || !s.Has(value.Number) || s.Kinds == value.AnyKind || r.round != nil {
		return
	}
	l.warnWhole(&c.compiler, text, codeFloat, fmt.Sprintf("the target keeps this number as a binary %s, which holds %s digits", target.Format, digits),
		"say with `round` how many digits it needs")
}

// cases warns about cases of `when` that no document reaches.
func (l *lint) cases(c *mappingCompiler, r *ruleDecl) {
	seen := map[string]int{}
	for i, cs := range r.when {
		if cs.cond == nil {
			continue
		}
		if answer, ok := l.truth[cs.cond.tree]; ok {
			if !answer {
				l.warnWhole(&c.compiler, cs.cond, codeUnreachable, "this case is never reached: its condition is never true", "remove the case")
				continue
			}
			if i < len(r.when)-1 {
				l.warnWhole(&c.compiler, cs.cond, codeUnreachable, "the cases after this one are never reached: its condition is always true", "remove them, or leave out this `if`")
			}
			return
		}
		if line, ok := seen[cs.cond.text]; ok {
			l.warnWhole(&c.compiler, cs.cond, codeUnreachable, fmt.Sprintf("this case is never reached: the case in line %d has the same condition", line), "remove the case")
			continue
		}
		seen[cs.cond.text] = cs.cond.line
	}
}

// wheres warns about a `where` that lets every element pass, or none.
func (l *lint) wheres(c *mappingCompiler) {
	for _, r := range c.linked.rules {
		if r.where == nil {
			continue
		}
		if _, literal := r.where.tree.(*ast.BoolNode); literal {
			c.rule = r
			l.warnWhole(&c.compiler, r.where, codeAlways, fmt.Sprintf("this is always %s", r.where.text), "remove `where`, or the rule")
			c.rule = nil
		}
	}
}
