package engine

import (
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"

	"github.com/crosswalk-go/crosswalk/engine/decimal"
	"github.com/crosswalk-go/crosswalk/engine/internal/function"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// What a mapping reads is found by following every rule with origins in the place of values: an origin
// says which places of the source document a value may come from. A place counts as read when
// something depends on what stands there.

// sourcePlace is a place in a document, of any of its elements where it lies in a list.
type sourcePlace struct {
	fields map[string]*sourcePlace
	item   *sourcePlace // each element
	member *sourcePlace // each member, where rules compute the name
	// whole: everything here and below is read. itself: rules depend on what kind of value this is, whether
	// there is one or how many elements it has, but not on what is below.
	whole, itself bool
}

func (p *sourcePlace) field(name string) *sourcePlace {
	if p.fields == nil {
		p.fields = map[string]*sourcePlace{}
	}
	f := p.fields[name]
	if f == nil {
		f = &sourcePlace{}
		p.fields[name] = f
	}
	return f
}

func child(of **sourcePlace) *sourcePlace {
	if *of == nil {
		*of = &sourcePlace{}
	}
	return *of
}

// origin is where a value may come from: places of the source document, and, for objects and
// lists that rules make, the origins of their members and elements. It does not change once it is made.
type origin struct {
	places []*sourcePlace
	fields map[string]*origin
	rest   *origin // of members whose name is not known
	item   *origin
	used   bool // everything below is marked as read already
}

// nowhere is the origin of values that owe nothing to the source document.
var nowhere = &origin{used: true}

// maxTraceSteps bounds the work on rules that were made to multiply it; past it, everything counts as read.
const maxTraceSteps = 2_000_000

// reader follows the rules of a mapping.
type reader struct {
	linked *linked
	steps  int

	doc, settings, tables *sourcePlace
	fromDoc               *origin

	lets    []letReading
	visible int // lets that the expression in hand may use
	locals  *readLocal
	preds   []*origin
	vars    []*readLocal // every local, in the order of their declaration
}

type letReading struct {
	from *origin // nil before it is needed
}

// readLocal is a name of an expression, an alias or an index.
type readLocal struct {
	name  string
	from  *origin
	used  bool
	at    *scalar  // the text that declares it
	node  ast.Node // the declaration in an expression; nil for an alias or an index
	index *readLocal
	outer *readLocal
}

// followReads follows all rules of a mapping.
func followReads(k *linked) *reader {
	t := &reader{linked: k, doc: &sourcePlace{}, settings: &sourcePlace{}, tables: &sourcePlace{}, lets: make([]letReading, len(k.lets)), visible: len(k.lets)}
	t.fromDoc = &origin{places: []*sourcePlace{t.doc}}
	if k.base != nil {
		t.use(t.fromDoc)
	}
	t.rules(nil)
	if t.steps > maxTraceSteps {
		t.doc.whole, t.settings.whole, t.tables.whole = true, true, true
		for i := range t.lets {
			t.lets[i].from = nowhere
		}
		for _, v := range t.vars {
			v.used = true
		}
	}
	return t
}

// rules follows the rules whose innermost list is prefix; the aliases of that list are in scope.
func (t *reader) rules(prefix targetPath) {
	for _, r := range t.linked.rules {
		inner := r.path
		if r.each != nil {
			inner = inner[:len(inner)-1]
		}
		if len(innermost(inner)) != len(prefix) || !r.path.hasPrefix(prefix) {
			continue
		}
		outer := t.locals
		if r.each != nil {
			list := t.text(r.each)
			t.touch(list)
			index := t.declare(r.index, nil, nowhere)
			if alias := t.declare(r.as, nil, t.element(list)); alias != nil {
				alias.index = index
			}
			if r.where != nil {
				t.touch(t.text(r.where))
			}
		}
		t.result(&r.result)
		for _, c := range r.when {
			if c.cond != nil {
				t.touch(t.text(c.cond))
			}
			t.result(&c.result)
		}
		if r.lookup != nil {
			from := []*sourcePlace{t.tables.field(r.lookup.text)}
			for _, k := range r.keys {
				t.use(t.text(k))
			}
			t.use(&origin{places: from})
		}
		if r.def != nil {
			t.result(r.def)
		}
		if r.each != nil {
			t.rules(r.path)
		}
		t.locals = outer
	}
}

func (t *reader) result(r *resultDecl) {
	if r.expr != nil {
		t.use(t.text(r.expr))
	}
}

func (t *reader) declare(name *scalar, node ast.Node, from *origin) *readLocal {
	if name == nil {
		return nil
	}
	l := &readLocal{name: name.text, from: from, at: name, node: node, outer: t.locals}
	t.locals = l
	t.vars = append(t.vars, l)
	return l
}

// text follows the expression of a scalar.
func (t *reader) text(s *scalar) *origin {
	if s.tree == nil {
		return nowhere // it has errors, which are reported
	}
	outer := t.preds
	t.preds = nil
	defer func() { t.preds = outer }()
	return t.follow(s.tree, s)
}

// let follows a variable of the file when it is first needed.
func (t *reader) let(i int) *origin {
	l := &t.lets[i]
	if l.from == nil {
		visible, locals := t.visible, t.locals
		t.visible, t.locals = i, nil
		l.from = nowhere // for one that is made to refer to itself
		l.from = t.text(t.linked.lets[i].expr)
		t.visible, t.locals = visible, locals
	}
	return l.from
}

func (t *reader) tired() bool {
	t.steps++
	return t.steps > maxTraceSteps
}

// use marks everything that a value may hold as read.
func (t *reader) use(o *origin) {
	if o == nil || o.used || t.tired() {
		return
	}
	o.used = true
	for _, p := range o.places {
		p.whole = true
	}
	for _, f := range o.fields {
		t.use(f)
	}
	t.use(o.rest)
	t.use(o.item)
}

// touch marks that something depends on the kind of a value or on its being there.
func (t *reader) touch(o *origin) {
	for _, p := range o.places {
		p.itself = true
	}
}

func (t *reader) member(o *origin, name string) *origin {
	t.touch(o)
	var out *origin
	if len(o.places) > 0 {
		out = &origin{}
		for _, p := range o.places {
			out.places = append(out.places, p.field(name))
		}
	}
	return t.union(t.union(out, o.fields[name]), o.rest)
}

func (t *reader) element(o *origin) *origin {
	t.touch(o)
	var out *origin
	if len(o.places) > 0 {
		out = &origin{}
		for _, p := range o.places {
			out.places = append(out.places, child(&p.item))
		}
	}
	return t.union(out, o.item)
}

// anyMember is the origin of a member or element whose name or number is computed.
func (t *reader) anyMember(o *origin) *origin {
	out := t.element(o)
	if len(o.places) > 0 {
		members := &origin{}
		for _, p := range o.places {
			members.places = append(members.places, child(&p.member))
		}
		out = t.union(out, members)
	}
	for _, name := range sortedKeys(o.fields) {
		out = t.union(out, o.fields[name])
	}
	return t.union(out, o.rest)
}

func sortedKeys[T any](m map[string]T) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// union is the origin of a value that comes from a or from b; either may be nil.
func (t *reader) union(a, b *origin) *origin {
	switch {
	case a == b || b == nil || b == nowhere:
		if a == nil {
			return nowhere
		}
		return a
	case a == nil || a == nowhere:
		return b
	case t.tired():
		return nowhere
	}
	u := &origin{places: a.places}
	for _, p := range b.places {
		if !slices.Contains(u.places, p) {
			u.places = append(slices.Clip(u.places), p)
		}
	}
	t.steps += len(u.places)
	if a.fields != nil || b.fields != nil {
		u.fields = make(map[string]*origin, len(a.fields)+len(b.fields))
		for name, f := range a.fields {
			u.fields[name] = t.union(f, b.fields[name])
		}
		for name, f := range b.fields {
			if a.fields[name] == nil {
				u.fields[name] = f
			}
		}
	}
	if a.rest != nil || b.rest != nil {
		u.rest = t.union(a.rest, b.rest)
	}
	if a.item != nil || b.item != nil {
		u.item = t.union(a.item, b.item)
	}
	return u
}

// follow returns where the value of an expression may come from and marks what its computing reads.
func (t *reader) follow(node ast.Node, text *scalar) *origin {
	if t.tired() {
		return nowhere
	}
	of := func(n ast.Node) *origin {
		if n == nil {
			return nowhere
		}
		return t.follow(n, text)
	}
	switch n := node.(type) {
	case *ast.IdentifierNode:
		return t.identifier(n)
	case *ast.PointerNode:
		if n.Name == "" && len(t.preds) > 0 {
			return t.preds[len(t.preds)-1]
		}
	case *ast.ChainNode:
		return of(n.Node)
	case *ast.PredicateNode:
		return of(n.Node)
	case *ast.MemberNode:
		base := of(n.Node)
		if name, ok := n.Property.(*ast.StringNode); ok {
			return t.member(base, name.Value)
		}
		if i, ok := literalIndex(n.Property); ok {
			return t.union(t.element(base), t.member(base, i))
		}
		t.use(of(n.Property))
		return t.anyMember(base)
	case *ast.UnaryNode:
		t.touch(of(n.Node))
	case *ast.BinaryNode:
		return t.binary(n, of)
	case *ast.ConditionalNode:
		t.touch(of(n.Cond))
		return t.union(of(n.Exp1), of(n.Exp2))
	case *ast.SliceNode:
		base := of(n.Node)
		t.touch(base)
		t.use(of(n.From))
		t.use(of(n.To))
		return base
	case *ast.ArrayNode:
		o := &origin{}
		for _, item := range n.Nodes {
			o.item = t.union(o.item, of(item))
		}
		return o
	case *ast.MapNode:
		o := &origin{fields: map[string]*origin{}}
		for _, pair := range n.Pairs {
			p := pair.(*ast.PairNode)
			if name, ok := p.Key.(*ast.StringNode); ok {
				o.fields[name.Value] = of(p.Value)
				continue
			}
			t.use(of(p.Key))
			o.rest = t.union(o.rest, of(p.Value))
		}
		return o
	case *ast.VariableDeclaratorNode:
		from, outer := of(n.Value), t.locals
		l := t.declare(&scalar{file: text.file, text: n.Name, line: text.line, column: text.column}, n, from)
		l.at = text
		body := of(n.Expr)
		t.locals = outer
		return body
	case *ast.CallNode:
		return t.call(n, of)
	case *ast.BuiltinNode:
		return t.builtin(n, of)
	}
	return nowhere
}

// literalIndex returns the number in x[1] or x[-1] as the name that a member would have.
func literalIndex(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.IntegerNode:
		return strconv.Itoa(n.Value), true
	case *ast.UnaryNode:
		if i, ok := n.Node.(*ast.IntegerNode); ok && n.Operator == "-" {
			text, _ := function.KeyText(value.Decimal(decimal.New(int64(i.Value), 0).Neg()))
			return text, true
		}
	}
	return "", false
}

