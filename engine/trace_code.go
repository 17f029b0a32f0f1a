package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// notes makes a compiler build code that tells a [trace] what it does: which paths it reads, which let, default, case,
// branch and table entry it takes. It is the same code with a listener around its parts. Only Explain and Coverage
// run it; the code that Apply runs is compiled without notes, so that telling costs it nothing.
type notes struct {
	points  []point
	rules   map[*ruleDecl]int
	entries map[string]map[string]int // by table, and the keys joined: the point of an entry
	taken   map[ast.Node]choice
}

// point is a place of a mapping that a document may or may not reach.
type point struct {
	kind   PointKind
	pos    Position
	text   string
	target string
	file   *mappingFile
}

// choice is a side of an operator: it is taken when it is computed or, for the left side of ??, when it has a value.
type choice struct {
	point int
	value bool
}

func (c *compiler) point(kind PointKind, pos Position, text string) int {
	p := point{kind: kind, pos: pos, text: text}
	if c.rule != nil {
		p.target, p.file = c.rule.path.String(), c.rule.file
	}
	for _, f := range c.linked.files {
		if f.src.path == pos.File {
			p.file = f
		}
	}
	c.notes.points = append(c.notes.points, p)
	return len(c.notes.points) - 1
}

// said returns the place and the words of a part of the expression in hand.
func (c *compiler) said(n ast.Node) (Position, string) {
	loc := innermostLeft(n)
	pos, _ := c.text.rangeOf(loc, loc)
	return pos, n.String()
}

// innermostLeft returns where the text of a node starts: expr gives an operator the place of its sign.
func innermostLeft(n ast.Node) int {
	switch n := n.(type) {
	case *ast.BinaryNode:
		return innermostLeft(n.Left)
	case *ast.ConditionalNode:
		return innermostLeft(n.Cond)
	case *ast.MemberNode:
		return innermostLeft(n.Node)
	case *ast.ChainNode:
		return innermostLeft(n.Node)
	case *ast.SliceNode:
		return innermostLeft(n.Node)
	}
	return n.Location().From
}

// noted compiles a node with a listener around it.
func (c *compiler) noted(node ast.Node) operand {
	n := c.notes
	switch x := node.(type) {
	case *ast.ConditionalNode:
		c.side(x.Exp1, "then %s", false)
		c.side(x.Exp2, "else %s", false)
	case *ast.BinaryNode:
		if x.Operator == "??" {
			c.side(x.Left, "%s has a value", true)
			c.side(x.Right, "?? %s", false)
		}
	}
	side, isSide := n.taken[node]
	o := c.translate(node)
	if o.konst != nil && !isSide {
		return o
	}
	out := operand{run: o.run, shape: o.shape, node: o.node}
	switch x := node.(type) {
	case *ast.IdentifierNode, *ast.ChainNode, *ast.PointerNode:
		out.run = c.notedRead(node, out.run)
	case *ast.MemberNode:
		out.run = c.notedMember(x, c.notedRead(node, out.run))
	}
	if isSide {
		run := out.run
		out.run = func(f *frame) (value.Value, error) {
			v, err := run(f)
			if !side.value || !v.IsNil() {
				f.trace.hit(side.point)
			}
			return v, err
		}
	}
	return out
}

// side makes a side of an operator a point.
func (c *compiler) side(n ast.Node, words string, ifValue bool) {
	pos, text := c.said(n)
	text = fmt.Sprintf(words, text)
	if c.notes.taken == nil {
		c.notes.taken = map[ast.Node]choice{}
	}
	c.notes.taken[n] = choice{c.point(PointBranch, pos, text), ifValue}
}

// notedRead makes a chain of members and indexes tell what it read.
func (c *compiler) notedRead(node ast.Node, run code) code {
	as, readable := chainText(node)
	var parts []prefix
	let := -1
	if readable {
		parts, let = c.parts(node)
	}
	return func(f *frame) (value.Value, error) {
		v, err := run(f)
		if err != nil {
			for _, p := range parts { // what it stumbled over
				if v, err := p.run(f); err == nil {
					f.trace.read(strings.TrimSuffix(as, stepsText(p.rest)), v, nil, f)
					break
				}
			}
		} else {
			f.trace.read(as, v, parts, f)
		}
		if let >= 0 {
			f.trace.useLet(let)
		}
		return v, err
	}
}

func stepsText(steps []chainStep) string {
	var b strings.Builder
	b.WriteByte('x')
	for _, s := range steps {
		writeStep(&b, s.name, s.index)
	}
	return b.String()[1:]
}

// parts returns the first parts of a chain, the longest first, and the `let` that it starts with, -1 for none.
func (c *compiler) parts(node ast.Node) (parts []prefix, let int) {
	var rest []chainStep
	for {
		switch n := node.(type) {
		case *ast.ChainNode:
			node = n.Node
			continue
		case *ast.MemberNode:
			step := chainStep{index: -1}
			switch p := n.Property.(type) {
			case *ast.StringNode:
				step.name = p.Value
			case *ast.IntegerNode:
				step.index = p.Value
			default: // counted from the end: which one it would be cannot be said
				return parts, c.letOf(n)
			}
			node = n.Node
			rest = slices.Insert(slices.Clone(rest), 0, step)
			parts = append(parts, prefix{c.chain(node).run, rest})
			continue
		case *ast.IdentifierNode:
			return parts, c.letOf(n)
		}
		return parts, -1
	}
}

