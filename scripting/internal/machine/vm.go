package machine

import (
	"bytes"
	"context"
	_ "embed" // the prelude
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/dop251/goja"
	"github.com/dop251/goja/parser"

	"github.com/crosswalk-go/crosswalk/scripting/internal/source"
)

// Limits bound what one call may cost.
type Limits struct {
	Time        time.Duration // of the clock on the wall
	MemoryBytes int64         // that a call may add to the heap
	StackDepth  int           // nesting of calls
	OutputBytes int           // of the result's JSON text
	Logs        int           // lines that a call may log
}

// DefaultLimits suit functions that compute fields of a document.
var DefaultLimits = Limits{Time: 2 * time.Second, MemoryBytes: 128 << 20, StackDepth: 1000, OutputBytes: 16 << 20, Logs: 100}

// Functions are functions of the host that scripts may call as cw.name(...). They take and give JSON text; nil is missing.
type Functions interface {
	Names() []string
	Call(ctx context.Context, name, now string, args []json.RawMessage) (json.RawMessage, error)
}

// Request is one call.
type Request struct {
	Function int               // index into the program's exports
	Name     string            // of the function as messages say it
	Args     []json.RawMessage // JSON texts; nil is missing, undefined in the script
	Now      string            // the run's instant in RFC 3339, "" where it has none
	Seed     uint64
}

// Log is a line that a script logged. It may hold values of a document.
type Log struct {
	Level   string // debug, info, warn or error
	Message string
	Data    json.RawMessage `json:",omitempty"` // nil where there is none
}

// Reply is what a call gave: the JSON text of the result, nil for undefined.
type Reply struct {
	Result json.RawMessage
	Logs   []Log
	Hits   []uint32 // how often each point of the program was reached; nil where it is not counted
}

//go:embed prelude.js
var preludeText string

var prelude = sync.OnceValues(func() (*goja.Program, error) {
	return goja.Compile("prelude.js", preludeText, true)
})

// VM is one machine with the modules of a program. It belongs to one goroutine at a time.
type VM struct {
	rt           *goja.Runtime
	program      *Program
	limits       Limits
	functions    Functions
	decimalProto *goja.Object
	factory      goja.Callable
	freezeAll    goja.Value
	modules      []goja.Callable // frozen exports that every call shares, by index; nil where modules are run for each call

	// Of the call that runs.
	ctx  context.Context
	now  string
	seed Request    // what rand is made of, when it is needed
	rand *rand.Rand // nil until then
	logs []Log
	last struct { // the decimal that was asked for last
		object *goja.Object
		number *number
	}
	hits []uint32        // since the last call, its own start included
	said map[string]bool // the messages that this package made

	watched watched
	dirty   bool // must not be used again
}

// watched is what the watch sees of a machine.
type watched struct {
	mu       sync.Mutex
	deadline time.Time // zero where no call runs
	heap     uint64    // when the watch first saw the call
	stopped  bool
}

// newVM makes a machine and runs the modules for the first time.
func newVM(p *Program, limits Limits, functions Functions, begin func(*VM, time.Duration)) (vm *VM, err error) {
	rt := goja.New()
	vm = &VM{rt: rt, program: p, limits: limits, functions: functions, ctx: context.Background()}
	defer func() {
		if r := recover(); r != nil {
			err = &Error{Kind: Broken, Message: "the scripts cannot be started"}
		}
	}()
	rt.SetMaxCallStackSize(limits.StackDepth)
	rt.SetParserOptions(parser.WithDisableSourceMaps)
	rt.SetRandSource(vm.random)
	rt.SetTimeSource(func() time.Time { return time.UnixMilli(0).UTC() })
	if err := vm.prepare(); err != nil {
		return nil, fmt.Errorf("scripting: the machine cannot be prepared: %w", err)
	}
	begin(vm, limits.Time)
	factory, err := rt.RunProgram(p.compiled)
	if err != nil {
		return nil, vm.fault("", err)
	}
	vm.factory, _ = goja.AssertFunction(factory)
	if !p.stateful() {
		modules, whole, err := vm.trial(true)
		if err != nil {
			return nil, err
		}
		if whole {
			vm.modules = modules
		} else {
			p.noteState()
		}
	}
	if p.stateful() {
		if _, _, err := vm.trial(false); err != nil {
			return nil, err
		}
	}
	return vm, nil
}

