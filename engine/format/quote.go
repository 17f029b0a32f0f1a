package format

import (
	"strings"
	"unicode"
)

// words are plain texts that some reader of YAML takes for something else than text.
var words = map[string]bool{
	"null": true, "true": true, "false": true, "yes": true, "no": true, "on": true, "off": true, "y": true, "n": true, "nan": true, "inf": true,
}

// canBePlain tells whether text needs no quotes. It is careful: a text that starts with anything but a letter, _ or (
// keeps its quotes.
func canBePlain(text string, inFlow bool) bool {
	for i, r := range text {
		switch {
		case i == 0 && r != '_' && r != '(' && !unicode.IsLetter(r):
			return false
		case r == '\t' || r == '\ufeff' || !unicode.IsPrint(r): // IsPrint: of the spaces only ' '
			return false
		case r == ':' || inFlow && strings.ContainsRune(",[]{}", r): // readers differ about a colon without a space
			return false
		}
	}
	return text != "" && !strings.HasSuffix(text, " ") && !strings.Contains(text, " #") && !words[strings.ToLower(text)]
}

// requote returns a quoted scalar of one line without its quotes where it needs none, and in single quotes where
// these spare it escapes.
func requote(raw string, inFlow bool) string {
	text, ok := unquote(raw)
	switch {
	case !ok:
		return raw
	case canBePlain(text, inFlow):
		return text
	case raw[0] == '"' && strings.Contains(raw, `\`) && !strings.Contains(text, "'"):
		return "'" + text + "'"
	}
	return raw
}

// unquote returns the text of a quoted scalar; ok is false for escapes other than \" and \\.
func unquote(raw string) (text string, ok bool) {
	inner := raw[1 : len(raw)-1]
	if raw[0] == '\'' {
		return strings.ReplaceAll(inner, "''", "'"), true
	}
	var b strings.Builder
	for i := 0; i < len(inner); i++ {
		if inner[i] == '\\' {
			if i++; i == len(inner) || inner[i] != '"' && inner[i] != '\\' {
				return "", false
			}
		}
		b.WriteByte(inner[i])
	}
	return b.String(), true
}
