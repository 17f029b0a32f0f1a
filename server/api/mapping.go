package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io/fs"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/language"
	"github.com/crosswalk-go/crosswalk/server/files"
)

// layered are several file systems in one: the first that has a file gives it.
type layered []fs.FS

// Open opens the first file of that name.
func (l layered) Open(name string) (fs.File, error) {
	for _, f := range l {
		if file, err := f.Open(name); err == nil {
			return file, nil
		}
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// mappingText is a mapping as a request names it.
type mappingText struct {
	// Name is where it stands, or would: a path of the project, or of the library (shopware/order.read.yaml).
	Name string `json:"name"`
	Text string `json:"text"`
	// Scripts are texts of scripts by their paths, as they are being written: they stand for what the project has there.
	Scripts map[string]string `json:"scripts"`
}

// check refuses what names no mapping, and scripts of whoever may not write them: scripts are run.
func (m mappingText) check(ctx context.Context) error {
	for name := range m.Scripts {
		if err := checkScript(ctx, name); err != nil {
			return err
		}
	}
	if ext := path.Ext(m.Name); !fs.ValidPath(m.Name) || ext != ".yaml" && ext != ".yml" {
		return refuse("A mapping's name is a path of the project that ends in .yaml.")
	}
	return nil
}

// compiled is what became of a mapping's text.
type compiled struct {
	mapping   *engine.Mapping // nil where the text has errors
	problems  engine.Diagnostics
	inherited engine.Diagnostics // of files that it extends
	tables    []table
	took      time.Duration
	files     map[string]stamp // what was read of the project
}

// stamp tells whether a file of the project is still the one that was read.
type stamp struct {
	size int64
	time time.Time
}

func stampOf(files fs.FS, name string) stamp {
	info, err := fs.Stat(files, name)
	if err != nil {
		return stamp{size: -1}
	}
	return stamp{info.Size(), info.ModTime()}
}

// noting notes which files of the project are read.
type noting struct {
	fs.FS
	files map[string]stamp
}

func (n noting) Open(name string) (fs.File, error) {
	n.files[name] = stampOf(n.FS, name)
	return n.FS.Open(name)
}

// cache keeps what became of texts, so that a document that changes does not compile its mapping again.
type cache struct {
	mu    sync.Mutex
	order [][sha256.Size]byte
	by    map[[sha256.Size]byte]*compiled
}

const maxCached = 64

func newCache() *cache { return &cache{by: map[[sha256.Size]byte]*compiled{}} }

func (c *cache) get(key [sha256.Size]byte) *compiled {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.by[key]
}

func (c *cache) put(key [sha256.Size]byte, m *compiled) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.by[key] == nil {
		c.order = append(c.order, key)
	}
	c.by[key] = m
	if len(c.order) > maxCached {
		delete(c.by, c.order[0])
		c.order = c.order[1:]
	}
}

// compile checks and compiles a mapping's text, or says what became of it before.
func (a *API) compile(m mappingText) *compiled {
	key := sha256.Sum256([]byte(m.Name + "\x00" + m.Text + "\x00" + m.scripted()))
	if known := a.cache.get(key); known != nil && a.fresh(known) {
		again := *known
		again.took = 0
		return &again
	}
	c := &compiled{files: map[string]stamp{}}
	start := time.Now()
	opts := []engine.Option{engine.Files(files.Overlay{FS: noting{a.files, c.files}, Texts: m.Scripts}), engine.Library(a.Library)}
	if a.Scripts != nil {
		opts = append(opts, engine.WithScripts(a.Scripts))
	}
	mapping, err := engine.Parse(m.Name, []byte(m.Text), opts...)
	c.took = time.Since(start)
	var found engine.Diagnostics
	if err == nil {
		c.mapping, found = mapping, mapping.Warnings()
		c.tables = declaredTables(mapping)
	} else if !errors.As(err, &found) {
		found = engine.Diagnostics{{Severity: engine.Error, Message: err.Error(), Pos: engine.Position{File: m.Name, Line: 1, Column: 1}}}
	}
	if isBase(m.Name) {
		report := a.language().Diagnose(m.Name, m.Text) // together with the files that extend it
		c.problems, c.inherited = report.Problems, report.Inherited
	} else {
		for _, d := range found {
			if d.Pos.File == m.Name {
				c.problems = append(c.problems, d)
			} else {
				c.inherited = append(c.inherited, d)
			}
		}
	}
	a.cache.put(key, c)
	return c
}

func isBase(name string) bool {
	return strings.HasSuffix(strings.TrimSuffix(name, path.Ext(name)), ".base")
}

// fresh tells whether the files that a mapping was made of are still the same.
func (a *API) fresh(c *compiled) bool {
	for name, before := range c.files {
		if stampOf(a.files, name) != before {
			return false
		}
	}
	return true
}

// language answers an editor's questions; it reads scripts and runs none.
func (a *API) language() *language.Service {
	s := language.New(a.files, a.Library)
	if a.Reader != nil {
		s = s.WithScripts(a.Reader)
	}
	return s
}

// job is a document and everything that decides what a mapping makes of it. Documents are texts in the JSON of the request, so that
// nothing on their way reads a number.
type job struct {
	Mapping  mappingText `json:"mapping"`
	Document string      `json:"document"`
	Mode     string      `json:"mode"` // create, also unsaid, or update
	Source   string      `json:"source"`
	Settings string      `json:"settings"`
	Tables   string      `json:"tables"`
	Links    string      `json:"links"`
	Current  string      `json:"current"`
	Now      string      `json:"now"`
	TimeZone string      `json:"timeZone"`
	// Before names a mapping that the document goes through first: the read mapping of its system. What comes out is what
	// Mapping gets, with the document itself as `source`.
	Before string `json:"before"`
}

// prepared is a job that is ready to be mapped.
type prepared struct {
	mapping  *engine.Mapping
	document []byte // nil where the mapping before failed
	in       engine.Input
	between  []byte             // what the mapping before made, nil where there is none
	problems engine.Diagnostics // of the mapping before
	console  *console
}

func (a *API) prepare(ctx context.Context, j job, m *engine.Mapping) (prepared, error) {
	p := prepared{mapping: m, document: []byte(j.Document)}
	var err error
	if p.in, err = j.input(a, m); err != nil {
		return p, err
	}
	p.console = &console{}
	p.in.Log = p.console.log
	if j.Before == "" || strings.TrimSpace(j.Document) == "" {
		return p, nil
	}
	before, err := a.textOf(ctx, j.Before)
	if err != nil {
		return p, err
	}
	before.Scripts = j.Mapping.Scripts
	first, err := a.sound(ctx, before)
	if err != nil {
		return p, err
	}
	own, err := job{Now: j.Now, TimeZone: j.TimeZone}.input(a, first)
	if err != nil {
		return p, err
	}
	own.Log = p.in.Log
	done, err := apply(ctx, first, p.document, own)
	if err != nil {
		return p, err
	}
	if p.in.Source == nil && done.output != nil {
		p.in.Source = p.document
	}
	p.document, p.between, p.problems = done.output, done.output, done.problems
	return p, nil
}

// textOf is a mapping as it is saved, or built in.
func (a *API) textOf(ctx context.Context, name string) (mappingText, error) {
	m := mappingText{Name: name}
	if err := m.check(ctx); err != nil {
		return m, err
	}
	text, err := fs.ReadFile(a.files, name)
	m.Text = string(text)
	return m, err
}

// apply maps what was prepared.
func (p prepared) apply(ctx context.Context) (mapped, error) {
	if p.document == nil {
		return mapped{problems: p.problems}, nil
	}
	return apply(ctx, p.mapping, p.document, p.in)
}

// input is what the mapping may read besides the document.
func (j job) input(a *API, m *engine.Mapping) (engine.Input, error) {
	in := engine.Input{Now: j.Now}
	switch j.Mode {
	case "", "create":
	case "update":
		in.Write = engine.Update
	default:
		return in, refuse("The mode is create or update.")
	}
	if in.Now == "" {
		in.Now = a.Now().UTC().Format(time.RFC3339)
	} else if _, err := time.Parse(time.RFC3339, in.Now); err != nil {
		return in, refuse("now is an instant such as 2026-01-31T09:30:00Z.")
	}
	for _, part := range []struct {
		name, text string
		into       *[]byte
	}{{"source", j.Source, &in.Source}, {"settings", j.Settings, &in.Settings}, {"tables", j.Tables, &in.Tables}, {"links", j.Links, &in.Links}, {"current", j.Current, &in.Current}} {
		text := strings.TrimSpace(part.text)
		if text == "" {
			continue
		}
		if !gjson.Valid(text) || text[0] != '{' {
			return in, problem{Status: 422, Title: part.name + " is no JSON object.", Code: "input"}
		}
		*part.into = []byte(text)
	}
	if j.TimeZone == "" {
		return in, nil
	}
	if _, err := time.LoadLocation(j.TimeZone); err != nil {
		return in, problem{Status: 422, Title: "There is no such time zone: write it as Europe/Amsterdam.", Code: "input"}
	}
	for _, s := range m.Settings() {
		if s.Name == "timeZone" && !gjson.GetBytes(in.Settings, "timeZone").Exists() {
			var err error
			if in.Settings, err = sjson.SetBytes(in.Settings, "timeZone", j.TimeZone); err != nil {
				return in, err
			}
		}
	}
	return in, nil
}

// mapped is a document that a mapping was applied to.
type mapped struct {
	output   []byte
	problems engine.Diagnostics // of the document
	took     time.Duration
}

func apply(ctx context.Context, m *engine.Mapping, document []byte, in engine.Input) (mapped, error) {
	start := time.Now()
	out, err := m.Apply(ctx, document, in)
	done := mapped{output: out, took: time.Since(start)}
	if err != nil && !errors.As(err, &done.problems) {
		return done, err
	}
	return done, ctx.Err()
}

// indented lays a document out for people; its values keep their text.
func indented(document []byte) string {
	var b bytes.Buffer
	if err := indent(&b, document); err != nil {
		return string(document)
	}
	return b.String()
}
