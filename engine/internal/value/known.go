package value

import (
	"strings"
	"unsafe"
)

// known is a member that stood at the same place in a document before: those of one system come in the same order. To
// compare a name with the one that is expected takes less time than to look for its end, and what the plan says of it is
// known. What is not as expected is read as if nothing were. No name is longer than knownSize bytes, nothing but names is
// kept, and no more than maxKnown of them.
type known struct {
	first, last uint64    // its first and last eight bytes
	middle      string    // what stands between them
	mask        uint64    // of both, where the name is shorter
	size, back  int       // back is where the last eight bytes start, from its quote
	entry       *keyEntry // of the plan, nil where nobody reads it
	below       *known    // the first member of the value, or of each element of it
	next        *known
}

const (
	knownSize = 32
	maxKnown  = 1024
	// knownRoom is how many bytes behind the start of a member are looked at.
	knownRoom = 1 + knownSize + 2
)

// stands tells whether the member at s[i] is k; the caller has checked that there is room.
func (k *known) stands(s string, i int) bool {
	p := unsafe.Add(unsafe.Pointer(unsafe.StringData(s)), i)
	return ((*(*uint64)(unsafe.Add(p, 1))^k.first)|(*(*uint64)(unsafe.Add(p, k.back))^k.last))&k.mask == 0 &&
		*(*uint16)(unsafe.Add(p, k.size+1)) == '"'|':'<<8 &&
		(k.size <= 16 || s[i+9:i+9+len(k.middle)] == k.middle)
}

// expected returns what is known of documents of a plan.
func (t *Tape) expected(plan *Plan) **known {
	if t.of != plan {
		t.known, t.learned, t.of = nil, 0, plan
	}
	return &t.known
}

// meet is told of the member at s[start], whose name ends before end, where another was expected, or none. It returns the
// member where it is the one behind, or where it is new at the end.
func (t *Tape) meet(link **known, expected *known, s string, start, end int, entry *keyEntry) *known {
	switch {
	case link == nil:
		return nil
	case expected == nil:
		return t.learn(link, s, start+1, end-start-2, entry)
	}
	if next := expected.next; next != nil && start+knownRoom <= len(s) && next.stands(s, start) {
		return next
	}
	return nil
}

// learn keeps the name of n bytes at s[i] behind link; it returns nil where it cannot.
func (t *Tape) learn(link **known, s string, i, n int, entry *keyEntry) *known {
	if n == 0 || n > knownSize || t.learned == maxKnown {
		return nil
	}
	t.learned++
	k := &known{size: n, back: 1, entry: entry, mask: ^uint64(0)}
	k.first, k.last = ends(s[i : i+n])
	if n > 8 {
		k.back = n - 7
		if n > 16 {
			k.middle = strings.Clone(s[i+8 : i+n-8])
		}
	} else if k.last = k.first; n < 8 {
		k.mask = 1<<(8*uint(n)) - 1
	}
	*link = k
	return k
}
