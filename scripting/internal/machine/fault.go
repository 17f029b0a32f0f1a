package machine

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/dop251/goja"
)

// Kind says what kind of failure a call ended in.
type Kind uint8

// The kinds of failure.
const (
	Thrown   Kind = iota + 1 // the script threw
	BadValue                 // an argument or the result cannot cross the border
	Pending                  // a promise that nothing will settle
	TimeLimit
	MemoryLimit
	StackLimit
	OutputLimit
	Broken // the machine or its process failed
)

var kindNames = [...]string{"", "thrown", "value", "pending", "time", "memory", "stack", "output", "broken"}

// String returns the word for the kind.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// Error is the failure of a call. Its text holds no value of a document: what a script throws is shown
// only where it is written in the script as it stands.
type Error struct {
	Kind     Kind
	Function string
	// Message says what happened, without values of documents.
	Message string
	// Thrown is what the script threw, as text. It may hold personal data: show it to the owner of the document,
	// never log it. It is empty for other failures.
	Thrown string
	Pos    Position // in the user's file; the zero Position where it is unknown
	Stack  []Frame  // innermost first
	// again is set where a call on modules that can be changed may end otherwise.
	again bool
}

// Frame is a function of a script that was running.
type Frame struct {
	Function string
	Pos      Position
}

// Error says place, function and message on one line.
func (e *Error) Error() string {
	at := ""
	if e.Pos.Line > 0 {
		at = e.Pos.String() + ": "
	}
	if e.Function == "" {
		return at + e.Message
	}
	return at + e.Function + ": " + e.Message
}

// Errors that an [Error] matches by errors.Is.
var (
	ErrLimit  = errors.New("a limit of scripts was reached")
	ErrThrown = errors.New("the script threw an error")
)

// Is tells whether the error is a limit that was reached, or a throw.
func (e *Error) Is(target error) bool {
	switch target {
	case ErrThrown:
		return e.Kind == Thrown
	case ErrLimit:
		return e.Kind >= TimeLimit && e.Kind <= OutputLimit
	}
	return false
}

// stop is what a watch hands to goja when it interrupts.
type stop struct {
	kind Kind
	text string
}

func (s *stop) Error() string { return s.text }

// fault makes an [Error] of what a call of goja returned.
func (vm *VM) fault(function string, err error) *Error {
	e := &Error{Kind: Thrown, Function: function}
	var (
		interrupted *goja.InterruptedError
		overflow    *goja.StackOverflowError
		thrown      *goja.Exception
		odd         *unfit
		ready       *Error
	)
	switch {
	case errors.As(err, &ready):
		if ready.Function == "" {
			ready.Function = function
		}
		return ready
	case errors.As(err, &interrupted):
		e.Kind, e.Message = TimeLimit, "was stopped"
		if s, ok := interrupted.Value().(*stop); ok {
			e.Kind, e.Message = s.kind, s.text
		}
		vm.place(e, interrupted.Stack())
	case errors.As(err, &overflow):
		e.Kind, e.Message = StackLimit, fmt.Sprintf("calls are nested more than %d deep", vm.limits.StackDepth)
		vm.place(e, overflow.Stack())
	case errors.As(err, &odd):
		e.Kind, e.Message = BadValue, odd.Error()
	case errors.As(err, &thrown):
		vm.thrown(e, thrown.Value())
		vm.place(e, thrown.Stack())
	default:
		e.Kind, e.Message = Broken, err.Error()
	}
	return e
}

// thrown describes a value that was thrown, without running anything of the script: what stands in the
// value's own properties is read, getters are not.
func (vm *VM) thrown(e *Error, v goja.Value) {
	o, ok := v.(*goja.Object)
	if !ok {
		if s, ok := v.(*goja.Symbol); ok {
			e.Thrown = s.String()
		} else if v != nil {
			e.Thrown = cut(v.String())
		}
		e.Message = "threw " + kindOf(v)
		if vm.program.harmless(e.Thrown) {
			e.Message = "threw " + e.Thrown
		}
		return
	}
	if n := asNumber(v); n != nil {
		e.Message, e.Thrown = "threw a decimal", n.String()
		return
	}
	name, message := vm.describe(o)
	e.Thrown = cut(joined(name, message))
	switch {
	case name == "" && message == "":
		e.Message, e.Thrown = "threw "+kindOf(v), ""
	case name != "" && vm.program.harmless(name) && vm.program.harmless(message) ||
		name == "" && vm.program.words[message]:
		e.Message = joined(name, message)
	case name != "" && vm.program.harmless(name):
		e.Message = "threw " + name
	default:
		e.Message = "threw an error"
	}
	e.again = name == "TypeError"
}

