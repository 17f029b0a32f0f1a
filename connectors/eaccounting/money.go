package eaccounting

import (
	"fmt"
	"math/big"
	"regexp"
)

// Amounts are exact fractions until they are rounded; no float takes part.

// written is the text of a JSON number of sane size: an exponent of a million would
// fill the memory.
var written = regexp.MustCompile(`^-?[0-9]{1,30}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,2})?$`)

func parseRat(text string) (*big.Rat, error) {
	if !written.MatchString(text) {
		return nil, fmt.Errorf("%.40q is not a number", text)
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return nil, fmt.Errorf("%.40q is not a number", text)
	}
	return r, nil
}

func add(a, b *big.Rat) *big.Rat { return new(big.Rat).Add(a, b) }
func sub(a, b *big.Rat) *big.Rat { return new(big.Rat).Sub(a, b) }
func mul(a, b *big.Rat) *big.Rat { return new(big.Rat).Mul(a, b) }
func quo(a, b *big.Rat) *big.Rat { return new(big.Rat).Quo(a, b) }

var (
	one  = big.NewRat(1, 1)
	half = big.NewRat(1, 2)
)

// round rounds half away from zero.
func round(a *big.Rat, places int) *big.Rat {
	scale := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil))
	shifted := mul(a, scale)
	if shifted.Sign() < 0 {
		shifted.Sub(shifted, half)
	} else {
		shifted.Add(shifted, half)
	}
	// Quo truncates towards zero, which after the shift by a half is the rounding wanted.
	whole := new(big.Int).Quo(shifted.Num(), shifted.Denom())
	return quo(new(big.Rat).SetInt(whole), scale)
}
