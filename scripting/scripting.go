package scripting

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/crosswalk-go/crosswalk/scripting/internal/machine"
	"github.com/crosswalk-go/crosswalk/scripting/internal/source"
	"github.com/crosswalk-go/crosswalk/scripting/internal/worker"
)

// The types of calls, and their errors.
type (
	// Limits bound what one call may cost.
	Limits = machine.Limits
	// Error is the failure of a call.
	Error = machine.Error
	// Kind says what kind of failure a call ended in.
	Kind = machine.Kind
	// Frame is a function of a script that was running.
	Frame = machine.Frame
	// Position is a place in a script.
	Position = machine.Position
	// Log is a line that a script logged. It may hold values of a document.
	Log = machine.Log
	// Functions are functions of the host that scripts may call as cw.name(...).
	Functions = machine.Functions
	// Message is what is wrong with a script at a place.
	Message = source.Message
	// Errors is the error of scripts that cannot be loaded: everything that is wrong.
	Errors = source.Errors
)

// The kinds of failure.
const (
	Thrown      = machine.Thrown
	BadValue    = machine.BadValue
	Pending     = machine.Pending
	TimeLimit   = machine.TimeLimit
	MemoryLimit = machine.MemoryLimit
	StackLimit  = machine.StackLimit
	OutputLimit = machine.OutputLimit
	Broken      = machine.Broken
)

// Errors that an [Error] matches by errors.Is.
var (
	ErrLimit  = machine.ErrLimit
	ErrThrown = machine.ErrThrown
	// ErrUnknown is the error of a call of a function that no script exports, or that several do.
	ErrUnknown = errors.New("unknown function of a script")
)

// DefaultLimits suit functions that compute fields of a document.
var DefaultLimits = machine.DefaultLimits

// Options configure [Load]. The zero Options run scripts in this process with [DefaultLimits].
type Options struct {
	// Limits of each call; the zero value of a field takes that of DefaultLimits.
	Limits Limits
	// Functions are what scripts find under cw; nil for none.
	Functions Functions
	// Worker is the command of a process that calls [ServeWorker]: then scripts are read and run in such processes, as
	// many as there are processors, and never in this one. Functions are those that the process gives to ServeWorker.
	Worker []string
	// Coverage, where set, counts what calls reach of the scripts, which makes them slower.
	Coverage *Coverage
	// Root is put before the paths of what Coverage counts.
	Root string
}

// Scripts are loaded scripts. They are safe for concurrent use; Close ends them.
type Scripts struct {
	runner    runner
	functions []Function
	exports   []int // of the runner, by index into functions
	warnings  []Message
	cover     func(hits []uint32) // nil where nothing is counted
}

// runner makes calls, here or in other processes.
type runner interface {
	Call(ctx context.Context, r machine.Request) (machine.Reply, error)
	Functions() ([]bool, error)
	Rest()
	Close()
}

// Function is a function that a script exports.
type Function struct {
	// Name is what rules call: the export's name where only one script has it, else script.name; a default export has the
	// script's own name.
	Name   string
	Script string // the path of the script
	Module string // the script's name: Module.Export always means this function
	Export string
	Params []string
	Rest   bool // takes more arguments than Params names
	Pos    Position
}

// Load reads the scripts at the paths entries of fsys with all that they import from fsys, bundles and checks them,
// and runs their modules once. Scripts are .ts, .mts, .js, .mjs and .json files; packages are found in node_modules folders.
// What is wrong with the scripts is [Errors]; a module that fails while it starts is an [Error].
func Load(fsys fs.FS, entries []string, o Options) (*Scripts, error) {
	return loadScripts(fsys, entries, "", o)
}

// loadScripts loads scripts, or where harness is set a test file.
func loadScripts(fsys fs.FS, entries []string, harness string, o Options) (*Scripts, error) {
	job := worker.Job{Entries: clean(entries), Harness: harness, Cover: o.Coverage != nil}
	var run runner
	outline, program, warnings, err := read(fsys, job, o.Worker)
	if err != nil {
		return nil, err
	}
	if program == nil {
		run = worker.NewPool(outline.Source, o.limits(), o.Worker)
	} else if run, err = machine.NewPool(program, o.limits(), o.Functions); err != nil {
		return nil, err
	}
	s, err := newScripts(outline.Exports, run)
	if err != nil {
		run.Close()
		return nil, err
	}
	s.warnings = warnings
	if o.Coverage != nil {
		s.cover = o.Coverage.of(outline.Points, o.Root)
	}
	return s, nil
}

func (o Options) limits() Limits {
	l := o.Limits
	for _, f := range []struct{ value, fallback *int }{
		{&l.StackDepth, &DefaultLimits.StackDepth}, {&l.OutputBytes, &DefaultLimits.OutputBytes}, {&l.Logs, &DefaultLimits.Logs},
	} {
		if *f.value <= 0 {
			*f.value = *f.fallback
		}
	}
	if l.Time <= 0 {
		l.Time = DefaultLimits.Time
	}
	if l.MemoryBytes <= 0 {
		l.MemoryBytes = DefaultLimits.MemoryBytes
	}
	return l
}

