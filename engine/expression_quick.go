package engine

import (
	"math"
	"unicode/utf8"
	"unsafe"

	"github.com/expr-lang/expr/ast"

	"github.com/crosswalk-go/crosswalk/engine/decimal"
	"github.com/crosswalk-go/crosswalk/engine/internal/function"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// quick is the code of an operand for the values that ordinary documents have: plain texts and numbers, handed on
// without making values of them. Each part looks at what `run` would look at and says [value.Found] or
// [value.Nothing] only where run gives the same without a failure; where it says [value.Unsure], run is asked. So
// failures, odd kinds and escapes are the business of run alone. All parts may be nil.
type quick struct {
	word wordCode // where the text lies in the document or was made before
	text textCode // where the text is put together
	num  numCode
	// computed is true where the number is never one that the document has as it stands.
	computed bool
}

// wordCode finds a text that needs no escapes in JSON.
type wordCode func(f *frame) (string, value.Sight)

// textCode appends such a text to dst; where it is not Found, what it appended means nothing.
type textCode func(f *frame, dst []byte) ([]byte, value.Sight)

// numCode computes a number whose decimal is written as the value would be.
type numCode func(f *frame) (decimal.Decimal, value.Sight)

// maxDoubts bounds how often a document may be computed once quickly and once more in full. An expression may nest such
// places, so that each level would double the work of those below it.
const maxDoubts = 1 << 14

// sure tells whether the quick way is still worth trying.
func (f *frame) sure() bool { return f.doubts < maxDoubts }

// wordy returns what finds the operand's text, nil where nothing quick does.
func (o *operand) wordy() wordCode {
	if o.konst != nil {
		s, sight := o.konst.Clean()
		return func(*frame) (string, value.Sight) { return s, sight }
	}
	return o.word
}

// texty returns what appends the operand's text, nil where nothing quick does.
func (o *operand) texty() textCode {
	if o.text != nil {
		return o.text
	}
	word := o.wordy()
	if word == nil {
		return nil
	}
	return func(f *frame, dst []byte) ([]byte, value.Sight) {
		s, sight := word(f)
		return append(dst, s...), sight
	}
}

// numeric returns what computes the operand's number, nil where nothing quick does.
func (o *operand) numeric() numCode {
	if o.konst != nil {
		d, sight := o.konst.Exact()
		return func(*frame) (decimal.Decimal, value.Sight) { return d, sight }
	}
	return o.num
}

// counted tells whether the operand's number is never one that stands in the document.
func (o *operand) counted() bool { return o.konst != nil || o.computed }

// quickPath reads what stands at a path of a view.
func quickPath(number int, n *value.ViewNode) quick {
	return quick{
		word: func(f *frame) (string, value.Sight) { return f.rows[number].Clean(n) },
		num:  func(f *frame) (decimal.Decimal, value.Sight) { return f.rows[number].Exact(n) },
	}
}

// quickSlot reads what a slot holds.
func quickSlot(slot int) quick {
	return quick{
		word: func(f *frame) (string, value.Sight) { return f.vars[slot].Clean() },
		num:  func(f *frame) (decimal.Decimal, value.Sight) { return f.vars[slot].Exact() },
	}
}

// quickMember reads a member of what a slot holds.
func quickMember(slot int, key uint16) quick {
	return quick{
		word: func(f *frame) (string, value.Sight) {
			if v, ok := f.vars[slot].NotedMember(key); ok {
				return v.Clean()
			}
			return "", value.Unsure
		},
		num: func(f *frame) (decimal.Decimal, value.Sight) {
			if v, ok := f.vars[slot].NotedMember(key); ok {
				return v.Exact()
			}
			return decimal.Decimal{}, value.Unsure
		},
	}
}

// quickLet reads a `let`.
func quickLet(i int) quick {
	return quick{
		word: func(f *frame) (string, value.Sight) {
			if v, err := f.let(i); err == nil {
				return v.Clean()
			}
			return "", value.Unsure
		},
		num: func(f *frame) (decimal.Decimal, value.Sight) {
			if v, err := f.let(i); err == nil {
				return v.Exact()
			}
			return decimal.Decimal{}, value.Unsure
		},
	}
}

// branch is one of the results between which an expression chooses.
type branch struct {
	cond func(*frame) (bool, error) // nil: always
	operand
}

// quickChoice takes the first branch whose test passes, nothing where none does.
func quickChoice(branches []branch) quick {
	q := quick{computed: true}
	words, texts, nums := make([]wordCode, len(branches)), make([]textCode, len(branches)), make([]numCode, len(branches))
	allWords, allTexts, allNums := true, true, true
	for i := range branches {
		o := &branches[i].operand
		words[i], texts[i], nums[i] = o.wordy(), o.texty(), o.numeric()
		allWords, allTexts, allNums = allWords && words[i] != nil, allTexts && texts[i] != nil, allNums && nums[i] != nil
		q.computed = q.computed && o.counted()
	}
	choose := func(f *frame) (i int, sight value.Sight) {
		for i := range branches {
			if cond := branches[i].cond; cond != nil {
				ok, err := cond(f)
				if err != nil {
					return 0, value.Unsure
				}
				if !ok {
					continue
				}
			}
			return i, value.Found
		}
		return 0, value.Nothing
	}
	switch {
	case allWords:
		q.word = func(f *frame) (string, value.Sight) {
			i, sight := choose(f)
			if sight != value.Found {
				return "", sight
			}
			return words[i](f)
		}
	case allTexts:
		q.text = func(f *frame, dst []byte) ([]byte, value.Sight) {
			i, sight := choose(f)
			if sight != value.Found {
				return dst, sight
			}
			return texts[i](f, dst)
		}
	}
	if allNums {
		q.num = func(f *frame) (decimal.Decimal, value.Sight) {
			i, sight := choose(f)
			if sight != value.Found {
				return decimal.Decimal{}, sight
			}
			return nums[i](f)
		}
	}
	return q
}

// quickCoalesce takes the left side unless that is missing or null.
func quickCoalesce(left, right *operand) quick {
	q := quick{computed: left.counted() && right.counted()}
	if l, r := left.wordy(), right.wordy(); l != nil && r != nil {
		q.word = func(f *frame) (string, value.Sight) {
			if s, sight := l(f); sight != value.Nothing {
				return s, sight
			}
			return r(f)
		}
	} else if l, r := left.texty(), right.texty(); l != nil && r != nil {
		q.text = func(f *frame, dst []byte) ([]byte, value.Sight) {
			mark := len(dst)
			if out, sight := l(f, dst); sight != value.Nothing {
				return out, sight
			}
			return r(f, dst[:mark])
		}
	}
	if l, r := left.numeric(), right.numeric(); l != nil && r != nil {
		q.num = func(f *frame) (decimal.Decimal, value.Sight) {
			if d, sight := l(f); sight != value.Nothing {
				return d, sight
			}
			return r(f)
		}
	}
	return q
}

// quickJoin puts two texts together; one of them may be nothing.
func quickJoin(left, right *operand) quick {
	l, r := left.texty(), right.texty()
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
		for k := range checked {
			if s[k] >= utf8.RuneSelf {
				return "", value.Unsure
			}
		}
		return s[i:j], value.Found
	}}
}

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
