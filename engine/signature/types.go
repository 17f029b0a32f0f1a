package signature

import (
	"encoding/json"
	"strings"
)

// typ reads a type. The parser's failed is set where that cannot be done.
func (p *parser) typ() Type {
	p.accept("|")
	t := p.intersection()
	types := []Type{t}
	for p.accept("|") {
		types = append(types, p.intersection())
	}
	t = union(types)
	if p.peek().is("extends") { // a conditional type
		p.next()
		p.typ()
		p.expect("?")
		p.typ()
		p.expect(":")
		p.typ()
		return Type{}
	}
	return t
}

func (p *parser) intersection() Type {
	p.accept("&")
	t := p.postfix()
	if !p.peek().is("&") {
		return t
	}
	whole := t.Kind == Object
	for p.accept("&") {
		more := p.postfix()
		whole = whole && more.Kind == Object
		t.Members = append(t.Members[:len(t.Members):len(t.Members)], more.Members...)
		if t.Of == nil {
			t.Of = more.Of
		}
	}
	if !whole {
		return Type{}
	}
	return t
}

func (p *parser) postfix() Type {
	if p.depth++; p.depth > maxDepth {
		p.failed = true
	}
	defer func() { p.depth-- }()
	if p.failed {
		return Type{}
	}
	switch t := p.peek(); {
	case t.is("readonly"):
		p.next()
		return p.postfix()
	case t.is("keyof") || t.is("unique") || t.is("infer"):
		p.next()
		p.postfix()
		return Type{}
	case t.is("?") || t.is("!"): // JSDoc: may be null, may not
		p.next()
		inner := p.postfix()
		if t.is("?") {
			return union([]Type{inner, {Kind: Null}})
		}
		return inner
	}
	t := p.primary()
	for !p.failed && p.peek().is("[") && p.peek().line == p.tokens[p.at-1].line {
		p.next()
		if p.accept("]") {
			of := t
			t = Type{Kind: List, Of: &of}
			continue
		}
		p.typ() // the type of a member
		p.expect("]")
		t = Type{}
	}
	return t
}

// words are the names of types that mean the same in every file.
var words = map[string]Type{
	"any": {}, "unknown": {}, "never": {}, "symbol": {}, "bigint": {}, "this": {}, "Function": {},
	"string": {Kind: String}, "String": {Kind: String}, "number": {Kind: Number}, "Number": {Kind: Number},
	"boolean": {Kind: Boolean}, "Boolean": {Kind: Boolean}, "bool": {Kind: Boolean}, "true": {Kind: Boolean, Choice: "true"}, "false": {Kind: Boolean, Choice: "false"},
	"null": {Kind: Null}, "undefined": {Kind: Missing}, "void": {Kind: Missing}, "Decimal": {Kind: Decimal},
	"object": {Kind: Object, Of: &Type{}}, "Object": {Kind: Object, Of: &Type{}}, "Array": {Kind: List, Of: &Type{}},
	"Numeric": {Kind: Union, Types: []Type{{Kind: Decimal}, {Kind: Number}, {Kind: String}}},
}

func (p *parser) primary() Type {
	t := p.next()
	switch t.kind {
	case stringToken:
		if strings.HasPrefix(t.text, "`") {
			return Type{Kind: String}
		}
		return Type{Kind: String, Choice: jsonText(t.text)}
	case numberToken:
		return Type{Kind: Number}
	case wordToken:
		return p.name(t)
	}
	switch {
	case t.is("-"):
		p.next()
		return Type{Kind: Number}
	case t.is("*"): // JSDoc: anything
		return Type{}
	case t.is("{"):
		return p.object()
	case t.is("["):
		p.at--
		p.skip()
		return Type{Kind: List, Of: &Type{}}
	case t.is("<"): // a generic function
		p.at--
		p.angles()
		return p.function()
	case t.is("("):
		p.at--
		if p.tokens[p.peek().closing+1].is("=>") {
			return p.function()
		}
		p.next()
		inner := p.typ()
		p.expect(")")
		return inner
	}
	p.failed = true
	return Type{}
}

// function reads the type of a function from its parameters on; nothing is said of it.
func (p *parser) function() Type {
	p.skip()
	p.expect("=>")
	p.typ()
	return Type{}
}

