package engine

import "strings"

// nearest returns the word of known that name was most likely meant to be, "" if none is close.
func nearest(name string, known []string) string {
	best, _ := nearestOnly(name, known)
	return best
}

// nearestOnly is nearest; only is true where no other word is as close.
func nearestOnly(name string, known []string) (best string, only bool) {
	bestDist := max(1, (len(name)+1)/3)
	folded := strings.ToLower(name)
	for _, k := range known {
		if k == name {
			continue
		}
		d := editDistance(folded, strings.ToLower(k), bestDist)
		switch {
		case d < bestDist || d == bestDist && best == "":
			best, bestDist, only = k, d, true
		case d == bestDist && k != best:
			only = false
		}
	}
	return best, only
}

// editDistance counts insertions, deletions, replacements and swaps of neighbours
// between a and b; it returns more than max where they are further apart.
func editDistance(a, b string, max int) int {
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
