package mappingtest

import (
	"cmp"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/engine"
)

// rewrite is an `exactly` that is written in the test file and is no longer what comes out.
type rewrite struct {
	testCase
	output []byte
	diffs  []Diff
}

// rewriteFile writes the expectations of a test file anew. Where only single values changed, only these are replaced, so
// that comments stay; else the whole of an `exactly` is written again. Everything outside them stays as it is.
func rewriteFile(files fs.FS, name string, stale []rewrite, update func(string, []byte) error) error {
	data, err := fs.ReadFile(files, name)
	if err != nil {
		return err
	}
	lines := strings.SplitAfter(string(data), "\n")
	slices.SortFunc(stale, func(a, b rewrite) int { return cmp.Compare(b.exactAt.Line, a.exactAt.Line) })
	for _, r := range stale { // from the end, so that the places before it stay true
		got, err := parseJSON(r.output)
		if err != nil {
			return fmt.Errorf("%s: the output is no JSON: %w", r.pos, err)
		}
		if !replaceValues(lines, r.diffs) {
			lines = replaceBlock(lines, r.exactAt, got)
		}
	}
	text := []byte(strings.Join(lines, ""))
	if err := holds(name, text, stale); err != nil {
		return err
	}
	return update(name, text)
}

// holds reads the new text again: it must say what came out, or nothing is written.
func holds(name string, text []byte, stale []rewrite) error {
	r := &reader{path: name}
	root := r.read(text)
	if root == nil || len(r.diags) > 0 {
		return fmt.Errorf("%s: the new expectations cannot be written into this file: %w", name, r.diags)
	}
	for _, s := range stale {
		got, err := parseJSON(s.output)
		if err != nil {
			return err
		}
		found := false
		if cases := root.get("cases"); cases != nil {
			for _, c := range cases.items {
				if n := c.get("name"); n == nil || n.scalar != s.name || c.get("exactly") == nil {
					continue
				}
				var diffs []Diff
				compare(c.get("exactly"), got, "", false, &diffs)
				found = len(diffs) == 0
			}
		}
		if !found {
			return fmt.Errorf("%s: %s: the new expectation cannot be written here; put it into a file: exactly: {file: testdata/NAME.json}", s.exactAt, s.name)
		}
	}
	return nil
}

// replaceValues replaces single values in place; false, and lines as they were, where more than those changed.
func replaceValues(lines []string, diffs []Diff) bool {
	type edit struct {
		line, from, to int // bytes of the line
		text           string
	}
	var edits []edit
	for _, d := range diffs {
		want, wantErr := parseJSON([]byte(d.Want))
		got, gotErr := parseJSON([]byte(d.Got))
		if wantErr != nil || gotErr != nil || want.kind >= list || got.kind >= list || d.Pos.Line < 1 || d.Pos.Line > len(lines) {
			return false
		}
		line := lines[d.Pos.Line-1]
		from := byteOf(line, d.Pos.Column)
		length := tokenLength(line[from:], want)
		if length == 0 {
			return false
		}
		edits = append(edits, edit{d.Pos.Line - 1, from, from + length, scalarYAML(got)})
	}
	slices.SortFunc(edits, func(a, b edit) int { return cmp.Or(cmp.Compare(b.line, a.line), cmp.Compare(b.from, a.from)) })
	for _, e := range edits {
		lines[e.line] = lines[e.line][:e.from] + e.text + lines[e.line][e.to:]
	}
	return true
}

// byteOf returns where the character at a column, counted from 1, begins.
func byteOf(line string, column int) int {
	for i := range line {
		if column--; column == 0 {
			return i
		}
	}
	return len(line)
}

// tokenLength returns how many bytes of text the YAML of a value takes, 0 where that is not plain to see.
func tokenLength(text string, v *node) int {
	word := v.scalar
	if v.kind == null {
		word = "null"
	}
	switch {
	case strings.HasPrefix(text, `"`):
		for i := 1; i < len(text); i++ {
			switch text[i] {
			case '\\':
				i++
			case '"':
				return i + 1
			}
		}
	case strings.HasPrefix(text, "'"):
		for i := 1; i < len(text); i++ {
			if text[i] == '\'' {
				if i+1 == len(text) || text[i+1] != '\'' {
					return i + 1
				}
				i++
			}
		}
	case word != "" && strings.HasPrefix(text, word):
		if rest := strings.TrimLeft(text[len(word):], " \t"); rest == "" || strings.ContainsRune("\r\n,]}#", rune(rest[0])) {
			return len(word)
		}
	}
	return 0
}

