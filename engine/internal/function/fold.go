package function

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// letters are the Latin letters that decomposition leaves as they are.
var letters = map[rune]string{
	'ß': "ss", 'ẞ': "SS", 'æ': "ae", 'Æ': "AE", 'œ': "oe", 'Œ': "OE", 'ø': "o", 'Ø': "O", 'đ': "d", 'Đ': "D", 'ð': "d", 'Ð': "D",
	'þ': "th", 'Þ': "Th", 'ł': "l", 'Ł': "L", 'ħ': "h", 'Ħ': "H", 'ı': "i", 'ĸ': "k", 'ŋ': "n", 'Ŋ': "N", 'ŧ': "t", 'Ŧ': "T", 'ſ': "s",
}

// marks are the signs that ascii keeps in another form.
var marks = map[rune]string{
	'–': "-", '—': "-", '‐': "-", '‑': "-", '−': "-", '‘': "'", '’': "'", '‚': "'", '“': `"`, '”': `"`, '„': `"`, '«': `"`, '»': `"`,
	'…': "...", '€': "EUR", '£': "GBP", '×': "x", '·': ".", '•': "-", '\u00a0': " ", '\u202f': " ", '\u2009': " ",
}

// spelling is how a language writes out its letters where it has only ASCII.
var spelling = map[string]map[rune]string{
	"de": {'ä': "ae", 'ö': "oe", 'ü': "ue", 'Ä': "Ae", 'Ö': "Oe", 'Ü': "Ue"},
	"da": {'ø': "oe", 'Ø': "Oe", 'å': "aa", 'Å': "Aa"},
	"nb": {'ø': "oe", 'Ø': "Oe", 'å': "aa", 'Å': "Aa"},
}

// fold writes letters without their accents. Other characters stay as they are.
func fold(s, language string) string {
	if isASCII(s) {
		return s
	}
	own := spelling[language]
	var b strings.Builder
	b.Grow(len(s))
	// Composed first, so that a letter and its combining accent meet the tables as one.
	for _, r := range norm.NFC.String(s) {
		if t, ok := own[r]; ok {
			b.WriteString(t)
			continue
		}
		if t, ok := letters[r]; ok {
			b.WriteString(t)
			continue
		}
		if r < utf8.RuneSelf {
			b.WriteRune(r)
			continue
		}
		for _, d := range norm.NFKD.String(string(r)) {
			if t, ok := letters[d]; ok { // a letter that is one of those in disguise, such as a raised æ
				b.WriteString(t)
			} else if !unicode.Is(unicode.Mn, d) {
				b.WriteRune(d)
			}
		}
	}
	return b.String()
}

// ascii folds s and leaves out what has no ASCII form.
func ascii(s string) string {
	if isASCII(s) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if t, ok := marks[r]; ok {
			b.WriteString(t)
		} else {
			b.WriteRune(r)
		}
	}
	return strings.Map(func(r rune) rune {
		if r >= utf8.RuneSelf {
			return -1
		}
		return r
	}, fold(b.String(), ""))
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// slug makes a part of a URL. Letters of other scripts than Latin are kept: a shop accepts them or says so, and
// a name in Greek must not become nothing.
func slug(s, language string) string {
	var b strings.Builder
	gap := false
	for _, r := range strings.ToLower(fold(s, language)) {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			gap = false
			b.WriteRune(r)
		case r == '\'' || r == '’' || unicode.Is(unicode.Mn, r):
		default:
			gap = true
		}
	}
	return b.String()
}
