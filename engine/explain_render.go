package engine

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// shownReads is how many reads of one field or `let` a person is shown.
const shownReads = 12

// Render returns the explanation for a person: each field with its rule and what that read, then what is not
// there and why, then the document's failures. It shows values of the document.
func (e *Explanation) Render() string {
	var b strings.Builder
	told := map[string]bool{} // a `let` is told in full once
	for _, f := range e.Fields {
		switch f.Kind {
		case Leaf:
			fmt.Fprintf(&b, "%s = %s\n", f.Path, cut(string(f.Value), 120))
		case WholeList:
			fmt.Fprintf(&b, "%s: a list, %d of %s\n", f.Path, f.Kept, count(f.Items, "element"))
		default:
			fmt.Fprintf(&b, "%s: an element\n", f.Path)
		}
		f.render(&b, f.CopiedFrom, told)
	}
	if len(e.Absent) > 0 {
		if len(e.Fields) > 0 {
			b.WriteByte('\n')
		}
		b.WriteString("Not there:\n")
		for _, a := range e.Absent {
			fmt.Fprintf(&b, "%s: %s\n", a.Path, a.Message)
			a.render(&b, "", told)
		}
	}
	if len(e.Diagnostics) > 0 {
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(e.Diagnostics.Render())
	}
	return b.String()
}

func (c Cause) render(b *strings.Builder, copied string, told map[string]bool) {
	r := c.Rule
	text := r.Text
	if r.Target != "" {
		text = r.Target + ": " + text
	}
	if r.Write != "always" {
		text += ", write: " + r.Write
	}
	fmt.Fprintf(b, "    %s  %s\n", r.Pos, cut(text, 160))
	for i, p := range r.Chain {
		word := "loaded from"
		if i > 0 {
			word = "extends"
		}
		fmt.Fprintf(b, "      %s %s\n", word, p)
	}
	if r.Note != "" {
		fmt.Fprintf(b, "      note: %s\n", r.Note)
	}
	if copied != "" && !slices.ContainsFunc(c.Reads, func(rd Read) bool { return rd.Path == copied }) {
		fmt.Fprintf(b, "      copied %s\n", copied)
	}
	renderReads(b, "      ", c.Reads, c.MoreReads, copied)
	renderFired(b, "      ", c.Fired)
	for _, l := range c.Lets {
		if told[l.Name] {
			fmt.Fprintf(b, "      let %s  %s, as above\n", l.Name, l.Pos)
			continue
		}
		told[l.Name] = true
		fmt.Fprintf(b, "      let %s  %s  %s\n", l.Name, l.Pos, cut(l.Text, 120))
		renderReads(b, "        ", l.Reads, l.MoreReads, "")
		renderFired(b, "        ", l.Fired)
	}
}

func renderReads(b *strings.Builder, indent string, reads []Read, more int, copied string) {
	for i, rd := range reads {
		if i == shownReads {
			more += len(reads) - shownReads
			break
		}
		text := rd.Text
		if text == "" {
			text = "missing"
		}
		word := "read"
		if rd.Path == copied {
			word = "copied"
		}
		fmt.Fprintf(b, "%s%s %s", indent, word, rd.Path)
		if rd.As != "" {
			fmt.Fprintf(b, " (%s)", rd.As)
		}
		fmt.Fprintf(b, " = %s\n", text)
	}
	if more > 0 {
		fmt.Fprintf(b, "%sand %d more\n", indent, more)
	}
}

func renderFired(b *strings.Builder, indent string, fired []Fired) {
	for i, f := range fired {
		if i == shownReads {
			fmt.Fprintf(b, "%sand %d more\n", indent, len(fired)-shownReads)
			return
		}
		switch f.Kind {
		case "default":
			fmt.Fprintf(b, "%sdefault  %s  %s\n", indent, f.Pos, cut(f.Text, 120))
		case "case":
			fmt.Fprintf(b, "%scase %d  %s  %s\n", indent, f.Case, f.Pos, cut(f.Text, 120))
		case "entry":
			fmt.Fprintf(b, "%sentry %s[%s] of the %s = %s\n", indent, f.Table, keysText(f.Keys), f.From, f.Text)
		default:
			fmt.Fprintf(b, "%sno entry %s[%s] in the table of the %s\n", indent, f.Table, keysText(f.Keys), f.From)
		}
	}
}

func keysText(keys []string) string {
	quoted := make([]string, len(keys))
	for i, k := range keys {
		quoted[i] = fmt.Sprintf("%q", k)
	}
	return strings.Join(quoted, "][")
}

// cut shortens text to at most most characters.
func cut(text string, most int) string {
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most-1]) + "…"
}
