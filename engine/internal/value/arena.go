package value

import "unsafe"

// Arena makes the lists of one document out of a few large pieces of memory. What it made is void after
// Reset. The zero Arena is ready for use.
type Arena struct {
	values []Value
	nodes  []node
}

// Sizes of the pieces, in elements. A piece that is full is left to the garbage collector, which
// keeps it as long as something refers to it.
const (
	arenaValues = 256
	arenaNodes  = 32
)

// Values returns room for n values.
func (a *Arena) Values(n int) []Value {
	if len(a.values)+n > cap(a.values) {
		a.values = make([]Value, 0, max(arenaValues, n))
	}
	mark := len(a.values)
	a.values = a.values[:mark+n]
	return a.values[mark : mark+n : mark+n]
}

// ListOf is the function ListOf with its node in the arena.
func (a *Arena) ListOf(items []Value) Value {
	if len(a.nodes) == cap(a.nodes) {
		a.nodes = make([]node, 0, arenaNodes)
	}
	a.nodes = a.nodes[:len(a.nodes)+1]
	n := &a.nodes[len(a.nodes)-1]
	n.items, n.weight = items, 2
	for i := range items {
		n.hold(&items[i])
	}
	return Value{kind: List, form: formTree, p: unsafe.Pointer(n)}
}

// Reset takes back everything.
func (a *Arena) Reset() {
	if len(a.values)+len(a.nodes) == 0 {
		return
	}
	clear(a.values)
	clear(a.nodes)
	a.values, a.nodes = a.values[:0], a.nodes[:0]
	if cap(a.values) > 16*arenaValues {
		a.values = nil
	}
}
