package value

import "strings"

// Equal tells whether two values are the same: numbers by amount (1.0 and 1 are), objects
// in any order of members, missing and null alike.
func Equal(a, b Value) bool {
	if a.kind != b.kind {
		return a.IsNil() && b.IsNil()
	}
	switch a.kind {
	case Bool:
		return a.n == b.n
	case Number:
		if a.form == formRaw && b.form == formRaw && a.text() == b.text() {
			return true
		}
		c, ok := Compare(a, b)
		return ok && c == 0
	case String:
		return a.Str() == b.Str()
	case List:
		if a.form != formTree && b.form != formTree && a.text() == b.text() {
			return true
		}
		as, bs := a.Items(), b.Items()
		if len(as) != len(bs) {
			return false
		}
		for i := range as {
			if !Equal(as[i], bs[i]) {
				return false
			}
		}
	case Object:
		if a.form != formTree && b.form != formTree && a.text() == b.text() {
			return true
		}
		as := a.Fields()
		if len(as)-absent(as) != b.Len() {
			return false
		}
		member := b.finder()
		for _, f := range as {
			if f.Value.kind == Missing { // left out, as it is where the object is written
				continue
			}
			if other := member(f.Key); other.kind == Missing || !Equal(f.Value, other) {
				return false
			}
		}
	}
	return true
}

// indexedFrom is from how many members on one reading of an object that notes them all is cheaper than a reading for each.
const indexedFrom = 12

// finder is Member for who asks for all members of v: what it costs grows with their number, not with its square.
func (v Value) finder() func(key string) Value {
	fields := v.Fields()
	if len(fields) < indexedFrom {
		return v.Member
	}
	index := make(map[string]Value, len(fields))
	for _, f := range fields {
		index[f.Key] = f.Value
	}
	return func(key string) Value { return index[key] }
}

// Compare orders two numbers by amount or two strings by their bytes; ok is false
// for any other pair and for a number that is too large to compute with.
func Compare(a, b Value) (order int, ok bool) {
	if a.kind != b.kind {
		return 0, false
	}
	switch a.kind {
	case Number:
		x, err := a.Dec()
		if err != nil {
			return 0, false
		}
		y, err := b.Dec()
		if err != nil {
			return 0, false
		}
		return x.Cmp(y), true
	case String:
		return strings.Compare(a.Str(), b.Str()), true
	}
	return 0, false
}
