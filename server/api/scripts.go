package api

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/scripting/completion"
	"github.com/crosswalk-go/crosswalk/scripting/types"
	"github.com/crosswalk-go/crosswalk/server/auth"
	"github.com/crosswalk-go/crosswalk/server/files"
)

// checkScript refuses what is no path of a script, and whoever may not change one: what stands in it is run.
func checkScript(ctx context.Context, name string) error {
	if !fs.ValidPath(name) || !slices.Contains([]string{".ts", ".mts", ".js", ".mjs"}, path.Ext(name)) {
		return refuse("A script's name is a path of the project that ends in .ts or .js.")
	}
	if role := auth.UserOf(ctx).Role; role < auth.Editor {
		return problem{Status: http.StatusForbidden, Title: "To run a script that is not saved takes the role " + auth.Editor.String() + ", and yours is " + role.String() + "."}
	}
	return nil
}

// scripted are the texts of a mapping's scripts in one, to tell it from another by.
func (m mappingText) scripted() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(m.Scripts)) {
		b.WriteString(name + "\x00" + m.Scripts[name] + "\x00")
	}
	return b.String()
}

// logLine is what a script logged.
type logLine struct {
	Level    string `json:"level"`
	Message  string `json:"message"`
	Data     string `json:"data,omitempty"` // JSON text
	Function string `json:"function"`
}

// maxLogged bounds what is shown of a document.
const maxLogged = 200

// console keeps what scripts log.
type console struct {
	mu    sync.Mutex
	lines []logLine
}

func (c *console) log(l engine.ScriptLog) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.lines) < maxLogged {
		c.lines = append(c.lines, logLine{l.Level, l.Message, string(l.Data), l.Script})
	}
}

func (c *console) all() []logLine {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]logLine{}, c.lines...)
}

// table is one that a mapping declares; Entries is the text of a JSON object.
type table struct {
	Name    string `json:"name"`
	Entries string `json:"entries"`
}

func declaredTables(m *engine.Mapping) []table {
	all := []table{}
	gjson.ParseBytes(m.Tables()).ForEach(func(name, entries gjson.Result) bool {
		all = append(all, table{name.String(), entries.Raw})
		return true
	})
	slices.SortFunc(all, func(a, b table) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// checkedScript is what is known of a script's text.
type checkedScript struct {
	Diagnostics engine.Diagnostics `json:"diagnostics"`
	Functions   []string           `json:"functions"` // what rules may call, with their parameters
}

// scriptCheck reads a script without running it.
func (a *API) scriptCheck(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Path string `json:"path"`
		Text string `json:"text"`
	}
	if err := read(r, &body); err != nil {
		return err
	}
	if err := checkScript(r.Context(), body.Path); err != nil {
		return err
	}
	answer := checkedScript{Functions: []string{}}
	if a.Reader == nil {
		return write(w, answer)
	}
	scripts, err := a.Reader.LoadScripts(files.Overlay{FS: a.files, Texts: map[string]string{body.Path: body.Text}}, []string{body.Path})
	var found engine.ScriptErrors
	switch {
	case errors.As(err, &found):
		for _, e := range found {
			answer.Diagnostics = append(answer.Diagnostics, engine.Diagnostic{Severity: engine.Error, Message: e.Message, Pos: e.Pos, End: e.Pos})
		}
		return write(w, answer)
	case err != nil:
		return err
	}
	for _, f := range scripts.Functions() {
		answer.Functions = append(answer.Functions, f.Name+"("+strings.Join(f.Params, ", ")+")")
	}
	return write(w, answer)
}

// declarations are those of every document and of the library.
func (a *API) declarations() *completion.Declarations {
	var p types.Project
	for _, name := range engine.DocumentTypes(a.Library) {
		if t, err := engine.DocumentType(a.Library, name); err == nil { // one that cannot be read is not completed
			p.Documents = append(p.Documents, types.Document{Name: name, Type: t})
		}
	}
	return completion.Read(declared(p)...)
}

func declared(p types.Project) []string {
	var texts []string
	for _, f := range p.Files() {
		texts = append(texts, string(f.Text))
	}
	return texts
}

// ofFlows adds what the project's flows give to rules, as far as its files can be read.
func (a *API) ofFlows(d *completion.Declarations) *completion.Declarations {
	if a.Setup == nil {
		return d
	}
	p, err := a.Setup.Load()
	if err != nil {
		return d
	}
	var flows types.Project
	for _, f := range p.Declared(a.Library) {
		flows.Flows = append(flows.Flows, types.Flow{Name: f.Flow, Settings: f.Settings, Tables: f.Tables})
	}
	return d.With(declared(flows)...)
}

// scriptComplete says what may be written at a place of a script.
func (a *API) scriptComplete(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Text   string `json:"text"`
		Line   int    `json:"line"`
		Column int    `json:"column"`
	}
	if err := read(r, &body); err != nil {
		return err
	}
	if body.Line < 1 || body.Column < 1 {
		return refuse("Lines and columns count from 1.")
	}
	found := a.ofFlows(a.declared()).At(body.Text, offsetIn(body.Text, body.Line, body.Column))
	return write(w, map[string][]completion.Entry{"completions": append([]completion.Entry{}, found...)})
}

// offsetIn is a place in bytes; columns count characters.
func offsetIn(text string, line, column int) int {
	at := 0
	for ; line > 1; line-- {
		end := strings.IndexByte(text[at:], '\n')
		if end < 0 {
			return len(text)
		}
		at += end + 1
	}
	for _, c := range text[at:] {
		if column--; column == 0 || c == '\n' {
			return at
		}
		at += utf8.RuneLen(c)
	}
	return len(text)
}
