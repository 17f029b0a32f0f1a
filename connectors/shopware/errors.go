package shopware

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// decodeError reads the errors list, which is the shape of every error of the API, that of
// the token endpoint included. Whatever stands in front of a shop answers in HTML.
func decodeError(status int, _ http.Header, body []byte) port.Error {
	list := gjson.GetBytes(body, "errors")
	if !gjson.ValidBytes(body) || !list.IsArray() || len(list.Array()) == 0 {
		return foreignAnswer(status)
	}
	first := list.Array()[0]
	e := port.Error{Code: first.Get("code").String(), Field: fieldOf(first.Get("source.pointer").String()), Message: messageOf(list.Array())}
	if s := first.Get("meta.parameters.seconds").Int(); status == http.StatusTooManyRequests && s > 0 {
		e.RetryAfter = time.Duration(min(s, 24*3600)) * time.Second
	}
	switch {
	case e.Code == "FRAMEWORK__MISSING_PRIVILEGE_ERROR":
		e.Kind = port.ErrPermission
		if names := missingPrivileges(first.Get("detail").String()); names != "" {
			e.Message = "the integration's role lacks the privileges " + names
		}
	case e.Code == "FRAMEWORK__API_INVALID_ACCESS_KEY": // a 500
		e.Kind = port.ErrAuth
		e.Message += " It begins with SWIA."
	case e.Code == "FRAMEWORK__WRITE_TYPE_INTEND_ERROR":
		// PATCH of what does not exist, POST of what does; the status is 400 in both.
		e.Kind = port.ErrConflict
		if strings.HasSuffix(first.Get("meta.parameters.expectedClass").String(), "UpdateCommand") {
			e.Kind = port.ErrNotFound
		}
	case e.Code == "CONTENT__DUPLICATE_PRODUCT_NUMBER", e.Code == "1062":
		e.Kind = port.ErrConflict
	case e.Code == "1452", e.Code == "1364", e.Code == "1048", e.Code == "1406":
		// Database errors leak with status 500: an unknown id, a missing column, a text too long. The
		// transaction was rolled back.
		e.Kind = port.ErrValidation
	case e.Code == "1213", e.Code == "1205":
		e.Kind = port.ErrOutage // a deadlock was rolled back: a repeat is safe
	case e.Code == "FRAMEWORK__LANGUAGE_NOT_FOUND": // 412
		e.Kind = port.ErrValidation
	case status == http.StatusBadRequest && slices.Contains([]string{"6", "8"}, e.Code):
		e.Kind = port.ErrAuth
	}
	return e
}

// foreignAnswer is what something else than Shopware answered. Its body is not repeated.
func foreignAnswer(status int) port.Error {
	switch status {
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return port.Error{Kind: port.ErrProtocol, Message: "no Shopware Admin API answers at this address: check the connection's url"}
	case http.StatusUnauthorized:
		return port.Error{Message: "something in front of the shop asks for a log-in of its own"}
	case http.StatusForbidden:
		return port.Error{Message: "something in front of the shop, such as a firewall, refuses the call"}
	case http.StatusServiceUnavailable:
		return port.Error{Message: "the shop is down for maintenance or overloaded"}
	}
	return port.Error{}
}

// messageOf joins the details; a long list is cut.
func messageOf(list []gjson.Result) string {
	const most = 5
	var parts []string
	for i, e := range list {
		if i == most {
			parts = append(parts, "...")
			break
		}
		text := e.Get("detail").String()
		if text == "" {
			text = e.Get("title").String()
		}
		if field := fieldOf(e.Get("source.pointer").String()); field != "" && len(list) > 1 {
			text = field + ": " + text
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, " ")
}

// fieldOf turns /0/price/0/net into price/0/net, and takes the system language out of
// /0/translations/2fbb.../name.
func fieldOf(pointer string) string {
	p := strings.TrimPrefix(pointer, "/")
	if rest, ok := strings.CutPrefix(p, "0/"); ok {
		p = rest
	}
	if rest, ok := strings.CutPrefix(p, "translations/"); ok && len(rest) > 33 {
		p = rest[33:]
	}
	return p
}

// missingPrivileges reads the detail, which is itself JSON.
func missingPrivileges(detail string) string {
	var names []string
	for _, n := range gjson.Get(detail, "missingPrivileges").Array() {
		if !slices.Contains(names, n.String()) {
			names = append(names, n.String())
		}
	}
	return strings.Join(names, ", ")
}
