package project

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/schema"
)

// The codes of package engine for what scripts do wrong.
const (
	codeLimit        = "CW2007"
	codeScriptFailed = "CW2013"
	codeScript       = "CW1028"
	codeNoScripts    = "CW1024"
)

// Step is a step of a flow as its file names it.
type Step struct {
	Kind string // filter, map or script
	Text string // the condition, the mapping, or script#function
	at   text
}

// steps reads a flow's steps; each is a map with one of the keys of what it does.
func (f *file) steps(n ast.Node) []Step {
	if n.Type() == ast.NullType {
		return nil
	}
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		f.report(at(n), codeShape, "steps is a list", "")
		return nil
	}
	var steps []Step
	for _, item := range list.Values {
		if _, ok := item.(ast.MapNode); !ok {
			f.report(at(item), codeShape, "a step is a map with one of the keys filter, map and script", "")
			continue
		}
		if s := f.step(item); s != nil {
			steps = append(steps, *s)
		}
	}
	return steps
}

func (f *file) step(item ast.Node) *Step {
	var s *Step
	for _, e := range f.entries(item, "") {
		switch e.key.value {
		case "filter", "map", "script":
			if s != nil {
				f.report(e.key, codeShape, fmt.Sprintf("a step does one thing, and this does %s already", s.Kind), "write a step of its own")
				return nil
			}
			w := f.word(e.node)
			if w == nil {
				return nil
			}
			if strings.TrimSpace(w.value) == "" {
				f.report(*w, codeValue, "this names nothing", "")
				return nil
			}
			s = &Step{e.key.value, strings.TrimSpace(w.value), *w}
		case "split":
			f.report(e.key, codeUnsupported, "split is not built yet: a document becomes one document", "write a flow for each part, with a filter and a script that keeps the part's lines")
			return nil
		case "note":
			f.word(e.node)
		default:
			f.unknown(e.key, "key", schema.StepKeys.Names())
			return nil
		}
	}
	if s == nil {
		f.report(at(item), codeMissingKey, "this step does nothing", "write filter, map or script")
	}
	return s
}

// steps compiles the flow's steps.
func (a *assembly) steps() []flow.Step {
	var out []flow.Step
	for _, s := range a.flow.Steps {
		made := flow.Step{Name: s.Kind + " " + s.Text}
		switch s.Kind {
		case "filter":
			if c := a.compile(s.at); c != nil {
				made.Filter = c
			}
		case "map":
			entity := string(a.flow.Entity)
			if m := a.loadAt(s.at, "steps: [{map: ...}]", s.Text, "", entity, entity, true); m != nil {
				made.Map = m
			}
		case "script":
			if m := a.script(s); m != nil {
				made.Map = m
			}
		}
		out = append(out, made)
	}
	return out
}

// scriptStep gives a document to a function of a script.
type scriptStep struct {
	scripts  engine.Scripts
	function string
	root     string
}

// script loads the script of a step.
func (a *assembly) script(s Step) *scriptStep {
	if a.project.scripts == nil {
		a.report(s.at, codeNoScripts, "this program runs flows without scripts", "")
		return nil
	}
	file, export, named := strings.Cut(s.Text, "#")
	if !named || export == "" {
		export = "default"
	}
	file = path.Clean(filepath.ToSlash(file))
	if !fs.ValidPath(file) {
		a.report(s.at, codeScript, fmt.Sprintf("the script %q lies outside of the project", file), "name it relative to the project's folder: scripts/enrich.ts#default")
		return nil
	}
	scripts, err := a.project.scripts.LoadScripts(projectFiles{a.project}, []string{file})
	if err != nil {
		a.scriptErrors(s, err)
		return nil
	}
	var exports []string
	for _, fn := range scripts.Functions() {
		if fn.Script == file && fn.Export == export {
			return &scriptStep{scripts, fn.Name, filepath.ToSlash(a.project.Dir)}
		}
		exports = append(exports, fn.Export)
	}
	t := s.at
	t.value = export
	if len(exports) == 0 {
		a.report(s.at, codeReference, fmt.Sprintf("%s exports no function", file), "write export default function (order) { ... return order; }")
	} else {
		a.misspelt(t, codeReference, fmt.Sprintf("%s exports no %q", file, export), exports)
	}
	return nil
}

// scriptErrors reports what is wrong with a script at its own place.
func (a *assembly) scriptErrors(s Step, err error) {
	var list engine.ScriptErrors
	if !errors.As(err, &list) {
		a.report(s.at, codeScript, "the script cannot be loaded: "+err.Error(), "")
		return
	}
	for _, e := range list {
		d := a.flow.file.diagnostic(s.at, codeScript, e.Message, "")
		if e.Pos.Line > 0 {
			d.Pos = placedBelow(a.project.Dir, e.Pos)
			d.End, d.Snippet = d.Pos, ""
		}
		a.diags = append(a.diags, d)
	}
}

func placedBelow(dir string, pos engine.Position) engine.Position {
	pos.File = path.Join(filepath.ToSlash(dir), pos.File)
	return pos
}

// projectFiles are the files below the project's folder.
type projectFiles struct{ project *Project }

// Root is the project's folder.
func (p projectFiles) Root() string { return filepath.ToSlash(p.project.Dir) }

// Open opens a file below the folder, and none above.
func (p projectFiles) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	if p.project.files != nil {
		return p.project.files.Open(path.Join(p.Root(), name))
	}
	return os.Open(filepath.Join(p.project.Dir, filepath.FromSlash(name)))
}

// ReadFile reads a file below the folder.
func (p projectFiles) ReadFile(name string) ([]byte, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	if p.project.files != nil {
		return fs.ReadFile(p.project.files, path.Join(p.Root(), name))
	}
	return os.ReadFile(filepath.Join(p.project.Dir, filepath.FromSlash(name)))
}

// Apply calls the function with the document and with what the run knows besides it: {source, settings, tables, now}.
func (s *scriptStep) Apply(ctx context.Context, document []byte, in engine.Input) ([]byte, error) {
	besides := []byte(`{`)
	for _, part := range []struct {
		name string
		text []byte
	}{{"source", in.Source}, {"settings", in.Settings}, {"tables", in.Tables}} {
		if len(part.text) > 0 {
			besides = append(append(append(besides, `"`+part.name+`":`...), part.text...), ',')
		}
	}
	besides = append(appendString(append(besides, `"now":`...), in.Now), '}')
	out, err := s.scripts.CallScript(ctx, engine.ScriptCall{
		Function: s.function, Args: []json.RawMessage{document, besides}, Now: in.Now, Seed: in.Seed, Log: in.Log,
	})
	var e *engine.ScriptError
	if !errors.As(err, &e) {
		return out, err
	}
	d := engine.Diagnostic{Severity: engine.Error, Code: codeScriptFailed, Message: e.Message}
	if e.Limit {
		d.Code, d.Help = codeLimit, "the script costs too much for one document; make it read or build less"
	}
	if e.Pos.Line > 0 {
		d.Pos = placedBelow(s.root, e.Pos)
		d.End = d.Pos
	}
	if e.Thrown != "" {
		d.Values = []engine.Observed{{Path: "thrown", Text: e.Thrown}}
	}
	return nil, engine.Diagnostics{d}
}
