package ccv

import (
	"fmt"
	"net/http"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// Codes of the vendor that the connection acts on. They are text: 404.20 is not 404.2.
const (
	codeUnknownID  = "500.24"
	codeSameValue  = "500.50"
	codeTooBig     = "500.80"
	codeOwnSchema  = "500.20"
	codeUnknownURL = "404.20"
)

// kinds are what the codes mean. Most come with HTTP status 500 although nothing is wrong with the server and a repeat helps nobody.
var kinds = map[string]error{
	codeUnknownURL: port.ErrProtocol, "405.10": port.ErrProtocol,
	"429.10": port.ErrRateLimit, "429.11": port.ErrRateLimit,
	"500.10":      port.ErrOutage, // the counter of calls is down: nothing was done
	codeOwnSchema: port.ErrProtocol,
	"500.21":      port.ErrValidation, "500.22": port.ErrValidation, "500.23": port.ErrValidation,
	codeUnknownID: port.ErrNotFound, "500.25": port.ErrProtocol,
	"500.40": port.ErrConflict, codeSameValue: port.ErrValidation,
	"500.60": port.ErrPermission, "500.70": port.ErrValidation, codeTooBig: port.ErrValidation, "500.90": port.ErrPermission,
	"501.10": port.ErrProtocol, "501.20": port.ErrProtocol, "501.30": port.ErrProtocol,
}

// decodeError reads the error body: {status, code, developermessage}. One without a code comes from something in front of the API.
func decodeError(now func() time.Time) func(int, http.Header, []byte) port.Error {
	return func(status int, header http.Header, body []byte) port.Error {
		answer := gjson.ParseBytes(body)
		if !gjson.ValidBytes(body) || answer.Get("code").Type != gjson.String {
			if status == http.StatusNotFound {
				return port.Error{Kind: port.ErrProtocol, Message: "no CCV API answers at this address: check the connection's url"}
			}
			return port.Error{}
		}
		e := port.Error{Kind: kinds[answer.Get("code").Str], Code: answer.Get("code").Str, Message: answer.Get("developermessage").String()}
		switch {
		case status == http.StatusTooManyRequests:
			if _, told := rest.RetryAfter(header, body, now()); !told {
				e.RetryAfter = 30 * time.Second // the window is a minute, and nothing says when it began
			}
		case status == http.StatusUnauthorized:
			if at, err := http.ParseTime(header.Get("Date")); err == nil {
				if off := now().Sub(at).Round(time.Second).Abs(); off > 4*time.Minute {
					e.Message = fmt.Sprintf("the clock of this machine and that of the shop are %s apart: five minutes are allowed", off)
				}
			}
		}
		return e
	}
}
