// Package value is what expressions compute with: JSON values that lie in a document's text
// or were made by a rule, with exact decimals and with missing, null and empty kept
// apart. It is not for walking Go values. Start with [Value] and [Raw].
package value

import (
	"math"
	"strings"
	"unicode/utf8"
	"unsafe"

	"github.com/crosswalk-go/crosswalk/engine/decimal"
	"github.com/crosswalk-go/crosswalk/engine/internal/jsontext"
)

// Kind is one of the seven kinds that a value can be.
type Kind uint8

// The kinds. Missing is the kind of the zero [Value].
const (
	Missing Kind = iota
	Null
	Bool
	Number
	String
	List
	Object
)

var kindNames = [...]string{"missing", "null", "boolean", "number", "string", "list", "object"}

// String returns the word for the kind that messages use.
func (k Kind) String() string { return kindNames[k] }

// Kinds is a set of kinds.
type Kinds uint8

// Sets that are needed often.
const (
	NoKind  Kinds = 0
	Nil     Kinds = 1<<Missing | 1<<Null
	Bools   Kinds = 1 << Bool
	Numbers Kinds = 1 << Number
	Strings Kinds = 1 << String
	Lists   Kinds = 1 << List
	Objects Kinds = 1 << Object
	Scalars       = Bools | Numbers | Strings
	AnyKind       = Nil | Scalars | Lists | Objects
)

// Of returns the set of one kind.
func Of(k Kind) Kinds { return 1 << k }

// Has tells whether k is in the set.
func (ks Kinds) Has(k Kind) bool { return ks&(1<<k) != 0 }

