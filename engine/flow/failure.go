package flow

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// errStore marks failures of the link and cursor stores: without them no document
// may be sent, so they stop a run.
var errStore = errors.New("the store of links and cursors does not work")

// failureOf makes a document's failure of any error.
func failureOf(err error) *Failure {
	var f *Failure
	if errors.As(err, &f) {
		return f
	}
	var ds engine.Diagnostics
	switch {
	case errors.As(err, &ds):
		return &Failure{Code: FailMapping, Message: err.Error(), Help: helpOf(ds), Values: valuesOf(ds), Err: err}
	case errors.Is(err, errStore):
		return &Failure{Code: FailStore, Message: err.Error(), Err: err}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &Failure{Code: FailInterrupted, Message: "the run was stopped before this document was finished", Err: err}
	case errors.Is(err, port.ErrAuth), errors.Is(err, port.ErrPermission):
		return &Failure{Code: FailAuth, Message: err.Error(), Err: err}
	case errors.Is(err, port.ErrRateLimit), errors.Is(err, port.ErrOutage):
		return &Failure{Code: FailUnreachable, Message: err.Error(), Help: "the next run tries it again", Err: err}
	case errors.Is(err, port.ErrConflict):
		return &Failure{Code: FailConflict, Message: err.Error(), Err: err}
	case errors.Is(err, port.ErrValidation), errors.Is(err, port.ErrNotFound):
		return &Failure{Code: FailRefused, Message: err.Error(), Err: err}
	case errors.Is(err, port.ErrProtocol):
		return &Failure{Code: FailProtocol, Message: err.Error(), Err: err}
	}
	return &Failure{Code: FailInternal, Message: err.Error(), Err: err}
}

// mappingFailure names the mapping that refused a document.
func mappingFailure(what string, err error) error {
	var ds engine.Diagnostics
	if errors.As(err, &ds) {
		return &Failure{Code: FailMapping, Message: fmt.Sprintf("%s: %s", what, ds.Error()), Help: helpOf(ds), Values: valuesOf(ds), Err: err}
	}
	return fmt.Errorf("%s: %w", what, err)
}

// helpOf returns the first help that the diagnostics give.
func helpOf(ds engine.Diagnostics) string {
	for _, d := range ds {
		if d.Help != "" {
			return d.Help
		}
	}
	return ""
}

// mostValues bounds what a failure repeats of a document.
const mostValues = 20

// valuesOf returns the values that took part, each once.
func valuesOf(ds engine.Diagnostics) []engine.Observed {
	var values []engine.Observed
	for _, d := range ds {
		for _, v := range d.Values {
			if len(values) < mostValues && !slices.Contains(values, v) {
				values = append(values, v)
			}
		}
	}
	return values
}
