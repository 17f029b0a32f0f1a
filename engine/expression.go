package engine

import (
	"errors"
	"fmt"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"

	"github.com/crosswalk-go/crosswalk/engine/decimal"
	"github.com/crosswalk-go/crosswalk/engine/internal/function"
	"github.com/crosswalk-go/crosswalk/engine/internal/shape"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// Bounds of an expression, checked before expr's parser sees it: the parser
// recurses, and a million brackets would end the process.
const (
	maxExprChars = 16 << 10
	maxExprDepth = 100
	maxExprNodes = 5000
)

// syntax is expr's grammar with none of its functions: names are looked up in our registry.
var syntax = func() *conf.Config {
	c := conf.CreateNew()
	c.MaxNodes = maxExprNodes
	for _, name := range builtin.Names {
		c.Disabled[name] = true
	}
	return c
}()

// operand is a compiled expression and what is known of its result.
type operand struct {
	run   code
	shape *shape.Shape
	konst *value.Value // set where the result is the same for every document
	node  ast.Node
	// view and path are set where the result is what stands at a path of a view.
	view *view
	path *value.ViewNode
	// places are where in the document the result can stand, and items where its elements can; none where
	// nobody knows.
	places, items []*value.Place
	// copies are the paths of which the result is the first that is neither missing nor null, then
	// fallback; nil where the result is something else.
	copies   []pathRef
	fallback *value.Value
	// test gives the result as it is where that is always true or false.
	test func(*frame) (bool, error)
	// slot is one more than the slot that holds the result, 0 where none does.
	slot int
	// filter is set where the operand is a filter of a list, which another loop may take over.
	filter     *loop
	filterTest func(*frame) (bool, error)
	// let is one more than the number of the let that the operand is, 0 where it is none.
	let int
	// table is set where the operand is read from the tables.
	table *tableRead
	quick
}

func constant(v value.Value, s *shape.Shape, n ast.Node) operand {
	return operand{run: func(*frame) (value.Value, error) { return v, nil }, shape: s, konst: &v, node: n}
}

// pathRef is a path of a view.
type pathRef struct {
	view *view
	path *value.ViewNode
}

// local is a name that rules give to a value: an each-alias, an index, a variable of an expression.
type local struct {
	name  string
	slot  int
	shape *shape.Shape
	outer *local
	view  *view // nil where the value is no element of an each
	// places are where the value can stand in the document.
	places []*value.Place
	// indexName and indexSlot are of the element's index, and list is the slot of the list that it is of; 0 where it is no element of an each.
	indexName       string
	indexSlot, list int
}

// predicate is the scope of `#` and `.field`.
type predicate struct {
	element, index, acc int // slots; acc is -1 outside reduce
	shape, accShape     *shape.Shape
	places              []*value.Place // of the element
	counts              bool           // the index is read
	outer               *predicate
}

// names is what an expression can refer to besides its own variables.
type names struct {
	doc      *shape.Shape
	settings *shape.Shape
	tables   *shape.Shape
	current  *shape.Shape
	out      *shape.Shape
	lets     map[string]int // index into letShapes, only those declared above
	letShape []*shape.Shape
	letView  []*view
	letPath  []*value.ViewNode
	// letPlaces are where the values of lets can stand in the document.
	letPlaces [][]*value.Place
}

// compiler turns the expressions of a mapping into code. Slots are never used twice at the same time.
type compiler struct {
	names  names
	diags  *Diagnostics
	slots  int // in use
	most   int // ever in use
	locals *local

	text *scalar // the expression being compiled
	// tail is set while the result of a division will be rounded: it is then rounded once.
	tail   *rounding
	preds  *predicate
	reads  []read
	rule   *ruleDecl // for the chain of files in messages
	linked *linked
	keys   *value.Keys
	// scripts are those that the mapping names; nil where it cannot name any.
	scripts *scriptSet
	// readsOut is true where some rule reads what the rules above it made.
	readsOut bool
	// linksRead are the members of links that some rule names; the name "" is the whole of it.
	linksRead map[string]bool
	views     []*view
	docView   *view
	place     *value.Place // of the document
	// documents counts how often rules read the document or a part of it, lists how often each of its elements.
	documents, lists int
	notes            *notes // not nil: compile code that tells what it does
	sure             []sureOf
	lint             lint
}

// read is a path that an expression reads, to show its value when the rule fails.
type read struct {
	path string
	run  code
}

func (c *compiler) slot() int {
	c.slots++
	c.most = max(c.most, c.slots)
	return c.slots - 1
}

// expression compiles the text of a scalar. It returns an operand that may be used
// even where there are errors.
func (c *compiler) expression(s *scalar) operand { return c.roundedExpression(s, nil) }

func (c *compiler) roundedExpression(s *scalar, tail *rounding) operand {
	outer := c.text
	c.text = s
	defer func() { c.text = outer }()
	if tooLong, from := unreadable(s.text); tooLong != "" {
		c.report(codeTooLong, from, from+1, tooLong, "split it with `let`")
		return c.broken(nil)
	}
	tree, err := parseExpression(s.text)
	if err != nil {
		c.syntaxError(err)
		return c.broken(nil)
	}
	s.tree = tree.Node
	return c.rounded(tree.Node, tail)
}

func parseExpression(text string) (tree *parser.Tree, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errors.New("the expression cannot be read")
		}
	}()
	return parser.ParseWithConfig(maskNumbers(text), syntax)
}

