package project

import (
	"strings"

	"github.com/crosswalk-go/crosswalk/engine/suggest"
)

// nearest returns the word of known that name was most likely meant to be, "" if none is close. One letter that
// is replaced by another is no slip but another name: such words are left out.
func nearest(name string, known []string) string {
	var words []string
	for _, k := range known {
		if len(k) > 1 || strings.EqualFold(k, name) {
			words = append(words, k)
		}
	}
	best, _ := suggest.Nearest(name, words, max(1, len(name)/3))
	return best
}
