package runner

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/sjson"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
	"github.com/crosswalk-go/crosswalk/server/runtime/activity"
)

// Change is what a replay of a document would do differently.
type Change struct {
	Entry  activity.Entry `json:"entry"` // what became of it
	Result flow.Result    `json:"result"`
	// Fields are those of the target's document that would be sent otherwise, or changed in it.
	Fields []flow.FieldChange `json:"fields,omitempty"`
}

// Same tells whether a replay would end as the document ended already, with the same values.
func (c Change) Same() bool {
	return len(c.Fields) == 0 && c.Entry.Outcome == c.Result.Outcome && c.Entry.Code == c.Result.Code
}

// Preview plans documents anew, as the source has them now and with the flow's mappings as they are now, and compares that with the entries
// that tell of them. It sends nothing.
func (e *Engine) Preview(ctx context.Context, f *Flow, entries []activity.Entry) ([]Change, error) {
	planner := f.Process.Planner()
	var out []Change
	for _, entry := range entries {
		_, record, err := e.activity.Get(ctx, entry.ID)
		if err != nil && !errors.Is(err, activity.ErrNoEntry) {
			return nil, err
		}
		c := Change{Entry: entry}
		doc, ok, err := readOne(ctx, f, entry.Document.ID)
		switch {
		case err != nil:
			return nil, fmt.Errorf("reading %s: %w", entry.Document.Name(), err)
		case !ok:
			c.Result = flow.Result{Document: entry.Document, Outcome: flow.Skipped, Code: SkipGone, Reason: "the source does not have it any more"}
		default:
			if c.Result, err = f.Process.Handle(ctx, planner, doc, flow.Handling{DryRun: true}); err != nil {
				return nil, err
			}
		}
		c.Fields = fieldsOf(record.Plan, c.Result)
		out = append(out, c)
	}
	return out, nil
}

func readOne(ctx context.Context, f *Flow, id string) (port.Document, bool, error) {
	for doc, err := range f.Process.Read(ctx, time.Time{}, id) {
		if err != nil {
			return port.Document{}, false, err
		}
		if doc.ID == id {
			return doc, true, nil
		}
	}
	return port.Document{}, false, nil
}

// fieldsOf tells what a result would send otherwise than a plan of before did: nothing where it sends nothing, and of an update what it would change in the
// target as that is now.
func fieldsOf(before *flow.Plan, now flow.Result) []flow.FieldChange {
	if now.Plan == nil || now.Plan.Main() == nil || now.Outcome != flow.Created && now.Outcome != flow.Updated {
		return nil
	}
	if main := now.Plan.Main(); main.Verb == flow.Update {
		return main.Diff
	}
	return flow.Differences(mainBody(before), mainBody(now.Plan))
}

func mainBody(p *flow.Plan) []byte {
	if p == nil || p.Main() == nil {
		return nil
	}
	return p.Main().Body
}

// indexes of lists do not tell one field from another.
var indexes = regexp.MustCompile(`\[\d+\]`)

// FieldEffect is what a changed mapping does to one field.
type FieldEffect struct {
	Path     string        `json:"path"`
	Count    int           `json:"count"`
	Examples []FieldSample `json:"examples"` // at most three
}

// FieldSample is one document's change.
type FieldSample struct {
	Document string `json:"document"`
	flow.FieldChange
}

// MappingEffect is what a changed mapping does to documents that were kept.
type MappingEffect struct {
	Documents int `json:"documents"` // that could be compared
	Changed   int `json:"changed"`
	// Broken and Mended count documents that only the new mapping refuses, and only the old one did.
	Broken int           `json:"broken"`
	Mended int           `json:"mended"`
	Fields []FieldEffect `json:"fields"`
	// Refusals are what the new mapping said of the first documents that it broke.
	Refusals []string `json:"refusals,omitempty"`
}

// MappingPair is a mapping as it is and as it would be. Write is true where it makes the target's document.
type MappingPair struct {
	Old, New flow.Mapper
	Write    bool
	// References are the target's tables, for a write mapping.
	References []byte
}

// DiffMapping applies two versions of a mapping to the last documents that are kept of a flow, newest first, and says which fields differ.
func (e *Engine) DiffMapping(ctx context.Context, f flow.Flow, pair MappingPair, last int) (MappingEffect, error) {
	var out MappingEffect
	effects := map[string]*FieldEffect{}
	seen := map[string]bool{}
	for q := (activity.Query{Flow: f.Name, Limit: min(last, 200)}); out.Documents < last; {
		page, err := e.activity.List(ctx, q)
		if err != nil {
			return out, err
		}
		for _, entry := range page {
			if seen[entry.Document.ID] || !activity.Final(entry.Outcome) || out.Documents >= last {
				continue
			}
			_, record, err := e.activity.Get(ctx, entry.ID)
			if err != nil {
				return out, err
			}
			if used, err := out.compare(ctx, f, pair, entry, record, effects); err != nil {
				return out, err
			} else if used {
				seen[entry.Document.ID] = true
			}
		}
		if len(page) < q.Limit {
			break
		}
		q.Before = page[len(page)-1].ID
	}
	for _, effect := range effects {
		out.Fields = append(out.Fields, *effect)
	}
	slices.SortFunc(out.Fields, func(a, b FieldEffect) int {
		if a.Count != b.Count {
			return b.Count - a.Count
		}
		return strings.Compare(a.Path, b.Path)
	})
	return out, nil
}

// compare applies both versions to one document. used is false where what they need was not kept.
func (m *MappingEffect) compare(ctx context.Context, f flow.Flow, pair MappingPair, entry activity.Entry, record activity.Record, effects map[string]*FieldEffect) (used bool, err error) {
	in := engine.Input{Source: record.Source, Settings: f.Settings, Tables: f.Tables, Now: entry.At.UTC().Format(time.RFC3339)}
	document := []byte(record.Source)
	if pair.Write {
		if record.Plan == nil {
			return false, nil
		}
		document, in.Write = record.Plan.Canonical, engine.Create
		if in.Links, err = withReferences(record.Links, pair.References); err != nil {
			return false, err
		}
		if len(record.Links) == 0 && f.Entity == port.Order {
			return false, nil // it did not come so far that its customer and articles were known
		}
	}
	if len(document) == 0 {
		return false, nil
	}
	before, errBefore := pair.Old.Apply(ctx, document, in)
	after, errAfter := pair.New.Apply(ctx, document, in)
	if err := ctx.Err(); err != nil {
		return false, err
	}
	m.Documents++
	switch {
	case errBefore != nil && errAfter == nil:
		m.Mended++
		return true, nil
	case errBefore == nil && errAfter != nil:
		m.Broken++
		if len(m.Refusals) < 3 {
			m.Refusals = append(m.Refusals, fmt.Sprintf("%s: %v", entry.Document.Name(), errAfter))
		}
		return true, nil
	case errBefore != nil:
		return true, nil
	}
	changes := flow.Differences(before, after)
	if len(changes) > 0 {
		m.Changed++
	}
	for _, c := range changes {
		path := indexes.ReplaceAllString(c.Path, "[]")
		effect := effects[path]
		if effect == nil {
			effect = &FieldEffect{Path: path}
			effects[path] = effect
		}
		effect.Count++
		if len(effect.Examples) < 3 {
			effect.Examples = append(effect.Examples, FieldSample{entry.Document.Name(), c})
		}
	}
	return true, nil
}

func withReferences(links, references []byte) ([]byte, error) {
	if len(links) == 0 {
		links = []byte("{}")
	}
	if len(references) == 0 {
		references = []byte("{}")
	}
	return sjson.SetRawBytes(links, "reference", references)
}
