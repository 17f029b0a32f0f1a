package machine

import (
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/parser"
	"github.com/dop251/goja/token"
)

// inspection is what the syntax tree of a bundle tells.
type inspection struct {
	refused []refusal
	inexact []file.Idx // numbers that a double does not give back as they are written
	// lasting are the names at the top of the modules. They are frozen where stateless is true: then
	// nothing can be kept from one call to the next, and the modules need not be run again for each call.
	lasting   []string
	stateless bool
	returns   int // where the last statement of the modules begins
	functions map[string]declared
	exported  map[string]map[string]string // object of exports -> name -> the name of the declaration
	words     map[string]bool              // identifiers and literal texts
}

type refusal struct {
	at   file.Idx
	text string
}

// declared is a function that stands at the top of a module.
type declared struct {
	at     file.Idx
	params []string
	rest   bool
}

// inspect looks at a bundle: a call of an arrow function whose body holds all modules (package bundle).
func inspect(program *ast.Program) (*inspection, error) {
	in := &inspection{functions: map[string]declared{}, exported: map[string]map[string]string{}, words: map[string]bool{}, stateless: true}
	body := moduleBody(program)
	if body == nil || len(body.List) == 0 {
		return nil, errors.New("the bundle has no modules")
	}
	assigned := map[string]bool{}
	walk(reflect.ValueOf(program), func(node any) {
		in.look(node, assigned)
	})
	for _, s := range body.List {
		in.statement(s)
	}
	for _, name := range in.lasting {
		if assigned[name] {
			in.stateless = false
		}
	}
	last, ok := body.List[len(body.List)-1].(*ast.ReturnStatement)
	if !ok {
		return nil, errors.New("the bundle returns nothing")
	}
	in.returns = int(last.Return) - 1
	return in, nil
}

func moduleBody(program *ast.Program) *ast.BlockStatement {
	for _, s := range program.Body {
		e, ok := s.(*ast.ExpressionStatement)
		if !ok {
			continue
		}
		outer, ok := e.Expression.(*ast.FunctionLiteral)
		if !ok {
			continue
		}
		for _, s := range outer.Body.List {
			v, ok := s.(*ast.VariableStatement)
			if !ok || len(v.List) != 1 {
				continue
			}
			if call, ok := v.List[0].Initializer.(*ast.CallExpression); ok {
				if arrow, ok := call.Callee.(*ast.ArrowFunctionLiteral); ok {
					block, _ := arrow.Body.(*ast.BlockStatement)
					return block
				}
			}
		}
	}
	return nil
}

// walk calls f for each node below v. The tree is walked by reflection: goja has no visitor of its own.
func walk(v reflect.Value, f func(node any)) {
	switch v.Kind() {
	case reflect.Interface:
		if !v.IsNil() {
			walk(v.Elem(), f)
		}
	case reflect.Pointer:
		if v.IsNil() || v.Type() == reflect.TypeFor[*file.File]() || v.Type() == reflect.TypeFor[*big.Int]() {
			return
		}
		if _, ok := v.Interface().(ast.Node); ok {
			f(v.Interface())
		}
		walk(v.Elem(), f)
	case reflect.Struct:
		for i := range v.NumField() {
			// What is declared inside stands in the body too.
			if field := v.Type().Field(i); field.IsExported() && field.Name != "DeclarationList" {
				if id, ok := v.Field(i).Interface().(ast.Identifier); ok {
					f(&id)
					continue
				}
				walk(v.Field(i), f)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			walk(v.Index(i), f)
		}
	}
}

func (in *inspection) look(node any, assigned map[string]bool) {
	switch n := node.(type) {
	case *ast.Identifier:
		in.words[n.Name.String()] = true
	case *ast.StringLiteral:
		in.words[n.Value.String()] = true
	case *ast.TemplateLiteral:
		if len(n.Expressions) == 0 && len(n.Elements) == 1 {
			in.words[n.Elements[0].Parsed.String()] = true
		}
	case *ast.NumberLiteral:
		if _, ok := n.Value.(*big.Int); ok {
			in.refuse(n.Idx, "a BigInt: its powers end for no watch; write decimal(\"...\"), which is exact and any length")
			break
		}
		if !exactLiteral(n.Literal) {
			in.inexact = append(in.inexact, n.Idx)
		}
	case *ast.RegExpLiteral:
		if why := refusedPattern(n.Pattern, n.Flags); why != "" {
			in.refuse(n.Idx, why)
		}
	case *ast.WithStatement:
		in.refuse(n.With, "with is not part of strict JavaScript")
	case *ast.AssignExpression:
		names(n.Left, assigned)
	case *ast.UnaryExpression:
		if n.Operator == token.INCREMENT || n.Operator == token.DECREMENT || n.Operator == token.DELETE {
			names(n.Operand, assigned)
		}
	case *ast.ForIntoExpression:
		names(n.Expression, assigned)
	}
}

func names(e ast.Expression, into map[string]bool) {
	walk(reflect.ValueOf(e), func(node any) {
		if id, ok := node.(*ast.Identifier); ok {
			into[id.Name.String()] = true
		}
	})
}

func (in *inspection) refuse(at file.Idx, text string) {
	in.refused = append(in.refused, refusal{at, text})
}

var decimalLiteral = regexp.MustCompile(`^[0-9._]*[.0-9](?:[eE][-+]?[0-9]+)?$`)

// exactLiteral tells whether a number in source text is at most 15 significant digits, so that a double gives it back.
func exactLiteral(text string) bool {
	if !decimalLiteral.MatchString(text) {
		return true // hexadecimal and the like are for bits
	}
	mantissa, _, _ := strings.Cut(strings.ToLower(text), "e")
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n <= maxSafe
	}
	digits := strings.Trim(strings.ReplaceAll(strings.ReplaceAll(mantissa, ".", ""), "_", ""), "0")
	return len(digits) <= maxDoubleDigits
}

