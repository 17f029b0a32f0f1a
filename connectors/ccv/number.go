package ccv

import (
	"encoding/json"
	"math/big"
	"strings"
)

// raw is JSON as it stands, for members.
func raw(text string) json.RawMessage { return json.RawMessage(text) }

func rawOr(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// ratOf is a number of a document exactly; what is none is 0.
func ratOf(text string) *big.Rat {
	// An exponent of millions would take the memory of the machine.
	if len(text) > 64 || strings.ContainsAny(text, "eE/") {
		return new(big.Rat)
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return new(big.Rat)
	}
	return r
}

// decimalText is a number as JSON with at most six digits after the point; nil is 0.
func decimalText(r *big.Rat) string {
	if r == nil {
		return "0"
	}
	text := strings.TrimRight(strings.TrimRight(r.FloatString(6), "0"), ".")
	if text == "-0" {
		return "0"
	}
	return text
}
