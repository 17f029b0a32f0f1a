package magento

import (
	"errors"
	"net/http"
	"sort"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// decodeError reads the error body of the web API: a message with placeholders and what fills them. Texts
// are in the language of the store view, so that kinds come from status and parameters; English words only make them finer.
//
// guest tells that a caller with wrong credentials counts as a guest, so that a missing right and a wrong token look the same.
func decodeError(guest bool) func(int, http.Header, []byte) port.Error {
	return func(status int, _ http.Header, body []byte) port.Error {
		answer := gjson.ParseBytes(body)
		if !gjson.ValidBytes(body) || !answer.Get("message").Exists() {
			return foreignAnswer(status)
		}
		e := port.Error{Message: messageOf(answer), Field: fieldOf(answer)}
		right := answer.Get("parameters.resources").String()
		text := answer.Get("message").String()
		switch {
		case status == http.StatusUnauthorized && right != "" && guest:
			e.Kind = port.ErrAuth
			e.Message = "the access token is wrong, was withdrawn, is not allowed as a bearer token, or lacks the right " + right
		case status == http.StatusUnauthorized && right != "":
			e.Kind = port.ErrPermission
			e.Message = "the account lacks the right " + right
		case status == http.StatusBadRequest && strings.HasPrefix(text, "The token length is invalid"),
			status == http.StatusBadRequest && strings.HasPrefix(text, "Signature method"):
			e.Kind = port.ErrAuth
		case status == http.StatusUnauthorized && strings.Contains(text, "nonce is already being used"):
			// The shop has had this very request: its connection broke, and whoever carries it, net/http or a proxy, sent it once more.
			e.Kind = port.ErrInDoubt
		case status == http.StatusUnauthorized && (strings.Contains(text, "validating the nonce") || strings.Contains(text, "oauth_timestamp")):
			e.Message += ": the clock of this machine and that of the shop may be apart"
		case status == http.StatusNotFound && text == "Request does not match any route.",
			status == http.StatusBadRequest && text == "Specified request cannot be processed.":
			e.Kind = port.ErrProtocol
		case status == http.StatusBadRequest && conflict(text):
			e.Kind = port.ErrConflict
		}
		return e
	}
}

// noSources tells that a shop has no sources, or that the account may not see them.
func noSources(err error) bool {
	return errors.Is(err, port.ErrAuth) || errors.Is(err, port.ErrPermission) || errors.Is(err, port.ErrProtocol) || errors.Is(err, port.ErrNotFound)
}

// conflict tells by Magento's English words whether a unique value is taken.
func conflict(text string) bool {
	for _, words := range []string{"Unique constraint violation", "same email address already exists", "URL key for specified store already exists", "already exists"} {
		if strings.Contains(text, words) {
			return true
		}
	}
	return false
}

// foreignAnswer is what something else than the web API answered. Its body is not repeated.
func foreignAnswer(status int) port.Error {
	switch status {
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return port.Error{Kind: port.ErrProtocol, Message: "no Magento REST API answers at this address: check the connection's url"}
	case http.StatusUnauthorized:
		return port.Error{Message: "something in front of the shop asks for a log-in of its own"}
	case http.StatusForbidden:
		return port.Error{Message: "something in front of the shop, such as a firewall, refuses the call"}
	case http.StatusServiceUnavailable:
		return port.Error{Message: "the shop is down for maintenance or overloaded"}
	}
	return port.Error{}
}

// messageOf fills in the placeholders of the message and of the errors in it; a long list is cut.
func messageOf(answer gjson.Result) string {
	const most = 5
	list := answer.Get("errors").Array()
	if len(list) == 0 {
		return fill(answer)
	}
	var parts []string
	for i, e := range list {
		if i == most {
			parts = append(parts, "...")
			break
		}
		parts = append(parts, fill(e))
	}
	return strings.Join(parts, " ")
}

// fill replaces %1 by the first of a list of parameters and %name by the member of an object of them; the longest names
// first, so that %1 does not take %10 apart.
func fill(e gjson.Result) string {
	text := e.Get("message").String()
	params := map[string]string{}
	e.Get("parameters").ForEach(func(k, v gjson.Result) bool {
		params[k.String()] = v.String()
		return true
	})
	if list := e.Get("parameters"); list.IsArray() {
		clear(params)
		for i, v := range list.Array() {
			params[itoa(i+1)] = v.String()
		}
	}
	names := make([]string, 0, len(params))
	for n := range params {
		names = append(names, n)
	}
	sort.Slice(names, func(i, j int) bool {
		return len(names[i]) > len(names[j]) || len(names[i]) == len(names[j]) && names[i] < names[j]
	})
	var pairs []string
	for _, n := range names {
		pairs = append(pairs, "%"+n, params[n])
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

func fieldOf(answer gjson.Result) string {
	for _, path := range []string{"parameters.fieldName", "parameters.field", "errors.0.parameters.fieldName", "errors.0.parameters.field"} {
		if f := answer.Get(path).String(); f != "" {
			return f
		}
	}
	return ""
}
