package engine

import (
	"fmt"
	"strings"
)

// segment is one step of a target path: a member, and the number of list levels
// below it that the path enters: `taxes[]` is {taxes, 1}.
type segment struct {
	name string
	list bool
	from int // characters, for messages
	to   int
}

// targetPath is the key of a rule: `lines[].taxes[].rate`.
type targetPath []segment

// String writes the path in its canonical form.
func (p targetPath) String() string {
	var b strings.Builder
	for i, s := range p {
		if plainName(s.name) {
			if i > 0 {
				b.WriteByte('.')
			}
			b.WriteString(s.name)
		} else {
			fmt.Fprintf(&b, "[%q]", s.name)
		}
		if s.list {
			b.WriteString("[]")
		}
	}
	return b.String()
}

// hasPrefix tells whether q stands at the start of p, lists included.
func (p targetPath) hasPrefix(q targetPath) bool {
	if len(p) < len(q) {
		return false
	}
	for i, s := range q {
		if p[i].name != s.name || p[i].list != s.list {
			return false
		}
	}
	return true
}

func plainName(s string) bool {
	return s != "" && s == strings.TrimSpace(s) && !strings.ContainsAny(s, ".[]\"'")
}

// pathError is a path that cannot be read, with the characters that are wrong.
type pathError struct {
	from, to int
	msg      string
}

func (e *pathError) Error() string { return e.msg }

// maxPathDepth bounds how deep a target may be nested.
const maxPathDepth = 64

// parsePath reads a target path: names with dots between them, `[]` after a name for each element of
// a list, and ["any text"] for a name that holds dots, brackets or quotes.
func parsePath(text string) (targetPath, error) {
	rs := []rune(text)
	var path targetPath
	for i := 0; ; {
		if len(path) >= maxPathDepth {
			return nil, &pathError{i, len(rs), fmt.Sprintf("the path is deeper than %d fields", maxPathDepth)}
		}
		seg := segment{from: i}
		if i < len(rs) && rs[i] == '[' && i+1 < len(rs) && (rs[i+1] == '"' || rs[i+1] == '\'') {
			end := i + 2
			for end < len(rs) && rs[end] != rs[i+1] {
				end++
			}
			if end+1 >= len(rs) || rs[end+1] != ']' {
				return nil, &pathError{i, len(rs), "the quoted name is not closed: write [\"name\"]"}
			}
			seg.name = string(rs[i+2 : end])
			i = end + 2
		} else {
			start := i
			for i < len(rs) && !strings.ContainsRune(".[]\"'", rs[i]) {
				i++
			}
			seg.name = strings.TrimSpace(string(rs[start:i]))
			if seg.name == "" {
				return nil, &pathError{start, start + 1, "a field name is missing here"}
			}
		}
		seg.to = i
		if i+1 < len(rs) && rs[i] == '[' && rs[i+1] == ']' {
			seg.list = true
			i += 2
		}
		path = append(path, seg)
		if i == len(rs) {
			return path, nil
		}
		switch {
		case rs[i] == '.':
			i++
		case rs[i] == '[' && i+1 < len(rs) && (rs[i+1] == '"' || rs[i+1] == '\''):
		case rs[i] == '[':
			return nil, &pathError{i, len(rs), "a target path knows no index: write [] and build the list with `each`"}
		default:
			return nil, &pathError{i, i + 1, fmt.Sprintf("unexpected %q in a target path", rs[i])}
		}
	}
}
