package activity

import (
	"bytes"
	"errors"
	"html"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// Person is somebody who is looked for by an e-mail address, in whatever way it is written.
type Person struct {
	forms [][]byte // lower case, composed
}

// FindPerson returns the person who has an address. What is more or less than one address is an error: it would be found nowhere, and
// that would look like a proof.
func FindPerson(email string) (Person, error) {
	valid := utf8.ValidString(email)
	email = strings.ToLower(norm.NFC.String(strings.TrimSpace(email)))
	local, domain, ok := strings.Cut(email, "@")
	strange := func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(`<>()[],;:"\@`, r)
	}
	if !ok || !valid || local == "" || domain == "" || strings.ContainsFunc(local+domain, strange) {
		return Person{}, errors.New("this is no e-mail address such as anna@example.com")
	}
	p := Person{forms: [][]byte{[]byte(email)}}
	for _, other := range []func(string) (string, error){idna.Lookup.ToASCII, idna.Lookup.ToUnicode} {
		// A domain that is none is looked for as it is.
		if d, err := other(domain); err == nil && d != domain {
			p.forms = append(p.forms, []byte(local+"@"+strings.ToLower(d)))
		}
	}
	return p, nil
}

// Forms are the ways in which the address itself may be written, in lower case.
func (p Person) Forms() []string {
	var out []string
	for _, form := range p.forms {
		for _, f := range []string{string(form), norm.NFD.String(string(form))} {
			if !slices.Contains(out, f) {
				out = append(out, f)
			}
		}
	}
	return out
}

// In tells whether a text holds the address: in any letter case, as it is or as JSON, URLs and HTML write it, one within the other too. An address that only ends
// like it, as joanna@example.com ends like anna@example.com, is another.
func (p Person) In(text []byte) bool {
	if p.unescaped(text) {
		return true
	}
	// In a query a plus stands for a space.
	return bytes.IndexByte(text, '%') >= 0 && bytes.IndexByte(text, '+') >= 0 && p.unescaped(bytes.ReplaceAll(text, []byte("+"), []byte(" ")))
}

// nested is how often one way of writing may stand within another.
const nested = 3

// unescaped looks in the text, and in what it says where escapes of JSON, URLs and HTML are taken out of it.
func (p Person) unescaped(text []byte) bool {
	for range nested {
		if p.within(text) {
			return true
		}
		plain := unescape(text)
		if bytes.Equal(plain, text) {
			return false
		}
		text = plain
	}
	return p.within(text)
}

func (p Person) within(text []byte) bool {
	if bytes.IndexByte(text, '@') < 0 {
		return false
	}
	text = norm.NFC.Bytes(bytes.ToLower(text))
	for _, form := range p.forms {
		for from := 0; ; {
			i := bytes.Index(text[from:], form)
			if i < 0 {
				break
			}
			begin := from + i
			if bounded(text[:begin], text[begin+len(form):]) {
				return true
			}
			from = begin + 1
		}
	}
	return false
}

// bounded tells whether what stands before and behind is no part of the address.
func bounded(before, behind []byte) bool {
	if r, n := utf8.DecodeLastRune(before); n > 0 && (word(r) || strings.ContainsRune("._-+", r)) {
		return false
	}
	if len(behind) > 0 && strings.IndexByte(".-", behind[0]) >= 0 {
		behind = behind[1:] // the end of a sentence, unless the domain goes on
	}
	r, n := utf8.DecodeRune(behind)
	return n == 0 || !word(r)
}

func word(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r))
}

func unescape(text []byte) []byte {
	if bytes.IndexByte(text, '&') >= 0 {
		text = []byte(html.UnescapeString(string(text)))
	}
	if bytes.IndexByte(text, '\\') < 0 && bytes.IndexByte(text, '%') < 0 {
		return text
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == '%':
			if code, ok := hexadecimal(text[i+1:], 2); ok {
				out, i = append(out, byte(code)), i+3
				continue
			}
		case c == '\\' && i+1 < len(text):
			if text[i+1] != 'u' {
				out, i = append(out, escapedByte(text[i+1])), i+2
				continue
			}
			if code, ok := hexadecimal(text[i+2:], 4); ok {
				i += 6
				r := rune(code)
				if utf16.IsSurrogate(r) && bytes.HasPrefix(text[i:], []byte(`\u`)) {
					if low, ok := hexadecimal(text[i+2:], 4); ok {
						r, i = utf16.DecodeRune(r, rune(low)), i+6
					}
				}
				out = utf8.AppendRune(out, r)
				continue
			}
		}
		out, i = append(out, text[i]), i+1
	}
	return out
}

// escapedByte is what a letter behind a backslash stands for. What is no word of an address is a space.
func escapedByte(c byte) byte {
	if strings.IndexByte("nrtbf", c) >= 0 {
		return ' '
	}
	return c
}

func hexadecimal(text []byte, digits int) (uint64, bool) {
	if len(text) < digits {
		return 0, false
	}
	code, err := strconv.ParseUint(string(text[:digits]), 16, 32)
	return code, err == nil
}
