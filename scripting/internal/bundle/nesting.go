package bundle

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
)

// tooDeep returns the line in which a text is nested deeper than any parser may be asked to follow; 0 where none
// is. It counts what makes parsers recurse: brackets, and runs of operators and words that take the rest of
// the line as their operand (- - - x, a => b => c, typeof typeof x, if (a) if (b)), at most [MaxNesting] of them, and chains that
// a parser reads in a loop but makes a deep tree of (a + b + c, a.b.c, a()()(), a, b, c, else if), at most [MaxChain] links. It reads strings, comments and templates
// well enough to skip them. A text made to deceive it can hide from one way of counting but hardly
// from both: brackets are counted once with and once without what looks like strings.
func tooDeep(text string) int {
	l := lexer{text: text, line: 1}
	return l.scan()
}

type lexer struct {
	text string
	i    int
	line int

	depth, raw int     // open brackets outside strings and comments, and anywhere
	level              // inside the innermost bracket
	outer      []level // inside those around it
	templates  []int   // the depth at which each open ${ began
	last       byte    // the last character that was no space
	word       string
}

// level is what is counted between a bracket and its end.
type level struct {
	operators int  // that wait for an operand, in the statement
	words     int  // if, else, for ... that wait for a body
	chain     int  // links of the expression so far, with those inside the brackets that it holds
	peak      int  // the longest chain of the level
	commas    int  // of the expression so far
	questions int  // ? without its :
	elses     int  // of the if so far
	before    int  // elses before the statement ended; the next word tells whether it goes on
	list      bool // commas part elements, and make no chain
}

func (l *level) link(n int) {
	l.chain += n
	l.peak = max(l.peak, l.chain)
}

// end ends an expression.
func (l *level) end() { l.operators, l.words, l.chain = 0, 0, 0 }

// prefixes are the words that take what follows as their operand or body.
var prefixes = map[string]bool{
	"typeof": true, "void": true, "delete": true, "await": true, "yield": true, "new": true, "throw": true, "return": true,
}

// heads are the words that take a statement as their body.
var heads = map[string]bool{"if": true, "else": true, "for": true, "while": true, "do": true, "with": true}

// infixes are the words that stand between operands, or before one in types.
var infixes = map[string]bool{
	"in": true, "instanceof": true, "as": true, "satisfies": true, "keyof": true, "readonly": true, "unique": true, "infer": true, "extends": true, "is": true,
}

// starts are the words that begin a statement, whatever stood before.
var starts = map[string]bool{
	"const": true, "let": true, "var": true, "function": true, "class": true, "import": true, "export": true, "return": true, "throw": true, "case": true,
}

func (l *lexer) scan() int {
	for l.i < len(l.text) {
		c := l.text[l.i]
		switch {
		case c == '\n':
			l.line++
			l.i++
			// A line that ends with an operand and is not continued by an operator ends a statement without a semicolon.
			if strings.IndexByte("a)]}\"`", l.last) >= 0 && !prefixes[l.word] && !l.continued() {
				l.operators, l.chain, l.commas = 0, 0, 0
			}
			continue
		case c == ' ' || c == '\t' || c == '\r':
			l.i++
			continue
		case isWordByte(c):
			start := l.i
			for l.i < len(l.text) && isWordByte(l.text[l.i]) {
				l.i++
			}
			before := l.last
			l.word, l.last = l.text[start:l.i], 'a'
			switch {
			case before == '.': // a member
			case infixes[l.word]:
				l.link(1)
			case starts[l.word]:
				l.end()
				l.commas = 0
			case prefixes[l.word]:
				l.operators++
			case l.word == "else":
				l.words++
				l.elses = l.level.before + 1
				l.link(l.elses)
				l.chain -= l.elses
			case heads[l.word]:
				l.words++
				l.chain = 0
			case before == '}': // what a } ends is no operand of a word
				l.chain, l.commas = 0, 0
			}
		case c == '"' || c == '\'':
			l.quoted(c)
		case c == '`':
			if strings.ContainsRune("a)]}\"`", rune(l.last)) {
				l.link(1)
			}
			l.i++
			l.template()
		case c == '/' && strings.HasPrefix(l.text[l.i:], "//"):
			end := strings.IndexByte(l.text[l.i:], '\n')
			if end < 0 {
				end = len(l.text) - l.i
			}
			l.skip(l.i + end)
			continue
		case c == '/' && strings.HasPrefix(l.text[l.i:], "/*"):
			end := strings.Index(l.text[l.i+2:], "*/")
			if end < 0 {
				end = len(l.text) - l.i - 4
			}
			l.skip(min(l.i+2+end+2, len(l.text)))
			continue
		case c == '/' && l.regexpMayStart():
			l.regexp()
		default:
			l.operator(c)
		}
		if l.depth > MaxNesting || l.raw > 25*MaxNesting || l.operators > MaxNesting || l.words > MaxNesting || l.peak > MaxChain || l.commas > MaxChain {
			return l.line
		}
	}
	return 0
}

// continued tells whether what follows begins with an operator.
func (l *lexer) continued() bool {
	end := min(l.i+200, len(l.text))
	rest := strings.TrimLeft(l.text[l.i:end], " \t\r\n")
	if rest == "" {
		return end < len(l.text)
	}
	return strings.IndexByte("?:=*+-.&|<>%^/([`,!", rest[0]) >= 0 || strings.HasPrefix(rest, "in") || strings.HasPrefix(rest, "as") || strings.HasPrefix(rest, "satisfies")
}

