package sandbox

import (
	"fmt"
	"net/http"
)

// apiError is an answer of the API that is not a success.
type apiError struct {
	status int
	code   int
	text   string // "<exception name> - <text>"
}

func (e *apiError) Error() string { return fmt.Sprintf("%d/%d %s", e.status, e.code, e.text) }

func invalid(format string, args ...any) *apiError {
	return &apiError{http.StatusBadRequest, 2000, "ValidationException - " + fmt.Sprintf(format, args...)}
}

func notFound(what string) *apiError {
	return &apiError{http.StatusNotFound, 3000, "NotFoundException - The " + what + " was not found."}
}

// missing is for an id inside a body that names nothing.
func (s *Sandbox) missing(code int, what string) *apiError {
	status := http.StatusBadRequest
	if s.set.Unproven.MissingInBodyIs404 {
		status = http.StatusNotFound
	}
	return &apiError{status, code, "NotFoundException - The " + what + " was not found."}
}

func duplicate(what string) *apiError {
	return &apiError{http.StatusConflict, 4000, "DuplicateException - " + what + " already exists."}
}

func hasDependants(what string) *apiError {
	return &apiError{http.StatusBadRequest, 4001, "DeleteException - The " + what + " is in use and cannot be deleted."}
}

func unauthorized() *apiError {
	return &apiError{http.StatusUnauthorized, 4005, "AuthorizationException - Authorization has been denied for this request."}
}

func noModule(name string) *apiError {
	return &apiError{http.StatusForbidden, 4002, "ModuleException - No access to module: " + name}
}

func forbidden(code int, text string) *apiError {
	return &apiError{http.StatusForbidden, code, "AuthorizationException - " + text}
}

func badFilter(format string, args ...any) *apiError {
	return &apiError{http.StatusBadRequest, 6000, "ODataException - " + fmt.Sprintf(format, args...)}
}

func badDate(text string) *apiError {
	return &apiError{http.StatusBadRequest, 6001, "DateFormatException - " + clip(text) + " is not a valid date."}
}

func tooManyCalls(limit, seconds int) *apiError {
	return &apiError{http.StatusTooManyRequests, 4010, fmt.Sprintf(
		"API calls quota exceeded! maximum admitted %d per Minute. Try again in %d seconds.", limit, seconds)}
}

func unhandled() *apiError {
	return &apiError{http.StatusInternalServerError, 5000, "Exception - An unhandled error occurred."}
}
