package project

import (
	"errors"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// compile compiles a condition that stands in the flow's file.
func (a *assembly) compile(t text) *engine.Condition {
	c, err := engine.CompileCondition(t.value, string(a.flow.Entity), engine.Library(a.library))
	if err != nil {
		a.misread(t, t.value, err)
		return nil
	}
	return c
}

// quantity compiles what a flow of stock writes; nil for the default.
func (a *assembly) quantity() *engine.Expression {
	asked := gjson.GetBytes(a.flow.Settings, "quantity")
	if a.flow.Entity != port.Stock || asked.Type == gjson.Null {
		return nil
	}
	e, err := engine.CompileExpression(asked.String(), string(a.flow.Entity), engine.Library(a.library))
	if err != nil {
		a.misread(a.flow.at["value of settings.quantity"], asked.String(), err)
		return nil
	}
	return e
}

// misread reports what is wrong with an expression of the flow's file.
func (a *assembly) misread(start text, expression string, err error) {
	var found engine.Diagnostics
	if !errors.As(err, &found) {
		a.report(start, codeValue, err.Error(), "")
		return
	}
	for _, d := range found {
		a.diags = append(a.diags, a.flow.place(start, expression, d))
	}
}

// place moves a diagnostic of an expression to where that stands in the file.
func (f Flow) place(start text, expression string, d engine.Diagnostic) engine.Diagnostic {
	lines := strings.Split(expression, "\n")
	line := strings.TrimSpace(lines[min(max(d.Pos.Line, 1), len(lines))-1])
	for n := start.line; n <= len(f.file.lines); n++ {
		before, _, ok := strings.Cut(f.file.line(n), line)
		if !ok {
			continue
		}
		shift := len([]rune(before)) - indent(lines[min(max(d.Pos.Line, 1), len(lines))-1])
		if d.Fix != nil {
			fix := *d.Fix
			fix.Pos, fix.End = f.moved(fix.Pos, n, shift), f.moved(fix.End, n, shift)
			d.Fix = &fix
		}
		d.Pos, d.End, d.Snippet = f.moved(d.Pos, n, shift), f.moved(d.End, n, shift), f.file.line(n)
		return d
	}
	d.Pos, d.Snippet, d.Fix = f.file.position(start), f.file.line(start.line), nil
	d.End = d.Pos
	return d
}

func (f Flow) moved(p engine.Position, line, shift int) engine.Position {
	return engine.Position{File: f.file.path, Line: line, Column: p.Column + shift}
}

func indent(s string) int { return len(s) - len(strings.TrimLeft(s, " \t")) }
