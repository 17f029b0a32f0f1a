package decimal_test

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/crosswalk-go/crosswalk/engine/decimal"
)

func dec(t testing.TB, s string) decimal.Decimal {
	t.Helper()
	d, err := decimal.Parse(s)
	if err != nil {
		t.Fatalf("Parse(%q): %v", s, err)
	}
	return d
}

func TestParse(t *testing.T) {
	for in, want := range map[string]string{
		"0": "0", "-0": "0", "-0.00": "0.00", "0.0": "0.0", "7": "7", "-7": "-7",
		"19.10": "19.10", "-0.05": "-0.05", "0.000": "0.000",
		"1e3": "1000", "1E+3": "1000", "1.50e1": "15.0", "1.5e3": "1500", "15e-3": "0.015", "-2.5e-1": "-0.25", "0e5": "0", "0e-5": "0.00000",
		"9007199254740993": "9007199254740993", "9223372036854775807": "9223372036854775807",
		"-9223372036854775807": "-9223372036854775807", "-9223372036854775808": "-9223372036854775808",
		"9223372036854775808": "9223372036854775808", "18446744073709551615": "18446744073709551615",
		"922337203685477580.8": "922337203685477580.8",
		"123456789012345678901234567890.123456789012345678901234567890": "123456789012345678901234567890.123456789012345678901234567890",
		"0.00000000000000000000000000001":                               "0.00000000000000000000000000001",
		"-12345678901234567890e-40":                                     "-0.0000000000000000000012345678901234567890",
		"12345678901234567890.5e1":                                      "123456789012345678905",
		"1e30":                                                          "1000000000000000000000000000000",
		"1e400":                                                         "1" + strings.Repeat("0", 400),
	} {
		d := dec(t, in)
		if got := d.String(); got != want {
			t.Errorf("Parse(%q) = %s, want %s", in, got, want)
		}
		if b, err := decimal.ParseBytes([]byte(in)); err != nil || b.String() != want {
			t.Errorf("ParseBytes(%q) = %s, %v, want %s", in, b, err, want)
		}
		if got := string(d.Append([]byte("x="))); got != "x="+want {
			t.Errorf("Append after text = %s, want x=%s", got, want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, in := range []string{
		"", "-", "+1", "01", "-01", "00", ".5", "1.", "1.e3", "1e", "1e+", "e3", "1x", "1.2.3", "1e3.5", " 1", "1 ", "1,5", "0x1", "NaN",
		"Infinity", "--1", "1-", "1_000", "١",
	} {
		if _, err := decimal.Parse(in); !errors.Is(err, decimal.ErrSyntax) {
			t.Errorf("Parse(%q): %v, want ErrSyntax", in, err)
		}
	}
	for _, in := range []string{"1e1001", "1e-1001", "1e99999999999999999999", strings.Repeat("9", 2001), "0." + strings.Repeat("9", 2000)} {
		if _, err := decimal.Parse(in); !errors.Is(err, decimal.ErrRange) {
			t.Errorf("Parse(%.10s...): %v, want ErrRange", in, err)
		}
	}
	for _, in := range []string{"1e1000", "1e-1000", strings.Repeat("9", 2000)} {
		dec(t, in)
	}
}

func TestConstructors(t *testing.T) {
	huge, _ := new(big.Int).SetString("123456789012345678901234567890", 10)
	for _, c := range []struct {
		d    decimal.Decimal
		want string
	}{
		{decimal.Decimal{}, "0"},
		{decimal.New(1910, 2), "19.10"},
		{decimal.New(-5, 3), "-0.005"},
		{decimal.New(5, -3), "5000"},
		{decimal.New(math.MinInt64, 0), "-9223372036854775808"},
		{decimal.New(math.MinInt64, 0).Neg(), "9223372036854775808"},
		{decimal.New(math.MinInt64, 0).Neg().Neg(), "-9223372036854775808"},
		{decimal.New(math.MaxInt64, -2), "922337203685477580700"},
		{decimal.NewFromBig(huge, 10), "12345678901234567890.1234567890"},
		{decimal.NewFromBig(huge, -1), "1234567890123456789012345678900"},
		{decimal.NewFromBig(big.NewInt(7), 1), "0.7"},
	} {
		if got := c.d.String(); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
	d := decimal.NewFromBig(huge, 0)
	huge.SetInt64(1)
	d.Coefficient().SetInt64(1)
	if d.String() != "123456789012345678901234567890" {
		t.Error("a Decimal changed with the big.Int it was made from or gave out")
	}
}

func TestSmall(t *testing.T) {
	if coef, scale, ok := dec(t, "-19.10").Small(); coef != -1910 || scale != 2 || !ok {
		t.Errorf("Small(-19.10) = %d, %d, %t", coef, scale, ok)
	}
	if _, _, ok := dec(t, "9223372036854775808").Small(); ok {
		t.Error("Small(2^63) fits an int64")
	}
}

func TestArithmetic(t *testing.T) {
	for _, c := range []struct{ a, op, b, want string }{
		{"0.1", "+", "0.2", "0.3"},
		{"19.10", "*", "2", "38.20"},
		{"1.5", "*", "1.5", "2.25"},
		{"1", "+", "0.00", "1.00"},
		{"1", "-", "1.000", "0.000"},
		{"9223372036854775807", "+", "1", "9223372036854775808"},
		{"-9223372036854775807", "-", "1", "-9223372036854775808"},
		{"-9223372036854775808", "+", "1", "-9223372036854775807"},
		{"9223372036854775807", "+", "0.1", "9223372036854775807.1"},
		{"4294967296", "*", "4294967296", "18446744073709551616"},
		{"-3037000500", "*", "3037000500", "-9223372037000250000"},
		{"1e1000", "*", "1e-1000", "1." + strings.Repeat("0", 1000)},
		{"1e-30", "+", "1", "1.000000000000000000000000000001"},
		{"5", "/", "2", "2.5"},
		{"19.10", "/", "1", "19.10"},
		{"10.00", "/", "4", "2.50"},
		{"121", "/", "1.21", "100"},
		{"1.21", "/", "0.01", "121"},
		{"7", "/", "4", "1.75"},
		{"0.00", "/", "3", "0.00"},
		{"1", "/", "3", "0.3333333333333333333333333333333333"},
		{"2", "/", "3", "0.6666666666666666666666666666666667"},
		{"-2", "/", "3", "-0.6666666666666666666666666666666667"},
		{"200", "/", "3", "66.66666666666666666666666666666667"},
		{"1", "/", "1024", "0.0009765625"},
		{"1", "/", "8e40", "0.0000000000000000000000000000000000000000125"},
		{"1e40", "/", "4", "2500000000000000000000000000000000000000"},
		{"1e30", "/", "3", "333333333333333333333333333333.3333"},
		{"12345678901234567890", "/", "10", "1234567890123456789"},
		{"1", "/", "-8", "-0.125"},
		{"7", "%", "3", "1"},
		{"-7", "%", "3", "-1"},
		{"7", "%", "-3", "1"},
		{"7.5", "%", "2", "1.5"},
		{"1e20", "%", "7", "2"},
		{"0.3", "%", "0.10", "0.00"},
	} {
		a, b := dec(t, c.a), dec(t, c.b)
		var got decimal.Decimal
		var err error
		switch c.op {
		case "+":
			got = a.Add(b)
		case "-":
			got = a.Sub(b)
		case "*":
			got = a.Mul(b)
		case "/":
			got, err = a.Quo(b)
		case "%":
			got, err = a.Rem(b)
		}
		if err != nil || got.String() != c.want {
			t.Errorf("%s %s %s = %s, %v, want %s", c.a, c.op, c.b, got, err, c.want)
		}
	}
}

func TestDivideByZero(t *testing.T) {
	one := decimal.New(1, 0)
	for _, zero := range []decimal.Decimal{{}, decimal.New(0, 3)} {
		_, quo := one.Quo(zero)
		_, rem := one.Rem(zero)
		_, round := one.QuoRound(zero, 2, decimal.HalfUp)
		_, pow := zero.Pow(-1)
		for name, err := range map[string]error{"Quo": quo, "Rem": rem, "QuoRound": round, "Pow": pow} {
			if !errors.Is(err, decimal.ErrDivideByZero) {
				t.Errorf("%s by %s: %v", name, zero, err)
			}
		}
	}
}

func TestPow(t *testing.T) {
	for _, c := range []struct {
		base string
		n    int
		want string
	}{
		{"2", 10, "1024"}, {"2", 64, "18446744073709551616"}, {"1.1", 2, "1.21"}, {"-3", 3, "-27"}, {"5", 0, "1"}, {"0", 0, "1"},
		{"0", 1000000, "0"}, {"1", math.MaxInt, "1"}, {"2", -2, "0.25"}, {"10", 30, "1" + strings.Repeat("0", 30)},
	} {
		if got, err := dec(t, c.base).Pow(c.n); err != nil || got.String() != c.want {
			t.Errorf("%s^%d = %s, %v, want %s", c.base, c.n, got, err, c.want)
		}
	}
	for _, n := range []int{2001, math.MaxInt, math.MinInt, -2001} {
		if _, err := dec(t, "2").Pow(n); !errors.Is(err, decimal.ErrRange) {
			t.Errorf("2^%d: %v, want ErrRange", n, err)
		}
	}
	if _, err := dec(t, "123456789").Pow(1000); !errors.Is(err, decimal.ErrRange) {
		t.Errorf("a long power: %v, want ErrRange", err)
	}
}

func TestRound(t *testing.T) {
	modes := []decimal.Mode{decimal.HalfUp, decimal.HalfEven, decimal.HalfDown, decimal.Up, decimal.Down, decimal.Ceiling, decimal.Floor}
	for _, c := range []struct {
		in     string
		digits int
		want   string // in the order of modes; one word where all agree
	}{
		{"2.5", 0, "3 2 2 3 2 3 2"},
		{"3.5", 0, "4 4 3 4 3 4 3"},
		{"-2.5", 0, "-3 -2 -2 -3 -2 -2 -3"},
		{"2.4", 0, "2 2 2 3 2 3 2"},
		{"-2.6", 0, "-3 -3 -3 -3 -2 -2 -3"},
		{"1.005", 2, "1.01 1.00 1.00 1.01 1.00 1.01 1.00"},
		{"0.05", 1, "0.1 0.0 0.0 0.1 0.0 0.1 0.0"},
		{"-0.001", 2, "0.00 0.00 0.00 -0.01 0.00 0.00 -0.01"},
		{"19.1", 2, "19.10"},
		{"19", 2, "19.00"},
		{"0", 2, "0.00"},
		{"19.10", 2, "19.10"},
		{"1250", -2, "1300 1200 1200 1300 1200 1300 1200"},
		{"49", -2, "0 0 0 100 0 100 0"},
		{"50", -2, "100 0 0 100 0 100 0"},
		{"9223372036854775807", 2, "9223372036854775807.00"},
		{"9223372036854775807", -1, "9223372036854775810 9223372036854775810 9223372036854775810 9223372036854775810 9223372036854775800 9223372036854775810 9223372036854775800"},
		{"123456789012345678901234567890.5", 0, "123456789012345678901234567891 123456789012345678901234567890 123456789012345678901234567890 123456789012345678901234567891 123456789012345678901234567890 123456789012345678901234567891 123456789012345678901234567890"},
		{"-0.00000000000000000000000000005", 28, "-0.0000000000000000000000000001 0.0000000000000000000000000000 0.0000000000000000000000000000 -0.0000000000000000000000000001 0.0000000000000000000000000000 0.0000000000000000000000000000 -0.0000000000000000000000000001"},
		{"0.5000000000000000000", 0, "1 0 0 1 0 1 0"},
	} {
		want := strings.Fields(c.want)
		for i, mode := range modes {
			w := want[0]
			if len(want) > 1 {
				w = want[i]
			}
			if got := dec(t, c.in).Round(c.digits, mode).String(); got != w {
				t.Errorf("round(%s, %d, %s) = %s, want %s", c.in, c.digits, mode, got, w)
			}
			if got, err := dec(t, c.in).QuoRound(decimal.New(1, 0), c.digits, mode); err != nil || got.String() != w {
				t.Errorf("QuoRound(%s / 1, %d, %s) = %s, %v, want %s", c.in, c.digits, mode, got, err, w)
			}
		}
	}
	if got := len(decimal.New(1, 0).Round(math.MaxInt, decimal.HalfUp).String()); got != 3002 {
		t.Errorf("rounding to all digits there are wrote %d characters, want 3002", got)
	}
	if got := decimal.New(7, 0).Round(math.MinInt, decimal.HalfUp).String(); got != "0" {
		t.Errorf("rounding far left = %s, want 0", got)
	}
}

func TestModes(t *testing.T) {
	for _, name := range decimal.Modes() {
		m, err := decimal.ParseMode(name)
		if err != nil || m.String() != name {
			t.Errorf("ParseMode(%q) = %v, %v", name, m, err)
		}
	}
	if _, err := decimal.ParseMode("HALF_UP"); err == nil || !strings.Contains(err.Error(), "half-up") {
		t.Errorf("an unknown mode: %v, want the known ones named", err)
	}
}

func TestQuoRoundRoundsOnce(t *testing.T) {
	// 0.1499999...9 (40 nines) is below a half at one digit; rounded to 34 digits first it would be 0.15.
	num, den := dec(t, "0.1"+"4"+strings.Repeat("9", 40)), decimal.New(1, 0)
	if got, _ := num.QuoRound(den, 1, decimal.HalfUp); got.String() != "0.1" {
		t.Errorf("got %s, want 0.1", got)
	}
	for _, c := range []struct{ a, b, want string }{
		{"121.00", "1.21", "100.00"}, {"19.10", "1.21", "15.79"}, {"-19.10", "1.21", "-15.79"}, {"1", "3", "0.33"}, {"2", "3", "0.67"},
		{"9223372036854775807", "0.5", "18446744073709551614.00"}, {"0", "7", "0.00"}, {"1e-25", "3", "0.00"}, {"1", "6e30", "0.00"},
		{"9223372036854775807", "9223372036854775807", "1.00"}, {"9223372036854775807", "1.7", "5425512962855750474.71"},
	} {
		if got, err := dec(t, c.a).QuoRound(dec(t, c.b), 2, decimal.HalfUp); err != nil || got.String() != c.want {
			t.Errorf("%s / %s = %s, %v, want %s", c.a, c.b, got, err, c.want)
		}
	}
}

func TestPredicates(t *testing.T) {
	for _, c := range []struct {
		in          string
		isInt, zero bool
		n           int64
		fits        bool
		trimmed     string
	}{
		{"0", true, true, 0, true, "0"},
		{"0.00", true, true, 0, true, "0"},
		{"2.00", true, false, 2, true, "2"},
		{"-2.50", false, false, 0, false, "-2.5"},
		{"100", true, false, 100, true, "100"},
		{"1e-30", false, false, 0, false, "0.000000000000000000000000000001"},
		{"9223372036854775808", true, false, math.MinInt64, false, "9223372036854775808"},
		{"-9223372036854775808", true, false, math.MinInt64, true, "-9223372036854775808"},
		{"12345678901234567890.000", true, false, 0, false, "12345678901234567890"},
		{"9223372036854775807.000", true, false, math.MaxInt64, true, "9223372036854775807"},
	} {
		d := dec(t, c.in)
		if d.IsInt() != c.isInt || d.IsZero() != c.zero {
			t.Errorf("%s: IsInt %t, IsZero %t", c.in, d.IsInt(), d.IsZero())
		}
		if n, ok := d.Int64(); ok != c.fits || ok && n != c.n {
			t.Errorf("%s: Int64 = %d, %t, want %d, %t", c.in, n, ok, c.n, c.fits)
		}
		if got := d.Trim().String(); got != c.trimmed {
			t.Errorf("%s: Trim = %s, want %s", c.in, got, c.trimmed)
		}
	}
}

func TestAllocate(t *testing.T) {
	for _, c := range []struct {
		amount  string
		weights []string
		digits  int
		want    string
	}{
		{"10.00", []string{"1", "1", "1"}, 2, "3.34 3.33 3.33"},
		{"-10.00", []string{"1", "1", "1"}, 2, "-3.34 -3.33 -3.33"},
		{"0.05", []string{"3", "7"}, 2, "0.02 0.03"},
		{"100", []string{"50.00", "25.5", "24.5"}, 2, "50.00 25.50 24.50"},
		{"5", []string{"0", "1", "0"}, 2, "0.00 5.00 0.00"},
		{"1.00", []string{"0", "0", "0"}, 2, "0.34 0.33 0.33"},
		{"0.01", []string{"1", "1"}, 2, "0.01 0.00"},
		{"10.005", []string{"1", "1"}, 2, "5.003 5.002"},
		{"10.000", []string{"1", "2"}, 2, "3.33 6.67"},
		{"7", []string{"1", "1"}, 0, "4 3"},
		{"1e25", []string{"1", "2"}, 0, "3333333333333333333333333 6666666666666666666666667"},
		{"0", []string{"1", "2"}, 2, "0.00 0.00"},
	} {
		weights := make([]decimal.Decimal, len(c.weights))
		for i, w := range c.weights {
			weights[i] = dec(t, w)
		}
		parts, err := dec(t, c.amount).Allocate(weights, c.digits)
		texts := make([]string, len(parts))
		for i, p := range parts {
			texts[i] = p.String()
		}
		if got := strings.Join(texts, " "); err != nil || got != c.want {
			t.Errorf("allocate(%s, %v) = %s, %v, want %s", c.amount, c.weights, got, err, c.want)
		}
	}
	for _, weights := range [][]decimal.Decimal{nil, {decimal.New(1, 0), decimal.New(-1, 0)}} {
		if _, err := decimal.New(1, 0).Allocate(weights, 2); !errors.Is(err, decimal.ErrWeights) {
			t.Errorf("weights %v: %v, want ErrWeights", weights, err)
		}
	}
}

func TestJSON(t *testing.T) {
	var v struct{ A, B, C decimal.Decimal }
	v.C = decimal.New(3, 0)
	if err := json.Unmarshal([]byte(`{"A": 19.10, "B": 9007199254740993, "C": null}`), &v); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(v)
	if want := `{"A":19.10,"B":9007199254740993,"C":3}`; err != nil || string(out) != want {
		t.Errorf("got %s, %v, want %s", out, err, want)
	}
	if err := json.Unmarshal([]byte(`{"A": "19.10"}`), &v); !errors.Is(err, decimal.ErrSyntax) {
		t.Errorf("a number in quotes: %v, want ErrSyntax", err)
	}
}

func TestNoAllocations(t *testing.T) {
	a, b := decimal.New(1910, 2), decimal.New(-3, 0)
	text, raw, buf := "-12345.6789", []byte("1.5e2"), make([]byte, 0, 64)
	var sink decimal.Decimal
	var n int
	for name, f := range map[string]func(){
		"Parse":      func() { sink, _ = decimal.Parse(text) },
		"ParseBytes": func() { sink, _ = decimal.ParseBytes(raw) },
		"Add":        func() { sink = a.Add(b) },
		"Sub":        func() { sink = a.Sub(b) },
		"Mul":        func() { sink = a.Mul(b) },
		"Rem":        func() { sink, _ = a.Rem(b) },
		"Quo exact":  func() { sink, _ = a.Quo(decimal.New(4, 0)) },
		"QuoRound":   func() { sink, _ = a.QuoRound(decimal.New(121, 2), 2, decimal.HalfUp) },
		"Round":      func() { sink = a.Round(1, decimal.HalfEven) },
		"Round up":   func() { sink = a.Round(4, decimal.HalfUp) },
		"Trim":       func() { sink = a.Trim() },
		"Append":     func() { buf = a.Append(buf[:0]) },
		"Cmp":        func() { n = a.Cmp(b) },
		"Cmp far":    func() { n = decimal.New(math.MaxInt64, 30).Cmp(decimal.New(math.MaxInt64, 0)) },
		"Int64":      func() { _, _ = decimal.New(300, 2).Int64() },
	} {
		if allocs := testing.AllocsPerRun(100, f); allocs != 0 {
			t.Errorf("%s allocates %v times, want none", name, allocs)
		}
	}
	_, _ = sink, n
}
