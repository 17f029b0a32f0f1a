package language

import (
	"slices"
	"strings"
)

// The reader in this file knows as much YAML as mapping files use and never fails: it finds out where in a
// text a place is while the text is being typed, which no YAML parser can. What it makes of a text that is YAML
// is what the engine makes of it; a test compares the two.

type nodeKind uint8

const (
	noNode nodeKind = iota // nothing is written
	mapNode
	listNode
	scalarNode
)

// node is a part of the text. Offsets count characters from the start of the text; to is exclusive.
type node struct {
	kind     nodeKind
	from, to int // of a scalar without its quotes
	quote    rune
	block    bool
	flow     bool
	entries  []entry // of a map
	items    []*node // of a list
}

// entry is a key of a map with its value.
type entry struct {
	key   string
	from  int // of the key, without quotes
	to    int
	colon int // offset of the colon, -1 where it is not written yet
	value *node
}

// tree is the text of a mapping file as far as it can be understood.
type tree struct {
	text  []rune
	lines []int // offset of the start of each line
	root  *node
}

// maxDepth bounds the recursion.
const maxDepth = 100

func parseTree(text string) *tree {
	t := &tree{text: []rune(strings.ReplaceAll(text, "\r\n", "\n"))}
	t.lines = []int{0}
	for i, c := range t.text {
		if c == '\n' {
			t.lines = append(t.lines, i+1)
		}
	}
	p := &treeReader{tree: t}
	line := p.skipBlank(0)
	if line < len(t.lines) {
		t.root, _ = p.block(t.lines[line]+p.indent(line), p.indent(line), line, 0)
	}
	if t.root == nil {
		t.root = &node{kind: mapNode}
	}
	return t
}

// lineOf returns the index of the line in which an offset lies.
func (t *tree) lineOf(off int) int {
	i, found := slices.BinarySearch(t.lines, off)
	if !found {
		i--
	}
	return i
}

// lineEnd returns the offset of the line break, or of the end of the text.
func (t *tree) lineEnd(line int) int {
	if line+1 < len(t.lines) {
		return t.lines[line+1] - 1
	}
	return len(t.text)
}

type treeReader struct{ *tree }

func (p *treeReader) indent(line int) int {
	n := 0
	for i := p.lines[line]; i < len(p.text) && p.text[i] == ' '; i++ {
		n++
	}
	return n
}

// skipBlank returns the first line from line on that is neither empty nor a comment nor a document mark.
func (p *treeReader) skipBlank(line int) int {
	for line < len(p.lines) {
		rest := strings.TrimSpace(string(p.text[p.lines[line]:p.lineEnd(line)]))
		if rest != "" && !strings.HasPrefix(rest, "#") && rest != "---" {
			break
		}
		line++
	}
	return line
}

// block reads the node that starts at offset off in a line, col characters from its start. It returns the line
// after the node.
func (p *treeReader) block(off, col, line, depth int) (*node, int) {
	if depth > maxDepth {
		return nil, line + 1
	}
	end := p.lineEnd(line)
	if p.dash(off, end) {
		return p.list(off, col, line, depth)
	}
	if p.mayBeKey(off, end) {
		return p.mapping(off, col, line, depth)
	}
	n, next := p.value(off, col-1, line, depth)
	return n, next
}

// mayBeKey tells whether a line begins with a key, perhaps one whose colon is not written yet.
func (p *treeReader) mayBeKey(off, end int) bool {
	switch {
	case off >= end || strings.ContainsRune("{[|>&*!%@`", p.text[off]):
		return false
	case p.text[off] == '"' || p.text[off] == '\'':
		_, _, _, colon := p.key(off, end, false)
		return colon >= 0
	}
	return true
}

func (p *treeReader) dash(off, end int) bool {
	return off < end && p.text[off] == '-' && (off+1 == end || p.text[off+1] == ' ')
}

// key reads a key at off. colon is -1 where there is none.
func (p *treeReader) key(off, end int, flow bool) (text string, from, to, colon int) {
	if off >= end {
		return "", off, off, -1
	}
	i := off
	if q := p.text[off]; q == '"' || q == '\'' {
		for i = off + 1; i < end && p.text[i] != q; i++ {
		}
		from, to = off+1, min(i, end)
		for i++; i < end && p.text[i] == ' '; i++ {
		}
		if i < end && p.text[i] == ':' {
			return string(p.text[from:to]), from, to, i
		}
		return string(p.text[from:to]), from, to, -1
	}
	brackets := 0
	for ; i < end; i++ {
		c := p.text[i]
		if c == ':' && (i+1 == end || p.text[i+1] == ' ' || flow && strings.ContainsRune(",}]", p.text[i+1])) {
			break
		}
		if c == '#' && i > off && p.text[i-1] == ' ' {
			break
		}
		if flow && brackets == 0 && strings.ContainsRune(",}]", c) {
			break
		}
		if c == '[' || c == '{' {
			brackets++
		}
		if c == ']' || c == '}' {
			brackets = max(0, brackets-1)
		}
	}
	to = i
	for to > off && (p.text[to-1] == ' ' || p.text[to-1] == '\t') {
		to--
	}
	colon = -1
	if i < end && p.text[i] == ':' {
		colon = i
	}
	return string(p.text[off:to]), off, to, colon
}

