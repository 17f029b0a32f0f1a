package machine

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
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

// fromJSON makes the JavaScript value of a checked JSON text. Objects and arrays stay text until a script reads their
// members.
func (vm *VM) fromJSON(text string) goja.Value {
	text = strings.TrimSpace(text)
	switch text[0] {
	case '{':
		return vm.rt.NewDynamicObject(&object{vm: vm, text: text})
	case '[':
		return vm.rt.NewDynamicArray(&list{vm: vm, text: text})
	case '"':
		return vm.text(unquote(text))
	case 't':
		return vm.rt.ToValue(true)
	case 'f':
		return vm.rt.ToValue(false)
	case 'n':
		return goja.Null()
	}
	d, err := decimal.Parse(text)
	if err != nil {
		panic(vm.rangeError("the document holds a number that is too large or too precise to compute with"))
	}
	return vm.decimal(d, text)
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
	gjson.Parse(o.text).ForEach(func(key, value gjson.Result) bool {
		name, _ := unquote(key.Raw)
		if i := o.find(name); i >= 0 {
			o.members[i].text = value.Raw // the last of two wins, as in JavaScript
			return true
		}
		o.add(member{key: name, text: value.Raw})
		return true
	})
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
	if i < 0 || i >= len(l.items) && !l.SetLen(i+1) {
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

// writer writes the JSON text of JavaScript values.
type writer struct {
	vm   *VM
	out  []byte
	max  int
	path []string // to the value being written
	// lenient leaves out what JSON has no word for, as JSON.stringify does; a result that holds such a thing is an error.
	lenient bool
}

// unfit is the error of a result that cannot be written. It names the place, and no value.
type unfit struct{ path, what string }

func (e *unfit) Error() string {
	if e.path == "" {
		return "the result is " + e.what
	}
	return "the result holds at " + e.path + " " + e.what
}

func (w *writer) fail(what string) error {
	var b strings.Builder
	for _, p := range w.path {
		b.WriteString(p)
	}
	return &unfit{strings.TrimPrefix(b.String(), "."), what}
}

// value writes v. It is false, and nothing is written, for undefined.
func (w *writer) value(v goja.Value) (bool, error) {
	if len(w.out) > w.max {
		return false, w.fail(fmt.Sprintf("more than %d bytes of JSON", w.max))
	}
	switch {
	case v == nil || goja.IsUndefined(v):
		return false, nil
	case goja.IsNull(v):
		w.out = append(w.out, "null"...)
		return true, nil
	}
	if o, ok := v.(*goja.Object); ok {
		return w.object(o)
	}
	switch x := exportScalar(v).(type) {
	case bool:
		w.out = strconv.AppendBool(w.out, x)
	case int64:
		if x > maxSafe || x < -maxSafe {
			return false, w.fail("a number beyond 9007199254740991, where numbers of JavaScript have gaps: compute with decimals")
		}
		w.out = strconv.AppendInt(w.out, x, 10)
	case float64:
		text, ok := doubleText(x)
		switch {
		case text == "":
			return false, w.fail("NaN or Infinity, which is no JSON")
		case !ok:
			return false, w.fail("a number that is not exact, like 0.1 + 0.2: compute with decimals, or round it with decimal(x.toFixed(2))")
		}
		w.out = append(w.out, text...)
	case string:
		w.out = appendString(w.out, x, v)
	default:
		if w.lenient {
			return false, nil
		}
		return false, w.fail(kindOf(v) + ", which is no JSON")
	}
	return true, nil
}

func (w *writer) object(o *goja.Object) (bool, error) {
	if len(w.path) >= maxDepth {
		return false, w.fail(fmt.Sprintf("something nested more than %d levels deep, or that holds itself", maxDepth))
	}
	switch d := dynamic(o).(type) {
	case *number:
		w.out = append(w.out, d.String()...)
		return true, nil
	case *object:
		if !d.changed && !d.loaded {
			w.out = append(w.out, d.text...)
			return true, nil
		}
		return w.members(d)
	case *list:
		if !d.changed && !d.loaded {
			w.out = append(w.out, d.text...)
			return true, nil
		}
		return w.elements(d.Len(), func(i int) (goja.Value, string) { return d.items[i].value, d.items[i].text })
	}
	if _, ok := goja.AssertFunction(o); ok {
		if w.lenient {
			return false, nil
		}
		return false, w.fail("a function")
	}
	switch x := liveOf(o).(type) {
	case time.Time:
		w.out = appendString(w.out, x.UTC().Format("2006-01-02T15:04:05.000Z07:00"), nil)
		return true, nil
	case string:
		if w.lenient {
			w.out = append(w.out, "{}"...)
			return true, nil
		}
		return false, w.fail(x)
	case goja.Value:
		return w.value(x)
	}
	if o.ClassName() == "Array" {
		return w.elements(int(o.Get("length").ToInteger()), func(i int) (goja.Value, string) { return o.Get(strconv.Itoa(i)), "" })
	}
	if convert, ok := goja.AssertFunction(o.Get("toJSON")); ok {
		v, err := convert(o)
		if err != nil {
			return false, err
		}
		if v != goja.Value(o) {
			w.path = append(w.path, "")
			defer func() { w.path = w.path[:len(w.path)-1] }()
			return w.value(v)
		}
	}
	w.out = append(w.out, '{')
	first := true
	for _, key := range o.Keys() {
		if err := w.member(key, o.Get(key), "", &first); err != nil {
			return false, err
		}
	}
	w.out = append(w.out, '}')
	return true, nil
}

// members writes an object of a document: what no script read or set is copied as it stood there.
func (w *writer) members(o *object) (bool, error) {
	w.out = append(w.out, '{')
	first := true
	for i := range o.members {
		if m := &o.members[i]; !m.gone {
			if err := w.member(m.key, m.value, m.text, &first); err != nil {
				return false, err
			}
		}
	}
	w.out = append(w.out, '}')
	return true, nil
}

func (w *writer) member(key string, v goja.Value, text string, first *bool) error {
	mark := len(w.out)
	if !*first {
		w.out = append(w.out, ',')
	}
	w.out = append(appendString(w.out, key, nil), ':')
	written := true
	if v == nil {
		w.out = append(w.out, text...)
	} else {
		w.path = append(w.path, "."+key)
		var err error
		if written, err = w.value(v); err != nil {
			return err
		}
		w.path = w.path[:len(w.path)-1]
	}
	if !written {
		w.out = w.out[:mark]
		return nil
	}
	*first = false
	return nil
}

func (w *writer) elements(n int, at func(i int) (goja.Value, string)) (bool, error) {
	if n > maxItems {
		return false, w.fail(fmt.Sprintf("more than %d elements", maxItems))
	}
	w.out = append(w.out, '[')
	for i := range n {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		v, text := at(i)
		if v == nil && text != "" {
			w.out = append(w.out, text...)
			continue
		}
		w.path = append(w.path, "["+strconv.Itoa(i)+"]")
		written, err := w.value(v)
		if err != nil {
			return false, err
		}
		w.path = w.path[:len(w.path)-1]
		if !written {
			w.out = append(w.out, "null"...) // as JSON.stringify: an element cannot be left out
		}
	}
	w.out = append(w.out, ']')
	return true, nil
}

// liveOf returns what a built-in object is: a time, the value in a boxed one, or the words for one that is no JSON;
// nil for ordinary objects.
func liveOf(o *goja.Object) any {
	switch o.ClassName() {
	case "Date":
		if t, ok := o.Export().(time.Time); ok {
			return t
		}
		return "a Date that is none"
	case "String":
		return goja.Value(o.ToString())
	case "Number":
		return o.ToNumber()
	case "Boolean":
		return "a Boolean object: use true or false"
	case "RegExp":
		return "a RegExp"
	case "Error":
		return "an Error: throw it"
	}
	switch o.ExportType() {
	case reflect.TypeFor[*goja.Promise]():
		return "a Promise: await it"
	case reflect.TypeFor[[][2]any]():
		return "a Map: return Object.fromEntries(map)"
	case reflect.TypeFor[[]any]():
		if o.ClassName() != "Array" {
			return "a Set: return [...set]"
		}
	}
	return nil
}

const hexDigits = "0123456789abcdef"

// appendString writes a JSON string. v is the JavaScript string of s: it is asked where s may hold half a surrogate pair.
func appendString(dst []byte, s string, v goja.Value) []byte {
	if u, ok := v.(goja.String); ok && strings.ContainsRune(s, utf8.RuneError) {
		return appendUnits(dst, u)
	}
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[start:i]...)
		dst = appendEscape(dst, uint16(c))
		start = i + 1
	}
	return append(append(dst, s[start:]...), '"')
}

func appendEscape(dst []byte, c uint16) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', byte(c))
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	return append(dst, '\\', 'u', hexDigits[c>>12&15], hexDigits[c>>8&15], hexDigits[c>>4&15], hexDigits[c&15])
}

func appendUnits(dst []byte, s goja.String) []byte {
	dst = append(dst, '"')
	n := s.Length()
	for i := 0; i < n; i++ {
		c := s.CharAt(i)
		switch {
		case c < ' ' || c == '"' || c == '\\':
			dst = appendEscape(dst, c)
		case !utf16.IsSurrogate(rune(c)):
			dst = utf8.AppendRune(dst, rune(c))
		default:
			if i+1 < n {
				if r := utf16.DecodeRune(rune(c), rune(s.CharAt(i+1))); r != utf8.RuneError {
					dst = utf8.AppendRune(dst, r)
					i++
					continue
				}
			}
			dst = appendEscape(dst, c)
		}
	}
	return append(dst, '"')
}
