package value

import (
	"unsafe"

	"github.com/crosswalk-go/crosswalk/engine/internal/jsontext"
)

// Tape is what one pass over a document finds: the document is valid JSON, and where the members
// stand that rules read: those of a [Plan], or all whose names are in a [Keys], and the elements of lists. Everything else is
// checked and passed over. A tape is reused from document to document; values that refer to it are void after the next
// Parse.
type Tape struct {
	src   string
	keys  *Keys
	plan  *Plan
	nodes []tapeNode
	max   int
	stream
	place place // where elements of a list were found last
	// known are the members of documents before, learned how many.
	known   *known
	learned int
	of      *Plan // of those documents
}

// tapeNode is one value. Its members or elements follow it, up to next.
type tapeNode struct {
	start, end uint32
	next       uint32
	key        uint16 // number of the member's name, 0 for an element
	step       uint16 // of a list or an object in the plan, 0 where all names and elements below are noted
	kind       Kind
	chars      uint8 // of a string: clean, ascii; of a list or an object: closed
}

// closed marks a list or an object of which nothing is noted: it is a value that lies in text.
const closed = 1 << 2

// Parse checks src, which it keeps, and returns its value. Without a plan it notes all members with names of keys. ok is false where src is no JSON, is nested more than
// maxDepth deep or is larger than 4 GiB: jsontext.Validate says why.
func (t *Tape) Parse(src string, keys *Keys, plan *Plan, maxDepth int) (v Value, ok bool) {
	t.src, t.keys, t.plan, t.nodes, t.max, t.place = src, keys, plan, t.nodes[:0], maxDepth, place{}
	if cap(t.nodes) == 0 {
		t.nodes = make([]tapeNode, 0, 16+len(src)>>5)
	}
	if uint64(len(src)) >= 1<<32 {
		return Value{}, false
	}
	start := jsontext.SkipSpace(src, 0)
	var end int
	if plan != nil {
		end = t.planned(start, 0, 1, 0, t.expected(plan))
	} else {
		end = t.value(start, 0, 0)
	}
	if end < 0 || jsontext.SkipSpace(src, end) != len(src) {
		return Value{}, false
	}
	return t.at(0), true
}

// Forget lets go of the document.
func (t *Tape) Forget() {
	t.src, t.nodes, t.place = "", t.nodes[:0], place{}
	if cap(t.nodes) > 1<<19 { // one huge document must not cost memory for ever
		t.nodes = nil
	}
}

// at returns the value of a node.
func (t *Tape) at(i uint32) Value {
	n := &t.nodes[i]
	if n.kind >= List && n.chars&closed == 0 {
		return Value{p: unsafe.Pointer(t), n: int64(i), kind: n.kind, form: formTape}
	}
	return Value{p: unsafe.Add(unsafe.Pointer(unsafe.StringData(t.src)), n.start), n: int64(n.end - n.start), scale: int32(n.chars), kind: n.kind}
}

// value checks the value at i and notes it, with its members; it returns its end, -1 if it is
// no value.
func (t *Tape) value(i int, key uint16, depth int) int {
	if i >= len(t.src) {
		return -1
	}
	n := len(t.nodes)
	t.nodes = append(t.nodes, tapeNode{start: uint32(i), key: key})
	var end int
	var chars uint8
	kind := Number
	switch t.src[i] {
	case '{':
		kind, end = Object, t.object(i, depth+1)
	case '[':
		kind, end = List, t.array(i, depth+1)
	case '"':
		kind = String
		end, chars = str(t.src, i)
	case 'n':
		kind, end = Null, word(t.src, i, "null")
	case 't':
		kind, end = Bool, word(t.src, i, "true")
	case 'f':
		kind, end = Bool, word(t.src, i, "false")
	default:
		end = t.scalar(i)
	}
	if end < 0 {
		return -1
	}
	node := &t.nodes[n]
	node.end, node.next, node.kind, node.chars = uint32(end), uint32(len(t.nodes)), kind, chars
	return end
}

