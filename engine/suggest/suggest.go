// Package suggest finds the word that a misspelt one was probably meant to be.
// It does not say what to do with it: whether the word is offered, replaced or only shown is the caller's affair.
// Start at Nearest.
package suggest

import "strings"

// Nearest returns the word of known that takes the fewest edits to reach from name, and at most that
// many; "" where none is that close. The first of equals wins, and only is false where there are any. Name itself is no
// suggestion; case does not count.
func Nearest(name string, known []string, edits int) (best string, only bool) {
	folded := strings.ToLower(name)
	for _, k := range known {
		if k == name {
			continue
		}
		d := distance(folded, strings.ToLower(k), edits)
		switch {
		case d < edits || d == edits && best == "":
			best, edits, only = k, d, true
		case d == edits && k != best:
			only = false
		}
	}
	return best, only
}

// distance counts insertions, deletions, replacements and swaps of neighbours
// between a and b; it returns more than max where they are further apart.
func distance(a, b string, max int) int {
	ra, rb := []rune(a), []rune(b)
	if len(ra)-len(rb) > max || len(rb)-len(ra) > max {
		return max + 1
	}
	before := make([]int, len(rb)+1)
	last := make([]int, len(rb)+1)
	row := make([]int, len(rb)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(ra); i++ {
		row[0] = i
		for j := 1; j <= len(rb); j++ {
			cost := 1
			if ra[i-1] == rb[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && ra[i-1] == rb[j-2] && ra[i-2] == rb[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(rb)]
}
