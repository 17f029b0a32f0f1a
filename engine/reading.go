package engine

import "github.com/expr-lang/expr/ast"

// What a mapping reads is found by following every rule with origins in the place of values: an origin
// says which places of the source document a value may come from. A place counts as read when
// something depends on what stands there.

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
