package project

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/flow"
)

// Snapshot is everything that one version of a flow was put together from, apart from its connections: its file, its mappings with what they extend,
// and its scripts with what they import, also those that are built in. It is the same flow wherever it is opened.
type Snapshot struct {
	// Version is a hash of all of it.
	Version string
	// Files are a zip archive: project/... and library/...
	Files []byte
}

// The folders of a snapshot, and what stands for a step out of the project's folder.
const (
	ownFolder     = "project/"
	libraryFolder = "library/"
	upward        = "__up"
)

// recorder notes what is read of a project's files or of the library.
type recorder struct {
	below fs.FS // nil: the operating system
	mu    sync.Mutex
	texts map[string][]byte
}

// Open opens a file. What is read by it is not noted: see ReadFile.
func (r *recorder) Open(name string) (fs.File, error) {
	if r.below == nil {
		return os.Open(filepath.FromSlash(name))
	}
	return r.below.Open(name)
}

// ReadFile reads a file and notes its text.
func (r *recorder) ReadFile(name string) ([]byte, error) {
	text, err := r.read(name)
	if err == nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.texts[name] = text
	}
	return text, err
}

func (r *recorder) read(name string) ([]byte, error) {
	if r.below == nil {
		return os.ReadFile(filepath.FromSlash(name))
	}
	return fs.ReadFile(r.below, name)
}

// ReadDir lists a folder.
func (r *recorder) ReadDir(name string) ([]fs.DirEntry, error) {
	if r.below == nil {
		return os.ReadDir(filepath.FromSlash(name))
	}
	return fs.ReadDir(r.below, name)
}

// Schemas are those of what is read: they belong to the program, not to the flow.
func (r *recorder) Schemas() fs.FS { return r.below }

// recording puts a flow together and returns what it was put together from.
func (p *Project) recording(f Flow, library fs.FS) (flow.Flow, Snapshot, error) {
	own, built := &recorder{below: p.files, texts: map[string][]byte{}}, &recorder{below: library, texts: map[string][]byte{}}
	noting := *p
	noting.files = own
	assembled, err := noting.Assemble(f, built)
	if err != nil {
		return flow.Flow{}, Snapshot{}, err
	}
	texts := map[string][]byte{ownFolder + "flows/" + f.Name + ".yaml": []byte(strings.Join(f.file.lines, "\n"))}
	for name, text := range own.texts {
		texts[ownFolder+p.below(name)] = text
	}
	for name, text := range built.texts {
		texts[libraryFolder+name] = text
	}
	s, err := snapshotOf(texts)
	return assembled, s, err
}

// below names a file as it lies below the project's folder.
func (p *Project) below(name string) string {
	dir, err := filepath.Abs(p.Dir)
	if err == nil {
		if name, err = filepath.Abs(filepath.FromSlash(name)); err == nil {
			name, err = filepath.Rel(dir, name)
		}
	}
	if err != nil {
		return upward + "/" + filepath.Base(name) // another volume
	}
	return strings.ReplaceAll(filepath.ToSlash(name), "..", upward)
}

func snapshotOf(texts map[string][]byte) (Snapshot, error) {
	var files bytes.Buffer
	sum, w := sha256.New(), zip.NewWriter(&files)
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		fmt.Fprintf(sum, "%s\x00%d\x00%s", name, len(texts[name]), texts[name])
		out, err := w.Create(name)
		if err == nil {
			_, err = out.Write(texts[name])
		}
		if err != nil {
			return Snapshot{}, fmt.Errorf("keeping %s: %w", name, err)
		}
	}
	if err := w.Close(); err != nil {
		return Snapshot{}, err
	}
	return Snapshot{hex.EncodeToString(sum.Sum(nil)[:8]), files.Bytes()}, nil
}

// kept are the files of a snapshot in the place of a project's.
type kept struct {
	project *Project
	files   *zip.Reader
}

func (k kept) name(name string) string { return path.Clean(ownFolder + k.project.below(name)) }

// Open opens a file of the snapshot. The project's own file is there, and empty: the folder of scripts is found by it.
func (k kept) Open(name string) (fs.File, error) {
	name = k.name(name)
	f, err := k.files.Open(name)
	if err != nil && name == ownFolder+"crosswalk.yaml" {
		return k.files.Open(ownFolder + "flows")
	}
	return f, err
}

// keptLibrary are the built-in mappings of a snapshot, with those of the program behind them.
type keptLibrary struct {
	files *zip.Reader
	below fs.FS
}

// Open opens a file of the snapshot or, where it has none of that name, of the program.
func (k keptLibrary) Open(name string) (fs.File, error) {
	if f, err := k.files.Open(libraryFolder + name); err == nil {
		if info, err := f.Stat(); err == nil && !info.IsDir() {
			return f, nil
		}
		_ = f.Close() // nothing was read
	}
	return k.below.Open(name)
}

// ReadDir lists a folder of the program.
func (k keptLibrary) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(k.below, name) }

// Schemas are the program's.
func (k keptLibrary) Schemas() fs.FS { return k.below }

// At puts the flow of an open process together as it was when the snapshot was made, on the same connections. Its error tells of a snapshot that cannot be
// used any more, such as one of a flow between other connections. The connections stay the process's own.
func (p *Process) At(s Snapshot) (*Process, error) {
	files, err := zip.NewReader(bytes.NewReader(s.Files), int64(len(s.Files)))
	if err != nil {
		return nil, fmt.Errorf("the kept version of %s cannot be read: %w", p.Flow().Name, err)
	}
	old := *p.project
	old.files = kept{p.project, files}
	name := p.Flow().Name
	var diags engine.Diagnostics
	file := old.open(filepath.Join(old.Dir, "flows", name+".yaml"), &diags)
	if file == nil {
		return nil, diags
	}
	f := old.readFlow(file, name)
	if diags.HasErrors() {
		return nil, diags
	}
	now, err := p.project.Flow(name)
	if err != nil {
		return nil, err
	}
	if f.From != now.From || f.To != now.To || f.Entity != now.Entity {
		return nil, fmt.Errorf("the flow %s joined %s and %s then, and joins others now", name, f.From, f.To)
	}
	assembled, err := old.Assemble(f, keptLibrary{files, p.library})
	if err != nil {
		return nil, err
	}
	out := &Process{Snapshot: s, Scope: p.Scope, project: &old, library: p.library, systems: p.systems, pace: p.pace}
	out.Process, err = flow.New(assembled, p.systems, p.pace)
	return out, err
}
