package signature

import (
	"slices"
	"strings"
)

// parser walks over the tokens of a file: at the top it looks for declarations, and everything in brackets is
// skipped.
type parser struct {
	tokens     []token
	text       string
	at         int
	typed      bool
	failed     bool
	depth      int
	parameters map[string]bool  // names of type parameters, which stand for anything
	named      map[string]*Type // interfaces and types of the file; nil for a name that means something else
	functions  []declared
}

type declared struct {
	Function
	overload bool // it has no body: another declaration has
}

func (p *parser) peek() token { return p.tokens[p.at] }

func (p *parser) next() token {
	t := p.tokens[p.at]
	if p.at < len(p.tokens)-1 {
		p.at++
	} else {
		p.failed = true // behind the end there is nothing to read
	}
	return t
}

func (p *parser) accept(text string) bool {
	if p.failed || !p.peek().is(text) {
		return false
	}
	p.next()
	return true
}

func (p *parser) expect(text string) {
	if !p.accept(text) {
		p.failed = true
	}
}

// skip passes over a bracket and what is in it.
func (p *parser) skip() {
	if !p.peek().opens() {
		p.failed = true
		return
	}
	p.at = p.peek().closing
	p.next()
}

// angles passes over type parameters or arguments, where there are any, and returns the names that they begin with.
func (p *parser) angles() []string {
	if !p.peek().is("<") {
		return nil
	}
	var names []string
	depth := 0
	before := token{}
	for !p.failed {
		t := p.peek()
		if t.opens() {
			p.skip()
			before = t
			continue
		}
		p.next()
		switch {
		case t.is("<"):
			depth++
		case t.is(">"):
			if depth--; depth == 0 {
				return names
			}
		case t.kind == wordToken && depth == 1 && (before.is("<") || before.is(",") || before.is("const")):
			names = append(names, t.text)
		}
		before = t
	}
	return names
}

// file reads the declarations at the top.
func (p *parser) file() {
	first := -1 // where the words before a declaration begin
	for p.peek().kind != endToken {
		t, start := p.peek(), p.at
		if first < 0 {
			first = start
		}
		p.failed, p.depth, p.parameters = false, 0, nil
		switch {
		case t.opens():
			p.skip()
		case t.kind != wordToken || p.before().is(".") || p.before().is("?."): // a member is no word of the language
			p.at++
		case slices.Contains([]string{"export", "default", "declare", "async", "abstract"}, t.text):
			p.at++
			continue // first stays
		default:
			p.declaration(t, p.tokens[first])
		}
		first = -1
		p.at = max(p.at, start+1)
	}
}

// declaration reads what a word at the top begins; first is the first word before it that belongs to it.
func (p *parser) declaration(t, first token) {
	switch t.text {
	case "function":
		p.functionDeclaration(first)
	case "const", "let", "var":
		p.variables(first)
	case "interface":
		p.interfaceDeclaration()
	case "type":
		p.typeDeclaration()
	case "class", "enum", "namespace", "module":
		if name := p.tokens[p.at+1]; name.kind == wordToken {
			p.named[name.text] = nil
		}
	case "import":
		p.imports()
	}
}

func (p *parser) before() token {
	if p.at == 0 {
		return token{}
	}
	return p.tokens[p.at-1]
}

// imports notes the names that an import brings: what they are is not known here.
func (p *parser) imports() {
	p.next()
	for !p.failed {
		t := p.peek()
		switch {
		case t.kind == stringToken || t.kind == endToken || t.is("(") || t.is("."):
			return
		case t.kind == wordToken && t.text != "from" && t.text != "as" && t.text != "type":
			p.named[t.text] = nil
		}
		p.next()
	}
}

func (p *parser) interfaceDeclaration() {
	p.next()
	name := p.next()
	generic := len(p.angles()) > 0
	extends := p.peek().is("extends")
	for !p.failed && !p.peek().is("{") {
		p.next()
	}
	start := p.at
	p.expect("{")
	if p.failed {
		return
	}
	t := p.object()
	_, twice := p.named[name.text]
	if p.failed || generic || extends || twice {
		p.named[name.text] = nil
		p.at = start // what is in the braces is skipped
		return
	}
	p.named[name.text] = &t
}

func (p *parser) typeDeclaration() {
	p.next()
	name := p.peek()
	if name.kind != wordToken || name.line != p.before().line {
		return // a variable of that name
	}
	p.next()
	generic := len(p.angles()) > 0
	if !p.accept("=") {
		return
	}
	start := p.at
	t := p.typ()
	if _, twice := p.named[name.text]; p.failed || generic || twice {
		p.named[name.text] = nil
		p.at = start
		return
	}
	p.named[name.text] = &t
}

