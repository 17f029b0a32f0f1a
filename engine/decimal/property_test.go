package decimal_test

import (
	"encoding/json"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/crosswalk-go/crosswalk/engine/decimal"
)

// number draws decimals of every kind: small, at the edges of int64, long.
func number() *rapid.Generator[decimal.Decimal] {
	return rapid.Custom(func(t *rapid.T) decimal.Decimal {
		scale := rapid.IntRange(0, 25).Draw(t, "scale")
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			return decimal.New(rapid.Int64Range(-2000, 2000).Draw(t, "coef"), scale)
		case 1:
			return decimal.New(rapid.Int64().Draw(t, "coef"), scale)
		case 2:
			edge := rapid.SampledFrom([]int64{math.MaxInt64, math.MinInt64, 1 << 53, 1e18, -1e18}).Draw(t, "edge")
			return decimal.New(edge, 0).Add(decimal.New(rapid.Int64Range(-3, 3).Draw(t, "off"), 0))
		}
		c, _ := new(big.Int).SetString(rapid.StringMatching(`-?[1-9][0-9]{10,60}`).Draw(t, "digits"), 10)
		return decimal.NewFromBig(c, scale)
	})
}

func rat(d decimal.Decimal) *big.Rat {
	return new(big.Rat).SetFrac(d.Coefficient(), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(d.Scale())), nil))
}

func TestAgainstRat(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := number().Draw(t, "a"), number().Draw(t, "b")
		ra, rb := rat(a), rat(b)
		equal := func(op string, got decimal.Decimal, want *big.Rat) {
			if rat(got).Cmp(want) != 0 {
				t.Fatalf("%s %s %s = %s, want %s", a, op, b, got, want)
			}
		}
		equal("+", a.Add(b), new(big.Rat).Add(ra, rb))
		equal("-", a.Sub(b), new(big.Rat).Sub(ra, rb))
		equal("*", a.Mul(b), new(big.Rat).Mul(ra, rb))
		equal("neg", a.Neg(), new(big.Rat).Neg(ra))
		equal("abs", a.Abs(), new(big.Rat).Abs(ra))
		equal("trim", a.Trim(), ra)
		if got, want := a.Cmp(b), ra.Cmp(rb); got != want {
			t.Fatalf("cmp(%s, %s) = %d, want %d", a, b, got, want)
		}
		if a.IsInt() != ra.IsInt() || a.Sign() != ra.Sign() || a.IsZero() != (ra.Sign() == 0) {
			t.Fatalf("%s: IsInt %t, Sign %d, IsZero %t", a, a.IsInt(), a.Sign(), a.IsZero())
		}
		if n, ok := a.Int64(); ok != (ra.IsInt() && ra.Num().IsInt64()) || ok && n != ra.Num().Int64() {
			t.Fatalf("Int64(%s) = %d, %t", a, n, ok)
		}
		if b.IsZero() {
			return
		}
		rem, err := a.Rem(b)
		if err != nil {
			t.Fatal(err)
		}
		quotient := new(big.Rat).Quo(ra, rb)
		whole := new(big.Int).Quo(quotient.Num(), quotient.Denom())
		equal("%", rem, new(big.Rat).Sub(ra, new(big.Rat).Mul(new(big.Rat).SetInt(whole), rb)))

		q, err := a.Quo(b)
		if err != nil {
			t.Fatal(err)
		}
		checkQuotient(t, q, quotient)
	})
}

// checkQuotient holds q to what Quo promises: 34 digits, half-even, exact where the true quotient has no more.
func checkQuotient(t *rapid.T, q decimal.Decimal, want *big.Rat) {
	diff := new(big.Rat).Sub(want, rat(q))
	if diff.Sign() == 0 {
		return
	}
	trimmed := q.Trim()
	digits := len(new(big.Int).Abs(trimmed.Coefficient()).String())
	if digits > 34 {
		// Zeros left of the point are no significant digits.
		text := new(big.Int).Abs(trimmed.Coefficient()).String()
		for len(text) > 34 && text[len(text)-1] == '0' {
			text = text[:len(text)-1]
		}
		if len(text) > 34 {
			t.Fatalf("%s has %d significant digits", q, len(text))
		}
	}
	// Inexact, so the true quotient has more than 34 digits, and the error is at most half a unit of the 34th.
	unit := new(big.Rat).Abs(want)
	exp := 0
	one, ten := big.NewRat(1, 1), big.NewRat(10, 1)
	for unit.Cmp(ten) >= 0 {
		unit.Quo(unit, ten)
		exp++
	}
	for unit.Cmp(one) < 0 {
		unit.Mul(unit, ten)
		exp--
	}
	half := big.NewRat(1, 2)
	for range abs(exp - 33) {
		if exp > 33 {
			half.Mul(half, ten)
		} else {
			half.Quo(half, ten)
		}
	}
	if diff.Abs(diff).Cmp(half) > 0 {
		t.Fatalf("%s is %s away from %s, more than half of the last digit", q, diff, want)
	}
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}

