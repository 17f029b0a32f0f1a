package api

import (
	"errors"
	"net/http"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/format"
	"github.com/crosswalk-go/crosswalk/engine/language"
)

// place is where the cursor stands: lines and characters (not UTF-16 units) from 1.
type place struct {
	Mapping mappingText `json:"mapping"`
	Line    int         `json:"line"`
	Column  int         `json:"column"`
	// Document is one to show values of; unsaid it is that of the first test beside the mapping.
	Document string `json:"document"`
}

// asked is the service that answers about a place.
func (a *API) asked(p place) *language.Service {
	if p.Document == "" || !gjson.Valid(p.Document) {
		return a.language()
	}
	return a.language().WithSample([]byte(p.Document), engine.Input{})
}

func (p place) pos() engine.Position {
	return engine.Position{File: p.Mapping.Name, Line: p.Line, Column: p.Column}
}

func readPlace(r *http.Request) (place, error) {
	var p place
	if err := read(r, &p); err != nil {
		return p, err
	}
	if p.Line < 1 || p.Column < 1 {
		return p, refuse("Lines and columns count from 1.")
	}
	return p, p.Mapping.check(r.Context())
}

func (a *API) complete(w http.ResponseWriter, r *http.Request) error {
	p, err := readPlace(r)
	if err != nil {
		return err
	}
	found, err := a.asked(p).Complete(r.Context(), p.Mapping.Name, p.Mapping.Text, p.pos())
	if err != nil {
		return err
	}
	return write(w, map[string][]language.Completion{"completions": append([]language.Completion{}, found...)})
}

func (a *API) hover(w http.ResponseWriter, r *http.Request) error {
	p, err := readPlace(r)
	if err != nil {
		return err
	}
	h, err := a.asked(p).Hover(r.Context(), p.Mapping.Name, p.Mapping.Text, p.pos())
	if err != nil {
		return err
	}
	answer := map[string]*language.Hover{}
	if h != nil {
		answer["hover"] = h
	}
	return write(w, answer)
}

func (a *API) definition(w http.ResponseWriter, r *http.Request) error {
	p, err := readPlace(r)
	if err != nil {
		return err
	}
	l, err := a.language().Definition(r.Context(), p.Mapping.Name, p.Mapping.Text, p.pos())
	if err != nil {
		return err
	}
	answer := map[string]*language.Location{}
	if l != nil {
		answer["definition"] = l
	}
	return write(w, answer)
}

func (a *API) check(w http.ResponseWriter, r *http.Request) error {
	var m struct {
		Mapping mappingText `json:"mapping"`
	}
	if err := read(r, &m); err != nil {
		return err
	}
	if err := m.Mapping.check(r.Context()); err != nil {
		return err
	}
	return write(w, a.compile(m.Mapping).report())
}

// formatted is a text in its canonical layout, or why it has none.
type formatted struct {
	Text        string             `json:"text"`
	Diagnostics engine.Diagnostics `json:"diagnostics"`
	Unsupported bool               `json:"unsupported"`
}

func (a *API) format(w http.ResponseWriter, r *http.Request) error {
	var f struct {
		Text string `json:"text"`
	}
	if err := read(r, &f); err != nil {
		return err
	}
	text, err := format.Format([]byte(f.Text))
	answer := formatted{Text: string(text), Unsupported: errors.Is(err, format.ErrUnsupported)}
	if err != nil && !answer.Unsupported && !asDiagnostics(err, &answer.Diagnostics) {
		return err
	}
	return write(w, answer)
}

func asDiagnostics(err error, into *engine.Diagnostics) bool { return errors.As(err, into) }
