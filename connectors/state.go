package connectors

import "slices"

// Stateful is a [Sandbox] that shows what it holds, to people who look at it.
type Stateful interface {
	// State lists the kinds of documents, each with its newest ones, at most that many.
	State(newest int) []Holding
}

// Holding is what a sandbox holds of one kind of document.
type Holding struct {
	Kind   string // as the system calls it
	Count  int
	Newest [][]byte // documents as JSON, the last one made first
}

// Hold describes a list of documents in the order in which they were made.
func Hold[T any](kind string, list []T, newest int, encode func(T) []byte) Holding {
	h := Holding{Kind: kind, Count: len(list)}
	for _, v := range slices.Backward(list) {
		if len(h.Newest) >= newest {
			break
		}
		h.Newest = append(h.Newest, encode(v))
	}
	return h
}
