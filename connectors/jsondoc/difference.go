package jsondoc

import (
	"encoding/json"
	"math/big"
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// Difference collects what must change for a document of a system to say what is wanted.
type Difference struct {
	// Changes are for people, Body for the system: the members to write.
	Changes []port.Change
	Body    *Object
	// Derived are members, at any depth, that the system makes itself: they never differ.
	Derived []string
}

// NewDifference begins without one.
func NewDifference(derived ...string) *Difference { return &Difference{Body: New(), Derived: derived} }

// Comparison is what was collected.
func (d *Difference) Comparison() port.Comparison {
	if len(d.Changes) == 0 {
		return port.Comparison{}
	}
	return port.Comparison{Changes: d.Changes, Body: Encode(d.Body)}
}

// Note adds a change without a member of the body; from is nil for what is not there.
func (d *Difference) Note(path string, from, to any) {
	c := port.Change{Path: path, To: Encode(to)}
	if from != nil {
		c.From = Encode(from)
	}
	d.Changes = append(d.Changes, c)
}

// Members compares the members of want, except some, and takes those that differ into the body, whole.
func (d *Difference) Members(have, want *Object, except ...string) {
	for _, name := range want.Keys() {
		if slices.Contains(except, name) || slices.Contains(d.Derived, name) {
			continue
		}
		if v := want.Get(name); !d.Holds(have.Get(name), v) {
			d.Note(name, have.Get(name), v)
			d.Body.Set(name, v)
		}
	}
}

// Holds tells whether a value says all that is wanted: objects may have more members, numbers other texts (21 and 21.00), and
// null, "" and what is not there are one.
func (d *Difference) Holds(have, want any) bool {
	switch w := want.(type) {
	case *Object:
		h, _ := have.(*Object)
		for _, name := range w.Keys() {
			if !slices.Contains(d.Derived, name) && !d.Holds(h.Get(name), w.Get(name)) {
				return false
			}
		}
		return true
	case []any:
		h, _ := have.([]any)
		if len(h) != len(w) {
			return false
		}
		for i := range w {
			if !d.Holds(h[i], w[i]) {
				return false
			}
		}
		return true
	case json.Number:
		return SameNumber(have, w)
	case string:
		h, isText := have.(string)
		return h == w && (isText || have == nil)
	case nil:
		return have == nil || have == ""
	}
	return have == want
}

// SameNumber tells whether a value is a number of the same value.
func SameNumber(have any, want json.Number) bool {
	h, ok := have.(json.Number)
	if !ok || h == want {
		return ok
	}
	const longest = 40 // of an amount; a text such as 1e999999999 is never taken apart
	if len(h) > longest || len(want) > longest {
		return false
	}
	x, okX := rational(h)
	y, okY := rational(want)
	return okX && okY && x.Cmp(y) == 0
}

func rational(n json.Number) (*big.Rat, bool) {
	for _, exponent := range []string{"e", "E"} {
		if _, digits, ok := strings.Cut(string(n), exponent); ok && len(digits) > 3 {
			return nil, false
		}
	}
	return new(big.Rat).SetString(n.String())
}