func (t *reader) identifier(n *ast.IdentifierNode) *origin {
	for l := t.locals; l != nil; l = l.outer {
		if l.name == n.Value {
			l.used = true
			return l.from
		}
	}
	for i := t.visible - 1; i >= 0; i-- {
		if t.linked.lets[i].name.text == n.Value {
			return t.let(i)
		}
	}
	switch n.Value {
	case "doc":
		return t.fromDoc
	case "settings":
		return &origin{places: []*sourcePlace{t.settings}}
	case "tables":
		return &origin{places: []*sourcePlace{t.tables}}
	}
	if slices.Contains(contextWords, n.Value) {
		return nowhere
	}
	return t.member(t.fromDoc, n.Value)
}

func (t *reader) binary(n *ast.BinaryNode, of func(ast.Node) *origin) *origin {
	left, right := of(n.Left), of(n.Right)
	switch n.Operator {
	case "??":
		t.touch(left)
		return t.union(left, right)
	case "and", "&&", "or", "||": // anything but true and false is an error
		t.touch(left)
		t.touch(right)
		return nowhere
	case "==", "!=":
		// Against nil only the being there counts.
		if _, ok := n.Left.(*ast.NilNode); ok {
			t.touch(right)
			return nowhere
		}
		if _, ok := n.Right.(*ast.NilNode); ok {
			t.touch(left)
			return nowhere
		}
	}
	t.use(left)
	t.use(right)
	return nowhere
}

