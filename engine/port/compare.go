package port

import (
	"context"
	"encoding/json"
)

// Change is one field of a target's document before and after, as JSON text; From is absent for
// a field that is not there.
type Change struct {
	Path string          `json:"path"`
	From json.RawMessage `json:"from,omitempty"`
	To   json.RawMessage `json:"to"`
}

// Comparison is what an update would do. Without changes there is nothing to send.
type Comparison struct {
	Changes []Change
	// Body is what to hand to [Target.Update].
	Body []byte
}

// Comparer is a [Target] with documents that cannot be compared member by member: a mapping writes labels,
// paths and addresses (an option's value, a category's path, an image's URL) where the system has ids,
// or several calls make one document (a product, its variants and its images). A target without it is compared by
// members.
//
// What Create and Update of such a resource take is the document with labels; the connector finds or makes what they name. A document
// that was made half, because a call in the middle failed, is found by its key afterwards, and Compare then
// says what is missing.
type Comparer interface {
	// Compare says what Update would change of have to make it what want asks for. It reads, and
	// writes nothing. Members that want does not hold stay as they are. An error that is [ErrNoProbe] says that
	// the resource's documents can be compared by members.
	Compare(ctx context.Context, resource string, have Document, want []byte) (Comparison, error)
}
