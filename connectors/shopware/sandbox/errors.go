package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// apiError is one entry of the errors list of an answer. members keeps the order
// in which Shopware writes them, which differs between kinds of errors.
type apiError struct {
	status  int
	members *object
}

// apiErrors is an answer that is an error.
type apiErrors []apiError

// Error makes apiErrors an error value inside the sandbox.
func (es apiErrors) Error() string {
	parts := make([]string, len(es))
	for i, e := range es {
		parts[i] = fmt.Sprintf("%d %s %s", e.status, e.members.Text("code"), e.members.Text("detail"))
	}
	return strings.Join(parts, "; ")
}

// problem is an error with Shopware's own code.
func problem(status int, code, detail string, params any) apiError {
	if params == nil {
		params = []any{}
	}
	return apiError{status, jsondoc.New(
		"status", strconv.Itoa(status), "code", code, "title", http.StatusText(status), "detail", detail,
		"meta", jsondoc.New("parameters", params))}
}

// problemAt is a problem of a member of the criteria.
func problemAt(code, detail, pointer string, params any) apiError {
	return apiError{http.StatusBadRequest, jsondoc.New(
		"status", "400", "code", code, "title", "Bad Request", "detail", detail,
		"source", jsondoc.New("pointer", pointer), "meta", jsondoc.New("parameters", params))}
}

// bare is an error without a code of its own.
func bare(status int, code, title string, detail any) apiError {
	return apiError{status, jsondoc.New("code", code, "status", strconv.Itoa(status), "title", title, "detail", detail)}
}

func httpProblem(status int, detail string) apiError {
	return bare(status, "0", http.StatusText(status), detail)
}

// sqlProblem is a database error that leaks: foreign keys, unique keys, missing defaults.
func sqlProblem(code, detail string) apiError {
	return bare(http.StatusInternalServerError, code, "Internal Server Error",
		"An exception occurred while executing a query: SQLSTATE["+detail)
}

// Codes of Symfony's rules, as the API reports them.
const (
	codeBlank   = "c1051bb4-d103-4f74-8988-acbcafc7fdc3"
	codeNull    = "ad32d13f-c3d4-423b-909a-857b961eb720"
	codeType    = "ba785a8c-82cb-4283-967c-3cf342181b40"
	codeLong    = "d94b19cc-114f-4f44-9cc4-4138e80a87b9"
	codeShort   = "9ff3fdc4-b214-49db-8718-39c315e33d45"
	codeEmail   = "bd79c0ab-ddba-46cc-a703-a7a4b08de310"
	codeMissing = "2fa2158c-2a7f-484b-98aa-975522539ff8"
	codeWrite   = "FRAMEWORK__WRITE_CONSTRAINT_VIOLATION"
)

// violation is a validation error. params are pairs of placeholder and text.
func violation(pointer, code, template string, params ...string) apiError {
	detail := template
	p := jsondoc.New()
	for i := 0; i+1 < len(params); i += 2 {
		detail = strings.ReplaceAll(detail, params[i], params[i+1])
		p.Set(params[i], params[i+1])
	}
	if i := strings.LastIndex(detail, "|"); i >= 0 {
		detail = detail[i+1:]
	}
	var meta any = p
	if len(params) == 0 {
		meta = []any{}
	}
	return apiError{http.StatusBadRequest, jsondoc.New("code", code, "status", "400", "detail", detail, "template", template,
		"meta", jsondoc.New("parameters", meta), "source", jsondoc.New("pointer", pointer))}
}

func blank(pointer string) apiError {
	return violation(pointer, codeBlank, "This value should not be blank.", "{{ value }}", "null")
}

func notNull(pointer string) apiError {
	return violation(pointer, codeNull, "This value should not be null.", "{{ value }}", "null")
}

func wrongType(pointer, want string, got any) apiError {
	text := string(jsondoc.EncodePHP(got))
	if s, ok := got.(string); ok {
		text = strconv.Quote(s)
	}
	return violation(pointer, codeType, "This value should be of type {{ type }}.", "{{ value }}", text, "{{ type }}", want)
}

func tooLong(pointer, got string, limit int) apiError {
	return violation(pointer, codeLong,
		"This value is too long. It should have {{ limit }} character or less.|This value is too long. It should have {{ limit }} characters or less.",
		"{{ value }}", strconv.Quote(got), "{{ limit }}", strconv.Itoa(limit), "{{ value_length }}", strconv.Itoa(len([]rune(got))))
}

func tooShort(pointer, got string, limit int) apiError {
	return violation(pointer, codeShort,
		"This value is too short. It should have {{ limit }} character or more.|This value is too short. It should have {{ limit }} characters or more.",
		"{{ value }}", strconv.Quote(got), "{{ limit }}", strconv.Itoa(limit), "{{ value_length }}", strconv.Itoa(len([]rune(got))))
}

// writeProtected has the field's name twice in its pointer, as the server has.
func writeProtected(pointer, name string) apiError {
	e := violation(pointer+name, codeWrite, "This field is write-protected.")
	meta, _ := e.members.Lookup("meta")
	meta.(*object).Set("parameters", []any{"crud", ""})
	return e
}

func badUUID(pointer, got string) apiError {
	return violation(pointer, codeWrite, `The string "{{ string }}" is not a valid uuid.`, "{{ string }}", got)
}

func unexpectedField(name string) apiError {
	return problem(http.StatusBadRequest, "FRAMEWORK__WRITE_UNEXPECTED_FIELD_ERROR", "Unexpected field: "+name, jsondoc.New("field", name))
}

func missingPrivileges(names []string) apiErrors {
	detail, _ := json.Marshal(map[string]any{"message": "Missing privilege"})
	list, _ := json.Marshal(names)
	text := strings.TrimSuffix(string(detail), "}") + `,"missingPrivileges":` + string(list) + "}"
	return apiErrors{problem(http.StatusForbidden, "FRAMEWORK__MISSING_PRIVILEGE_ERROR", text, nil)}
}

func resourceNotFound(ent *entity, id string) apiErrors {
	return apiErrors{problem(http.StatusNotFound, "FRAMEWORK__RESOURCE_NOT_FOUND",
		fmt.Sprintf("The %s resource with the following primary key was not found: id(%s)", ent.name, id),
		jsondoc.New("type", ent.name, "primaryKey", jsondoc.New("id", id), "primaryKeyString", "id("+id+")"))}
}

const commandClass = `Shopware\Core\Framework\DataAbstractionLayer\Write\Command\`

func wrongIntent(ent *entity, wanted, got, hint string) apiErrors {
	return apiErrors{problem(http.StatusBadRequest, "FRAMEWORK__WRITE_TYPE_INTEND_ERROR",
		fmt.Sprintf("Expected command for %q to be %q. (Got: %s)%s", ent.name, commandClass+wanted, commandClass+got, hint),
		jsondoc.New("definition", ent.name, "expectedClass", commandClass+wanted, "actualClass", commandClass+got))}
}

// writeErrors answers with the errors list; the status is that of the first.
func writeErrors(w http.ResponseWriter, errs apiErrors) {
	list := make([]any, len(errs))
	for i, e := range errs {
		list[i] = e.members
	}
	writeJSON(w, errs[0].status, jsondoc.New("errors", list))
}

// writeFailure answers with whatever error a handler ran into.
func writeFailure(w http.ResponseWriter, err error) {
	var errs apiErrors
	if !errors.As(err, &errs) || len(errs) == 0 {
		errs = apiErrors{httpProblem(http.StatusInternalServerError, err.Error())}
	}
	writeErrors(w, errs)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(jsondoc.EncodePHP(v)) // the client went away: nobody is left to tell
}
