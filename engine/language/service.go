// Package language answers what an editor asks about a mapping file: what is wrong, what can stand at a place, what
// a name means and where it is declared. It works on text that is handed to it, also while that is half typed, and does no I/O of its
// own; protocols of editors and of browsers are for others. Start with [New] and [Service.Diagnose].
package language

import (
	"context"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/mappingtest"
)

// Service answers for the mapping files of a file system. It keeps nothing between two questions and is safe for
// concurrent use if its files are.
type Service struct {
	files   fs.FS
	library fs.FS
	scripts engine.ScriptHost
	given   *sample
}

// WithSample returns a service that takes the values that it shows from a document at hand, not from the tests beside a
// mapping.
func (s *Service) WithSample(document []byte, in engine.Input) *Service {
	with := *s
	with.given = &sample{document, in}
	return &with
}

// New returns a service. files holds the mappings that others extend, and the tests beside them, by the
// paths that the methods get, which may be absolute where files allows it; where an editor has a text open
// that is not saved, files is to return that. library is that of [engine.Library]; it may be nil.
func New(files, library fs.FS) *Service { return &Service{files: files, library: library} }

// WithScripts returns a service that knows the functions of the scripts that mappings name, and what is wrong with scripts. host is
// asked at every question, so it should run nothing.
func (s *Service) WithScripts(host engine.ScriptHost) *Service {
	with := *s
	with.scripts = host
	return &with
}

func (s *Service) analyze(name, text string) *engine.Analysis {
	opts := []engine.Option{engine.Files(s.files)}
	if s.library != nil {
		opts = append(opts, engine.Library(s.library))
	}
	if s.scripts != nil {
		opts = append(opts, engine.WithScripts(s.scripts))
	}
	return engine.Analyze(name, []byte(text), opts...)
}

// mappingKey matches the line of a key that only mapping files have.
var mappingKey = regexp.MustCompile(`(?m)^["']?(rules|extends|let)["']?[ \t]*:`)

// IsMapping tells whether a text is meant to be a mapping file. It looks at lines, so that a text that is no
// YAML yet is known too.
func IsMapping(name, text string) bool {
	base := path.Base(filepath.ToSlash(name))
	return isYAML(base) && !strings.HasSuffix(stem(base), ".test") && mappingKey.MatchString(text)
}

// MayBecomeMapping tells whether a YAML text that is no mapping file yet can become one: it has no key that only other
// files have.
func MayBecomeMapping(name, text string) bool {
	base := path.Base(filepath.ToSlash(name))
	return isYAML(base) && !strings.HasSuffix(stem(base), ".test") && base != "crosswalk.yaml" && !otherKey.MatchString(text)
}

// otherKey matches the line of a key that flows, projects and tests have and mapping files do not.
var otherKey = regexp.MustCompile(`(?m)^["']?(connections|cases|entity|mappings|mapping)["']?[ \t]*:`)

func isYAML(name string) bool {
	ext := path.Ext(name)
	return ext == ".yaml" || ext == ".yml"
}

func stem(name string) string { return strings.TrimSuffix(name, path.Ext(name)) }

// Report is what is wrong with a mapping.
type Report struct {
	// Problems are those of the file itself.
	Problems engine.Diagnostics
	// Inherited are those of files that it extends.
	Inherited engine.Diagnostics
	// Scripts are those of scripts that it names. ScriptsPos and ScriptsEnd bound where it, or the first line, names them.
	Scripts                engine.Diagnostics
	ScriptsPos, ScriptsEnd engine.Position
	// Sources are the files that the mapping is made of. Where one of them changes, the report is no longer true.
	Sources []engine.MappingSource
}

// Diagnose checks the text of a mapping file. A base, which only others extend, is checked with the files in its
// folder that extend it.
func (s *Service) Diagnose(name, text string) Report {
	var r Report
	for _, a := range s.with(name, text) {
		r.Sources = append(r.Sources, a.Sources()...)
		for _, script := range a.ScriptFiles() {
			r.Sources = append(r.Sources, engine.MappingSource{Path: script})
		}
		for _, d := range a.Diagnostics() {
			list := &r.Inherited
			switch {
			case !isYAML(d.Pos.File):
				list = &r.Scripts
			case samePath(d.Pos.File, name):
				list = &r.Problems
			case samePath(a.Sources()[0].Path, d.Pos.File) && !samePath(a.Sources()[0].Path, name):
				continue // of a file that extends this one
			}
			if !slices.ContainsFunc(*list, func(o engine.Diagnostic) bool { return o.Error() == d.Error() }) {
				*list = append(*list, d)
			}
		}
	}
	if len(r.Scripts) > 0 {
		t := parseTree(text)
		r.ScriptsPos, r.ScriptsEnd = t.position(name, 0), t.position(name, t.lineEnd(0))
		if n := t.root.child("scripts"); n != nil {
			r.ScriptsPos, r.ScriptsEnd = t.position(name, n.from), t.position(name, n.to)
		}
	}
	return r
}