// prepare runs the prelude.
func (vm *VM) prepare() error {
	rt := vm.rt
	program, err := prelude()
	if err != nil {
		return err
	}
	setup, err := rt.RunProgram(program)
	if err != nil {
		return err
	}
	host := rt.NewObject()
	library := rt.NewObject()
	// In this order: scripts can list what there is, and every machine has to give the same.
	for _, l := range []struct {
		name  string
		value any
	}{{"decimal", vm.decimalLibrary()}, {"date", vm.dateLibrary()}, {"log", vm.logLibrary()}, {"crypto", vm.cryptoLibrary()}, {"cw", vm.functionLibrary()}} {
		if err := library.Set(l.name, l.value); err != nil {
			return err
		}
	}
	for name, value := range map[string]any{
		"maxItems": maxItems, "maxChars": maxChars, "library": library, "Decimal": vm.decimalProto,
		"now":       func(goja.FunctionCall) goja.Value { return rt.ToValue(vm.instant().UnixMilli()) },
		"isDecimal": func(c goja.FunctionCall) goja.Value { return rt.ToValue(asNumber(c.Argument(0)) != nil) },
		"isLive": func(c goja.FunctionCall) goja.Value {
			o, ok := c.Argument(0).(*goja.Object)
			return rt.ToValue(ok && (liveOf(o) != nil || dynamic(o) != nil))
		},
		"checkPattern": func(c goja.FunctionCall) goja.Value {
			if why := refusedPattern(c.Argument(0).String(), c.Argument(1).String()); why != "" {
				panic(vm.typeError(why))
			}
			return goja.Undefined()
		},
		"parseJSON": func(c goja.FunctionCall) goja.Value {
			text := c.Argument(0).String()
			if err := CheckJSON(text); err != nil {
				panic(vm.syntaxError(err.Error()))
			}
			return vm.fromJSON(text)
		},
		"toJSON": func(c goja.FunctionCall) goja.Value { return vm.stringify(c.Argument(0), c.Argument(1).String()) },
	} {
		if err := host.Set(name, value); err != nil {
			return err
		}
	}
	run, ok := goja.AssertFunction(setup)
	if !ok {
		return errors.New("the prelude is no function")
	}
	vm.freezeAll, err = run(goja.Undefined(), host)
	return err
}

// rethrow throws an error that came up from JavaScript or from a conversion.
func (vm *VM) rethrow(err error) {
	var thrown *goja.Exception
	if errors.As(err, &thrown) {
		panic(thrown.Value())
	}
	var odd *unfit
	if errors.As(err, &odd) {
		panic(vm.typeError(odd.Error()))
	}
	if errors.Is(err, errNumber) {
		panic(vm.rangeError(err.Error()))
	}
	panic(err) // an interrupt or an overflow goes on up
}

func (vm *VM) typeError(text string) goja.Value   { return vm.makeError("TypeError", text) }
func (vm *VM) rangeError(text string) goja.Value  { return vm.makeError("RangeError", text) }
func (vm *VM) syntaxError(text string) goja.Value { return vm.makeError("SyntaxError", text) }

func (vm *VM) makeError(class, text string) goja.Value {
	vm.own(text)
	o, err := vm.rt.New(vm.rt.Get(class), vm.rt.ToValue(text))
	if err != nil {
		return vm.rt.ToValue(text)
	}
	return o
}

// trial is instance outside of any run. Modules that look at the clock are run again for each call, by the clock of its run; here
// they need any.
func (vm *VM) trial(frozen bool) (modules []goja.Callable, whole bool, err error) {
	vm.now = "2000-01-01T00:00:00Z"
	defer func() { vm.now = "" }()
	return vm.instance(frozen)
}

