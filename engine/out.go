package engine

import (
	"github.com/crosswalk-go/crosswalk/engine/internal/jsontext"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// outNode is a part of the target document while it is built: a finished value, an object or
// a list. A value that is an object opens when a rule writes into it.
type outNode struct {
	form outForm
	leaf value.Value
	keys []string
	kids []*outNode
}

type outForm uint8

const (
	outLeaf outForm = iota
	outObject
	outList
)

// open turns a node into an object that members can be written to; ok is false where
// it holds something else.
func (n *outNode) open() (ok bool) {
	if n.form == outObject {
		return true
	}
	if n.form == outList {
		return false
	}
	switch {
	case n.leaf.Kind() == value.Object:
		for _, f := range n.leaf.Fields() {
			n.keys = append(n.keys, f.Key)
			n.kids = append(n.kids, &outNode{leaf: f.Value})
		}
	case n.leaf.IsEmpty() && n.leaf.Kind() != value.String: // missing, null, or PHP's [] for {}
	default:
		return false
	}
	n.form, n.leaf = outObject, value.Value{}
	return true
}

// child returns the member named key, which is missing at first; nil where n can have no members.
func (n *outNode) child(key string) *outNode {
	if !n.open() {
		return nil
	}
	for i, k := range n.keys {
		if k == key {
			return n.kids[i]
		}
	}
	kid := &outNode{}
	n.keys = append(n.keys, key)
	n.kids = append(n.kids, kid)
	return kid
}

// reserve gives the fields of a new object the order of the rules that may write them, whichever of
// them writes first.
func (n *outNode) reserve(steps []step) {
	for i := range steps {
		at := n
		for _, seg := range steps[i].rel {
			at = at.child(seg.name)
		}
	}
}

// remove takes the member named key out.
func (n *outNode) remove(key string) {
	for i, k := range n.keys {
		if k == key {
			n.keys = append(n.keys[:i], n.keys[i+1:]...)
			n.kids = append(n.kids[:i], n.kids[i+1:]...)
			return
		}
	}
}

func (n *outNode) set(v value.Value) { *n = outNode{leaf: v} }

// absent tells whether nothing was written to n or below it.
func (n *outNode) absent() bool {
	switch n.form {
	case outLeaf:
		return n.leaf.Kind() == value.Missing
	case outList:
		return false
	}
	for _, k := range n.kids {
		if !k.absent() {
			return false
		}
	}
	return len(n.kids) > 0
}

// value returns what stands at n as a value.
func (n *outNode) value() value.Value {
	switch n.form {
	case outLeaf:
		return n.leaf
	case outList:
		items := make([]value.Value, len(n.kids))
		for i, k := range n.kids {
			items[i] = k.value()
		}
		return value.ListOf(items)
	}
	fields := make([]value.Field, 0, len(n.keys))
	for i, k := range n.kids {
		if !k.absent() {
			fields = append(fields, value.Field{Key: n.keys[i], Value: k.value()})
		}
	}
	return value.ObjectOf(fields)
}

// appendJSON appends the document without what is absent; ok is false where dst has become longer than most.
func (n *outNode) appendJSON(dst []byte, most int) (out []byte, ok bool) {
	switch n.form {
	case outLeaf:
		dst = n.leaf.AppendJSON(dst)
		return dst, len(dst) <= most
	case outList:
		dst = append(dst, '[')
		for i, k := range n.kids {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst, ok = k.appendJSON(dst, most); !ok {
				return dst, false
			}
		}
		dst = append(dst, ']')
		return dst, len(dst) <= most
	}
	dst = append(dst, '{')
	first := true
	for i, k := range n.kids {
		if k.absent() {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(jsontext.AppendQuote(dst, n.keys[i]), ':')
		if dst, ok = k.appendJSON(dst, most); !ok {
			return dst, false
		}
	}
	dst = append(dst, '}')
	return dst, len(dst) <= most
}
