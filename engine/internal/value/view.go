package value

// View is a plan of paths below one value, such as a document or the element of a list. Gather finds
// all of them in one walk over the tape; each path has a cell that says where it ended.
type View struct {
	root  *ViewNode
	steps []uint16 // of the plan, that the value itself can stand at
	nodes []viewStep
	table []uint16 // by step and key number: the step of that member
	keys  int
	cells int
}

// ViewNode is a path of a [View]. Cell is its number once the view is sealed.
type ViewNode struct {
	Cell  int
	name  string
	key   uint16
	index int // of an element, -1 for the last
	kids  []*ViewNode
	names map[uint16]*ViewNode // of kids that are members
	// places are where the path can lead in the document.
	places []*Place
}

// viewStep is a ViewNode laid out for the walk.
type viewStep struct {
	cell, end uint32 // the cells of the path and of all below it
	table     int32  // where its members start in the table, -1 if no path goes through a member
	elements  []uint16
	last      uint16
	kids      bool
}

// cellOdd marks a path that goes through something that has no members or elements: reading it is a failure or
// needs the rules of the language.
const cellOdd = ^uint32(0)

// Root returns the path of the value itself.
func (v *View) Root() *ViewNode {
	if v.root == nil {
		v.root = &ViewNode{}
	}
	return v.root
}

// From says where in the document the value of a view can stand. It is called before there are other paths.
func (v *View) From(places []*Place) { v.Root().places = places }

// Member returns the path of a member below n; nil for a name without a number.
func (n *ViewNode) Member(name string, key uint16) *ViewNode {
	if key == 0 {
		return nil
	}
	if k := n.names[key]; k != nil {
		return k
	}
	if n.names == nil {
		n.names = map[uint16]*ViewNode{}
	}
	k := &ViewNode{name: name, key: key}
	for _, p := range n.places {
		k.places = append(k.places, p.Member(key))
	}
	n.kids = append(n.kids, k)
	n.names[key] = k
	return k
}

// maxViewElement bounds which elements have a path of their own.
const maxViewElement = 8

// Element returns the path of an element below n, -1 for the last; nil for one too far.
func (n *ViewNode) Element(index int) *ViewNode {
	if index < -1 || index > maxViewElement {
		return nil
	}
	for _, k := range n.kids {
		if k.key == 0 && k.index == index {
			return k
		}
	}
	k := &ViewNode{index: index}
	for _, p := range n.places {
		k.places = append(k.places, p.Elements())
	}
	n.kids = append(n.kids, k)
	return k
}

// Bounds of a view. Steps have numbers of 16 bits, and the table has an entry for each name at each step
// that members are read at. No mapping of people comes near; one that is beyond reads its paths one by one.
const (
	maxViewSteps = 1<<16 - 1
	maxViewTable = 1 << 22
)

// Seal lays the paths out, unless there are too many. keys are those that documents will be parsed with.
func (v *View) Seal(keys *Keys) {
	v.keys = len(keys.names) + 1
	if v.root == nil || len(v.root.kids) == 0 {
		return
	}
	for _, p := range v.root.places {
		if p != nil {
			v.steps = append(v.steps, p.step)
		}
	}
	if steps, tables := v.root.size(); steps <= maxViewSteps && tables*v.keys <= maxViewTable {
		v.lay(v.root)
	}
}

// size counts the paths from n on, and those of them that go on through a member.
func (n *ViewNode) size() (steps, tables int) {
	steps = 1
	if len(n.names) > 0 {
		tables = 1
	}
	for _, k := range n.kids {
		s, t := k.size()
		steps, tables = steps+s, tables+t
	}
	return steps, tables
}

func (v *View) lay(n *ViewNode) uint16 {
	at := len(v.nodes)
	n.Cell = v.cells
	v.cells++
	v.nodes = append(v.nodes, viewStep{cell: uint32(n.Cell), table: -1, kids: len(n.kids) > 0})
	for _, k := range n.kids {
		kid := v.lay(k)
		s := &v.nodes[at]
		switch {
		case k.key != 0:
			if s.table < 0 {
				s.table = int32(len(v.table))
				v.table = append(v.table, make([]uint16, v.keys)...)
			}
			v.table[int(s.table)+int(k.key)] = kid
		case k.index < 0:
			s.last = kid
		default:
			for len(s.elements) <= k.index {
				s.elements = append(s.elements, 0)
			}
			s.elements[k.index] = kid
		}
	}
	v.nodes[at].end = uint32(v.cells)
	return uint16(at)
}

