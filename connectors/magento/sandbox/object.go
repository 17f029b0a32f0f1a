package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A value is nil, bool, string, json.Number, []any or *object, as decoded from JSON: objects keep the order of
// their members and numbers their text.

// object is a JSON object in order.
type object struct {
	keys []string
	vals map[string]any
}

// newObject makes an object of names and values in turn.
func newObject(pairs ...any) *object {
	o := &object{vals: make(map[string]any, len(pairs)/2)}
	for i := 0; i+1 < len(pairs); i += 2 {
		o.set(pairs[i].(string), pairs[i+1])
	}
	return o
}

// set stores a value; Go's ints become numbers.
func (o *object) set(key string, v any) {
	if n, ok := v.(int); ok {
		v = number(n)
	}
	if _, ok := o.vals[key]; !ok {
		o.keys = append(o.keys, key)
	}
	o.vals[key] = v
}

// get works on a nil object too.
func (o *object) get(key string) any {
	if o == nil {
		return nil
	}
	return o.vals[key]
}

func (o *object) has(key string) bool {
	if o == nil {
		return false
	}
	_, ok := o.vals[key]
	return ok
}

func (o *object) drop(keys ...string) {
	for _, k := range keys {
		if _, ok := o.vals[k]; ok {
			delete(o.vals, k)
			o.keys = slices.DeleteFunc(o.keys, func(have string) bool { return have == k })
		}
	}
}

func (o *object) str(key string) string { return text(o.get(key)) }

func (o *object) int(key string) int {
	n, _ := strconv.Atoi(o.str(key))
	return n
}

func (o *object) rat(key string) *big.Rat { return rat(o.get(key)) }

func (o *object) obj(key string) *object {
	v, _ := o.get(key).(*object)
	return v
}

func (o *object) list(key string) []any {
	v, _ := o.get(key).([]any)
	return v
}

// objects are the objects in a list.
func (o *object) objects(key string) []*object {
	var out []*object
	for _, v := range o.list(key) {
		if m, ok := v.(*object); ok {
			out = append(out, m)
		}
	}
	return out
}

// clone copies all the way down.
func (o *object) clone() *object {
	if o == nil {
		return nil
	}
	c := newObject()
	for _, k := range o.keys {
		c.set(k, cloneValue(o.vals[k]))
	}
	return c
}

func cloneValue(v any) any {
	switch v := v.(type) {
	case *object:
		return v.clone()
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = cloneValue(e)
		}
		return out
	}
	return v
}

// merge takes over every member of from.
func (o *object) merge(from *object) {
	if from == nil {
		return
	}
	for _, k := range from.keys {
		o.set(k, cloneValue(from.vals[k]))
	}
}

// text is a scalar as text; "" for what is none.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		if v {
			return "1"
		}
	}
	return ""
}

func number(n int) json.Number { return json.Number(strconv.Itoa(n)) }

// rat is a number or text as a number, 0 where it is none or no database would hold it.
func rat(v any) *big.Rat {
	s := text(v)
	if e := strings.IndexAny(s, "eE"); e >= 0 {
		if exponent, err := strconv.Atoi(s[e+1:]); err != nil || exponent > 30 || exponent < -30 {
			return new(big.Rat)
		}
	}
	if len(s) < 40 {
		if r, ok := new(big.Rat).SetString(s); ok {
			return r
		}
	}
	return new(big.Rat)
}

// amount is a number with at most so many decimals as PHP prints it: without trailing zeros.
func amount(r *big.Rat, digits int) json.Number {
	s := r.FloatString(digits)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	if s == "-0" {
		s = "0"
	}
	return json.Number(s)
}

// cents rounds half away from zero, as PHP's round does.
func cents(r *big.Rat) *big.Rat {
	out, _ := new(big.Rat).SetString(r.FloatString(2))
	return out
}

var errMalformed = errors.New("malformed JSON")

// maxDepth is the nesting at which PHP's decoder gives up.
const maxDepth = 512

// decodeJSON reads exactly one JSON value.
func decodeJSON(data []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	v, err := decodeValue(dec, 0)
	if err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errMalformed
	}
	return v, nil
}

func decodeValue(dec *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errMalformed
	}
	t, err := dec.Token()
	if err != nil {
		return nil, errMalformed
	}
	d, ok := t.(json.Delim)
	if !ok {
		return t, nil
	}
	if d == '[' {
		list := []any{}
		for dec.More() {
			v, err := decodeValue(dec, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		if _, err := dec.Token(); err != nil {
			return nil, errMalformed
		}
		return list, nil
	}
	o := newObject()
	for dec.More() {
		k, err := dec.Token()
		if err != nil {
			return nil, errMalformed
		}
		v, err := decodeValue(dec, depth+1)
		if err != nil {
			return nil, err
		}
		o.set(k.(string), v)
	}
	if _, err := dec.Token(); err != nil {
		return nil, errMalformed
	}
	return o, nil
}

// encodeJSON writes as PHP's json_encode does: slashes and everything beyond ASCII escaped.
func encodeJSON(v any) []byte { return appendValue(nil, v) }

func appendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, v)
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case json.Number:
		return append(b, v...)
	case string:
		return appendText(b, v)
	case []any:
		b = append(b, '[')
		for i, e := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendValue(b, e)
		}
		return append(b, ']')
	case *object:
		if v == nil {
			return append(b, "null"...)
		}
		b = append(b, '{')
		for i, k := range v.keys {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendText(b, k)
			b = append(b, ':')
			b = appendValue(b, v.vals[k])
		}
		return append(b, '}')
	}
	panic(fmt.Sprintf("sandbox: a value of type %T", v)) // only this package makes values
}

func appendText(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	unit := func(u uint16) {
		b = append(b, '\\', 'u', hex[u>>12], hex[u>>8&15], hex[u>>4&15], hex[u&15])
	}
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\' || r == '/':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, '\\', 'n')
		case r == '\r':
			b = append(b, '\\', 'r')
		case r == '\t':
			b = append(b, '\\', 't')
		case r < ' ' || r > '~' && r <= 0xffff:
			unit(uint16(r))
		case r > 0xffff:
			r -= 0x10000
			unit(uint16(0xd800 + r>>10))
			unit(uint16(0xdc00 + r&0x3ff))
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}
