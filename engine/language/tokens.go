package language

import (
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/engine"
)

type tokenKind uint8

const (
	nameToken tokenKind = iota
	numberToken
	stringToken
	pointerToken // #, #index, #acc
	signToken
	commentToken
)

// token is a word or a sign of an expression, also of one that is not complete.
type token struct {
	kind     tokenKind
	text     string
	from, to int  // characters
	open     bool // a string without its end
}

func (t token) is(text string) bool { return t.kind == signToken && t.text == text }

var signs = []string{"?.", "??", "==", "!=", "<=", ">=", "&&", "||", "**", "..", "::"}

// tokens splits an expression.
func tokens(text []rune) []token {
	var all []token
	for i := 0; i < len(text); {
		c := text[i]
		start := i
		t := token{kind: signToken}
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
			continue
		case letter(c):
			t.kind = nameToken
			for i < len(text) && (letter(text[i]) || digit(text[i])) {
				i++
			}
		case digit(c):
			t.kind = numberToken
			for i < len(text) && (digit(text[i]) || letter(text[i]) || text[i] == '.' && i+1 < len(text) && digit(text[i+1])) {
				i++
			}
		case c == '"' || c == '\'' || c == '`':
			t.kind, t.open = stringToken, true
			for i++; i < len(text); i++ {
				if text[i] == '\\' && c != '`' {
					i++
					continue
				}
				if text[i] == c {
					i, t.open = i+1, false
					break
				}
			}
			i = min(i, len(text))
		case c == '#':
			t.kind = pointerToken
			for i++; i < len(text) && letter(text[i]); i++ {
			}
		case c == '/' && i+1 < len(text) && (text[i+1] == '/' || text[i+1] == '*'):
			t.kind = commentToken
			for i += 2; i < len(text); i++ {
				if text[start+1] == '/' && text[i] == '\n' || text[start+1] == '*' && text[i] == '/' && text[i-1] == '*' && i > start+2 {
					i++
					break
				}
			}
		default:
			i++
			if i < len(text) && slices.Contains(signs, string(text[start:i+1])) {
				i++
			}
		}
		t.from, t.to, t.text = start, i, string(text[start:i])
		all = append(all, t)
	}
	return all
}

func letter(c rune) bool { return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
func digit(c rune) bool  { return c >= '0' && c <= '9' }

// keywords are words that end no operand.
var keywords = []string{"and", "or", "not", "in", "contains", "startsWith", "endsWith", "matches", "let", "if", "else"}

// endsOperand tells whether a token can be the end of a value.
func endsOperand(t token) bool {
	switch t.kind {
	case nameToken:
		return !slices.Contains(keywords, t.text)
	case numberToken, stringToken, pointerToken:
		return true
	}
	return t.is(")") || t.is("]") || t.is("}")
}

// chainStart returns the index of the first token of the chain of members, indexes and calls that ends with
// token last.
func chainStart(ts []token, last int) int {
	i := last
	for i >= 0 {
		switch t := ts[i]; {
		case t.is(")") || t.is("]") || t.is("}"):
			open := opening(ts, i)
			if open < 0 {
				return i
			}
			i = open
			calls := t.is(")") && open > 0 && ts[open-1].kind == nameToken && endsOperand(ts[open-1])
			if t.is("]") && open > 0 && endsOperand(ts[open-1]) {
				i = open - 1
				continue
			}
			if calls {
				i = open - 1
			}
		case t.kind == nameToken, t.kind == pointerToken, t.kind == stringToken, t.kind == numberToken:
		default:
			return i + 1
		}
		if i > 0 && (ts[i-1].is(".") || ts[i-1].is("?.")) {
			if i < 2 || !endsOperand(ts[i-2]) {
				return i - 1 // .field of an element
			}
			i -= 2
			continue
		}
		return i
	}
	return 0
}

// opening returns the index of the bracket that the one at i closes, -1 if there is none.
func opening(ts []token, i int) int {
	depth := 0
	for ; i >= 0; i-- {
		switch t := ts[i]; {
		case t.is(")") || t.is("]") || t.is("}"):
			depth++
		case t.is("(") || t.is("[") || t.is("{"):
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// level is a pair of brackets that is open at a place of an expression, or the expression itself.
type level struct {
	call  string // the function whose arguments these are
	arg   int    // which argument the place is in
	first span   // the first argument, or what was piped in
	piped bool
	lets  []declared
	let   *declared // whose value is not complete
	start int       // where the part begins that a pipe would take
	args  int       // where the arguments begin
}

type span struct{ from, to int }

// declared is a variable of an expression.
type declared struct {
	name  string
	at    span // of the name
	value span
}

// levels returns the brackets that are open before token end, outermost first.
func levels(ts []token, end int) []level {
	stack := []level{{}}
	var piped *span
	for i := 0; i < end; i++ {
		t := ts[i]
		top := &stack[len(stack)-1]
		switch {
		case t.is("(") || t.is("[") || t.is("{"):
			l := level{start: t.to, args: t.to}
			if t.is("(") && i > 0 && ts[i-1].kind == nameToken && endsOperand(ts[i-1]) {
				l.call = ts[i-1].text
				if piped != nil {
					l.first, l.piped = *piped, true
				}
			}
			piped = nil
			stack = append(stack, l)
		case t.is(")") || t.is("]") || t.is("}"):
			if len(stack) > 1 {
				stack = stack[:len(stack)-1]
			}
		case t.is(","):
			if top.arg == 0 && !top.piped {
				top.first = span{top.args, t.from}
			}
			top.arg++
			top.lets, top.let = nil, nil
			top.start = t.to
		case t.is(";"):
			if top.let != nil {
				top.let.value.to = t.from
				top.lets = append(top.lets, *top.let)
				top.let = nil
			}
			top.start = t.to
		case t.kind == nameToken && t.text == "let" && i+2 < end && ts[i+1].kind == nameToken && ts[i+2].is("="):
			top.let = &declared{name: ts[i+1].text, at: span{ts[i+1].from, ts[i+1].to}, value: span{from: ts[i+2].to}}
			top.start = ts[i+2].to
			i += 2
		case t.is("?") || t.is(":"):
			top.start = t.to
		case t.is("|"):
			piped = &span{top.start, t.from}
		}
	}
	return stack
}

// overElements tells whether the place is in the argument that is computed for each element.
func (l level) overElements() bool {
	if l.piped {
		return predicates[l.call] && l.arg == 0
	}
	return predicates[l.call] && l.arg == 1
}

var predicates = func() map[string]bool {
	all := map[string]bool{}
	for _, f := range engine.Functions() {
		if f.Predicate {
			all[f.Name] = true
		}
	}
	return all
}()

// probe writes an expression that computes inner as if it stood inside the levels: its value is a list of lists, one
// list for each function that goes over elements. ok is false where that cannot be written.
func probe(text []rune, stack []level, inner string) (expr string, lists int) {
	var b strings.Builder
	closing := 0
	for _, l := range stack {
		if l.overElements() {
			b.WriteString("map(" + string(text[l.first.from:l.first.to]) + "\n, ")
			lists++
			closing++
		}
		for _, d := range l.lets {
			b.WriteString("let " + d.name + " = " + string(text[d.value.from:d.value.to]) + "\n; ")
		}
	}
	b.WriteString(inner)
	b.WriteString(strings.Repeat("\n)", closing))
	return b.String(), lists
}
