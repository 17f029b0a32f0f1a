package decimal

import (
	"fmt"
	"math/big"
	"strings"
)

// Mode says which way a number is rounded.
type Mode uint8

// The rounding modes. The zero Mode is what invoices use.
const (
	HalfUp   Mode = iota // to the nearest, a half away from zero: 2.5 is 3, -2.5 is -3
	HalfEven             // to the nearest, a half to the even digit: 2.5 is 2, 3.5 is 4
	HalfDown             // to the nearest, a half towards zero: 2.5 is 2
	Up                   // away from zero
	Down                 // towards zero
	Ceiling              // to the larger number: -2.5 is -2
	Floor                // to the smaller number: -2.5 is -3
)

var modeNames = [...]string{
	HalfUp: "half-up", HalfEven: "half-even", HalfDown: "half-down",
	Up: "up", Down: "down", Ceiling: "ceiling", Floor: "floor",
}

// Modes returns the names that [ParseMode] knows.
func Modes() []string { return append([]string(nil), modeNames[:]...) }

// ParseMode returns the mode of a name: half-up, half-even, half-down, up, down, ceiling, floor.
func ParseMode(name string) (Mode, error) {
	for m, n := range modeNames {
		if n == name {
			return Mode(m), nil
		}
	}
	return 0, fmt.Errorf("unknown rounding mode; known are %s", strings.Join(modeNames[:], ", "))
}

// String returns the mode's name.
func (m Mode) String() string {
	if int(m) < len(modeNames) {
		return modeNames[m]
	}
	return "unknown"
}

// maxRound bounds the digits that Round writes, so that no argument makes it take all memory. It is more
// than the scale of any number that Parse reads.
const maxRound = MaxDigits + MaxExponent

func clampDigits(digits int) int { return min(max(digits, -maxRound), maxRound) }

// Round returns d with exactly digits digits after the point, padded with zeros where d has fewer. Negative digits round
// left of the point: 1250 at -2 is 1300. Beyond 3000 digits of either sign, digits counts as 3000.
func (d Decimal) Round(digits int, mode Mode) Decimal {
	return d.round(clampDigits(digits), mode)
}

func (d Decimal) round(digits int, mode Mode) Decimal {
	drop := int(d.scale) - digits
	switch {
	case drop == 0:
		return d
	case drop < 0:
		if d.big == nil {
			if coef, ok := scaleUp(d.coef, int32(-drop)); ok {
				return Decimal{coef: coef, scale: int32(digits)}
			}
		}
		return fromBig(new(big.Int).Mul(d.coefficient(), bigPow10(-drop)), int32(digits))
	case d.big == nil && drop < len(pow10):
		unit := pow10[drop]
		q, r := d.coef/unit, d.coef%unit
		negative := d.coef < 0
		if roundsAway(mode, negative, q&1 != 0, cmpHalf(magnitude(r), uint64(unit)), r != 0) {
			if negative {
				q--
			} else {
				q++
			}
		}
		if digits >= 0 {
			return Decimal{coef: q, scale: int32(digits)}
		}
		return New(q, digits)
	}
	return NewFromBig(roundBig(d.coefficient(), bigPow10(drop), mode, false), digits)
}

// roundBig returns num/den rounded to a whole number. sticky says that num is a little larger in
// magnitude than it stands.
func roundBig(num, den *big.Int, mode Mode, sticky bool) *big.Int {
	q, r := new(big.Int).QuoRem(num, den, new(big.Int))
	negative := (num.Sign() < 0) != (den.Sign() < 0)
	half := r.Lsh(r, 1).CmpAbs(den)
	if sticky && half == 0 {
		half = 1
	}
	if roundsAway(mode, negative, q.Bit(0) == 1, half, r.Sign() != 0 || sticky) {
		if negative {
			q.Sub(q, bigPows[0])
		} else {
			q.Add(q, bigPows[0])
		}
	}
	return q
}

// roundsAway tells whether a quotient cut towards zero must take one more step away from it. half compares the
// remainder with a half; inexact says that there is a remainder.
func roundsAway(mode Mode, negative, odd bool, half int, inexact bool) bool {
	if !inexact {
		return false
	}
	switch mode {
	case HalfEven:
		return half > 0 || half == 0 && odd
	case HalfDown:
		return half > 0
	case Up:
		return true
	case Down:
		return false
	case Ceiling:
		return !negative
	case Floor:
		return negative
	}
	return half >= 0
}

// cmpHalf compares r with unit/2, for r < unit.
func cmpHalf(r, unit uint64) int {
	switch rest := unit - r; {
	case r < rest:
		return -1
	case r > rest:
		return 1
	}
	return 0
}
