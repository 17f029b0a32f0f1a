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
