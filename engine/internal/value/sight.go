package value

import (
	"unicode/utf8"

	"github.com/crosswalk-go/crosswalk/engine/decimal"
	"github.com/crosswalk-go/crosswalk/engine/internal/jsontext"
)

// Sight is what a quick look at a value tells. The quick readers of this file look at the forms that
// values of ordinary documents have; whoever meets Unsure asks the value itself.
type Sight uint8

// What a quick look tells.
const (
	Unsure  Sight = iota // something else, or something that takes a closer look
	Nothing              // missing or null
	Found
)

// TextOf is the function Text for a string that outlives many documents: its characters are looked at once.
func TextOf(s string) Value {
	v := Text(s)
	v.scale = look(s)
	return v
}

// CleanText is the function Text for characters that are known to need no escapes in JSON.
func CleanText(s string) Value {
	v := Text(s)
	v.scale = clean
	return v
}

// look finds what is to be known of characters.
func look(s string) int32 {
	if !utf8.ValidString(s) {
		return 0
	}
	known := int32(clean | ascii)
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ' || c == '"' || c == '\\':
			known &^= clean
		case c >= utf8.RuneSelf:
			known &^= ascii
		}
	}
	return known
}

// Clean returns the characters of a string that needs no escapes in JSON.
func (v Value) Clean() (string, Sight) {
	if v.kind == String && v.scale&clean != 0 {
		if v.form == formRaw {
			return v.text()[1 : v.n-1], Found
		}
		return v.text(), Found
	}
	if v.IsNil() {
		return "", Nothing
	}
	return "", Unsure
}

// AppendText appends the characters of a string as JSON writes them, without quotes and with no escapes but those
// that are needed.
func (v Value) AppendText(dst []byte) ([]byte, Sight) {
	s, sight := v.Clean()
	switch {
	case sight == Found:
		return append(dst, s...), Found
	case v.kind == String && v.form == formRaw:
		return jsontext.AppendUnquoted(dst, v.text()), Found
	}
	return dst, sight
}

// Exact returns a number that is written as its decimal is: not 1e2 and not -0.
func (v Value) Exact() (decimal.Decimal, Sight) {
	switch {
	case v.kind != Number:
		if v.IsNil() {
			return decimal.Decimal{}, Nothing
		}
		return decimal.Decimal{}, Unsure
	case v.form == formDec:
		d, _ := v.Dec()
		return d, Found
	}
	return exact(v.text())
}

// exact reads a JSON number of at most eighteen digits without an exponent.
func exact(s string) (decimal.Decimal, Sight) {
	negative := s[0] == '-'
	i := 0
	if negative {
		i = 1
	}
	if len(s) > 18 {
		return decimal.Decimal{}, Unsure
	}
	n, point := int64(0), 0
	for ; i < len(s); i++ {
		c := s[i] - '0'
		if c > 9 {
			if s[i] != '.' {
				return decimal.Decimal{}, Unsure
			}
			point = i + 1
			continue
		}
		n = n*10 + int64(c)
	}
	if negative {
		if n == 0 {
			return decimal.Decimal{}, Unsure
		}
		n = -n
	}
	if point > 0 {
		point = len(s) - point
	}
	return decimal.New(n, point), Found
}

// Part returns characters i to j of a string, as far as that is quick.
func (v Value) Part(i, j int) (part Value, ok bool) {
	if v.kind != String || v.scale&ascii == 0 {
		return Value{}, false
	}
	part = Text(v.Str()[i:j])
	part.scale = v.scale
	return part, true
}

// Scalar returns a boolean, a number of the source or a string that needs no escapes, as text.
func (v Value) Scalar() (string, Sight) {
	if (v.kind == Number || v.kind == Bool) && v.form == formRaw {
		return v.text(), Found
	}
	return v.Clean()
}

// CleanMember is [Value.Clean] of a member of an object on a tape that has noted such members.
func (v *Value) CleanMember(key uint16) (string, Sight) {
	if v.form != formTape || !v.Noted(key) {
		return "", Unsure
	}
	t := v.tape()
	return t.clean(t.find(v.n, key))
}

