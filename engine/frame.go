package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"unsafe"

	"github.com/crosswalk-go/crosswalk/engine/internal/function"
	"github.com/crosswalk-go/crosswalk/engine/internal/limit"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// code computes an expression for one document.
type code func(f *frame) (value.Value, error)

// frame is what the expressions of one document share. It belongs to one goroutine.
type frame struct {
	given
	vars    []value.Value // each-aliases, indexes, and variables of expressions, by slot
	lets    []letCell
	letCode []code
	rows    []value.Row // what the paths of each view hold
	out     *outNode
	tapes   [6]value.Tape // of doc, source, settings, tables, links and current
	write   WriteMode
	buf     []byte // the output while it is written
	budget  *limit.Budget
	limits  limit.Budget  // what budget points to
	stack   []value.Value // arguments and elements in use
	high    int           // the most of stack that was in use
	words   []byte        // texts that rules join
	arena   value.Arena   // of lists that rules make
	call    function.Call
	seed    uint64
	args    []json.RawMessage // of the call of a script that is made
	log     func(ScriptLog)
	missed  func(Missed)
	ahead   map[*ahead]*made
	indexes map[string]tableIndex // of the tables in which the document looked
	doubts  int                   // how often a quick look was not enough
	trace   *trace                // nil, except where somebody asked for an explanation
}

// given are the values that expressions find by a name of their own.
type given struct {
	doc, source, settings, tables, links, current, now value.Value
	// ownTables is true where the flow sets no table, beside where anything but the document is on a tape.
	ownTables, beside bool
}

// letCell holds a `let` once it was needed.
type letCell struct {
	done  bool
	value value.Value
	err   error
}

// frame returns a frame with room for one document.
func (m *Mapping) frame() *frame {
	if f, ok := m.frames.Get().(*frame); ok {
		return f
	}
	return &frame{
		vars: make([]value.Value, m.slots), lets: make([]letCell, len(m.lets)), rows: make([]value.Row, len(m.views)), letCode: m.lets,
	}
}

// release gives a frame back without anything of its document.
func (m *Mapping) release(f *frame) {
	f.reset()
	m.frames.Put(f)
}

// reset lets go of a document and of all that was made of it.
func (f *frame) reset() {
	clear(f.vars)
	clear(f.lets)
	for i := range f.rows {
		f.rows[i].Forget()
	}
	f.tapes[0].Forget()
	if f.beside {
		for i := range f.tapes {
			f.tapes[i].Forget()
		}
	}
	f.arena.Reset()
	clear(f.stack[:f.high])
	f.high, f.doubts = 0, 0
	f.given = given{}
	f.out, f.limits, f.call, f.trace = nil, limit.Budget{}, function.Call{}, nil
	f.seed, f.log, f.missed, f.ahead = 0, nil, nil, nil
	f.stack, f.words, f.buf = f.stack[:0], f.words[:0], f.buf[:0]
	clear(f.args[:cap(f.args)])
	if cap(f.buf) > 1<<20 {
		f.buf = nil
	}
	if cap(f.stack) > 1<<14 {
		f.stack = nil
	}
}

// let returns variable i, computed when it is first needed.
func (f *frame) let(i int) (value.Value, error) {
	cell := f.letCell(i)
	return cell.value, cell.err
}

// letCell returns the cell of variable i, which it fills.
func (f *frame) letCell(i int) *letCell {
	cell := &f.lets[i]
	if !cell.done {
		f.fill(i, cell)
	}
	return cell
}

func (f *frame) fill(i int, cell *letCell) {
	cell.value, cell.err = f.letCode[i](f)
	cell.done = true
}

// take returns room for n values; drop gives it back. Whoever is handed the room must not keep it.
func (f *frame) take(n int) []value.Value {
	mark := len(f.stack)
	if mark+n > cap(f.stack) {
		f.stack = make([]value.Value, 0, max(256, 2*(mark+n))) // what is in use lives on in the old one
		mark, f.high = 0, 0
	}
	f.stack = f.stack[:mark+n]
	f.high = max(f.high, mark+n)
	return f.stack[mark : mark+n : mark+n]
}