// roundRat rounds by the definition of each mode, on whole numbers: an oracle that shares nothing with Round.
func roundRat(r *big.Rat, digits int, mode decimal.Mode) *big.Rat {
	unit := big.NewRat(1, 1)
	for range abs(digits) {
		if digits > 0 {
			unit.Quo(unit, big.NewRat(10, 1))
		} else {
			unit.Mul(unit, big.NewRat(10, 1))
		}
	}
	x := new(big.Rat).Quo(r, unit)
	below := new(big.Int).Div(x.Num(), x.Denom()) // Euclidean, so floor: the denominator is positive
	above := new(big.Int).Add(below, big.NewInt(1))
	if x.IsInt() {
		above.Set(below)
	}
	pick := below
	toZero, fromZero := below, above
	if r.Sign() < 0 {
		toZero, fromZero = above, below
	}
	distance := new(big.Rat).Sub(x, new(big.Rat).SetInt(below)).Cmp(big.NewRat(1, 2))
	switch mode {
	case decimal.Up:
		pick = fromZero
	case decimal.Down:
		pick = toZero
	case decimal.Ceiling:
		pick = above
	case decimal.Floor:
		pick = below
	default:
		switch {
		case distance > 0:
			pick = above
		case distance == 0 && mode == decimal.HalfUp:
			pick = fromZero
		case distance == 0 && mode == decimal.HalfDown:
			pick = toZero
		case distance == 0 && below.Bit(0) == 1:
			pick = above
		}
	}
	return new(big.Rat).Mul(new(big.Rat).SetInt(pick), unit)
}

func TestRoundAgainstRat(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := number().Draw(t, "a"), number().Draw(t, "b")
		digits := rapid.IntRange(-8, 30).Draw(t, "digits")
		mode := decimal.Mode(rapid.IntRange(int(decimal.HalfUp), int(decimal.Floor)).Draw(t, "mode"))
		got := a.Round(digits, mode)
		if want := roundRat(rat(a), digits, mode); rat(got).Cmp(want) != 0 {
			t.Fatalf("round(%s, %d, %s) = %s, want %s", a, digits, mode, got, want)
		}
		if got.Scale() != max(digits, 0) {
			t.Fatalf("round(%s, %d) has scale %d", a, digits, got.Scale())
		}
		if b.IsZero() {
			return
		}
		q, err := a.QuoRound(b, digits, mode)
		if err != nil {
			t.Fatal(err)
		}
		if want := roundRat(new(big.Rat).Quo(rat(a), rat(b)), digits, mode); rat(q).Cmp(want) != 0 || q.Scale() != max(digits, 0) {
			t.Fatalf("round(%s / %s, %d, %s) = %s, want %s", a, b, digits, mode, q, want)
		}
	})
}

func TestTextRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := number().Draw(t, "a")
		b, err := decimal.Parse(a.String())
		if err != nil {
			t.Fatal(err)
		}
		if b.String() != a.String() || b.Scale() != a.Scale() || !a.Equal(b) {
			t.Fatalf("%s came back as %s", a, b)
		}
		if want := rat(a).FloatString(a.Scale()); a.String() != want {
			t.Fatalf("String = %s, want %s", a, want)
		}
		if n, want := a.Digits(), len(new(big.Int).Abs(a.Coefficient()).String()); n < max(want, a.Scale()+1) || n > max(want, a.Scale()+1)+1 {
			t.Fatalf("%s: Digits = %d, want %d", a, n, want)
		}
	})
}

func TestAllocateSums(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amount := number().Draw(t, "amount")
		weights := rapid.SliceOfN(rapid.Map(number(), decimal.Decimal.Abs), 1, 12).Draw(t, "weights")
		digits := rapid.IntRange(0, 6).Draw(t, "digits")
		parts, err := amount.Allocate(weights, digits)
		if err != nil {
			t.Fatal(err)
		}
		total, sum := new(big.Rat), decimal.Decimal{}
		for _, w := range weights {
			total.Add(total, rat(w))
		}
		for i, p := range parts {
			sum = sum.Add(p)
			if total.Sign() == 0 {
				continue
			}
			share := new(big.Rat).Mul(rat(amount), new(big.Rat).Quo(rat(weights[i]), total))
			unit := rat(decimal.New(1, p.Scale()))
			if diff := share.Sub(share, rat(p)); diff.Abs(diff).Cmp(unit) >= 0 {
				t.Fatalf("part %d of allocate(%s, %v) = %s is a unit or more from its share", i, amount, weights, p)
			}
		}
		if !sum.Equal(amount) {
			t.Fatalf("the parts of %s sum to %s", amount, sum)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"0", "-0", "19.10", "1e400", "-1.5E-3", "9007199254740993", "18446744073709551616", "01", "1.", ".1", "1e1001", "0e-1000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := decimal.Parse(s)
		b, errBytes := decimal.ParseBytes([]byte(s))
		if (err == nil) != (errBytes == nil) || d.String() != b.String() {
			t.Fatalf("Parse and ParseBytes differ on %q", s)
		}
		trimmed := json.Number(s) // what encoding/json takes for a number is the grammar's oracle
		var n json.Number
		valid := json.Unmarshal([]byte(s), &n) == nil && n == trimmed && s != "" && s[0] != '"' && s != "null"
		if err != nil {
			if valid && len(s) < 500 && !hasLongExponent(s) {
				t.Fatalf("Parse(%q): %v, but it is a JSON number", s, err)
			}
			return
		}
		if !valid {
			t.Fatalf("Parse(%q) = %s, but it is no JSON number", s, d)
		}
		want, ok := new(big.Rat).SetString(s)
		if !ok || rat(d).Cmp(want) != 0 {
			t.Fatalf("Parse(%q) = %s, want %s", s, d, want)
		}
		again, err := decimal.Parse(d.String())
		if len(d.String()) < 2000 && (err != nil || !again.Equal(d)) {
			t.Fatalf("%s came back as %s, %v", d, again, err)
		}
	})
}

func hasLongExponent(s string) bool {
	for i := range s {
		if s[i] == 'e' || s[i] == 'E' {
			return len(s)-i > 4
		}
	}
	return false
}