func (p *parser) name(t token) Type {
	name := t.text
	switch name {
	case "new", "abstract":
		if name == "abstract" {
			p.accept("new")
		}
		p.angles()
		return p.function()
	case "typeof", "import":
		if name == "import" {
			p.skip()
		} else {
			p.next()
		}
		for p.accept(".") {
			p.next()
		}
		p.angles()
		return Type{}
	case "asserts":
		if p.peek().kind == wordToken {
			p.next()
			if p.accept("is") {
				p.typ()
			}
			return Type{Kind: Missing}
		}
	case "function": // JSDoc
		p.skip()
		if p.accept(":") {
			p.typ()
		}
		return Type{}
	}
	for p.accept(".") {
		part := p.next()
		if part.is("<") { // JSDoc: Array.<T>
			p.at--
			break
		}
		name += "." + part.text
	}
	var args []Type
	if p.peek().is("<") {
		p.next()
		for !p.failed {
			args = append(args, p.typ())
			if p.accept(">") {
				break
			}
			p.expect(",")
		}
	}
	if p.peek().is("is") && p.peek().line == t.line { // x is T
		p.next()
		p.typ()
		return Type{Kind: Boolean}
	}
	if _, own := p.named[name]; own && len(args) > 0 || p.parameters[name] {
		return Type{}
	}
	return generic(name, args)
}

func generic(name string, args []Type) Type {
	arg := func(i int) *Type {
		if i < len(args) {
			return &args[i]
		}
		return &Type{}
	}
	switch name {
	case "Array", "ReadonlyArray", "Iterable":
		return Type{Kind: List, Of: arg(0)}
	case "Promise", "Readonly", "Output":
		return *arg(0)
	case "Record", "Object":
		if len(args) == 2 && arg(0).Kind == String && arg(0).Choice == "" {
			return Type{Kind: Object, Of: arg(1)}
		}
		return Type{Kind: Object, Of: &Type{}}
	}
	if t, ok := words[name]; ok {
		return t
	}
	if len(args) > 0 {
		return Type{}
	}
	return Type{Kind: Reference, Name: name}
}

// object reads the members of an object behind its brace.
func (p *parser) object() Type {
	t := Type{Kind: Object}
	known := true
	for !p.failed && !p.accept("}") {
		if p.accept(";") || p.accept(",") {
			continue
		}
		m, index, ok := p.member()
		switch {
		case !ok:
			known = false
		case index:
			t.Of = &m.Type
		default:
			t.Members = append(t.Members, m)
		}
	}
	if !known {
		return Type{Kind: Object, Of: &Type{}}
	}
	return t
}

// member reads a member of an object type; index is true for [key: string]: T. It is not ok where the object has members that are
// not known.
func (p *parser) member() (m Member, index, ok bool) {
	for _, modifier := range []string{"readonly", "get", "set"} {
		if next := p.tokens[min(p.at+1, len(p.tokens)-1)]; p.peek().is(modifier) && (next.kind == wordToken || next.kind == stringToken || next.is("[")) {
			p.next()
		}
	}
	if p.peek().is("+") || p.peek().is("-") {
		p.next()
		p.accept("readonly")
	}
	t := p.next()
	switch {
	case t.is("["):
		p.at--
		end := p.peek().closing
		isIndex := end-p.at >= 3 && p.tokens[p.at+2].is(":")
		p.at = end + 1
		if !isIndex { // a mapped type, or a name that is computed
			if p.accept("+") || p.accept("-") {
				p.accept("?")
			} else {
				p.accept("?")
			}
			if p.peek().is("(") || p.peek().is("<") {
				return m, false, p.method()
			}
			if p.accept(":") {
				p.typ()
			}
			return m, false, false
		}
		p.expect(":")
		m.Type = p.typ()
		return m, true, true
	case t.is("(") || t.is("<"): // it can be called
		p.at--
		p.method()
		return m, false, false
	case t.kind == wordToken || t.kind == numberToken:
		m.Name = t.text
	case t.kind == stringToken && !strings.HasPrefix(t.text, "`"):
		if err := json.Unmarshal([]byte(jsonText(t.text)), &m.Name); err != nil {
			p.failed = true
		}
	default:
		p.failed = true
		return m, false, false
	}
	m.Optional = p.accept("?")
	switch {
	case p.peek().is("(") || p.peek().is("<"):
		p.method()
	case p.accept(":"):
		m.Type = p.typ()
		m.Optional = p.accept("=") || m.Optional
	}
	return m, false, true
}

// method reads a method from its parameters on.
func (p *parser) method() bool {
	p.angles()
	p.skip()
	if p.accept(":") {
		p.typ()
	}
	return false
}

// jsonText turns a text in quotes into JSON, as far as escapes are the same in both.
func jsonText(quoted string) string {
	inner := quoted[1 : len(quoted)-1]
	if quoted[0] == '\'' {
		inner = strings.ReplaceAll(strings.ReplaceAll(inner, `\'`, `'`), `"`, `\"`)
	}
	var text string
	if json.Unmarshal([]byte(`"`+inner+`"`), &text) != nil {
		text = inner
	}
	out, err := json.Marshal(text)
	if err != nil {
		return `""` // no text fails
	}
	return string(out)
}
