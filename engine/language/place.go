package language

import (
	"slices"

	"github.com/crosswalk-go/crosswalk/engine"
)

// place is where in a mapping file an offset lies.
type place struct {
	path  []string // the keys from the root; an element of a list is "-"
	inKey bool     // in a key, or where one may be written; path is then that of its map
	entry *entry   // the key that the place is in, or whose value it is in; nil where none is written
	in    *node    // the map that the key stands in
	value *node    // the value that the place is in
}

// at finds the place of an offset.
func (t *tree) at(off int) place {
	p := place{in: t.root}
	n := t.root
	col := off - t.lines[t.lineOf(off)]
	for {
		switch n.kind {
		case mapNode:
			p.in, p.entry, p.value = n, nil, nil
			e := entryAt(n, off)
			if e == nil {
				p.inKey = true
				return p
			}
			if e.colon < 0 || off <= e.colon {
				if off < e.from || off > e.to {
					// Between two keys of a block: a new key of this map.
					p.inKey = true
					return p
				}
				p.entry, p.inKey = e, true
				return p
			}
			// A new line below a value: the indentation tells whose key would be written there.
			if !n.flow && t.lineOf(off) > t.lineOf(e.from) && off > e.value.to && col <= t.column(e.from) {
				p.inKey = true
				return p
			}
			p.entry = e
			p.path = append(p.path, e.key)
			n = e.value
		case listNode:
			i := len(n.items) - 1
			for i >= 0 && n.items[i].from > off {
				i--
			}
			if i < 0 || off > n.items[i].to && (n.flow || n.items[i].flow || col < t.column(n.items[i].from)) {
				p.value = n
				return p
			}
			p.path = append(p.path, "-")
			p.value = n.items[i]
			n = n.items[i]
		default:
			p.value = n
			return p
		}
	}
}

func (t *tree) column(off int) int { return off - t.lines[t.lineOf(off)] }

// entryAt returns the last entry that starts at or before off.
func entryAt(n *node, off int) *entry {
	var found *entry
	for i := range n.entries {
		e := &n.entries[i]
		if e.from > off || n.flow && e.colon < 0 && off > e.to {
			continue
		}
		if n.flow && e.colon >= 0 && e.value != nil && off > e.value.to && off > e.colon+1 && e.value.kind != noNode {
			continue // behind the value: after a comma
		}
		found = e
	}
	return found
}

// child returns the value of a key of a map; nil where there is none.
func (n *node) child(key string) *node {
	if n == nil {
		return nil
	}
	for i := range n.entries {
		if n.entries[i].key == key {
			return n.entries[i].value
		}
	}
	return nil
}

// scalarText is the value of a scalar with the offset in the file of each of its characters, and of its end.
type scalarText struct {
	runes []rune
	at    []int
}

// text decodes a scalar: doubled quotes and escapes are one character.
func (t *tree) scalar(n *node) scalarText {
	var s scalarText
	add := func(r rune, off int) {
		s.runes = append(s.runes, r)
		s.at = append(s.at, off)
	}
	for i := n.from; i < n.to; i++ {
		c := t.text[i]
		switch {
		case n.quote == '\'' && c == '\'' && i+1 < n.to && t.text[i+1] == '\'':
			add('\'', i)
			i++
		case n.quote == '"' && c == '\\' && i+1 < n.to:
			add(unescape(t.text[i+1]), i)
			i++
		default:
			add(c, i)
		}
	}
	s.at = append(s.at, n.to)
	return s
}

func unescape(c rune) rune {
	switch c {
	case 'n':
		return '\n'
	case 't':
		return '\t'
	}
	return c
}

// index returns which character of the scalar stands at an offset of the file.
func (s scalarText) index(off int) int {
	i, _ := slices.BinarySearch(s.at, off)
	return min(i, len(s.runes))
}

func (s scalarText) String() string { return string(s.runes) }

// position turns an offset into a position; file names the file.
func (t *tree) position(file string, off int) engine.Position {
	off = min(max(off, 0), len(t.text))
	line := t.lineOf(off)
	return engine.Position{File: file, Line: line + 1, Column: off - t.lines[line] + 1}
}

// offset turns a position into an offset; what lies outside is moved to the nearest place of the text.
func (t *tree) offset(pos engine.Position) int {
	line := min(max(pos.Line-1, 0), len(t.lines)-1)
	return min(t.lines[line]+max(pos.Column-1, 0), t.lineEnd(line))
}

// bare returns the scalar that a block map is whose keys have no colon: words on lines of their own may be keys that are
// being typed, or a text. It returns nil for any other node.
func (n *node) bare() *node {
	if n == nil || n.kind != mapNode || n.flow || len(n.entries) == 0 || slices.ContainsFunc(n.entries, func(e entry) bool { return e.colon >= 0 }) {
		return nil
	}
	return &node{kind: scalarNode, from: n.entries[0].from, to: n.entries[len(n.entries)-1].to}
}
