package sandbox

import (
	"net/http"
	"strconv"

	"github.com/crosswalk-go/crosswalk/connectors/faults"
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

// Internal answers as the API does when it fails.
func Internal(w http.ResponseWriter, _ *http.Request) {
	answerError(w, &apiError{status: http.StatusInternalServerError, code: "INTERNAL_ERROR", message: "Internal server error"})
}

// Throttled answers as the API does when there are too many calls.
func Throttled(seconds int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		answerError(w, &apiError{status: http.StatusTooManyRequests, code: "RATE_LIMITED", message: "Too many requests", retryAfter: seconds})
	}
}

func answerError(w http.ResponseWriter, e *apiError) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	if e.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(e.retryAfter))
	}
	w.WriteHeader(e.status)
	_, _ = w.Write(jsondoc.Encode(e.body()))
}

// FailureWords are how the API says that it fails.
func (s *Sandbox) FailureWords() faults.Words {
	return faults.Words{TooMany: Throttled(1), ServerError: Internal}
}
