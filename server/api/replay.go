package api

import (
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/tidwall/sjson"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/server/runtime/activity"
	"github.com/crosswalk-go/crosswalk/server/runtime/runner"
	"github.com/crosswalk-go/crosswalk/server/runtime/schedule"
)

// replayed is what a replay would do.
type replayed struct {
	Was     flow.Outcome `json:"was"`
	Now     flow.Outcome `json:"now"`
	Same    bool         `json:"same"`
	Reason  string       `json:"reason,omitempty"`
	Help    string       `json:"help,omitempty"`
	Changes []change     `json:"changes"` // of the target's document
	Plan    string       `json:"plan,omitempty"`
}

// previewReplay plans a document anew and says what would differ. It sends nothing.
func (a *API) previewReplay(w http.ResponseWriter, r *http.Request) error {
	e, _, err := a.kept(r)
	if err != nil {
		return err
	}
	if _, err := replayable(a, e); err != nil {
		return err
	}
	version, err := a.version(r, e.Flow)
	if err != nil {
		return err
	}
	var out replayed
	err = a.opened(r.Context(), e.Flow, func(open *runner.Flow) error {
		if version.ID != "" {
			if open, err = open.At(version); err != nil {
				return unopened(err)
			}
		}
		found, err := a.Flows.Engine.Preview(r.Context(), open, []activity.Entry{e})
		if err != nil {
			return unopened(err)
		}
		c := found[0]
		out = replayed{Was: e.Outcome, Now: c.Result.Outcome, Same: c.Same(), Reason: c.Result.Reason, Help: c.Result.Help, Changes: changesOf(c.Fields)}
		if c.Result.Plan != nil {
			out.Plan = c.Result.Plan.Render()
		}
		return nil
	})
	if err != nil {
		return err
	}
	return write(w, out)
}

// replayable refuses entries whose document cannot be named any more.
func replayable(a *API, e activity.Entry) (string, error) {
	if e.Gone != "" || e.Document.ID == "" {
		return "", problem{Status: http.StatusConflict, Code: "gone", Title: "What is kept of this document is gone: it cannot be replayed."}
	}
	if _, err := a.flowNamed(e.Flow); err != nil {
		return "", err
	}
	return e.Document.ID, nil
}

// version reads which version of a flow a request names; one that names none, or has no body, is about the flow as it is now.
func (a *API) version(r *http.Request, flowName string) (v runner.Version, err error) {
	if r.ContentLength == 0 {
		return v, nil
	}
	var body struct {
		Version string `json:"version"`
	}
	if err := read(r, &body); err != nil || body.Version == "" {
		return v, err
	}
	v, err = a.Flows.Engine.FindVersion(r.Context(), flowName, body.Version)
	if errors.Is(err, runner.ErrNoVersion) {
		return v, problem{Status: http.StatusNotFound, Code: "no-version", Title: "No such version of the flow is kept, or not any more."}
	}
	if errors.Is(err, runner.ErrManyVersions) {
		return v, refuse("Several versions of the flow begin like this: name more of it.")
	}
	return v, err
}

// replay has a document handled again.
func (a *API) replay(w http.ResponseWriter, r *http.Request) error {
	e, _, err := a.kept(r)
	if err != nil {
		return err
	}
	id, err := replayable(a, e)
	if err != nil {
		return err
	}
	f, err := a.flowNamed(e.Flow)
	if err != nil {
		return err
	}
	version, err := a.version(r, e.Flow)
	if err != nil {
		return err
	}
	if err := a.start(r, f, schedule.Ask{IDs: []string{id}, Version: version.ID, Cause: "replay"}); err != nil {
		return err
	}
	a.audit(r, "replay asked for", "flow", e.Flow, "entry", e.ID, "version", version.ID)
	return write(w, map[string]bool{"started": true})
}