// Used tells whether any path goes below the value.
func (v *View) Used() bool { return v.cells > 0 }

// Row holds what one walk found.
type Row struct {
	tape  *Tape
	cells []uint32
}

// Gather finds the paths of v below a value. A value that lies on no tape, or at a place that the view is not from, leaves
// the row empty.
func (v *View) Gather(val Value, row *Row) {
	if val.form != formTape || !v.covers(val.tape().nodes[val.n].step) {
		row.tape = nil
		return
	}
	if cap(row.cells) < v.cells {
		row.cells = make([]uint32, v.cells)
	}
	row.cells = row.cells[:v.cells]
	clear(row.cells)
	row.tape = val.tape()
	row.cells[0] = uint32(val.n) + 1
	v.gather(row.tape, uint32(val.n), 0, row.cells)
}

// covers tells whether all paths of the view are noted below a value at a step of the plan.
func (v *View) covers(step uint16) bool {
	if step == 0 {
		return true
	}
	for _, s := range v.steps {
		if s == step {
			return true
		}
	}
	return false
}

func (v *View) gather(t *Tape, n uint32, step uint16, cells []uint32) {
	s := &v.nodes[step]
	end := t.nodes[n].next
	switch t.nodes[n].kind {
	case Object:
		if len(s.elements) > 0 || s.last != 0 {
			v.odd(s, cells, false)
		}
		if s.table < 0 {
			return
		}
		table := v.table[s.table : int(s.table)+v.keys]
		for j := n + 1; j < end; j = t.nodes[j].next {
			kid := table[t.nodes[j].key]
			if kid == 0 {
				continue
			}
			k := &v.nodes[kid]
			if cells[k.cell] != 0 && k.kids { // the name stands twice: the last one counts
				clear(cells[k.cell:k.end])
			}
			cells[k.cell] = j + 1
			if k.kids {
				v.gather(t, j, kid, cells)
			}
		}
	case List:
		if s.table >= 0 && (end > n+1 || !t.at(n).IsEmpty()) {
			v.odd(s, cells, true)
		}
		i, last := 0, uint32(0)
		for j := n + 1; j < end; j = t.nodes[j].next {
			if i < len(s.elements) {
				if kid := s.elements[i]; kid != 0 {
					v.take(t, j, kid, cells)
				}
			} else if s.last == 0 {
				break
			}
			i, last = i+1, j
		}
		if s.last != 0 && last != 0 {
			v.take(t, last, s.last, cells)
		}
	case Null:
	default:
		v.odd(s, cells, true)
		v.odd(s, cells, false)
	}
}

func (v *View) take(t *Tape, j uint32, kid uint16, cells []uint32) {
	k := &v.nodes[kid]
	cells[k.cell] = j + 1
	if k.kids {
		v.gather(t, j, kid, cells)
	}
}

// odd marks the paths through members, or through elements, of something that has none.
func (v *View) odd(s *viewStep, cells []uint32, members bool) {
	mark := func(kid uint16) {
		if kid != 0 {
			k := &v.nodes[kid]
			for c := k.cell; c < k.end; c++ {
				cells[c] = cellOdd
			}
		}
	}
	if members {
		if s.table >= 0 {
			for _, kid := range v.table[s.table : int(s.table)+v.keys] {
				mark(kid)
			}
		}
		return
	}
	for _, kid := range s.elements {
		mark(kid)
	}
	mark(s.last)
}

// Read returns what stands at a path. ok is false where the row does not know: the value lies
// on no tape, or the path goes through something that has no members.
func (row *Row) Read(n *ViewNode) (v Value, ok bool) {
	if row.tape == nil {
		return Value{}, false
	}
	switch c := row.cells[n.Cell]; c {
	case 0:
		return Value{}, true
	case cellOdd:
		return Value{}, false
	default:
		return row.tape.at(c - 1), true
	}
}

// Text returns the JSON text and the kind of what stands at the path of a cell, without making a value of it.
func (row *Row) Text(cell int) (raw string, kind Kind, ok bool) {
	if row.tape == nil {
		return "", Missing, false
	}
	switch c := row.cells[cell]; c {
	case 0:
		return "", Missing, true
	case cellOdd:
		return "", Missing, false
	default:
		node := &row.tape.nodes[c-1]
		return row.tape.src[node.start:node.end], node.kind, true
	}
}

// Forget lets go of the document.
func (row *Row) Forget() { row.tape = nil }
