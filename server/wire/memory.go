package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// client has a handler answer, and no network.
func client(h http.Handler) *http.Client {
	return &http.Client{Transport: memory{h}, Timeout: 20 * time.Second}
}

type memory struct{ handler http.Handler }

// RoundTrip hands the request to the handler.
func (m memory) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	in := r.Clone(r.Context())
	in.RequestURI, in.RemoteAddr = r.URL.RequestURI(), "127.0.0.1:1"
	if in.Host == "" {
		in.Host = r.URL.Host
	}
	if in.Body == nil {
		in.Body = http.NoBody
	}
	defer in.Body.Close()
	a := &answer{header: http.Header{}}
	defer func() {
		if v := recover(); v != nil { // as a server does
			resp, err = nil, fmt.Errorf("the sandbox gives no answer: %v", v)
		}
	}()
	m.handler.ServeHTTP(a, in)
	if r.Context().Err() != nil {
		return nil, r.Context().Err()
	}
	a.WriteHeader(http.StatusOK)
	return &http.Response{
		Status: http.StatusText(a.status), StatusCode: a.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: a.sent, Body: io.NopCloser(&a.body), ContentLength: int64(a.body.Len()), Request: r,
	}, nil
}

// maxAnswer bounds an answer of a sandbox.
const maxAnswer = 64 << 20

type answer struct {
	header, sent http.Header
	status       int
	body         bytes.Buffer
}

// Header returns what is sent with the status.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader sends the status; the first one counts.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status, a.sent = status, a.header.Clone()
	}
}

var errLong = errors.New("the answer is too long")

// Write adds to the body.
func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	if a.body.Len()+len(p) > maxAnswer {
		return 0, errLong
	}
	return a.body.Write(p)
}