func samePath(a, b string) bool { return filepath.ToSlash(a) == filepath.ToSlash(b) }

// with returns the analysis of a file, or, of a base, those of the files that extend it. The text stands for
// the file's own.
func (s *Service) with(name, text string) []*engine.Analysis {
	own := []*engine.Analysis{s.analyze(name, text)}
	base := path.Base(filepath.ToSlash(name))
	if !strings.HasSuffix(stem(base), ".base") {
		return own
	}
	over := &Service{files: replaced{s.files, filepath.ToSlash(name), text}, library: s.library, scripts: s.scripts}
	dir := path.Dir(filepath.ToSlash(name))
	entries, err := fs.ReadDir(s.files, dir)
	if err != nil {
		return own
	}
	var all []*engine.Analysis
	for _, e := range entries {
		other := path.Join(dir, e.Name())
		if e.IsDir() || !isYAML(e.Name()) || e.Name() == base {
			continue
		}
		data, err := fs.ReadFile(s.files, other)
		if err != nil || !IsMapping(other, string(data)) || !strings.Contains(string(data), "extends") {
			continue
		}
		a := over.analyze(other, string(data))
		if slices.ContainsFunc(a.Sources(), func(f engine.MappingSource) bool { return !f.Library && samePath(f.Path, name) }) {
			all = append(all, a)
		}
	}
	if len(all) == 0 {
		return own
	}
	return all
}

// replaced is a file system in which one file has another text.
type replaced struct {
	fs.FS
	name, text string
}

func (r replaced) ReadFile(name string) ([]byte, error) {
	if name == r.name {
		return []byte(r.text), nil
	}
	return fs.ReadFile(r.FS, name)
}

// codeYAML is the engine's code for a text that is no YAML.
const codeYAML = "CW1002"

// mended returns the analysis of a text of which a part is just being typed: the lines on which the YAML
// breaks, and the one that the editor is in, are left out if need be.
func (s *Service) mended(name, text string, line int) *engine.Analysis {
	a := s.with(name, text)[0]
	lines := strings.Split(text, "\n")
	for range 8 {
		i := slices.IndexFunc(a.Diagnostics(), func(d engine.Diagnostic) bool { return d.Code == codeYAML && samePath(d.Pos.File, name) })
		if i < 0 {
			break
		}
		at := a.Diagnostics()[i].Pos.Line - 1
		if line >= 0 && line < len(lines) && strings.TrimSpace(lines[line]) != "" {
			at = line // what is being typed is the likeliest cause
		}
		if at < 0 || at >= len(lines) || strings.TrimSpace(lines[at]) == "" {
			break
		}
		lines[at] = ""
		a = s.with(name, strings.Join(lines, "\n"))[0]
	}
	return a
}

// sample is a document to show values of.
type sample struct {
	document []byte
	in       engine.Input
}

// sampleFor returns the example document of a mapping: the first input of the tests beside it, or beside a file that it
// extends.
func (s *Service) sampleFor(a *engine.Analysis) *sample {
	if s.given != nil {
		return s.given
	}
	for _, f := range a.Sources() {
		if f.Library {
			continue
		}
		name := filepath.ToSlash(f.Path)
		document, in, ok := mappingtest.Sample(s.files, stem(name)+".test"+path.Ext(name))
		if ok {
			return &sample{document, in}
		}
	}
	return nil
}

// file is a question's text and place.
type file struct {
	*Service
	ctx  context.Context
	name string
	tree *tree
	off  int
	at   place
	a    *engine.Analysis
	docs *sample
}

func (s *Service) open(ctx context.Context, name, text string, pos engine.Position) (*file, error) {
	t := parseTree(text)
	f := &file{Service: s, ctx: ctx, name: name, tree: t, off: t.offset(pos)}
	f.at = t.at(f.off)
	f.a = s.mended(name, text, pos.Line-1)
	f.docs = s.sampleFor(f.a)
	return f, ctx.Err()
}

// position returns the place of an offset of the text.
func (f *file) position(off int) engine.Position { return f.tree.position(f.name, off) }

// inherited returns the rule of a file that this one extends.
func (f *file) inherited(target string) (engine.RuleText, bool) {
	r, ok := f.a.Inherited(target)
	return r, ok && !samePath(r.Pos.File, f.name)
}