// read bundles and compiles scripts, in a process where command names one; then the program is nil.
func read(fsys fs.FS, job worker.Job, command []string) (machine.Outline, *machine.Program, []Message, error) {
	if len(command) > 0 {
		outline, warnings, err := worker.Load(fsys, job, command)
		return outline, nil, warnings, err
	}
	program, warnings, err := worker.Read(fsys, job)
	if err != nil {
		return machine.Outline{}, nil, nil, err
	}
	return program.Outline(), program, warnings, nil
}

// clean returns the paths, each once.
func clean(entries []string) []string {
	out := make([]string, 0, len(entries))
	for _, e := range entries {
		if e = path.Clean(e); !slices.Contains(out, e) {
			out = append(out, e)
		}
	}
	return out
}

func newScripts(exports []machine.Export, run runner) (*Scripts, error) {
	s := &Scripts{runner: run}
	callable, err := run.Functions()
	if err != nil {
		return nil, err
	}
	if s.functions, s.exports, err = namedFunctions(exports, func(export int) bool { return callable[export] }); err != nil {
		return nil, err
	}
	return s, nil
}

// scriptName is the name that a script gives to its functions: that of the file, as far as it is a name.
func scriptName(file string) string {
	base, _, _ := strings.Cut(path.Base(file), ".")
	parts := strings.FieldsFunc(base, func(r rune) bool { return r != '_' && r != '$' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for i, p := range parts {
		if i > 0 {
			first, size := utf8.DecodeRuneInString(p)
			parts[i] = string(unicode.ToUpper(first)) + p[size:]
		}
	}
	name := strings.Join(parts, "")
	if first, _ := utf8.DecodeRuneInString(name); name == "" || unicode.IsDigit(first) {
		return "_" + name
	}
	return name
}

// ServeWorker is the whole of a process that [Options].Worker names: it reads scripts or makes calls for the process that started it, by standard
// input and output, until that one is gone, and returns the exit code. It limits the memory of the process.
func ServeWorker(in io.Reader, out io.Writer, functions Functions) int {
	return worker.Serve(in, out, functions)
}

// Functions returns what can be called, in the order of the scripts and of the names.
func (s *Scripts) Functions() []Function { return slices.Clone(s.functions) }

// Warnings returns what is suspicious in the scripts.
func (s *Scripts) Warnings() []Message { return s.warnings }

// Rest gives back what is kept warm for the next call: machines, or processes. They come back when they are needed.
func (s *Scripts) Rest() { s.runner.Rest() }

// Close ends the scripts and everything that runs for them. Calls that still run fail.
func (s *Scripts) Close() { s.runner.Close() }

// Run is what calls may know of the run that they belong to. Calls that are equal in all of it give the same bytes.
type Run struct {
	Now  string // the run's instant in RFC 3339; without it scripts have no clock
	Seed uint64 // of Math.random
	// Log is given what a call logged when it has ended, also when it failed; nil drops it.
	Log func(Log)
}

// Call calls a function outside of any run: see [Scripts.CallIn].
func (s *Scripts) Call(ctx context.Context, name string, args ...json.RawMessage) (json.RawMessage, error) {
	return s.CallIn(ctx, Run{}, name, args...)
}

// CallIn calls the function of that name with JSON texts; a nil argument is missing, undefined in the script. It returns the JSON text
// of the result, nil where the function returned undefined. The error is an [*Error], that of ctx, or matches ErrUnknown.
func (s *Scripts) CallIn(ctx context.Context, run Run, name string, args ...json.RawMessage) (json.RawMessage, error) {
	i, err := s.find(name)
	if err != nil {
		return nil, err
	}
	reply, err := s.runner.Call(ctx, machine.Request{Function: s.exports[i], Name: name, Args: args, Now: run.Now, Seed: run.Seed})
	if s.cover != nil && reply.Hits != nil {
		s.cover(reply.Hits)
	}
	if run.Log != nil {
		for _, l := range reply.Logs {
			run.Log(l)
		}
	}
	return reply.Result, err
}

// find returns the index of the function that name means: its own name, or script.name.
func (s *Scripts) find(name string) (int, error) {
	for i, f := range s.functions {
		if f.Name == name {
			return i, nil
		}
	}
	for i, f := range s.functions {
		if f.Module+"."+f.Export == name {
			return i, nil
		}
	}
	var in []string
	for _, f := range s.functions {
		if f.Export == name {
			in = append(in, f.Name)
		}
	}
	if len(in) > 0 {
		return 0, fmt.Errorf("%w: %q is exported by several scripts: call %s", ErrUnknown, name, strings.Join(in, " or "))
	}
	return 0, fmt.Errorf("%w: no script exports %q", ErrUnknown, name)
}
