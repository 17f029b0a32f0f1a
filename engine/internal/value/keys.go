package value

import "unsafe"

// Keys is the set of member names that a mapping reads. Each has a number from 1, in the order in
// which it was added; a name that nobody reads has 0.
type Keys struct {
	names []string
	table []uint16 // number by slot
	mul   uint32
	lens  [256]uint64 // by first byte, bit n: a name of n bytes exists; bit 63: of 63 or more
}

// Add returns the number of a name, adding it if need be; 0 when there is no room for more.
func (k *Keys) Add(name string) uint16 {
	for i, n := range k.names {
		if n == name {
			return uint16(i + 1)
		}
	}
	if len(k.names) == 1<<15 || name == "" {
		return 0
	}
	k.names = append(k.names, name)
	k.table = nil
	return uint16(len(k.names))
}

// Seal builds the table that find looks into: one slot a name, without collisions where a multiplier
// can be found that has none.
func (k *Keys) Seal() {
	k.lens = [256]uint64{}
	for _, n := range k.names {
		k.lens[n[0]] |= 1 << min(len(n), 63)
	}
	for size := 16; ; size *= 2 {
		if size < 2*len(k.names) {
			continue
		}
		for try := uint32(0); try < 64; try++ {
			k.mul = 0x9E3779B1 + try*0x85EBCA6A
			if k.fill(size, size >= 64*len(k.names)+1<<12) {
				return
			}
		}
	}
}

// fill places every name; where two share a slot it gives up, or lets the later one walk on.
func (k *Keys) fill(size int, walk bool) bool {
	k.table = make([]uint16, size)
	for i, n := range k.names {
		slot := k.slot(n)
		for k.table[slot] != 0 {
			if !walk {
				return false
			}
			slot = (slot + 1) & uint32(size-1)
		}
		k.table[slot] = uint16(i + 1)
	}
	return true
}

// slot hashes length, first, middle and last bytes.
func (k *Keys) slot(s string) uint32 {
	n := len(s)
	h := uint32(n)<<24 ^ uint32(s[0])<<16 ^ uint32(s[n>>1])<<8 ^ uint32(s[n-1]) ^ uint32(s[n>>2])<<12
	h *= k.mul
	return (h ^ h>>15) & uint32(len(k.table)-1)
}

// find returns the number of a name, 0 if nobody reads it.
func (k *Keys) find(s string) uint16 {
	if len(s) == 0 || k.lens[s[0]]>>(min(uint(len(s)), 63)&63)&1 == 0 {
		return 0
	}
	return k.look(s)
}

func (k *Keys) look(s string) uint16 {
	for slot := k.slot(s); ; slot = (slot + 1) & uint32(len(k.table)-1) {
		id := k.table[slot]
		if id == 0 || k.names[id-1] == s {
			return id
		}
	}
}

// load8 reads eight bytes of s at i; the caller has checked that they are there.
func load8(s string, i int) uint64 {
	return *(*uint64)(unsafe.Add(unsafe.Pointer(unsafe.StringData(s)), i))
}