// items returns the elements of a list in room that drop gives back.
func (f *frame) items(v value.Value) []value.Value {
	n := v.Len()
	room := f.take(n)
	return v.AppendItems(room[:0])
}

func (f *frame) drop(mark int) {
	if mark <= len(f.stack) {
		f.stack = f.stack[:mark]
	}
}

// wordBytes is the room for joined texts that a frame keeps from document to document.
const wordBytes = 4 << 10

// join returns x and y as one text.
func (f *frame) join(x, y string) string {
	n := len(x) + len(y)
	if n == 0 {
		return ""
	}
	if n > wordBytes/4 {
		return x + y
	}
	if len(f.words)+n > cap(f.words) {
		f.words = make([]byte, 0, wordBytes) // texts that were made live on in the old room
	}
	mark := len(f.words)
	f.words = append(append(f.words, x...), y...)
	return unsafe.String(&f.words[mark], n)
}

// bind makes v the value of a view.
func (f *frame) bind(w *view, v value.Value) {
	if w.Used() {
		w.Gather(v, &f.rows[w.number])
	}
}

// fault is an expression that failed on a document.
type fault struct {
	text     *scalar
	from, to int // characters of text
	code     string
	msg      string
	help     string
	err      error
	// values are what took part besides what the rule read.
	values []Observed
}

func (e *fault) Error() string { return e.msg }
func (e *fault) Unwrap() error { return e.err }

// diagnostic places the fault in the mapping file.
func (e *fault) diagnostic() Diagnostic {
	d := Diagnostic{Severity: Error, Code: e.code, Message: e.msg, Help: e.help, Values: e.values}
	d.Pos, d.End = e.text.rangeOf(e.from, e.to)
	d.Snippet = e.text.file.line(d.Pos.Line)
	var script *ScriptError
	if errors.As(e.err, &script) {
		d.Script = script.Pos
	}
	return d
}

// asFault gives an error of evaluation a place where it has none.
func asFault(err error, text *scalar, from, to int) *fault {
	var f *fault
	if errors.As(err, &f) {
		return f
	}
	f = &fault{text: text, from: from, to: to, code: codeFunction, msg: err.Error(), err: err}
	if errors.Is(err, limit.ErrExceeded) {
		f.code = codeLimit
		f.help = "the rule costs too much for one document; make it read or build less"
	}
	return f
}

// maxMadeDepth bounds how deep rules may nest lists and objects: whatever walks them recurses.
const maxMadeDepth = 200

// made checks a list or an object that a rule has just made.
func (f *frame) made(v value.Value, text *scalar, from, to int) (value.Value, error) {
	if v.Depth() > maxMadeDepth {
		return value.Value{}, &fault{text: text, from: from, to: to, code: codeLimit, msg: fmt.Sprintf("lists and objects are nested more than %d levels deep", maxMadeDepth)}
	}
	if err := f.budget.Fits(v.Weight()); err != nil {
		return value.Value{}, asFault(err, text, from, to)
	}
	return v, nil
}

// look takes the steps of reading one element of v, or one member: key is the number of its name, 0 without one.
func (f *frame) look(v value.Value, key uint16, text *scalar, from, to int) error {
	steps := 1
	if !v.Indexed() && !v.Noted(key) {
		steps += int(v.Weight() >> 6)
	}
	if err := f.budget.Step(steps); err != nil {
		return asFault(err, text, from, to)
	}
	return nil
}

// compare takes the steps of comparing v with another value, element by element.
func (f *frame) compare(v value.Value, text *scalar, from, to int) error {
	steps := v.Weight() >> 6
	if v.Kind() == value.List || v.Kind() == value.Object {
		steps = v.Weight() >> 1
	}
	if err := f.budget.Step(1 + int(steps)); err != nil {
		return asFault(err, text, from, to)
	}
	return nil
}

// visit takes the steps of walking through the whole of v.
func (f *frame) visit(v value.Value, text *scalar, from, to int) error {
	if err := f.budget.Step(1 + int(v.Weight()>>6)); err != nil {
		return asFault(err, text, from, to)
	}
	return nil
}
