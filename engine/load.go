package engine

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/crosswalk-go/crosswalk/engine/internal/shape"
)

// Option configures [Load], [Parse] and [CompileCondition].
type Option func(*loader)

// Files sets where the mapping and the files that it names relatively are read;
// the default is the operating system's files.
func Files(fsys fs.FS) Option { return func(l *loader) { l.files = fsys } }

// Library sets where named mappings and schemas are found: `extends:
// eaccounting/order.write` is the file eaccounting/order.write.yaml of it, the document type
// shopware.order is described by shopware/order.schema.json and the canonical type order by
// canonical/order.schema.json. Without a library, documents are not checked against schemas.
func Library(fsys fs.FS) Option { return func(l *loader) { l.library = fsys } }

// WithLimits sets what one document may cost; the default is [DefaultLimits].
func WithLimits(limits Limits) Option { return func(l *loader) { l.limits = limits } }

// Limits bound what mapping one document may cost. A limit that is reached
// fails the document with code CW2007.
type Limits struct {
	DocumentBytes int   // of the source document
	OutputBytes   int   // of the target document
	Depth         int   // nesting of any JSON text
	Steps         int64 // elements visited and functions called
	MemoryBytes   int64 // made by rules
}

// DefaultLimits suit documents of shops: 64 MiB in, 64 MiB out, 20 million steps.
var DefaultLimits = Limits{DocumentBytes: 64 << 20, OutputBytes: 64 << 20, Depth: 200, Steps: 20_000_000, MemoryBytes: 128 << 20}

type loader struct {
	files   fs.FS // nil: the operating system
	library fs.FS
	limits  Limits
	schemas *shape.Schemas
	host    ScriptHost // nil: mappings have no scripts
	scripts *scriptSet // of the mapping, once they are loaded
	// readOnly is set where a mapping is read but not run: then scripts that no host loads are no error, and nothing is
	// said about their functions.
	readOnly bool

	interfaces map[string]map[string]*shape.Shape // by the first word of their names, as far as signatures asked

	compiled *mappingCompiler // of the last mapping, for Analyze
}

func newLoader(opts []Option) *loader {
	l := &loader{limits: DefaultLimits}
	for _, o := range opts {
		o(l)
	}
	if l.library != nil {
		l.schemas = schemasOf(l.library)
	}
	return l
}

var embeddedSchemas sync.Map // embed.FS -> *shape.Schemas: what is embedded never changes

func schemasOf(fsys fs.FS) *shape.Schemas {
	if w, ok := fsys.(interface{ Schemas() fs.FS }); ok {
		fsys = w.Schemas() // who stands before the mappings of a library leaves its schemas alone
	}
	e, ok := fsys.(embed.FS)
	if !ok {
		return shape.NewSchemas(fsys)
	}
	s, _ := embeddedSchemas.LoadOrStore(e, shape.NewSchemas(fsys))
	return s.(*shape.Schemas)
}

// place is where a file was found.
type place struct {
	name      string
	inLibrary bool
}

func (l *loader) read(p place) ([]byte, error) {
	if p.inLibrary {
		return fs.ReadFile(l.library, p.name)
	}
	if l.files != nil {
		return fs.ReadFile(l.files, path.Clean(filepath.ToSlash(p.name)))
	}
	return os.ReadFile(p.name)
}

// find reads the mapping that a person named: a file, or a name of the library.
func (l *loader) find(name string) (place, []byte, error) {
	p := place{name: name}
	text, err := l.read(p)
	if err == nil || l.library == nil || hasYAMLExtension(name) {
		return p, text, err
	}
	lib := place{name: name + ".yaml", inLibrary: true}
	if text, libErr := l.read(lib); libErr == nil {
		return lib, text, nil
	}
	return p, nil, err
}

func hasYAMLExtension(name string) bool {
	ext := path.Ext(name)
	return ext == ".yaml" || ext == ".yml"
}

// parent returns the place that `extends` names in the file at p.
func (l *loader) parent(p place, ref string) place {
	if hasYAMLExtension(ref) || strings.HasPrefix(ref, ".") {
		name := path.Join(path.Dir(filepath.ToSlash(p.name)), ref)
		if !hasYAMLExtension(name) {
			name += ".yaml"
		}
		return place{name: name, inLibrary: p.inLibrary}
	}
	return place{name: ref + ".yaml", inLibrary: true}
}

