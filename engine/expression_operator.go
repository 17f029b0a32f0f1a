package engine

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"

	"github.com/crosswalk-go/crosswalk/engine/decimal"
	"github.com/crosswalk-go/crosswalk/engine/internal/shape"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

func (c *compiler) unary(n *ast.UnaryNode) operand {
	o := c.compile(n.Node)
	if n.Operator == "not" || n.Operator == "!" {
		test := c.condition(o)
		o := tested(func(f *frame) (bool, error) {
			ok, err := test(f)
			return !ok, err
		})
		o.node = n
		return o
	}
	if o.shape.Kinds&(value.Numbers|value.Nil) == 0 {
		c.reportAt(n, codeOperands, fmt.Sprintf("%s wants a number, this is %s", n.Operator, article(o.shape.Kinds.String())), "number(x) reads a number from text")
		return c.broken(n)
	}
	negate := n.Operator == "-"
	text, loc := c.text, n.Location()
	run := func(f *frame) (value.Value, error) {
		v, err := o.run(f)
		if err != nil || v.IsNil() {
			return value.Value{}, err
		}
		if v.Kind() != value.Number {
			return value.Value{}, &fault{text: text, from: loc.From, to: loc.To, code: codeKinds,
				msg: fmt.Sprintf("%s wants a number, this is %s", n.Operator, article(v.Kind().String())), help: "number(x) reads a number from text"}
		}
		if !negate {
			return v, nil
		}
		d, err := v.Dec()
		if err != nil {
			return value.Value{}, &fault{text: text, from: loc.From, to: loc.To, code: codeNumber, msg: err.Error(), err: err}
		}
		return value.Decimal(d.Neg()), nil
	}
	res := operand{run: run, shape: shape.Of(value.Numbers | missingFor(o.shape)), node: n}
	if negate {
		res.quick = quickNegation(&o)
	}
	if o.konst != nil {
		if v, err := run(nil); err == nil {
			res.konst = &v
		}
	}
	return res
}

func (c *compiler) binary(n *ast.BinaryNode, tail *rounding) operand {
	switch n.Operator {
	case "and", "&&", "or", "||":
		return c.logic(n)
	case "??":
		return c.coalesce(n, tail)
	case "==", "!=":
		return c.equality(n)
	case "<", "<=", ">", ">=":
		return c.ordering(n)
	case "+", "-", "*", "/", "%", "^", "**":
		return c.arithmetic(n, tail)
	case "contains", "startsWith", "endsWith", "matches":
		return c.textTest(n)
	case "in":
		return c.membership(n)
	case "..":
		return c.rangeOf(n)
	}
	c.reportAt(n, codeSyntax, fmt.Sprintf("the operator %s is not part of the mapping language", n.Operator), "")
	return c.broken(n)
}

// both runs the left and the right side of an operator and hands their values to apply. Arithmetic does it
// itself: there the call would show.
func both(left, right operand, apply func(f *frame, a, b value.Value) (value.Value, error)) code {
	return func(f *frame) (value.Value, error) {
		a, err := left.run(f)
		if err != nil {
			return value.Value{}, err
		}
		b, err := right.run(f)
		if err != nil {
			return value.Value{}, err
		}
		return apply(f, a, b)
	}
}

func (c *compiler) logic(n *ast.BinaryNode) operand {
	left, right := c.condition(c.compile(n.Left)), c.condition(c.compile(n.Right))
	stop := n.Operator == "or" || n.Operator == "||"
	o := tested(func(f *frame) (bool, error) {
		ok, err := left(f)
		if err == nil && ok != stop {
			ok, err = right(f)
		}
		return ok, err
	})
	o.node = n
	return o
}

func (c *compiler) coalesce(n *ast.BinaryNode, tail *rounding) operand {
	left, right := c.rounded(n.Left, tail), c.rounded(n.Right, tail)
	run := func(f *frame) (value.Value, error) {
		v, err := left.run(f)
		if err != nil || !v.IsNil() {
			return v, err
		}
		return right.run(f)
	}
	s := right.shape
	if left.shape.Kinds&^value.Nil != 0 {
		s = shape.Union(left.shape.Without(value.Nil), right.shape)
	}
	o := operand{run: run, shape: s, node: n, quick: quickCoalesce(&left, &right)}.from(&left, &right)
	o.table = left.table
	if left.copies != nil && left.fallback == nil {
		switch {
		case right.konst != nil:
			o.copies, o.fallback = left.copies, right.konst
		case right.copies != nil:
			o.copies, o.fallback = slices.Concat(left.copies, right.copies), right.fallback
		}
	}
	return o
}

