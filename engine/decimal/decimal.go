// Package decimal holds exact decimal numbers: a coefficient and a count of digits after the point, so
// that 19.10 stays 19.10, 0.1 + 0.2 is 0.3 and 9007199254740993 survives.
//
// It is not for science: it has no NaN, no infinity, no roots or logarithms, and no
// way to or from a binary float. Start with [Parse], [Decimal.Mul], [Decimal.Round] and
// [Decimal.Allocate].
package decimal

import (
	"errors"
	"math"
	"math/big"
	"math/bits"
)

// Limits of what [Parse] reads and [Decimal.Pow] makes. They are far beyond any amount
// of money, and small enough that no single number costs noticeable time or memory.
const (
	MaxDigits   = 2000 // digits of a number's text, without its exponent
	MaxExponent = 1000 // of a number's text, either sign
)

// Errors of this package. None of them holds the number's text, which may be
// personal data.
var (
	ErrSyntax       = errors.New("not a decimal number")
	ErrRange        = errors.New("number too large or too precise")
	ErrDivideByZero = errors.New("division by zero")
	ErrWeights      = errors.New("weights must be one or more numbers, none of them negative")
)

// Decimal is coefficient / 10^scale. The zero value is 0. A Decimal is immutable and
// may be copied and used from many goroutines. Compare with [Decimal.Cmp] or
// [Decimal.Equal], not with ==: 1.5 and 1.50 are equal and written differently.
type Decimal struct {
	coef  int64 // the coefficient unless big is set; never math.MinInt64, so that it can be negated
	scale int32 // >= 0
	big   *big.Int
}

// New returns coef / 10^scale; a negative scale multiplies.
func New(coef int64, scale int) Decimal {
	if scale >= 0 && coef != math.MinInt64 {
		return Decimal{coef: coef, scale: int32(scale)}
	}
	return NewFromBig(big.NewInt(coef), scale)
}

// NewFromBig returns coef / 10^scale; a negative scale multiplies. It keeps a copy of coef.
func NewFromBig(coef *big.Int, scale int) Decimal {
	if scale < 0 {
		return fromBig(new(big.Int).Mul(coef, bigPow10(-scale)), 0)
	}
	if small(coef) {
		return Decimal{coef: coef.Int64(), scale: int32(scale)}
	}
	return Decimal{scale: int32(scale), big: new(big.Int).Set(coef)}
}

// Coefficient returns the number without its point, as a copy: 1910 of 19.10.
func (d Decimal) Coefficient() *big.Int {
	if d.big != nil {
		return new(big.Int).Set(d.big)
	}
	return big.NewInt(d.coef)
}

// Small returns coefficient and scale where the coefficient fits an int64; ok is false where it does not, or is
// math.MinInt64. It is for whoever keeps numbers without a pointer; [New] is its inverse.
func (d Decimal) Small() (coef int64, scale int32, ok bool) { return d.coef, d.scale, d.big == nil }

// Scale returns the count of digits after the point, trailing zeros included: 2 of 19.10.
func (d Decimal) Scale() int { return int(d.scale) }

// Digits returns how many digits String writes, or one more than that. Products grow: whoever
// multiplies in a loop that a user controls checks the sum of both operands' Digits first.
func (d Decimal) Digits() int { return max(d.Precision(), int(d.scale)+1) }

// Precision returns how many digits the number has without the zeros before them: what computing with it takes depends on these.
func (d Decimal) Precision() int {
	if d.big != nil {
		return d.big.BitLen()*30103/100000 + 1
	}
	return digits64(magnitude(d.coef))
}

// Sign returns -1, 0 or 1.
func (d Decimal) Sign() int {
	switch {
	case d.big != nil:
		return d.big.Sign()
	case d.coef > 0:
		return 1
	case d.coef < 0:
		return -1
	}
	return 0
}

// IsZero tells whether d is 0, whatever its scale.
func (d Decimal) IsZero() bool { return d.coef == 0 && d.big == nil }

// IsInt tells whether d is a whole number: 2 and 2.00 are.
func (d Decimal) IsInt() bool {
	switch {
	case d.scale == 0 || d.IsZero():
		return true
	case d.big != nil:
		return new(big.Int).Rem(d.big, bigPow10(int(d.scale))).Sign() == 0
	case int(d.scale) < len(pow10):
		return d.coef%pow10[d.scale] == 0
	}
	return false
}

