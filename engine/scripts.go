package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unsafe"

	"github.com/expr-lang/expr/ast"

	"github.com/crosswalk-go/crosswalk/engine/internal/jsontext"
	"github.com/crosswalk-go/crosswalk/engine/internal/shape"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
	"github.com/crosswalk-go/crosswalk/engine/signature"
)

// ScriptHost loads the scripts that mappings name. The engine has none of its own, so that who embeds it without
// JavaScript builds no JavaScript machine; package scripting/host is one.
type ScriptHost interface {
	// LoadScripts loads the scripts at paths of files. An error of the scripts is a [ScriptErrors].
	LoadScripts(files fs.FS, paths []string) (Scripts, error)
}

// Scripts are loaded scripts. They are safe for concurrent use.
type Scripts interface {
	// Functions lists what rules may call.
	Functions() []ScriptFunction
	// CallScript calls a function. What it returns is the engine's from then on. An error of the script is a [*ScriptError].
	CallScript(ctx context.Context, call ScriptCall) ([]byte, error)
}

// ScriptFunction is a function that a script exports.
type ScriptFunction struct {
	// Name is what rules call: name, or script.name where several scripts export it.
	Name   string
	Script string // the path of the script
	// Module is the script's name in rules: Module.Export always means this function. "" stands for the file's name up to its first dot.
	Module string
	Export string
	// Params are the names of the parameters; Variadic says that there may be more.
	Params   []string
	Variadic bool
	Pos      Position
	// Signature is what its types and its comment say; nil where that is not known.
	Signature *signature.Function
}

// ScriptCall is a call of a function of a script.
type ScriptCall struct {
	Function string            // ScriptFunction.Name
	Args     []json.RawMessage // JSON texts; nil is missing. The list is the engine's again when the call has ended, the texts are not
	Now      string            // the run's instant in RFC 3339, "" without one
	Seed     uint64            // of random numbers
	// Log is given what the call logs, before CallScript returns; nil drops it.
	Log func(ScriptLog)
}

// ScriptLog is a line that a script logged. It may hold values of the document: it belongs to the document's activity, and into no log.
type ScriptLog struct {
	Level   string          `json:"level"` // debug, info, warn or error
	Message string          `json:"message"`
	Data    json.RawMessage `json:"data,omitempty"`
	Script  string          `json:"script,omitempty"` // the function that was called
}

// String returns the line as people read it: "warn: no stock {"sku":"A"}".
func (l ScriptLog) String() string {
	return strings.TrimSuffix(l.Level+": "+l.Message+" "+string(l.Data), " ")
}

// ScriptError is a call that failed. Its text holds no value of a document.
type ScriptError struct {
	Message string
	// Thrown is what the script threw, which may hold values of the document; "" where it threw nothing.
	Thrown string
	Pos    Position // in the script; the zero Position where it is unknown
	Limit  bool     // the call cost too much
}

// Error says place and message.
func (e *ScriptError) Error() string {
	if e.Pos.Line > 0 {
		return e.Pos.String() + ": " + e.Message
	}
	return e.Message
}

// ScriptErrors is the error of scripts that cannot be loaded.
type ScriptErrors []ScriptError

// Error returns a line for each.
func (e ScriptErrors) Error() string {
	lines := make([]string, len(e))
	for i := range e {
		lines[i] = e[i].Error()
	}
	return strings.Join(lines, "\n")
}

// WithScripts hands the engine what loads the `scripts` of mapping files. Without it a mapping that names scripts
// is an error, CW1024.
func WithScripts(host ScriptHost) Option { return func(l *loader) { l.host = host } }

// scriptSet is the scripts that a mapping names, with those of what it extends.
type scriptSet struct {
	functions map[string]*scriptFunction // by name, and by script.name
	names     []string
	known     bool   // false where scripts could not be loaded: nothing is said about their functions
	digest    []byte // of the texts
}