// instance runs the modules and returns their exports, frozen or not. whole is false where freezing did not make them
// unchangeable.
func (vm *VM) instance(frozen bool) (modules []goja.Callable, whole bool, err error) {
	whole = true
	freeze := func(c goja.FunctionCall) goja.Value {
		if !frozen {
			return goja.Undefined()
		}
		f, _ := goja.AssertFunction(vm.freezeAll)
		v, err := f(goja.Undefined(), c.Argument(0))
		if err != nil {
			vm.rethrow(err)
		}
		whole = v.ToBoolean()
		return goja.Undefined()
	}
	count, tests := goja.Undefined(), goja.Undefined()
	if vm.program.source.Cover {
		if vm.hits == nil {
			vm.hits = make([]uint32, len(vm.program.points))
		}
		count = vm.rt.ToValue(vm.count)
	}
	if vm.program.source.Tests {
		tests = vm.testLibrary()
	}
	root, err := vm.factory(goja.Undefined(), vm.rt.ToValue(freeze), count, tests)
	if err != nil {
		return nil, false, vm.fault("", err)
	}
	object, ok := root.(*goja.Object)
	if !ok {
		return nil, false, &Error{Kind: Broken, Message: "the scripts export nothing"}
	}
	modules = make([]goja.Callable, len(vm.program.exports))
	err = vm.try(func() {
		entry := 0
		for i, e := range vm.program.exports {
			for vm.program.source.Entries[entry] != e.Script {
				entry++
			}
			if namespace, ok := object.Get(source.Namespace(entry)).(*goja.Object); ok {
				modules[i], _ = goja.AssertFunction(namespace.Get(e.Name))
			}
		}
	})
	if err != nil {
		return nil, false, vm.fault("", err)
	}
	return modules, whole, nil
}

// call runs one call. The machine is dirty afterwards where it must not be used again.
func (vm *VM) call(ctx context.Context, r Request) (reply Reply, err error) {
	defer func() {
		if p := recover(); p != nil {
			vm.dirty = true
			err = &Error{Kind: Broken, Function: r.Name, Message: "the machine failed: a built-in was asked for too much"}
		}
		reply.Hits = vm.hits
		vm.ctx, vm.logs, vm.hits, vm.seed = nil, nil, nil, Request{}
		vm.last.object, vm.last.number = nil, nil
	}()
	vm.ctx, vm.now, vm.logs, vm.said = ctx, r.Now, nil, nil
	vm.seed, vm.rand = r, nil
	modules := vm.modules
	frozen := modules != nil && !vm.program.stateful()
	if vm.program.source.Cover && vm.hits == nil {
		vm.hits = make([]uint32, len(vm.program.points))
	}
	if !frozen {
		if modules, _, err = vm.instance(false); err != nil {
			return Reply{}, named(err, r.Name)
		}
	}
	result, err := vm.run(modules[r.Function], r)
	if err == nil {
		return Reply{Result: result, Logs: vm.logs}, nil
	}
	var failed *Error
	if frozen && errors.As(err, &failed) && failed.again {
		// The script may have wanted to change what it keeps at the top of a module, which is frozen. A call has no effect but its
		// result, so it can be made again with modules of its own.
		vm.logs, vm.rand = nil, nil
		if modules, _, err = vm.instance(false); err != nil {
			return Reply{}, named(err, r.Name)
		}
		var second *Error
		if result, err = vm.run(modules[r.Function], r); !errors.As(err, &second) || second.Message != failed.Message || second.Pos != failed.Pos {
			vm.program.noteState()
		}
	}
	if err != nil {
		return Reply{Logs: vm.logs}, err
	}
	return Reply{Result: result, Logs: vm.logs}, nil
}

func named(err error, function string) error {
	var e *Error
	if errors.As(err, &e) && e.Function == "" {
		e.Function = function
	}
	return err
}

func (vm *VM) random() float64 {
	if vm.rand == nil {
		vm.rand = rand.New(rand.NewPCG(vm.seed.Seed, seedOf(vm.seed)))
	}
	return vm.rand.Float64()
}

