package sandbox

import (
	"fmt"
	"math/big"
	"strings"
)

// amount is an exact decimal: n / 10^scale. The zero value is 0.
type amount struct {
	n     *big.Int
	scale int
}

// maxDigits bounds the size of a number that a client may send.
const maxDigits = 60

var ten = big.NewInt(10)

func whole(n int64) amount { return amount{n: big.NewInt(n)} }

// parseAmount reads the text of a JSON number.
func parseAmount(text string) (amount, error) {
	mantissa, exponent, hasExponent := strings.Cut(strings.ToLower(text), "e")
	exp := 0
	if hasExponent {
		if _, err := fmt.Sscanf(exponent, "%d", &exp); err != nil || exp > maxDigits || exp < -maxDigits {
			return amount{}, fmt.Errorf("%q is not a number", clip(text))
		}
	}
	integer, fraction, _ := strings.Cut(mantissa, ".")
	digits := integer + fraction
	if len(digits) > maxDigits {
		return amount{}, fmt.Errorf("%q has too many digits", clip(text))
	}
	unsigned := strings.TrimPrefix(digits, "-")
	if unsigned == "" || strings.Trim(unsigned, "0123456789") != "" {
		return amount{}, fmt.Errorf("%q is not a number", clip(text))
	}
	n, ok := new(big.Int).SetString(digits, 10)
	if !ok {
		return amount{}, fmt.Errorf("%q is not a number", clip(text))
	}
	scale := len(fraction) - exp
	if scale < 0 {
		n.Mul(n, pow10(-scale))
		scale = 0
	}
	return amount{n: n, scale: scale}, nil
}

// mustAmount is for the numbers of the seed.
func mustAmount(text string) amount {
	a, err := parseAmount(text)
	if err != nil {
		panic("sandbox: seed: " + err.Error())
	}
	return a
}

func clip(s string) string {
	if len(s) > 40 {
		return s[:40] + "..."
	}
	return s
}

func pow10(n int) *big.Int { return new(big.Int).Exp(ten, big.NewInt(int64(n)), nil) }

func (a amount) int() *big.Int {
	if a.n == nil {
		return new(big.Int)
	}
	return a.n
}

// to gives n at a scale that is not smaller than its own.
func (a amount) to(scale int) *big.Int {
	return new(big.Int).Mul(a.int(), pow10(scale-a.scale))
}

func (a amount) add(b amount) amount {
	scale := max(a.scale, b.scale)
	return amount{n: new(big.Int).Add(a.to(scale), b.to(scale)), scale: scale}
}

func (a amount) neg() amount         { return amount{n: new(big.Int).Neg(a.int()), scale: a.scale} }
func (a amount) sub(b amount) amount { return a.add(b.neg()) }

func (a amount) mul(b amount) amount {
	return amount{n: new(big.Int).Mul(a.int(), b.int()), scale: a.scale + b.scale}
}

func (a amount) sign() int { return a.int().Sign() }

func (a amount) cmp(b amount) int { return a.sub(b).sign() }

// quo divides and rounds half away from zero at places.
func (a amount) quo(b amount, places int) amount {
	num := new(big.Int).Mul(a.int(), pow10(b.scale+places))
	den := new(big.Int).Mul(b.int(), pow10(a.scale))
	return amount{n: divideHalfAway(num, den), scale: places}
}

// round rounds half away from zero.
func (a amount) round(places int) amount {
	if a.scale <= places {
		return a
	}
	return amount{n: divideHalfAway(a.int(), pow10(a.scale-places)), scale: places}
}

func divideHalfAway(num, den *big.Int) *big.Int {
	q, r := new(big.Int).QuoRem(num, den, new(big.Int))
	if twice := r.Lsh(r, 1); twice.CmpAbs(den) >= 0 {
		if num.Sign()*den.Sign() < 0 {
			return q.Sub(q, big.NewInt(1))
		}
		return q.Add(q, big.NewInt(1))
	}
	return q
}

// places counts the decimals that are needed to write a.
func (a amount) places() int {
	_, fraction, _ := strings.Cut(a.trimmed(), ".")
	return len(fraction)
}

func (a amount) trimmed() string {
	s := a.String()
	if !strings.Contains(s, ".") {
		return s
	}
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// String writes a with all its decimals.
func (a amount) String() string {
	if a.scale <= 0 {
		return a.int().String()
	}
	digits := new(big.Int).Abs(a.int()).String()
	if len(digits) <= a.scale {
		digits = strings.Repeat("0", a.scale-len(digits)+1) + digits
	}
	s := digits[:len(digits)-a.scale] + "." + digits[len(digits)-a.scale:]
	if a.sign() < 0 {
		s = "-" + s
	}
	return s
}

// json writes a as the API does: at least one decimal, none to spare.
func (a amount) json() string {
	s := a.trimmed()
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}
