package eaccounting

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// codeBadFilter is what the API answers to a $filter by a member that it cannot filter by.
const codeBadFilter = "6000"

// decode reads the body of an error: ErrorCode, DeveloperErrorMessage, ErrorId
// (https://developer.vismaonline.com/docs/error-codes). Framework failures lack it;
// what is left empty here follows from the status.
func decode(status int, _ http.Header, body []byte) port.Error {
	e := port.Error{}
	code := gjson.GetBytes(body, "ErrorCode")
	if code.Type == gjson.Number {
		e.Code = code.Raw
		e.Kind = kindOf(status, int(code.Int()))
	}
	e.Message = gjson.GetBytes(body, "DeveloperErrorMessage").String()
	e.Field = fieldOf(e.Message)
	if id := gjson.GetBytes(body, "ErrorId").String(); id != "" && e.Message != "" {
		e.Message += " (ErrorId " + id + ")" // what the vendor's support asks for
	}
	return e
}

// kindOf is the kind of a code where it says more than the status; nil where the status decides.
func kindOf(status, code int) error {
	switch code {
	case 4005:
		return port.ErrAuth
	case 4010:
		return port.ErrRateLimit
	case 4000:
		return port.ErrConflict
	case 4002:
		// Two meanings: a module that the company lacks, or a document that
		// cannot be made as it is.
		if status == http.StatusForbidden {
			return port.ErrPermission
		}
		return port.ErrValidation
	case 3003, 4003, 4004, 4006, 4007, 4009, 4011, 4012, 4019:
		// A person must change a setting; asking for consent again would not help.
		return port.ErrPermission
	}
	return nil
}

// named finds the member that a message is about.
var named = regexp.MustCompile(`(?:^|- )The (?:field (\w+)|(\w+) field) (?:is|must|has|names)\b`)

func fieldOf(message string) string {
	m := named.FindStringSubmatch(message)
	if m == nil {
		return ""
	}
	return m[1] + m[2]
}

// quoted writes a string literal of $filter.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// isGUID tells whether s can be an id; others would be answered by 400.
func isGUID(s string) bool { return guid.MatchString(s) }

var guid = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)

func isNumber(s string) bool {
	_, err := strconv.ParseUint(s, 10, 31)
	return err == nil
}
