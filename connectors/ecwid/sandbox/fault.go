package sandbox

import (
	"io"
	"net/http"
	"slices"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// apiError is a refusal.
type apiError struct {
	status        int
	code, message string
	args          *jsondoc.Object
	retryAfter    int // seconds
}

// body is the error as the API writes it: each member is left out where there is nothing to say.
func (e *apiError) body() *jsondoc.Object {
	o := jsondoc.New("errorMessage", e.message)
	if e.code != "" {
		o.Set("errorCode", e.code)
	}
	if e.args != nil {
		o.Set("args", e.args)
	}
	return o
}

func wrong(message string) *apiError {
	return &apiError{status: http.StatusBadRequest, code: "WRONG_PARAMETER", message: message}
}

func conflict(code, message string) *apiError {
	return &apiError{status: http.StatusConflict, code: code, message: message}
}

func notFound(code, what, id string) *apiError {
	return &apiError{status: http.StatusNotFound, code: code, message: what + " #" + id + " not found"}
}

// Fault is one thing that goes wrong.
type Fault struct {
	Match func(*http.Request) bool // nil is every request
	Times int                      // 0 is once
	// After lets the store do what was asked before Serve answers.
	After bool
	// Serve answers instead of the store.
	Serve http.HandlerFunc
}

// Fault makes requests go wrong, the faults that were asked for first before later ones.
func (s *Sandbox) Fault(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.Times = max(f.Times, 1)
	s.faults = append(s.faults, &f)
}

// Cut drops the connection without an answer.
func Cut(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// Internal answers as the API does when it fails.
func Internal(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(http.StatusInternalServerError)
	_, _ = io.WriteString(w, `{"errorMessage":"Internal server error","errorCode":"INTERNAL_ERROR"}`)
}

func (s *Sandbox) fault(r *http.Request) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.faults, func(f *Fault) bool { return f.Match == nil || f.Match(r) })
	if i < 0 {
		return nil
	}
	f := s.faults[i]
	if f.Times--; f.Times == 0 {
		s.faults = slices.Delete(s.faults, i, i+1)
	}
	return f
}
