package sandbox

import (
	"fmt"
	"net/http"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// apiError is a refusal in the vendor's form. Its codes are text: the zero at the end of 404.20 counts. The codes for wrong
// signatures and for documents that do not fit their schema are not known; 401.10 and 400.10 stand in.
type apiError struct {
	status  int
	code    string
	message string
}

func (e *apiError) body() *object {
	return jsondoc.New("status", e.status, "code", e.code, "developermessage", e.message)
}

func refuse(format string, args ...any) *apiError {
	return &apiError{http.StatusBadRequest, "400.10", fmt.Sprintf(format, args...)}
}

func unknownResource(name string) *apiError {
	return &apiError{http.StatusNotFound, "404.20", "The resource " + name + " does not exist."}
}

func unknownID(what string, id int) *apiError {
	return &apiError{http.StatusInternalServerError, "500.24", fmt.Sprintf("No %s found with id %d.", what, id)}
}

func exists(format string, args ...any) *apiError {
	return &apiError{http.StatusInternalServerError, "500.40", fmt.Sprintf(format, args...)}
}

func notNow(format string, args ...any) *apiError {
	return &apiError{http.StatusInternalServerError, "500.70", fmt.Sprintf(format, args...)}
}