func (c *compiler) syntaxError(err error) {
	var fe *file.Error
	if !errors.As(err, &fe) {
		c.report(codeSyntax, 0, 0, err.Error(), "")
		return
	}
	msg, help := fe.Message, ""
	ended := strings.HasPrefix(msg, "unexpected token EOF")
	switch {
	case ended:
		msg, help = "the expression ends too early", "a value, a closing bracket or a quote is missing"
		if _, end := c.text.whole(); !c.text.quoted {
			switch rest := strings.TrimLeft(substring(c.text.file.line(end.Line), end.Column-1), " "); {
			case strings.HasPrefix(rest, "#"):
				help = "YAML takes ` #` as the start of a comment: put the expression in quotes"
			case strings.HasPrefix(rest, ","):
				help = "inside { } a text ends at a comma: put the expression in quotes"
			}
		}
	case strings.Contains(msg, ": strconv."):
		msg, _, _ = strings.Cut(msg, ": strconv.")
	case strings.HasPrefix(msg, "unexpected token"):
		word := strings.TrimPrefix(msg, "unexpected token ")
		if i := strings.LastIndex(word, "("); i >= 0 {
			word = strings.TrimSuffix(word[i+1:], ")")
		}
		msg = "unexpected " + word
		if strings.Contains(word, `"="`) {
			help = "compare with =="
		}
	case strings.Contains(msg, "maximum allowed nodes"):
		c.report(codeTooLong, fe.From, fe.To, fmt.Sprintf("the expression has more than %d parts", maxExprNodes), "split it with `let`")
		return
	}
	d := c.report(codeSyntax, fe.From, max(fe.To, fe.From+1), msg, help)
	c.equalsFix(d, fe.From)
	if ended {
		c.cutFix(d)
	}
}

// substring returns the characters of s from i on.
func substring(s string, i int) string {
	rs := []rune(s)
	return string(rs[min(max(i, 0), len(rs)):])
}

// report adds an error about the characters from..to of the expression.
func (c *compiler) report(code string, from, to int, msg, help string) *Diagnostic {
	d := Diagnostic{Severity: Error, Code: code, Message: msg, Help: help}
	if c.rule != nil {
		d.Target = c.rule.path.String()
		d.Chain = chainOf(c.linked, c.rule)
	}
	d.Pos, d.End = c.text.rangeOf(from, to)
	d.Snippet = c.text.file.line(d.Pos.Line)
	*c.diags = append(*c.diags, d)
	return &(*c.diags)[len(*c.diags)-1]
}

func (c *compiler) reportAt(n ast.Node, code, msg, help string) *Diagnostic {
	loc := n.Location()
	return c.report(code, loc.From, loc.To, msg, help)
}

// broken is the operand of an expression that has errors: nothing more is said about it.
func (c *compiler) broken(n ast.Node) operand {
	return constant(value.Value{}, shape.Any, n)
}

// rounding is what happens to the result of an expression.
type rounding struct {
	digits int
	mode   decimal.Mode
}

// rounded compiles a node whose result will be rounded.
func (c *compiler) rounded(node ast.Node, tail *rounding) operand {
	c.tail = tail
	return c.compile(node)
}

// compile turns a node of expr's tree into code and looks for what is suspicious about it.
func (c *compiler) compile(node ast.Node) operand {
	if c.notes != nil {
		return c.noted(node)
	}
	o := c.narrowed(node, c.translate(node))
	c.lint.node(c, node, o)
	return o
}