func (p *treeReader) mapping(off, col, line, depth int) (*node, int) {
	n := &node{kind: mapNode, from: off}
	for {
		end := p.lineEnd(line)
		e := entry{}
		e.key, e.from, e.to, e.colon = p.key(off, end, false)
		next := line + 1
		if e.colon >= 0 {
			e.value, next = p.value(e.colon+1, col, line, depth+1)
		}
		n.entries = append(n.entries, e)
		n.to = p.lineEnd(max(line, next-1))
		line = p.skipBlank(next)
		if line >= len(p.lines) || p.indent(line) < col {
			return n, line
		}
		off = p.lines[line] + p.indent(line)
		if p.dash(off, p.lineEnd(line)) && p.indent(line) == col {
			return n, line
		}
	}
}

func (p *treeReader) list(off, col, line, depth int) (*node, int) {
	n := &node{kind: listNode, from: off}
	for {
		end := p.lineEnd(line)
		i := off + 1
		for i < end && p.text[i] == ' ' {
			i++
		}
		var item *node
		next := line + 1
		if i < end && p.text[i] != '#' {
			item, next = p.block(i, col+i-off, line, depth+1)
		} else if l := p.skipBlank(line + 1); l < len(p.lines) && p.indent(l) > col {
			item, next = p.block(p.lines[l]+p.indent(l), p.indent(l), l, depth+1)
		}
		if item == nil {
			item = &node{from: i, to: i}
		}
		n.items = append(n.items, item)
		n.to = p.lineEnd(max(line, next-1))
		line = p.skipBlank(next)
		if line >= len(p.lines) || p.indent(line) != col || !p.dash(p.lines[line]+col, p.lineEnd(line)) {
			return n, line
		}
		off = p.lines[line] + col
	}
}

// value reads what stands behind a colon at off, of a key col characters from the start of its line; it
// returns the line after the value.
func (p *treeReader) value(off, col, line, depth int) (*node, int) {
	end := p.lineEnd(line)
	for off < end && (p.text[off] == ' ' || p.text[off] == '\t') {
		off++
	}
	if off >= end || p.text[off] == '#' {
		l := p.skipBlank(line + 1)
		if l < len(p.lines) && depth <= maxDepth {
			at := p.lines[l] + p.indent(l)
			if p.indent(l) > col || p.indent(l) == col && p.dash(at, p.lineEnd(l)) {
				return p.block(at, p.indent(l), l, depth)
			}
		}
		return &node{from: off, to: off}, line + 1
	}
	switch c := p.text[off]; c {
	case '|', '>':
		return p.literal(col, line)
	case '{', '[':
		stop := p.below(line, col)
		n, after := p.flow(off, stop, depth)
		return n, p.lineOf(max(off, after-1)) + 1
	case '"', '\'':
		n, after := p.quoted(off, p.below(line, col))
		return n, p.lineOf(max(off, after-1)) + 1
	}
	return p.plain(off, col, line)
}

// below returns the end of the lines after line that are indented deeper than col.
func (p *treeReader) below(line, col int) int {
	last := line
	for l := line + 1; l < len(p.lines); l++ {
		if strings.TrimSpace(string(p.text[p.lines[l]:p.lineEnd(l)])) == "" {
			continue
		}
		if p.indent(l) <= col && !closes(p.text[p.lines[l]+p.indent(l)]) {
			break
		}
		last = l
	}
	return p.lineEnd(last)
}

func closes(c rune) bool { return c == '}' || c == ']' }

// literal reads a block scalar: the lines that are indented deeper than its key.
func (p *treeReader) literal(col, line int) (*node, int) {
	n := &node{kind: scalarNode, block: true}
	end := p.below(line, col)
	if line+1 >= len(p.lines) {
		n.from, n.to = end, end
		return n, line + 1
	}
	n.from = p.lines[line+1]
	n.to = max(n.from, end)
	next := p.lineOf(n.to) + 1
	// Empty lines at the end belong to the text while it is typed.
	for next < len(p.lines) && strings.Trim(string(p.text[p.lines[next]:p.lineEnd(next)]), " ") == "" && p.indent(next) > col {
		n.to = p.lineEnd(next)
		next++
	}
	return n, next
}

