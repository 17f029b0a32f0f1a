package value

import "math/bits"

// Place is where in a document rules read: below it stand the members and elements that they read there. Two
// views may share a place. A nil place is one that nobody follows; its methods do nothing.
type Place struct {
	key      uint16
	kids     []*Place
	names    map[uint16]*Place
	elements *Place
	open     bool
	step     uint16
}

// Member returns the place of a member; nil for a name without a number.
func (p *Place) Member(key uint16) *Place {
	if p == nil || key == 0 {
		return nil
	}
	kid := p.names[key]
	if kid == nil {
		kid = &Place{key: key}
		if p.names == nil {
			p.names = map[uint16]*Place{}
		}
		p.names[key] = kid
		p.kids = append(p.kids, kid)
	}
	return kid
}

// Elements returns the place of each element of the list.
func (p *Place) Elements() *Place {
	if p == nil {
		return nil
	}
	if p.elements == nil {
		p.elements = &Place{}
	}
	return p.elements
}

// Open says that rules walk through what stands here in ways that are not followed: every name that any rule reads is
// noted below it.
func (p *Place) Open() {
	if p != nil {
		p.open = true
	}
}

// Plan is what a pass over a document notes: at each place the members that rules read there. What it does not note is
// still found, in the text.
type Plan struct {
	steps []planStep // by the number of a place; 0 is none
	noted []uint64   // a bit for each step and key: members of that name are noted there
	words int        // of noted, for a step
}

// planStep is a Place laid out for the pass.
type planStep struct {
	names    nameTable
	mask     uint64 // a bit for what the first character and the length of a name can be
	elements uint16 // the step of the elements, 0 if nobody reads any
	open     bool
}

// NewPlan lays the places from root on out; nil where they are too many. keys are those that documents will be parsed
// with.
func NewPlan(root *Place, keys *Keys) *Plan {
	p := &Plan{steps: make([]planStep, 1), words: len(keys.names)/64 + 1}
	if root == nil || !p.number(root) || len(p.steps)*p.words > maxViewTable/64 {
		return nil
	}
	p.noted = make([]uint64, len(p.steps)*p.words)
	p.lay(root, keys)
	return p
}

// number gives every place its step.
func (p *Plan) number(place *Place) bool {
	if len(p.steps) > maxViewSteps {
		return false
	}
	place.step = uint16(len(p.steps))
	p.steps = append(p.steps, planStep{open: place.open})
	if place.open {
		return true // whatever stands below is noted without a plan
	}
	if place.elements != nil && !p.number(place.elements) {
		return false
	}
	for _, kid := range place.kids {
		if !p.number(kid) {
			return false
		}
	}
	return true
}

func (p *Plan) lay(place *Place, keys *Keys) {
	if place.open {
		return
	}
	s := &p.steps[place.step]
	if place.elements != nil {
		s.elements = place.elements.step
		p.lay(place.elements, keys)
	}
	var entries []keyEntry
	for _, kid := range place.kids {
		name := keys.names[kid.key-1]
		first, last := ends(name)
		entries = append(entries, keyEntry{first: first, last: last, size: uint32(len(name)), id: kid.key, step: kid.step})
		s.mask |= 1 << maskBit(name[0], len(name))
		p.noted[int(place.step)*p.words+int(kid.key>>6)] |= 1 << (kid.key & 63)
		p.lay(kid, keys)
	}
	if entries != nil {
		s.names.build(entries)
	}
}

// maskBit is the bit of a name in the mask of a step.
func maskBit(first byte, size int) uint { return (uint(first) + uint(size)*11) & 63 }

// notes tells whether members of a name are noted at a step.
func (p *Plan) notes(step, key uint16) bool {
	return p.noted[int(step)*p.words+int(key>>6)]>>(key&63)&1 != 0
}

// find returns the entry of the name of n bytes at src[i], nil if nobody reads it at this step.
func (s *planStep) find(keys *Keys, src string, i, n int) *keyEntry {
	if n == 0 || s.mask>>maskBit(src[i], n)&1 == 0 {
		return nil
	}
	var first, last uint64
	switch {
	case n >= 8:
		first, last = load8(src, i), load8(src, i+n-8)
	case i+8 <= len(src):
		first = load8(src, i) & (1<<(8*uint(n)) - 1)
	default:
		first, _ = ends(src[i : i+n])
	}
	return s.names.look(keys, src[i:i+n], first, last)
}

// nameTable finds names by their ends: one slot a name, mostly without collisions.
type nameTable struct {
	slots []keyEntry
	mul   uint64
	shift uint
}

// build places every name: where a few multipliers leave none in a table of that size without a collision, the table
// grows, up to a size at which the later of two names walks on.
func (t *nameTable) build(entries []keyEntry) {
	size := 1
	for size < 2*len(entries) {
		size *= 2
	}
	var taken []uint64
	for !t.spread(entries, size, &taken) && size < 8*len(entries) {
		size *= 2
	}
	t.slots = make([]keyEntry, size)
	for _, e := range entries {
		slot := t.slot(e.first, e.last, int(e.size))
		for t.slots[slot].id != 0 {
			slot = (slot + 1) & uint64(size-1)
		}
		t.slots[slot] = e
	}
}

// spread looks for a multiplier that gives every name a slot of its own; taken is room for a bit a slot.
func (t *nameTable) spread(entries []keyEntry, size int, taken *[]uint64) bool {
	t.shift = 64 - uint(bits.TrailingZeros(uint(size)))
	if len(*taken) < size/64+1 {
		*taken = make([]uint64, size/64+1)
	}
	alone := false
	for try := uint64(0); try < 32 && !alone; try++ {
		t.mul = 0x9E3779B97F4A7C15 + try*0xD6E8FEB86659FD92
		clear(*taken)
		alone = true
		for _, e := range entries {
			slot := t.slot(e.first, e.last, int(e.size))
			word, bit := &(*taken)[slot/64], uint64(1)<<(slot%64)
			if *word&bit != 0 {
				alone = false
				break
			}
			*word |= bit
		}
		if len(entries) > maxSpread {
			return alone // thousands of names never all fit without a collision
		}
	}
	return alone
}

// maxSpread is the most names for which it is worth while to look for a table without collisions.
const maxSpread = 256

func (t *nameTable) slot(first, last uint64, size int) uint64 {
	return (first ^ bits.RotateLeft64(last, 29) ^ uint64(size)<<40) * t.mul >> t.shift
}

func (t *nameTable) look(keys *Keys, s string, first, last uint64) *keyEntry {
	for slot := t.slot(first, last, len(s)); ; slot++ {
		e := &t.slots[slot&uint64(len(t.slots)-1)]
		if e.id == 0 {
			return nil
		}
		if e.first == first && e.last == last && int(e.size) == len(s) && (len(s) <= 16 || keys.names[e.id-1] == s) {
			return e
		}
	}
}
