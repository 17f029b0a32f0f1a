package ecwid

import (
	"bytes"
	"net/http"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

const (
	tokenRefused = "Ecwid refuses the secret token: it is wrong, was withdrawn, or belongs to another store; connect again"
	// unsaidWait is how long to wait where Ecwid does not tell.
	unsaidWait = 10 * time.Second
)

// refusals are what a status does not say. Codes are those of the reference's list of error codes.
var refusals = map[string]error{
	"STORE_NOT_FOUND":                           port.ErrAuth,
	"INVALID_API_TOKEN":                         port.ErrAuth,
	"INSUFFICIENT_APP_SCOPE":                    port.ErrPermission,
	"NOT_AVAILABLE_ON_CURRENT_PLAN":             port.ErrPermission,
	"STORE_IS_SUSPENDED":                        port.ErrPermission,
	"COMBINATION_CONTAINS_REMOVED_OPTION":       port.ErrValidation,
	"COMBINATION_CONTAINS_REMOVED_OPTION_VALUE": port.ErrValidation,
	"NOT_ALLOWED_TO_UPDATE_PARAMETER":           port.ErrValidation,
	"CONSTRAINT_VIOLATION":                      port.ErrValidation,
	"METHOD_NOT_ALLOWED":                        port.ErrProtocol,
}

// decodeError reads the error body, of which every member and the whole may be missing: the status decides, a code makes it finer.
func (c *Client) decodeError(status int, header http.Header, body []byte) port.Error {
	answer := gjson.ParseBytes(body)
	known := gjson.ValidBytes(body) && answer.IsObject()
	if !known && len(bytes.TrimSpace(body)) > 0 && (status == http.StatusNotFound || status == http.StatusMethodNotAllowed) {
		return port.Error{Kind: port.ErrProtocol, Message: "no Ecwid REST API answers at this address: check the connection's url"}
	}
	e := port.Error{Message: answer.Get("errorMessage").String(), Code: answer.Get("errorCode").String()}
	if !known {
		e.Message, e.Code = "", ""
	}
	e.Kind = refusals[e.Code]
	switch {
	case e.Kind != nil:
	case status == http.StatusForbidden && e.Code == "":
		e.Kind = port.ErrAuth // the API answers so to a wrong token, and never with 401
	case status == http.StatusPaymentRequired, strings.HasPrefix(e.Code, "MAX_"):
		e.Kind = port.ErrPermission
	case status == http.StatusMethodNotAllowed:
		e.Kind = port.ErrProtocol
	case status == http.StatusRequestEntityTooLarge, status == http.StatusUnsupportedMediaType, status == http.StatusUnprocessableEntity:
		e.Kind = port.ErrValidation
	case status == http.StatusTooManyRequests:
		if _, told := rest.RetryAfter(header, body, c.now()); !told {
			e.RetryAfter = unsaidWait
		}
	}
	switch {
	case e.Code == "INVALID_API_TOKEN":
		c.refused.Store(true)
		e.Message = tokenRefused
	case e.Code == "STORE_NOT_FOUND":
		e.Message = "there is no store with the storeId of the connection"
	case status == http.StatusForbidden && e.Code == "":
		e.Message = "Ecwid refuses the secret token, or the app lacks the scope for this call"
	case status == http.StatusPaymentRequired && e.Message == "":
		e.Message = "the store's plan does not include this call"
	}
	return e
}
