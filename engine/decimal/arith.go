package decimal

import (
	"math"
	"math/big"
	"math/bits"
)

// Add returns d + e, exactly, with the larger of the two scales.
func (d Decimal) Add(e Decimal) Decimal {
	if d.big == nil && e.big == nil {
		a, b, scale, ok := align64(d, e)
		if ok {
			if sum := a + b; (sum > a) == (b > 0) && sum != math.MinInt64 {
				return Decimal{coef: sum, scale: scale}
			}
		}
	}
	a, b, scale := align(d, e)
	return fromBig(new(big.Int).Add(a, b), scale)
}

// Sub returns d - e, exactly, with the larger of the two scales.
func (d Decimal) Sub(e Decimal) Decimal {
	if e.big == nil {
		return d.Add(Decimal{coef: -e.coef, scale: e.scale})
	}
	a, b, scale := align(d, e)
	return fromBig(new(big.Int).Sub(a, b), scale)
}

// Mul returns d * e, exactly, with the sum of both scales: 19.10 * 2 is 38.20, 1.5 * 1.5 is 2.25.
func (d Decimal) Mul(e Decimal) Decimal {
	scale := d.scale + e.scale
	if d.big == nil && e.big == nil {
		hi, lo := bits.Mul64(magnitude(d.coef), magnitude(e.coef))
		if hi == 0 {
			if coef, ok := signed(lo, (d.coef < 0) != (e.coef < 0)); ok {
				return Decimal{coef: coef, scale: scale}
			}
		}
	}
	return fromBig(new(big.Int).Mul(d.coefficient(), e.coefficient()), scale)
}

// Rem returns the remainder of the division whose quotient is cut to a whole number: it has the sign of d and
// the larger of the two scales. The only error is [ErrDivideByZero].
func (d Decimal) Rem(e Decimal) (Decimal, error) {
	if e.IsZero() {
		return Decimal{}, ErrDivideByZero
	}
	if d.big == nil && e.big == nil {
		if a, b, scale, ok := align64(d, e); ok {
			return Decimal{coef: a % b, scale: scale}, nil
		}
	}
	a, b, scale := align(d, e)
	return fromBig(new(big.Int).Rem(a, b), scale), nil
}

// Pow returns d to the power of n: exactly for n >= 0, as 1 / d^-n for n < 0, which is rounded as [Decimal.Quo] is.
// Errors: [ErrRange] where the digits of d times n are more than [MaxDigits], [ErrDivideByZero] for
// 0 to a negative power.
func (d Decimal) Pow(n int) (Decimal, error) {
	if n < 0 {
		if n < -MaxDigits {
			return Decimal{}, ErrRange
		}
		p, err := d.Pow(-n)
		if err != nil {
			return Decimal{}, err
		}
		return New(1, 0).Quo(p)
	}
	if d.scale == 0 && d.big == nil && (d.coef == 0 || d.coef == 1) {
		if n == 0 {
			return New(1, 0), nil
		}
		return d, nil
	}
	if n > MaxDigits || d.Digits()*n > MaxDigits {
		return Decimal{}, ErrRange
	}
	result := New(1, 0)
	for base := d; n > 0; n >>= 1 {
		if n&1 == 1 {
			result = result.Mul(base)
		}
		if n > 1 {
			base = base.Mul(base)
		}
	}
	return result, nil
}

// quoDigits is the precision of a quotient that does not end: that of IEEE 754 decimal128.
const quoDigits = 34

// Quo returns d / e. A quotient that ends within 34 significant digits is exact; any other is rounded
// half-even to 34. Trailing zeros are cut down to the scale of d minus that of e, or to none (the
// preferred exponent of IEEE 754): 19.10 / 1 is 19.10, 10.00 / 4 is 2.50, 7 / 4 is 1.75, 1.21 / 0.01 is 121.
// The only error is [ErrDivideByZero].
func (d Decimal) Quo(e Decimal) (Decimal, error) {
	if e.IsZero() {
		return Decimal{}, ErrDivideByZero
	}
	ideal := max(d.scale-e.scale, 0)
	if d.IsZero() {
		return Decimal{scale: ideal}, nil
	}
	if d.big == nil && e.big == nil {
		if q, ok := quo64(d, e); ok {
			return q, nil
		}
	}
	num, den := d.coefficient(), e.coefficient()
	// So many zeros behind the dividend that the quotient has at least 34 digits and one to round.
	shift := max(quoDigits+2+digitsBig(den)-digitsBig(num), 0)
	scale := int(d.scale) - int(e.scale) + shift
	q, r := new(big.Int).QuoRem(new(big.Int).Mul(num, bigPow10(shift)), den, new(big.Int))
	if drop := digitsBig(q) - quoDigits; drop > 0 {
		q = roundBig(q, bigPow10(drop), HalfEven, r.Sign() != 0)
		scale -= drop
	}
	return NewFromBig(q, scale).trim(ideal), nil
}

