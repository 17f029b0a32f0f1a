// Package completion says what may be written at a place of a script: the members of documents and of the library, read from
// the declarations that package types writes. It follows what is declared and the usual ways through lists, and where it does not know a
// type it offers nothing: it is no compiler and checks nothing. Start with [Read] and [Declarations.At].
package completion

import (
	"maps"
	"slices"
	"strings"
)

// Declarations are what scripts meet. They are immutable and safe for concurrent use.
type Declarations struct {
	types   map[string]*declared // by name with namespaces: Order.Line
	globals map[string]*member   // cw, log, decimal
}

// declared is an interface or the name of a type.
type declared struct {
	doc     string
	members []*member
	index   string // the type of members that are not named
	alias   string // of `type X = ...`
}

// member is a member of an interface, or a global.
type member struct {
	name      string
	doc       string
	signature string // as it is declared behind the name
	result    string // its type; of a method, that of its result
	method    bool
	scope     string // where names in its type are looked up
}

// Read reads declaration files as package types writes them.
func Read(files ...string) *Declarations { return (&Declarations{}).With(files...) }

// With returns the declarations and those of more files.
func (d *Declarations) With(files ...string) *Declarations {
	d = &Declarations{types: maps.Clone(d.types), globals: maps.Clone(d.globals)}
	if d.types == nil {
		d.types, d.globals = map[string]*declared{}, map[string]*member{}
	}
	for _, text := range files {
		r := reader{text: text, into: d}
		r.block("")
	}
	return d
}

// reader walks a declaration file.
type reader struct {
	text string
	at   int
	into *Declarations
}

// doc skips to the next declaration and returns the comment before it.
func (r *reader) doc() string {
	doc := ""
	for r.at < len(r.text) {
		rest := r.text[r.at:]
		switch {
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest, "*/")
			if end < 0 {
				r.at = len(r.text)
				return doc
			}
			doc = spoken(rest[2:end])
			r.at += end + 2
		case strings.HasPrefix(rest, "//"):
			r.line()
		case strings.ContainsRune(" \t\r\n;", rune(rest[0])):
			r.at++
		default:
			return doc
		}
	}
	return doc
}

// spoken is a comment without its stars.
func spoken(comment string) string {
	var lines []string
	for l := range strings.Lines(strings.TrimPrefix(comment, "*")) {
		lines = append(lines, strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(l), "*")))
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

func (r *reader) line() {
	if end := strings.IndexByte(r.text[r.at:], '\n'); end >= 0 {
		r.at += end + 1
		return
	}
	r.at = len(r.text)
}

// block reads declarations up to the brace that ends a namespace, or the end.
func (r *reader) block(space string) {
	for {
		doc := r.doc()
		if r.at >= len(r.text) {
			return
		}
		if r.text[r.at] == '}' {
			r.at++
			return
		}
		r.word("declare")
		switch {
		case r.word("namespace"):
			name := r.name()
			r.past('{')
			r.block(join(space, name))
		case r.word("interface"):
			name := join(space, r.name())
			r.past('{')
			t := &declared{doc: doc}
			r.members(t, name)
			r.into.types[name] = t
		case r.word("type"):
			name := join(space, r.name())
			text := r.statement()
			_, alias, _ := strings.Cut(text, "=")
			r.into.types[name] = &declared{doc: doc, alias: strings.TrimSpace(alias)}
		case r.word("const"), r.word("function"):
			if m := memberOf(r.statement(), doc, space); m != nil {
				r.into.globals[m.name] = m
			}
		default:
			before := r.at
			if r.statement(); r.at == before { // a bracket that nothing has opened
				r.at++
			}
		}
	}
}

// members reads what stands in the braces of an interface.
func (r *reader) members(t *declared, scope string) {
	for {
		doc := r.doc()
		if r.at >= len(r.text) {
			return
		}
		if r.text[r.at] == '}' {
			r.at++
			return
		}
		before := r.at
		text := r.statement()
		if r.at == before {
			r.at++ // what is no member is passed by
			continue
		}
		if inner, ok := strings.CutPrefix(text, "["); ok {
			if _, result, ok := strings.Cut(inner, "]:"); ok && !strings.HasPrefix(inner, "Symbol") {
				t.index = strings.TrimSpace(result)
			}
			continue
		}
		m := memberOf(text, doc, scope)
		if m == nil || slices.ContainsFunc(t.members, func(o *member) bool { return o.name == m.name }) {
			continue // a call signature, or one more way to call the same
		}
		t.members = append(t.members, m)
	}
}

// word takes a word, if it stands here.
func (r *reader) word(w string) bool {
	rest := r.text[r.at:]
	if !strings.HasPrefix(rest, w+" ") {
		return false
	}
	r.at += len(w) + 1
	return true
}

func (r *reader) name() string {
	start := r.at
	for r.at < len(r.text) && isWord(r.text[r.at]) {
		r.at++
	}
	return r.text[start:r.at]
}

func (r *reader) past(c byte) {
	if at := strings.IndexByte(r.text[r.at:], c); at >= 0 {
		r.at += at + 1
		return
	}
	r.at = len(r.text)
}

// statement takes the text up to the semicolon that ends it, or the brace that ends what it stands in.
func (r *reader) statement() string {
	start := r.at
	r.at = endOf(r.text, r.at, ";")
	return strings.TrimSpace(r.text[start:r.at])
}

// endOf is where one of the characters stands outside of brackets and texts, or the brackets end that hold at.
func endOf(text string, at int, stops string) int {
	depth := 0
	for ; at < len(text); at++ {
		switch c := text[at]; {
		case c == '"' || c == '\'' || c == '`':
			at = closing(text, at)
		case depth == 0 && strings.IndexByte(stops, c) >= 0 && (c != '=' || !strings.HasPrefix(text[at:], "=>")):
			return at
		case strings.IndexByte("([{", c) >= 0:
			depth++
		case strings.IndexByte(")]}", c) >= 0:
			if depth--; depth < 0 {
				return at
			}
		}
	}
	return len(text)
}

// closing is where the text that begins at at ends.
func closing(text string, at int) int {
	quote := text[at]
	for at++; at < len(text) && text[at] != quote; at++ {
		if text[at] == '\\' {
			at++
		}
	}
	return at
}

// memberOf reads a member: name, whether it is a method, and its type.
func memberOf(text, doc, scope string) *member {
	text = strings.TrimPrefix(text, "readonly ")
	end := 0
	for end < len(text) && isWord(text[end]) {
		end++
	}
	name, rest := text[:end], text[end:]
	if name == "" && strings.HasPrefix(text, `"`) { // a name that is no word is read with brackets, not behind a dot
		return nil
	}
	rest = strings.TrimSpace(strings.TrimPrefix(rest, "?"))
	if name == "" || rest == "" {
		return nil
	}
	m := &member{name: name, doc: doc, scope: scope, signature: text[end:]}
	switch rest[0] {
	case ':':
		m.result = strings.TrimSpace(rest[1:])
	case '(', '<':
		m.method = true
		if open := strings.IndexByte(rest, '('); open >= 0 {
			after := endOf(rest, open+1, "") + 1
			if after < len(rest) {
				m.result = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(rest[after:]), ":"))
			}
		}
	default:
		return nil
	}
	return m
}

func join(space, name string) string {
	if space == "" {
		return name
	}
	return space + "." + name
}

func isWord(c byte) bool {
	return c == '_' || c == '$' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c >= 0x80
}
