package machine

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/parser"
	"github.com/dop251/goja/token"
	"github.com/dop251/goja/unistring"

	"github.com/crosswalk-go/crosswalk/scripting/internal/source"
)

// PointKind tells what a point of a script is.
type PointKind string

// The kinds of points.
const (
	PointStatement PointKind = "statement"
	PointFunction  PointKind = "function"
	PointBranch    PointKind = "branch" // a side of if, ?:, &&, || or ??, a case of switch
)

// Point is a place of a script that calls reach or not.
type Point struct {
	Kind PointKind
	Pos  Position
	Text string // how it begins, on one line
}

// instrument compiles code so that it counts what it reaches: a call of [source.Count] stands before each statement, at the
// beginning of each function and in each branch. It changes the syntax tree and not the text, so that all
// places stay what they are. Code that is none of the user's, because the map does not know it, is left alone, and
// so are packages and test files.
func (p *Program) instrument(code string, in *inspection) (*goja.Program, error) {
	tree, err := parser.ParseFile(nil, codeName, code, 0, parser.WithDisableSourceMaps)
	if err != nil {
		return nil, err
	}
	mapped, err := mappedPlaces(p.source.Map)
	if err != nil {
		return nil, err
	}
	c := &counting{program: p, code: code, mapped: mapped, known: map[Point]int{}, lines: lineStarts(code), exported: in.exported}
	c.node(reflect.ValueOf(tree))
	return goja.CompileAST(tree, true)
}

// counting puts counts into a tree.
type counting struct {
	program  *Program
	code     string
	lines    []int           // where lines begin
	mapped   map[[2]int]bool // line and column from 0, in UTF-16 units, where the map begins something
	exported map[string]map[string]string
	known    map[Point]int // by Kind and Pos, without the text
}

