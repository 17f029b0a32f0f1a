package value

import "unsafe"

// Keys is the set of member names that a mapping reads. Each has a number from 1, in the order in
// which it was added; a name that nobody reads has 0.
type Keys struct {
	names []string
	ids   map[string]uint16
	table nameTable
	lens  [256]uint64 // by first byte, bit n: a name of n bytes exists; bit 63: of 63 or more
}

// Add returns the number of a name, adding it if need be; 0 when there is no room for more.
func (k *Keys) Add(name string) uint16 {
	if id := k.ids[name]; id != 0 {
		return id
	}
	if len(k.names) == 1<<15 || name == "" {
		return 0
	}
	if k.ids == nil {
		k.ids = map[string]uint16{}
	}
	k.names = append(k.names, name)
	k.ids[name] = uint16(len(k.names))
	return uint16(len(k.names))
}

// keyEntry is a name in the table: its first and last eight bytes, which are all of it up to sixteen.
type keyEntry struct {
	first, last uint64
	size        uint32
	id          uint16
	step        uint16 // in a plan: that of the member's place
}

// Seal builds the table that find looks into.
func (k *Keys) Seal() {
	k.lens = [256]uint64{}
	entries := make([]keyEntry, len(k.names))
	for i, n := range k.names {
		k.lens[n[0]] |= 1 << min(len(n), 63)
		first, last := ends(n)
		entries[i] = keyEntry{first: first, last: last, size: uint32(len(n)), id: uint16(i + 1)}
	}
	k.table.build(entries)
}

// ends returns the first and the last eight bytes of a name, the last ones only of eight or more.
func ends(s string) (first, last uint64) {
	if len(s) >= 8 {
		return load8(s, 0), load8(s, len(s)-8)
	}
	for i := range len(s) {
		first |= uint64(s[i]) << (8 * i)
	}
	return first, 0
}

// find returns the number of a name, 0 if nobody reads it.
func (k *Keys) find(s string) uint16 {
	if len(s) == 0 || k.lens[s[0]]>>(min(uint(len(s)), 63)&63)&1 == 0 {
		return 0
	}
	first, last := ends(s)
	return k.look(s, first, last)
}

// findIn is find for the name of n bytes at src[i].
func (k *Keys) findIn(src string, i, n int) uint16 {
	if n == 0 || k.lens[src[i]]>>(min(uint(n), 63)&63)&1 == 0 {
		return 0
	}
	if i+8 > len(src) {
		return k.find(src[i : i+n])
	}
	first, last := load8(src, i), uint64(0)
	if n >= 8 {
		last = load8(src, i+n-8)
	} else {
		first &= 1<<(8*uint(n)) - 1
	}
	return k.look(src[i:i+n], first, last)
}

func (k *Keys) look(s string, first, last uint64) uint16 {
	if e := k.table.look(k, s, first, last); e != nil {
		return e.id
	}
	return 0
}

// load8 reads eight bytes of s at i; the caller has checked that they are there.
func load8(s string, i int) uint64 {
	return *(*uint64)(unsafe.Add(unsafe.Pointer(unsafe.StringData(s)), i))
}