// joined writes a name and a message as JavaScript does.
func joined(name, message string) string {
	return strings.TrimSuffix(strings.TrimPrefix(name+": "+message, ": "), ": ")
}

// describe reads the name and the message of an error. Both may be getters of the script: what they throw is dropped, and the watch
// still runs.
func (vm *VM) describe(o *goja.Object) (name, message string) {
	read := func(key string) (text string) {
		if err := vm.try(func() {
			if s, ok := exportScalar(o.Get(key)).(string); ok {
				text = s
			}
		}); err != nil {
			return ""
		}
		return text
	}
	return read("name"), read("message")
}

func cut(s string) string {
	const most = 500
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// said are the messages of the machine, which name nothing but what the script itself is written with.
var said = []*regexp.Regexp{
	regexp.MustCompile(`^(\S+) is not defined$`),
	regexp.MustCompile(`^(\S+) is not a function$`),
	regexp.MustCompile(`^Object has no member '([^']*)'$`),
	regexp.MustCompile(`^Cannot read property '([^']*)' of (?:undefined|null)$`),
	regexp.MustCompile(`^Cannot set property '([^']*)' of (?:undefined|null)$`),
	regexp.MustCompile(`^Cannot assign to read only property '([^']*)'(?: of .*)?$`),
	regexp.MustCompile(`^Cannot add property '?([^',]*)'?, object is not extensible$`),
	regexp.MustCompile(`^Cannot access a variable before initialization: ([^ ]*)$`),
	regexp.MustCompile(`^Assignment to constant variable\.?()$`),
}

// ownMessages are the beginnings of what this package and the prelude say themselves.
var ownMessages = []string{
	"a decimal cannot be used with ", "the operand of ", "the argument of decimal ", "the decimal does not fit ", "scripts cannot make code from text", "more than ",
	"a text of more than ", "a date without a zone", "this run has no ", "the pattern ", "what all scripts share ", "the count of digits ", "no such rounding mode", "division by zero",
	"JSON.stringify takes ", "null and undefined have no elements", "a list is wanted", "the list is too long", "number too large or too precise", "not a decimal number", "cw.",
	"the document holds a number ", "no such time zone", "the result ", "text that is no JSON", "JSON that is nested ", "an element ", "a weight ", "the number has more than ", "the exponent is ",
	"date.", "log.", "crypto.", "weights must be",
}

// harmless tells whether a text can be logged: it is written in the script, or the machine said it.
func (p *Program) harmless(text string) bool {
	switch text {
	case "", "Error", "TypeError", "RangeError", "SyntaxError", "ReferenceError", "EvalError", "URIError", "AggregateError":
		return true
	}
	if p.words[text] {
		return true
	}
	for _, begin := range ownMessages {
		if strings.HasPrefix(text, begin) {
			return true
		}
	}
	for _, form := range said {
		m := form.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		for _, word := range strings.FieldsFunc(m[1], func(r rune) bool { return r == '.' }) {
			if !p.words[word] {
				return false
			}
		}
		return true
	}
	return false
}

// framePlace is a place of the bundle in the text of a stack, as goja writes it: "at f (scripts.js:3:5(7))".
var framePlace = regexp.MustCompile(regexp.QuoteMeta(codeName) + `:(\d+):(\d+)\(\d+\)`)

// placeRejected notes where the error was made that a promise was rejected with: it was thrown where nobody waited, so its own
// text is all that knows.
func (vm *VM) placeRejected(e *Error, v goja.Value) {
	o, ok := v.(*goja.Object)
	if !ok || o.ClassName() != "Error" {
		return
	}
	var stack string
	if err := vm.try(func() { stack, _ = exportScalar(o.Get("stack")).(string) }); err != nil {
		return
	}
	for _, m := range framePlace.FindAllStringSubmatch(stack, 20) {
		line, _ := strconv.Atoi(m[1])
		column, _ := strconv.Atoi(m[2])
		if pos := vm.program.original(line, column); pos.Line > 0 {
			e.Pos = pos
			return
		}
	}
}

// place notes where in the user's files it happened.
func (vm *VM) place(e *Error, stack []goja.StackFrame) {
	for i := range stack {
		if stack[i].SrcName() != codeName {
			continue
		}
		p := stack[i].Position()
		pos := vm.program.original(p.Line, p.Column)
		if pos.Line == 0 {
			continue
		}
		if e.Pos.Line == 0 {
			e.Pos = pos
		}
		if len(e.Stack) < 20 {
			e.Stack = append(e.Stack, Frame{Function: stack[i].FuncName(), Pos: pos})
		}
	}
}
