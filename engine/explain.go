package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// Explanation says of one document where each field of the output comes from, and of each rule that wrote nothing why it did
// not. It holds values of the document, which may be personal data: show it to the document's owner, never
// log it.
type Explanation struct {
	Mapping string `json:"mapping"`
	From    string `json:"from"`
	To      string `json:"to"`
	// Output is what Apply returns; nil for a document that failed.
	Output json.RawMessage `json:"output,omitempty"`
	// Fields are the leaves of the output, its lists that a rule builds, and the elements of all lists, in the order of the
	// output. Those of a document that failed are as far as its rules came.
	Fields []Field `json:"fields"`
	// Absent are the rules that wrote nothing, in the order in which they ran.
	Absent []Absence `json:"absent"`
	// Diagnostics say why the document failed.
	Diagnostics Diagnostics `json:"diagnostics,omitempty"`
}

// FieldKind tells what stands at a path of the output.
type FieldKind string

// The kinds of fields.
const (
	Leaf        FieldKind = "leaf"    // a string, number, boolean, null, [] or {}
	WholeList   FieldKind = "list"    // a list that an `each` built
	ListElement FieldKind = "element" // an object or a list in a list
)

// Field is one field of an output and what made it.
type Field struct {
	// Path names the field with the indexes of elements: lines[2].sku.
	Path string    `json:"path"`
	Kind FieldKind `json:"kind"`
	// Value is the value of a leaf.
	Value json.RawMessage `json:"value,omitempty"`
	// CopiedFrom is the path of the text that the leaf was copied from as it stands; "" for a computed one.
	CopiedFrom string `json:"copiedFrom,omitempty"`
	Cause
}

// Absence is a rule that wrote nothing.
type Absence struct {
	// Path names the field that is not there. A rule for the elements of a list without elements has [] in it.
	Path   string `json:"path"`
	Reason Reason `json:"reason"`
	// Message says the reason in words, without a value of the document.
	Message string `json:"message"`
	Cause
}

// Cause is a run of a rule.
type Cause struct {
	Rule Rule `json:"rule"`
	// Reads are the paths that were read, each once, in the order of reading; MoreReads counts those beyond the first 200.
	Reads     []Read `json:"reads,omitempty"`
	MoreReads int    `json:"moreReads,omitempty"`
	// Lets are the variables that were used, also by one another, with what they read themselves.
	Lets []Let `json:"lets,omitempty"`
	// Fired are the default, cases and table entries that were taken.
	Fired []Fired `json:"fired,omitempty"`
	// Items and Kept count the elements of the source list of an `each` and those that passed its `where`.
	Items int `json:"items,omitempty"`
	Kept  int `json:"kept,omitempty"`
}

// Rule is a rule as it is written.
type Rule struct {
	// Target is the rule's key: lines[].sku. It is "" for `base: doc`.
	Target string   `json:"target"`
	Pos    Position `json:"pos"`
	// Text is the expression or the options that make the result, on one line.
	Text string `json:"text"`
	// Write is always, create, update or if-empty.
	Write string `json:"write"`
	// Chain names the files from the one that was loaded to the one that holds the rule, where it was inherited.
	Chain []Position `json:"chain,omitempty"`
	Note  string     `json:"note,omitempty"`
}

// Read is a path of the document, or of what came with it, and the value there.
type Read struct {
	Path string `json:"path"`
	// As is how the expression says it where that differs: line.sku for lineItems[2].sku.
	As string `json:"as,omitempty"`
	// Text is the value as JSON cut to a readable length; "" where the path is missing.
	Text string `json:"text,omitempty"`
}

// Let is a variable that a rule used.
type Let struct {
	Name      string   `json:"name"`
	Pos       Position `json:"pos"`
	Text      string   `json:"text"` // the expression, on one line
	Reads     []Read   `json:"reads,omitempty"`
	MoreReads int      `json:"moreReads,omitempty"`
	Fired     []Fired  `json:"fired,omitempty"`
}

// Fired is something of a rule that was taken.
type Fired struct {
	// Kind is default, case, entry, or no-entry for a key that a table does not have.
	Kind string   `json:"kind"`
	Pos  Position `json:"pos"`
	// Text is the default's expression, the condition of the case, or the entry's value.
	Text string `json:"text,omitempty"`
	// Case counts the cases of a `when` from 1.
	Case int `json:"case,omitempty"`
	// Table, Keys and From name an entry; From is mapping or flow.
	Table string   `json:"table,omitempty"`
	Keys  []string `json:"keys,omitempty"`
	From  string   `json:"from,omitempty"`
}

// Reason tells why a rule wrote nothing.
type Reason string

