package function

import (
	"fmt"

	"github.com/crosswalk-go/crosswalk/engine/decimal"
)

// Error is what is wrong with an argument. Its message holds no value of a document.
type Error struct {
	Arg   int    // which, from 1
	Param string // the name of its parameter
	Msg   string // "must be a whole number"
	Err   error  // what it comes from, for errors.Is; may be nil
}

// Error returns the message: "digits must be a whole number".
func (e *Error) Error() string { return e.Param + " " + e.Msg }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// failure is an error about argument i, from 0.
func failure(i int, format string, args ...any) *Error {
	return &Error{Arg: i + 1, Msg: fmt.Sprintf(format, args...)}
}

// errTooLarge is the error for a number within a list that is beyond what decimal computes with.
var errTooLarge = fmt.Errorf("a number cannot be computed: %w", decimal.ErrRange)