func (c *compiler) translate(node ast.Node) operand {
	tail := c.tail
	c.tail = nil
	switch n := node.(type) {
	case *ast.NilNode:
		return constant(value.NullValue, shape.Of(value.Of(value.Null)), n)
	case *ast.BoolNode:
		return constant(value.Boolean(n.Value), shape.Of(value.Bools), n)
	case *ast.StringNode:
		s := shape.Of(value.Strings)
		s.Enum, s.Const = []string{string(value.Text(n.Value).AppendJSON(nil))}, true
		return constant(value.TextOf(n.Value), s, n)
	case *ast.IntegerNode, *ast.FloatNode:
		return c.number(n)
	case *ast.IdentifierNode, *ast.MemberNode, *ast.ChainNode, *ast.PointerNode:
		o := c.chain(n)
		if path, ok := chainText(n); ok && o.konst == nil {
			c.reads = append(c.reads, read{path, o.run})
		}
		return o
	case *ast.UnaryNode:
		return c.unary(n)
	case *ast.BinaryNode:
		return c.binary(n, tail)
	case *ast.ConditionalNode:
		return c.conditional(n, tail)
	case *ast.CallNode:
		return c.callNode(n)
	case *ast.BuiltinNode:
		return c.builtin(n)
	case *ast.SliceNode:
		return c.slice(n)
	case *ast.ArrayNode:
		return c.array(n)
	case *ast.MapNode:
		return c.object(n)
	case *ast.VariableDeclaratorNode:
		return c.variable(n, tail)
	case *ast.SequenceNode:
		c.reportAt(n.Nodes[1], codeSyntax, "an expression has one result: two are separated by `;`", "name the first with `let x = ...;`")
		return c.broken(n)
	}
	c.reportAt(node, codeSyntax, "this is not part of the mapping language", "")
	return c.broken(node)
}

func (c *compiler) variable(n *ast.VariableDeclaratorNode, tail *rounding) operand {
	if msg := badName(n.Name); msg != "" {
		c.reportAt(n, codeName, msg, "choose another name")
	}
	val := c.compile(n.Value)
	slot := c.slot()
	outer := c.locals
	c.locals = &local{name: n.Name, slot: slot, shape: val.shape, outer: outer, places: val.places}
	body := c.rounded(n.Expr, tail)
	c.locals = outer
	run := func(f *frame) (value.Value, error) {
		v, err := val.run(f)
		if err != nil {
			return v, err
		}
		f.vars[slot] = v
		return body.run(f)
	}
	return operand{run: run, shape: body.shape, node: n, places: body.places, items: body.items}
}

func (c *compiler) conditional(n *ast.ConditionalNode, tail *rounding) operand {
	cond := c.condition(c.compile(n.Cond))
	yes, no := c.assume(n.Cond, true, n.Exp1, tail), c.assume(n.Cond, false, n.Exp2, tail)
	run := func(f *frame) (value.Value, error) {
		ok, err := cond(f)
		if err != nil {
			return value.Value{}, err
		}
		if ok {
			return yes.run(f)
		}
		return no.run(f)
	}
	o := operand{run: run, shape: shape.Union(yes.shape, no.shape), node: n.Cond, quick: quickChoice([]branch{{cond, yes}, {nil, no}})}
	return o.from(&yes, &no)
}

// condition turns an operand into a test: missing and null count as false, anything else that is not
// true or false is a fault.
func (c *compiler) condition(o operand) func(*frame) (bool, error) {
	if o.node != nil && o.shape.Kinds&(value.Bools|value.Nil) == 0 {
		c.reportAt(o.node, codeOperands, fmt.Sprintf("a condition must be true or false, this is %s", article(o.shape.Kinds.String())), "compare it with something: x == y, or x != nil")
	}
	if o.test != nil {
		return o.test
	}
	text, node, let := c.text, o.node, o.let-1
	return func(f *frame) (bool, error) {
		if let >= 0 && f.lets[let].done && f.lets[let].err == nil && f.lets[let].value.Kind() == value.Bool {
			return f.lets[let].value.IsTrue(), nil
		}
		v, err := o.run(f)
		if err != nil {
			return false, err
		}
		switch v.Kind() {
		case value.Bool:
			return v.IsTrue(), nil
		case value.Missing, value.Null:
			return false, nil
		}
		e := &fault{text: text, code: codeNotBool, msg: fmt.Sprintf("a condition must be true or false, this is %s", article(v.Kind().String())), help: "compare it with something: x == y, or x != nil"}
		if node != nil {
			e.from, e.to = node.Location().From, node.Location().To
		}
		return false, e
	}
}

func article(kind string) string {
	if kind == "missing" || kind == "null" || kind == "nothing" || kind == "anything" {
		return kind
	}
	if strings.ContainsRune("aeiou", rune(kind[0])) {
		return "an " + kind
	}
	return "a " + kind
}

// badName tells why a name cannot be given to a variable, "" if it can.
func badName(name string) string {
	for i, r := range name {
		if r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (i == 0 || r < '0' || r > '9') {
			return fmt.Sprintf("%q is no name: letters, digits and _ make a name", name)
		}
	}
	if name == "" {
		return "the name is empty"
	}
	for _, w := range contextWords {
		if w == name {
			return fmt.Sprintf("%q has a meaning of its own in rules", name)
		}
	}
	return ""
}

// contextWords are the names that every expression knows.
var contextWords = []string{"doc", "source", "settings", "tables", "links", "now", "out", "current"}

// functionNames are all names that can be called.
func (c *compiler) functionNames() []string {
	known := append([]string{}, predicateNames...)
	if c.scripts != nil {
		known = append(known, c.scripts.names...)
	}
	for _, f := range function.All() {
		known = append(known, f.Name)
	}
	return known
}