// side chooses the read mapping or the write mapping of a flow. name is as the page names it.
func (a *API) side(e activity.Entry, which string) (m *engine.Mapping, name string, library bool, assembled flow.Flow, err error) {
	f, err := a.flowNamed(e.Flow)
	if err != nil {
		return nil, "", false, assembled, err
	}
	if assembled, err = a.Flows.Current().Assemble(f, a.Library); err != nil {
		return nil, "", false, assembled, unopened(err)
	}
	mapper := assembled.Mappings.Read
	if which == "write" {
		mapper = assembled.Mappings.Write
	}
	m, ok := mapper.(*engine.Mapping)
	if !ok {
		return nil, "", false, assembled, problem{Status: http.StatusNotFound, Title: "The flow has no such mapping."}
	}
	name, library = a.pageName(m.Name())
	return m, name, library, assembled, nil
}

// pageName turns a mapping's file into what the page calls it: a path below the project, or one in the library.
func (a *API) pageName(file string) (name string, library bool) {
	if rel, err := filepath.Rel(a.Flows.Current().Dir, file); err == nil && a.Folder != nil {
		rel = filepath.ToSlash(rel)
		if in, err := a.Folder.Open(rel); err == nil {
			_ = in.Close() // it was only looked for
			return rel, false
		}
	}
	if !strings.HasSuffix(file, ".yaml") {
		file += ".yaml"
	}
	return file, true
}

// entryExplained says which rule made what of an entry's canonical document, by the read mapping as it is now.
func (a *API) entryExplained(w http.ResponseWriter, r *http.Request) error {
	e, record, err := a.kept(r)
	if err != nil {
		return err
	}
	m, name, _, assembled, err := a.side(e, "read")
	if err != nil {
		return err
	}
	if len(record.Source) == 0 {
		return problem{Status: http.StatusNotFound, Code: "gone", Title: "The document is not kept any more."}
	}
	found, err := m.Explain(r.Context(), record.Source, engine.Input{Source: record.Source, Settings: assembled.Settings, Tables: assembled.Tables, Now: e.At.UTC().Format(time.RFC3339)})
	if err != nil {
		return err
	}
	return write(w, question{Field: r.URL.Query().Get("field")}.of(found, name))
}

// entrySample is a kept document as the playground takes one, with the mapping to open it with.
type entrySample struct {
	Mapping string         `json:"mapping"`
	Library bool           `json:"library"`
	Sample  sampleDocument `json:"sample"`
}

// entrySample answers with everything that the flow's read or write mapping was given for a document.
func (a *API) entrySample(w http.ResponseWriter, r *http.Request) error {
	e, record, err := a.kept(r)
	if err != nil {
		return err
	}
	which := r.URL.Query().Get("side")
	if which == "" {
		which = "read"
		if record.Plan != nil && len(record.Plan.Canonical) > 0 && e.Code == flow.FailMapping {
			which = "write"
		}
	}
	_, name, library, assembled, err := a.side(e, which)
	if err != nil {
		return err
	}
	if len(record.Source) == 0 || which == "write" && (record.Plan == nil || len(record.Plan.Canonical) == 0) {
		return problem{Status: http.StatusNotFound, Code: "gone", Title: "The document is not kept, or it did not come so far."}
	}
	out := entrySample{Mapping: name, Library: library, Sample: sampleDocument{Name: e.Document.Name(), Mode: "create", Now: e.At.UTC().Format(time.RFC3339),
		Settings: readable(assembled.Settings), Tables: readable(assembled.Tables)}}
	s := &out.Sample
	if which == "read" {
		s.Document = readable(record.Source)
	} else {
		s.Document, s.Source = readable(record.Plan.Canonical), readable(record.Source)
		if main := record.Plan.Main(); main != nil && main.Verb == flow.Update {
			s.Mode = "update"
		}
		if s.Links, err = a.linksOf(r, e.Flow, record); err != nil {
			return err
		}
	}
	a.audit(r, "documents seen", "flow", e.Flow, "entry", e.ID)
	return write(w, out)
}

// linksOf are the links that the write mapping saw, with the target's tables as they are now.
func (a *API) linksOf(r *http.Request, name string, record activity.Record) (links string, err error) {
	doc := []byte(record.Links)
	if len(doc) == 0 {
		doc = []byte("{}")
	}
	err = a.opened(r.Context(), name, func(open *runner.Flow) error {
		references, err := open.Process.References(r.Context())
		if err != nil {
			return unopened(err)
		}
		if len(references) > 0 {
			doc, err = sjson.SetRawBytes(doc, "reference", references)
		}
		return err
	})
	return readable(doc), err
}
