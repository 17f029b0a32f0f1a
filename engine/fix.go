package engine

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/crosswalk-go/crosswalk/engine/suggest"
	"github.com/crosswalk-go/crosswalk/engine/yamltext"
)

// ApplyFixes returns the text of a file with the fixes that found offers for it, and the diagnostics whose fix was
// written. A fix that overlaps another one which says something else is left out, as is one that would
// make YAML unreadable. Diagnostics of other files are passed over. Fixing can bring more to light: load the file
// again, and apply what it offers then.
func ApplyFixes(file string, text []byte, found Diagnostics) (fixed []byte, applied Diagnostics) {
	lines := lineStarts(text)
	type change struct {
		from, to int
		d        Diagnostic
	}
	var changes []change
	for _, d := range found {
		if d.Fix == nil || d.Fix.Pos.File != file {
			continue
		}
		from, ok1 := offset(text, lines, d.Fix.Pos)
		to, ok2 := offset(text, lines, d.Fix.End)
		if ok1 && ok2 && from <= to {
			changes = append(changes, change{from, to, d})
		}
	}
	slices.SortStableFunc(changes, func(a, b change) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	changes = slices.CompactFunc(changes, func(a, b change) bool {
		return a.from == b.from && a.to == b.to && a.d.Fix.NewText == b.d.Fix.NewText
	})
	alone := func(i int) bool {
		for j, other := range changes {
			if i != j && changes[i].from <= other.to && other.from <= changes[i].to {
				return false
			}
		}
		return true
	}
	readable := readsAsYAML(text)
	fixed = slices.Clone(text)
	for i := len(changes) - 1; i >= 0; i-- { // from the end, so that the places before it stay true
		c := changes[i]
		if !alone(i) {
			continue
		}
		next := slices.Concat(fixed[:c.from], []byte(c.d.Fix.NewText), fixed[c.to:])
		if readable && !readsAsYAML(next) {
			continue
		}
		fixed = next
		applied = append(applied, c.d)
	}
	slices.Reverse(applied)
	return fixed, applied
}

func readsAsYAML(text []byte) bool {
	_, problem := yamltext.Read(string(text), fileLimits)
	return problem == nil
}

// lineStarts returns where each line starts.
func lineStarts(text []byte) []int {
	starts := []int{0}
	for i, c := range text {
		if c == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}

// offset returns the byte at which the character at p starts; ok is false outside the text.
func offset(text []byte, lines []int, p Position) (at int, ok bool) {
	if p.Line < 1 || p.Line > len(lines) || p.Column < 1 {
		return 0, false
	}
	at = lines[p.Line-1]
	for range p.Column - 1 {
		r, size := utf8.DecodeRune(text[at:])
		if size == 0 || r == '\n' || r == '\r' {
			return 0, false
		}
		at += size
	}
	return at, true
}

// fix offers to write newText where the diagnostic points.
func (d *Diagnostic) fix(title, newText string) {
	d.Fix = &Fix{Title: title, Pos: d.Pos, End: d.End, NewText: newText}
}

// suggest adds "did you mean" for a name in an expression or a target, and the fix that writes it.
func (d *Diagnostic) suggest(name string, known []string, otherwise string) {
	d.suggestText(name, known, otherwise)
	if d.Fix != nil && !isWord(d.Fix.NewText, "") {
		d.Fix = nil
	}
}

// suggestText is suggest for a text of its own, such as the name of a mapping.
func (d *Diagnostic) suggestText(name string, known []string, otherwise string) {
	best, only := nearest(name, known)
	if best == "" {
		d.Help = otherwise
		return
	}
	d.Help = `did you mean "` + best + `"?`
	if only && isWord(best, ".-/[]") {
		d.fix("Replace by "+best, best)
	}
}

// nearest returns the word of known that name was most likely meant to be, "" if none is close; only is
// true where no other word is as close.
func nearest(name string, known []string) (best string, only bool) {
	return suggest.Nearest(name, known, max(1, (len(name)+1)/3))
}

// isWord tells whether s holds letters, digits, _ and what more allows: it can stand anywhere without quotes.
func isWord(s, more string) bool {
	for i, r := range s {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) && (i == 0 || !strings.ContainsRune(more, r)) {
			return false
		}
	}
	return s != ""
}

// quote returns the quote that the scalar stands in, 0 for none.
func (s *scalar) quote() rune {
	if rs := []rune(s.file.line(s.line)); s.quoted && s.column <= len(rs) {
		return rs[s.column-1]
	}
	return 0
}

// raw returns the text of the file from pos to end, which are on one line; ok is false where they are not.
func (f *sourceFile) raw(pos, end Position) (text string, ok bool) {
	rs := []rune(f.line(pos.Line))
	if pos.Line != end.Line || pos.Column < 1 || end.Column < pos.Column || end.Column > len(rs)+1 {
		return "", false
	}
	return string(rs[pos.Column-1 : end.Column-1]), true
}

// singleQuoted writes text as a YAML scalar in single quotes.
func singleQuoted(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
