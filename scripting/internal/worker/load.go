package worker

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/crosswalk-go/crosswalk/scripting/internal/bundle"
	"github.com/crosswalk-go/crosswalk/scripting/internal/machine"
	"github.com/crosswalk-go/crosswalk/scripting/internal/source"
)

// Job is what to bundle and compile.
type Job struct {
	Entries []string // paths
	Harness string   // as in [bundle.Options]
	Cover   bool
}

// Read bundles and compiles in this process.
func Read(fsys fs.FS, j Job) (*machine.Program, []source.Message, error) {
	out, err := bundle.Bundle(fsys, j.Entries, bundle.Options{Whole: j.Cover, Harness: j.Harness})
	if err != nil {
		return nil, nil, err
	}
	entries := j.Entries
	if j.Harness != "" {
		entries = append(entries[:len(entries):len(entries)], source.Harness)
	}
	program, err := machine.Compile(machine.Source{Code: out.Code, Map: out.Map, Entries: entries, Cover: j.Cover, Tests: j.Harness != ""})
	return program, out.Warnings, err
}

// What reading scripts may cost, in a process of its own. Texts of the largest size that people write stay below half of it; what is
// made to harm does not.
const (
	loadBytes = 768 << 20
	loadTime  = 20 * time.Second
)

// loading bounds how many processes read scripts at a time.
var loading = make(chan struct{}, max(2, runtime.GOMAXPROCS(0)))

// Load does what [Read] does in a process of its own, which is ended behind it: parsers are built for texts that nobody made to harm
// them. The process has no files; it asks this one for those of fsys.
func Load(fsys fs.FS, j Job, command []string) (machine.Outline, []source.Message, error) {
	loading <- struct{}{}
	defer func() { <-loading }()
	w, err := launch(command)
	if err != nil {
		return machine.Outline{}, nil, err
	}
	late := time.AfterFunc(loadTime, func() { w.kill("time") })
	defer late.Stop()
	done, err := w.load(files{fsys}, j)
	w.end("")
	if !errors.Is(err, errEnded) {
		return done.Outline, done.Warnings, err
	}
	m := source.Message{}
	if len(j.Entries) == 1 {
		m.File = j.Entries[0]
	}
	switch w.died() {
	case machine.TimeLimit:
		m.Text = fmt.Sprintf("reading this with all that it imports takes longer than %s: split it, or leave out what it need not import", loadTime)
	case machine.MemoryLimit, machine.StackLimit:
		m.Text = fmt.Sprintf("reading this with all that it imports takes more than %d MiB of memory: split it, or leave out what it need not import", loadBytes>>20)
	default:
		return machine.Outline{}, nil, &machine.Error{Kind: machine.Broken, Message: "the process that reads scripts ended"}
	}
	return machine.Outline{}, nil, source.Errors{m}
}

// loaded is what a process answers in the end.
type loaded struct {
	Outline  machine.Outline
	Warnings []source.Message
}

// The messages of a process that reads scripts. An answer to the first two is a text, or why there is none.
const (
	askStat = "stat" // with a name
	askRead = "read" // with a name
	tell    = "done" // with a failure, or with a JSON text of loaded, the code and its map
)

func (w *process) load(files files, j Job) (done loaded, err error) {
	text, err := json.Marshal(setup{Load: &j})
	if err != nil {
		return done, err
	}
	if err := writeFrame(w.in, text); err != nil {
		return done, errEnded
	}
	for {
		asked, err := readFrame(w.reader)
		if err != nil || len(asked) < 2 {
			return done, errEnded
		}
		var answer []byte
		switch string(asked[0]) {
		case askStat:
			answer, err = files.stat(string(asked[1]))
		case askRead:
			answer, err = files.read(string(asked[1]))
		case tell:
			switch {
			case len(asked) == 2:
				return done, failureOf(asked[1])
			case len(asked) != 4 || json.Unmarshal(asked[1], &done) != nil:
				return loaded{}, errEnded
			}
			done.Outline.Source.Code, done.Outline.Source.Map = string(asked[2]), asked[3]
			return done, nil
		default:
			return done, errEnded
		}
		if err := writeFrame(w.in, answer, []byte(why(err))); err != nil {
			return done, errEnded
		}
	}
}

// serveLoad is the other end of [process.load].
func serveLoad(j Job, answers io.Reader, out io.Writer) int {
	program, warnings, err := Read(&remote{out: out, answers: answers}, j)
	if err == nil {
		done := loaded{program.Outline(), warnings}
		src := &done.Outline.Source
		code, places := []byte(src.Code), src.Map
		src.Code, src.Map = "", nil
		var text []byte
		if text, err = json.Marshal(done); err == nil {
			return exitCode(writeFrame(out, []byte(tell), text, code, places))
		}
	}
	return exitCode(writeFrame(out, []byte(tell), failed(err)))
}

func exitCode(err error) int {
	if err != nil {
		return 1
	}
	return 0
}

// missing is why there is no text of a file that is not there.
const missing = "missing"

func why(err error) string {
	var pe *fs.PathError
	switch {
	case err == nil:
		return ""
	case errors.Is(err, fs.ErrNotExist):
		return missing
	case errors.As(err, &pe):
		return pe.Err.Error()
	}
	return err.Error()
}

// files answers for a file system.
type files struct{ fs.FS }

// about is what a process is told of a file.
type about struct {
	Size int64
	Mode fs.FileMode
}

func (f files) stat(name string) ([]byte, error) {
	info, err := fs.Stat(f.FS, name)
	if err != nil {
		return nil, err
	}
	return json.Marshal(about{info.Size(), info.Mode()})
}

// read reads as much of a file as a bundle may have of it, and one byte more.
func (f files) read(name string) ([]byte, error) {
	if whole, ok := f.FS.(fs.ReadFileFS); ok { // an editor has newer texts than its files
		return whole.ReadFile(name)
	}
	open, err := f.Open(name)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(open, bundle.MaxFileBytes+1))
	return text, errors.Join(err, open.Close())
}

// remote is the file system of whoever started this process.
type remote struct {
	mu      sync.Mutex // held for an answer: esbuild reads files at the same time
	out     io.Writer
	answers io.Reader
}

func (r *remote) ask(question, name string) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	err := writeFrame(r.out, []byte(question), []byte(name))
	if err != nil {
		return nil, err
	}
	answer, err := readFrame(r.answers)
	if err != nil || len(answer) != 2 {
		return nil, errFrame
	}
	switch reason := string(answer[1]); reason {
	case "":
		return answer[0], nil
	case missing:
		return nil, &fs.PathError{Op: question, Path: name, Err: fs.ErrNotExist}
	default:
		return nil, &fs.PathError{Op: question, Path: name, Err: errors.New(reason)}
	}
}

// Stat asks for what a file is.
func (r *remote) Stat(name string) (fs.FileInfo, error) {
	text, err := r.ask(askStat, name)
	if err != nil {
		return nil, err
	}
	i := info{name: name[strings.LastIndexByte(name, '/')+1:]}
	if err := json.Unmarshal(text, &i.about); err != nil {
		return nil, err
	}
	return i, nil
}

// ReadFile asks for the text of a file.
func (r *remote) ReadFile(name string) ([]byte, error) { return r.ask(askRead, name) }

// Open is not needed: whole files are read.
func (r *remote) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: errors.ErrUnsupported}
}

// info is what is known of a file.
type info struct {
	name string
	about
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return i.about.Size }
func (i info) Mode() fs.FileMode  { return i.about.Mode }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) IsDir() bool        { return i.about.Mode.IsDir() }
func (i info) Sys() any           { return nil }
