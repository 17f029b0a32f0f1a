package engine

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"

	"github.com/crosswalk-go/crosswalk/engine/internal/function"
	"github.com/crosswalk-go/crosswalk/engine/internal/shape"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

func (c *compiler) array(n *ast.ArrayNode) operand {
	items := make([]operand, len(n.Nodes))
	var item *shape.Shape
	constants := true
	for i, node := range n.Nodes {
		items[i] = c.compile(node)
		item = shape.Union(item, items[i].shape)
		constants = constants && items[i].konst != nil
	}
	s := shape.ListOf(item)
	if item == nil {
		s = shape.ListOf(shape.Of(value.NoKind))
	}
	if constants {
		vs := make([]value.Value, len(items))
		for i, o := range items {
			vs[i] = *o.konst
		}
		return constant(value.ListOf(vs), s, n)
	}
	text, loc := c.text, n.Location()
	run := func(f *frame) (value.Value, error) {
		if err := f.budget.Bytes(int64(len(items)) * valueBytes); err != nil {
			return value.Value{}, asFault(err, text, loc.From, loc.To)
		}
		vs := f.arena.Values(len(items))
		for i, o := range items {
			var err error
			if vs[i], err = o.run(f); err != nil {
				return value.Value{}, err
			}
		}
		return f.made(f.arena.ListOf(vs), text, loc.From, loc.To)
	}
	return operand{run: run, shape: s, node: n}
}

func (c *compiler) object(n *ast.MapNode) operand {
	type pair struct {
		key  operand
		name string
		val  operand
	}
	pairs := make([]pair, len(n.Pairs))
	var order []string
	props := map[string]*shape.Shape{}
	open := false
	for i, node := range n.Pairs {
		p := node.(*ast.PairNode)
		pairs[i].val = c.compile(p.Value)
		if key, ok := p.Key.(*ast.StringNode); ok {
			pairs[i].name = key.Value
			if props[key.Value] != nil {
				c.reportAt(key, codeDuplicate, fmt.Sprintf("the object names %q twice", key.Value), "")
			} else {
				order = append(order, key.Value)
			}
			props[key.Value] = pairs[i].val.shape
			continue
		}
		pairs[i].key = c.compile(p.Key)
		open = true
	}
	s := shape.NewObject(order, props)
	if open {
		s = shape.Of(value.Objects)
	}
	text, loc := c.text, n.Location()
	run := func(f *frame) (value.Value, error) {
		if err := f.budget.Bytes(int64(len(pairs)) * 2 * valueBytes); err != nil {
			return value.Value{}, asFault(err, text, loc.From, loc.To)
		}
		fields := make([]value.Field, 0, len(pairs))
		for _, p := range pairs {
			v, err := p.val.run(f)
			if err != nil {
				return v, err
			}
			name := p.name
			if p.key.run != nil {
				k, err := p.key.run(f)
				if err != nil {
					return k, err
				}
				var ok bool
				if name, ok = function.KeyText(k); !ok {
					return value.Value{}, &fault{text: text, from: loc.From, to: loc.To, code: codeKinds,
						msg: fmt.Sprintf("%s cannot be the name of a member", article(k.Kind().String()))}
				}
			}
			fields = setField(fields, name, v)
		}
		return f.made(value.ObjectOf(fields), text, loc.From, loc.To)
	}
	return operand{run: run, shape: s, node: n}
}

// setField adds a member or replaces the one with that name.
func setField(fields []value.Field, name string, v value.Value) []value.Field {
	for i := range fields {
		if fields[i].Key == name {
			fields[i].Value = v
			return fields
		}
	}
	return append(fields, value.Field{Key: name, Value: v})
}

func (c *compiler) slice(n *ast.SliceNode) operand {
	base := c.compile(n.Node)
	if k := base.shape.Kinds &^ value.Nil; k != 0 && k&(value.Lists|value.Strings) == 0 {
		c.reportAt(n, codeOperands, fmt.Sprintf("%s has no parts", article(k.String())), "lists and strings can be cut")
		return c.broken(n)
	}
	bound := func(node ast.Node) (code, *operand) {
		if node == nil {
			return nil, nil
		}
		o := c.compile(node)
		return o.run, &o
	}
	from, first := bound(n.From)
	to, last := bound(n.To)
	text, loc := c.text, n.Location()
	place := func(f *frame, b code, absent, length int) (int, error) {
		if b == nil {
			return absent, nil
		}
		v, err := b(f)
		if err != nil {
			return 0, err
		}
		i, ok := wholeNumber(v)
		if !ok {
			return 0, &fault{text: text, from: loc.From, to: loc.To, code: codeKinds, msg: "the bounds of a part are whole numbers"}
		}
		if i < 0 {
			i += length
		}
		return min(max(i, 0), length), nil
	}
	run := func(f *frame) (value.Value, error) {
		v, err := base.run(f)
		if err != nil || v.IsNil() {
			return value.Value{}, err
		}
		var items []value.Value
		var word string
		length := 0
		switch v.Kind() {
		case value.List:
			mark := len(f.stack)
			defer f.drop(mark)
			items = f.items(v)
			length = len(items)
		case value.String:
			word = v.Str()
			length = utf8.RuneCountInString(word)
		default:
			return value.Value{}, &fault{text: text, from: loc.From, to: loc.To, code: codeKinds, msg: fmt.Sprintf("%s has no parts", article(v.Kind().String()))}
		}
		if err := f.budget.Step(length >> 5); err != nil {
			return value.Value{}, asFault(err, text, loc.From, loc.To)
		}
		i, err := place(f, from, 0, length)
		if err != nil {
			return value.Value{}, err
		}
		j, err := place(f, to, length, length)
		if err != nil {
			return value.Value{}, err
		}
		j = max(i, j)
		if v.Kind() == value.String {
			if length < len(word) { // some characters are more than a byte
				i, j = byteOffset(word, i), byteOffset(word, j)
			}
			return value.Text(word[i:j]), nil
		}
		if err := f.budget.Bytes(8 * int64(j-i)); err != nil {
			return value.Value{}, asFault(err, text, loc.From, loc.To)
		}
		return value.ListOf(slices.Clone(items[i:j])), nil
	}
	part := base.shape.Without(value.Nil).With(missingFor(base.shape))
	if part.Enum != nil { // a part of a word is another word
		any := *part
		any.Enum, any.Const = nil, false
		part = &any
	}
	return operand{run: run, shape: part, node: n, items: base.elements(), quick: quickSlice(&base, first, last)}
}

// byteOffset returns where character n of s begins.
func byteOffset(s string, n int) int {
	for i := range s {
		if n == 0 {
			return i
		}
		n--
	}
	return len(s)
}