// call follows the functions that hand on parts of their arguments; all others read them whole.
func (t *reader) call(n *ast.CallNode, of func(ast.Node) *origin) *origin {
	callee, _ := n.Callee.(*ast.IdentifierNode)
	args := make([]*origin, len(n.Arguments))
	for i, a := range n.Arguments {
		args[i] = of(a)
	}
	name := ""
	if callee != nil && len(args) > 0 {
		name = callee.Value
	}
	touched := func() {
		for _, a := range args {
			t.touch(a)
		}
	}
	switch name {
	case "isMissing", "isNull", "isEmpty", "typeOf", "len", "keys":
		touched()
		return nowhere
	case "first", "last":
		return t.element(args[0])
	case "reverse":
		touched()
		return args[0]
	case "compact":
		t.touch(t.element(args[0]))
		return args[0]
	case "default", "coalesce", "merge", "concat":
		touched()
		var out *origin
		for _, a := range args {
			out = t.union(out, a)
		}
		return out
	case "nonEmpty":
		touched() // of a text it looks at the characters, which lie at the place itself
		return args[0]
	case "values":
		return &origin{item: t.anyMember(args[0])}
	case "flatten":
		for _, a := range args[1:] {
			t.use(a)
		}
		return &origin{item: t.flat(args[0], 0)}
	case "unique", "indexBy":
		path, ok := constantText(n.Arguments, 1)
		if !ok {
			break
		}
		item := t.element(args[0])
		key := item
		for _, name := range strings.Split(path, ".") {
			key = t.member(key, name)
		}
		t.use(key)
		if name == "unique" {
			return &origin{item: item}
		}
		return &origin{rest: item}
	case "has":
		if field, ok := constantText(n.Arguments, 1); ok {
			t.touch(t.member(args[0], field))
			return nowhere
		}
	case "lookup":
		if len(args) > 1 {
			t.use(args[1])
		}
		if key, ok := constantText(n.Arguments, 1); ok {
			return t.union(t.member(args[0], key), third(args))
		}
		if _, isList := n.Arguments[min(1, len(args)-1)].(*ast.ArrayNode); !isList && !t.manyKeys(n) {
			return t.union(t.anyMember(args[0]), third(args))
		}
		t.use(args[0])
		return third(args)
	}
	for _, a := range args {
		t.use(a)
	}
	return nowhere
}

