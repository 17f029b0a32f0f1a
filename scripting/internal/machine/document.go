package machine

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/dop251/goja"
	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine/decimal"
)

var (
	typeNumber  = reflect.TypeFor[*number]()
	typeObject  = reflect.TypeFor[*object]()
	typeList    = reflect.TypeFor[*list]()
	typePromise = reflect.TypeFor[*goja.Promise]()
)

// maxItems bounds arrays, maxChars texts, maxDepth nesting of what crosses the border in either direction.
const (
	maxItems = 1_000_000
	maxChars = 16 << 20
	maxDepth = 200
)

// CheckJSON tells what is wrong with a JSON text that is to be handed to a script. It does not recurse before
// it knows how deep the text is.
func CheckJSON(text string) error {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return fmt.Errorf("JSON that is nested more than %d levels deep", maxDepth)
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	if !utf8.ValidString(text) {
		return errors.New("text that is not written in UTF-8")
	}
	if !gjson.Valid(text) {
		return errors.New("text that is no JSON")
	}
	return nil
}

// errNumber is of numbers that decimals cannot hold.
var errNumber = errors.New("the document holds a number that is too large or too precise to compute with")

// fromJSON is parse, and throws what parse returns.
func (vm *VM) fromJSON(text string) goja.Value {
	v, err := vm.parse(text)
	if err != nil {
		vm.rethrow(err)
	}
	return v
}

// parse makes the JavaScript value of a checked JSON text. Objects and arrays stay text until a script reads their
// members. The error is errNumber.
func (vm *VM) parse(text string) (goja.Value, error) {
	text = strings.TrimSpace(text)
	switch text[0] {
	case '{':
		return vm.rt.NewDynamicObject(&object{vm: vm, text: text}), nil
	case '[':
		return vm.rt.NewDynamicArray(&list{vm: vm, text: text}), nil
	case '"':
		return vm.text(unquote(text)), nil
	case 't':
		return vm.rt.ToValue(true), nil
	case 'f':
		return vm.rt.ToValue(false), nil
	case 'n':
		return goja.Null(), nil
	}
	d, err := decimal.Parse(text)
	if err != nil {
		return nil, errNumber
	}
	return vm.decimal(d, text), nil
}

// text makes a JavaScript string; one with half a surrogate pair keeps it.
func (vm *VM) text(s string, units []uint16) goja.Value {
	if units != nil {
		return goja.StringFromUTF16(units)
	}
	return vm.rt.ToValue(s)
}

// unquote reads a JSON string. It returns UTF-16 where the string holds half a surrogate pair, which UTF-8 cannot.
func unquote(text string) (s string, units []uint16) {
	body := text[1 : len(text)-1]
	if strings.IndexByte(body, '\\') < 0 {
		return body, nil
	}
	var b strings.Builder
	odd := false
	for i := 0; i < len(body); i++ {
		if body[i] != '\\' {
			b.WriteByte(body[i])
			continue
		}
		i++
		switch c := body[i]; c {
		case 'b':
			b.WriteByte('\b')
		case 'f':
			b.WriteByte('\f')
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 't':
			b.WriteByte('\t')
		case 'u':
			r := hex4(body[i+1:])
			i += 4
			if utf16.IsSurrogate(r) {
				if pair := utf16.DecodeRune(r, nextUnit(body[i+1:])); pair != utf8.RuneError {
					r = pair
					i += 6
				} else {
					odd = true
				}
			}
			b.WriteRune(r)
		default:
			b.WriteByte(c)
		}
	}
	if odd {
		return "", unquoteUnits(body)
	}
	return b.String(), nil
}

func nextUnit(s string) rune {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0
	}
	return hex4(s[2:])
}

func hex4(s string) rune {
	n, err := strconv.ParseUint(s[:4], 16, 16)
	if err != nil {
		return utf8.RuneError
	}
	return rune(n)
}

func unquoteUnits(body string) []uint16 {
	var units []uint16
	for i := 0; i < len(body); {
		switch {
		case body[i] == '\\' && body[i+1] == 'u':
			units = append(units, uint16(hex4(body[i+2:])))
			i += 6
		case body[i] == '\\':
			s, _ := unquote(`"` + body[i:i+2] + `"`)
			units = append(units, uint16(s[0]))
			i += 2
		default:
			r, n := utf8.DecodeRuneInString(body[i:])
			units = utf16.AppendRune(units, r)
			i += n
		}
	}
	return units
}

