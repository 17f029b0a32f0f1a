package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A value is nil, bool, string, json.Number, []any or *object, as decoded from
// JSON: objects keep the order of their members and numbers their text.

// object is a JSON object in order.
type object struct {
	keys []string
	vals map[string]any
}

func newObject(pairs ...any) *object {
	o := &object{vals: make(map[string]any, len(pairs)/2)}
	for i := 0; i+1 < len(pairs); i += 2 {
		o.set(pairs[i].(string), pairs[i+1])
	}
	return o
}

func (o *object) set(key string, v any) {
	if _, ok := o.vals[key]; !ok {
		o.keys = append(o.keys, key)
	}
	o.vals[key] = v
}

// get works on a nil object too.
func (o *object) get(key string) (any, bool) {
	if o == nil {
		return nil, false
	}
	v, ok := o.vals[key]
	return v, ok
}

func (o *object) str(key string) string {
	v, _ := o.get(key)
	s, _ := v.(string)
	return s
}

func (o *object) clone() *object {
	c := newObject()
	for _, k := range o.keys {
		c.set(k, o.vals[k])
	}
	return c
}

// maxDepth is the nesting at which PHP's decoder gives up.
const maxDepth = 512

var errMalformed = errors.New("malformed JSON")

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
		if n, ok := t.(json.Number); ok {
			return phpNumber(n), nil
		}
		return t, nil
	}
	switch d {
	case '[':
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
	case '{':
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
	return nil, errMalformed
}

// phpNumber prints a number as PHP's json_encode does: 19.0 is 19, 0.00605 is
// 0.00605, 0.00001 is 1.0e-5. Digits beyond a float64 are kept, which PHP would lose.
func phpNumber(n json.Number) json.Number {
	s := n.String()
	mant, exp, hasExp := strings.Cut(strings.ToLower(s), "e")
	if !hasExp && !strings.Contains(s, ".") {
		return n
	}
	e := 0
	if hasExp {
		var err error
		if e, err = strconv.Atoi(exp); err != nil || e > 60 || e < -60 {
			return n
		}
	}
	neg := strings.HasPrefix(mant, "-")
	mant = strings.TrimPrefix(mant, "-")
	whole, frac, _ := strings.Cut(mant, ".")
	digits := whole + frac
	point := len(whole) + e // the decimal point stands after so many digits
	trimmed := strings.TrimLeft(digits, "0")
	point -= len(digits) - len(trimmed)
	digits = strings.TrimRight(trimmed, "0")
	if digits == "" {
		return "0"
	}
	var b strings.Builder
	if neg {
		b.WriteByte('-')
	}
	switch {
	case point < -3:
		b.WriteString(digits[:1] + "." + max(digits[1:], "0") + "e" + strconv.Itoa(point-1))
	case point <= 0:
		b.WriteString("0." + strings.Repeat("0", -point) + digits)
	case point >= len(digits):
		b.WriteString(digits + strings.Repeat("0", point-len(digits)))
	default:
		b.WriteString(digits[:point] + "." + digits[point:])
	}
	return json.Number(b.String())
}

// rat returns the exact value of a number or of numeric text.
func rat(v any) (*big.Rat, bool) {
	var s string
	switch v := v.(type) {
	case json.Number:
		s = v.String()
	case string:
		s = strings.TrimSpace(v)
	case bool:
		if v {
			s = "1"
		} else {
			s = "0"
		}
	default:
		return nil, false
	}
	// Rat would happily build 1e999999999; nobody's price has that many digits.
	if len(s) == 0 || len(s) > 80 || strings.ContainsAny(s, "/xXpP_") {
		return nil, false
	}
	if _, exp, ok := strings.Cut(strings.ToLower(s), "e"); ok {
		if e, err := strconv.Atoi(exp); err != nil || e > 60 || e < -60 {
			return nil, false
		}
	}
	r, ok := new(big.Rat).SetString(s)
	return r, ok
}

// number prints an exact value with at most digits decimals.
func number(r *big.Rat, digits int) json.Number {
	return phpNumber(json.Number(r.FloatString(digits)))
}

func intNumber(n int) json.Number { return json.Number(strconv.Itoa(n)) }

// appendJSON writes v as PHP does: compact, with / and everything beyond ASCII escaped.
func appendJSON(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, v)
	case json.Number:
		return append(b, v...)
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case string:
		return appendString(b, v)
	case []string:
		b = append(b, '[')
		for i, s := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendString(b, s)
		}
		return append(b, ']')
	case []any:
		b = append(b, '[')
		for i, e := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendJSON(b, e)
		}
		return append(b, ']')
	case *object:
		b = append(b, '{')
		for i, k := range v.keys {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendString(b, k)
			b = append(b, ':')
			b = appendJSON(b, v.vals[k])
		}
		return append(b, '}')
	}
	return append(b, "null"...)
}

func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	u16 := func(b []byte, c uint16) []byte {
		return append(b, '\\', 'u', hex[c>>12], hex[c>>8&15], hex[c>>4&15], hex[c&15])
	}
	b = append(b, '"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\' || c == '/':
			b = append(b, '\\', byte(c))
		case c == '\n':
			b = append(b, `\n`...)
		case c == '\r':
			b = append(b, `\r`...)
		case c == '\t':
			b = append(b, `\t`...)
		case c < 0x20:
			b = u16(b, uint16(c))
		case c < utf8.RuneSelf:
			b = append(b, byte(c))
		case c > 0xffff:
			c -= 0x10000
			b = u16(u16(b, uint16(0xd800+c>>10)), uint16(0xdc00+c&0x3ff))
		default:
			b = u16(b, uint16(c))
		}
	}
	return append(b, '"')
}

// emptyAsList turns an empty object into [], because PHP cannot tell the two apart.
func emptyAsList(v any) any {
	if o, ok := v.(*object); ok && len(o.keys) == 0 {
		return []any{}
	}
	return v
}
