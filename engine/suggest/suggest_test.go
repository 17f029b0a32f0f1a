package suggest_test

import (
	"testing"

	"github.com/crosswalk-go/crosswalk/engine/suggest"
)

func TestNearest(t *testing.T) {
	tests := []struct {
		name, word string
		known      []string
		edits      int
		best       string
		only       bool
	}{
		{"a letter missing", "conections", []string{"data", "connections"}, 3, "connections", true},
		{"a letter too many", "rulles", []string{"rules"}, 1, "rules", true},
		{"another letter", "rulas", []string{"rules"}, 1, "rules", true},
		{"neighbours swapped are one edit", "rlues", []string{"rules"}, 1, "rules", true},
		{"case does not count", "FROM", []string{"from"}, 0, "from", true},
		{"letters, not bytes", "prés", []string{"près"}, 1, "près", true},
		{"the closest wins", "nmae", []string{"same", "name"}, 2, "name", true},
		{"the first of equals, and not only it", "cat", []string{"bat", "hat"}, 1, "bat", false},
		{"one word twice is one word", "cat", []string{"bat", "bat"}, 1, "bat", true},
		{"a closer word after equals", "lamp", []string{"ramp", "camp", "Lamp"}, 1, "Lamp", true},
		{"the word itself is no suggestion", "name", []string{"name"}, 4, "", false},
		{"too far", "price", []string{"customer"}, 2, "", false},
		{"one edit too far", "abcd", []string{"abxy"}, 1, "", false},
		{"nothing known", "price", nil, 2, "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			best, only := suggest.Nearest(tt.word, tt.known, tt.edits)
			if best != tt.best || only != tt.only {
				t.Errorf("got %q, %v; want %q, %v", best, only, tt.best, tt.only)
			}
		})
	}
}