func (c *compiler) equality(n *ast.BinaryNode) operand {
	left, right := c.compile(n.Left), c.compile(n.Right)
	c.neverEqual(n, left, right)
	same, text, loc := n.Operator == "==", c.text, n.Location()
	if o, ok := equalText(left, right, same); ok {
		o.node = n
		return o
	}
	run := both(left, right, func(f *frame, a, b value.Value) (value.Value, error) {
		if a.Kind() == b.Kind() {
			if err := f.compare(a, text, loc.From, loc.To); err != nil {
				return value.Value{}, err
			}
		}
		return value.Boolean(value.Equal(a, b) == same), nil
	})
	return operand{run: run, shape: shape.Of(value.Bools), node: n}
}

// equalText compiles the comparison of anything with a constant text.
func equalText(left, right operand, same bool) (operand, bool) {
	if left.konst != nil {
		left, right = right, left
	}
	if left.konst != nil || right.konst == nil || right.konst.Kind() != value.String {
		return operand{}, false
	}
	want, word := right.konst.Str(), left.wordy()
	return tested(func(f *frame) (bool, error) {
		if word != nil && f.sure() {
			if s, sight := word(f); sight != value.Unsure {
				return (sight == value.Found && s == want) == same, nil
			}
			f.doubts++
		}
		v, err := left.run(f)
		return err == nil && v.IsText(want) == same, err
	}), true
}

// tested is the operand of a test.
func tested(test func(f *frame) (bool, error)) operand {
	run := func(f *frame) (value.Value, error) {
		ok, err := test(f)
		return value.Boolean(ok), err
	}
	return operand{run: run, test: test, shape: shape.Of(value.Bools)}
}

// neverEqual reports a comparison that has the same answer for every document: of
// kinds that differ, or with a word that the field can never hold.
func (c *compiler) neverEqual(n *ast.BinaryNode, a, b operand) {
	ka, kb := a.shape.Kinds&^value.Nil, b.shape.Kinds&^value.Nil
	if ka != 0 && kb != 0 && ka&kb == 0 {
		d := c.reportAt(n, codeOperands, fmt.Sprintf("%s is never equal to %s", article(ka.String()), article(kb.String())), "string(x) and number(x) change the kind")
		c.kindFix(d, a, b)
		return
	}
	field, word := a, b
	if word.konst == nil {
		field, word = b, a
	}
	if word.konst == nil || field.shape.Enum == nil || word.konst.Kind() != value.String {
		return
	}
	text := string(word.konst.AppendJSON(nil))
	var known []string
	for _, e := range field.shape.Enum {
		if e == text {
			return
		}
		if strings.HasPrefix(e, `"`) {
			known = append(known, strings.Trim(e, `"`))
		}
	}
	d := c.reportAt(word.node, codeOperands, fmt.Sprintf("the field never holds %s", text), "")
	d.suggestText(word.konst.Str(), known, "it holds "+list(known, 12))
	c.quoteFix(d, word.node)
}

