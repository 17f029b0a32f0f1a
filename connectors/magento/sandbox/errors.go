package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// apiError is an error answer. Messages of the business layer keep their placeholders: %1 with a list of
// parameters, %name with an object of them.
type apiError struct {
	status  int
	message string
	params  any // []any, *object or nil
	errors  []any
	plain   bool // PHP fell over: a line of text instead of JSON
}

// Error is the message with its placeholders.
func (e *apiError) Error() string { return fmt.Sprintf("%d %s", e.status, e.message) }

func (e *apiError) body() *object {
	o := jsondoc.New("message", e.message)
	if len(e.errors) > 0 {
		o.Set("errors", e.errors)
	}
	if e.params != nil {
		o.Set("parameters", e.params)
	}
	return o
}

// refuse is a business error with positional parameters.
func refuse(message string, params ...any) *apiError {
	e := &apiError{status: http.StatusBadRequest, message: message}
	if len(params) > 0 {
		e.params = params
	}
	return e
}

func missing(message string, params ...any) *apiError {
	e := refuse(message, params...)
	e.status = http.StatusNotFound
	return e
}

const (
	requiredMessage = `"%fieldName" is required. Enter and try again.`
	noSuchEntity    = "No such entity with %fieldName = %fieldValue"
	noProduct       = "The product that was requested doesn't exist. Verify the product and try again."
	noSalesEntity   = "The entity that was requested doesn't exist. Verify the entity and try again."
	noSKU           = `The Product with the "%1" SKU doesn't exist.`
	duplicateURLKey = "URL key for specified store already exists."
	crashed         = "An error has happened during application run. See exception log for details.\n"
)

// required names one missing field, or all of them in a list.
func required(fields ...string) *apiError {
	named := func(f string) *object { return jsondoc.New("fieldName", f) }
	if len(fields) == 1 {
		return &apiError{status: http.StatusBadRequest, message: requiredMessage, params: named(fields[0])}
	}
	e := &apiError{status: http.StatusBadRequest, message: "One or more input exceptions have occurred."}
	for _, f := range fields {
		e.errors = append(e.errors, jsondoc.New("message", requiredMessage, "parameters", named(f)))
	}
	return e
}

func noEntity(field string, value any) *apiError {
	return &apiError{status: http.StatusNotFound, message: noSuchEntity, params: jsondoc.New("fieldName", field, "fieldValue", value)}
}

func unsupported(member string) *apiError {
	return &apiError{status: http.StatusBadRequest, message: `"%fieldName" is not supported. Correct the field name and try again.`,
		params: jsondoc.New("fieldName", upperCamel(member))}
}

// wrongType has its words filled in: it comes from the web API layer itself.
func wrongType(member string, value any, want string) *apiError {
	what := fmt.Sprintf("The %q value's type is invalid. The %q type was expected. Verify and try again.", typeText(value), want)
	if member != "" {
		what = fmt.Sprintf("Error occurred during %q processing. ", member) + what
	}
	return refuse(what)
}

func typeText(v any) string {
	switch v := v.(type) {
	case *object, []any:
		return string(jsondoc.EncodePHP(v))
	case bool:
		return fmt.Sprint(v)
	}
	return text(v)
}

// hidden is what Magento says of a fault that it does not want to tell, such as an unknown column.
func hidden(id int) *apiError {
	return &apiError{status: http.StatusInternalServerError,
		message: fmt.Sprintf("Internal Error. Details are available in Magento log file. Report ID: webapi-%013x", id)}
}

func phpCrash() *apiError {
	return &apiError{status: http.StatusInternalServerError, message: crashed, plain: true}
}

func unauthorized(message string, params any) *apiError {
	return &apiError{status: http.StatusUnauthorized, message: message, params: params}
}

// upperCamel is FooBar of foo_bar and of fooBar.
func upperCamel(name string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(name, "_") {
		if part != "" {
			b.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	return b.String()
}

// snake is foo_bar of fooBar.
func snake(name string) string {
	var b strings.Builder
	for i, r := range name {
		if r >= 'A' && r <= 'Z' {
			if i > 0 {
				b.WriteByte('_')
			}
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// isNumber tells whether v is a number, or text that PHP takes for one.
func isNumber(v any) bool {
	switch v := v.(type) {
	case json.Number:
		return true
	case string:
		t := strings.TrimSpace(v)
		return t != "" && json.Valid([]byte(t)) && strings.ContainsAny(t[:1], "-0123456789")
	}
	return false
}