// letOf returns the `let` that a chain starts with, -1 for none.
func (c *compiler) letOf(node ast.Node) int {
	switch n := node.(type) {
	case *ast.ChainNode:
		return c.letOf(n.Node)
	case *ast.MemberNode:
		return c.letOf(n.Node)
	case *ast.IdentifierNode:
		for l := c.locals; l != nil; l = l.outer {
			if l.name == n.Value {
				return -1
			}
		}
		if i, ok := c.names.lets[n.Value]; ok {
			return i
		}
	}
	return -1
}

// quietly compiles without listeners.
func (c *compiler) quietly(compile func() operand) code {
	n := c.notes
	c.notes = nil
	o := compile()
	c.notes = n
	return o.run
}

// notedLet makes a `let` keep what it read, for all rules that use it.
func (c *mappingCompiler) notedLet(l letDecl, o operand) operand {
	if c.notes == nil {
		return o
	}
	i, run := len(c.m.lets), o.run
	return operand{shape: o.shape, konst: o.konst, node: o.node, run: func(f *frame) (value.Value, error) {
		t := f.trace
		outer := t.now
		t.now = &gathering{}
		v, err := run(f)
		if t.origins != nil {
			t.lets[i] = t.now
		}
		t.now = outer
		return v, err
	}}
}

// notedCase makes a case of a `when` tell that it fired.
func (c *mappingCompiler) notedCase(r *ruleDecl, i int, run code) code {
	if c.notes == nil {
		return run
	}
	decl := r.when[i]
	fired := Fired{Kind: "case", Case: i + 1, Text: "otherwise"}
	switch {
	case decl.cond != nil:
		fired.Pos, fired.Text = decl.cond.start(), decl.cond.text
	case decl.result.expr != nil:
		fired.Pos = decl.result.expr.start()
	default:
		tk := decl.at.GetToken()
		fired.Pos = r.file.src.at(tk.Position.Line, tk.Position.Column)
	}
	p := c.point(PointCase, fired.Pos, fmt.Sprintf("case %d: %s", i+1, fired.Text))
	return func(f *frame) (value.Value, error) {
		f.trace.hit(p)
		f.trace.fire(fired)
		return run(f)
	}
}

// notedStep makes the parts of a rule tell what they do.
func (c *mappingCompiler) notedStep(s *step) {
	if c.notes == nil {
		return
	}
	n, r := c.notes, s.rule
	if n.rules == nil {
		n.rules = map[*ruleDecl]int{}
	}
	n.rules[r] = c.point(PointRule, r.key.start(), r.words())
	if r.lookup != nil && s.result != nil {
		keys := make([]code, len(r.keys))
		for i, k := range r.keys {
			keys[i] = c.quietly(func() operand { return c.expression(k) })
		}
		s.result = c.notedEntry(r.lookup.text, keys, s.result)
		if r.missing == missingValue || r.missing == missingOmit {
			s.result = c.notedNoEntry(r, s.result)
		}
	}
	if run := s.result; run != nil {
		s.result = func(f *frame) (value.Value, error) {
			v, err := run(f)
			f.trace.inHand.result = v
			return v, err
		}
	}
	if run := s.def; run != nil {
		fired := Fired{Kind: "default", Pos: r.key.start(), Text: r.def.words()}
		if r.def.expr != nil {
			fired.Pos = r.def.expr.start()
		}
		p := c.point(PointDefault, fired.Pos, "default: "+fired.Text)
		s.def = func(f *frame) (value.Value, error) {
			f.trace.hit(p)
			f.trace.fire(fired)
			v, err := run(f)
			f.trace.inHand.result = v
			return v, err
		}
	}
	if s.element != nil {
		c.notedEach(r, s.element)
	}
}

func (c *mappingCompiler) notedEach(r *ruleDecl, e *each) {
	list := e.list
	e.list = func(f *frame) (value.Value, error) {
		v, err := list(f)
		f.trace.inHand.result, f.trace.inHand.items = v, v.Len()
		return v, err
	}
	if e.where == nil {
		return
	}
	where := e.where
	pass := c.point(PointBranch, r.where.start(), "where passes: "+r.where.text)
	stop := c.point(PointBranch, r.where.start(), "where stops: "+r.where.text)
	e.where = func(f *frame) (bool, error) {
		t := f.trace
		outer := t.now
		t.now = &gathering{}
		ok, err := where(f)
		if ok {
			t.hit(pass)
			t.passed = t.now
		} else {
			t.hit(stop)
		}
		t.now = outer
		return ok, err
	}
}

// words returns what a rule says, on one line.
func (r *ruleDecl) words() string {
	var parts []string
	say := func(option string, s *scalar) {
		if s != nil {
			parts = append(parts, option+": "+oneLine(s.text))
		}
	}
	say("each", r.each)
	say("as", r.as)
	say("where", r.where)
	switch {
	case r.result.expr != nil && r.each == nil:
		parts = append(parts, oneLine(r.result.expr.text))
	case r.result.expr != nil:
		say("expr", r.result.expr)
	case r.result.literal != nil:
		parts = append(parts, "value: "+*r.result.literal)
	case r.hasWhen:
		parts = append(parts, fmt.Sprintf("when: %s", count(len(r.when), "case")))
	case r.lookup != nil:
		say("lookup", r.lookup)
		for _, k := range r.keys {
			say("key", k)
		}
	}
	if r.round != nil {
		parts = append(parts, fmt.Sprintf("round: %d", r.round.digits))
	}
	return strings.Join(parts, ", ")
}

func (r *resultDecl) words() string {
	switch {
	case r.expr != nil:
		return oneLine(r.expr.text)
	case r.literal != nil:
		return *r.literal
	}
	return ""
}

// oneLine writes an expression of several lines on one.
func oneLine(text string) string {
	if !strings.Contains(text, "\n") {
		return text
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimSpace(l)
	}
	return strings.Join(lines, " ")
}