// Int64 returns d as an int64; false if d is no whole number or does not fit.
func (d Decimal) Int64() (int64, bool) {
	if d.big == nil && d.scale == 0 {
		return d.coef, true
	}
	if !d.IsInt() {
		return 0, false
	}
	whole := d.Round(0, Down)
	if whole.big == nil {
		return whole.coef, true
	}
	return whole.big.Int64(), whole.big.IsInt64()
}

// Neg returns -d.
func (d Decimal) Neg() Decimal {
	if d.big != nil {
		return fromBig(new(big.Int).Neg(d.big), d.scale)
	}
	return Decimal{coef: -d.coef, scale: d.scale}
}

// Abs returns d without its sign.
func (d Decimal) Abs() Decimal {
	if d.Sign() < 0 {
		return d.Neg()
	}
	return d
}

// Equal tells whether both are the same number: 1.5 equals 1.50.
func (d Decimal) Equal(e Decimal) bool { return d.Cmp(e) == 0 }

// Cmp returns -1, 0 or 1 as d is less than, equal to or greater than e.
func (d Decimal) Cmp(e Decimal) int {
	if d.big == nil && e.big == nil {
		if d.scale == e.scale {
			return cmp64(d.coef, e.coef)
		}
		ds, es := d.Sign(), e.Sign()
		if ds != es || ds == 0 {
			return cmp64(int64(ds), int64(es))
		}
		return ds * cmpMagnitude(magnitude(d.coef), d.scale, magnitude(e.coef), e.scale)
	}
	if ds, es := d.Sign(), e.Sign(); ds != es {
		return cmp64(int64(ds), int64(es))
	}
	a, b, _ := align(d, e)
	return a.Cmp(b)
}

// cmpMagnitude compares a/10^as with b/10^bs, neither of them 0, without allocating.
func cmpMagnitude(a uint64, as int32, b uint64, bs int32) int {
	if as > bs {
		return -cmpMagnitude(b, bs, a, as)
	}
	diff := bs - as
	if int(diff) >= len(pow10) {
		return 1 // a is at least 1, so a*10^diff is beyond any int64
	}
	hi, lo := bits.Mul64(a, uint64(pow10[diff]))
	switch {
	case hi > 0 || lo > b:
		return 1
	case lo < b:
		return -1
	}
	return 0
}

// pow10 holds the powers of ten that an int64 can.
var pow10 = [19]int64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
}

// bigPows holds the powers of ten that divisions and long coefficients need often.
var bigPows = func() (pows [96]*big.Int) {
	ten := big.NewInt(10)
	pows[0] = big.NewInt(1)
	for i := 1; i < len(pows); i++ {
		pows[i] = new(big.Int).Mul(pows[i-1], ten)
	}
	return pows
}()

// bigPow10 returns 10^n for n >= 0. The result is shared: it must not be changed.
func bigPow10(n int) *big.Int {
	if n < len(bigPows) {
		return bigPows[n]
	}
	return new(big.Int).Exp(bigPows[1], big.NewInt(int64(n)), nil)
}

// fromBig takes ownership of coef.
func fromBig(coef *big.Int, scale int32) Decimal {
	if small(coef) {
		return Decimal{coef: coef.Int64(), scale: scale}
	}
	return Decimal{scale: scale, big: coef}
}

// coefficient returns the coefficient to read; it must not be changed.
func (d Decimal) coefficient() *big.Int {
	if d.big != nil {
		return d.big
	}
	return big.NewInt(d.coef)
}

// align returns both coefficients at the larger of the two scales; they must not be changed.
func align(d, e Decimal) (a, b *big.Int, scale int32) {
	a, b = d.coefficient(), e.coefficient()
	switch {
	case d.scale < e.scale:
		a = new(big.Int).Mul(a, bigPow10(int(e.scale-d.scale)))
	case e.scale < d.scale:
		b = new(big.Int).Mul(b, bigPow10(int(d.scale-e.scale)))
	}
	return a, b, max(d.scale, e.scale)
}

func small(b *big.Int) bool { return b.IsInt64() && b.Int64() != math.MinInt64 }

func magnitude(v int64) uint64 {
	if v < 0 {
		return uint64(-v)
	}
	return uint64(v)
}

// digits64 returns the count of decimal digits of v, 1 for 0.
func digits64(v uint64) int {
	n := 1
	for n < len(pow10) && v >= uint64(pow10[n]) {
		n++
	}
	return n
}

func cmp64(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// signed gives magnitude m the sign of negative; false if it does not fit.
func signed(m uint64, negative bool) (int64, bool) {
	if m > math.MaxInt64 {
		return 0, false
	}
	if negative {
		return -int64(m), true
	}
	return int64(m), true
}
