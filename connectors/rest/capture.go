package rest

import (
	"net/http"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors"
)

// Exchange is one attempt as it crossed the wire, with secrets masked.
type Exchange = connectors.Exchange

func exchange(hr *http.Request, body []byte, resp Response, err error, number int, start, end time.Time) Exchange {
	m := masker{literal: credentials(hr.Header)}
	x := Exchange{
		Method: hr.Method, URL: m.url(hr.URL), Attempt: number, Start: start, End: end, Status: resp.Status,
		RequestHeader:  m.header(hr.Header),
		RequestBody:    m.body(hr.Header.Get("Content-Type"), body),
		ResponseHeader: m.header(resp.Header),
		ResponseBody:   m.body(resp.Header.Get("Content-Type"), resp.Body),
	}
	if err != nil {
		x.Error = err.Error()
	}
	return x
}