// plain reads a scalar without quotes, with the lines that continue it.
func (p *treeReader) plain(off, col, line int) (*node, int) {
	n := &node{kind: scalarNode, from: off}
	end := p.plainEnd(off, p.lineEnd(line))
	n.to = end
	for commented := end < p.lineEnd(line) && strings.TrimSpace(string(p.text[end:p.lineEnd(line)])) != ""; !commented; {
		next := line + 1
		for next < len(p.lines) && strings.TrimSpace(string(p.text[p.lines[next]:p.lineEnd(next)])) == "" {
			next++
		}
		if next >= len(p.lines) || p.indent(next) <= col || p.text[p.lines[next]+p.indent(next)] == '#' {
			break
		}
		line = next
		end = p.plainEnd(p.lines[line], p.lineEnd(line))
		n.to = end
		commented = strings.TrimSpace(string(p.text[end:p.lineEnd(line)])) != ""
	}
	return n, line + 1
}

// plainEnd returns where the text of a line ends before a comment; blanks at the end are no part of it.
func (p *treeReader) plainEnd(off, end int) int {
	for i := off; i < end; i++ {
		if p.text[i] == '#' && i > 0 && (p.text[i-1] == ' ' || p.text[i-1] == '\t') {
			end = i
			break
		}
	}
	for end > off && (p.text[end-1] == ' ' || p.text[end-1] == '\t') {
		end--
	}
	return end
}

func (p *treeReader) quoted(off, stop int) (*node, int) {
	n := &node{kind: scalarNode, from: off + 1, quote: p.text[off]}
	i := off + 1
	for ; i < stop; i++ {
		if n.quote == '"' && p.text[i] == '\\' {
			i++
			continue
		}
		if p.text[i] == n.quote {
			if n.quote == '\'' && i+1 < stop && p.text[i+1] == '\'' {
				i++
				continue
			}
			n.to = i
			return n, i + 1
		}
	}
	// Not closed: the text is that of its line.
	n.to = min(stop, p.lineEnd(p.lineOf(off)))
	return n, n.to
}

func (p *treeReader) flow(off, stop, depth int) (*node, int) {
	n := &node{kind: mapNode, flow: true, from: off}
	closing := '}'
	if p.text[off] == '[' {
		n.kind, closing = listNode, ']'
	}
	i := p.flowSpace(off+1, stop)
	for i < stop && depth <= maxDepth {
		if p.text[i] == closing {
			n.to = i + 1
			return n, i + 1
		}
		switch {
		case p.text[i] == ',':
			i = p.flowSpace(i+1, stop)
			continue
		case closes(p.text[i]): // of another kind: this one was not closed
			n.to = i
			return n, i
		}
		if n.kind == listNode {
			var item *node
			item, i = p.flowValue(i, stop, depth+1)
			n.items = append(n.items, item)
		} else {
			e := entry{}
			e.key, e.from, e.to, e.colon = p.key(i, min(stop, p.lineEnd(p.lineOf(i))), true)
			i = max(i+1, e.to)
			if e.colon >= 0 {
				e.value, i = p.flowValue(p.flowSpace(e.colon+1, stop), stop, depth+1)
			} else if i < stop && p.text[i] == p.text[max(0, e.from-1)] && strings.ContainsRune(`"'`, p.text[i]) {
				i++ // the closing quote of a key without a colon
			}
			n.entries = append(n.entries, e)
		}
		i = p.flowSpace(i, stop)
	}
	n.to = stop
	return n, stop
}

func (p *treeReader) flowSpace(i, stop int) int {
	for i < stop {
		switch c := p.text[i]; {
		case c == ' ' || c == '\t' || c == '\n':
			i++
		case c == '#' && (p.text[i-1] == ' ' || p.text[i-1] == '\n'):
			i = p.lineEnd(p.lineOf(i))
		default:
			return i
		}
	}
	return min(i, stop)
}

func (p *treeReader) flowValue(i, stop, depth int) (*node, int) {
	if i >= stop || strings.ContainsRune(",}]", p.text[i]) {
		return &node{from: i, to: i}, i
	}
	switch p.text[i] {
	case '{', '[':
		if depth > maxDepth {
			return &node{from: i, to: stop}, stop
		}
		return p.flow(i, stop, depth)
	case '"', '\'':
		return p.quoted(i, stop)
	}
	n := &node{kind: scalarNode, from: i}
	brackets := 0
	for ; i < stop; i++ {
		c := p.text[i]
		if brackets == 0 && strings.ContainsRune(",}]", c) || c == '#' && (p.text[i-1] == ' ' || p.text[i-1] == '\n') {
			break
		}
		switch c {
		case '[', '{':
			brackets++
		case ']', '}':
			brackets--
		}
	}
	n.to = i
	for n.to > n.from && strings.ContainsRune(" \t\n", p.text[n.to-1]) {
		n.to--
	}
	return n, max(i, n.from+1)
}