func lineStarts(code string) []int {
	starts := []int{0}
	for i := range len(code) {
		if code[i] == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}

// place returns the user's place of a node, and whether it is the map's own beginning of something.
func (c *counting) place(at file.Idx) (pos Position, exact bool) {
	offset := int(at) - 1
	if offset < 0 || offset >= len(c.code) {
		return Position{}, false
	}
	low, high := 0, len(c.lines)
	for high-low > 1 {
		if mid := (low + high) / 2; c.lines[mid] <= offset {
			low = mid
		} else {
			high = mid
		}
	}
	column := utf8.RuneCountInString(c.code[c.lines[low]:offset]) + 1
	generated := column - 1
	if low == 0 {
		generated -= len(source.Head)
	}
	if pos = c.program.original(low+1, column); pos.Line == 0 {
		return pos, false
	}
	if strings.Contains("/"+pos.File, "/node_modules/") || isTestFile(pos.File) || strings.HasSuffix(pos.File, ".json") {
		return Position{}, false
	}
	// The map begins a statement where the space before it does.
	for {
		if c.mapped[[2]int{low, generated}] {
			return pos, true
		}
		if offset--; offset < c.lines[low] || !strings.ContainsRune(" (", rune(c.code[offset])) {
			return pos, false
		}
		generated--
	}
}

func isTestFile(name string) bool {
	stem := strings.TrimSuffix(name, "s")
	for _, end := range []string{".test.t", ".test.j", ".test.mt", ".test.mj"} {
		if strings.HasSuffix(stem, end) {
			return true
		}
	}
	return false
}

// point returns the call that counts a place, nil where it is not the user's.
func (c *counting) point(kind PointKind, at file.Idx, text string, needExact bool) ast.Expression {
	pos, exact := c.place(at)
	if pos.Line == 0 || needExact && !exact {
		return nil
	}
	if kind == PointBranch {
		// Two branches may begin at one place as far as the map tells; their texts differ.
		pos.File += "\x00" + text
	}
	key := Point{Kind: kind, Pos: pos}
	i, ok := c.known[key]
	if !ok {
		i = len(c.program.points)
		c.known[key] = i
		if kind == PointBranch {
			pos.File, _, _ = strings.Cut(pos.File, "\x00")
		}
		c.program.points = append(c.program.points, Point{kind, pos, text})
	}
	name := &ast.Identifier{Name: unistring.String(source.Count), Idx: at}
	literal := &ast.NumberLiteral{Idx: at, Literal: fmt.Sprint(i), Value: int64(i)}
	return &ast.CallExpression{Callee: name, LeftParenthesis: at, ArgumentList: []ast.Expression{literal}, RightParenthesis: at}
}

// start is where a node begins. goja leaves that of `if` open.
func (c *counting) start(n ast.Node) file.Idx {
	if n, ok := n.(*ast.IfStatement); ok {
		return file.Idx(strings.LastIndex(c.code[:n.Test.Idx0()-1], "if") + 1)
	}
	return n.Idx0()
}

// begins is how the text of a node begins.
func (c *counting) begins(n ast.Node) string {
	if n, ok := n.(*ast.IfStatement); ok {
		return "if (" + c.begins(n.Test) + ")"
	}
	from := int(c.start(n)) - 1
	if from < 0 || from >= len(c.code) {
		return ""
	}
	to := min(max(int(n.Idx1())-1, from), len(c.code))
	line, _, more := strings.Cut(c.code[from:to], "\n")
	line = strings.TrimSpace(line)
	const most = 60
	if utf8.RuneCountInString(line) > most {
		line, more = string([]rune(line)[:most]), true
	}
	if more {
		line += " ..."
	}
	return line
}

// node walks the tree from the leaves up, by reflection as [walk].
func (c *counting) node(v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface:
		if !v.IsNil() {
			c.node(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			c.node(v.Index(i))
		}
	case reflect.Pointer:
		if v.IsNil() || v.Type() == reflect.TypeFor[*file.File]() || v.Elem().Kind() != reflect.Struct {
			return
		}
		if _, isLiteral := v.Interface().(*ast.NumberLiteral); isLiteral {
			return
		}
		c.node(v.Elem())
		c.count(v.Interface())
	case reflect.Struct:
		for i := range v.NumField() {
			// What is declared inside stands in the body too.
			if field := v.Type().Field(i); field.IsExported() && field.Name != "DeclarationList" {
				c.node(v.Field(i))
			}
		}
	}
}

func (c *counting) count(node any) {
	switch n := node.(type) {
	case *ast.BlockStatement:
		n.List = c.statements(n.List)
	case *ast.CaseStatement:
		text := "default:"
		if n.Test != nil {
			text = "case " + c.begins(n.Test) + ":"
		}
		n.Consequent = c.before(c.statements(n.Consequent), c.point(PointBranch, n.Case, text, false), n.Case)
	case *ast.IfStatement:
		test, at := c.begins(n), c.start(n)
		n.Consequent = c.branch(n.Consequent, at, test)
		n.Alternate = c.branch(n.Alternate, at, "else of "+test)
	case *ast.ForStatement:
		n.Body = c.block(n.Body)
	case *ast.ForInStatement:
		n.Body = c.block(n.Body)
	case *ast.ForOfStatement:
		n.Body = c.block(n.Body)
	case *ast.WhileStatement:
		n.Body = c.block(n.Body)
	case *ast.DoWhileStatement:
		n.Body = c.block(n.Body)
	case *ast.FunctionLiteral:
		name := "function"
		if n.Name != nil {
			name += " " + n.Name.Name.String()
		}
		n.Body.List = c.before(n.Body.List, c.point(PointFunction, n.Function, name, false), n.Function)
	case *ast.ArrowFunctionLiteral:
		c.arrow(n)
	case *ast.ConditionalExpression:
		n.Consequent = c.side(n.Consequent, "? "+c.begins(n.Consequent))
		n.Alternate = c.side(n.Alternate, ": "+c.begins(n.Alternate))
	case *ast.BinaryExpression:
		switch n.Operator {
		case token.LOGICAL_AND, token.LOGICAL_OR, token.COALESCE:
			n.Right = c.side(n.Right, n.Operator.String()+" "+c.begins(n.Right))
		}
	}
}

func (c *counting) arrow(n *ast.ArrowFunctionLiteral) {
	call := c.point(PointFunction, n.Start, c.begins(n), false)
	if call == nil {
		return
	}
	switch body := n.Body.(type) {
	case *ast.BlockStatement:
		body.List = c.before(body.List, call, n.Start)
	case *ast.ExpressionBody:
		body.Expression = &ast.SequenceExpression{Sequence: []ast.Expression{call, body.Expression}}
	}
}

// side counts an expression that is one of the ways on.
func (c *counting) side(e ast.Expression, text string) ast.Expression {
	call := c.point(PointBranch, e.Idx0(), text, false)
	if call == nil {
		return e
	}
	return &ast.SequenceExpression{Sequence: []ast.Expression{call, e}}
}

// branch counts a statement that is one of the ways on; an else that is not written is one too.
func (c *counting) branch(s ast.Statement, at file.Idx, text string) ast.Statement {
	call := c.point(PointBranch, at, text, false)
	if s == nil && call == nil {
		return nil
	}
	block := &ast.BlockStatement{LeftBrace: at, RightBrace: at}
	if s != nil {
		block, _ = c.block(s).(*ast.BlockStatement)
	}
	block.List = c.before(block.List, call, at)
	return block
}

// block makes a block of a statement that stands alone.
func (c *counting) block(s ast.Statement) ast.Statement {
	if block, ok := s.(*ast.BlockStatement); ok {
		return block
	}
	return &ast.BlockStatement{LeftBrace: s.Idx0(), RightBrace: s.Idx0(), List: c.statements([]ast.Statement{s})}
}

// before puts a count before statements, behind a directive such as "use strict".
func (c *counting) before(list []ast.Statement, call ast.Expression, at file.Idx) []ast.Statement {
	if call == nil {
		return list
	}
	return append([]ast.Statement{&ast.ExpressionStatement{Expression: call}}, list...)
}

// statements puts a count before each statement that does something.
func (c *counting) statements(list []ast.Statement) []ast.Statement {
	out := make([]ast.Statement, 0, 2*len(list))
	for _, s := range list {
		switch s.(type) {
		case *ast.FunctionDeclaration, *ast.EmptyStatement, *ast.BlockStatement: // what is inside counts
		default:
			if c.ours(s) {
				break
			}
			if call := c.point(PointStatement, c.start(s), c.begins(s), true); call != nil {
				out = append(out, &ast.ExpressionStatement{Expression: call})
			}
		}
		out = append(out, s)
	}
	return out
}

// ours tells whether a statement makes the object of a module's exports, which esbuild writes and maps to the beginning of the module.
func (c *counting) ours(s ast.Statement) bool {
	switch s := s.(type) {
	case *ast.VariableStatement:
		if len(s.List) == 1 {
			id, ok := s.List[0].Target.(*ast.Identifier)
			return ok && c.exported[id.Name.String()] != nil
		}
	case *ast.ExpressionStatement:
		call, ok := s.Expression.(*ast.CallExpression)
		if !ok {
			return false
		}
		callee, ok := call.Callee.(*ast.Identifier)
		return ok && (callee.Name == "__export" || callee.Name == source.Freeze)
	}
	return false
}

// mappedPlaces reads where a source map begins something: line and column from 0.
// https://tc39.es/ecma426/#sec-mappings-grammar
func mappedPlaces(text []byte) (map[[2]int]bool, error) {
	var m struct{ Mappings string }
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, fmt.Errorf("the source map cannot be read: %w", err)
	}
	out := map[[2]int]bool{}
	line, column := 0, 0
	for i := 0; i < len(m.Mappings); i++ {
		switch m.Mappings[i] {
		case ';':
			line, column = line+1, 0
			continue
		case ',':
			continue
		}
		delta, shift := 0, 0
		for ; i < len(m.Mappings); i++ {
			digit := strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", m.Mappings[i])
			delta += digit & 31 << shift
			shift += 5
			if digit&32 == 0 {
				break
			}
		}
		if delta&1 == 0 { // the lowest bit is the sign
			column += delta >> 1
		} else {
			column -= delta >> 1
		}
		out[[2]int{line, column}] = true
		for i+1 < len(m.Mappings) && m.Mappings[i+1] != ',' && m.Mappings[i+1] != ';' {
			i++ // the source, its line and its column
		}
	}
	return out, nil
}

// count is what scripts call at each point.
func (vm *VM) count(c goja.FunctionCall) goja.Value {
	if i := c.Argument(0).ToInteger(); i >= 0 && i < int64(len(vm.hits)) {
		vm.hits[i]++
	}
	return goja.Undefined()
}

// testLibrary is what the harness of test files is given.
func (vm *VM) testLibrary() goja.Value {
	return vm.library(map[string]func(goja.FunctionCall) goja.Value{
		"isDecimal": func(c goja.FunctionCall) goja.Value { return vm.rt.ToValue(asNumber(c.Argument(0)) != nil) },
		// here is the place in the user's files that is running.
		"here": func(goja.FunctionCall) goja.Value {
			var e Error
			vm.place(&e, vm.rt.CaptureCallStack(0, nil))
			o := vm.rt.NewObject()
			for name, value := range map[string]any{"file": e.Pos.File, "line": e.Pos.Line, "column": e.Pos.Column} {
				if err := o.Set(name, value); err != nil {
					panic(err)
				}
			}
			return o
		},
	})
}