// String lists the kinds for a message: "number or null".
func (ks Kinds) String() string {
	if ks == AnyKind {
		return "anything"
	}
	var words []string
	for _, k := range []Kind{Bool, Number, String, List, Object, Null, Missing} {
		if ks.Has(k) {
			words = append(words, k.String())
		}
	}
	switch len(words) {
	case 0:
		return "nothing"
	case 1:
		return words[0]
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

type form uint8

const (
	formRaw  form = iota // s is JSON text
	formText             // s is the characters of a string
	formDec              // n and scale are a decimal, or ref.dec where it does not fit
	formTree             // ref.items or ref.fields
	formTape             // s is JSON text, n its node on ref.tape
)

// Value is a JSON value or missing. It is immutable, and three words large: values are handed from closure
// to closure all the time.
type Value struct {
	// p points to the text of a value that lies in text, to the node of one that rules made, to the tape
	// of a list or an object on a tape.
	p unsafe.Pointer
	// n is the length of the text, the coefficient of a decimal, or the number on the tape.
	n     int64
	scale int32 // of a decimal in n; of a string, clean and ascii
	kind  Kind
	form  form
}

// What is known of the characters of a string: clean ones stand in JSON as they are, and ASCII ones are a byte
// each. A bit that is not set says nothing.
const (
	clean = 1 << iota
	ascii
)

type node struct {
	dec    decimal.Decimal
	items  []Value
	fields []Field
	weight int64 // about how many bytes of JSON the items or fields are
	depth  int32 // how deep they nest, without what lies in a document's text
}

func inText(kind Kind, form form, s string) Value {
	return Value{p: unsafe.Pointer(unsafe.StringData(s)), n: int64(len(s)), kind: kind, form: form}
}

// text returns the JSON text of a value that lies in text, or the characters of one that a rule made.
func (v Value) text() string {
	if v.form == formTape {
		n := &v.tape().nodes[v.n]
		return v.tape().src[n.start:n.end]
	}
	return unsafe.String((*byte)(v.p), v.n)
}

func (v Value) node() *node { return (*node)(v.p) }

func (v Value) tape() *Tape { return (*Tape)(v.p) }

// Field is a member of an object.
type Field struct {
	Key   string
	Value Value
}

// Raw returns the value whose JSON text is raw; the text must be valid and without white space around
// it. The value refers to raw.
func Raw(raw string) Value {
	kind := Number
	switch raw[0] {
	case '"':
		kind = String
	case '{':
		kind = Object
	case '[':
		kind = List
	case 't', 'f':
		kind = Bool
	case 'n':
		kind = Null
	}
	return inText(kind, formRaw, raw)
}

// NullValue is JSON's null.
var NullValue = inText(Null, formRaw, "null")

// Text returns a string value.
func Text(s string) Value { return inText(String, formText, s) }

// Boolean returns true or false.
func Boolean(b bool) Value {
	if b {
		return inText(Bool, formRaw, "true")
	}
	return inText(Bool, formRaw, "false")
}

// Decimal returns a number value.
func Decimal(d decimal.Decimal) Value {
	if n, scale, ok := d.Small(); ok {
		return Value{kind: Number, form: formDec, n: n, scale: scale}
	}
	return Value{kind: Number, form: formDec, p: unsafe.Pointer(&node{dec: d})}
}

// Int returns a whole number.
func Int(n int) Value { return Value{kind: Number, form: formDec, n: int64(n)} }

// ListOf returns a list; it keeps items.
func ListOf(items []Value) Value {
	n := &node{items: items, weight: 2}
	for i := range items {
		n.hold(&items[i])
	}
	return Value{kind: List, form: formTree, p: unsafe.Pointer(n)}
}

// ObjectOf returns an object; it keeps fields, whose keys must differ.
func ObjectOf(fields []Field) Value {
	n := &node{fields: fields, weight: 2}
	for i := range fields {
		n.hold(&fields[i].Value)
		n.weight += int64(len(fields[i].Key)) + 3
	}
	return Value{kind: Object, form: formTree, p: unsafe.Pointer(n)}
}

func (n *node) hold(v *Value) {
	if n.weight += v.Weight() + 1; n.weight < 0 {
		n.weight = math.MaxInt64 >> 1
	}
	n.depth = max(n.depth, v.Depth())
}

// Weight returns about how many bytes v is as JSON text. A value that holds another one
// many times weighs as much as its text would, not as much as its memory.
func (v Value) Weight() int64 {
	switch v.form {
	case formTree:
		return v.node().weight
	case formDec:
		return 20
	}
	if v.form == formTape {
		return int64(len(v.text()))
	}
	return v.n + 2
}

// Depth returns how deep lists and objects that rules made are nested in v.
func (v Value) Depth() int32 {
	if v.form == formTree {
		return v.node().depth + 1
	}
	return 0
}

// Kind returns the kind.
func (v Value) Kind() Kind { return v.kind }

// IsNil tells whether v is missing or null.
func (v Value) IsNil() bool { return v.kind <= Null }

// IsEmpty tells whether v is missing, null, "", [] or {}.
func (v Value) IsEmpty() bool {
	switch v.kind {
	case Missing, Null:
		return true
	case String:
		if v.form == formRaw {
			return v.n == 2
		}
		return v.n == 0
	case List, Object:
		if v.form == formTree {
			return len(v.node().items)+len(v.node().fields) == absent(v.node().fields)
		}
		text := v.text()
		return text[jsontext.SkipSpace(text, 1)] == text[len(text)-1]
	}
	return false
}

// IsTrue tells whether v is true.
func (v Value) IsTrue() bool { return v.kind == Bool && v.n == int64(len("true")) }

// Str returns the characters of a string; "" for any other kind.
func (v Value) Str() string {
	if v.kind != String {
		return ""
	}
	if v.form == formRaw {
		if v.scale&clean != 0 {
			return v.text()[1 : v.n-1]
		}
		return jsontext.Unquote(v.text())
	}
	return v.text()
}

// IsText tells whether v is the string s.
func (v Value) IsText(s string) bool {
	if v.kind != String {
		return false
	}
	if v.form == formRaw {
		if raw := v.text()[1 : len(v.text())-1]; len(raw) == len(s) || strings.IndexByte(raw, '\\') < 0 {
			return raw == s && strings.IndexByte(s, '\\') < 0
		}
	}
	return v.Str() == s
}

// Dec returns the decimal of a number. The error is decimal.ErrRange for a
// number that is too large to compute with.
func (v Value) Dec() (decimal.Decimal, error) {
	if v.form == formDec {
		if v.p == nil {
			return decimal.New(v.n, int(v.scale)), nil
		}
		return v.node().dec, nil
	}
	return decimal.Parse(v.text())
}

// NumberText returns a number as it is written: the source's digits where it was
// not computed.
func (v Value) NumberText() string {
	if v.form == formDec {
		d, _ := v.Dec()
		return d.String()
	}
	return v.text()
}

// absent counts the members that are missing: an object that a rule made holds them until it is written.
func absent(fields []Field) int {
	n := 0
	for i := range fields {
		if fields[i].Value.kind == Missing {
			n++
		}
	}
	return n
}

// Len returns the number of elements, members or characters; 0 for the rest.
func (v Value) Len() int {
	switch v.kind {
	case String:
		s := v.Str()
		if v.scale&ascii != 0 {
			return len(s)
		}
		return utf8.RuneCountInString(s)
	case List, Object:
		if v.form == formTree {
			return len(v.node().items) + len(v.node().fields) - absent(v.node().fields)
		}
		n := 0
		if v.kind == List {
			if v.form == formTape {
				return v.tape().count(v.n)
			}
			jsontext.EachElement(v.text(), func(string) bool { n++; return true })
			return n
		}
		return len(v.Fields())
	}
	return 0
}

// Items returns the elements of a list; nil for any other kind.
func (v Value) Items() []Value {
	if v.kind != List {
		return nil
	}
	if v.form == formTree {
		return v.node().items
	}
	if v.form == formTape {
		return v.tape().appendElements(make([]Value, 0, v.tape().count(v.n)), v.n)
	}
	var items []Value
	jsontext.EachElement(v.text(), func(raw string) bool {
		items = append(items, Raw(raw))
		return true
	})
	return items
}

// AppendItems appends the elements of a list to dst.
func (v Value) AppendItems(dst []Value) []Value {
	if v.form == formTape && v.kind == List {
		return v.tape().appendElements(dst, v.n)
	}
	return append(dst, v.Items()...)
}

// Fields returns the members of an object in their order, each name once (the last one
// counts); nil for any other kind.
func (v Value) Fields() []Field {
	if v.kind != Object {
		return nil
	}
	if v.form == formTree {
		return v.node().fields
	}
	var fields []Field
	seen := map[string]int{}
	jsontext.EachMember(v.text(), func(name, raw string) bool {
		f := Field{Key: jsontext.Unquote(name), Value: v.part(raw)}
		if i, ok := seen[f.Key]; ok {
			fields[i] = f
		} else {
			seen[f.Key] = len(fields)
			fields = append(fields, f)
		}
		return true
	})
	return fields
}

// Member returns the member named key of an object; missing for any other kind.
func (v Value) Member(key string) Value {
	if v.kind != Object {
		return Value{}
	}
	if v.form == formTree {
		for _, f := range v.node().fields {
			if f.Key == key {
				return f.Value
			}
		}
		return Value{}
	}
	if raw, ok := jsontext.Member(v.text(), key); ok {
		return v.part(raw)
	}
	return Value{}
}

// MemberKey is Member for a name with a number of the Keys that the document was parsed with; 0
// is a name without one.
func (v Value) MemberKey(name string, key uint16) Value {
	if v.Noted(key) {
		return v.tape().member(v.n, key)
	}
	return v.Member(name)
}

// Noted tells whether v is an object on a tape whose members with that key number are found without reading its text.
func (v Value) Noted(key uint16) bool {
	return v.form == formTape && v.kind == Object && key != 0 && v.tape().notes(v.n, key)
}

// Indexed tells whether the elements of v are found without reading its text.
func (v Value) Indexed() bool { return v.form == formTree || v.form == formTape && v.kind == List }

// NotedMember is MemberKey where v is an object on a tape that has noted such members; ok is false where it is not.
func (v *Value) NotedMember(key uint16) (m Value, ok bool) {
	if v.form != formTape || v.kind != Object || key == 0 || !v.tape().notes(v.n, key) {
		return Value{}, false
	}
	return v.tape().member(v.n, key), true
}

// Walk is how many elements of a list are walked over to find element i.
func (v Value) Walk(i int) int {
	if v.form != formTape || v.kind != List {
		return 0
	}
	return v.tape().walk(v.n, i)
}

// part returns the value whose text raw lies inside v's text.
func (v Value) part(raw string) Value {
	if v.form != formTape || (raw[0] != '{' && raw[0] != '[') {
		return Raw(raw)
	}
	t := v.tape()
	start := uintptr(unsafe.Pointer(unsafe.StringData(raw))) - uintptr(unsafe.Pointer(unsafe.StringData(t.src)))
	return t.noted(v.n, raw, uint32(start))
}

// Index returns element i of a list, counted from the end where i is negative; missing where there
// is none.
func (v Value) Index(i int) Value {
	if v.kind != List {
		return Value{}
	}
	if v.form == formTape {
		if i < 0 {
			i += v.Len()
		}
		if i < 0 {
			return Value{}
		}
		return v.tape().element(v.n, i)
	}
	if v.form == formRaw && i >= 0 {
		var found Value
		jsontext.EachElement(v.text(), func(raw string) bool {
			if i == 0 {
				found = Raw(raw)
			}
			i--
			return i >= 0
		})
		return found
	}
	items := v.Items()
	if i < 0 {
		i += len(items)
	}
	if i < 0 || i >= len(items) {
		return Value{}
	}
	return items[i]
}

// AppendJSON appends v as JSON text; a missing value is written as null. Text
// of the source is copied without the white space between tokens.
func (v Value) AppendJSON(dst []byte) []byte {
	switch {
	case v.kind == Missing:
		return append(dst, "null"...)
	case v.form == formText:
		if v.scale&clean != 0 {
			dst = append(dst, '"')
			dst = append(dst, v.text()...)
			return append(dst, '"')
		}
		return jsontext.AppendQuote(dst, v.text())
	case v.form == formDec:
		d, _ := v.Dec()
		return d.Append(dst)
	case v.form == formTree && v.kind == List:
		dst = append(dst, '[')
		for i, item := range v.node().items {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = item.AppendJSON(dst)
		}
		return append(dst, ']')
	case v.form == formTree:
		dst = append(dst, '{')
		first := true
		for _, f := range v.node().fields {
			if f.Value.kind == Missing {
				continue
			}
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst = append(jsontext.AppendQuote(dst, f.Key), ':')
			dst = f.Value.AppendJSON(dst)
		}
		return append(dst, '}')
	case v.kind == List || v.kind == Object:
		return jsontext.AppendCompact(dst, v.text())
	}
	return append(dst, v.text()...)
}
