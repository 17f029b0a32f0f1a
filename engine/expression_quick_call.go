package engine

import (
	"strings"
	"unsafe"

	"github.com/expr-lang/expr/ast"

	"github.com/crosswalk-go/crosswalk/engine/decimal"
	"github.com/crosswalk-go/crosswalk/engine/internal/function"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// quickCall computes the functions that are asked most for plain texts and numbers.
func (c *compiler) quickCall(n *ast.CallNode, fn *function.Func, args []operand) quick {
	switch {
	case len(args) == 1 && fn.Cut != nil:
		return quickCut(fn, &args[0])
	case len(args) == 1 && fn.Append != nil:
		return quickAppend(fn, &args[0])
	case len(args) == 2 && fn.Place != nil:
		return quickPlace(fn, &args[0], &args[1])
	}
	switch fn.Name {
	case "string":
		return quickString(&args[0])
	case "join":
		return quickJoined(args)
	case "round":
		if r := c.roundsArgument(n, 0); r != nil {
			return quickRound(&args[0], r)
		}
	}
	return quick{}
}

// called takes the steps of calling a function with a text.
func (f *frame) called(text string) bool { return f.budget.Step(3+len(text)>>6) == nil }

func quickCut(fn *function.Func, arg *operand) quick {
	if word := arg.wordy(); word != nil {
		return quick{word: func(f *frame) (string, value.Sight) {
			s, sight := word(f)
			if sight != value.Found {
				return s, sight
			}
			if !f.called(s) {
				return s, value.Unsure
			}
			return fn.Cut(s), value.Found
		}}
	}
	text := arg.texty()
	if text == nil {
		return quick{}
	}
	return quick{text: func(f *frame, dst []byte) ([]byte, value.Sight) {
		mark := len(dst)
		dst, sight := text(f, dst)
		if sight != value.Found || len(dst) == mark {
			return dst, sight
		}
		all := unsafe.String(&dst[mark], len(dst)-mark)
		if !f.called(all) {
			return dst, value.Unsure
		}
		if strings.IndexByte(all, '\\') >= 0 {
			return dst, value.Unsure
		}
		piece := fn.Cut(all)
		return append(dst[:mark], piece...), value.Found // copy moves bytes that overlap
	}}
}

func quickAppend(fn *function.Func, arg *operand) quick {
	word := arg.wordy()
	if word == nil {
		return quick{}
	}
	return quick{text: func(f *frame, dst []byte) ([]byte, value.Sight) {
		s, sight := word(f)
		if sight != value.Found {
			return dst, sight
		}
		if !f.called(s) || f.budget.Bytes(2*int64(len(s))) != nil {
			return dst, value.Unsure
		}
		dst, ok := fn.Append(dst, s)
		if !ok {
			return dst, value.Unsure
		}
		return dst, value.Found
	}}
}

func quickPlace(fn *function.Func, text, part *operand) quick {
	l, r := text.wordy(), part.wordy()
	if l == nil || r == nil {
		return quick{}
	}
	return quick{computed: true, num: func(f *frame) (decimal.Decimal, value.Sight) {
		s, first := l(f)
		if first != value.Found {
			return decimal.Decimal{}, first
		}
		other, second := r(f)
		if second != value.Found {
			return decimal.Decimal{}, second
		}
		if !f.called(s) || !f.called(other) {
			return decimal.Decimal{}, value.Unsure
		}
		return decimal.New(int64(fn.Place(s, other)), 0), value.Found
	}}
}

// quickString writes a scalar as text.
func quickString(arg *operand) quick {
	if arg.path != nil {
		number, path := arg.view.number, arg.path
		return quick{word: func(f *frame) (string, value.Sight) {
			s, sight := f.rows[number].Scalar(path)
			if sight == value.Found && !f.called(s) {
				return s, value.Unsure
			}
			return s, sight
		}}
	}
	num := arg.numeric()
	if num == nil || !arg.counted() {
		return quick{}
	}
	return quick{text: func(f *frame, dst []byte) ([]byte, value.Sight) {
		d, sight := num(f)
		if sight == value.Found {
			dst = d.Append(dst)
		}
		return dst, sight
	}}
}

// quickJoined puts the elements of a list together.
func quickJoined(args []operand) quick {
	var separator string
	if len(args) > 1 {
		if args[1].konst == nil {
			return quick{}
		}
		var sight value.Sight
		if separator, sight = args[1].konst.Clean(); sight != value.Found {
			return quick{}
		}
	}
	list := args[0].run
	return quick{text: func(f *frame, dst []byte) ([]byte, value.Sight) {
		v, err := list(f)
		switch {
		case err != nil:
			return dst, value.Unsure
		case v.IsNil():
			return dst, value.Nothing
		case v.Kind() != value.List || f.budget.Step(3+int(v.Weight()>>6)) != nil:
			return dst, value.Unsure
		}
		mark := len(dst)
		elements, first := v.Elements(), true
		for item, ok := elements.Next(); ok; item, ok = elements.Next() {
			s, sight := item.Scalar()
			if sight == value.Unsure {
				return dst, sight
			}
			if sight == value.Nothing {
				continue
			}
			if !first {
				dst = append(dst, separator...)
			}
			first = false
			dst = append(dst, s...)
			if f.budget.Bytes(functionValueBytes+int64(len(s)+len(separator))) != nil {
				return dst[:mark], value.Unsure
			}
		}
		return dst, value.Found
	}}
}

// functionValueBytes is what a function that walks over a list takes for each element.
const functionValueBytes = 64

func quickRound(arg *operand, r *rounding) quick {
	num := arg.numeric()
	if num == nil {
		return quick{}
	}
	return quick{computed: true, num: func(f *frame) (decimal.Decimal, value.Sight) {
		d, sight := num(f)
		if sight != value.Found {
			return d, sight
		}
		if f.budget.Step(2) != nil {
			return d, value.Unsure
		}
		return d.Round(r.digits, r.mode), value.Found
	}}
}

// quickLoop hands the elements of a list that pass the filter before the loop to visit, without making a list of
// them. What is counted besides elements is as in [loop.items] and [loop.at].
func (l *loop) quickLoop(f *frame, visit func(f *frame) value.Sight) value.Sight {
	v, err := l.src.run(f)
	if err != nil || v.Kind() != value.List || !v.Indexed() {
		return value.Unsure
	}
	elements, i, kept := v.Elements(), 0, 0
	for item, ok := elements.Next(); ok; item, ok = elements.Next() {
		if f.budget.Bytes(valueBytes) != nil || f.budget.Step(2) != nil {
			return value.Unsure
		}
		if l.only != nil {
			f.vars[l.only.p.element] = item
			if l.only.p.counts {
				f.vars[l.only.p.index] = value.Int(i)
			}
			if pass, err := l.onlyTest(f); err != nil {
				return value.Unsure
			} else if i++; !pass {
				continue
			}
		}
		if l.only == nil || l.p.element != l.only.p.element {
			f.vars[l.p.element] = item
		}
		if l.p.counts {
			f.vars[l.p.index] = value.Int(kept)
		}
		kept++
		if visit(f) == value.Unsure {
			return value.Unsure
		}
	}
	return value.Found
}

// quickSum adds the numbers of a list.
func (l *loop) quickSum() quick {
	num := l.each.numeric()
	if num == nil {
		return quick{}
	}
	return quick{computed: true, num: func(f *frame) (decimal.Decimal, value.Sight) {
		var total decimal.Decimal
		sight := l.quickLoop(f, func(f *frame) value.Sight {
			d, sight := num(f)
			if sight == value.Found {
				total = total.Add(d)
			}
			return sight
		})
		return total, sight
	}}
}

// quickMapped writes what the body gives for each element.
func (l *loop) quickMapped() quick {
	body := l.each.run
	return quick{list: func(f *frame, dst []byte) ([]byte, value.Sight) {
		dst = append(dst, '[')
		mark := len(dst)
		sight := l.quickLoop(f, func(f *frame) value.Sight {
			v, err := body(f)
			if err != nil || v.Depth() > 0 || f.budget.Fits(int64(len(dst)-mark)) != nil {
				return value.Unsure
			}
			if len(dst) > mark {
				dst = append(dst, ',')
			}
			dst = v.AppendJSON(dst)
			return value.Found
		})
		return append(dst, ']'), sight
	}}
}

// quickCount counts the elements that pass a test.
func (l *loop) quickCount(test func(*frame) (bool, error)) quick {
	return quick{computed: true, num: func(f *frame) (decimal.Decimal, value.Sight) {
		n := 0
		sight := l.quickLoop(f, func(f *frame) value.Sight {
			pass, err := test(f)
			if err != nil {
				return value.Unsure
			}
			if pass {
				n++
			}
			return value.Found
		})
		return decimal.New(int64(n), 0), sight
	}}
}
