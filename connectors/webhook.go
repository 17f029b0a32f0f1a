package connectors

import (
	"errors"
	"net/http"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// ErrSignature is a call that does not prove that the system made it.
var ErrSignature = errors.New("wrong signature")

// Hint is what a webhook says has happened. The document is read again: a hint is never believed.
type Hint struct {
	Entity port.Entity
	// Resource and ID are the system's words; an empty ID means "read what changed".
	Resource, ID string
	// Deleted is true where the document is gone.
	Deleted bool
	// Delivery tells this delivery from others where the system numbers them, so that one that comes twice is known.
	Delivery string
}

// Receiver is a [Connector] whose system calls when documents change.
type Receiver interface {
	// Receive checks the signature of an incoming call, over its raw body and in constant time, and says what it
	// hints at. Its error is [ErrSignature] where the call is not the system's; nothing of the call is in the error.
	// reply is what the system wants to read, nil for an empty answer.
	Receive(r *http.Request, body []byte) (hints []Hint, reply []byte, err error)
}
