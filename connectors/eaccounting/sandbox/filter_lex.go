package sandbox

import "strings"

// tokenKind is what a piece of a $filter is.
type tokenKind uint8

const (
	tokEnd     tokenKind = iota
	tokWord              // a member, a function or an operator
	tokText              // 'a string', with '' for a quote
	tokNumber            // 12 or 0.5
	tokMoment            // 2026-06-01T00:00:00Z, unquoted
	tokGUID              // unquoted
	tokSpecial           // one of ( ) , : / -
)

type token struct {
	kind tokenKind
	text string
	at   int
}

// maxFilter bounds what is parsed; a longer URL would not arrive either.
const maxFilter = 4096

// lex splits a $filter into tokens; the last one is tokEnd.
func lex(src string) ([]token, error) {
	if len(src) > maxFilter {
		return nil, badFilter("The filter is too long.")
	}
	var out []token
	for i := 0; i < len(src); {
		switch c := src[i]; {
		case c == ' ' || c == '\t':
			i++
		case strings.IndexByte("(),:/-", c) >= 0:
			out = append(out, token{tokSpecial, src[i : i+1], i})
			i++
		case c == '\'':
			text, n, ok := quoted(src[i:])
			if !ok {
				return nil, badFilter("There is an unterminated string literal at position %d.", i)
			}
			out = append(out, token{tokText, text, i})
			i += n
		case len(src)-i >= 36 && isGUID(src[i:i+36]) && (len(src)-i == 36 || !isWordByte(src[i+36])):
			out = append(out, token{tokGUID, strings.ToLower(src[i : i+36]), i})
			i += 36
		case c >= '0' && c <= '9':
			j := i
			for j < len(src) && (isWordByte(src[j]) || strings.IndexByte(":.+-", src[j]) >= 0) {
				j++
			}
			kind := tokMoment
			if strings.Trim(src[i:j], "0123456789.") == "" {
				kind = tokNumber
			}
			out = append(out, token{kind, src[i:j], i})
			i = j
		case isWordByte(c):
			j := i
			for j < len(src) && isWordByte(src[j]) {
				j++
			}
			out = append(out, token{tokWord, src[i:j], i})
			i = j
		default:
			return nil, badFilter("There is a syntax error at position %d.", i)
		}
	}
	return append(out, token{tokEnd, "", len(src)}), nil
}

func isWordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// quoted reads a string literal and tells how many bytes it took.
func quoted(src string) (text string, n int, ok bool) {
	var b strings.Builder
	for i := 1; i < len(src); i++ {
		if src[i] != '\'' {
			b.WriteByte(src[i])
			continue
		}
		if i+1 < len(src) && src[i+1] == '\'' {
			b.WriteByte('\'')
			i++
			continue
		}
		return b.String(), i + 1, true
	}
	return "", 0, false
}