// object is a JSON object that a script sees: its members are converted when they are read, and what a script
// sets is kept beside them.
type object struct {
	vm      *VM
	text    string
	loaded  bool
	changed bool
	members []member
	index   map[string]int // where there are many
}

type member struct {
	key   string
	text  string     // JSON, where value is nil
	value goja.Value // converted, or set by the script
	gone  bool
}

const indexFrom = 9 // members; looking through fewer is faster than a map

func (o *object) load() {
	if o.loaded {
		return
	}
	o.loaded = true
	odd := false
	gjson.Parse(o.text).ForEach(func(key, value gjson.Result) bool {
		name, units := unquote(key.Raw)
		if odd = units != nil; odd {
			return false
		}
		if i := o.find(name); i >= 0 {
			o.members[i].text = value.Raw // the last of two wins, as in JavaScript
			return true
		}
		o.add(member{key: name, text: value.Raw})
		return true
	})
	if odd { // the machine would take all such names for the same
		o.loaded, o.members, o.index = false, nil, nil
		panic(o.vm.rangeError("the document holds a name with half a character (a surrogate without its other half), which no script can read"))
	}
}

func (o *object) add(m member) {
	o.members = append(o.members, m)
	if o.index != nil {
		o.index[m.key] = len(o.members) - 1
	} else if len(o.members) >= indexFrom {
		o.index = make(map[string]int, 2*len(o.members))
		for i := range o.members {
			o.index[o.members[i].key] = i
		}
	}
}

func (o *object) find(key string) int {
	o.load()
	if o.index != nil {
		if i, ok := o.index[key]; ok {
			return i
		}
		return -1
	}
	for i := range o.members {
		if o.members[i].key == key {
			return i
		}
	}
	return -1
}

// Get returns the member's value, nil where there is none.
func (o *object) Get(key string) goja.Value {
	i := o.find(key)
	if i < 0 || o.members[i].gone {
		return nil
	}
	m := &o.members[i]
	if m.value == nil {
		m.value = o.vm.fromJSON(m.text)
	}
	return m.value
}

// Set sets or adds a member.
func (o *object) Set(key string, v goja.Value) bool {
	i := o.find(key)
	o.changed = true
	if i < 0 {
		o.add(member{key: key, value: v})
		return true
	}
	o.members[i].value, o.members[i].gone = v, false
	return true
}

// Has tells whether there is such a member.
func (o *object) Has(key string) bool {
	i := o.find(key)
	return i >= 0 && !o.members[i].gone
}

// Delete takes a member away.
func (o *object) Delete(key string) bool {
	if i := o.find(key); i >= 0 {
		o.changed = true
		o.members[i].gone = true
	}
	return true
}

// Keys lists the members in the order of the document.
func (o *object) Keys() []string {
	o.load()
	keys := make([]string, 0, len(o.members))
	for i := range o.members {
		if !o.members[i].gone {
			keys = append(keys, o.members[i].key)
		}
	}
	return keys
}

// list is a JSON array that a script sees.
type list struct {
	vm      *VM
	text    string
	loaded  bool
	changed bool
	items   []member
}

func (l *list) load() {
	if l.loaded {
		return
	}
	l.loaded = true
	gjson.Parse(l.text).ForEach(func(_, value gjson.Result) bool {
		l.items = append(l.items, member{text: value.Raw})
		return true
	})
}

// Len returns the count of elements.
func (l *list) Len() int {
	l.load()
	return len(l.items)
}

// Get returns an element, nil where there is none.
func (l *list) Get(i int) goja.Value {
	l.load()
	if i < 0 || i >= len(l.items) {
		return nil
	}
	m := &l.items[i]
	if m.value == nil {
		m.value = l.vm.fromJSON(m.text)
	}
	return m.value
}

// Set sets an element; the list grows as far as it must.
func (l *list) Set(i int, v goja.Value) bool {
	l.load()
	if i < 0 {
		panic(l.vm.typeError("a list takes elements by their numbers, from 0 on"))
	}
	if i >= len(l.items) && !l.SetLen(i+1) {
		return false
	}
	l.changed = true
	l.items[i].value = v
	return true
}

// SetLen cuts the list or lets it grow.
func (l *list) SetLen(n int) bool {
	l.load()
	if n < 0 || n > maxItems {
		panic(l.vm.rangeError("more than " + strconv.Itoa(maxItems) + " elements"))
	}
	l.changed = true
	for len(l.items) < n {
		l.items = append(l.items, member{value: goja.Undefined()})
	}
	l.items = l.items[:n]
	return true
}
