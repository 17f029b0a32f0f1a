package engine

import (
	"errors"
	"fmt"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"

	"github.com/crosswalk-go/crosswalk/engine/decimal"
	"github.com/crosswalk-go/crosswalk/engine/internal/function"
	"github.com/crosswalk-go/crosswalk/engine/internal/shape"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

func (c *compiler) callNode(n *ast.CallNode) operand {
	callee, ok := n.Callee.(*ast.IdentifierNode)
	// A function of the language goes before one of a script, which has script.name besides.
	if name := scriptName(n); name != "" && (!ok || function.Lookup(name) == nil) {
		if fn := c.scripts.lookup(name); fn != nil {
			return c.scriptCall(n, name, fn)
		}
		if c.scripts != nil && !c.scripts.known {
			for _, a := range n.Arguments {
				c.compile(a)
			}
			return c.broken(n) // the scripts that may have it could not be loaded
		}
		if script, _, dotted := strings.Cut(name, "."); dotted && c.scripts.has(script) {
			c.reportAt(n, codeUnknownFunc, fmt.Sprintf("unknown function %q", name), "").suggestText(name, c.scripts.dotted(), "")
			return c.broken(n)
		}
	}
	if !ok {
		d := c.reportAt(n, codeUnknownFunc, "values have no methods", "functions are called by their name: lower(x)")
		if m, ok := n.Callee.(*ast.MemberNode); ok {
			if name, ok := m.Property.(*ast.StringNode); ok && function.Lookup(name.Value) != nil {
				d.Help = fmt.Sprintf("write %s(x) or x | %s()", name.Value, name.Value)
				c.methodFix(d, n, m, name.Value)
			}
		}
		return c.broken(n)
	}
	fn := function.Lookup(callee.Value)
	args := make([]operand, len(n.Arguments))
	for i, a := range n.Arguments {
		args[i] = c.rounded(a, c.roundsArgument(n, i))
	}
	if fn == nil {
		d := c.reportAt(callee, codeUnknownFunc, fmt.Sprintf("unknown function %q", callee.Value), "")
		if several := c.scripts.exporting(callee.Value); len(several) > 0 {
			d.Message, d.Help = fmt.Sprintf("several scripts export %q", callee.Value), "write "+strings.Join(several, " or ")
		} else {
			d.suggest(callee.Value, c.functionNames(), "docs/functions.md lists all functions")
		}
		return c.broken(n)
	}
	if !c.checkArguments(n, fn, args) {
		return c.broken(n)
	}
	return c.call(n, fn, args)
}

// roundsArgument tells how round(x, digits, mode) rounds x, nil where that is no constant.
func (c *compiler) roundsArgument(n *ast.CallNode, i int) *rounding {
	if i != 0 || n.Callee.(*ast.IdentifierNode).Value != "round" || len(n.Arguments) > 3 {
		return nil
	}
	r := &rounding{}
	if len(n.Arguments) > 1 {
		digits, ok := n.Arguments[1].(*ast.IntegerNode)
		if !ok || digits.Value > maxRoundDigits {
			return nil
		}
		r.digits = digits.Value
	}
	if len(n.Arguments) > 2 {
		word, ok := n.Arguments[2].(*ast.StringNode)
		if !ok {
			return nil
		}
		var err error
		if r.mode, err = decimal.ParseMode(word.Value); err != nil {
			return nil
		}
	}
	return r
}

// maxRoundDigits bounds to how many digits a quotient is rounded at once.
const maxRoundDigits = 30

// parameter returns the parameter that argument i belongs to, nil where there are too many.
func parameter(fn *function.Func, i int) *function.Param {
	if i < len(fn.Params) {
		return &fn.Params[i]
	}
	if last := len(fn.Params) - 1; last >= 0 && fn.Params[last].Variadic {
		return &fn.Params[last]
	}
	return nil
}

func (c *compiler) checkArguments(n *ast.CallNode, fn *function.Func, args []operand) bool {
	least := 0
	for _, p := range fn.Params {
		if !p.Optional && !p.Variadic {
			least++
		}
	}
	usage := "use " + function.Signature(fn)
	if len(args) < least {
		c.reportAt(n, codeArguments, fmt.Sprintf("%s needs %s, got %d", fn.Name, count(least, "argument"), len(args)), usage)
		return false
	}
	good := true
	for i, a := range args {
		p := parameter(fn, i)
		if p == nil {
			c.reportAt(n, codeArguments, fmt.Sprintf("%s takes at most %s, got %d", fn.Name, count(len(fn.Params), "argument"), len(args)), usage)
			return false
		}
		if k := a.shape.Kinds &^ value.Nil; k != 0 && k&p.Kinds == 0 {
			c.reportAt(a.node, codeArguments, fmt.Sprintf("%s wants %s as %s, this is %s", fn.Name, article(p.Kinds.String()), p.Name, article(k.String())), usage)
			good = false
		}
	}
	return good
}

func count(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

func (c *compiler) call(n *ast.CallNode, fn *function.Func, args []operand) operand {
	invoke := fn.Call
	if fn.Prepare != nil {
		constants := make([]value.Value, len(args))
		for i, a := range args {
			if a.konst != nil {
				constants[i] = *a.konst
			}
		}
		prepared, err := fn.Prepare(constants)
		if err != nil {
			c.reportAt(n, codeArguments, fn.Name+": "+err.Error(), "use "+function.Signature(fn))
			return c.broken(n)
		}
		if prepared != nil {
			invoke = prepared
		}
	}
	for i := range args {
		switch p := parameter(fn, i); {
		case fn.Name == "join":
			args[i].elements()
		case p.Kinds&(value.Lists|value.Objects) != 0:
			args[i].walked()
		}
	}
	text, loc := c.text, n.Location()
	run := func(f *frame) (value.Value, error) {
		mark := len(f.stack)
		vs := f.take(len(args))
		defer f.drop(mark)
		for i, a := range args {
			var err error
			if vs[i], err = a.run(f); err != nil {
				return value.Value{}, err
			}
			p := parameter(fn, i)
			if vs[i].IsNil() {
				if !fn.TakesNil && !p.Optional && !p.Variadic {
					return value.Value{}, nil
				}
				continue
			}
			if err := f.visit(vs[i], text, loc.From, loc.To); err != nil {
				return value.Value{}, err
			}
			if !p.Kinds.Has(vs[i].Kind()) {
				return value.Value{}, &fault{text: text, from: loc.From, to: loc.To, code: codeKinds,
					msg: fmt.Sprintf("%s wants %s as %s, got %s", fn.Name, article(p.Kinds.String()), p.Name, article(vs[i].Kind().String())), help: "use " + function.Signature(fn)}
			}
		}
		if err := f.budget.Step(1); err != nil {
			return value.Value{}, asFault(err, text, loc.From, loc.To)
		}
		v, err := invoke(&f.call, vs)
		if err != nil {
			return value.Value{}, failed(fn, err, text, loc)
		}
		return f.made(v, text, loc.From, loc.To)
	}
	if fn.Name == "lookup" {
		run = args[0].table.entry(args[1]).listening(run)
	}
	return operand{run: run, shape: resultShape(fn, args), node: n, quick: c.quickCall(n, fn, args)}
}

// failed places the error of a function. One that a rule words itself stands without the function's name.
func failed(fn *function.Func, err error, text *scalar, loc file.Location) error {
	var said function.Failed
	if errors.As(err, &said) {
		return &fault{text: text, from: loc.From, to: loc.To, code: codeFunction, msg: said.Error()}
	}
	return asFault(fmt.Errorf("%s: %w", fn.Name, err), text, loc.From, loc.To)
}

func resultShape(fn *function.Func, args []operand) *shape.Shape {
	s := fn.Result
	if fn.Infer != nil {
		shapes := make([]*shape.Shape, len(args))
		for i, a := range args {
			shapes[i] = a.shape
		}
		s = fn.Infer(shapes)
	}
	if s == nil {
		return shape.Any
	}
	if fn.TakesNil {
		return s
	}
	for i, a := range args {
		if p := parameter(fn, i); p != nil && !p.Optional && !p.Variadic && a.shape.Kinds&value.Nil != 0 {
			return s.With(value.Of(value.Missing))
		}
	}
	return s
}