// The reasons.
const (
	ReasonWriteMode Reason = "write-mode"  // the rule's `write` leaves it out
	ReasonMissing   Reason = "missing"     // the result is missing
	ReasonNull      Reason = "null"        // the result is null
	ReasonEmpty     Reason = "empty"       // the result is empty, and `empty` leaves that out
	ReasonNoCase    Reason = "no-case"     // no case of the `when` fitted
	ReasonNoEntry   Reason = "no-entry"    // the table has no entry for the key
	ReasonWhere     Reason = "where"       // `where` let no element pass
	ReasonNoElement Reason = "no-elements" // the list that the field belongs to has no elements
	ReasonNoList    Reason = "no-list"     // the list that the field belongs to was not built
	ReasonFailed    Reason = "failed"      // the rule failed
	ReasonReplaced  Reason = "replaced"    // a later rule wrote over the field
	ReasonStopped   Reason = "stopped"     // a limit ended the mapping before this rule
)

// Explain maps one document as [Mapping.Apply] does, and says where each field of the output comes from. A document that
// fails is explained as far as its rules came, with its failures beside that. The error is ctx's.
//
// Explaining a document takes several times as long as mapping it, and memory for all that it says.
func (m *Mapping) Explain(ctx context.Context, document []byte, in Input) (*Explanation, error) {
	e := &Explanation{Mapping: m.name, From: m.from, To: m.to, Fields: []Field{}, Absent: []Absence{}}
	var diags Diagnostics
	e.Output, diags = m.runNoted(ctx, document, in, true, func(r *run) {
		b := &explainer{run: r, trace: r.trace, used: map[*record]bool{}, causes: map[*record]Cause{}, at: map[string][]*record{}}
		b.explain(e)
	})
	if diags != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	e.Diagnostics = diags
	return e, nil
}

// runNoted maps a document with code that tells what it does; look sees what it told.
func (m *Mapping) runNoted(ctx context.Context, document []byte, in Input, explain bool, look func(*run)) ([]byte, Diagnostics) {
	m = m.noted()
	f := m.frame()
	defer m.release(f)
	diags := f.read(ctx, m.limits, &m.keys, m.plan, document, in)
	if diags != nil {
		return nil, diags
	}
	f.trace = newTrace(m.notes, len(m.lets), explain)
	f.trace.flow = f.tables
	f.overlayTables(m.tables)
	if diags := m.checkSettings(f); diags != nil {
		return nil, diags
	}
	if o := f.trace.origins; o != nil {
		for i, name := range []string{"", "source", "settings", "tables", "links", "current"} {
			o.add(name, f.tapes[i].Text())
		}
	}
	f.bind(m.views[0], f.doc)
	r := &run{frame: f, mapping: m}
	out, diags := r.thorough(nil)
	r.diags = diags
	look(r)
	return out, r.diags
}

// explainer makes an explanation of what a trace was told.
type explainer struct {
	*run
	trace  *trace
	at     map[string][]*record // what was written at a path, in the order of writing
	order  map[*record]int
	used   map[*record]bool
	causes map[*record]Cause
}

func (b *explainer) explain(e *Explanation) {
	b.order = map[*record]int{}
	if b.mapping.copyBase {
		base := &record{written: true}
		b.order[base] = 0
		b.at[""] = append(b.at[""], base)
	}
	for i, rec := range b.trace.records {
		b.order[rec] = i + 1
		if rec.written {
			b.at[rec.path] = append(b.at[rec.path], rec)
		}
	}
	b.walk(e, "", b.out.value(), nil, false)
	for _, rec := range b.trace.records {
		switch {
		case rec.written && !b.used[rec] && !b.filled(rec):
			e.Absent = append(e.Absent, b.absence(rec, ReasonReplaced))
		case !rec.written && !(rec.element && rec.why == ""):
			e.Absent = append(e.Absent, b.absence(rec, rec.why))
		}
	}
	b.neverRun(e, b.mapping.steps, nil)
}

// filled tells whether the rule made something whose parts other rules fill: an object, an element or a list.
func (b *explainer) filled(rec *record) bool { return rec.element }

// walk adds the fields below path; by is what made the value as far as that is known above it.
func (b *explainer) walk(e *Explanation, path string, v value.Value, by *record, element bool) {
	for _, rec := range b.at[path] {
		if by == nil || b.order[rec] > b.order[by] {
			by = rec
		}
	}
	leaf := v.IsEmpty() || v.Kind() != value.Object && v.Kind() != value.List
	if leaf && path == "" {
		return // an output without any field
	}
	built := by != nil && by.path == path && by.step != nil && by.step.element != nil
	switch {
	case leaf:
		f := Field{Path: path, Kind: Leaf, Value: v.AppendJSON(nil), Cause: b.cause(by)}
		f.CopiedFrom, _ = b.trace.origins.of(v)
		e.Fields = append(e.Fields, f)
	case element:
		e.Fields = append(e.Fields, Field{Path: path, Kind: ListElement, Cause: b.cause(by)})
	case v.Kind() == value.List && built:
		e.Fields = append(e.Fields, Field{Path: path, Kind: WholeList, Cause: b.cause(by)})
	}
	if leaf {
		return
	}
	if v.Kind() == value.List {
		for i, item := range v.Items() {
			b.walk(e, stepOf(path, "", i), item, by, true)
		}
		return
	}
	for _, f := range v.Fields() {
		if f.Value.Kind() != value.Missing {
			b.walk(e, stepOf(path, f.Key, -1), f.Value, by, false)
		}
	}
}

