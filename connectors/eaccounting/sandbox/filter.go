package sandbox

import (
	"strings"
	"time"
)

// valueType is the type of an expression in a $filter.
type valueType uint8

const (
	typeBool valueType = iota
	typeText
	typeNumber
	typeGUID
	typeMoment
	typeNull
)

// node is an expression of a $filter, checked when it was parsed. It gives nil,
// bool, string, amount or time.Time.
type node struct {
	typ     valueType
	eval    func(scope) any
	literal *token // set for literals
	numeric bool   // text whose digits are compared as a number
}

// scope is what an expression can see: the object, and the row inside any().
type scope struct {
	doc object
	row object
}

// filterRules says which members of a resource the vendor made filterable.
type filterRules struct {
	known     []string // seen working; "Rows/Text" for a member of a row
	uncertain []string // not proven either way
	numeric   []string // text that is compared as a number
	virtual   map[string]func(object) any
}

// filterParser turns tokens into a node by recursive descent.
type filterParser struct {
	tokens []token
	pos    int
	depth  int

	schema    *schema
	rules     filterRules
	sensitive bool // text is compared by case
	strict    bool // uncertain members are refused
	noEnds    bool // startswith and endswith are refused
	rowName   string
}

const maxFilterDepth = 60

// parse reads a whole filter.
func (p *filterParser) parse(src string) (func(object) bool, error) {
	var err error
	if p.tokens, err = lex(src); err != nil {
		return nil, err
	}
	n, err := p.disjunction()
	if err != nil {
		return nil, err
	}
	if t := p.peek(); t.kind != tokEnd {
		return nil, badFilter("There is a syntax error at position %d.", t.at)
	}
	if n.typ != typeBool {
		return nil, badFilter("The filter is not a condition.")
	}
	return func(o object) bool { return n.eval(scope{doc: o}) == true }, nil
}

func (p *filterParser) peek() token { return p.tokens[p.pos] }

func (p *filterParser) next() token {
	t := p.tokens[p.pos]
	if t.kind != tokEnd {
		p.pos++
	}
	return t
}

func (p *filterParser) word(w string) bool {
	if t := p.peek(); t.kind == tokWord && t.text == w {
		p.pos++
		return true
	}
	return false
}

func (p *filterParser) special(s string) bool {
	if t := p.peek(); t.kind == tokSpecial && t.text == s {
		p.pos++
		return true
	}
	return false
}

func (p *filterParser) expect(s string) error {
	if !p.special(s) {
		return badFilter("'%s' was expected at position %d.", s, p.peek().at)
	}
	return nil
}

func (p *filterParser) disjunction() (node, error) {
	if p.depth++; p.depth > maxFilterDepth {
		return node{}, badFilter("The filter is nested too deeply.")
	}
	defer func() { p.depth-- }()
	left, err := p.conjunction()
	for err == nil && p.word("or") {
		var right node
		if right, err = p.conjunction(); err == nil {
			left, err = combine(left, right, func(a, b bool) bool { return a || b })
		}
	}
	return left, err
}

func (p *filterParser) conjunction() (node, error) {
	left, err := p.negation()
	for err == nil && p.word("and") {
		var right node
		if right, err = p.negation(); err == nil {
			left, err = combine(left, right, func(a, b bool) bool { return a && b })
		}
	}
	return left, err
}

func combine(a, b node, op func(a, b bool) bool) (node, error) {
	if a.typ != typeBool || b.typ != typeBool {
		return node{}, badFilter("'and' and 'or' join conditions.")
	}
	return node{typ: typeBool, eval: func(s scope) any {
		return op(a.eval(s) == true, b.eval(s) == true)
	}}, nil
}

func (p *filterParser) negation() (node, error) {
	if !p.word("not") {
		return p.comparison()
	}
	if p.depth++; p.depth > maxFilterDepth {
		return node{}, badFilter("The filter is nested too deeply.")
	}
	defer func() { p.depth-- }()
	n, err := p.negation()
	if err != nil {
		return n, err
	}
	if n.typ != typeBool {
		return n, badFilter("'not' needs a condition.")
	}
	return node{typ: typeBool, eval: func(s scope) any { return n.eval(s) != true }}, nil
}

// comparisons maps an operator to what it accepts of a three-way comparison.
var comparisons = map[string]func(c int) bool{
	"eq": func(c int) bool { return c == 0 },
	"ne": func(c int) bool { return c != 0 },
	"gt": func(c int) bool { return c > 0 },
	"ge": func(c int) bool { return c >= 0 },
	"lt": func(c int) bool { return c < 0 },
	"le": func(c int) bool { return c <= 0 },
}

func (p *filterParser) comparison() (node, error) {
	left, err := p.operand()
	if err != nil {
		return left, err
	}
	op := p.peek()
	accepts := comparisons[op.text]
	if op.kind != tokWord || accepts == nil {
		return left, nil
	}
	p.next()
	right, err := p.operand()
	if err != nil {
		return right, err
	}
	if err := reconcile(&left, &right); err != nil {
		return node{}, err
	}
	sensitive := p.sensitive
	return node{typ: typeBool, eval: func(s scope) any {
		a, b := left.eval(s), right.eval(s)
		if a == nil || b == nil {
			return op.text == "eq" && a == b || op.text == "ne" && a != b
		}
		return accepts(order(a, b, sensitive))
	}}, nil
}

// reconcile checks two operands and turns literals into the type of the other side.
func reconcile(a, b *node) error {
	if a.literal != nil && b.literal == nil {
		a, b = b, a
	}
	switch {
	case a.typ == typeNull || b.typ == typeNull:
		return nil
	case a.typ == typeMoment && b.literal != nil && b.typ != typeMoment:
		return badDate(b.literal.text)
	case a.numeric && b.typ == typeNumber:
		inner := a.eval
		*a = node{typ: typeNumber, eval: func(s scope) any {
			text, _ := inner(s).(string)
			n, err := parseAmount(text)
			if err != nil {
				return nil
			}
			return n
		}}
	case a.typ != b.typ:
		return badFilter("A binary operator with incompatible types was detected.")
	}
	return nil
}

// order compares two values of one type: negative, zero or positive.
func order(a, b any, sensitive bool) int {
	switch x := a.(type) {
	case string:
		y, _ := b.(string)
		if !sensitive {
			x, y = strings.ToLower(x), strings.ToLower(y)
		}
		return strings.Compare(x, y)
	case amount:
		y, _ := b.(amount)
		return x.cmp(y)
	case time.Time:
		y, _ := b.(time.Time)
		return x.Compare(y)
	case bool:
		y, _ := b.(bool)
		switch {
		case x == y:
			return 0
		case x:
			return 1
		}
		return -1
	}
	return 0
}