type scriptFunction struct {
	ScriptFunction
	scripts Scripts
	types   *scriptTypes // nil where nothing is known of them
}

func (s *scriptSet) lookup(name string) *scriptFunction {
	if s == nil {
		return nil
	}
	return s.functions[name]
}

// loadScripts loads the scripts that the files name, once for a loader.
func (l *loader) loadScripts(k *linked, diags *Diagnostics) *scriptSet {
	if l.scripts != nil {
		return l.scripts
	}
	set := &scriptSet{functions: map[string]*scriptFunction{}, known: true}
	for _, m := range k.files { // main first: its functions go before those of what it extends
		if len(m.scripts) > 0 {
			l.scriptsOf(m, set, diags)
		}
	}
	slices.Sort(set.names)
	l.scripts = set
	return set
}

func (l *loader) scriptsOf(m *mappingFile, set *scriptSet, diags *Diagnostics) {
	report := func(s *scalar, code, msg, help string) *Diagnostic {
		d := Diagnostic{Severity: Error, Code: code, Message: msg, Help: help}
		d.Pos, d.End = s.whole()
		d.Snippet = m.src.line(d.Pos.Line)
		*diags = append(*diags, d)
		return &(*diags)[len(*diags)-1]
	}
	if l.host == nil {
		set.known = false
		if l.readOnly {
			return
		}
		report(m.scripts[0], codeScripts, "this program maps without scripts", "remove `scripts`, or use a program that hands a script host to the engine")
		return
	}
	root, below := l.scriptRoot(m)
	var paths []string
	for _, s := range m.scripts {
		file := path.Join(below, filepath.ToSlash(s.text))
		if !fs.ValidPath(file) || path.IsAbs(s.text) {
			set.known = false
			report(s, codeScript, fmt.Sprintf("the script %q lies outside of the project", s.text), "name it relative to this file")
			continue
		}
		paths = append(paths, file)
	}
	if len(paths) < len(m.scripts) {
		return
	}
	files := &readSums{rootedFiles: rootedFiles{l, m.place.inLibrary, root}, sums: map[string][]byte{}}
	loaded, err := l.host.LoadScripts(files, paths)
	set.digest = append(set.digest, files.digest()...)
	var list ScriptErrors
	switch {
	case err == nil:
	case errors.As(err, &list):
		set.known = false
		for _, e := range list {
			d := report(m.scripts[0], codeScript, e.Message, "")
			if e.Pos.Line > 0 {
				place := e.Pos
				place.File = path.Join(root, place.File)
				d.Pos, d.End, d.Snippet = place, place, l.scriptLine(m.place.inLibrary, place)
			}
		}
		return
	default:
		set.known = false
		report(m.scripts[0], codeScript, "the scripts cannot be loaded: "+err.Error(), "")
		return
	}
	for _, f := range loaded.Functions() {
		f.Pos.File = path.Join(root, f.Pos.File)
		if f.Module == "" {
			f.Module, _, _ = strings.Cut(path.Base(f.Script), ".")
		}
		fn := &scriptFunction{f, rooted(loaded, root), l.typesOf(f)}
		for _, name := range []string{f.Name, f.Module + "." + f.Export} {
			if set.functions[name] == nil {
				set.functions[name] = fn
				if name == f.Name {
					set.names = append(set.names, name)
				}
			}
		}
	}
}

// has tells whether a script of that name is loaded.
func (s *scriptSet) has(script string) bool {
	return s != nil && slices.ContainsFunc(s.dotted(), func(name string) bool { return strings.HasPrefix(name, script+".") })
}

