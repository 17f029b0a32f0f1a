package engine

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/crosswalk-go/crosswalk/engine/decimal"
	"github.com/crosswalk-go/crosswalk/engine/internal/function"
	"github.com/crosswalk-go/crosswalk/engine/internal/shape"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// Mapping is a compiled mapping. It is immutable and safe for concurrent use.
type Mapping struct {
	name, from, to string
	settings       []Setting
	warnings       Diagnostics

	linked   *linked
	scripts  []byte // a digest of the texts of the scripts
	limits   Limits
	copyBase bool // base: doc
	lets     []code
	letReads map[*scalar][]read // what each let reads
	steps    []step
	emit     *emitNode // nil where the output has to be built first
	slots    int
	views    []*view
	keys     value.Keys  // the names that rules read
	plan     *value.Plan // and where
	streams  bool        // all that is read of the document is each of its elements, once
	frames   sync.Pool
	portion  atomic.Uint64 // the size of the last large output, in 2^-20 of its document
	tables   value.Value
	defaults value.Value     // of the settings
	noted    func() *Mapping // the same rules with code that tells what it does
	notes    *notes          // what that code can tell of; nil for the code of Apply

	target  *shape.Shape               // of the document that the mapping builds
	results map[*ruleDecl]*shape.Shape // of rules, as far as they are known
	reads   *sourcePlace               // what rules read of the source document; never changed
	links   map[string]bool            // what rules read of links; never changed
}

// step is one rule, compiled.
type step struct {
	rule    *ruleDecl
	rel     targetPath // from the element that the rule belongs to
	target  *shape.Shape
	text    *scalar   // what a failure of the rule points at
	result  code      // nil for an each without a result of its own
	copies  []pathRef // the paths that the rule copies the first of, nil where it does more
	cells   []cellRef // the same, where they are read
	literal []byte    // what is written where none of copies has a value
	form    emitForm  // how the result is written where it is not built
	quick   quick     // what form calls for
	test    func(*frame) (bool, error)
	simple  bool // the result is not defaulted, rounded or required
	always  bool // the rule writes in every mode
	any     bool // the target takes every kind and every word
	def     code
	reads   []read
	mode    decimal.Mode
	element *each
}

// each is the part of a step that builds a list.
type each struct {
	list code
	// document says that the list is the document itself.
	document bool
	text     *scalar
	reads    []read
	item     int // slots
	view     *view
	index    int
	all      int // the list
	where    func(*frame) (bool, error)
	steps    []step
	emit     *emitNode
}

func (l *loader) compile(files []*mappingFile, diags *Diagnostics) *Mapping {
	m := l.compileLinked(link(files, diags), nil, diags)
	again := &loader{files: l.files, library: l.library, limits: l.limits, schemas: l.schemas, host: l.host, scripts: l.scripts}
	m.noted = sync.OnceValue(func() *Mapping {
		var told Diagnostics // once is enough
		return again.compileLinked(link(files, &told), &notes{}, &told)
	})
	return m
}

func (l *loader) compileLinked(k *linked, n *notes, diags *Diagnostics) *Mapping {
	m := &Mapping{name: k.main.src.path, linked: k, limits: l.limits, copyBase: k.base != nil}
	c := &mappingCompiler{m: m, done: map[*ruleDecl]bool{}}
	c.compiler = compiler{diags: diags, linked: k, keys: &m.keys, notes: n, scripts: l.loadScripts(k, diags)}
	m.scripts = c.scripts.digest
	c.docView = c.newView()
	c.place = &value.Place{}
	c.docView.From([]*value.Place{c.place})
	if k.from != nil {
		m.from = k.from.text
	}
	if k.to != nil {
		m.to = k.to.text
	}
	c.names.doc = c.docType(l, k.from)
	c.names.current = c.docType(l, k.to)
	c.target = c.names.current
	c.names.out = c.target.With(value.Of(value.Missing))
	c.names.current = c.names.out
	c.tables()
	c.settings()
	c.lets()
	if n == nil {
		l.compiled = c
	}
	m.steps = c.steps(nil, c.target)
	c.unreached()
	c.keys.Seal()
	if n == nil { // code that tells what it does reads paths one by one
		m.plan = value.NewPlan(c.place, c.keys)
	}
	m.slots, m.views = c.most, c.sealViews()
	c.finish()
	if !m.copyBase && !c.readsOut {
		m.emit = emitPlan(m.steps)
	}
	m.streams = m.emit != nil && n == nil && c.lists == 1 && c.documents == 1
	m.notes, m.links = n, c.linksRead
	return m
}

