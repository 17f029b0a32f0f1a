package decimal

import (
	"math"
	"math/big"
)

// Parse reads a number as JSON writes it (RFC 8259, section 6): 19.10, -0.5, 1.5e3. Trailing zeros after
// the point are kept as scale; an exponent moves the point (1.50e1 is 15.0); -0 is 0. Errors are [ErrSyntax]
// and, beyond [MaxDigits] or [MaxExponent], [ErrRange].
func Parse(s string) (Decimal, error) { return parse(s) }

// ParseBytes is [Parse] for bytes, which it does not keep.
func ParseBytes(b []byte) (Decimal, error) { return parse(b) }

// mostText is longer than the text of any number in range. A document can hold one of megabytes, and rules read it for every line.
const mostText = MaxDigits + 64

func parse[T string | []byte](s T) (Decimal, error) {
	if len(s) > mostText {
		for i := range mostText {
			if c := s[i]; !isDigit(c) && c != '-' && c != '+' && c != '.' && c != 'e' && c != 'E' {
				return Decimal{}, ErrSyntax
			}
		}
		return Decimal{}, ErrRange
	}
	i, negative := 0, false
	if i < len(s) && s[i] == '-' {
		negative, i = true, 1
	}
	start := i
	var (
		m        uint64 // the coefficient while it fits
		overflow bool
		digits   int
	)
	for ; i < len(s) && isDigit(s[i]); i++ {
		if m > (math.MaxInt64-9)/10 {
			overflow = true
		}
		m = m*10 + uint64(s[i]-'0')
	}
	if i == start || (s[start] == '0' && i > start+1) {
		return Decimal{}, ErrSyntax
	}
	digits = i - start
	scale := 0
	end := i // of the digits and the point
	if i < len(s) && s[i] == '.' {
		i++
		first := i
		for ; i < len(s) && isDigit(s[i]); i++ {
			if m > (math.MaxInt64-9)/10 {
				overflow = true
			}
			m = m*10 + uint64(s[i]-'0')
		}
		if scale = i - first; scale == 0 {
			return Decimal{}, ErrSyntax
		}
		digits += scale
		end = i
	}
	if i < len(s) {
		exp, err := exponent(s[i:])
		if err != nil {
			return Decimal{}, err
		}
		scale -= exp
	}
	if digits > MaxDigits {
		return Decimal{}, ErrRange
	}
	if overflow {
		return parseBig(string(s[start:end]), negative, scale), nil
	}
	coef := int64(m)
	if negative {
		coef = -coef
	}
	if scale < 0 {
		if coef == 0 {
			scale = 0
		} else if -scale < len(pow10) {
			if up, ok := scaleUp(coef, int32(-scale)); ok {
				coef, scale = up, 0
			}
		}
	}
	return New(coef, scale), nil
}

// exponent reads the rest of a number from its e on.
func exponent[T string | []byte](s T) (int, error) {
	i, negative := 1, false
	if s[0] != 'e' && s[0] != 'E' {
		return 0, ErrSyntax
	}
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		negative = s[i] == '-'
		i++
	}
	if i == len(s) {
		return 0, ErrSyntax
	}
	exp := 0
	for ; i < len(s); i++ {
		if !isDigit(s[i]) {
			return 0, ErrSyntax
		}
		exp = min(exp*10+int(s[i]-'0'), MaxExponent+1)
	}
	if exp > MaxExponent {
		return 0, ErrRange
	}
	if negative {
		exp = -exp
	}
	return exp, nil
}

// parseBig reads text that is known to be digits with at most one point.
func parseBig(text string, negative bool, scale int) Decimal {
	digits := make([]byte, 0, len(text)+1)
	if negative {
		digits = append(digits, '-')
	}
	for i := 0; i < len(text); i++ {
		if text[i] != '.' {
			digits = append(digits, text[i])
		}
	}
	coef, _ := new(big.Int).SetString(string(digits), 10)
	if scale < 0 {
		coef.Mul(coef, bigPow10(-scale))
		scale = 0
	}
	return fromBig(coef, int32(scale))
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// String returns the number in plain notation, never with an exponent, with exactly Scale digits after
// the point; never -0. It is valid JSON.
func (d Decimal) String() string {
	var buf [32]byte
	return string(d.Append(buf[:0]))
}

// Append appends what String returns to dst.
func (d Decimal) Append(dst []byte) []byte {
	start := len(dst)
	scale := int(d.scale)
	if d.big != nil {
		dst = d.big.Append(dst, 10)
		if dst[start] == '-' {
			start++
		}
		return insertPoint(dst, start, scale)
	}
	m := magnitude(d.coef)
	if d.coef < 0 {
		dst = append(dst, '-')
	}
	var buf [20]byte
	i := len(buf)
	for m >= 10 {
		i--
		buf[i] = byte('0' + m%10)
		m /= 10
	}
	i--
	buf[i] = byte('0' + m)
	n := len(buf) - i
	if scale == 0 {
		return append(dst, buf[i:]...)
	}
	if n > scale {
		dst = append(dst, buf[i:len(buf)-scale]...)
		dst = append(dst, '.')
		return append(dst, buf[len(buf)-scale:]...)
	}
	dst = append(dst, '0', '.')
	for ; n < scale; n++ {
		dst = append(dst, '0')
	}
	return append(dst, buf[i:]...)
}

// insertPoint puts a point before the last scale digits of dst[start:].
func insertPoint(dst []byte, start, scale int) []byte {
	if scale == 0 {
		return dst
	}
	missing := scale + 1 - (len(dst) - start) // zeros that the integer part and the fraction lack
	for range max(missing, 0) + 1 {
		dst = append(dst, '0')
	}
	if missing > 0 {
		copy(dst[start+missing:], dst[start:len(dst)-missing-1])
		for i := range missing {
			dst[start+i] = '0'
		}
	}
	point := len(dst) - 1 - scale
	copy(dst[point+1:], dst[point:len(dst)-1])
	dst[point] = '.'
	return dst
}

// MarshalJSON writes the number as a JSON number.
func (d Decimal) MarshalJSON() ([]byte, error) { return d.Append(nil), nil }

// UnmarshalJSON reads a JSON number; null leaves d as it is. A number in quotes is [ErrSyntax].
func (d *Decimal) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	return d.UnmarshalText(b)
}

// MarshalText writes what String returns.
func (d Decimal) MarshalText() ([]byte, error) { return d.Append(nil), nil }

// UnmarshalText reads what [Parse] reads.
func (d *Decimal) UnmarshalText(b []byte) error {
	v, err := ParseBytes(b)
	if err != nil {
		return err
	}
	*d = v
	return nil
}
