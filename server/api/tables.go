package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"path"
	"slices"
	"time"

	"github.com/crosswalk-go/crosswalk/server/files"
	"github.com/crosswalk-go/crosswalk/server/project"
	"github.com/crosswalk-go/crosswalk/server/runtime/runner"
)

// flowTable is a lookup table of a flow.
type flowTable struct {
	Name string `json:"name"`
	// Own is true where the flow's file has it; else it is that of its mappings.
	Own     bool         `json:"own"`
	Entries []tableEntry `json:"entries"`
	Missing []missedKey  `json:"missing"`
}

// tableEntry is what stands in a table under keys, one for each level.
type tableEntry struct {
	Keys  []string `json:"keys"`
	Value string   `json:"value"` // JSON text
}

// missedKey is what documents asked for and the table does not have.
type missedKey struct {
	Keys   []string  `json:"keys"`
	Count  int       `json:"count"`
	LastAt time.Time `json:"lastAt"`
}

// flowTables answers with the tables of a flow as they are in its files now.
func (a *API) flowTables(w http.ResponseWriter, r *http.Request) error {
	f, tables, err := a.tablesOf(r)
	if err != nil {
		return err
	}
	missed, err := a.Flows.Engine.Missed(r.Context(), f.Name)
	if err != nil {
		return err
	}
	answer := struct {
		Path   string      `json:"path,omitempty"`
		Tag    string      `json:"tag,omitempty"` // what adding an entry wants in If-Match
		Tables []flowTable `json:"tables"`
	}{Tables: []flowTable{}}
	if a.Folder != nil {
		answer.Path = fileOf(f)
		if _, answer.Tag, err = a.Folder.Read(answer.Path); err != nil {
			return err
		}
	}
	for _, t := range tables {
		answer.Tables = append(answer.Tables, shownTable(t, missed))
	}
	return write(w, answer)
}

func shownTable(t project.Table, missed []runner.MissedKey) flowTable {
	shown := flowTable{Name: t.Name, Own: t.Own, Entries: []tableEntry{}, Missing: []missedKey{}}
	for _, row := range t.Rows() {
		shown.Entries = append(shown.Entries, tableEntry{row.Keys, string(row.Value)})
	}
	for _, m := range missed {
		if m.Table == t.Name && !t.Has(m.Keys) { // it may have been added since
			shown.Missing = append(shown.Missing, missedKey{m.Keys, m.Count, m.LastAt})
		}
	}
	return shown
}

// fileOf is the file of a flow below the project's folder.
func fileOf(f project.Flow) string { return path.Join("flows", f.Name+".yaml") }

// tablesOf are the tables of the flow that the path names, as its files say now.
func (a *API) tablesOf(r *http.Request) (project.Flow, []project.Table, error) {
	f, err := a.flowOf(r)
	if err != nil {
		return f, nil, err
	}
	p, err := a.Flows.Current().Again()
	if err == nil {
		f, err = p.Flow(f.Name)
	}
	if err != nil {
		return f, nil, unopened(err)
	}
	tables, err := p.Tables(f, a.Library)
	if err != nil {
		return f, nil, unopened(err)
	}
	return f, tables, nil
}

// The bounds of an entry.
const (
	maxKeys  = 8
	maxKey   = 500
	maxValue = 10_000
)

// addEntry adds an entry to a table of the flow's file, which If-Match says to have seen.
func (a *API) addEntry(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Table string   `json:"table"`
		Keys  []string `json:"keys"`
		Value string   `json:"value"`
	}
	if err := read(r, &body); err != nil {
		return err
	}
	if a.Folder == nil {
		return errNoProject
	}
	long := func(key string) bool { return key == "" || len(key) > maxKey }
	switch {
	case len(body.Keys) == 0 || len(body.Keys) > maxKeys || slices.ContainsFunc(body.Keys, long):
		return refuse("An entry has a key for each level of the table: 1 to 8, none of them empty.")
	case len(body.Value) > maxValue || !json.Valid([]byte(body.Value)) || body.Value == "null":
		return refuse("The value is JSON text, such as \"cash\" in quotes or 21, and not null.")
	}
	before, fresh, err := replaced(r)
	if err != nil {
		return err
	}
	if fresh {
		return errUnseen
	}
	f, tables, err := a.tablesOf(r)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(tables, func(t project.Table) bool { return t.Name == body.Table }) {
		return problem{Status: http.StatusNotFound, Title: "The flow has no such table."}
	}
	name := fileOf(f)
	text, tag, err := a.Folder.Read(name)
	if err != nil {
		return err
	}
	if tag != before {
		return errChanged
	}
	after, err := project.AddEntry(name, text, project.EntryFor(tables, body.Table, body.Keys, json.RawMessage(body.Value)))
	switch {
	case errors.Is(err, project.ErrHasEntry):
		return problem{Status: http.StatusConflict, Title: "The table has an entry for this key already.", Code: "exists"}
	case errors.Is(err, project.ErrNoPlace):
		return problem{Status: http.StatusUnprocessableEntity, Title: "The flow's file is written in a way that entries cannot be added to: write it there.", Code: "place"}
	case err != nil:
		return unopened(err)
	}
	if tag, err = a.Folder.Write(name, after, tag); errors.Is(err, files.ErrChanged) {
		return errChanged
	}
	if err != nil {
		return err
	}
	a.audit(r, "file written", "file", name, "before", before, "after", tag)
	w.Header().Set("ETag", `"`+tag+`"`)
	return write(w, map[string]string{"path": name, "tag": tag})
}
