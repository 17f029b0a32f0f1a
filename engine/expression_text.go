package engine

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// scanExpression calls visit for each character of an expression that stands outside of texts and comments, with
// its place; it knows the escapes of texts as expr's lexer does. visit returns how many characters it
// took.
func scanExpression(rs []rune, visit func(i int) (taken int)) {
	for i := 0; i < len(rs); {
		switch r := rs[i]; {
		case r == '"' || r == '\'' || r == '`':
			for i++; i < len(rs) && rs[i] != r; i++ {
				if rs[i] == '\\' && r != '`' {
					i++
				}
			}
			i++
		case r == '/' && i+1 < len(rs) && rs[i+1] == '/':
			for i < len(rs) && rs[i] != '\n' {
				i++
			}
		case r == '/' && i+1 < len(rs) && rs[i+1] == '*':
			for i += 2; i+1 < len(rs) && (rs[i] != '*' || rs[i+1] != '/'); i++ {
			}
			i += 2
		default:
			i += max(1, visit(i))
		}
	}
}

// unreadable tells why a text must not be given to the parser, and at which character.
func unreadable(text string) (why string, at int) {
	if utf8.RuneCountInString(text) > maxExprChars {
		return fmt.Sprintf("the expression is longer than %d characters", maxExprChars), 0
	}
	rs := []rune(text)
	depth, unary, last := 0, 0, 0 // last is the place of the character that unary counts up to
	scanExpression(rs, func(i int) int {
		if why != "" {
			return len(rs)
		}
		taken := 1
		switch r := rs[i]; {
		case unicode.IsSpace(r):
			return 1
		case r >= 'a' && r <= 'z':
			for i+taken < len(rs) && rs[i+taken] >= 'a' && rs[i+taken] <= 'z' {
				taken++
			}
			if string(rs[i:i+taken]) == "not" {
				unary++
			} else {
				unary = 0
			}
		case r == '(' || r == '[' || r == '{':
			depth++
			unary = 0
		case r == ')' || r == ']' || r == '}':
			depth--
			unary = 0
		case r == '-' || r == '+' || r == '!':
			unary++
		default:
			unary = 0
		}
		last = i
		if depth > maxExprDepth || unary > maxExprDepth {
			why, at = fmt.Sprintf("the expression is nested more than %d levels deep", maxExprDepth), last
		}
		return taken
	})
	return why, at
}

// maskNumbers replaces each number that Go's int or float64 might not hold, which expr's parser would
// refuse, by another of the same length. The digits are read from the text itself: see [compiler.number].
func maskNumbers(text string) string {
	const safeDigits = 18 // always fit into an int64
	if len(text) <= safeDigits && !strings.ContainsAny(text, "eE") {
		return text
	}
	rs := []rune(text)
	scanExpression(rs, func(i int) int {
		n := 0
		word := func(r rune) bool { return r == '_' || r == '$' || unicode.IsLetter(r) || unicode.IsDigit(r) }
		if !isDigit(rs[i]) || rs[i] == '0' && i+1 < len(rs) && strings.ContainsRune("xXbBoO", rs[i+1]) {
			for i+n < len(rs) && word(rs[i+n]) {
				n++
			}
			return n
		}
		digits := func() {
			for i+n < len(rs) && (isDigit(rs[i+n]) || rs[i+n] == '_') {
				n++
			}
		}
		digits()
		large := n > safeDigits
		if i+n+1 < len(rs) && rs[i+n] == '.' && isDigit(rs[i+n+1]) {
			n++
			digits()
		}
		if i+n < len(rs) && (rs[i+n] == 'e' || rs[i+n] == 'E') {
			e := 1
			if i+n+e < len(rs) && (rs[i+n+e] == '+' || rs[i+n+e] == '-') {
				e++
			}
			if i+n+e < len(rs) && isDigit(rs[i+n+e]) {
				n += e
				digits()
				large = true
			}
		}
		if large {
			copy(rs[i:], []rune("1."+strings.Repeat("0", n-2)))
		}
		return n
	})
	return string(rs)
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }
