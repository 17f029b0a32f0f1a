package sandbox

import (
	"slices"
	"strings"
	"time"
)

// operand reads a literal, a member, a function, a group or a unary minus.
func (p *filterParser) operand() (node, error) {
	t := p.next()
	switch t.kind {
	case tokText:
		return constant(typeText, t.text, t), nil
	case tokGUID:
		return constant(typeGUID, t.text, t), nil
	case tokNumber:
		n, err := parseAmount(t.text)
		if err != nil {
			return node{}, badFilter("There is a syntax error at position %d.", t.at)
		}
		return constant(typeNumber, n, t), nil
	case tokMoment:
		m, ok := parseMoment(t.text)
		if !ok {
			return node{}, badDate(t.text)
		}
		return constant(typeMoment, m, t), nil
	case tokWord:
		return p.named(t)
	}
	switch t.text {
	case "(":
		n, err := p.disjunction()
		if err == nil {
			err = p.expect(")")
		}
		return n, err
	case "-":
		return p.minus()
	}
	return node{}, badFilter("There is a syntax error at position %d.", t.at)
}

func (p *filterParser) minus() (node, error) {
	if p.depth++; p.depth > maxFilterDepth {
		return node{}, badFilter("The filter is nested too deeply.")
	}
	defer func() { p.depth-- }()
	n, err := p.operand()
	if err != nil {
		return n, err
	}
	if n.typ != typeNumber {
		return n, badFilter("A unary minus needs a number.")
	}
	inner := n.eval
	n.eval = func(s scope) any {
		if a, ok := inner(s).(amount); ok {
			return a.neg()
		}
		return nil
	}
	return n, nil
}

func constant(typ valueType, v any, t token) node {
	return node{typ: typ, eval: func(scope) any { return v }, literal: &t}
}

func parseMoment(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// named reads what begins with a word.
func (p *filterParser) named(t token) (node, error) {
	switch t.text {
	case "true", "false":
		return constant(typeBool, t.text == "true", t), nil
	case "null":
		return constant(typeNull, nil, t), nil
	}
	if p.peek().text == "(" && p.peek().kind == tokSpecial {
		return p.function(t)
	}
	if p.rowName != "" && t.text == p.rowName {
		if err := p.expect("/"); err != nil {
			return node{}, err
		}
		m := p.next()
		return p.field("Rows/"+m.text, p.schema.byName["Rows"].sub, m.text, func(s scope) object { return s.row })
	}
	if p.special("/") {
		return p.any(t)
	}
	return p.field(t.text, p.schema, t.text, func(s scope) object { return s.doc })
}

// any reads Rows/any(r: condition).
func (p *filterParser) any(list token) (node, error) {
	m := p.schema.byName[list.text]
	if !p.word("any") || m == nil || m.name != "Rows" || p.rowName != "" {
		return node{}, badFilter("There is a syntax error at position %d.", list.at)
	}
	if err := p.expect("("); err != nil {
		return node{}, err
	}
	variable := p.next()
	if variable.kind != tokWord || p.schema.byName[variable.text] != nil {
		return node{}, badFilter("A range variable was expected at position %d.", variable.at)
	}
	if err := p.expect(":"); err != nil {
		return node{}, err
	}
	p.rowName = variable.text
	cond, err := p.disjunction()
	p.rowName = ""
	if err != nil {
		return cond, err
	}
	if cond.typ != typeBool {
		return cond, badFilter("any() needs a condition.")
	}
	return node{typ: typeBool, eval: func(s scope) any {
		return slices.ContainsFunc(s.doc.objects("Rows"), func(row object) bool {
			return cond.eval(scope{doc: s.doc, row: row}) == true
		})
	}}, p.expect(")")
}

func (p *filterParser) function(t token) (node, error) {
	test := map[string]func(s, part string) bool{
		"contains": strings.Contains, "startswith": strings.HasPrefix, "endswith": strings.HasSuffix,
	}[t.text]
	if test == nil || p.noEnds && t.text != "contains" {
		return node{}, badFilter("An unknown function with name '%s' was found.", clip(t.text))
	}
	if err := p.expect("("); err != nil {
		return node{}, err
	}
	value, err := p.operand()
	if err != nil {
		return value, err
	}
	if err := p.expect(","); err != nil {
		return node{}, err
	}
	part, err := p.operand()
	if err != nil {
		return part, err
	}
	if value.typ != typeText || part.typ != typeText {
		return node{}, badFilter("The function '%s' needs two strings.", t.text)
	}
	sensitive := p.sensitive
	return node{typ: typeBool, eval: func(s scope) any {
		a, ok := value.eval(s).(string)
		b, ok2 := part.eval(s).(string)
		if !sensitive {
			a, b = strings.ToLower(a), strings.ToLower(b)
		}
		return ok && ok2 && test(a, b)
	}}, p.expect(")")
}

// field reads a member, if the vendor made it filterable.
func (p *filterParser) field(path string, in *schema, name string, of func(scope) object) (node, error) {
	if virtual := p.rules.virtual[path]; virtual != nil {
		return node{typ: typeNumber, eval: func(s scope) any { return virtual(of(s)) }}, nil
	}
	m := in.byName[name]
	if m == nil {
		return node{}, badFilter("Could not find a property named '%s'.", clip(name))
	}
	if !slices.Contains(p.rules.known, path) && (p.strict || !slices.Contains(p.rules.uncertain, path)) {
		return node{}, badFilter("The property '%s' cannot be used in the $filter query option.", clip(path))
	}
	n := node{numeric: slices.Contains(p.rules.numeric, path)}
	switch m.kind {
	case kText:
		n.typ = typeText
	case kGUID:
		n.typ = typeGUID
	case kBool:
		n.typ = typeBool
	case kInt, kDecimal:
		n.typ = typeNumber
	case kDate, kInstant:
		n.typ = typeMoment
	default:
		return node{}, badFilter("The property '%s' cannot be used in the $filter query option.", clip(path))
	}
	n.eval = func(s scope) any { return plain(m.kind, of(s)[m.name]) }
	return n, nil
}

// plain turns a stored value into one that can be compared.
func plain(k kind, v any) any {
	switch x := v.(type) {
	case int64:
		return whole(x)
	case string:
		if k == kDate || k == kInstant {
			if t, ok := parseMoment(x); ok {
				return t
			}
			return nil
		}
		return x
	}
	return v
}
