package port

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kinds of failures of a system, matched with errors.Is.
var (
	ErrAuth       = errors.New("not authorised")              // credentials are wrong or were withdrawn
	ErrPermission = errors.New("not permitted")               // the account lacks a right, scope or module
	ErrNotFound   = errors.New("not found")                   // the document does not exist
	ErrConflict   = errors.New("already exists")              // a unique value is taken
	ErrValidation = errors.New("refused")                     // the system refuses the document as it is
	ErrRateLimit  = errors.New("too many calls")              // come back after RetryAfter
	ErrOutage     = errors.New("not reachable")               // nothing was done; a repeat is safe
	ErrInDoubt    = errors.New("in doubt")                    // the call may have been carried out
	ErrProtocol   = errors.New("answer not understood")       // the system answered something unexpected
	ErrNoProbe    = errors.New("cannot be asked by this key") // the key cannot be probed
)

// Error is a failure of a system. It never holds a secret.
type Error struct {
	Kind       error         // one of the Err values above
	System     string        // "eaccounting"
	Op         string        // "POST /v2/customers"
	Status     int           // HTTP status, 0 without an answer
	Code       string        // the vendor's code
	Field      string        // the member that the vendor names, if any
	Message    string        // the vendor's words
	RetryAfter time.Duration // how long to wait, 0 if not told
	Err        error         // the cause, if any
}

// Error says system, operation, kind and the vendor's words in one line.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s: %v", e.System, e.Op, e.Kind)
	if e.Status != 0 {
		fmt.Fprintf(&b, " (HTTP %d", e.Status)
		if e.Code != "" {
			fmt.Fprintf(&b, ", code %s", e.Code)
		}
		b.WriteByte(')')
	}
	if e.Field != "" {
		fmt.Fprintf(&b, ": %s", e.Field)
	}
	if e.Message != "" {
		fmt.Fprintf(&b, ": %s", e.Message)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

// Unwrap gives the kind and the cause to errors.Is and errors.As.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

// Retryable tells whether the same call may be repeated as it is.
func Retryable(err error) bool {
	return errors.Is(err, ErrRateLimit) || errors.Is(err, ErrOutage)
}
