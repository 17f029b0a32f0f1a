package value

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// objectOf writes an object with these members, as a document has it.
func objectOf(members []string) Value { return Raw("{" + strings.Join(members, ",") + "}") }

// TestEqualObjects compares objects of few and of many members, which are found in different ways.
func TestEqualObjects(t *testing.T) {
	for _, n := range []int{0, 1, indexedFrom - 1, indexedFrom, 3 * indexedFrom} {
		var members []string
		for i := range n {
			members = append(members, fmt.Sprintf(`"k%d": {"n": %d}`, i, i))
		}
		reversed := slices.Clone(members)
		slices.Reverse(reversed)
		a, b := objectOf(members), objectOf(reversed)
		if !Equal(a, b) || !Equal(b, a) {
			t.Errorf("%d members are not the same in another order", n)
		}
		// The last of two with one name counts.
		twice := objectOf(append([]string{`"k0": 1`, `"x": 2`}, append(reversed, `"x": 3`)...))
		once := objectOf(append(slices.Clone(members), `"x": 3.0`))
		if want := n > 0; Equal(twice, once) != want || Equal(once, twice) != want {
			t.Errorf("%d members and one that stands twice: %v, want %v", n, !want, want)
		}
		for i := range n {
			other := slices.Clone(reversed)
			other[i] = `"other": 1`
			if Equal(a, objectOf(other)) || Equal(objectOf(other), a) {
				t.Errorf("%d members are the same without one of them", n)
			}
		}
	}
}

// TestEqualGrowsWithMembers compares objects of so many members that a reading of one for each member of the other would not end.
func TestEqualGrowsWithMembers(t *testing.T) {
	const n = 200_000
	members := make([]string, n)
	for i := range members {
		members[i] = fmt.Sprintf(`"k%d":%d`, i, i)
	}
	a := objectOf(members)
	slices.Reverse(members)
	if !Equal(a, objectOf(members)) {
		t.Error("they are the same")
	}
}
