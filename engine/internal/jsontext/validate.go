package jsontext

import (
	"fmt"
	"unicode/utf8"
)

// SyntaxError is text that is no JSON.
type SyntaxError struct {
	Offset int // in bytes
	Msg    string
}

// Error says what was expected and where.
func (e *SyntaxError) Error() string { return fmt.Sprintf("at byte %d: %s", e.Offset, e.Msg) }

// LineColumn turns a byte offset of s into a line and a column of characters, both from 1.
func LineColumn(s string, offset int) (line, column int) {
	line, start := 1, 0
	for i := 0; i < offset && i < len(s); i++ {
		if s[i] == '\n' {
			line++
			start = i + 1
		}
	}
	return line, utf8.RuneCountInString(s[start:min(offset, len(s))]) + 1
}

// Validate checks that s is one JSON value nested at most maxDepth deep, with nothing
// but white space around it, and returns the bounds of the value. The error is a [*SyntaxError].
func Validate(s string, maxDepth int) (start, end int, err error) {
	v := validator{s: s, maxDepth: maxDepth}
	start = SkipSpace(s, 0)
	if len(s) >= 3 && s[:3] == "\xef\xbb\xbf" {
		return 0, 0, &SyntaxError{0, "the text starts with a byte order mark; save it as UTF-8 without one"}
	}
	if start == len(s) {
		return 0, 0, &SyntaxError{start, "the document is empty"}
	}
	end, err = v.value(start)
	if err != nil {
		return 0, 0, err
	}
	if i := SkipSpace(s, end); i < len(s) {
		return 0, 0, &SyntaxError{i, fmt.Sprintf("unexpected %s after the end of the document", describe(s, i))}
	}
	return start, end, nil
}

type validator struct {
	s        string
	depth    int
	maxDepth int
}

func describe(s string, i int) string {
	if i >= len(s) {
		return "end of text"
	}
	r, _ := utf8.DecodeRuneInString(s[i:])
	return fmt.Sprintf("%q", r)
}

func (v *validator) fail(i int, want string) (int, error) {
	return 0, &SyntaxError{i, fmt.Sprintf("expected %s, found %s", want, describe(v.s, i))}
}

func (v *validator) value(i int) (int, error) {
	if i >= len(v.s) {
		return v.fail(i, "a value")
	}
	switch v.s[i] {
	case '"':
		return v.str(i)
	case '{':
		return v.object(i)
	case '[':
		return v.array(i)
	case 't':
		return v.word(i, "true")
	case 'f':
		return v.word(i, "false")
	case 'n':
		return v.word(i, "null")
	}
	if c := v.s[i]; c == '-' || c >= '0' && c <= '9' {
		return v.number(i)
	}
	return v.fail(i, "a value")
}

func (v *validator) word(i int, w string) (int, error) {
	if len(v.s)-i < len(w) || v.s[i:i+len(w)] != w {
		return v.fail(i, "a value")
	}
	return i + len(w), nil
}

func (v *validator) enter(i int) error {
	v.depth++
	if v.depth > v.maxDepth {
		return &SyntaxError{i, fmt.Sprintf("nested more than %d levels deep", v.maxDepth)}
	}
	return nil
}

func (v *validator) object(i int) (int, error) {
	if err := v.enter(i); err != nil {
		return 0, err
	}
	i = SkipSpace(v.s, i+1)
	if i < len(v.s) && v.s[i] == '}' {
		v.depth--
		return i + 1, nil
	}
	for {
		if i >= len(v.s) || v.s[i] != '"' {
			return v.fail(i, "a member name in quotes")
		}
		var err error
		if i, err = v.str(i); err != nil {
			return 0, err
		}
		i = SkipSpace(v.s, i)
		if i >= len(v.s) || v.s[i] != ':' {
			return v.fail(i, "':'")
		}
		if i, err = v.value(SkipSpace(v.s, i+1)); err != nil {
			return 0, err
		}
		i = SkipSpace(v.s, i)
		if i < len(v.s) && v.s[i] == ',' {
			i = SkipSpace(v.s, i+1)
			continue
		}
		if i >= len(v.s) || v.s[i] != '}' {
			return v.fail(i, "',' or '}'")
		}
		v.depth--
		return i + 1, nil
	}
}

func (v *validator) array(i int) (int, error) {
	if err := v.enter(i); err != nil {
		return 0, err
	}
	i = SkipSpace(v.s, i+1)
	if i < len(v.s) && v.s[i] == ']' {
		v.depth--
		return i + 1, nil
	}
	for {
		var err error
		if i, err = v.value(i); err != nil {
			return 0, err
		}
		i = SkipSpace(v.s, i)
		if i < len(v.s) && v.s[i] == ',' {
			i = SkipSpace(v.s, i+1)
			continue
		}
		if i >= len(v.s) || v.s[i] != ']' {
			return v.fail(i, "',' or ']'")
		}
		v.depth--
		return i + 1, nil
	}
}

func (v *validator) str(i int) (int, error) {
	s := v.s
	for i++; i < len(s); {
		c := s[i]
		switch {
		case c == '"':
			return i + 1, nil
		case c < ' ':
			return 0, &SyntaxError{i, fmt.Sprintf("control character %q inside a string; write it as an escape", c)}
		case c == '\\':
			if i+1 >= len(s) {
				return v.fail(i+1, "an escape")
			}
			switch s[i+1] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
				i += 2
			case 'u':
				for k := i + 2; k < i+6; k++ {
					if k >= len(s) || !isHex(s[k]) {
						return v.fail(k, "four hexadecimal digits after \\u")
					}
				}
				i += 6
			default:
				return v.fail(i+1, "one of \" \\ / b f n r t u after a backslash")
			}
		case c < utf8.RuneSelf:
			i++
		default:
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				return 0, &SyntaxError{i, "the text is not valid UTF-8"}
			}
			i += n
		}
	}
	return v.fail(i, "the closing quote of a string")
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func (v *validator) number(i int) (int, error) {
	s := v.s
	if s[i] == '-' {
		i++
	}
	switch {
	case i < len(s) && s[i] == '0':
		i++
	case i < len(s) && s[i] >= '1' && s[i] <= '9':
		i = digits(s, i)
	default:
		return v.fail(i, "a digit")
	}
	if i < len(s) && s[i] == '.' {
		if i++; digits(s, i) == i {
			return v.fail(i, "a digit after the decimal point")
		}
		i = digits(s, i)
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		if digits(s, i) == i {
			return v.fail(i, "a digit in the exponent")
		}
		i = digits(s, i)
	}
	if i < len(s) && (s[i] >= '0' && s[i] <= '9') {
		return 0, &SyntaxError{i, "a number must not start with a zero"}
	}
	return i, nil
}

func digits(s string, i int) int {
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	return i
}