func (c *compiler) ordering(n *ast.BinaryNode) operand {
	left, right := c.compile(n.Left), c.compile(n.Right)
	ka, kb := left.shape.Kinds&^value.Nil, right.shape.Kinds&^value.Nil
	const comparable = value.Numbers | value.Strings
	if ka != 0 && kb != 0 && ka&kb&comparable == 0 {
		c.kindFix(c.reportAt(n, codeOperands, fmt.Sprintf("%s cannot compare %s with %s", n.Operator, article(ka.String()), article(kb.String())), "two numbers or two strings can be compared; number(x) reads a number from text"), left, right)
		return c.broken(n)
	}
	var want func(order int) bool
	switch n.Operator {
	case "<":
		want = func(o int) bool { return o < 0 }
	case "<=":
		want = func(o int) bool { return o <= 0 }
	case ">":
		want = func(o int) bool { return o > 0 }
	default:
		want = func(o int) bool { return o >= 0 }
	}
	text, loc := c.text, n.Location()
	run := both(left, right, func(f *frame, a, b value.Value) (value.Value, error) {
		if a.IsNil() || b.IsNil() {
			return value.Boolean(false), nil
		}
		order, ok := value.Compare(a, b)
		if !ok {
			return value.Value{}, &fault{text: text, from: loc.From, to: loc.To, code: codeKinds,
				msg:  fmt.Sprintf("%s cannot compare %s with %s", n.Operator, article(a.Kind().String()), article(b.Kind().String())),
				help: "two numbers or two strings can be compared; number(x) reads a number from text"}
		}
		return value.Boolean(want(order)), nil
	})
	if look := quickOrder(&left, &right, want); look != nil {
		o := tested(func(f *frame) (bool, error) {
			if f.sure() {
				if ok, sight := look(f); sight == value.Found {
					return ok, nil
				}
				f.doubts++
			}
			v, err := run(f)
			return v.IsTrue(), err
		})
		o.node = n
		return o
	}
	return operand{run: run, shape: shape.Of(value.Bools), node: n}
}

