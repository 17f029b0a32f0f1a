package machine

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/dop251/goja"
)

// writer writes the JSON text of JavaScript values.
type writer struct {
	vm   *VM
	out  []byte
	max  int
	path []string // to the value being written
	// about is what is written, as messages say it; "" for the result of a call.
	about string
	// lenient leaves out what JSON has no word for, as JSON.stringify does; a result that holds such a thing is an error.
	lenient bool
	// shown writes for people, who are to see everything: numbers that are not exact, and errors too.
	shown bool
}

// unfit is the error of a value that cannot be written. It names the place as far as the script itself does, and no value.
type unfit struct{ about, path, what string }

func (e *unfit) Error() string {
	if e.path == "" {
		return e.about + " is " + e.what
	}
	return e.about + " holds at " + e.path + " " + e.what
}

// mostParts is how much of a path a message says.
const mostParts = 12

func (w *writer) fail(what string) error {
	about := w.about
	if about == "" {
		about = "the result"
	}
	var b strings.Builder
	for i, p := range w.path {
		if i == mostParts {
			b.WriteString("…")
			break
		}
		// A name may come from the document: as a key it would be a value that is said.
		if name, ok := strings.CutPrefix(p, "."); ok && !w.vm.program.words[name] {
			p = ".…"
		}
		b.WriteString(p)
	}
	return &unfit{about, strings.TrimPrefix(b.String(), "."), what}
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
	if s, ok := v.(goja.String); ok {
		w.out = appendString(w.out, s.String(), v)
		return true, nil
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
		case w.shown && !ok: // as a text: it is none of the numbers that JSON would take for exact
			w.out = appendString(w.out, strconv.FormatFloat(x, 'g', -1, 64), nil)
			return true, nil
		case text == "":
			return false, w.fail("NaN or Infinity, which is no JSON")
		case math.Abs(x) > maxSafe:
			return false, w.fail("a number beyond 9007199254740991, where numbers of JavaScript have gaps: compute with decimals")
		case !ok:
			return false, w.fail("a number that is not exact, like 0.1 + 0.2: compute with decimals, or round it with decimal(x.toFixed(2))")
		}
		w.out = append(w.out, text...)
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
		return w.elements(d.Len(), func(i int) (goja.Value, string) {
			if i >= len(d.items) { // the toJSON of an element cut the list
				return nil, ""
			}
			return d.items[i].value, d.items[i].text
		})
	}
	if _, ok := goja.AssertFunction(o); ok {
		if w.lenient {
			return false, nil
		}
		return false, w.fail("a function")
	}
	if w.shown && o.ClassName() == "Error" {
		w.out = appendString(w.out, cut(joined(w.vm.describe(o))), nil)
		return true, nil
	}
	switch x := liveOf(o).(type) {
	case time.Time:
		if x.Year() < 0 || x.Year() > 9999 {
			return false, w.fail("a Date that RFC 3339 cannot write")
		}
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
	keys := o.Keys()
	if len(keys) == 0 && !w.lenient && iterates(o) {
		return false, w.fail("an iterator: return [...it]")
	}
	w.out = append(w.out, '{')
	first := true
	for _, key := range keys {
		if strings.ContainsRune(key, utf8.RuneError) && w.vm.halfNames(o) {
			return false, w.fail("an object with a name that holds half a character (a surrogate without its other half)")
		}
		if err := w.member(key, o.Get(key), "", &first); err != nil {
			return false, err
		}
	}
	w.out = append(w.out, '}')
	return true, nil
}

// halfNames tells whether a name of an object holds half a surrogate pair: as text of Go all such names are the same.
func (vm *VM) halfNames(o *goja.Object) bool {
	keys, ok := goja.AssertFunction(vm.rt.Get("Object").ToObject(vm.rt).Get("keys"))
	if !ok {
		return true
	}
	names, err := keys(goja.Undefined(), o)
	if err != nil {
		return true
	}
	half := false
	vm.each(names, func(v goja.Value) {
		s, ok := v.(goja.String)
		for i := 0; ok && i < s.Length(); i++ {
			if !utf16.IsSurrogate(rune(s.CharAt(i))) {
				continue
			}
			if i+1 == s.Length() || utf16.DecodeRune(rune(s.CharAt(i)), rune(s.CharAt(i+1))) == utf8.RuneError {
				half = true
			}
			i++
		}
	})
	return half
}

// iterates tells whether an object without members of its own is what a generator gave, or another iterator.
func iterates(o *goja.Object) bool {
	_, hasNext := goja.AssertFunction(o.Get("next"))
	if !hasNext {
		return false
	}
	_, ok := goja.AssertFunction(o.GetSymbol(goja.SymIterator))
	return ok
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
	dst = append(slices.Grow(dst, len(s)+2), '"')
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