// seedOf makes the randomness of a call depend on the call, and on nothing else: not on when it is made either, which
// an argument may tell.
func seedOf(r Request) uint64 {
	h := fnv.New64a()
	h.Write([]byte(r.Name))
	for _, a := range r.Args {
		if r.Now != "" {
			a = bytes.ReplaceAll(a, []byte(r.Now), nil)
		}
		h.Write(a)
		h.Write([]byte{0})
	}
	return h.Sum64()
}

func (vm *VM) run(f goja.Callable, r Request) (json.RawMessage, error) {
	if f == nil {
		return nil, &Error{Kind: BadValue, Function: r.Name, Message: "is no function"}
	}
	args := make([]goja.Value, len(r.Args))
	for i, a := range r.Args {
		var err error
		if args[i], err = vm.argument(r.Name, a); err != nil {
			return nil, err
		}
	}
	v, err := f(goja.Undefined(), args...)
	if err != nil {
		return nil, vm.failed(r.Name, err)
	}
	if o, ok := v.(*goja.Object); ok {
		if v, err = vm.settle(o); err != nil {
			return nil, vm.failed(r.Name, err)
		}
	}
	out, err := vm.written(v)
	if err != nil {
		return nil, vm.failed(r.Name, err)
	}
	if len(out) > vm.limits.OutputBytes {
		return nil, &Error{Kind: OutputLimit, Function: r.Name, Message: fmt.Sprintf("the result is more than %d bytes of JSON", vm.limits.OutputBytes)}
	}
	return out, nil
}

// argument makes the JavaScript value of an argument of function.
func (vm *VM) argument(function string, a json.RawMessage) (goja.Value, error) {
	if a == nil {
		return goja.Undefined(), nil
	}
	text := string(a)
	if err := CheckJSON(text); err != nil {
		return nil, &Error{Kind: BadValue, Function: function, Message: "was given " + err.Error()}
	}
	v, err := vm.parse(text)
	if err != nil {
		return nil, vm.fault(function, vm.try(func() { vm.rethrow(err) }))
	}
	return v, nil
}

// written returns the JSON text of what a call gave, nil for undefined. Only objects can run code of a script meanwhile.
func (vm *VM) written(v goja.Value) (out []byte, err error) {
	w := writer{vm: vm, max: vm.limits.OutputBytes}
	wrote := false
	if _, ok := v.(*goja.Object); !ok {
		wrote, err = w.value(v)
	} else if thrown := vm.try(func() { wrote, err = w.value(v) }); thrown != nil {
		err = thrown
	}
	if err != nil || !wrote {
		return nil, err
	}
	return w.out, nil
}

// failed is fault, and marks the machine where it stopped in the middle of something.
func (vm *VM) failed(function string, err error) *Error {
	var interrupted *goja.InterruptedError
	var overflow *goja.StackOverflowError
	if errors.As(err, &interrupted) || errors.As(err, &overflow) {
		vm.dirty = true
	}
	return vm.fault(function, err)
}

// try runs f outside of any call of goja, and returns what it throws. What cannot be caught, an interrupt or an overflow, is returned
// too, and leaves the machine dirty.
func (vm *VM) try(f func()) (err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case *goja.InterruptedError:
			vm.dirty, err = true, p
		case *goja.StackOverflowError:
			vm.dirty, err = true, p
		default:
			panic(p)
		}
	}()
	if ex := vm.rt.Try(f); ex != nil {
		return ex
	}
	return nil
}

func (vm *VM) instant() time.Time {
	if vm.now == "" {
		panic(vm.typeError("this run has no clock: the time of a run is given by whoever starts it"))
	}
	t, err := time.Parse(time.RFC3339Nano, vm.now)
	if err != nil {
		panic(vm.typeError("this run has no clock that can be read"))
	}
	return t
}

// stateful tells whether the modules keep something that calls could change: they are then run for each call.
func (p *Program) stateful() bool { return !p.stateless || p.changes.Load() }

func (p *Program) noteState() { p.changes.Store(true) }
