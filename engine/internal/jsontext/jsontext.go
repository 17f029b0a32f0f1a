// Package jsontext reads JSON where it lies: it validates a document once and then finds
// members and elements as substrings of the text, so that numbers keep their digits
// and nothing is decoded that nobody asks for. It is not a decoder into Go
// values. Start with [Validate]; every other function expects text that it accepted.
package jsontext

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// SkipSpace returns the index of the first character of s at or after i that is no white space.
func SkipSpace(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\n' || s[i] == '\r' || s[i] == '\t') {
		i++
	}
	return i
}

// Skip returns the index after the value that starts at i.
func Skip(s string, i int) int {
	switch s[i] {
	case '"':
		return skipString(s, i)
	case '{', '[':
		depth := 0
		for i < len(s) {
			switch s[i] {
			case '"':
				i = skipString(s, i)
				continue
			case '{', '[':
				depth++
			case '}', ']':
				depth--
				if depth == 0 {
					return i + 1
				}
			}
			i++
		}
		return i
	}
	for i < len(s) {
		switch s[i] {
		case ',', '}', ']', ' ', '\n', '\r', '\t', ':':
			return i
		}
		i++
	}
	return i
}

func skipString(s string, i int) int {
	for i++; i < len(s); {
		k := strings.IndexByte(s[i:], '"')
		if k < 0 {
			return len(s)
		}
		i += k
		back := 0
		for s[i-1-back] == '\\' {
			back++
		}
		i++
		if back%2 == 0 {
			return i
		}
	}
	return i
}

// Member returns the text of the member of obj named key. Where a name stands twice the last one
// counts, as in encoding/json and in browsers.
func Member(obj, key string) (raw string, ok bool) {
	EachMember(obj, func(name, val string) bool {
		if sameKey(name, key) {
			raw, ok = val, true
		}
		return true
	})
	return raw, ok
}

func sameKey(quoted, key string) bool {
	inner := quoted[1 : len(quoted)-1]
	if inner == key {
		return strings.IndexByte(inner, '\\') < 0
	}
	return strings.IndexByte(inner, '\\') >= 0 && Unquote(quoted) == key
}

// EachMember calls f with the quoted name and the text of each member of obj until f
// returns false.
func EachMember(obj string, f func(quotedName, val string) bool) {
	i := SkipSpace(obj, 1)
	for i < len(obj) && obj[i] == '"' {
		end := skipString(obj, i)
		name := obj[i:end]
		i = SkipSpace(obj, SkipSpace(obj, end)+1)
		end = Skip(obj, i)
		if !f(name, obj[i:end]) {
			return
		}
		i = SkipSpace(obj, end)
		if i < len(obj) && obj[i] == ',' {
			i = SkipSpace(obj, i+1)
		}
	}
}

// EachElement calls f with the text of each element of arr until f returns false.
func EachElement(arr string, f func(val string) bool) {
	i := SkipSpace(arr, 1)
	for i < len(arr) && arr[i] != ']' {
		end := Skip(arr, i)
		if !f(arr[i:end]) {
			return
		}
		i = SkipSpace(arr, end)
		if i < len(arr) && arr[i] == ',' {
			i = SkipSpace(arr, i+1)
		}
	}
}

// Unquote returns the characters of a quoted string: a substring where nothing is
// escaped. A lone surrogate becomes U+FFFD.
func Unquote(quoted string) string {
	s := quoted[1 : len(quoted)-1]
	k := strings.IndexByte(s, '\\')
	if k < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for k >= 0 {
		b.WriteString(s[:k])
		s = s[k+1:]
		n := 1
		switch s[0] {
		case 'b':
			b.WriteByte('\b')
		case 'f':
			b.WriteByte('\f')
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 't':
			b.WriteByte('\t')
		case 'u':
			var r rune
			r, n = escaped(s)
			b.WriteRune(r)
		default: // '"', '\\', '/'
			b.WriteByte(s[0])
		}
		s = s[n:]
		k = strings.IndexByte(s, '\\')
	}
	b.WriteString(s)
	return b.String()
}

func hex4(s string) rune {
	var r rune
	for i := range 4 {
		c := s[i]
		switch {
		case c >= 'a':
			c -= 'a' - 10
		case c >= 'A':
			c -= 'A' - 10
		default:
			c -= '0'
		}
		r = r<<4 | rune(c)
	}
	return r
}

// AppendUnquoted appends what AppendQuote makes of the characters of a quoted string, without the quotes.
func AppendUnquoted(dst []byte, quoted string) []byte {
	s := quoted[1 : len(quoted)-1]
	for {
		k := strings.IndexByte(s, '\\')
		if k < 0 {
			return append(dst, s...)
		}
		dst = append(dst, s[:k]...)
		s = s[k+1:]
		n := 1
		switch s[0] {
		case 'n', 'r', 't', '"', '\\':
			dst = append(dst, '\\', s[0])
		case '/':
			dst = append(dst, '/')
		case 'b':
			dst = append(dst, `\u0008`...)
		case 'f':
			dst = append(dst, `\u000c`...)
		case 'u':
			var r rune
			r, n = escaped(s)
			dst = appendCharacter(dst, r)
		}
		s = s[n:]
	}
}

// escaped reads what follows a backslash, from its u on, and returns the character and the bytes read.
func escaped(s string) (r rune, n int) {
	r = hex4(s[1:])
	if !utf16.IsSurrogate(r) {
		return r, 5
	}
	if len(s) >= 11 && s[5] == '\\' && s[6] == 'u' {
		if pair := utf16.DecodeRune(r, hex4(s[7:])); pair != utf8.RuneError {
			return pair, 11
		}
	}
	return utf8.RuneError, 5
}

// appendCharacter appends a character as AppendQuote does.
func appendCharacter(dst []byte, r rune) []byte {
	switch {
	case r == '"' || r == '\\':
		return append(dst, '\\', byte(r))
	case r == '\n':
		return append(dst, '\\', 'n')
	case r == '\r':
		return append(dst, '\\', 'r')
	case r == '\t':
		return append(dst, '\\', 't')
	case r < ' ':
		return append(dst, '\\', 'u', '0', '0', hexDigits[r>>4], hexDigits[r&15])
	}
	return utf8.AppendRune(dst, r)
}

const hexDigits = "0123456789abcdef"

// AppendQuote appends s as a JSON string. It escapes what JSON demands and nothing
// else; bytes that are no UTF-8 become U+FFFD.
func AppendQuote(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				dst = append(dst, s[start:i]...)
				dst = append(dst, "\uFFFD"...)
				start = i + 1
			}
			i += n
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		dst = append(dst, s[start:i]...)
		dst = appendCharacter(dst, rune(c))
		i++
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

// AppendCompact appends the value at raw without white space between tokens.
func AppendCompact(dst []byte, raw string) []byte {
	start := 0
	for i := 0; i < len(raw); {
		switch raw[i] {
		case '"':
			i = skipString(raw, i)
		case ' ', '\n', '\r', '\t':
			dst = append(dst, raw[start:i]...)
			i = SkipSpace(raw, i)
			start = i
		default:
			i++
		}
	}
	return append(dst, raw[start:]...)
}