// object notes the members with names of keys. It, [Tape.plannedObject] and the one in [Tape.pass] are one loop three times,
// and so are those of lists: they differ in what they do with a name in its middle, and half the time of a document
// goes there: one loop would ask at each member, or call, what is known here when it is compiled. FuzzTape holds all
// three to the same answers.
func (t *Tape) object(i, depth int) int {
	s := t.src
	if depth > t.max {
		return -1
	}
	i = space(s, i+1)
	if i < len(s) && s[i] == '}' {
		return i + 1
	}
	for {
		if i >= len(s) || s[i] != '"' {
			return -1
		}
		start := i
		end, chars := str(s, i)
		if end < 0 {
			return -1
		}
		var key uint16
		if chars&clean != 0 {
			key = t.keys.findIn(s, start+1, end-start-2)
		} else {
			key = t.keys.find(jsontext.Unquote(s[start:end]))
		}
		i = end
		if i >= len(s) || s[i] != ':' {
			if i = space(s, i); i >= len(s) || s[i] != ':' {
				return -1
			}
		}
		i = space(s, i+1)
		switch {
		case i < len(s) && s[i] == '"': // most values are strings
			start := i
			if i, chars = str(s, i); key != 0 {
				t.nodes = append(t.nodes, tapeNode{uint32(start), uint32(i), uint32(len(t.nodes) + 1), key, 0, String, chars})
			}
		case key != 0:
			i = t.value(i, key, depth)
		default:
			i = t.pass(i, depth, nil)
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

func (t *Tape) array(i, depth int) int {
	s := t.src
	if depth > t.max {
		return -1
	}
	i = space(s, i+1)
	if i < len(s) && s[i] == ']' {
		return i + 1
	}
	for {
		if i = t.value(i, 0, depth); i < 0 {
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

// pass checks the value at i without noting anything: most of a document is passed over. It walks as [Tape.object] does.
func (t *Tape) pass(i, depth int, link **known) int {
	s := t.src
	if i >= len(s) {
		return -1
	}
	switch s[i] {
	case '{':
		if depth++; depth > t.max {
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
			var below **known
			if expected != nil && i+knownRoom <= len(s) && expected.stands(s, i) {
				below, link = &expected.below, &expected.next
				i += expected.size + 3
				expected = expected.next
			} else {
				end, chars := str(s, i)
				if end < 0 {
					return -1
				}
				if chars&clean != 0 {
					if k := t.meet(link, expected, s, i, end, nil); k != nil {
						below, link, expected = &k.below, &k.next, k.next
					}
				}
				i = end
				if i >= len(s) || s[i] != ':' {
					if i = space(s, i); i >= len(s) || s[i] != ':' {
						return -1
					}
				}
				i++
			}
			switch i = space(s, i); {
			case i < len(s) && s[i] == '"':
				i, _ = str(s, i)
			case i < len(s) && s[i] != '{' && s[i] != '[':
				i = t.scalar(i)
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
	case '[':
		if depth++; depth > t.max {
			return -1
		}
		i = space(s, i+1)
		if i < len(s) && s[i] == ']' {
			return i + 1
		}
		for {
			if i = t.pass(i, depth, link); i < 0 {
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
	return t.scalar(i)
}

func (t *Tape) scalar(i int) int {
	s := t.src
	switch c := s[i]; {
	case c == '-' || c-'0' <= 9:
		return number(s, i)
	case c == '"':
		end, _ := str(s, i)
		return end
	case c == 'n':
		return word(s, i, "null")
	case c == 't':
		return word(s, i, "true")
	case c == 'f':
		return word(s, i, "false")
	}
	return -1
}

// notes tells whether members with that key number are noted below node i.
func (t *Tape) notes(i int64, key uint16) bool {
	step := t.nodes[i].step
	return step == 0 || t.plan.notes(step, key)
}

// find returns one more than the number of the last member of node i with that key number, which is noted there; 0 where
// there is none.
func (t *Tape) find(i int64, key uint16) uint32 {
	end := t.nodes[i].next
	found := uint32(0)
	for j := uint32(i) + 1; j < end; j = t.nodes[j].next {
		if t.nodes[j].key == key {
			found = j + 1
		}
	}
	return found
}

// member returns what find finds, missing where that is nothing.
func (t *Tape) member(i int64, key uint16) Value {
	if n := t.find(i, key); n != 0 {
		return t.at(n - 1)
	}
	return Value{}
}

// place is what is remembered of the list that was looked into last, so that whoever reads its elements in their order, or again and again from the end,
// walks over it once. The zero place is of none.
type place struct {
	of    int64 // the list's node, counted from 1
	index int   // of the element at node at, 0 for none
	at    uint32
	size  int // how many elements, -1 where they were not counted
}

// look begins to remember node i where another one was looked into.
func (t *Tape) look(i int64) {
	if t.place.of != i+1 {
		t.place = place{of: i + 1, at: uint32(i) + 1, size: -1}
	}
}

// count returns the number of elements of node i.
func (t *Tape) count(i int64) int {
	if t.look(i); t.place.size < 0 {
		n := 0
		for j, end := uint32(i)+1, t.nodes[i].next; j < end; j = t.nodes[j].next {
			n++
		}
		t.place.size = n
	}
	return t.place.size
}

// element returns element k of node i, missing if there are fewer.
func (t *Tape) element(i int64, k int) Value {
	if t.look(i); k < t.place.index {
		t.place.index, t.place.at = 0, uint32(i)+1
	}
	p, end := &t.place, t.nodes[i].next
	for ; p.at < end && p.index < k; p.index++ {
		p.at = t.nodes[p.at].next
	}
	if p.at >= end {
		p.index, p.at = 0, uint32(i)+1
		return Value{}
	}
	return t.at(p.at)
}

// walk is how many elements are walked over to find element k of node i, counted from the end where k is negative.
func (t *Tape) walk(i int64, k int) int {
	t.look(i)
	walked := 0
	if k < 0 {
		if t.place.size < 0 {
			walked = t.count(i)
		}
		if k += t.place.size; k < 0 {
			return walked
		}
	}
	if k < t.place.index {
		return walked + k
	}
	return walked + k - t.place.index
}

// appendElements appends the elements of node i.
func (t *Tape) appendElements(dst []Value, i int64) []Value {
	end := t.nodes[i].next
	for j := uint32(i) + 1; j < end; j = t.nodes[j].next {
		dst = append(dst, t.at(j))
	}
	return dst
}

// noted returns the value at byte offset start if it is a child of node i, else what Raw makes of it.
func (t *Tape) noted(i int64, raw string, start uint32) Value {
	end := t.nodes[i].next
	for j := uint32(i) + 1; j < end; j = t.nodes[j].next {
		if t.nodes[j].start == start {
			return t.at(j)
		}
		if t.nodes[j].start > start {
			break
		}
	}
	return Raw(raw)
}
