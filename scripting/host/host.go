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
	"slices"
	"strings"
	"sync"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/signature"
	"github.com/crosswalk-go/crosswalk/scripting"
)

// maxWarm is how many sets of scripts a host keeps warm. Programs that load mappings again and again, such as an editor's
// language server, would otherwise keep a process for each version of a script.
const maxWarm = 16

// Host is an [engine.ScriptHost]. The sets of scripts that were called last are kept warm; others are let go, and come back
// when they are called. Close ends all scripts that it loaded.
type Host struct {
	options scripting.Options

	mu     sync.Mutex
	warm   []*scripting.Scripts // the last one was used last
	closed bool
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
	if !h.use(s) {
		s.Close()
		return nil, errClosed
	}
	loaded := scripts{s, h, signatures(files, s.Functions())}
	if s.Batches() {
		return batches{loaded}, nil
	}
	return loaded, nil
}

var errClosed = errors.New("the script host is closed")

// use notes that scripts are needed, and lets those go that were not for longest. It is false after Close.
func (h *Host) use(s *scripting.Scripts) bool {
	var old *scripting.Scripts
	h.mu.Lock()
	closed := h.closed
	switch n := len(h.warm); {
	case closed || n > 0 && h.warm[n-1] == s:
	default:
		if i := slices.Index(h.warm, s); i >= 0 {
			h.warm = slices.Delete(h.warm, i, i+1)
		}
		if h.warm = append(h.warm, s); len(h.warm) > maxWarm {
			old, h.warm = h.warm[0], slices.Delete(h.warm, 0, 1)
		}
	}
	h.mu.Unlock()
	if old != nil {
		old.Rest()
	}
	return !closed
}

// Close ends the scripts. Mappings that use them fail from now on.
func (h *Host) Close() {
	h.mu.Lock()
	warm := h.warm
	h.warm, h.closed = nil, true
	h.mu.Unlock()
	for _, s := range warm {
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
type scripts struct {
	*scripting.Scripts
	host       *Host
	signatures []*signature.Function // of each function, nil where it is not known
}

// signatures finds what the files say of functions: the one declaration at the place of each, or of its name there.
func signatures(files fs.FS, functions []scripting.Function) []*signature.Function {
	read := map[string][]signature.Function{}
	all := make([]*signature.Function, len(functions))
	for i, f := range functions {
		if f.Pos.Line == 0 || strings.Contains(f.Pos.File, "node_modules/") {
			continue
		}
		declared, ok := read[f.Pos.File]
		if !ok {
			text, err := fs.ReadFile(files, f.Pos.File)
			if err == nil { // it was read a moment ago; without it nothing is known
				declared = signature.Parse(f.Pos.File, string(text))
			}
			read[f.Pos.File] = declared
		}
		var here []*signature.Function
		for j := range declared {
			if d := &declared[j]; d.First <= f.Pos.Line && f.Pos.Line <= d.Last {
				here = append(here, d)
			}
		}
		if len(here) > 1 {
			here = slices.DeleteFunc(here, func(d *signature.Function) bool { return d.Name != f.Export })
		}
		if len(here) == 1 {
			all[i] = here[0]
		}
	}
	return all
}

// Functions lists what rules may call.
func (s scripts) Functions() []engine.ScriptFunction {
	return listed(s.Scripts.Functions(), s.signatures)
}

func listed(functions []scripting.Function, signatures []*signature.Function) []engine.ScriptFunction {
	var out []engine.ScriptFunction
	for i, f := range functions {
		out = append(out, engine.ScriptFunction{
			Name: f.Name, Script: f.Script, Module: f.Module, Export: f.Export, Params: f.Params, Variadic: f.Rest, Pos: position(f.Pos), Signature: signatures[i],
		})
	}
	return out
}

// CallScript calls a function.
func (s scripts) CallScript(ctx context.Context, call engine.ScriptCall) ([]byte, error) {
	if !s.host.use(s.Scripts) {
		return nil, errClosed
	}
	run := scripting.Run{Now: call.Now, Seed: call.Seed}
	if call.Log != nil {
		run.Log = func(l scripting.Log) { call.Log(logOf(l, call.Function)) }
	}
	out, err := s.CallIn(ctx, run, call.Function, call.Args...)
	return out, failureOf(err)
}

func logOf(l scripting.Log, function string) engine.ScriptLog {
	return engine.ScriptLog{Level: l.Level, Message: l.Message, Data: l.Data, Script: function}
}

func failureOf(err error) error {
	if err == nil {
		return nil
	}
	var e *scripting.Error
	if errors.As(err, &e) {
		return callError(e)
	}
	return fmt.Errorf("the script was not called: %w", err)
}

// batches are scripts in processes: [engine.BatchScripts].
type batches struct{ scripts }

// CallBatch makes calls in one exchange.
func (b batches) CallBatch(ctx context.Context, calls []engine.ScriptCall) []engine.ScriptReply {
	if !b.host.use(b.Scripts) {
		return []engine.ScriptReply{{Err: errClosed}}
	}
	args := make([][]json.RawMessage, len(calls))
	for i, c := range calls {
		args[i] = c.Args
	}
	first := calls[0]
	made := b.CallMany(ctx, scripting.Run{Now: first.Now, Seed: first.Seed}, first.Function, args)
	out := make([]engine.ScriptReply, len(made))
	for i, m := range made {
		out[i] = engine.ScriptReply{Result: m.Result, Err: failureOf(m.Err)}
		for _, l := range m.Logs {
			out[i].Logs = append(out[i].Logs, logOf(l, first.Function))
		}
	}
	return out
}