// load parses the file at p and every file that it extends; the first is the file itself.
func (l *loader) load(p place, text []byte, diags *Diagnostics) []*mappingFile {
	var files []*mappingFile
	seen := []place{p}
	for {
		m := parseFile(p.name, string(text), diags)
		m.place = p
		m.inLibrary = p.inLibrary
		files = append(files, m)
		if m.extends == nil {
			return files
		}
		fail := func(msg, help string) {
			d := Diagnostic{Severity: Error, Code: codeExtends, Message: msg, Help: help}
			d.Pos, d.End = m.extends.whole()
			d.Snippet = m.src.line(d.Pos.Line)
			*diags = append(*diags, d)
		}
		next := l.parent(p, m.extends.text)
		if slices.Contains(seen, next) {
			fail(fmt.Sprintf("%s extends itself, by way of %s", next.name, p.name), "")
			return files
		}
		if next.inLibrary && l.library == nil {
			fail(fmt.Sprintf("there is no library to find %q in", m.extends.text), "name a file of your own by its path: ./base.yaml")
			return files
		}
		var err error
		if text, err = l.read(next); err != nil {
			fail(fmt.Sprintf("cannot read the mapping %q: %s", m.extends.text, reason(err)), "")
			if next.inLibrary {
				(*diags)[len(*diags)-1].suggestText(m.extends.text, l.mappingNames(), "")
			}
			return files
		}
		p = next
		seen = append(seen, p)
	}
}

func reason(err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return "there is no such file"
	}
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}

// mappingNames lists the mappings of the library.
func (l *loader) mappingNames() []string {
	var names []string
	_ = fs.WalkDir(l.library, ".", func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && hasYAMLExtension(p) && !strings.HasSuffix(p, ".test.yaml") {
			names = append(names, strings.TrimSuffix(p, path.Ext(p)))
		}
		return nil
	})
	return names
}

// documentTypes lists the document types of the library.
func (l *loader) documentTypes() []string {
	types := []string{anyType}
	_ = fs.WalkDir(l.library, ".", func(p string, d fs.DirEntry, err error) error {
		if name, ok := strings.CutSuffix(p, schemaSuffix); err == nil && ok {
			name = strings.ReplaceAll(name, "/", ".")
			types = append(types, strings.TrimPrefix(name, canonicalFolder+"."))
		}
		return nil
	})
	return types
}

const (
	anyType         = "any" // the document type of which nothing is known
	canonicalFolder = "canonical"
	schemaSuffix    = ".schema.json"
)

// documentShape returns what the library knows of a document type. Without a library
// everything is allowed.
func (l *loader) documentShape(docType string) (*shape.Shape, error) {
	if l.schemas == nil || docType == anyType {
		return shape.Any, nil
	}
	system, entity, ok := strings.Cut(docType, ".")
	if !ok {
		system, entity = canonicalFolder, docType
	}
	if !fs.ValidPath(system + "/" + entity) {
		return nil, fs.ErrNotExist
	}
	return l.schemas.Load(system + "/" + entity + schemaSuffix)
}

// Load reads, checks and compiles the mapping file at path. An error of the
// file is [Diagnostics] with every problem found; a name without extension that Files does not
// hold is looked up in the [Library].
func Load(path string, opts ...Option) (*Mapping, error) {
	l := newLoader(opts)
	p, text, err := l.find(path)
	if err != nil {
		d := Diagnostic{Severity: Error, Code: codeRead, Message: "cannot read the mapping: " + reason(err), Pos: Position{File: path}}
		if l.library != nil {
			if best, _ := nearest(path, l.mappingNames()); best != "" {
				d.Help = fmt.Sprintf("did you mean %q?", best)
			}
		}
		return nil, Diagnostics{d}
	}
	return l.mapping(p, text)
}

// Parse is [Load] for text at hand; path names it in messages and is where relative
// files are looked up from.
func Parse(path string, text []byte, opts ...Option) (*Mapping, error) {
	return newLoader(opts).mapping(place{name: path}, text)
}

func (l *loader) mapping(p place, text []byte) (*Mapping, error) {
	var diags Diagnostics
	files := l.load(p, text, &diags)
	m := l.compile(files, &diags)
	sortDiagnostics(diags)
	if diags.HasErrors() {
		return nil, diags
	}
	m.warnings = diags
	return m, nil
}

// sortDiagnostics orders by place; the files keep the order in which they were read.
func sortDiagnostics(ds Diagnostics) {
	slices.SortStableFunc(ds, func(a, b Diagnostic) int {
		if a.Pos.File != b.Pos.File {
			return 0
		}
		if a.Pos.Line != b.Pos.Line {
			return a.Pos.Line - b.Pos.Line
		}
		return a.Pos.Column - b.Pos.Column
	})
}
