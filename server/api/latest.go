package api

import (
	"maps"
	"net/http"

	"github.com/gorilla/mux"

	"github.com/crosswalk-go/crosswalk/server/setup"
)

// maxLatest bounds how many documents of a connection are shown.
const maxLatest = 20

// latest answers with the newest documents of a connection.
func (a *API) latest(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Type    string `json:"type"`    // a document type of the connection's system, or an entity
		Mapping string `json:"mapping"` // the file that is at hand
		Limit   int    `json:"limit"`
	}
	if err := read(r, &body); err != nil {
		return err
	}
	if a.Setup == nil {
		return errNoProject
	}
	if body.Limit == 0 {
		body.Limit = 8
	}
	if body.Limit < 1 || body.Limit > maxLatest || body.Type == "" {
		return refuse("Say what kind of document is meant, and at most 20 of them.")
	}
	name := mux.Vars(r)["connection"]
	found, err := a.Setup.Newest(r.Context(), name, body.Type, body.Mapping, body.Limit)
	if err != nil {
		return setupProblem(err)
	}
	for i := range found.Documents {
		found.Documents[i].Document = indented([]byte(found.Documents[i].Document))
	}
	for i := range found.Ways {
		found.Ways[i].Settings, found.Ways[i].Tables = readable([]byte(found.Ways[i].Settings)), readable([]byte(found.Ways[i].Tables))
	}
	a.audit(r, "documents seen", "connection", name, "documents", len(found.Documents))
	return write(w, found)
}

// planDocument says what a flow would do with one document of its source, with the mapping as it is being written. It sends nothing.
func (a *API) planDocument(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		ID      string      `json:"id"` // in the source
		Mapping mappingText `json:"mapping"`
	}
	if err := read(r, &body); err != nil {
		return err
	}
	if a.Setup == nil {
		return errNoProject
	}
	if err := body.Mapping.check(r.Context()); err != nil {
		return err
	}
	if body.ID == "" {
		return refuse("Name the document that is to be planned.")
	}
	drafts := setup.Drafts{body.Mapping.Name: body.Mapping.Text}
	maps.Copy(drafts, body.Mapping.Scripts)
	name := mux.Vars(r)["flow"]
	trial, err := a.Setup.Plan(r.Context(), name, body.ID, drafts)
	if err != nil {
		return setupProblem(err)
	}
	a.audit(r, "document planned", "flow", name)
	return write(w, shownTrial(trial))
}

// shownTrial lays documents out for people.
func shownTrial(t setup.Trial) setup.Trial {
	t.Source, t.Canonical, t.Links = indented([]byte(t.Source)), indented([]byte(t.Canonical)), readable([]byte(t.Links))
	for i := range t.Operations {
		t.Operations[i].Body = indented([]byte(t.Operations[i].Body))
	}
	return t
}