// manyKeys tells whether the key of a lookup may be a list, which goes into tables within tables.
func (t *reader) manyKeys(n *ast.CallNode) bool {
	if len(n.Arguments) < 2 {
		return true
	}
	switch key := n.Arguments[1].(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode:
		return false
	case *ast.CallNode:
		if callee, ok := key.Callee.(*ast.IdentifierNode); ok {
			if fn := function.Lookup(callee.Value); fn != nil && fn.Infer == nil && fn.Result != nil {
				return fn.Result.Has(value.List)
			}
		}
	}
	return true
}

func third(args []*origin) *origin {
	if len(args) > 2 {
		return args[2]
	}
	return nowhere
}

func constantText(args []ast.Node, i int) (string, bool) {
	if i >= len(args) {
		return "", false
	}
	s, ok := args[i].(*ast.StringNode)
	if !ok {
		return "", false
	}
	return s.Value, true
}

// flat is the origin of the elements of lists within lists.
func (t *reader) flat(o *origin, depth int) *origin {
	item := t.element(o)
	t.touch(item)
	if depth == 8 || t.tired() {
		t.use(item)
		return item
	}
	out := item
	if item.item != nil {
		out = t.union(out, t.flat(&origin{item: item.item}, depth+1))
	}
	if len(item.places) > 0 && depth < 2 {
		out = t.union(out, t.flat(&origin{places: item.places}, depth+1))
	} else if len(item.places) > 0 { // lists nested deeper than anyone has seen
		for _, p := range item.places {
			child(&p.item).whole = true
		}
	}
	return out
}

func (t *reader) builtin(n *ast.BuiltinNode, of func(ast.Node) *origin) *origin {
	list := of(n.Arguments[0])
	item := t.element(list)
	for _, a := range n.Arguments[min(2, len(n.Arguments)):] {
		t.use(of(a))
	}
	if n.Name == "reduce" { // what #acc holds is not followed
		t.use(item)
	}
	body := item
	if len(n.Arguments) > 1 {
		t.preds = append(t.preds, item)
		body = of(n.Arguments[1])
		t.preds = t.preds[:len(t.preds)-1]
	}
	switch n.Name {
	case "filter":
		t.touch(body)
		return list
	case "find", "findLast":
		t.touch(body)
		return item
	case "map":
		return &origin{item: body}
	case "sortBy":
		t.use(body)
		return list
	case "groupBy":
		t.use(body)
		return &origin{rest: &origin{item: item}}
	case "reduce", "sum":
		t.use(body)
	case "count":
		if len(n.Arguments) > 1 {
			t.touch(body)
		}
	default: // all, any, none, one, findIndex, findLastIndex
		t.touch(body)
	}
	return nowhere
}
