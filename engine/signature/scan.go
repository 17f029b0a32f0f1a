package signature

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// token is a word, a literal or a sign of a file.
type token struct {
	kind     tokenKind
	text     string // as it is written
	from, to int    // in bytes
	line     int    // from 1
	doc      string // the comment /** */ right before it, as it is written
	closing  int    // of a bracket that opens: the index of the one that closes it
}

type tokenKind uint8

const (
	wordToken tokenKind = iota + 1
	numberToken
	stringToken // also a template
	patternToken
	signToken
	endToken
)

func (t token) is(text string) bool {
	return (t.kind == signToken || t.kind == wordToken) && t.text == text
}

// scanner reads tokens. It knows as much of JavaScript as it takes to tell what is text, a pattern or a comment.
type scanner struct {
	text string
	at   int
	line int
	doc  string
	out  []token
}

// closers are the brackets that close others.
var closers = map[string]string{"(": ")", "[": "]", "{": "}"}

// opens tells whether a token opens a bracket.
func (t token) opens() bool { return t.kind == signToken && closers[t.text] != "" }

// scan returns the tokens of a text with an end token behind them; not ok where brackets do not match, where the text ends in something
// that is open, or is too long.
func scan(text string) (tokens []token, ok bool) {
	s := &scanner{text: text, line: 1}
	if strings.HasPrefix(text, "#!") {
		s.skipLine()
	}
	for s.at < len(text) {
		if !s.next() || len(s.out) > maxTokens {
			return nil, false
		}
	}
	var open []int
	for i, t := range s.out {
		switch {
		case t.opens():
			open = append(open, i)
		case t.is(")") || t.is("]") || t.is("}"):
			if len(open) == 0 || closers[s.out[open[len(open)-1]].text] != t.text {
				return nil, false
			}
			s.out[open[len(open)-1]].closing = i
			open = open[:len(open)-1]
		}
	}
	return append(s.out, token{kind: endToken, from: len(text), to: len(text), line: s.line}), len(open) == 0
}

func (s *scanner) skipLine() {
	if i := strings.IndexByte(s.text[s.at:], '\n'); i >= 0 {
		s.at += i
		return
	}
	s.at = len(s.text)
}

func (s *scanner) next() bool {
	rest := s.text[s.at:]
	r, size := utf8.DecodeRuneInString(rest)
	switch {
	case r == '\n':
		s.line++
		s.at++
	case unicode.IsSpace(r) || r == '\uFEFF':
		s.at += size
	case strings.HasPrefix(rest, "//"):
		s.skipLine()
	case strings.HasPrefix(rest, "/*"):
		end := strings.Index(rest[2:], "*/")
		if end < 0 {
			return false
		}
		comment := rest[:end+4]
		if strings.HasPrefix(comment, "/**") && len(comment) > 4 {
			s.doc = comment
		}
		s.line += strings.Count(comment, "\n")
		s.at += len(comment)
	case isWordStart(r):
		to := size
		for to < len(rest) {
			r, n := utf8.DecodeRuneInString(rest[to:])
			if !isWordStart(r) && !unicode.IsDigit(r) && r != '\u200c' && r != '\u200d' {
				break
			}
			to += n
		}
		s.add(wordToken, to)
	case r >= '0' && r <= '9':
		to := 1
		for to < len(rest) && (rest[to] == '.' || rest[to] == '_' || isWordStart(rune(rest[to])) || rest[to] >= '0' && rest[to] <= '9') {
			to++
		}
		s.add(numberToken, to)
	case r == '"' || r == '\'':
		return s.quoted(byte(r))
	case r == '`':
		return s.template()
	case r == '/' && s.patternMayStand():
		return s.pattern()
	case strings.HasPrefix(rest, "=>") || strings.HasPrefix(rest, "?."):
		s.add(signToken, 2)
	case strings.HasPrefix(rest, "..."):
		s.add(signToken, 3)
	default:
		s.add(signToken, size)
	}
	return true
}

func isWordStart(r rune) bool {
	return r == '_' || r == '$' || r == '#' || r == '\\' || unicode.IsLetter(r)
}

func (s *scanner) add(kind tokenKind, size int) {
	s.out = append(s.out, token{kind: kind, text: s.text[s.at : s.at+size], from: s.at, to: s.at + size, line: s.line, doc: s.doc})
	s.doc = ""
	s.at += size
}

func (s *scanner) quoted(quote byte) bool {
	for i := s.at + 1; i < len(s.text); i++ {
		switch s.text[i] {
		case '\\':
			i++
			if i < len(s.text) && s.text[i] == '\n' {
				s.line++
			}
		case '\n':
			return false
		case quote:
			s.add(stringToken, i+1-s.at)
			return true
		}
	}
	return false
}

// template reads a template with what stands in its braces, which may be templates again.
func (s *scanner) template() bool {
	line := s.line
	end := templateEnd(s.text, s.at, 0)
	if end < 0 {
		return false
	}
	lines := strings.Count(s.text[s.at:end], "\n")
	s.add(stringToken, end-s.at)
	s.line = line + lines
	return true
}

// templateEnd returns the end of the template that begins at i, -1 where it has none. In its braces texts and templates are known,
// patterns are not.
func templateEnd(text string, i, depth int) int {
	if depth > maxDepth {
		return -1
	}
	for i++; i < len(text); i++ {
		switch {
		case text[i] == '\\':
			i++
		case text[i] == '`':
			return i + 1
		case strings.HasPrefix(text[i:], "${"):
			if i = bracesEnd(text, i+1, depth); i < 0 {
				return -1
			}
			i--
		}
	}
	return -1
}

func bracesEnd(text string, i, depth int) int {
	open := 0
	for ; i < len(text); i++ {
		switch c := text[i]; c {
		case '{':
			open++
		case '}':
			if open--; open == 0 {
				return i + 1
			}
		case '`':
			if i = templateEnd(text, i, depth+1); i < 0 {
				return -1
			}
			i--
		case '"', '\'':
			for i++; i < len(text) && text[i] != c; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		}
	}
	return -1
}

// patternMayStand tells whether a slash begins a regular expression: it divides behind a value.
func (s *scanner) patternMayStand() bool {
	if len(s.out) == 0 {
		return true
	}
	switch last := s.out[len(s.out)-1]; last.kind {
	case wordToken:
		switch last.text {
		case "return", "typeof", "instanceof", "in", "of", "new", "delete", "void", "throw", "case", "do", "else", "await", "yield":
			return true
		}
		return false
	case signToken:
		return last.text != ")" && last.text != "]" && last.text != "}"
	}
	return false
}

func (s *scanner) pattern() bool {
	inClass := false
	for i := s.at + 1; i < len(s.text); i++ {
		switch c := s.text[i]; {
		case c == '\n':
			return false
		case c == '\\':
			i++
		case c == '[':
			inClass = true
		case c == ']':
			inClass = false
		case c == '/' && !inClass:
			s.add(patternToken, i+1-s.at)
			return true
		}
	}
	return false
}
