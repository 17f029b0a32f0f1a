package faults

import (
	"context"
	"net/http"
)

type watchKey struct{}

// Watch lets who serves a request learn which fault disturbed it: fault gives its name once the request has been served, "" for none.
func Watch(r *http.Request) (watched *http.Request, fault func() string) {
	name := new(string)
	return r.WithContext(context.WithValue(r.Context(), watchKey{}, name)), func() string { return *name }
}

// note tells who watches which fault a request met.
func note(r *http.Request, name string) {
	if name == "" {
		name = "unnamed fault"
	}
	if told, ok := r.Context().Value(watchKey{}).(*string); ok {
		*told = name
	}
}