// dotted lists the functions as script.name.
func (s *scriptSet) dotted() []string {
	var names []string
	for name := range s.functions {
		if strings.Contains(name, ".") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// exporting lists the functions that are called name only with their script's name before it, because several scripts export it.
func (s *scriptSet) exporting(name string) []string {
	if s == nil {
		return nil
	}
	return slices.DeleteFunc(s.dotted(), func(dotted string) bool { return !strings.HasSuffix(dotted, "."+name) })
}

func (l *loader) scriptLine(inLibrary bool, pos Position) string {
	text, err := l.read(place{name: pos.File, inLibrary: inLibrary})
	if err != nil {
		return ""
	}
	lines := strings.Split(string(text), "\n")
	if pos.Line > len(lines) {
		return ""
	}
	return strings.TrimSuffix(lines[pos.Line-1], "\r")
}

// scriptRoot returns the folder below which the scripts of a mapping and what they import lie, as it is written from where
// the process is, and where the mapping's folder lies below it: the next folder above with a crosswalk.yaml or a package.json, else
// the lowest that holds all scripts that the mapping names.
func (l *loader) scriptRoot(m *mappingFile) (root, below string) {
	dir := path.Dir(filepath.ToSlash(m.place.name))
	at := func(levels int) (string, string) {
		root := dir
		for range levels {
			root = path.Join(root, "..")
		}
		whole := dir
		if !m.place.inLibrary {
			if abs, err := filepath.Abs(dir); err == nil {
				whole = filepath.ToSlash(abs)
			}
		}
		parts := strings.Split(strings.Trim(whole, "/"), "/")
		return root, path.Join(parts[max(0, len(parts)-levels):]...)
	}
	const most = 12 // folders above
	for levels := 0; levels <= most; levels++ {
		root, below := at(levels)
		for _, mark := range []string{"crosswalk.yaml", "package.json"} {
			if f, err := (rootedFiles{l, m.place.inLibrary, root}).Open(mark); err == nil {
				_ = f.Close() // nothing was read
				return root, below
			}
		}
		if root == "/" || root == "." && (m.place.inLibrary || l.files != nil) {
			break
		}
	}
	levels := 0
	for _, s := range m.scripts {
		up := 0
		for _, part := range strings.Split(path.Clean(filepath.ToSlash(s.text)), "/") {
			if part == ".." {
				up++
			}
		}
		levels = max(levels, up)
	}
	return at(levels)
}

// rootedFiles are the files of a loader below a folder.
type rootedFiles struct {
	loader    *loader
	inLibrary bool
	root      string
}

// Root is the folder, as the names of the loader's files have it before them.
func (r rootedFiles) Root() string { return r.root }

// Open opens a file below the folder, and none above.
func (r rootedFiles) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	file := path.Join(r.root, name)
	switch {
	case r.inLibrary:
		return r.loader.library.Open(file)
	case r.loader.files != nil:
		return r.loader.files.Open(file)
	}
	return os.Open(filepath.FromSlash(file))
}

// ReadFile reads a file below the folder; an editor has newer texts of some.
func (r rootedFiles) ReadFile(name string) ([]byte, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	return r.loader.read(place{name: path.Join(r.root, name), inLibrary: r.inLibrary})
}

// rootedScripts puts the folder before the places of errors.
type rootedScripts struct {
	Scripts
	root string
}

func (r rootedScripts) CallScript(ctx context.Context, call ScriptCall) ([]byte, error) {
	out, err := r.Scripts.CallScript(ctx, call)
	return out, r.placed(err)
}

// scriptName returns the name by which a call may mean a function of a script: name or script.name.
func scriptName(n *ast.CallNode) string {
	switch callee := n.Callee.(type) {
	case *ast.IdentifierNode:
		return callee.Value
	case *ast.MemberNode:
		base, ok := callee.Node.(*ast.IdentifierNode)
		if name, isName := callee.Property.(*ast.StringNode); ok && isName && !callee.Optional {
			return base.Value + "." + name.Value
		}
	}
	return ""
}

// scriptCall compiles the call of a function of a script.
func (c *compiler) scriptCall(n *ast.CallNode, name string, fn *scriptFunction) operand {
	args := make([]operand, len(n.Arguments))
	paths := make([]string, len(args))
	for i, a := range n.Arguments {
		args[i] = c.compile(a)
		var ok bool
		if paths[i], ok = chainText(a); !ok {
			paths[i] = fmt.Sprintf("argument %d", i+1)
			if i < len(fn.Params) {
				paths[i] = fn.Params[i]
			}
		}
	}
	if !c.checkScriptArguments(n, name, fn, args) {
		return c.broken(n)
	}
	text, loc := c.text, n.Location()
	depth, ahead := maxMadeDepth, c.aheadOf(n)
	run := func(f *frame) (value.Value, error) {
		defer f.drop(len(f.stack))
		values := f.take(len(args)) // a call among the arguments takes room of its own, so that all are computed before one is written
		for i, a := range args {
			v, err := a.run(f)
			if err != nil {
				return value.Value{}, err
			}
			values[i] = v
		}
		call := ScriptCall{Function: fn.Name, Now: f.call.Now, Seed: f.seed, Log: f.log}
		f.args = f.args[:0]
		texts := make([]byte, 0, len(values)*scriptArgument) // not of the frame: a script may give back, or log, what it was given
		for _, v := range values {
			if v.Kind() == value.Missing {
				f.args = append(f.args, nil)
				continue
			}
			if err := f.visit(v, text, loc.From, loc.To); err != nil {
				return value.Value{}, err
			}
			if err := f.budget.Bytes(v.Weight()); err != nil {
				return value.Value{}, asFault(err, text, loc.From, loc.To)
			}
			start := len(texts)
			texts = v.AppendJSON(texts) // what was written before stays where it is, also when this one needs more room
			f.args = append(f.args, json.RawMessage(texts[start:len(texts):len(texts)]))
		}
		call.Args = f.args
		if err := f.budget.Step(scriptSteps); err != nil {
			return value.Value{}, asFault(err, text, loc.From, loc.To)
		}
		out, err := ahead.call(f, fn.scripts, call)
		if err != nil {
			return value.Value{}, scriptFault(err, name, paths, values, &fault{text: text, from: loc.From, to: loc.To})
		}
		if out == nil {
			return value.Value{}, nil
		}
		result := unsafe.String(unsafe.SliceData(out), len(out))
		start, end, err := jsontext.Validate(result, depth)
		if err != nil {
			return value.Value{}, &fault{text: text, from: loc.From, to: loc.To, code: codeScriptFailed, msg: name + ": the script gave something that is no JSON, or nested too deep"}
		}
		if err := f.budget.Bytes(int64(len(result))); err != nil {
			return value.Value{}, asFault(err, text, loc.From, loc.To)
		}
		return f.made(value.Raw(result[start:end]), text, loc.From, loc.To)
	}
	result := shape.Any
	if fn.types != nil {
		result = fn.types.result
	}
	return operand{run: run, shape: result, node: n}
}

// scriptArgument is the room for the text of an argument: most are a number, or a short text.
const scriptArgument = 32

// scriptSteps is what a call of a script counts for, besides the size of its arguments: about as many steps as a rule could do meanwhile.
const scriptSteps = 50

func scriptFault(err error, name string, paths []string, values []value.Value, f *fault) *fault {
	f.code, f.err = codeScriptFailed, err
	f.msg = name + ": " + err.Error()
	var e *ScriptError
	if !errors.As(err, &e) {
		return f
	}
	if e.Limit {
		f.code, f.help = codeLimit, "the script costs too much for one document; make it read or build less"
	}
	if e.Pos.Line > 0 {
		f.msg = fmt.Sprintf("%s failed at %s: %s", name, e.Pos, e.Message)
	}
	for i, v := range values {
		f.values = append(f.values, Observed{paths[i], v.Preview(80)})
	}
	if e.Thrown != "" {
		f.values = append(f.values, Observed{"thrown", e.Thrown})
	}
	return f
}
