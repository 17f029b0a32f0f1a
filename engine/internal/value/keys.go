package value

import (
	"math/bits"
	"unsafe"
)

// Keys is the set of member names that a mapping reads. Each has a number from 1, in the order in
// which it was added; a name that nobody reads has 0.
type Keys struct {
	names []string
	ids   map[string]uint16
	table []keyEntry
	mul   uint64
	shift uint
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
	k.table = nil
	return uint16(len(k.names))
}

// keyEntry is a name in the table: its first and last eight bytes, which are all of it up to sixteen.
type keyEntry struct {
	first, last uint64
	size        uint32
	id          uint16
}

// Seal builds the table that find looks into: one slot a name, without collisions where a multiplier
// can be found that has none.
func (k *Keys) Seal() {
	k.lens = [256]uint64{}
	for _, n := range k.names {
		k.lens[n[0]] |= 1 << min(len(n), 63)
	}
	for size := 16; ; size *= 2 {
		if size < 2*len(k.names) || len(k.names) > 256 && size < 4*len(k.names) {
			continue
		}
		k.shift = 64 - uint(bits.TrailingZeros(uint(size)))
		for try := uint64(0); try < 32; try++ {
			k.mul = 0x9E3779B97F4A7C15 + try*0xD6E8FEB86659FD92
			// Thousands of names never all fit without a collision.
			walk := size >= 16*len(k.names)+1<<12 || len(k.names) > 256 && size >= 4*len(k.names)
			if k.fill(size, walk) {
				return
			}
		}
	}
}

// fill places every name; where two share a slot it gives up, or lets the later one walk on.
func (k *Keys) fill(size int, walk bool) bool {
	k.table = make([]keyEntry, size)
	for i, n := range k.names {
		first, last := ends(n)
		slot := k.slot(first, last, len(n))
		for k.table[slot].id != 0 {
			if !walk {
				return false
			}
			slot = (slot + 1) & uint64(size-1)
		}
		k.table[slot] = keyEntry{first, last, uint32(len(n)), uint16(i + 1)}
	}
	return true
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

func (k *Keys) slot(first, last uint64, size int) uint64 {
	return (first ^ bits.RotateLeft64(last, 29) ^ uint64(size)<<40) * k.mul >> k.shift
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
	for slot := k.slot(first, last, len(s)); ; slot = (slot + 1) & uint64(len(k.table)-1) {
		e := &k.table[slot]
		if e.id == 0 {
			return 0
		}
		if e.first == first && e.last == last && int(e.size) == len(s) && (len(s) <= 16 || k.names[e.id-1] == s) {
			return e.id
		}
	}
}

// load8 reads eight bytes of s at i; the caller has checked that they are there.
func load8(s string, i int) uint64 {
	return *(*uint64)(unsafe.Add(unsafe.Pointer(unsafe.StringData(s)), i))
}
