package sandbox

import (
	"encoding/json"
	"math/big"
	"strconv"
	"strings"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// object is a JSON object in order.
type object = jsondoc.Object

// decodeJSON reads exactly one JSON value, with numbers as PHP would print them.
func decodeJSON(data []byte) (any, error) {
	v, err := jsondoc.Decode(data)
	if err != nil {
		return nil, err
	}
	return asPHP(v), nil
}

// asPHP prints the numbers in v as PHP does, in place.
func asPHP(v any) any {
	switch v := v.(type) {
	case json.Number:
		return phpNumber(v)
	case []any:
		for i := range v {
			v[i] = asPHP(v[i])
		}
	case *object:
		for _, k := range v.Keys() {
			v.Set(k, asPHP(v.Get(k)))
		}
	}
	return v
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

// emptyAsList turns an empty object into [], because PHP cannot tell the two apart.
func emptyAsList(v any) any {
	if o, ok := v.(*object); ok && o.Len() == 0 {
		return []any{}
	}
	return v
}