// sealViews lays out the paths that expressions read.
func (c *compiler) sealViews() []*view {
	for _, v := range c.views {
		v.Seal(c.keys)
	}
	return c.views
}

// mappingCompiler compiles the parts of a mapping that are no expressions.
type mappingCompiler struct {
	compiler
	m      *Mapping
	target *shape.Shape
	done   map[*ruleDecl]bool
}

// at reports an error about a scalar of any file of the mapping.
func (c *mappingCompiler) at(s *scalar, from, to int, code, msg, help string) *Diagnostic {
	outer := c.text
	c.text = s
	defer func() { c.text = outer }()
	return c.report(code, from, to, msg, help)
}

func whole(s *scalar) int { return len([]rune(s.text)) }

func (c *mappingCompiler) docType(l *loader, name *scalar) *shape.Shape {
	if name == nil {
		return shape.Any
	}
	s, err := l.documentShape(name.text)
	switch {
	case err == nil:
		return s
	case reason(err) == "there is no such file" || strings.Contains(err.Error(), "invalid argument"):
		d := c.at(name, 0, whole(name), codeDocType, fmt.Sprintf("unknown document type %q", name.text), "")
		d.suggestText(name.text, l.documentTypes(), "write `any` for a document that no schema describes")
	default:
		c.at(name, 0, whole(name), codeSchema, err.Error(), "")
	}
	return shape.Any
}

// Tables returns the tables that the mapping declares, inherited ones included, as one JSON object.
func (m *Mapping) Tables() []byte { return m.tables.AppendJSON(nil) }

func (c *mappingCompiler) tables() {
	names := []string{}
	props := map[string]*shape.Shape{}
	var fields []value.Field
	for _, t := range c.linked.tables {
		fields = append(fields, value.Field{Key: t.name.text, Value: value.Raw(t.json)})
		names = append(names, t.name.text)
		props[t.name.text] = shape.Of(value.Objects)
	}
	c.m.tables = value.ObjectOf(fields)
	c.names.tables = shape.NewObject(names, props)
}

func (c *mappingCompiler) settings() {
	names := []string{}
	props := map[string]*shape.Shape{}
	for _, s := range c.linked.sets {
		kinds := settingKinds[s.Type]
		sh := shape.Of(kinds | value.Of(value.Missing))
		if s.Default != nil {
			if def := value.Raw(string(s.Default)); kinds.Has(def.Kind()) && !choiceMissing(s.Setting, def) {
				sh = shape.Of(kinds)
			} else {
				c.at(s.name, 0, whole(s.name), codeOptionValue, fmt.Sprintf("the default of setting %q is no %s that it can have", s.Name, s.Type), settingHelp(s.Setting))
			}
		}
		if s.Type == "string" && len(s.Choices) > 0 {
			c := *sh
			for _, choice := range s.Choices {
				c.Enum = append(c.Enum, string(value.Text(choice).AppendJSON(nil)))
			}
			sh = &c
		}
		names = append(names, s.Name)
		props[s.Name] = sh
		c.m.settings = append(c.m.settings, s.Setting)
	}
	c.names.settings = shape.NewObject(names, props)
	var fields []value.Field
	for _, s := range c.m.settings {
		if s.Default != nil {
			fields = append(fields, value.Field{Key: s.Name, Value: value.Raw(string(s.Default))})
		}
	}
	c.m.defaults = value.ObjectOf(fields)
}

func choiceMissing(s Setting, v value.Value) bool {
	if len(s.Choices) == 0 {
		return false
	}
	text, _ := function.KeyText(v)
	for _, choice := range s.Choices {
		if choice == text {
			return false
		}
	}
	return true
}

func settingHelp(s Setting) string {
	if len(s.Choices) > 0 {
		return "it can be " + strings.Join(s.Choices, ", ")
	}
	return "it wants " + article(s.Type)
}

