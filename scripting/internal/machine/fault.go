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
		if vm.harmless(e.Thrown) {
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
	case name != "" && vm.harmless(name) && vm.harmless(message) ||
		name == "" && vm.program.words[message]:
		e.Message = joined(name, message)
	case name != "" && vm.harmless(name):
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
	regexp.MustCompile(`^Cannot read property '([^']*)' of (?:undefined|null|undefined or null)$`),
	regexp.MustCompile(`^Cannot set property '([^']*)' of (?:undefined|null)$`),
	regexp.MustCompile(`^Cannot assign to read only property '([^']*)'(?: of .*)?$`),
	regexp.MustCompile(`^Cannot add property '?([^',]*)'?, object is not extensible$`),
	regexp.MustCompile(`^Cannot access a variable before initialization: ([^ ]*)$`),
	regexp.MustCompile(`^Assignment to constant variable\.?()$`),
}

// fixedMessages are those that the machine and the prelude always say in the same words; none is about a value.
var fixedMessages = map[string]bool{
	"Cannot convert undefined or null to object": true, "Cannot make a dynamic object non-extensible": true,
	"Class constructor cannot be invoked without 'new'": true, "Dynamic object is not callable": true,
	"Dynamic objects do not support Symbol properties": true, "Dynamic objects do not support accessor properties": true,
	"Invalid array length": true, "Invalid count value": true, "Invalid time value": true, "Malformed URI": true,
	"No initial value": true, "Reduce of empty array with no initial value": true,
	"String.prototype.replaceAll called with a non-global RegExp argument": true,
	"The comparison function must be either a function or undefined":       true,
	"The normalization form should be one of NFC, NFD, NFKC, NFKD":         true,
	"Value is not a constructor":                                           true, "Value is not object coercible": true, "object is not iterable": true,
	"radix must be an integer between 2 and 36": true, "toFixed() precision must be between 0 and 100": true,
	"toPrecision() precision must be between 1 and 100": true, "toString() radix argument must be between 2 and 36": true,

	fmt.Sprintf("more than %d elements", maxItems):                                                 true,
	fmt.Sprintf("a text of more than %d characters", maxChars):                                     true,
	"scripts cannot make code from text":                                                           true,
	"null and undefined have no elements":                                                          true,
	"more than 65535 arguments":                                                                    true,
	"what all scripts share cannot be changed":                                                     true,
	"a date without a zone, or one that is not written as in RFC 3339 (2026-11-21T10:00:00+01:00)": true,
	"JSON.stringify takes no replacer here: build the value that is to be written":                 true,
	"a decimal cannot be used with + - * / % < > ==: write a.add(b), a.sub(b), a.mul(b), a.div(b), a.lt(b), a.eq(b); as text, `${a}` or String(a)": true,
}

// harmless tells whether a text can be logged: it is written in the script, or the machine or this package said it in this call.
func (vm *VM) harmless(text string) bool { return vm.said[text] || vm.program.harmless(text) }

// mostSaid is how many different messages of its own a call may make that are still known to be the machine's.
const mostSaid = 100

// own notes that a message is of this package's own words.
func (vm *VM) own(text string) {
	if vm.said == nil {
		vm.said = map[string]bool{}
	}
	if len(vm.said) < mostSaid {
		vm.said[text] = true
	}
}

// harmless tells whether a text can be logged whoever says it.
func (p *Program) harmless(text string) bool {
	switch text {
	case "", "Error", "TypeError", "RangeError", "SyntaxError", "ReferenceError", "EvalError", "URIError", "AggregateError":
		return true
	}
	if p.words[text] || fixedMessages[text] {
		return true
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