// maxPattern bounds the text of a pattern: reading one takes hundreds of times its size.
const maxPattern = 32 << 10

// refusedPattern tells why a pattern is refused: whoever matches by backtracking can be kept busy for ever by a text of forty
// characters, and no watch reaches into it.
func refusedPattern(pattern, flags string) string {
	if len(pattern) > maxPattern {
		return fmt.Sprintf("the pattern is longer than %d characters", maxPattern)
	}
	if strings.Contains(flags, "u") && namesProperty(pattern) {
		return "the pattern names a property of characters (\\p{L}), which this machine takes for the letter p: " +
			"list the characters, [a-zà-ÿ], or use cw.regexFind and cw.regexReplace, whose patterns know them"
	}
	re2, err := parser.TransformRegExp(pattern, strings.Contains(flags, "s"), strings.Contains(flags, "u"))
	if err == nil {
		if _, err = regexp.Compile(re2); err == nil {
			return ""
		}
		return "the pattern repeats too much to be matched in linear time"
	}
	var incompatible parser.RegexpErrorIncompatible
	if errors.As(err, &incompatible) {
		return "the pattern looks around or back ((?=, (?!, (?<, \\1): such a pattern can take for ever; match more and check the groups"
	}
	return "" // no pattern at all: the machine says so
}

// namesProperty tells whether a pattern holds \p{...} or \P{...}.
func namesProperty(pattern string) bool {
	for i := 0; i+1 < len(pattern); i++ {
		if pattern[i] == '\\' {
			if i++; pattern[i] == 'p' || pattern[i] == 'P' {
				return true
			}
		}
	}
	return false
}

// statement notes what a statement at the top of the modules leaves behind.
func (in *inspection) statement(s ast.Statement) {
	switch s := s.(type) {
	case *ast.FunctionDeclaration:
		in.function(s.Function.Name.Name.String(), s.Function.Function, s.Function.ParameterList)
	case *ast.ClassDeclaration:
		in.lasting = append(in.lasting, s.Class.Name.Name.String())
		in.keep(classIsPure(s.Class))
	case *ast.VariableStatement:
		in.bindings(s.List)
	case *ast.LexicalDeclaration:
		in.bindings(s.List)
	case *ast.ExpressionStatement:
		in.keep(in.exports(s.Expression))
	case *ast.ReturnStatement, *ast.EmptyStatement:
	default:
		in.keep(false)
	}
}

func (in *inspection) keep(pure bool) { in.stateless = in.stateless && pure }

func (in *inspection) function(name string, at file.Idx, list *ast.ParameterList) {
	in.lasting = append(in.lasting, name)
	d := declared{at: at, rest: list.Rest != nil}
	for i, p := range list.List {
		if id, ok := p.Target.(*ast.Identifier); ok {
			d.params = append(d.params, id.Name.String())
		} else {
			d.params = append(d.params, fmt.Sprintf("argument%d", i+1))
		}
	}
	in.functions[name] = d
}

