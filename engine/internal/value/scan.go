package value

import (
	"math/bits"
	"unicode/utf8"

	"github.com/crosswalk-go/crosswalk/engine/internal/jsontext"
)

func word(s string, i int, w string) int {
	if len(s)-i < len(w) || s[i:i+len(w)] != w {
		return -1
	}
	return i + len(w)
}

// space is jsontext.SkipSpace, small enough to be inlined where there is none.
func space(s string, i int) int {
	if i < len(s) && s[i] > ' ' {
		return i
	}
	return jsontext.SkipSpace(s, i)
}

func number(s string, i int) int {
	if s[i] == '-' {
		i++
	}
	if i >= len(s) || s[i]-'0' > 9 {
		return -1
	}
	if s[i] == '0' {
		i++
		if i < len(s) && s[i]-'0' <= 9 {
			return -1
		}
	} else {
		for i < len(s) && s[i]-'0' <= 9 {
			i++
		}
	}
	if i < len(s) && s[i] == '.' {
		i++
		start := i
		for i < len(s) && s[i]-'0' <= 9 {
			i++
		}
		if i == start {
			return -1
		}
	}
	if i < len(s) && s[i]|0x20 == 'e' {
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		start := i
		for i < len(s) && s[i]-'0' <= 9 {
			i++
		}
		if i == start {
			return -1
		}
	}
	return i
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// odd returns a word whose lowest bit is in the first byte of w that is a quote, a backslash, a control
// character or no ASCII; 0 where there is none. A quote with its second bit turned is the one character beside the control
// characters that is below '!'. A borrow may mark bytes behind the first.
func odd(w uint64) uint64 {
	return (((w ^ ones*2) - ones*'!') | ((w ^ ones*'\\') - ones) | w) & highs
}

// str checks the string at i, eight bytes at a time, and returns the index after its closing quote, -1 if it
// is no string. chars says what is known of its characters.
func str(s string, i int) (end int, chars uint8) {
	for i++; i+8 <= len(s); i += 8 {
		if o := odd(load8(s, i)); o != 0 {
			if i += bits.TrailingZeros64(o) >> 3; s[i] == '"' {
				return i + 1, clean | ascii
			}
			break
		}
	}
	return strange(s, i)
}

// strange is str for a string that goes on at i with something else than a quote.
func strange(s string, i int) (end int, chars uint8) {
	chars = clean | ascii
	for {
		for i+8 <= len(s) {
			o := odd(load8(s, i))
			if o == 0 {
				i += 8
				continue
			}
			i += bits.TrailingZeros64(o) >> 3
			break
		}
		if i >= len(s) {
			return -1, 0
		}
		switch c := s[i]; {
		case c == '"':
			return i + 1, chars
		case c == '\\':
			chars = 0
			if i = escape(s, i+1); i < 0 {
				return -1, 0
			}
		case c < ' ':
			return -1, 0
		case c < utf8.RuneSelf:
			i++
		case c-0xC2 <= 0xDF-0xC2 && i+1 < len(s) && s[i+1]&0xC0 == 0x80: // é, ß: most letters that are no ASCII here
			i += 2
			chars &^= ascii
		default:
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				return -1, 0
			}
			i += n
			chars &^= ascii
		}
	}
}

// ASCII tells whether all characters of s are a byte each.
func ASCII(s string) bool {
	i := 0
	for ; i+8 <= len(s); i += 8 {
		if load8(s, i)&highs != 0 {
			return false
		}
	}
	for ; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// escape checks what follows a backslash and returns the index after it, -1 if it is no escape.
func escape(s string, i int) int {
	if i >= len(s) {
		return -1
	}
	switch s[i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 1
	case 'u':
		if i+5 > len(s) {
			return -1
		}
		for k := i + 1; k < i+5; k++ {
			if c := s[k]; (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
				return -1
			}
		}
		return i + 5
	}
	return -1
}