// lets compiles the file's variables. Each gets slots of its own, because a let is
// computed in the middle of the expression that needs it first.
func (c *mappingCompiler) lets() {
	c.names.lets, c.m.letReads = map[string]int{}, map[*scalar][]read{}
	for _, l := range c.linked.lets {
		if msg := badName(l.name.text); msg != "" {
			c.at(l.name, 0, whole(l.name), codeName, msg, "choose another name")
		}
		c.slots = c.most
		c.lint.declared(&c.compiler, l.name)
		o := c.notedLet(l, c.expression(l.expr))
		c.names.lets[l.name.text] = len(c.m.lets)
		c.names.letShape = append(c.names.letShape, o.shape)
		c.names.letView = append(c.names.letView, o.view)
		c.names.letPath = append(c.names.letPath, o.path)
		c.names.letPlaces = append(c.names.letPlaces, o.places)
		c.m.lets = append(c.m.lets, o.quickCode())
		c.m.letReads[l.expr], c.reads = c.reads, nil
	}
	c.slots = c.most
}

// steps compiles the rules whose innermost list is prefix, in the order of the file.
func (c *mappingCompiler) steps(prefix targetPath, target *shape.Shape) []step {
	var out []step
	if prefix == nil {
		out = make([]step, 0, len(c.linked.rules))
	}
	for _, r := range c.linked.rules {
		inner := r.path
		if r.each != nil {
			inner = inner[:len(inner)-1]
		}
		if len(innermost(inner)) != len(prefix) || !r.path.hasPrefix(prefix) {
			continue
		}
		if r.each == nil && r.path[len(r.path)-1].list {
			continue // reported by unreached
		}
		c.done[r] = true
		out = append(out, c.step(r, r.path[len(prefix):], target))
	}
	return out
}

// innermost returns the part of a path up to its last list.
func innermost(p targetPath) targetPath {
	for i := len(p) - 1; i >= 0; i-- {
		if p[i].list {
			return p[:i+1]
		}
	}
	return nil
}

func (c *mappingCompiler) unreached() {
	for _, r := range c.linked.rules {
		if c.done[r] {
			continue
		}
		c.rule = r
		p := innermost(r.path)
		last := p[len(p)-1]
		if len(p) == len(r.path) {
			c.at(r.key, last.from, whole(r.key), codeNoEach, "the target is each element of a list", fmt.Sprintf("add `each:` to build the list, or write %s without [] for the whole list", last.name))
		} else {
			c.at(r.key, last.from, last.to+2, codeNoEach, fmt.Sprintf("no rule builds the list %s", p), fmt.Sprintf("add a rule `%s: {each: ..., as: ...}`", p))
		}
		c.rule = nil
	}
}

func (c *mappingCompiler) step(r *ruleDecl, rel targetPath, parent *shape.Shape) step {
	c.rule = r
	defer func() { c.rule = nil }()
	s := step{rule: r, rel: rel, text: r.key}
	s.target = c.targetShape(r, rel, parent)
	mark := c.slots
	c.reads = nil
	var result operand
	if r.each != nil {
		s.element = c.each(r)
	}
	c.reads = nil
	has := true
	switch {
	case r.result.set():
		result = c.result(&r.result, roundingOf(r))
	case r.hasWhen:
		result = c.when(r)
	case r.lookup != nil:
		result = c.lookup(r)
	default:
		has = false
	}
	if has {
		s.result = result.run
		s.emitAs(&result)
		if r.result.expr != nil {
			s.text = r.result.expr
		}
		want := s.target
		if r.each != nil {
			want = want.Element().Without(value.Of(value.Missing))
		}
		c.fits(s.text, result.shape, want, r)
	}
	var otherwise *operand
	if r.def != nil {
		def := c.result(r.def, nil)
		s.def, otherwise = def.run, &def
		if r.def.expr != nil {
			c.fits(r.def.expr, def.shape, s.target, r)
		}
	}
	if r.round != nil {
		s.mode, _ = decimal.ParseMode(r.round.mode)
		if has && result.shape.Kinds&(value.Numbers|value.Nil) == 0 {
			c.at(s.text, 0, whole(s.text), codeOperands, fmt.Sprintf("round wants a number, this is %s", article(result.shape.Kinds.String())), "number(x) reads a number from text")
		}
	}
	s.reads = c.reads
	c.notedStep(&s)
	s.simple = r.def == nil && r.round == nil && !r.required
	s.always = r.write == writeAlways
	s.any = s.target.Kinds&(value.AnyKind&^value.Of(value.Missing)) == value.AnyKind&^value.Of(value.Missing) && s.target.Enum == nil
	c.lint.rule(c, r, s.target, has, result, otherwise)
	if s.element != nil {
		s.element.steps = c.steps(r.path, s.target.Element())
		c.locals = c.locals.outer
		if r.index != nil {
			c.locals = c.locals.outer
		}
	}
	c.slots = mark
	return s
}

