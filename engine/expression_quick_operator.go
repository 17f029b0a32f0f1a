package engine

import (
	"math"

	"github.com/crosswalk-go/crosswalk/engine/decimal"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// quickJoin puts two texts together; one of them may be nothing.
func quickJoin(left, right *operand) quick {
	l, r := left.pieces(), right.pieces()
	if l == nil || r == nil {
		return quick{}
	}
	return quick{text: func(f *frame, dst []byte) ([]byte, value.Sight) {
		mark := len(dst)
		dst, first := l(f, dst)
		switch first {
		case value.Unsure:
			return dst, first
		case value.Nothing:
			dst = dst[:mark]
		}
		middle := len(dst)
		dst, second := r(f, dst)
		switch second {
		case value.Unsure:
			return dst, second
		case value.Nothing:
			if first == value.Nothing {
				return dst, second
			}
			dst = dst[:middle]
		}
		if f.budget.Bytes(int64(len(dst)-mark)) != nil {
			return dst, value.Unsure
		}
		return dst, value.Found
	}}
}

// quickArithmetic computes with two numbers; nothing on either side gives nothing.
func quickArithmetic(op byte, left, right *operand, tail *rounding) quick {
	l, r := left.numeric(), right.numeric()
	if l == nil || r == nil {
		return quick{}
	}
	return quick{computed: true, num: func(f *frame) (decimal.Decimal, value.Sight) {
		x, first := l(f)
		if first == value.Unsure {
			return x, first
		}
		y, second := r(f)
		if second == value.Unsure {
			return y, second
		}
		if first == value.Nothing || second == value.Nothing {
			return decimal.Decimal{}, value.Nothing
		}
		d, err := calculate(op, x, y, tail)
		if err != nil {
			return d, value.Unsure
		}
		return d, value.Found
	}}
}

func quickNegation(o *operand) quick {
	num := o.numeric()
	if num == nil {
		return quick{}
	}
	return quick{computed: true, num: func(f *frame) (decimal.Decimal, value.Sight) {
		d, sight := num(f)
		return d.Neg(), sight
	}}
}

// quickOrder compares two numbers by what their order must be.
func quickOrder(left, right *operand, want func(order int) bool) func(f *frame) (bool, value.Sight) {
	l, r := left.numeric(), right.numeric()
	if l == nil || r == nil || !left.counted() && !right.counted() { // the others are more often dates and words
		return nil
	}
	return func(f *frame) (bool, value.Sight) {
		x, first := l(f)
		if first == value.Unsure {
			return false, first
		}
		y, second := r(f)
		if second == value.Unsure {
			return false, second
		}
		if first == value.Nothing || second == value.Nothing {
			return false, value.Found
		}
		return want(x.Cmp(y)), value.Found
	}
}

// quickSlice cuts a text between two places that are not counted from its end. The characters up to the
// last of them have to be of one byte each.
func quickSlice(base, from, to *operand) quick {
	word := base.wordy()
	bound := func(o *operand) (num numCode, ok bool) {
		if o == nil {
			return nil, true
		}
		num = o.numeric()
		return num, num != nil
	}
	first, ok1 := bound(from)
	last, ok2 := bound(to)
	if word == nil || !ok1 || !ok2 {
		return quick{}
	}
	place := func(f *frame, bound numCode, absent int) (int, bool) {
		if bound == nil {
			return absent, true
		}
		d, sight := bound(f)
		n, whole := d.Int64()
		return int(min(n, math.MaxInt32)), sight == value.Found && whole && n >= 0
	}
	return quick{word: func(f *frame) (string, value.Sight) {
		s, sight := word(f)
		if sight != value.Found {
			return s, sight
		}
		i, ok1 := place(f, first, 0)
		j, ok2 := place(f, last, len(s))
		if !ok1 || !ok2 || f.budget.Bytes(int64(len(s))) != nil {
			return "", value.Unsure
		}
		i, j = min(i, len(s)), min(j, len(s))
		j = max(i, j)
		checked := j
		if last == nil {
			checked = i
		}
		if !value.ASCII(s[:checked]) {
			return "", value.Unsure
		}
		return s[i:j], value.Found
	}}
}