func (in *inspection) bindings(list []*ast.Binding) {
	for _, b := range list {
		id, ok := b.Target.(*ast.Identifier)
		if !ok {
			in.keep(false)
			continue
		}
		name := id.Name.String()
		switch f := b.Initializer.(type) {
		case *ast.ArrowFunctionLiteral:
			in.function(name, f.Start, f.ParameterList)
			in.functions[name] = at(in.functions[name], id.Idx)
			continue
		case *ast.FunctionLiteral:
			in.function(name, f.Function, f.ParameterList)
			in.functions[name] = at(in.functions[name], id.Idx)
			continue
		}
		in.lasting = append(in.lasting, name)
		in.keep(isPure(b.Initializer))
	}
}

func at(d declared, idx file.Idx) declared {
	d.at = idx
	return d
}

// exports reads `__export(object, {name: () => declaration})`, by which esbuild makes the exports of a module.
func (in *inspection) exports(e ast.Expression) bool {
	call, ok := e.(*ast.CallExpression)
	if !ok || len(call.ArgumentList) != 2 {
		return false
	}
	callee, ok := call.Callee.(*ast.Identifier)
	if !ok || callee.Name != "__export" {
		return false
	}
	object, ok := call.ArgumentList[0].(*ast.Identifier)
	if !ok {
		return false
	}
	list, ok := call.ArgumentList[1].(*ast.ObjectLiteral)
	if !ok {
		return false
	}
	members := map[string]string{}
	for _, p := range list.Value {
		keyed, ok := p.(*ast.PropertyKeyed)
		if !ok {
			return false
		}
		key, ok := keyed.Key.(*ast.StringLiteral)
		if !ok {
			return false
		}
		members[key.Value.String()] = "" // what a package of CommonJS exports has no declaration
		if arrow, ok := keyed.Value.(*ast.ArrowFunctionLiteral); ok {
			if body, ok := arrow.Body.(*ast.ExpressionBody); ok {
				if id, ok := body.Expression.(*ast.Identifier); ok {
					members[key.Value.String()] = id.Name.String()
				}
			}
		}
	}
	in.exported[object.Name.String()] = members
	return true
}

// isPure tells whether evaluating e gives the same again and leaves nothing in a closure that could change.
func isPure(e ast.Expression) bool {
	all := func(list []ast.Expression) bool {
		for _, e := range list {
			if !isPure(e) {
				return false
			}
		}
		return true
	}
	switch e := e.(type) {
	case nil, *ast.NumberLiteral, *ast.StringLiteral, *ast.BooleanLiteral, *ast.NullLiteral, *ast.Identifier, *ast.FunctionLiteral, *ast.ArrowFunctionLiteral:
		return true
	case *ast.RegExpLiteral:
		return !strings.ContainsAny(e.Flags, "gy") // those remember where they matched
	case *ast.TemplateLiteral:
		return e.Tag == nil && all(e.Expressions)
	case *ast.ArrayLiteral:
		return all(e.Value)
	case *ast.ObjectLiteral:
		for _, p := range e.Value {
			switch p := p.(type) {
			case *ast.PropertyKeyed:
				if p.Computed && !isPure(p.Key) || !isPure(p.Value) {
					return false
				}
			case *ast.PropertyShort:
			default:
				return false
			}
		}
		return true
	case *ast.ClassLiteral:
		return classIsPure(e)
	case *ast.UnaryExpression:
		return isPure(e.Operand)
	case *ast.BinaryExpression:
		return isPure(e.Left) && isPure(e.Right)
	case *ast.ConditionalExpression:
		return isPure(e.Test) && isPure(e.Consequent) && isPure(e.Alternate)
	case *ast.DotExpression:
		return isPure(e.Left)
	case *ast.CallExpression:
		return pureCall(e) && all(e.ArgumentList)
	}
	return false
}

func pureCall(e *ast.CallExpression) bool {
	switch callee := e.Callee.(type) {
	case *ast.Identifier:
		return callee.Name == "decimal"
	case *ast.DotExpression:
		object, ok := callee.Left.(*ast.Identifier)
		return ok && object.Name == "Object" && callee.Identifier.Name == "freeze"
	}
	return false
}

func classIsPure(c *ast.ClassLiteral) bool {
	if _, ok := c.SuperClass.(*ast.Identifier); !ok && c.SuperClass != nil {
		return false
	}
	for _, element := range c.Body {
		switch element := element.(type) {
		case *ast.MethodDefinition:
			if element.Computed {
				return false
			}
		case *ast.FieldDefinition:
			if element.Static || element.Computed {
				return false
			}
		default:
			return false
		}
	}
	return true
}