// ExactMember is [Value.Exact] of such a member.
func (v *Value) ExactMember(key uint16) (decimal.Decimal, Sight) {
	if v.form != formTape || !v.Noted(key) {
		return decimal.Decimal{}, Unsure
	}
	t := v.tape()
	return t.exact(t.find(v.n, key))
}

// clean is [Value.Clean] of node n - 1, where n is not 0.
func (t *Tape) clean(n uint32) (string, Sight) {
	if n == 0 {
		return "", Nothing
	}
	node := &t.nodes[n-1]
	switch {
	case node.kind == String && node.chars&clean != 0:
		return t.src[node.start+1 : node.end-1], Found
	case node.kind == Null:
		return "", Nothing
	}
	return "", Unsure
}

// exact is [Value.Exact] of node n - 1, where n is not 0.
func (t *Tape) exact(n uint32) (decimal.Decimal, Sight) {
	if n == 0 {
		return decimal.Decimal{}, Nothing
	}
	node := &t.nodes[n-1]
	switch node.kind {
	case Number:
		return exact(t.src[node.start:node.end])
	case Null:
		return decimal.Decimal{}, Nothing
	}
	return decimal.Decimal{}, Unsure
}

// Clean is [Value.Clean] of what stands at a path.
func (row *Row) Clean(n *ViewNode) (string, Sight) {
	if row.tape == nil || row.cells[n.Cell] == cellOdd {
		return "", Unsure
	}
	return row.tape.clean(row.cells[n.Cell])
}

// Exact is [Value.Exact] of what stands at a path.
func (row *Row) Exact(n *ViewNode) (decimal.Decimal, Sight) {
	if row.tape == nil || row.cells[n.Cell] == cellOdd {
		return decimal.Decimal{}, Unsure
	}
	return row.tape.exact(row.cells[n.Cell])
}

// AppendText is [Value.AppendText] of what stands at a path.
func (row *Row) AppendText(n *ViewNode, dst []byte) ([]byte, Sight) {
	node := row.node(n)
	if node == nil {
		return dst, row.absent(n)
	}
	return row.tape.at(row.cells[n.Cell] - 1).AppendText(dst)
}

// Scalar is [Value.Scalar] of what stands at a path.
func (row *Row) Scalar(n *ViewNode) (string, Sight) {
	if node := row.node(n); node != nil && (node.kind == Number || node.kind == Bool) {
		return row.tape.src[node.start:node.end], Found
	}
	return row.Clean(n)
}

// node returns what stands at a path, nil where nothing does or the row does not know.
func (row *Row) node(n *ViewNode) *tapeNode {
	if row.tape == nil {
		return nil
	}
	if c := row.cells[n.Cell]; c != 0 && c != cellOdd {
		return &row.tape.nodes[c-1]
	}
	return nil
}

// absent tells why a row has no node at a path.
func (row *Row) absent(n *ViewNode) Sight {
	if row.tape == nil || row.cells[n.Cell] == cellOdd {
		return Unsure
	}
	return Nothing
}

// Cursor walks over the elements of a list without making room for them.
type Cursor struct {
	tape    *Tape
	at, end uint32
	items   []Value
}

// Elements returns a cursor before the first element of a list; of any other kind there are none.
func (v Value) Elements() Cursor {
	if v.form == formTape && v.kind == List {
		t := v.tape()
		return Cursor{tape: t, at: uint32(v.n) + 1, end: t.nodes[v.n].next}
	}
	return Cursor{items: v.Items()}
}

// Next returns the next element; ok is false where there is none.
func (c *Cursor) Next() (v Value, ok bool) {
	if c.tape != nil {
		if c.at >= c.end {
			return Value{}, false
		}
		v = c.tape.at(c.at)
		c.at = c.tape.nodes[c.at].next
		return v, true
	}
	if len(c.items) == 0 {
		return Value{}, false
	}
	v, c.items = c.items[0], c.items[1:]
	return v, true
}
