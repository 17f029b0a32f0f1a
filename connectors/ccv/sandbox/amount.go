package sandbox

import (
	"encoding/json"
	"math/big"
	"strings"
)

// rat is a number of a document exactly; what is none is 0.
func rat(v any) *big.Rat {
	n, ok := v.(json.Number)
	if !ok {
		return new(big.Rat)
	}
	r, ok := new(big.Rat).SetString(n.String())
	if !ok {
		return new(big.Rat)
	}
	return r
}

// number is r with at most so many digits, without zeros at the end: PHP prints 590.00 as 590.
func number(r *big.Rat, digits int) json.Number {
	text := r.FloatString(digits) // half away from zero
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	if text == "-0" {
		text = "0"
	}
	return json.Number(text)
}

func add(rs ...*big.Rat) *big.Rat {
	sum := new(big.Rat)
	for _, r := range rs {
		sum.Add(sum, r)
	}
	return sum
}

func sub(a, b *big.Rat) *big.Rat { return new(big.Rat).Sub(a, b) }
func mul(a, b *big.Rat) *big.Rat { return new(big.Rat).Mul(a, b) }

// taxIn is the tax of a rate in percent in an amount that includes it, taxOn that on an amount that does not.
func taxIn(amount, percent *big.Rat) *big.Rat {
	whole := add(big.NewRat(100, 1), percent)
	return mul(amount, new(big.Rat).Quo(percent, whole))
}

func taxOn(amount, percent *big.Rat) *big.Rat {
	return mul(amount, new(big.Rat).Quo(percent, big.NewRat(100, 1)))
}
