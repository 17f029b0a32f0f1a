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