// each compiles the list of a rule and opens the scope of its element; the caller closes it.
func (c *mappingCompiler) each(r *ruleDecl) *each {
	list := c.expression(r.each)
	e := &each{list: list.run, text: r.each, reads: c.reads}
	if e.document = c.locals == nil && list.view == c.docView && list.path == c.docView.Root(); e.document {
		c.lists++
	}
	if k := list.shape.Kinds &^ value.Nil; k != 0 && !k.Has(value.List) {
		help := "values(x) makes a list of an object's members; [x] is a list of one"
		c.at(r.each, 0, whole(r.each), codeOperands, fmt.Sprintf("each wants a list, this is %s", article(k.String())), help)
	}
	item := list.shape.Item
	if item == nil {
		item = shape.Any
	}
	e.item, e.index, e.all = c.slot(), c.slot(), c.slot()
	for _, name := range []*scalar{r.index, r.as} {
		if name == nil {
			continue
		}
		if msg := badName(name.text); msg != "" {
			c.at(name, 0, whole(name), codeName, msg, "choose another name")
		}
		c.lint.declared(&c.compiler, name)
	}
	if r.index != nil {
		c.locals = &local{name: r.index.text, slot: e.index, shape: shape.Of(value.Numbers), outer: c.locals}
	}
	name := ""
	if r.as != nil {
		name = r.as.text
	}
	e.view = c.newView()
	places := list.elements()
	e.view.From(places)
	c.locals = &local{name: name, slot: e.item, shape: item, outer: c.locals, view: e.view, places: places, indexSlot: e.index, list: e.all}
	if r.index != nil {
		c.locals.indexName = r.index.text
	}
	if r.where != nil {
		e.where = c.test(r.where)
	}
	return e
}

// test compiles a condition.
func (c *mappingCompiler) test(s *scalar) func(*frame) (bool, error) {
	o := c.expression(s)
	outer := c.text
	c.text = s
	defer func() { c.text = outer }()
	return c.condition(o)
}

// roundingOf tells how a rule rounds its result.
func roundingOf(r *ruleDecl) *rounding {
	if r.round == nil || r.round.digits < 0 {
		return nil
	}
	mode, err := decimal.ParseMode(r.round.mode)
	if err != nil {
		return nil
	}
	return &rounding{int(r.round.digits), mode}
}

func (c *mappingCompiler) result(r *resultDecl, tail *rounding) operand {
	if r.expr != nil {
		return c.roundedExpression(r.expr, tail)
	}
	if r.literal == nil {
		return c.broken(nil)
	}
	v := value.Raw(*r.literal)
	return constant(v, literalShape(v), nil)
}

func literalShape(v value.Value) *shape.Shape {
	s := *shape.Of(value.Of(v.Kind()))
	switch v.Kind() {
	case value.String:
		s.Enum, s.Const = []string{string(v.AppendJSON(nil))}, true
	case value.List:
		s.Item = nil
		for _, item := range v.Items() {
			s.Item = shape.Union(s.Item, literalShape(item))
		}
	case value.Object:
		names, props := []string{}, map[string]*shape.Shape{}
		for _, f := range v.Fields() {
			names = append(names, f.Key)
			props[f.Key] = literalShape(f.Value)
		}
		return shape.NewObject(names, props)
	}
	return &s
}
