package value

import (
	"fmt"
	"strings"
	"testing"
)

// TestExpectedNames: a name is that which is expected only where every byte of it is, however long it is and wherever in
// it they differ.
func TestExpectedNames(t *testing.T) {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	for n := 1; n <= knownSize+2; n++ {
		name := letters[:n]
		var keys Keys
		id := keys.Add(name)
		keys.Seal()
		root := &Place{}
		root.Member(id)
		plan := NewPlan(root, &keys)
		var tape Tape
		read := func(name string) Value {
			src := fmt.Sprintf(`{%q:1,"other":{%q:[2]},"last":"%s"}`, name, name, strings.Repeat("x", knownRoom))
			v, ok := tape.Parse(src, &keys, plan, 5)
			if !ok {
				t.Fatalf("%s is no JSON", src)
			}
			return v.MemberKey(letters[:n], id)
		}
		for range 3 { // learns, then knows
			if v := read(name); v.Kind() != Number {
				t.Fatalf("%s is found as %v", name, v.Kind())
			}
		}
		for i := range n {
			changed := name[:i] + "_" + name[i+1:]
			if v := read(changed); v.Kind() != Missing {
				t.Errorf("%s is taken for %s", changed, name)
			}
		}
		if v := read(name + "_"); v.Kind() != Missing {
			t.Errorf("%s_ is taken for %s", name, name)
		}
	}
}

// TestPlanFindsEveryName: tables of names find all of theirs and nothing else, with collisions and without.
func TestPlanFindsEveryName(t *testing.T) {
	for _, n := range []int{1, 2, 7, 40, 100, 300, 1000} {
		var keys Keys
		root := &Place{}
		name := func(i int) string { return fmt.Sprintf("field%dOfMany", i*i) }
		for i := range n {
			root.Member(keys.Add(name(i)))
		}
		keys.Seal()
		plan := NewPlan(root, &keys)
		for i := range n {
			for _, word := range []string{name(i), name(i) + "x", name(i)[1:]} {
				e := plan.steps[1].find(&keys, word, 0, len(word))
				if found := e != nil && keys.names[e.id-1] == word; found != (word == name(i)) {
					t.Fatalf("%s of %d names: found is %v", word, n, found)
				}
				if id := keys.find(word); (id == uint16(i+1)) != (word == name(i)) {
					t.Fatalf("%s of %d names is found as %d", word, n, id)
				}
			}
		}
		if slots := len(plan.steps[1].names.slots); slots > 16*n {
			t.Errorf("%d slots for %d names", slots, n)
		}
	}
}
