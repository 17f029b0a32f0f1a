package api

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/crosswalk-go/crosswalk/server/flows"
)

// effect is what a changed mapping would do to documents that were kept.
type effect struct {
	Documents int `json:"documents"` // that could be compared
	Changed   int `json:"changed"`
	// Broken and Mended count documents that only the changed mapping refuses, and only the present one does.
	Broken   int           `json:"broken"`
	Mended   int           `json:"mended"`
	Refusals []string      `json:"refusals"` // what it says of the first that it breaks
	Fields   []fieldEffect `json:"fields"`   // those that change most often first
}

type fieldEffect struct {
	Path     string        `json:"path"`
	Count    int           `json:"count"`
	Examples []fieldSample `json:"examples"` // at most three
}

type fieldSample struct {
	Document string `json:"document"` // as people call it
	change
}

// maxCompared bounds the documents that one answer compares.
const maxCompared = 200

// mappingEffect compares a mapping's text with the mapping that a flow has now, by the last documents that are kept.
func (a *API) mappingEffect(w http.ResponseWriter, r *http.Request) error {
	ask := struct {
		Mapping mappingText `json:"mapping"`
		Last    int         `json:"last"`
	}{Last: 100}
	if err := read(r, &ask); err != nil {
		return err
	}
	if ask.Last < 1 || ask.Last > maxCompared {
		return refuse(fmt.Sprintf("Compare 1 to %d documents.", maxCompared))
	}
	f, err := a.flowOf(r)
	if err != nil {
		return err
	}
	m, err := a.sound(r.Context(), ask.Mapping)
	if err != nil {
		return err
	}
	if err := a.reload(r.Context()); err != nil {
		return err
	}
	found, err := a.Flows.DiffMapping(r.Context(), f.Name, m, ask.Last)
	if errors.Is(err, flows.ErrOtherMapping) {
		return problem{Status: http.StatusUnprocessableEntity, Code: "other-mapping", Title: fmt.Sprintf("It makes %s from %s, and the flow has no such mapping.", m.To(), m.From())}
	}
	if err != nil {
		return unopened(err)
	}
	out := effect{Documents: found.Documents, Changed: found.Changed, Broken: found.Broken, Mended: found.Mended, Refusals: []string{}, Fields: []fieldEffect{}}
	out.Refusals = append(out.Refusals, found.Refusals...)
	for _, field := range found.Fields {
		shown := fieldEffect{Path: field.Path, Count: field.Count, Examples: []fieldSample{}}
		for _, x := range field.Examples {
			shown.Examples = append(shown.Examples, fieldSample{x.Document, change{x.Path, string(x.From), string(x.To)}})
		}
		out.Fields = append(out.Fields, shown)
	}
	a.audit(r, "documents compared", "flow", f.Name, "documents", found.Documents)
	return write(w, out)
}
