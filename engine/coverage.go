package engine

import (
	"cmp"
	"context"
	"slices"
	"sync"
)

// PointKind tells what a point of a mapping is.
type PointKind string

// The kinds of points.
const (
	PointRule    PointKind = "rule"    // reached when the rule wrote its field, or an element of its list
	PointCase    PointKind = "case"    // of a `when`
	PointBranch  PointKind = "branch"  // a side of ?:, if or ??, an outcome of `where`, a lookup's allowance for unknown keys
	PointDefault PointKind = "default" // reached when the default was needed
	PointEntry   PointKind = "entry"   // of a table in the file that a rule looks up

	// Of scripts, which also have branches. Whoever runs them counts: see [Coverage.AddPoints].
	PointStatement PointKind = "statement"
	PointFunction  PointKind = "function"
)

// PointKinds lists the kinds in the order in which reports show them.
func PointKinds() []PointKind {
	return []PointKind{PointRule, PointCase, PointBranch, PointDefault, PointEntry, PointStatement, PointFunction}
}

// Coverage counts which points of mappings documents reach. The zero value is ready; it may be used
// from many goroutines. A rule that several mappings inherit is one point, reached when it is
// reached in any of them.
type Coverage struct {
	// Library also counts mappings that were read from the [Library]: whoever tests an overlay of theirs is not asked to test those.
	Library bool

	mu     sync.Mutex
	points map[pointKey]*CoverPoint
}

type pointKey struct {
	kind PointKind
	pos  Position
	text string
}

// CoverPoint is a point of a mapping and how often it was reached.
type CoverPoint struct {
	Kind PointKind `json:"kind"`
	Pos  Position  `json:"pos"`
	// Target is the rule that the point belongs to; "" for tables and `let`.
	Target string `json:"target,omitempty"`
	// Text is the rule, the condition, the side of the operator or the table's entry.
	Text  string `json:"text"`
	Count int    `json:"count"`
}

// Tally counts points.
type Tally struct {
	Points  int `json:"points"`
	Reached int `json:"reached"`
}

// Percent returns how many of 100 points were reached, rounded down: 100 is every one. No points are 100.
func (t Tally) Percent() int {
	if t.Points == 0 {
		return 100
	}
	return t.Reached * 100 / t.Points
}

func (t *Tally) add(p CoverPoint) {
	t.Points++
	if p.Count > 0 {
		t.Reached++
	}
}

// CoverageReport is what a [Coverage] has counted.
type CoverageReport struct {
	Tally
	Kinds map[PointKind]Tally `json:"kinds"`
	Files []FileCoverage      `json:"files"`
}

// FileCoverage is the part of one mapping file, in the order of its places.
type FileCoverage struct {
	File string `json:"file"`
	Tally
	Kinds map[PointKind]Tally `json:"kinds"`
	All   []CoverPoint        `json:"all"`
}

// Missed returns the points that nothing reached.
func (f FileCoverage) Missed() []CoverPoint {
	return slices.DeleteFunc(slices.Clone(f.All), func(p CoverPoint) bool { return p.Count > 0 })
}

// Add counts the points of m as not reached yet.
func (c *Coverage) Add(m *Mapping) { c.count(m.noted(), nil) }

// AddPoints adds points that others have counted, of scripts.
func (c *Coverage) AddPoints(points []CoverPoint) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.points == nil {
		c.points = map[pointKey]*CoverPoint{}
	}
	for _, p := range points {
		key := pointKey{p.Kind, p.Pos, p.Text}
		if known := c.points[key]; known != nil {
			known.Count += p.Count
			continue
		}
		c.points[key] = &p
	}
}

// Apply maps a document as [Mapping.Apply] does, and counts what it reaches.
func (c *Coverage) Apply(ctx context.Context, m *Mapping, document []byte, in Input) ([]byte, error) {
	out, diags := m.runNoted(ctx, document, in, false, func(r *run) { c.count(r.mapping, r.trace.hits) })
	if diags != nil {
		return nil, diags
	}
	return out, nil
}

func (c *Coverage) count(noted *Mapping, hits []uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.points == nil {
		c.points = map[pointKey]*CoverPoint{}
	}
	for i, p := range noted.notes.points {
		if p.file != nil && p.file.inLibrary && !c.Library {
			continue
		}
		key := pointKey{p.kind, p.pos, p.text}
		if c.points[key] == nil {
			c.points[key] = &CoverPoint{Kind: p.kind, Pos: p.pos, Target: p.target, Text: p.text}
		}
		if hits != nil {
			c.points[key].Count += int(hits[i])
		}
	}
}

// Report returns what was counted, sorted by place.
func (c *Coverage) Report() CoverageReport {
	c.mu.Lock()
	defer c.mu.Unlock()
	report := CoverageReport{Kinds: map[PointKind]Tally{}, Files: []FileCoverage{}}
	points := make([]CoverPoint, 0, len(c.points))
	for _, p := range c.points {
		points = append(points, *p)
	}
	slices.SortFunc(points, func(a, b CoverPoint) int {
		return cmp.Or(cmp.Compare(a.Pos.File, b.Pos.File), cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Column, b.Pos.Column),
			cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Text, b.Text))
	})
	for _, p := range points {
		if n := len(report.Files); n == 0 || report.Files[n-1].File != p.Pos.File {
			report.Files = append(report.Files, FileCoverage{File: p.Pos.File, Kinds: map[PointKind]Tally{}})
		}
		f := &report.Files[len(report.Files)-1]
		f.All = append(f.All, p)
		f.add(p)
		report.add(p)
		for _, kinds := range []map[PointKind]Tally{f.Kinds, report.Kinds} {
			t := kinds[p.Kind]
			t.add(p)
			kinds[p.Kind] = t
		}
	}
	return report
}
