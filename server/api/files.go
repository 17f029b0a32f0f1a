package api

import (
	"errors"
	"net/http"
	"strings"

	"github.com/crosswalk-go/crosswalk/server/auth"
	"github.com/crosswalk-go/crosswalk/server/files"
	"github.com/crosswalk-go/crosswalk/server/project"
)

// fileText is a file with its text.
type fileText struct {
	Path     string     `json:"path"`
	Kind     files.Kind `json:"kind"`
	Text     string     `json:"text"`
	Tag      string     `json:"tag"` // what a write wants in If-Match, in quotes
	ReadOnly bool       `json:"readOnly"`
}

var errNoProject = problem{Status: http.StatusNotFound, Title: "There is no project: start the server in a folder with a crosswalk.yaml.", Code: "no-project"}

func (a *API) listFiles(w http.ResponseWriter, _ *http.Request) error {
	if a.Folder == nil {
		return write(w, map[string]any{"project": false, "files": []files.Entry{}})
	}
	entries, err := a.Folder.List()
	if err != nil {
		return err
	}
	return write(w, map[string]any{"project": true, "files": entries})
}

func (a *API) readFile(w http.ResponseWriter, r *http.Request) error {
	if a.Folder == nil {
		return errNoProject
	}
	name := pathOf(r)
	text, tag, err := a.Folder.Read(name)
	if err != nil {
		return err
	}
	w.Header().Set("ETag", `"`+tag+`"`)
	kind, _ := a.Folder.KindOf(name)
	shown, readOnly := string(text), auth.UserOf(r.Context()).Role < roleFor(kind)
	if readOnly && kind == files.Project {
		shown = project.Covered(shown)
	}
	return write(w, fileText{name, kind, shown, tag, readOnly})
}

// roleFor is who may change a file: the project's own names connections, which takes more.
func roleFor(k files.Kind) auth.Role {
	if k == files.Project {
		return auth.Admin
	}
	return auth.Editor
}

// writeFile replaces the text that If-Match names, or makes a file with If-None-Match: *.
func (a *API) writeFile(w http.ResponseWriter, r *http.Request) error {
	if a.Folder == nil {
		return errNoProject
	}
	name, user := pathOf(r), auth.UserOf(r.Context())
	kind, shown := a.Folder.KindOf(name)
	if !shown {
		return problem{Status: http.StatusForbidden, Title: "A project has no such file: mappings are in mappings/, flows in flows/, scripts in scripts/."}
	}
	if want := roleFor(kind); user.Role < want {
		a.Audit.Warn("refused", "user", user.Name, "role", user.Role.String(), "file", name)
		return problem{Status: http.StatusForbidden, Title: "This takes the role " + want.String() + ", and yours is " + user.Role.String() + "."}
	}
	var body struct {
		Text string `json:"text"`
	}
	if err := read(r, &body); err != nil {
		return err
	}
	before, _, err := replaced(r)
	if err != nil {
		return err
	}
	tag, err := a.Folder.Write(name, []byte(body.Text), before)
	if errors.Is(err, files.ErrChanged) {
		return errChanged
	}
	if err != nil {
		return err
	}
	a.Audit.Info("file written", "user", user.Name, "file", name, "before", before, "after", tag)
	w.Header().Set("ETag", `"`+tag+`"`)
	return write(w, map[string]string{"path": name, "tag": tag})
}

var (
	errUnseen  = problem{Status: http.StatusPreconditionRequired, Title: "Say what you replace: the file's tag in If-Match, or * in If-None-Match for a new file."}
	errChanged = problem{Status: http.StatusPreconditionFailed, Title: "The file has changed since you opened it.", Code: "changed"}
)

// replaced is the tag of the text that a request replaces; fresh is true, and the tag "", for a file that is new.
func replaced(r *http.Request) (before string, fresh bool, err error) {
	before, quoted := strings.CutPrefix(strings.TrimSuffix(r.Header.Get("If-Match"), `"`), `"`)
	switch fresh = r.Header.Get("If-None-Match") == "*"; {
	case fresh && !quoted:
		return "", true, nil
	case !quoted || before == "" || fresh:
		return "", false, errUnseen
	}
	return before, false, nil
}
