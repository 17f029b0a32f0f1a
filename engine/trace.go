package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// trace is what the rules of one document tell while they run: see [notes] for the code that tells. A mapping that
// runs without being asked has none, and its code knows of none.
type trace struct {
	hits    []uint32 // how often each point was reached
	notes   *notes
	origins *origins // nil where only the points are counted
	flow    value.Value
	inHand  *record
	now     *gathering
	passed  *gathering // what the `where` of the element at hand read
	lets    []*gathering
	records []*record
	ran     map[*ruleDecl]*record // the last run of each rule
}

// record is one run of a rule: for the document, or for one element of a list.
type record struct {
	gathering
	outer   *record
	step    *step // nil for `base: doc`
	path    string
	element bool        // of the list that the rule builds
	result  value.Value // before the rule's empty modes
	written bool
	why     Reason
	code    string // of the diagnostic that it failed with
	items   int    // elements of the source list
	kept    int    // those that passed
}

// gathering is what was read and what fired while something was computed.
type gathering struct {
	reads []Read
	seen  map[string]bool
	more  int
	lets  []int
	fired []Fired
}

// maxReads bounds how many reads one record shows. A sum over a thousand lines reads a thousand values.
const maxReads = 200

func newTrace(n *notes, lets int, explain bool) *trace {
	t := &trace{hits: make([]uint32, len(n.points)), notes: n}
	if explain {
		t.origins, t.lets, t.ran = &origins{}, make([]*gathering, lets), map[*ruleDecl]*record{}
		t.now = &gathering{}
	}
	return t
}

// open begins a run of a rule.
func (t *trace) open(r *run, s *step) {
	if t == nil {
		return
	}
	rec := &record{step: s, outer: t.inHand}
	t.inHand = rec
	if t.origins == nil {
		return
	}
	rec.path = strings.TrimSuffix(r.targetName(s.rule.path), "[]")
	t.now = &rec.gathering
	t.records = append(t.records, rec)
	t.ran[s.rule] = rec
	if r.skipped(s) {
		rec.why = ReasonWriteMode
		if s.rule.write == writeIfEmpty {
			rec.reads = append(rec.reads, Read{Path: "current." + rec.path, Text: previewOf(r.present(s))})
		}
	}
}

// openElement begins the element that the rule in hand adds to its list.
func (t *trace) openElement(r *run, s *step) {
	if t == nil {
		return
	}
	list := t.inHand
	list.kept++
	rec := &record{step: s, outer: list, element: true}
	t.inHand = rec
	if t.origins == nil {
		return
	}
	rec.path = r.targetName(s.rule.path)
	if t.passed != nil {
		rec.gathering = *t.passed
		t.passed = nil
	}
	t.now = &rec.gathering
	t.records = append(t.records, rec)
	name := ""
	if s.rule.as != nil {
		name = s.rule.as.text
	}
	t.read(name, r.vars[s.element.item], nil, r.frame)
}

// close ends what open or openElement began.
func (t *trace) close() {
	if t == nil {
		return
	}
	if rec := t.inHand; rec.element && !rec.written { // its result was missing, or it failed
		rec.outer.kept--
	}
	t.inHand = t.inHand.outer
	if t.origins == nil {
		return
	}
	t.now = &gathering{}
	if t.inHand != nil {
		t.now = &t.inHand.gathering
	}
}

// wrote says that the rule in hand wrote its field.
func (t *trace) wrote() {
	if t == nil {
		return
	}
	rec := t.inHand
	rec.written, rec.why = true, ""
	if rec.step.element == nil || rec.element {
		t.hits[t.notes.rules[rec.step.rule]]++
	}
}

// omitted says that the rule in hand leaves its field out.
func (t *trace) omitted() {
	if t == nil {
		return
	}
	rec := t.inHand
	switch {
	case rec.step.element != nil && !rec.element && rec.items > 0:
		rec.why = ReasonWhere
	case rec.result.Kind() == value.Missing:
		rec.why = ReasonMissing
	case rec.result.Kind() == value.Null:
		rec.why = ReasonNull
	default:
		rec.why = ReasonEmpty
	}
}

// failed says that the rule in hand fails the document.
func (t *trace) failed(d Diagnostic) {
	if t == nil || t.inHand == nil {
		return
	}
	t.inHand.why, t.inHand.code = ReasonFailed, d.Code
}

// hit counts a point.
func (t *trace) hit(point int) { t.hits[point]++ }

// fire notes a default, a case or an entry for whatever is computed now.
func (t *trace) fire(f Fired) {
	if t.origins != nil {
		t.now.fired = append(t.now.fired, f)
	}
}

// useLet notes that a `let` is used.
func (t *trace) useLet(i int) {
	if t.origins != nil && !slices.Contains(t.now.lets, i) {
		t.now.lets = append(t.now.lets, i)
	}
}

// prefix is the first part of a chain of members and indexes, and the steps that follow it.
type prefix struct {
	run  code
	rest []chainStep
}

type chainStep struct {
	name  string
	index int // -1 for a member
}

// read notes that an expression, which says `as`, read v. Where v is missing, the longest part of
// the chain that is there says where it would be.
func (t *trace) read(as string, v value.Value, parts []prefix, f *frame) {
	if t.origins == nil {
		return
	}
	g := t.now
	if len(g.reads) >= maxReads {
		g.more++
		return
	}
	path, known := t.origins.of(v)
	if !known && v.Kind() == value.Missing {
		path, known = t.place(parts, f)
	}
	switch {
	case !known && as == "":
		return
	case !known:
		path = as
	}
	if g.seen[path] {
		return
	}
	if g.seen == nil {
		g.seen = map[string]bool{}
	}
	g.seen[path] = true
	rd := Read{Path: path, Text: previewOf(v)}
	if as != path {
		rd.As = as
	}
	g.reads = append(g.reads, rd)
}

// place returns the path at which something missing would stand.
func (t *trace) place(parts []prefix, f *frame) (string, bool) {
	for _, p := range parts {
		v, err := p.run(f)
		if err != nil || v.Kind() == value.Missing {
			continue
		}
		path, ok := t.origins.of(v)
		if !ok {
			return "", false
		}
		if path == "doc" {
			path = ""
		}
		for _, s := range p.rest {
			path = stepOf(path, s.name, s.index)
		}
		return path, true
	}
	return "", false
}

// previewOf returns v as JSON text of a readable length; "" for missing.
func previewOf(v value.Value) string {
	const most, large = 120, 4096
	if v.Weight() > large {
		switch v.Kind() {
		case value.List:
			return fmt.Sprintf("[… %s]", count(v.Len(), "element"))
		case value.Object:
			return fmt.Sprintf("{… %s}", count(v.Len(), "field"))
		}
	}
	return v.Preview(most)
}
