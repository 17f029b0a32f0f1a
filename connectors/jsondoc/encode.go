package jsondoc

import (
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// Encode writes compact JSON in which only what must be is escaped, as most systems do.
func Encode(v any) []byte { return appendValue(nil, v, false) }

// EncodePHP writes as PHP's json_encode does unless told otherwise: slashes and everything beyond ASCII escaped.
func EncodePHP(v any) []byte { return appendValue(nil, v, true) }

func appendValue(b []byte, v any, php bool) []byte {
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
		return appendText(b, v, php)
	case []string:
		b = append(b, '[')
		for i, s := range v {
			b = appendText(comma(b, i), s, php)
		}
		return append(b, ']')
	case []any:
		b = append(b, '[')
		for i, e := range v {
			b = appendValue(comma(b, i), e, php)
		}
		return append(b, ']')
	case *Object:
		if v == nil {
			return append(b, "null"...)
		}
		b = append(b, '{')
		for i, k := range v.keys {
			b = append(appendText(comma(b, i), k, php), ':')
			b = appendValue(b, v.values[k], php)
		}
		return append(b, '}')
	}
	panic(fmt.Sprintf("jsondoc: a value of type %T", v)) // a mistake of a sandbox, which its own tests meet
}

func comma(b []byte, i int) []byte {
	if i > 0 {
		b = append(b, ',')
	}
	return b
}

func appendText(b []byte, s string, php bool) []byte {
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\' || r == '/' && php:
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, '\\', 'n')
		case r == '\r':
			b = append(b, '\\', 'r')
		case r == '\t':
			b = append(b, '\\', 't')
		case r < ' ' || php && r >= utf8.RuneSelf && r <= 0xffff:
			b = appendUnit(b, uint16(r))
		case r > 0xffff && php:
			r -= 0x10000
			b = appendUnit(appendUnit(b, uint16(0xd800+r>>10)), uint16(0xdc00+r&0x3ff))
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}

// appendUnit writes one unit of UTF-16 as an escape.
func appendUnit(b []byte, u uint16) []byte {
	const hex = "0123456789abcdef"
	return append(b, '\\', 'u', hex[u>>12], hex[u>>8&15], hex[u>>4&15], hex[u&15])
}
