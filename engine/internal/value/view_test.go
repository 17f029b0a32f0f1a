package value

import (
	"fmt"
	"testing"
)

// TestViewOfTooManyPaths: a view beyond its bounds knows nothing, so that paths are read one by
// one, instead of mixing them up or taking memory for a table of all names at all steps.
func TestViewOfTooManyPaths(t *testing.T) {
	for _, test := range []struct {
		name           string
		parents, below int
		used           bool
	}{
		{"an ordinary mapping", 40, 5, true},
		{"many names", 1500, 1, true},
		{"more steps than numbers", 300, 300, false},
		{"a table of all names at all steps", 20000, 1, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			var keys Keys
			var view View
			var last *ViewNode
			for p := range test.parents {
				name := fmt.Sprintf("p%d", p)
				parent := view.Root().Member(name, keys.Add(name))
				for b := range test.below {
					name := fmt.Sprintf("b%d", b)
					last = parent.Member(name, keys.Add(name))
				}
			}
			keys.Seal()
			view.Seal(&keys)
			if view.Used() != test.used {
				t.Fatalf("used: %v, want %v", view.Used(), test.used)
			}
			if !test.used {
				return
			}
			var tape Tape
			doc, ok := tape.Parse(fmt.Sprintf(`{"p%d":{"b%d":"x"}}`, test.parents-1, test.below-1), &keys, nil, 10)
			if !ok {
				t.Fatal("the document is no JSON")
			}
			var row Row
			view.Gather(doc, &row)
			if v, ok := row.Read(last); !ok || v.Str() != "x" {
				t.Fatalf("read %v, %v", v.Str(), ok)
			}
		})
	}
}

// TestViewOfAnotherPlace: a row knows nothing of a value that stands where the view is not from, as its members may not have
// been noted; nor does it of one from a place that nobody follows.
func TestViewOfAnotherPlace(t *testing.T) {
	var keys Keys
	a, b, c := keys.Add("a"), keys.Add("b"), keys.Add("c")
	root := &Place{}
	root.Member(b).Member(c)
	var known, nowhere View
	known.From([]*Place{root.Member(a)})
	nowhere.From([]*Place{root.Member(0)})
	path, other := known.Root().Member("c", c), nowhere.Root().Member("c", c)
	keys.Seal()
	plan := NewPlan(root, &keys)
	known.Seal(&keys)
	nowhere.Seal(&keys)
	var tape Tape
	doc, ok := tape.Parse(`{"a":{"c":1},"b":{"c":2}}`, &keys, plan, 10)
	if !ok {
		t.Fatal("the document is no JSON")
	}
	var row Row
	known.Gather(doc.MemberKey("a", a), &row)
	if v, ok := row.Read(path); !ok || v.NumberText() != "1" {
		t.Errorf("a.c is %v, %v", v, ok)
	}
	known.Gather(doc.MemberKey("b", b), &row)
	if _, ok := row.Read(path); ok {
		t.Error("the row knows b.c, though the view is from a")
	}
	nowhere.Gather(doc.MemberKey("b", b), &row)
	if _, ok := row.Read(other); ok {
		t.Error("a view from nowhere knows b.c")
	}
}