// replaceBlock writes the value of the key at pos anew, in lines of its own below the key.
func replaceBlock(lines []string, key engine.Position, v *node) []string {
	first := key.Line - 1
	line := lines[first]
	start := byteOf(line, key.Column)
	indent := start
	colon := start + strings.IndexByte(line[start:], ':') + 1
	last := first
	if rest := strings.TrimSpace(line[colon:]); rest == "" || strings.HasPrefix(rest, "#") || strings.HasPrefix(rest, "|") || strings.HasPrefix(rest, ">") {
		for i := first + 1; i < len(lines); i++ {
			text := strings.TrimSpace(lines[i])
			depth := len(lines[i]) - len(strings.TrimLeft(lines[i], " "))
			if text != "" && depth <= indent {
				break
			}
			if text != "" && !strings.HasPrefix(text, "#") {
				last = i
			}
		}
	} else {
		last = endOfFlow(lines, first, colon)
	}
	var b strings.Builder
	b.WriteString(line[:colon])
	writeYAML(&b, v, indent+2)
	return slices.Concat(lines[:first], strings.SplitAfter(strings.TrimSuffix(b.String(), "\n"), "\n"), []string{"\n"}, lines[last+1:])
}

// endOfFlow returns the line on which the brackets that open behind from are closed again.
func endOfFlow(lines []string, first, from int) int {
	depth := 0
	var quote rune
	for i := first; i < len(lines); i++ {
		text := lines[i]
		if i == first {
			text = text[from:]
		}
		for k, r := range text {
			switch {
			case quote != 0:
				if r == quote && (quote == '\'' || text[max(k-1, 0)] != '\\') {
					quote = 0
				}
			case r == '"' || r == '\'':
				quote = r
			case r == '{' || r == '[':
				depth++
			case r == '}' || r == ']':
				depth--
			}
		}
		if depth <= 0 && quote == 0 {
			return i
		}
	}
	return len(lines) - 1
}

// writeYAML writes v behind a key or a dash; what takes lines is indented by indent.
func writeYAML(b *strings.Builder, v *node, indent int) {
	pad := strings.Repeat(" ", indent)
	switch {
	case v.kind == object && len(v.members) > 0:
		b.WriteByte('\n')
		for _, m := range v.members {
			b.WriteString(pad + textYAML(m.key) + ":")
			writeYAML(b, m.node, indent+2)
		}
	case v.kind == list && len(v.items) > 0:
		b.WriteByte('\n')
		for _, item := range v.items {
			if item.kind != object || len(item.members) == 0 {
				b.WriteString(pad + "-")
				writeYAML(b, item, indent+2)
				continue
			}
			for i, m := range item.members {
				dash := "  "
				if i == 0 {
					dash = "- "
				}
				b.WriteString(pad + dash + textYAML(m.key) + ":")
				writeYAML(b, m.node, indent+4)
			}
		}
	case v.kind == object:
		b.WriteString(" {}\n")
	case v.kind == list:
		b.WriteString(" []\n")
	default:
		b.WriteString(" " + scalarYAML(v) + "\n")
	}
}

func scalarYAML(v *node) string {
	switch v.kind {
	case null:
		return "null"
	case text:
		return textYAML(v.scalar)
	}
	return v.scalar
}

var (
	plainYAML = regexp.MustCompile(`^[A-Za-z]([A-Za-z0-9_./@ -]*[A-Za-z0-9_./@])?$`)
	wordsYAML = regexp.MustCompile(`^(?i:yes|no|on|off|true|false|null|nan|inf)$`)
)

// textYAML writes a text as YAML: plain where nobody can take it for anything else, else as JSON writes it.
func textYAML(s string) string {
	if plainYAML.MatchString(s) && !wordsYAML.MatchString(s) {
		return s
	}
	return string(appendText(nil, s))
}
