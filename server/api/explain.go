package api

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/engine"
)

// question is what is to be explained: one of the three, or none for the absent fields alone.
type question struct {
	Field  string `json:"field"`  // a path of the result: lines[2].sku
	Source string `json:"source"` // a path of the source document
	// Line is a line of the file File of the mapping; File unsaid is the mapping itself.
	Line int    `json:"line"`
	File string `json:"file"`
}

type explainJob struct {
	job
	About question `json:"about"`
}

// explanation is the part of [engine.Explanation] that was asked for. Values are JSON text in strings.
type explanation struct {
	Fields []field   `json:"fields"`
	Absent []absence `json:"absent"`
	// More counts what was left out of either list.
	More        int                `json:"more"`
	Diagnostics engine.Diagnostics `json:"diagnostics"`
}

type field struct {
	Path       string           `json:"path"`
	Kind       engine.FieldKind `json:"kind"`
	Value      string           `json:"value,omitempty"`
	CopiedFrom string           `json:"copiedFrom,omitempty"`
	engine.Cause
}

type absence struct {
	Path    string        `json:"path"`
	Reason  engine.Reason `json:"reason"`
	Message string        `json:"message"`
	engine.Cause
}

// maxExplained bounds each list of an answer.
const maxExplained = 200

func (a *API) explain(w http.ResponseWriter, r *http.Request) error {
	var j explainJob
	if err := read(r, &j); err != nil {
		return err
	}
	p, err := a.begin(r.Context(), j.job)
	if err != nil {
		return err
	}
	if p.document == nil {
		return write(w, explained(&engine.Explanation{Diagnostics: p.problems}))
	}
	e, err := p.mapping.Explain(r.Context(), p.document, p.in)
	if err != nil {
		return err
	}
	return write(w, j.About.of(e, j.Mapping.Name))
}

// sound compiles a mapping that has to be without errors.
func (a *API) sound(ctx context.Context, m mappingText) (*engine.Mapping, error) {
	if err := m.check(ctx); err != nil {
		return nil, err
	}
	c := a.compile(m)
	if c.mapping == nil {
		return nil, problem{Status: 422, Title: "The mapping has errors.", Code: "mapping", Diagnostics: append(slices.Clone(c.problems), c.inherited...)}
	}
	return c.mapping, nil
}

// begin prepares a job whose mapping has to be without errors.
func (a *API) begin(ctx context.Context, j job) (prepared, error) {
	m, err := a.sound(ctx, j.Mapping)
	if err != nil {
		return prepared{}, err
	}
	return a.prepare(ctx, j, m)
}

// of returns the part of an explanation that answers the question.
func (q question) of(e *engine.Explanation, mapping string) explanation {
	switch {
	case q.Field != "":
		e = e.Nearest(q.Field)
	case q.Source != "":
		e = about(e, func(c engine.Cause, copied string) bool { return readsPath(c, copied, q.Source) })
	case q.Line > 0:
		file := q.File
		if file == "" {
			file = mapping
		}
		e = about(e, ofLine(e, file, q.Line))
	default:
		part := *e
		part.Fields = nil
		e = &part
	}
	return explained(e)
}

// explained is an explanation with its values as text, as much of it as an answer holds.
func explained(e *engine.Explanation) explanation {
	out := explanation{Fields: []field{}, Absent: []absence{}, Diagnostics: e.Diagnostics}
	for _, f := range e.Fields[:min(len(e.Fields), maxExplained)] {
		out.Fields = append(out.Fields, field{f.Path, f.Kind, string(f.Value), f.CopiedFrom, f.Cause})
	}
	for _, a := range e.Absent[:min(len(e.Absent), maxExplained)] {
		out.Absent = append(out.Absent, absence{a.Path, a.Reason, a.Message, a.Cause})
	}
	out.More = len(e.Fields) - len(out.Fields) + len(e.Absent) - len(out.Absent)
	return out
}

// about keeps the fields and absences whose cause passes.
func about(e *engine.Explanation, pass func(c engine.Cause, copied string) bool) *engine.Explanation {
	part := *e
	part.Fields, part.Absent = nil, nil
	for _, f := range e.Fields {
		if pass(f.Cause, f.CopiedFrom) {
			part.Fields = append(part.Fields, f)
		}
	}
	for _, a := range e.Absent {
		if pass(a.Cause, "") {
			part.Absent = append(part.Absent, a)
		}
	}
	return &part
}

// readsPath tells whether a rule read a path of the source document, or something in it.
func readsPath(c engine.Cause, copied, path string) bool {
	if copied == path || strings.HasPrefix(copied, path+".") || strings.HasPrefix(copied, path+"[") {
		return true
	}
	in := func(reads []engine.Read) bool {
		return slices.ContainsFunc(reads, func(r engine.Read) bool {
			return r.Path == path || strings.HasPrefix(r.Path, path+".") || strings.HasPrefix(r.Path, path+"[")
		})
	}
	return in(c.Reads) || slices.ContainsFunc(c.Lets, func(l engine.Let) bool { return in(l.Reads) })
}

// ofLine keeps what the rule or the variable that stands on a line took part in: the last one that begins there or above.
func ofLine(e *engine.Explanation, file string, line int) func(engine.Cause, string) bool {
	best := 0
	each := func(c engine.Cause) {
		places := []engine.Position{c.Rule.Pos}
		for _, l := range c.Lets {
			places = append(places, l.Pos)
		}
		for _, p := range places {
			if p.File == file && p.Line <= line {
				best = max(best, p.Line)
			}
		}
	}
	for _, f := range e.Fields {
		each(f.Cause)
	}
	for _, a := range e.Absent {
		each(a.Cause)
	}
	return func(c engine.Cause, _ string) bool {
		at := func(p engine.Position) bool { return best > 0 && p.File == file && p.Line == best }
		return at(c.Rule.Pos) || slices.ContainsFunc(c.Lets, func(l engine.Let) bool { return at(l.Pos) })
	}
}

// documentProblem is the error of a document that cannot be looked at.
func documentProblem(err error) error {
	var found engine.Diagnostics
	if asDiagnostics(err, &found) {
		return problem{Status: 422, Title: "The document cannot be read.", Code: "document", Diagnostics: found}
	}
	return err
}
