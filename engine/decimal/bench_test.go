package decimal_test

import (
	"testing"

	"github.com/crosswalk-go/crosswalk/engine/decimal"
)

func BenchmarkParse(b *testing.B) {
	text := []byte("1234.56")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := decimal.ParseBytes(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	d, buf := decimal.New(123456, 2), make([]byte, 0, 32)
	b.ReportAllocs()
	for b.Loop() {
		buf = d.Append(buf[:0])
	}
}

func BenchmarkAdd(b *testing.B) {
	d, e := decimal.New(123456, 2), decimal.New(5, 0)
	b.ReportAllocs()
	for b.Loop() {
		d.Add(e)
	}
}

func BenchmarkMulRound(b *testing.B) {
	d, rate := decimal.New(123456, 2), decimal.New(121, 2)
	b.ReportAllocs()
	for b.Loop() {
		d.Mul(rate).Round(2, decimal.HalfUp)
	}
}

func BenchmarkQuo(b *testing.B) {
	d, rate := decimal.New(123456, 2), decimal.New(121, 2)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Quo(rate); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkQuoRound(b *testing.B) {
	d, rate := decimal.New(123456, 2), decimal.New(121, 2)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.QuoRound(rate, 2, decimal.HalfUp); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCmp(b *testing.B) {
	d, e := decimal.New(123456, 2), decimal.New(1234, 0)
	b.ReportAllocs()
	for b.Loop() {
		d.Cmp(e)
	}
}