// quo64 divides where the quotient is exact and all of the work fits an int64.
func quo64(d, e Decimal) (Decimal, bool) {
	a, b := magnitude(d.coef), magnitude(e.coef)
	q, r := a/b, a%b
	scale := d.scale - e.scale
	for r != 0 || scale < 0 {
		if q > (math.MaxInt64-9)/10 || r > math.MaxUint64/10 {
			return Decimal{}, false
		}
		r *= 10
		q, r = q*10+r/b, r%b
		scale++
	}
	coef, ok := signed(q, (d.coef < 0) != (e.coef < 0))
	return Decimal{coef: coef, scale: scale}, ok
}

// QuoRound returns d / e rounded once, to exactly digits digits after the point (or left of it, where digits
// is negative), where Quo and Round would round twice. The only error is [ErrDivideByZero].
func (d Decimal) QuoRound(e Decimal, digits int, mode Mode) (Decimal, error) {
	if e.IsZero() {
		return Decimal{}, ErrDivideByZero
	}
	digits = clampDigits(digits)
	shift := digits + int(e.scale) - int(d.scale) // d/e = (d.coef*10^shift / e.coef) / 10^digits
	if d.big == nil && e.big == nil && 0 <= shift && shift < len(pow10) && digits >= 0 {
		a, b := magnitude(d.coef), magnitude(e.coef)
		hi, lo := bits.Mul64(a, uint64(pow10[shift]))
		if hi < (b+1)/2 { // then the quotient has room for one more
			q, r := bits.Div64(hi, lo, b)
			negative := (d.coef < 0) != (e.coef < 0)
			if roundsAway(mode, negative, q&1 == 1, cmpHalf(r, b), r != 0) {
				q++
			}
			if coef, ok := signed(q, negative); ok {
				return Decimal{coef: coef, scale: int32(digits)}, nil
			}
		}
	}
	num, den := d.coefficient(), e.coefficient()
	if shift >= 0 {
		num = new(big.Int).Mul(num, bigPow10(shift))
	} else {
		den = new(big.Int).Mul(den, bigPow10(-shift))
	}
	return NewFromBig(roundBig(num, den, mode, false), digits), nil
}

// Trim cuts trailing zeros after the point: 21.00 is 21, 1.50 is 1.5.
func (d Decimal) Trim() Decimal { return d.trim(0) }

// trim cuts trailing zeros down to a scale.
func (d Decimal) trim(scale int32) Decimal {
	if d.scale <= scale {
		return d
	}
	if d.big == nil {
		if d.coef == 0 {
			return Decimal{scale: scale}
		}
		for d.scale > scale && d.coef%10 == 0 {
			d.coef /= 10
			d.scale--
		}
		return d
	}
	coef, ten, rest := d.big, bigPows[1], new(big.Int)
	for d.scale > scale {
		q := new(big.Int)
		if q.QuoRem(coef, ten, rest); rest.Sign() != 0 {
			break
		}
		coef = q
		d.scale--
	}
	return fromBig(coef, d.scale)
}

// align64 returns both coefficients at the larger of the two scales; false if one does not fit.
func align64(d, e Decimal) (a, b int64, scale int32, ok bool) {
	switch {
	case d.scale == e.scale:
		return d.coef, e.coef, d.scale, true
	case d.scale < e.scale:
		a, ok = scaleUp(d.coef, e.scale-d.scale)
		return a, e.coef, e.scale, ok
	}
	b, ok = scaleUp(e.coef, d.scale-e.scale)
	return d.coef, b, d.scale, ok
}

// scaleUp returns coef * 10^n; false if it does not fit.
func scaleUp(coef int64, n int32) (int64, bool) {
	if coef == 0 {
		return 0, true
	}
	if int(n) >= len(pow10) {
		return 0, false
	}
	hi, lo := bits.Mul64(magnitude(coef), uint64(pow10[n]))
	if hi != 0 {
		return 0, false
	}
	return signed(lo, coef < 0)
}

// digitsBig returns the exact count of decimal digits of b, 1 for 0.
func digitsBig(b *big.Int) int {
	n := b.BitLen() * 30103 / 100000 // at most the count of digits: log10(2) is 0.301029996
	if b.CmpAbs(bigPow10(n)) >= 0 {
		n++
	}
	return max(n, 1)
}
