// Package project reads a project folder: crosswalk.yaml with its connections and the flows
// below flows/. It checks what it reads, opens connections, and puts flows together with their mappings.
//
// It is not for running flows, and it knows no system and no mapping: which there are is
// handed in. Start with [Load] and [Project.Process].
package project

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/port"
	"github.com/crosswalk-go/crosswalk/engine/schema"
)

// The codes of diagnostics about a project.
const (
	codeRead              = "CW3001" // the file cannot be read
	codeYAML              = "CW3002" // no YAML, or YAML that projects do not use
	codeShape             = "CW3003" // another kind of YAML value was expected
	codeUnknownKey        = "CW3004" // unknown key
	codeMissingKey        = "CW3005" // a key that must be there is not
	codeValue             = "CW3006" // the key has no such value
	codeUnknownSystem     = "CW3007" // no such system
	codeUnknownConnection = "CW3008" // no such connection
	codeLiteralSecret     = "CW3009" // a secret stands in the file
	codeUnknownCredential = "CW3010" // the system has no such credential
	codeMissingCredential = "CW3011" // the system needs a credential that is not there
	codeReference         = "CW3012" // a variable or file that is referred to is not there
	codeUnsupported       = "CW3013" // not built yet
)

// Project is a project folder as it was read. It does not change.
type Project struct {
	Dir         string       // as given to Load
	Data        string       // the folder of the server's own data, below Dir unless absolute
	Connections []Connection // in the order of the file
	Flows       []Flow       // by name
	// Server and Alerts are the sections of that name as JSON text, nil where there are none.
	Server, Alerts []byte

	systems []connectors.System
	getenv  func(string) (string, bool)
	files   fs.FS // nil: the operating system
	scripts engine.ScriptHost
}

// Connection is a system with credentials under the user's own name.
type Connection struct {
	Name   string
	System string
	Pos    engine.Position

	url         *text
	credentials []credential
	options     []option
	from        *file // for messages
}

// Flow is a file of the folder flows. What it refers to is checked, its
// expression and mappings are not compiled.
type Flow struct {
	Name     string // the file's name without .yaml
	File     string
	From, To string // names of connections
	Entity   port.Entity
	Trigger  Trigger
	After    []string  // flows that run before this one where several are due: see [Project.InOrder]
	Start    time.Time // midnight UTC where the file names a day; zero where it names none
	Where    string    // an expression over the canonical document, "" for all
	WherePos engine.Position
	Steps    []Step        // between reading and writing
	Limit    int           // documents a run, 0 for no limit
	Keep     time.Duration // how long its activity is kept, 0 where the file does not say
	Settings []byte        // a JSON object, nil where there is none
	Tables   []byte        // a JSON object of JSON objects, nil where there is none
	// Mappings names the mappings that are used instead of the system's own, as files
	// below the project or names of the library; "" for the system's own.
	Mappings Mappings

	file  *file           // for messages
	after []text          // where After stands
	at    map[string]text // places in it: "to", "where", "settings.orderType", "mappings.read"
}

// Trigger says when a flow runs.
type Trigger struct {
	Every   time.Duration // 0 for never
	Cron    string        // five fields: minute, hour, day of month, month, day of week; "" for never
	Zone    string        // the time zone of Cron, "" for UTC
	Webhook bool
}

// Mappings are the mappings that a flow may replace.
type Mappings struct {
	Read, Write, Customer, Product string
}

// Option configures [Load].
type Option func(*Project)

// Env sets where ${NAME} is looked up; unsaid it is the environment of the process.
func Env(lookup func(string) (string, bool)) Option { return func(p *Project) { p.getenv = lookup } }

// Scripts sets what loads the scripts of the project's mappings; without it a mapping that names scripts is an error.
func Scripts(host engine.ScriptHost) Option { return func(p *Project) { p.scripts = host } }

// Files sets where crosswalk.yaml, the flows and the project's mappings are read, by their paths as they would be on
// disk, for who has newer texts of them than the disk. Which flows there are, the disk says.
func Files(fsys fs.FS) Option { return func(p *Project) { p.files = fsys } }

// Load reads the project in dir for these systems. The error is [engine.Diagnostics] with every
// problem of every file. Secrets are not looked up before [Project.Open].
func Load(dir string, systems []connectors.System, opts ...Option) (*Project, error) {
	p := &Project{Dir: dir, Data: filepath.Join(dir, ".crosswalk"), systems: systems, getenv: os.LookupEnv}
	for _, o := range opts {
		o(p)
	}
	var diags engine.Diagnostics
	p.readMain(filepath.Join(dir, "crosswalk.yaml"), &diags)
	p.readFlows(filepath.Join(dir, "flows"), &diags)
	p.checkAfter()
	if diags.HasErrors() {
		slices.SortStableFunc(diags, func(a, b engine.Diagnostic) int {
			return cmp.Or(cmp.Compare(a.Pos.File, b.Pos.File), cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Column, b.Pos.Column))
		})
		return nil, diags
	}
	return p, nil
}