var arithmeticWords = map[string]string{"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "%": "take the rest of", "^": "raise", "**": "raise"}

// manyDigits is from where on numbers are charged for: the time of an operation grows with the square of their digits.
const manyDigits = 100

func (c *compiler) arithmetic(n *ast.BinaryNode, tail *rounding) operand {
	left, right := c.compile(n.Left), c.compile(n.Right)
	accepted := value.Numbers
	if n.Operator == "+" {
		accepted |= value.Strings
	}
	ka, kb := left.shape.Kinds&^value.Nil, right.shape.Kinds&^value.Nil
	// cannot counts missing as any kind: a missing side gives missing, or "" beside text.
	if ka != 0 && ka&accepted == 0 || kb != 0 && kb&accepted == 0 || ka != 0 && kb != 0 && ka&kb&accepted == 0 {
		c.reportAt(n, codeOperands, cannotCompute(n.Operator, ka.String(), kb.String()), "string(x) and number(x) change the kind")
		return c.broken(n)
	}
	text, loc, op := c.text, n.Location(), n.Operator
	code := op[0]
	if op == "**" {
		code = '^'
	}
	run := func(f *frame) (value.Value, error) {
		a, err := left.run(f)
		if err != nil {
			return a, err
		}
		b, err := right.run(f)
		if err != nil {
			return b, err
		}
		if a.Kind() == value.Number && b.Kind() == value.Number {
			d, err := compute(code, a, b, tail)
			if err != nil {
				return value.Value{}, notComputed(err, text, loc)
			}
			if n := d.Precision(); n > manyDigits && f != nil {
				if err := f.budget.Step(n * n >> 11); err != nil {
					return value.Value{}, asFault(err, text, loc.From, loc.To)
				}
			}
			return value.Decimal(d), nil
		}
		if op == "+" && (a.Kind() == value.String || b.Kind() == value.String) && canJoin(a) && canJoin(b) {
			x, y := a.Str(), b.Str()
			if err := f.budget.Bytes(int64(len(x) + len(y))); err != nil {
				return value.Value{}, asFault(err, text, loc.From, loc.To)
			}
			return value.Text(f.join(x, y)), nil
		}
		if a.IsNil() || b.IsNil() {
			return value.Value{}, nil
		}
		return value.Value{}, &fault{text: text, from: loc.From, to: loc.To, code: codeKinds,
			msg: cannotCompute(op, a.Kind().String(), b.Kind().String()), help: "string(x) and number(x) change the kind"}
	}
	nils := (left.shape.Kinds | right.shape.Kinds) & value.Nil
	s := shape.Of(value.Numbers)
	switch {
	case op == "+" && (ka == value.Strings || kb == value.Strings):
		s, nils = shape.Of(value.Strings), 0
	case op == "+" && (ka|kb)&value.Strings != 0:
		s = shape.Of(value.Numbers | value.Strings)
	}
	if nils != 0 {
		s = s.With(value.Of(value.Missing))
	}
	o := operand{run: run, shape: s, node: n}
	if s.Kinds.Has(value.Number) {
		o.quick = quickArithmetic(code, &left, &right, tail)
	} else {
		o.quick = quickJoin(&left, &right)
	}
	if left.konst != nil && right.konst != nil && n.Operator != "+" {
		if v, err := run(nil); err == nil {
			o.konst = &v
		}
	}
	return o
}

func notComputed(err error, text *scalar, loc file.Location) error {
	msg := err.Error()
	if errors.Is(err, decimal.ErrRange) {
		msg = "the number is too large or too precise to compute with"
	}
	return &fault{text: text, from: loc.From, to: loc.To, code: codeNumber, msg: msg, err: err}
}

func canJoin(v value.Value) bool { return v.Kind() == value.String || v.IsNil() }

func cannotCompute(op, a, b string) string {
	if a == b {
		return fmt.Sprintf("cannot %s %ss", arithmeticWords[op], a)
	}
	return fmt.Sprintf("cannot %s %s and %s", arithmeticWords[op], article(a), article(b))
}

// compute does arithmetic on two numbers. A quotient that will be rounded is rounded at once.
func compute(op byte, a, b value.Value, tail *rounding) (decimal.Decimal, error) {
	x, err := a.Dec()
	if err != nil {
		return x, err
	}
	y, err := b.Dec()
	if err != nil {
		return y, err
	}
	return calculate(op, x, y, tail)
}

// calculate does arithmetic on two decimals.
func calculate(op byte, x, y decimal.Decimal, tail *rounding) (decimal.Decimal, error) {
	switch op {
	case '+', '-', '*':
		_, _, small := x.Small()
		if _, _, too := y.Small(); !(small && too) && x.Digits()+y.Digits() > decimal.MaxDigits {
			return x, decimal.ErrRange
		}
		switch op {
		case '+':
			return x.Add(y), nil
		case '-':
			return x.Sub(y), nil
		}
		return x.Mul(y), nil
	case '/':
		if tail != nil {
			return x.QuoRound(y, tail.digits, tail.mode)
		}
		return x.Quo(y)
	case '%':
		return x.Rem(y)
	}
	n, ok := y.Int64()
	if !ok || n < 0 || n > decimal.MaxDigits {
		return x, fmt.Errorf("the exponent must be a whole number from 0 to %d", decimal.MaxDigits)
	}
	return x.Pow(int(n))
}

func (c *compiler) rangeOf(n *ast.BinaryNode) operand {
	left, right := c.compile(n.Left), c.compile(n.Right)
	text, loc := c.text, n.Location()
	run := both(left, right, func(f *frame, a, b value.Value) (value.Value, error) {
		if a.IsNil() || b.IsNil() {
			return value.Value{}, nil
		}
		from, ok1 := wholeNumber(a)
		to, ok2 := wholeNumber(b)
		if !ok1 || !ok2 {
			return value.Value{}, &fault{text: text, from: loc.From, to: loc.To, code: codeKinds, msg: ".. wants two whole numbers"}
		}
		count := max(0, to-from+1)
		if to-from < 0 && to > from { // the difference overflowed
			count = math.MaxInt
		}
		if err := f.budget.Bytes(int64(min(count, 1<<40)) * valueBytes); err != nil {
			return value.Value{}, asFault(err, text, loc.From, loc.To)
		}
		items := make([]value.Value, count)
		for i := range items {
			items[i] = value.Int(from + i)
		}
		return value.ListOf(items), nil
	})
	return operand{run: run, shape: shape.ListOf(shape.Of(value.Numbers)).With(missingFor(left.shape, right.shape)), node: n}
}

// missingFor returns the kind missing where an operand may be missing or null, and no kind otherwise.
func missingFor(operands ...*shape.Shape) value.Kinds {
	for _, s := range operands {
		if s.Kinds&value.Nil != 0 {
			return value.Of(value.Missing)
		}
	}
	return value.NoKind
}

// valueBytes is what one value in a list costs.
const valueBytes = 48