func (l *lexer) operator(c byte) {
	l.i++
	operand := strings.ContainsRune("a)]}\"`", rune(l.last))
	switch c {
	case '(', '[', '{':
		l.open(c, operand)
	case ')', ']', '}':
		l.depth = max(l.depth-1, 0)
		l.raw = max(l.raw-1, 0)
		l.close()
		if n := len(l.templates); c == '}' && n > 0 && l.depth == l.templates[n-1] {
			l.templates = l.templates[:n-1]
			l.template()
			c = '`'
		}
		if c == '}' {
			l.operators, l.words = 0, 0
			l.level.before, l.elses = l.elses, 0
		}
	case ';':
		l.end()
		l.commas, l.level.before, l.elses = 0, l.elses, 0
	case ',':
		l.end()
		if !l.list {
			l.commas++
		}
	case '!', '~', '?', '*', '=', '>', ':':
		l.operators++ // a => b => c, a ? b : c ? d : e, a = b = c, a ** b ** c, !!x
		l.link(1)
		l.colon(c)
	case '+', '-':
		if !operand {
			l.operators++
		}
		l.link(1)
	case '.', '/', '%', '&', '|', '^', '<':
		l.link(1)
	}
	l.last, l.word = c, ""
}

// open begins what is inside a bracket.
func (l *lexer) open(c byte, operand bool) {
	l.depth++
	l.raw++
	if operand {
		l.link(1)
	}
	l.outer = append(l.outer, l.level)
	l.level = level{list: c == '['}
}

// close ends it: the chain goes on around what it held.
func (l *lexer) close() {
	n := len(l.outer)
	if n == 0 {
		l.level = level{}
		return
	}
	inner := l.peak
	l.level = l.outer[n-1]
	l.outer = l.outer[:n-1]
	l.link(inner)
}

// colon keeps the commas of an object apart from those of an expression: a colon that no ? waits for names a member.
func (l *lexer) colon(c byte) {
	switch {
	case c == '?':
		l.questions++
	case c == ':' && l.questions > 0:
		l.questions--
	case c == ':':
		l.commas = 0
	}
}

// skip moves on to end; brackets in what is skipped count once, in raw.
func (l *lexer) skip(end int) {
	for ; l.i < end; l.i++ {
		switch l.text[l.i] {
		case '\n':
			l.line++
		case '(', '[', '{':
			l.raw++
		case ')', ']', '}':
			l.raw = max(l.raw-1, 0)
		}
	}
}

func (l *lexer) quoted(quote byte) {
	end := l.i + 1
	for end < len(l.text) && l.text[end] != quote && l.text[end] != '\n' {
		if l.text[end] == '\\' {
			end++
		}
		end++
	}
	l.skip(min(end, len(l.text)))
	l.i = min(l.i+1, len(l.text))
	l.last = '"'
}

// template reads a template up to its end or its next ${.
func (l *lexer) template() {
	end := l.i
	for end < len(l.text) {
		switch {
		case l.text[end] == '\\':
			end++
		case l.text[end] == '`':
			l.skip(end)
			l.i++
			l.last = '`'
			return
		case strings.HasPrefix(l.text[end:], "${"):
			l.skip(end)
			l.i += 2
			l.templates = append(l.templates, l.depth)
			l.open('{', false)
			l.last = '{'
			return
		}
		end++
	}
	l.skip(len(l.text))
}

func (l *lexer) regexpMayStart() bool {
	switch {
	case l.last == 0:
		return true
	case l.last == 'a':
		return prefixes[l.word] || l.word == "case" || l.word == "in" || l.word == "of"
	}
	return !strings.ContainsRune(")]}\"`", rune(l.last))
}

func (l *lexer) regexp() {
	end, class := l.i+1, false
	for end < len(l.text) && l.text[end] != '\n' && (class || l.text[end] != '/') {
		switch l.text[end] {
		case '\\':
			end++
		case '[':
			class = true
		case ']':
			class = false
		}
		end++
	}
	l.skip(min(end, len(l.text)))
	l.i = min(l.i+1, len(l.text))
	l.last = '"'
}

func isWordByte(c byte) bool {
	return c == '_' || c == '$' || c >= 0x80 || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// inexact returns the first number of a JSON text that a double cannot hold as it is written, with its line.
func inexact(text []byte) (line int, number string) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	for {
		t, err := dec.Token()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				return 0, "" // esbuild says what is wrong, and where
			}
			return 0, ""
		}
		n, ok := t.(json.Number)
		if !ok || exactDouble(string(n)) {
			continue
		}
		return 1 + bytes.Count(text[:dec.InputOffset()], []byte("\n")), string(n)
	}
}

// exactDouble tells whether a number has at most 15 significant digits and a small exponent: then the double
// nearest to it is written with those digits again.
func exactDouble(n string) bool {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(n), "e")
	digits := strings.TrimLeft(strings.Replace(strings.TrimPrefix(mantissa, "-"), ".", "", 1), "0")
	if len(strings.TrimRight(digits, "0")) > 15 || len(digits) > 300 {
		return false
	}
	e, err := strconv.Atoi(exponent)
	return exponent == "" || err == nil && e > -280 && e < 280
}
