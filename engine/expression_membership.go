package engine

import (
	"fmt"
	"strings"

	"github.com/expr-lang/expr/ast"

	"github.com/crosswalk-go/crosswalk/engine/internal/function"
	"github.com/crosswalk-go/crosswalk/engine/internal/shape"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

func (c *compiler) textTest(n *ast.BinaryNode) operand {
	left, right := c.compile(n.Left), c.compile(n.Right)
	for _, o := range []operand{left, right} {
		if k := o.shape.Kinds &^ value.Nil; k != 0 && !k.Has(value.String) {
			help := "string(x) writes it as text"
			if k == value.Lists {
				help = "x in list tests whether a list holds x"
			}
			c.reportAt(n, codeOperands, fmt.Sprintf("%s wants strings, one side is %s", n.Operator, article(k.String())), help)
			return c.broken(n)
		}
	}
	var pattern *function.Pattern
	if n.Operator == "matches" && right.konst != nil {
		var err error
		if pattern, err = function.Compile(right.konst.Str()); err != nil {
			c.reportAt(n.Right, codeRegexp, "the pattern "+err.Error(), "patterns are RE2: no look-around, no back-references")
			return c.broken(n)
		}
	}
	text, loc, op := c.text, n.Location(), n.Operator
	fail := func(code, msg, help string) (value.Value, error) {
		return value.Value{}, &fault{text: text, from: loc.From, to: loc.To, code: code, msg: msg, help: help}
	}
	run := both(left, right, func(f *frame, a, b value.Value) (value.Value, error) {
		if a.IsNil() || b.IsNil() {
			return value.Boolean(false), nil
		}
		if a.Kind() != value.String || b.Kind() != value.String {
			return fail(codeKinds, fmt.Sprintf("%s wants strings, got %s and %s", op, article(a.Kind().String()), article(b.Kind().String())), "string(x) writes a number as text")
		}
		x, y := a.Str(), b.Str()
		if err := f.budget.Step(1 + len(x)>>6); err != nil {
			return value.Value{}, asFault(err, text, loc.From, loc.To)
		}
		switch op {
		case "contains":
			return value.Boolean(strings.Contains(x, y)), nil
		case "startsWith":
			return value.Boolean(strings.HasPrefix(x, y)), nil
		case "endsWith":
			return value.Boolean(strings.HasSuffix(x, y)), nil
		}
		re := pattern
		if re == nil {
			var err error
			if re, err = function.Compile(y); err != nil {
				return fail(codeRegexp, "the pattern "+err.Error(), "patterns are RE2: no look-around, no back-references")
			}
		}
		if err := re.Charge(&f.call, x); err != nil {
			return value.Value{}, asFault(err, text, loc.From, loc.To)
		}
		return value.Boolean(re.Matches(x)), nil
	})
	if pattern != nil && left.wordy() != nil {
		o := matching(left.wordy(), pattern, run)
		o.node = n
		return o
	}
	return operand{run: run, shape: shape.Of(value.Bools), node: n}
}

// matching compiles the test of a text by a constant pattern.
func matching(word wordCode, pattern *function.Pattern, run code) operand {
	return tested(func(f *frame) (bool, error) {
		if f.sure() {
			if s, sight := word(f); sight == value.Nothing {
				return false, nil
			} else if sight == value.Found && pattern.Charge(&f.call, s) == nil {
				return pattern.Matches(s), nil
			}
			f.doubts++
		}
		v, err := run(f)
		return v.IsTrue(), err
	})
}

func (c *compiler) membership(n *ast.BinaryNode) operand {
	left, right := c.compile(n.Left), c.compile(n.Right)
	if k := right.shape.Kinds &^ value.Nil; k != 0 && k&(value.Lists|value.Objects) == 0 {
		c.reportAt(n, codeOperands, fmt.Sprintf("in wants a list or an object on its right, this is %s", article(k.String())), "text contains part tests for a part of a text")
		return c.broken(n)
	}
	text, loc := c.text, n.Location()
	run := both(left, right, func(f *frame, a, b value.Value) (value.Value, error) {
		if a.IsNil() {
			return value.Boolean(false), nil
		}
		switch b.Kind() {
		case value.Missing, value.Null:
			return value.Boolean(false), nil
		case value.List:
			items := b.Items()
			if err := f.budget.Step(len(items)); err != nil {
				return value.Value{}, asFault(err, text, loc.From, loc.To)
			}
			walk := f.visit
			if a.Kind() == value.List || a.Kind() == value.Object {
				walk = f.compare
			}
			if err := walk(b, text, loc.From, loc.To); err != nil {
				return value.Value{}, err
			}
			for _, item := range items {
				if value.Equal(a, item) {
					return value.Boolean(true), nil
				}
			}
			return value.Boolean(false), nil
		case value.Object:
			if key, ok := function.KeyText(a); ok {
				if err := f.look(b, 0, text, loc.From, loc.To); err != nil {
					return value.Value{}, err
				}
				return value.Boolean(b.Member(key).Kind() != value.Missing), nil
			}
		}
		return value.Value{}, &fault{text: text, from: loc.From, to: loc.To, code: codeKinds,
			msg: fmt.Sprintf("in cannot look for %s in %s", article(a.Kind().String()), article(b.Kind().String()))}
	})
	return operand{run: run, shape: shape.Of(value.Bools), node: n}
}