// cause says what a run of a rule read and took.
func (b *explainer) cause(rec *record) Cause {
	if rec == nil {
		return Cause{}
	}
	b.used[rec] = true
	if c, ok := b.causes[rec]; ok {
		return c
	}
	c := Cause{Rule: b.rule(rec.step), Reads: rec.reads, MoreReads: rec.more, Fired: rec.fired, Items: rec.items, Kept: rec.kept}
	var use func(lets []int)
	seen := map[int]bool{}
	use = func(lets []int) {
		for _, i := range lets {
			g := b.trace.lets[i]
			if seen[i] || g == nil {
				continue
			}
			seen[i] = true
			decl := b.mapping.linked.lets[i]
			c.Lets = append(c.Lets, Let{Name: decl.name.text, Pos: decl.name.start(), Text: oneLine(decl.expr.text),
				Reads: g.reads, MoreReads: g.more, Fired: g.fired})
			use(g.lets)
		}
	}
	use(rec.lets)
	b.causes[rec] = c
	return c
}

func (b *explainer) rule(s *step) Rule {
	if s == nil {
		return Rule{Pos: b.mapping.linked.base.start(), Text: "base: doc", Write: "always"}
	}
	return ruleOf(b.mapping.linked, s.rule)
}

func ruleOf(k *linked, r *ruleDecl) Rule {
	out := Rule{Target: r.path.String(), Pos: r.key.start(), Text: r.words(), Write: writeNames[r.write], Chain: chainOf(k, r)}
	if r.note != nil {
		out.Note = oneLine(r.note.text)
	}
	return out
}

var writeNames = [...]string{writeAlways: "always", writeOnCreate: "create", writeOnUpdate: "update", writeIfEmpty: "if-empty"}

func (b *explainer) absence(rec *record, why Reason) Absence {
	a := Absence{Path: rec.path, Reason: why, Cause: b.cause(rec)}
	fired := func(kind string) bool {
		return slices.ContainsFunc(rec.fired, func(f Fired) bool { return f.Kind == kind })
	}
	r := rec.step.rule
	if why == ReasonMissing && !fired("default") {
		switch {
		case r.hasWhen && !fired("case"):
			a.Reason = ReasonNoCase
		case r.lookup != nil && fired("no-entry"):
			a.Reason = ReasonNoEntry
		}
	}
	switch a.Reason {
	case ReasonWriteMode:
		a.Message = fmt.Sprintf("`write: %s`, and the target is new", a.Rule.Write)
		if b.write == Update {
			a.Message = fmt.Sprintf("`write: %s`, and this is an update", a.Rule.Write)
		}
		if r.write == writeIfEmpty {
			a.Message = "`write: if-empty`, and the target has a value"
		}
	case ReasonMissing, ReasonNull, ReasonEmpty:
		a.Message = "the result is " + strings.TrimSpace(string(a.Reason)+" "+kindOfEmpty(rec.result))
		mode := r.empty[min(int(rec.result.Kind()), 2)]
		switch {
		case mode == emptyKeep && b.write == Update:
			a.Message += ", and the target has nothing to keep"
		case mode == emptyOmit || mode == emptyKeep:
			a.Message += ", and `empty` leaves it out"
		}
	case ReasonNoCase:
		a.Message = "no case fitted"
	case ReasonNoEntry:
		a.Message = fmt.Sprintf("the table %s has no entry for the key", r.lookup.text)
	case ReasonWhere:
		a.Message = fmt.Sprintf("`where` let none of %s pass", count(rec.items, "element"))
	case ReasonFailed:
		a.Message = "the rule failed with " + rec.code
	case ReasonReplaced:
		a.Message = "a later rule wrote over it"
	default:
		a.Reason, a.Message = ReasonStopped, "the mapping ended before this rule"
	}
	return a
}

// kindOfEmpty returns "text", "list" or "object" for a value that is empty without being missing or null.
func kindOfEmpty(v value.Value) string {
	switch v.Kind() {
	case value.Missing, value.Null:
		return ""
	case value.String:
		return "text"
	}
	return v.Kind().String()
}

// neverRun adds the rules that had no chance to run.
func (b *explainer) neverRun(e *Explanation, steps []step, list *record) {
	for i := range steps {
		s := &steps[i]
		rec := b.trace.ran[s.rule]
		if rec == nil {
			a := Absence{Path: s.rule.path.String(), Reason: ReasonStopped, Message: "the mapping ended before this rule", Cause: Cause{Rule: b.rule(s)}}
			switch {
			case list == nil || b.stopped:
			case list.written || list.why == ReasonWhere || list.why == ReasonEmpty:
				a.Reason, a.Message = ReasonNoElement, fmt.Sprintf("the list %s has no elements", list.path)
			default:
				a.Reason, a.Message = ReasonNoList, fmt.Sprintf("the list %s was not built", list.path)
			}
			e.Absent = append(e.Absent, a)
			rec = list
		}
		if s.element != nil {
			b.neverRun(e, s.element.steps, rec)
		}
	}
}
