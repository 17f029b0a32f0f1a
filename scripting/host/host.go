// Package host hands package scripting to the engine: rules call the functions of scripts, and scripts the functions
// of the mapping language as cw.name(...). It is not needed by who maps without scripts. Start with [New].
package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/scripting"
)

// Host is an [engine.ScriptHost]. Close ends all scripts that it loaded.
type Host struct {
	options scripting.Options

	mu     sync.Mutex
	loaded []*scripting.Scripts
}

// New makes a host. Scripts run in this process, or in processes of the command options.Worker, which calls [ServeWorker];
// options.Functions are those of the mapping language unless they are set.
func New(options scripting.Options) *Host {
	if options.Functions == nil {
		options.Functions = engine.FunctionLibrary{}
	}
	return &Host{options: options}
}

// ServeWorker is the whole of a worker process: see [scripting.ServeWorker].
func ServeWorker(in io.Reader, out io.Writer) int {
	return scripting.ServeWorker(in, out, engine.FunctionLibrary{})
}

// LoadScripts loads the scripts at paths of files.
func (h *Host) LoadScripts(files fs.FS, paths []string) (engine.Scripts, error) {
	options := h.options
	if rooted, ok := files.(interface{ Root() string }); ok {
		options.Root = rooted.Root()
	}
	s, err := scripting.Load(files, paths, options)
	if err != nil {
		return nil, loadErrors(err)
	}
	h.mu.Lock()
	h.loaded = append(h.loaded, s)
	h.mu.Unlock()
	return scripts{s}, nil
}

// Close ends the scripts. Mappings that use them fail from now on.
func (h *Host) Close() {
	h.mu.Lock()
	loaded := h.loaded
	h.loaded = nil
	h.mu.Unlock()
	for _, s := range loaded {
		s.Close()
	}
}

func loadErrors(err error) error {
	var list scripting.Errors
	if errors.As(err, &list) {
		out := make(engine.ScriptErrors, len(list))
		for i, m := range list {
			out[i] = engine.ScriptError{Message: m.Text, Pos: engine.Position{File: m.File, Line: m.Line, Column: m.Column}}
		}
		return out
	}
	var e *scripting.Error
	if errors.As(err, &e) {
		call := callError(e)
		call.Message = "the script fails when it is loaded: " + call.Message
		return engine.ScriptErrors{*call}
	}
	return err
}

func callError(e *scripting.Error) *engine.ScriptError {
	return &engine.ScriptError{Message: e.Message, Thrown: e.Thrown, Pos: position(e.Pos), Limit: errors.Is(e, scripting.ErrLimit)}
}

func position(p scripting.Position) engine.Position {
	return engine.Position{File: p.File, Line: p.Line, Column: p.Column}
}

// scripts are loaded scripts as the engine sees them.
type scripts struct{ *scripting.Scripts }

// Functions lists what rules may call.
func (s scripts) Functions() []engine.ScriptFunction {
	var out []engine.ScriptFunction
	for _, f := range s.Scripts.Functions() {
		out = append(out, engine.ScriptFunction{Name: f.Name, Script: f.Script, Export: f.Export, Params: f.Params, Variadic: f.Rest, Pos: position(f.Pos)})
	}
	return out
}

// CallScript calls a function.
func (s scripts) CallScript(ctx context.Context, call engine.ScriptCall) ([]byte, error) {
	args := make([]json.RawMessage, len(call.Args))
	for i, a := range call.Args {
		args[i] = a
	}
	out, err := s.CallIn(ctx, scripting.Run{Now: call.Now}, call.Function, args...)
	var e *scripting.Error
	switch {
	case errors.As(err, &e):
		return nil, callError(e)
	case err != nil:
		return nil, fmt.Errorf("the script was not called: %w", err)
	}
	return out, nil
}
