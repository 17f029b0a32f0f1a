package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/server/files"
)

// problem is an answer that says why there is none, in the form of RFC 9457.
type problem struct {
	Status int    `json:"status"`
	Title  string `json:"title"` // for people
	Detail string `json:"detail,omitempty"`
	// Code tells programs apart what the status does not: "changed".
	Code        string             `json:"code,omitempty"`
	Diagnostics engine.Diagnostics `json:"diagnostics,omitempty"`
}

// Error makes a problem what a handler returns.
func (p problem) Error() string { return p.Title }

func writeProblem(w http.ResponseWriter, p problem) {
	w.Header().Set("Content-Type", "application/problem+json")
	if p.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="crosswalk"`)
	}
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // a client that has gone needs no answer
}

// fail answers for a handler that could not.
func (a *API) fail(w http.ResponseWriter, r *http.Request, rt route, err error) {
	var p problem
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &p):
	case errors.As(err, &large), errors.Is(err, files.ErrTooLarge):
		p = problem{Status: http.StatusRequestEntityTooLarge, Title: "That is more than the server takes at once."}
	case errors.Is(err, context.DeadlineExceeded):
		p = problem{Status: http.StatusServiceUnavailable, Title: "It took too long and was stopped."}
	case errors.Is(err, context.Canceled) && r.Context().Err() != nil:
		return // nobody waits any more
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, files.ErrHidden):
		p = problem{Status: http.StatusNotFound, Title: "There is no such file."}
	case errors.Is(err, files.ErrNoText):
		p = problem{Status: http.StatusUnprocessableEntity, Title: "The file is no text."}
	default:
		a.Log.Error("a request failed", "method", rt.method, "route", rt.path, "error", err)
		p = problem{Status: http.StatusInternalServerError, Title: "The server could not do it; its log says why."}
	}
	writeProblem(w, p)
}

// refuse is what a handler returns for a request that cannot be understood.
func refuse(title string) error { return problem{Status: http.StatusBadRequest, Title: title} }

// read reads the request's body, which is JSON of the route's type and nothing else.
func read(r *http.Request, into any) error {
	dec := json.NewDecoder(r.Body)
	dec.DisallowUnknownFields()
	err := dec.Decode(into)
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return err
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return problem{Status: http.StatusRequestTimeout, Title: "The request took too long to come."}
	}
	if err != nil {
		return refuse("The request cannot be read: " + err.Error())
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return refuse("There is more behind the request's JSON.")
	}
	return nil
}

// write answers with v as JSON.
func write(w http.ResponseWriter, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(b.Bytes()) // a client that has gone needs no answer
	return nil
}
