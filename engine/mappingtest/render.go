package mappingtest

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxShown is how many characters of a value a difference shows.
const maxShown = 200

// maxLines is how many lines of an explanation a difference shows.
const maxLines = 12

// Render returns what failed, for a person: the place of the case, each field with what was expected and
// what came, and the document's failures. It shows values of the documents.
func (r Report) Render() string {
	var b strings.Builder
	for _, f := range r.Files {
		if len(f.Problems) > 0 {
			b.WriteString(f.Problems.Render())
		}
		for _, c := range f.Cases {
			if !c.Passed() && !c.Skipped {
				c.render(&b)
			}
		}
	}
	return b.String()
}

func (c Case) render(b *strings.Builder) {
	at := c.Pos
	if c.At.Line > 0 {
		at = c.At
	}
	fmt.Fprintf(b, "%s: %s\n", at, c.Name)
	if c.Failure != "" {
		fmt.Fprintf(b, "  %s\n", c.Failure)
	}
	for _, d := range c.Diffs {
		path := d.Path
		if path == "" {
			path = "the document"
			if c.At.Line > 0 {
				path = "the value"
			}
		}
		fmt.Fprintf(b, "  %s", path)
		if d.Pos.Line > 0 {
			fmt.Fprintf(b, " (line %d)", d.Pos.Line)
		}
		fmt.Fprintf(b, "\n    want %s\n    got  %s\n", shown(d.Want), shown(d.Got))
		if d.Hint != "" {
			fmt.Fprintf(b, "    %s\n", d.Hint)
		}
		if d.Explanation != nil {
			n := 0
			for line := range strings.Lines(d.Explanation.Render()) {
				if n++; n > maxLines {
					b.WriteString("      ...\n")
					break
				}
				b.WriteString(strings.TrimRight("      "+line, " \n") + "\n")
			}
		}
	}
	for _, line := range c.Logs {
		fmt.Fprintf(b, "    log %s\n", line)
	}
	if len(c.Diagnostics) > 0 {
		for line := range strings.Lines(c.Diagnostics.Render()) {
			b.WriteString("  " + line)
		}
		b.WriteByte('\n')
	}
}

func shown(json string) string {
	switch {
	case json == "":
		return "nothing"
	case utf8.RuneCountInString(json) > maxShown:
		return string([]rune(json)[:maxShown]) + "..."
	}
	return json
}
