package engine

import (
	"github.com/crosswalk-go/crosswalk/engine/decimal"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// quick is the code of an operand for the values that ordinary documents have: plain texts and numbers, handed on
// without making values of them. Each part looks at what `run` would look at and says [value.Found] or
// [value.Nothing] only where run gives the same without a failure; where it says [value.Unsure], run is asked. So
// failures, odd kinds and escapes are the business of run alone. All parts may be nil.
type quick struct {
	word wordCode // where the text lies in the document or was made before
	text textCode // where the text is put together
	// piece is text for who puts texts together: one with escapes in the document is Found as well, and written with
	// those that are needed.
	piece textCode
	list  textCode // appends a list as JSON text
	num   numCode
	// computed is true where the number is never one that the document has as it stands.
	computed bool
}

// wordCode finds a text that needs no escapes in JSON.
type wordCode func(f *frame) (string, value.Sight)

// textCode appends a text to dst as JSON writes it, without quotes; where it is not Found, what it appended means nothing.
type textCode func(f *frame, dst []byte) ([]byte, value.Sight)

// numCode computes a number whose decimal is written as the value would be.
type numCode func(f *frame) (decimal.Decimal, value.Sight)

// maxDoubts bounds how often a document may be computed once quickly and once more in full. An expression may nest such
// places, so that each level would double the work of those below it.
const maxDoubts = 1 << 12

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

// pieces returns what appends the operand's text to others, nil where nothing quick does.
func (o *operand) pieces() textCode {
	if o.piece != nil {
		return o.piece
	}
	return o.texty()
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
		word:  func(f *frame) (string, value.Sight) { return f.rows[number].Clean(n) },
		piece: func(f *frame, dst []byte) ([]byte, value.Sight) { return f.rows[number].AppendText(n, dst) },
		num:   func(f *frame) (decimal.Decimal, value.Sight) { return f.rows[number].Exact(n) },
	}
}

// quickSlot reads what a slot holds.
func quickSlot(slot int) quick {
	return quick{
		word:  func(f *frame) (string, value.Sight) { return f.vars[slot].Clean() },
		piece: func(f *frame, dst []byte) ([]byte, value.Sight) { return f.vars[slot].AppendText(dst) },
		num:   func(f *frame) (decimal.Decimal, value.Sight) { return f.vars[slot].Exact() },
	}
}

// quickMember reads a member of what a slot holds.
func quickMember(slot int, key uint16) quick {
	return quick{
		word: func(f *frame) (string, value.Sight) { return f.vars[slot].CleanMember(key) },
		num:  func(f *frame) (decimal.Decimal, value.Sight) { return f.vars[slot].ExactMember(key) },
	}
}

// quickLet reads a `let`.
func quickLet(i int) quick {
	return quick{
		word: func(f *frame) (string, value.Sight) {
			if cell := f.letCell(i); cell.err == nil {
				return cell.value.Clean()
			}
			return "", value.Unsure
		},
		piece: func(f *frame, dst []byte) ([]byte, value.Sight) {
			if cell := f.letCell(i); cell.err == nil {
				return cell.value.AppendText(dst)
			}
			return dst, value.Unsure
		},
		num: func(f *frame) (decimal.Decimal, value.Sight) {
			if cell := f.letCell(i); cell.err == nil {
				return cell.value.Exact()
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
	conds := make([]func(*frame) (bool, error), len(branches))
	for i := range branches {
		conds[i] = branches[i].cond
	}
	// choose returns the number of the branch, -1 where no test passes and -2 where one fails.
	choose := func(f *frame) int {
		for i, cond := range conds {
			if cond == nil {
				return i
			}
			if ok, err := cond(f); err != nil {
				return -2
			} else if ok {
				return i
			}
		}
		return -1
	}
	if len(conds) == 2 && conds[0] != nil && conds[1] == nil { // as most are
		choose = func(f *frame) int {
			switch ok, err := conds[0](f); {
			case err != nil:
				return -2
			case ok:
				return 0
			}
			return 1
		}
	}
	none := func(i int) value.Sight {
		if i == -1 {
			return value.Nothing
		}
		return value.Unsure
	}
	switch {
	case allWords:
		q.word = func(f *frame) (string, value.Sight) {
			if i := choose(f); i >= 0 {
				return words[i](f)
			} else {
				return "", none(i)
			}
		}
	case allTexts:
		q.text = func(f *frame, dst []byte) ([]byte, value.Sight) {
			i := choose(f)
			if i < 0 {
				return dst, none(i)
			}
			return texts[i](f, dst)
		}
	}
	if allNums {
		q.num = func(f *frame) (decimal.Decimal, value.Sight) {
			i := choose(f)
			if i < 0 {
				return decimal.Decimal{}, none(i)
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
	if l, r := left.pieces(), right.pieces(); l != nil && r != nil {
		q.piece = func(f *frame, dst []byte) ([]byte, value.Sight) {
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

// quickCode is the code of a let: a value that is made of what is found quickly, else what run makes.
func (o *operand) quickCode() code {
	run := o.run
	attempt := func(find func(f *frame) (value.Value, value.Sight)) code {
		return func(f *frame) (value.Value, error) {
			if f.sure() {
				if v, sight := find(f); sight == value.Found {
					return v, nil
				}
				f.doubts++
			}
			return run(f)
		}
	}
	switch {
	case o.konst != nil || o.path != nil || o.let > 0:
		return run
	case o.test != nil:
		return run
	case o.computed && o.num != nil:
		num := o.num
		return attempt(func(f *frame) (value.Value, value.Sight) {
			d, sight := num(f)
			return value.Decimal(d), sight
		})
	case o.word != nil:
		word := o.word
		return attempt(func(f *frame) (value.Value, value.Sight) {
			s, sight := word(f)
			return value.CleanText(s), sight
		})
	}
	return run
}
