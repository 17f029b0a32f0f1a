package value

import (
	"unicode/utf8"

	"github.com/crosswalk-go/crosswalk/engine/internal/jsontext"
)

// Preview returns v as JSON text of at most max characters, for a person; "" for missing. It reads no more of v than
// it shows: a value of megabytes may be part of a failure for each line of a document.
func (v Value) Preview(max int) string {
	if v.kind == Missing {
		return ""
	}
	text := v.appendSome(nil, utf8.UTFMax*(max+1))
	chars, end := 0, 0 // end is where the last character that stays ends
	for i := range string(text) {
		if chars == max-1 {
			end = i
		}
		if chars++; chars > max {
			return string(text[:end]) + "…"
		}
	}
	return string(text)
}

// appendSome is AppendJSON as far as the text has the most bytes that matter; it may append more.
func (v Value) appendSome(dst []byte, most int) []byte {
	open, end := byte('['), byte(']')
	if v.kind == Object {
		open, end = '{', '}'
	}
	first := true
	next := func() bool { // tells whether more is wanted
		if !first {
			dst = append(dst, ',')
		}
		first = false
		return len(dst) <= most
	}
	switch {
	case v.form == formText:
		return jsontext.AppendQuote(dst, v.text()[:min(len(v.text()), most)])
	case v.form == formDec || v.kind == Missing:
		return v.AppendJSON(dst)
	case v.kind != List && v.kind != Object:
		return append(dst, v.text()[:min(len(v.text()), most)]...)
	}
	dst = append(dst, open)
	switch {
	case v.form == formTree && v.kind == List:
		for _, item := range v.node().items {
			if !next() {
				break
			}
			dst = item.appendSome(dst, most)
		}
	case v.form == formTree:
		for _, f := range v.node().fields {
			if f.Value.kind == Missing {
				continue
			}
			if !next() {
				break
			}
			dst = append(jsontext.AppendQuote(dst, f.Key), ':')
			dst = f.Value.appendSome(dst, most)
		}
	case v.kind == List:
		jsontext.EachElement(v.text(), func(raw string) bool {
			if !next() {
				return false
			}
			dst = Raw(raw).appendSome(dst, most)
			return true
		})
	default:
		jsontext.EachMember(v.text(), func(name, raw string) bool {
			if !next() {
				return false
			}
			dst = append(append(dst, name...), ':')
			dst = Raw(raw).appendSome(dst, most)
			return true
		})
	}
	return append(dst, end)
}