// Again reads the project's files anew, in the way that they were read.
func (p *Project) Again() (*Project, error) {
	return p.With(p.files)
}

// With reads the project's files anew, and of those that files has them its texts.
func (p *Project) With(files fs.FS) (*Project, error) {
	return Load(p.Dir, p.systems, Env(p.getenv), Scripts(p.scripts), Files(files))
}

// Connection returns the connection of that name.
func (p *Project) Connection(name string) (Connection, bool) {
	i := slices.IndexFunc(p.Connections, func(c Connection) bool { return c.Name == name })
	if i < 0 {
		return Connection{}, false
	}
	return p.Connections[i], true
}

// Flow returns the flow of that name, or an error that says which there are.
func (p *Project) Flow(name string) (Flow, error) {
	var names []string
	for _, f := range p.Flows {
		if f.Name == name {
			return f, nil
		}
		names = append(names, f.Name)
	}
	if len(names) == 0 {
		return Flow{}, fmt.Errorf("the project has no flows: put one into %s", filepath.Join(p.Dir, "flows"))
	}
	if best := nearest(name, names); best != "" {
		return Flow{}, fmt.Errorf("no flow %q: did you mean %q?", name, best)
	}
	return Flow{}, fmt.Errorf("no flow %q: there are %s", name, strings.Join(names, ", "))
}

func (p *Project) readMain(path string, diags *engine.Diagnostics) {
	f := p.open(path, diags)
	if f == nil {
		return
	}
	defer f.cover()
	known := schema.ProjectKeys.Names()
	seen := false
	for _, e := range f.entries(f.root, "crosswalk.yaml is a map with the keys "+strings.Join(known, ", ")) {
		switch e.key.value {
		case "connections":
			seen = true
			for _, c := range f.entries(e.node, "connections is a map of name to {system, url, credentials}") {
				p.Connections = append(p.Connections, p.readConnection(f, c))
			}
		case "server", "alerts":
			keys := schema.ServerKeys
			into := &p.Server
			if e.key.value == "alerts" {
				keys, into = schema.AlertKeys, &p.Alerts
			}
			before := len(*diags)
			if *into = f.json(e.node); len(*diags) == before { // what is no plain YAML is said once
				f.section(e.key, e.node, keys, nil)
			}
		case "data":
			if w := f.word(e.node); w != nil && w.value == "" {
				f.report(*w, codeValue, "data names no folder", "write a path, or leave the key out for .crosswalk")
			} else if w != nil {
				p.Data = p.resolve(w.value)
			}
		default:
			f.unknown(e.key, "key", known)
		}
	}
	if _, isMap := f.root.(ast.MapNode); isMap && !seen {
		f.report(text{line: 1, column: 1}, codeMissingKey, "crosswalk.yaml has no connections", "write `connections:` with a name, a system and its credentials")
	}
}

func (p *Project) readFlows(dir string, diags *engine.Diagnostics) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		*diags = append(*diags, unreadable(dir, err))
		return
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch ext := filepath.Ext(e.Name()); {
		case e.IsDir() || strings.HasPrefix(e.Name(), "."):
		case ext == ".yml":
			*diags = append(*diags, engine.Diagnostic{Severity: engine.Error, Code: codeRead, Pos: engine.Position{File: path},
				Message: "flows end in .yaml: this file would not be read", Help: "rename it to " + strings.TrimSuffix(e.Name(), ext) + ".yaml"})
		case ext == ".yaml":
			if f := p.open(path, diags); f != nil {
				p.Flows = append(p.Flows, p.readFlow(f, strings.TrimSuffix(e.Name(), ext)))
			}
		}
	}
}

// resolve returns a path of the project's files from where the process is.
func (p *Project) resolve(path string) string {
	path = filepath.FromSlash(path)
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(p.Dir, path)
}

// readFile reads a file as far as one of a project may be long, and a byte more.
func (p *Project) readFile(path string) ([]byte, error) {
	if p.files != nil {
		return fs.ReadFile(p.files, path)
	}
	in, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return io.ReadAll(io.LimitReader(in, int64(limits.Bytes)+1))
}

func unreadable(path string, err error) engine.Diagnostic {
	d := engine.Diagnostic{Severity: engine.Error, Code: codeRead, Pos: engine.Position{File: path}, Message: "the file cannot be read"}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.Message = "there is no such file"
		d.Help = "a project is a folder with a crosswalk.yaml"
	case errors.Is(err, fs.ErrPermission):
		d.Message = "the file may not be read"
	}
	return d
}