func (p *parser) functionDeclaration(first token) {
	p.next()
	p.accept("*")
	name := token{}
	if p.peek().kind == wordToken {
		name = p.next()
	}
	p.add(first, name, "{")
}

// variables reads what const, let and var declare, as far as the values are functions.
func (p *parser) variables(first token) {
	p.next()
	for {
		name := p.peek()
		if name.kind != wordToken || !p.tokens[p.at+1].is("=") {
			return // a pattern, a type of its own, no value: nothing is said of it
		}
		p.at += 2
		if p.peek().is("async") && !p.tokens[p.at+1].is("=>") {
			p.at++
		}
		switch t := p.peek(); {
		case t.is("function"):
			p.next()
			p.accept("*")
			if p.peek().kind == wordToken {
				p.next()
			}
			p.add(first, name, "{")
		case t.is("(") || t.is("<") || t.kind == wordToken && p.tokens[p.at+1].is("=>"):
			p.add(first, name, "=>")
		}
		if !p.value() {
			return
		}
		p.next()
	}
}

// statements are the words with which the next statement begins, for who writes no semicolons.
var statements = []string{"export", "function", "const", "let", "var", "type", "interface", "import", "class", "async"}

// value passes over a value up to the comma behind it; false where the declaration ends there.
func (p *parser) value() bool {
	for {
		switch t := p.peek(); {
		case t.is(","):
			return true
		case t.kind == endToken || t.is(";") || t.kind == wordToken && slices.Contains(statements, t.text):
			return false
		case t.opens():
			p.failed = false
			p.skip()
		default:
			p.at++
		}
	}
}

// add reads a function from its type parameters on. What follows must be its body, which begins with a sign; else it is no function,
// or one without a body.
func (p *parser) add(first, name token, body string) {
	start := p.at
	p.failed, p.depth = false, 0
	f := declared{Function: Function{Name: name.text, First: first.line, Last: max(first.line, name.line)}}
	p.parameters = map[string]bool{}
	for _, n := range p.angles() {
		p.parameters[n] = true
	}
	if t := p.peek(); t.kind == wordToken { // x => ...
		p.next()
		f.Params = []Param{{Name: t.text, Required: p.typed}}
	} else {
		f.Params = p.params()
	}
	if !p.failed && p.accept(":") {
		f.Result = p.typ()
	}
	isBody := !p.failed && p.peek().is(body)
	if p.failed || !isBody && (!p.typed || body == "=>") {
		p.failed, p.at = false, start
		return
	}
	f.overload = !isBody
	f.Text = f.Name + p.written(start, p.at)
	p.comment(&f.Function, first.doc)
	p.functions = append(p.functions, f)
}

// written returns the text of tokens on one line, without comments.
func (p *parser) written(from, to int) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		if t := p.tokens[i]; i > from && t.from > p.tokens[i-1].to {
			b.WriteByte(' ')
		}
		b.WriteString(p.tokens[i].text)
	}
	return strings.NewReplacer("( ", "(", " )", ")", ", )", ")").Replace(strings.ReplaceAll(b.String(), ",  )", ")"))
}

// params reads a list of parameters.
func (p *parser) params() []Param {
	end := p.peek().closing
	p.expect("(")
	all := []Param{}
	for !p.failed && p.at < end {
		if param := p.param(end); param.Name != "this" {
			all = append(all, param)
		}
		if p.at < end {
			p.expect(",")
		}
	}
	if p.at != end {
		p.failed = true
		return nil
	}
	p.next()
	return all
}

// param reads a parameter of a list that is closed at end.
func (p *parser) param(end int) Param {
	param := Param{Required: p.typed}
	param.Rest = p.accept("...")
	switch t := p.peek(); {
	case t.kind == wordToken:
		param.Name = p.next().text
	case t.is("{") || t.is("["):
		p.skip()
	default:
		p.failed = true
	}
	if p.accept("?") || param.Rest {
		param.Required = false
	}
	if p.accept(":") {
		param.Type = p.typ()
	}
	if p.accept("=") {
		param.Required = false
		for !p.failed && p.at < end && !p.peek().is(",") {
			if p.peek().opens() {
				p.skip()
				continue
			}
			p.next()
		}
	}
	if param.Rest {
		if param.Type.Kind != List {
			param.Type.Of = &Type{}
		}
		param.Type = *param.Type.Of
	}
	if param.Type.mayBeMissing() {
		param.Required = false
	}
	return param
}

// mayBeMissing tells whether a type says that undefined is one of its values.
func (t Type) mayBeMissing() bool {
	return t.Kind == Missing || t.Kind == Union && slices.ContainsFunc(t.Types, Type.mayBeMissing)
}
