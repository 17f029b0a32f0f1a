package value

import "github.com/crosswalk-go/crosswalk/engine/internal/jsontext"

// planned checks the value at i and notes it and what the plan says of it; it returns its end, -1 if it is no value.
func (t *Tape) planned(i int, key, step uint16, depth int, link **known) int {
	s := t.src
	if i >= len(s) {
		return -1
	}
	p := &t.plan.steps[step]
	if p.open {
		return t.value(i, key, depth)
	}
	n := len(t.nodes)
	switch s[i] {
	case '{', '[':
		var chars uint8
		kind, read := Object, p.names.slots != nil
		if s[i] == '[' {
			kind, read = List, p.elements != 0
		}
		if !read {
			chars = closed
		}
		t.nodes = append(t.nodes, tapeNode{start: uint32(i), key: key, step: step, kind: kind, chars: chars})
		switch {
		case !read:
			i = t.pass(i, depth, link)
		case kind == Object:
			i = t.plannedObject(i, p, depth+1, link)
		default:
			i = t.plannedArray(i, p.elements, depth+1, link)
		}
		if i < 0 {
			return -1
		}
		node := &t.nodes[n]
		node.end, node.next = uint32(i), uint32(len(t.nodes))
		return i
	case '"':
		end, chars := str(s, i)
		t.nodes = append(t.nodes, tapeNode{uint32(i), uint32(end), uint32(n + 1), key, 0, String, chars})
		return end
	}
	end := t.scalar(i)
	t.nodes = append(t.nodes, tapeNode{uint32(i), uint32(end), uint32(n + 1), key, 0, scalarKind(s[i]), 0})
	return end
}

// scalarKind returns the kind of a scalar that is no string by its first byte.
func scalarKind(first byte) Kind {
	switch first {
	case 'n':
		return Null
	case 't', 'f':
		return Bool
	}
	return Number
}

func (t *Tape) plannedObject(i int, p *planStep, depth int, link **known) int {
	s := t.src
	if depth > t.max {
		return -1
	}
	i = space(s, i+1)
	if i < len(s) && s[i] == '}' {
		return i + 1
	}
	var expected *known
	if link != nil {
		expected = *link
	}
	for {
		if i >= len(s) || s[i] != '"' {
			return -1
		}
		var e *keyEntry
		var below **known
		if expected != nil && i+knownRoom <= len(s) && expected.stands(s, i) {
			e, below, link = expected.entry, &expected.below, &expected.next
			i += expected.size + 3
			expected = expected.next
		} else {
			end, chars := str(s, i)
			if end < 0 {
				return -1
			}
			if chars&clean != 0 {
				e = p.find(t.keys, s, i+1, end-i-2)
				if k := t.meet(link, expected, s, i, end, e); k != nil {
					below, link, expected = &k.below, &k.next, k.next
				}
			} else if name := jsontext.Unquote(s[i:end]); name != "" {
				e = p.find(t.keys, name, 0, len(name))
			}
			i = end
			if i >= len(s) || s[i] != ':' {
				if i = space(s, i); i >= len(s) || s[i] != ':' {
					return -1
				}
			}
			i++
		}
		i = space(s, i)
		switch {
		case i < len(s) && s[i] == '"': // most values are strings
			start, chars := i, uint8(0)
			if i, chars = str(s, i); e != nil {
				t.nodes = append(t.nodes, tapeNode{uint32(start), uint32(i), uint32(len(t.nodes) + 1), e.id, 0, String, chars})
			}
		case i < len(s) && s[i] != '{' && s[i] != '[':
			start := i
			if i = t.scalar(i); e != nil {
				t.nodes = append(t.nodes, tapeNode{uint32(start), uint32(i), uint32(len(t.nodes) + 1), e.id, 0, scalarKind(s[start]), 0})
			}
		case e != nil:
			i = t.planned(i, e.id, e.step, depth, below)
		default:
			i = t.pass(i, depth, below)
		}
		if i < 0 {
			return -1
		}
		if i >= len(s) || s[i] != ',' {
			i = space(s, i)
		}
		if i >= len(s) {
			return -1
		}
		if s[i] == ',' {
			i = space(s, i+1)
			continue
		}
		if s[i] != '}' {
			return -1
		}
		return i + 1
	}
}

func (t *Tape) plannedArray(i int, step uint16, depth int, link **known) int {
	s := t.src
	if depth > t.max {
		return -1
	}
	i = space(s, i+1)
	if i < len(s) && s[i] == ']' {
		return i + 1
	}
	for {
		if i = t.planned(i, 0, step, depth, link); i < 0 {
			return -1
		}
		i = space(s, i)
		if i >= len(s) {
			return -1
		}
		if s[i] == ',' {
			i = space(s, i+1)
			continue
		}
		if s[i] != ']' {
			return -1
		}
		return i + 1
	}
}
