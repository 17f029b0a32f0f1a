package rest

import (
	"net/http"
	"time"
)

// Exchange is one attempt as it crossed the wire, with secrets masked. It may hold personal
// data: keep it sealed, show it to the owner of the documents, never log it.
type Exchange struct {
	Method         string
	URL            string
	RequestHeader  http.Header
	RequestBody    []byte
	Status         int // 0 where no answer came
	ResponseHeader http.Header
	ResponseBody   []byte
	Error          string // why there is no whole answer
	Attempt        int    // from 1, within one call
	Start, End     time.Time
}

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
