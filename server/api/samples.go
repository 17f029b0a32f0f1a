package api

import (
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/mappingtest"
	"github.com/crosswalk-go/crosswalk/server/files"
)

// listed is a mapping that can be opened.
type listed struct {
	Name    string `json:"name"` // as [mappingText] names it
	Library bool   `json:"library"`
	From    string `json:"from"`
	To      string `json:"to"`
	// Samples are the names of its tests' documents.
	Samples []string `json:"samples"`
}

func (a *API) mappings(w http.ResponseWriter, _ *http.Request) error {
	all := []listed{}
	if a.Folder != nil {
		entries, err := a.Folder.List()
		if err != nil {
			return err
		}
		for _, e := range entries {
			if e.Kind == files.Mapping {
				if l, ok := a.listed(a.Folder, e.Path); ok {
					all = append(all, l)
				}
			}
		}
	}
	return write(w, map[string][]listed{"mappings": append(all, a.builtIn()...)})
}

// builtInMappings lists those of the library, which never changes.
func (a *API) builtInMappings() []listed {
	var all []listed
	for _, pattern := range []string{"*/*.read.yaml", "*/*.write.yaml"} {
		names, err := fs.Glob(a.Library, pattern)
		if err != nil {
			continue // the patterns are constant and right
		}
		for _, name := range names {
			if l, ok := a.listed(a.Library, name); ok {
				l.Library = true
				all = append(all, l)
			}
		}
	}
	return all
}

func (a *API) listed(from fs.FS, name string) (listed, bool) {
	text, err := fs.ReadFile(from, name)
	if err != nil {
		return listed{}, false
	}
	m := engine.Analyze(name, text, engine.Files(a.files), engine.Library(a.Library))
	l := listed{Name: name, From: m.From(), To: m.To(), Samples: []string{}}
	for _, s := range mappingtest.Samples(a.files, testOf(name)) {
		l.Samples = append(l.Samples, s.Name)
	}
	return l, true
}

// testOf is the file of the tests beside a mapping.
func testOf(name string) string {
	ext := path.Ext(name)
	return strings.TrimSuffix(name, ext) + ".test" + ext
}

// sampleNamed is an entry of the list of samples: a document that is there to try things with.
type sampleNamed struct {
	Mapping string `json:"mapping"`
	Name    string `json:"name"`
	From    string `json:"from"`
	To      string `json:"to"`
}

func (a *API) samples(w http.ResponseWriter, _ *http.Request) error {
	all := []sampleNamed{}
	for _, m := range a.builtIn() {
		for _, name := range m.Samples {
			all = append(all, sampleNamed{m.Name, name, m.From, m.To})
		}
	}
	return write(w, map[string][]sampleNamed{"samples": all})
}

// sampleDocument is a sample: a document and what goes with it.
type sampleDocument struct {
	Name     string `json:"name"`
	Document string `json:"document"`
	Mode     string `json:"mode"`
	Source   string `json:"source,omitempty"`
	Settings string `json:"settings,omitempty"`
	Tables   string `json:"tables,omitempty"`
	Links    string `json:"links,omitempty"`
	Current  string `json:"current,omitempty"`
	Now      string `json:"now,omitempty"`
	Expected string `json:"expected,omitempty"` // the whole result that its test expects
}

// sample returns a document of a mapping's tests: the named one, or the first. A mapping without tests has those of the
// mapping that it extends.
func (a *API) sample(w http.ResponseWriter, r *http.Request) error {
	mapping, name := r.URL.Query().Get("mapping"), r.URL.Query().Get("name")
	if err := (mappingText{Name: mapping}).check(r.Context()); err != nil {
		return err
	}
	text, err := fs.ReadFile(a.files, mapping)
	if err != nil {
		return err
	}
	for _, source := range engine.Analyze(mapping, text, engine.Files(a.files), engine.Library(a.Library)).Sources() {
		found := mappingtest.Samples(a.files, testOf(source.Path))
		i := slices.IndexFunc(found, func(e mappingtest.Example) bool { return name == "" || e.Name == name })
		if i < 0 {
			continue
		}
		e := found[i]
		s := sampleDocument{Name: e.Name, Document: indented(e.Document), Mode: "create", Now: e.Input.Now}
		if e.Input.Write == engine.Update {
			s.Mode = "update"
		}
		for _, part := range []struct {
			from []byte
			into *string
		}{{e.Input.Source, &s.Source}, {e.Input.Settings, &s.Settings}, {e.Input.Tables, &s.Tables}, {e.Input.Links, &s.Links}, {e.Input.Current, &s.Current}, {e.Exactly, &s.Expected}} {
			if len(part.from) > 0 {
				*part.into = indented(part.from)
			}
		}
		return write(w, s)
	}
	return problem{Status: http.StatusNotFound, Title: "The mapping has no such sample."}
}

func (a *API) libraryFile(w http.ResponseWriter, r *http.Request) error {
	name := pathOf(r)
	if !fs.ValidPath(name) {
		return fs.ErrNotExist
	}
	text, err := fs.ReadFile(a.Library, name)
	if err != nil {
		return fs.ErrNotExist
	}
	return write(w, fileText{Path: name, Kind: files.Mapping, Text: string(text), Tag: files.TagOf(text), ReadOnly: true})
}
