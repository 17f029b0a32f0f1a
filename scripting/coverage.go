package scripting

import (
	"cmp"
	"path"
	"slices"
	"sync"

	"github.com/crosswalk-go/crosswalk/scripting/internal/machine"
)

// PointKind tells what a point of a script is.
type PointKind = machine.PointKind

// The kinds of points.
const (
	PointStatement = machine.PointStatement
	PointFunction  = machine.PointFunction
	PointBranch    = machine.PointBranch
)

// CoverPoint is a place of a script and how often calls reached it.
type CoverPoint struct {
	Kind  PointKind
	Pos   Position
	Text  string // how it begins
	Count int
}

// Coverage counts which statements, functions and branches of scripts are reached, over everything that is loaded with it:
// the user's own files, without packages and test files. A call whose process was ended counts nothing. The
// zero value is ready; it may be used from many goroutines.
type Coverage struct {
	mu     sync.Mutex
	points map[machine.Point]int
}

// of adds the points of a program as not reached yet, and returns what counts them.
func (c *Coverage) of(points []machine.Point, root string) func(hits []uint32) {
	placed := slices.Clone(points)
	for i := range placed {
		placed[i].Pos.File = path.Join(root, placed[i].Pos.File)
	}
	add := func(hits []uint32) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.points == nil {
			c.points = map[machine.Point]int{}
		}
		for i, p := range placed {
			n := 0
			if i < len(hits) {
				n = int(hits[i])
			}
			c.points[p] += n
		}
	}
	add(nil)
	return add
}

// Points returns what was counted, in the order of the files and places.
func (c *Coverage) Points() []CoverPoint {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]CoverPoint, 0, len(c.points))
	for p, n := range c.points {
		out = append(out, CoverPoint{p.Kind, p.Pos, p.Text, n})
	}
	slices.SortFunc(out, func(a, b CoverPoint) int {
		return cmp.Or(cmp.Compare(a.Pos.File, b.Pos.File), cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Column, b.Pos.Column),
			cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Text, b.Text))
	})
	return out
}
