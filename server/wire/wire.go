// Package wire shows what a connector sends for a document: it has the connector write the document into the system's sandbox, in memory,
// and tells the requests that came of it. It is not for reaching a system, and it knows no request itself: what it shows is what the connector
// made. Start with [Record].
package wire

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// Write is a document that is to be written.
type Write struct {
	Resource string
	// Update changes a document of the sandbox instead of making one.
	Update bool
	Body   []byte
}

// Request is a request that writes. It holds no secret.
type Request struct {
	Method string
	Path   string // with the query
	Body   []byte
	Status int // the sandbox's answer
}

// Recording is what a write came to.
type Recording struct {
	Requests []Request
	// Reads counts the requests that only look something up.
	Reads int
	// Updated is what people call the sandbox's document that was changed.
	Updated string
	// Refused says why the sandbox did not take the document: it knows only customers, products and reference data of its own.
	Refused string
}

// ErrNot is the error of a resource that cannot be written so. Its text says why.
var ErrNot = errors.New("cannot be written")

// address is where the sandbox stands. Nothing is ever sent there: the client has no network.
const address = "https://sandbox.invalid"

// Record writes a document into a fresh sandbox of the system.
func Record(ctx context.Context, system connectors.System, w Write) (Recording, error) {
	w, err := able(system.Spec, w)
	if err != nil {
		return Recording{}, err
	}
	sandbox := system.Sandbox(connectors.SandboxOptions{})
	var log recorder
	conn, err := system.Open(connectors.Config{
		Name: "sandbox", URL: address, Credentials: sandbox.Credentials(), HTTP: client(sandbox), Capture: func(context.Context) func(connectors.Exchange) { return log.capture },
	})
	if err != nil {
		return Recording{}, fmt.Errorf("the sandbox of %s: %w", system.Spec.Name, err)
	}
	defer func() { _ = conn.Close() }() // it wrote nothing that lasts
	var id string
	if w.Update {
		there, err := some(ctx, conn, w)
		if err != nil {
			return Recording{}, err
		}
		id, log.made.Updated = there.ID, named(there)
	}
	log.begin()
	if w.Update {
		_, err = conn.Update(ctx, w.Resource, id, w.Body)
	} else {
		_, err = conn.Create(ctx, w.Resource, w.Body)
	}
	if ctx.Err() != nil {
		return Recording{}, ctx.Err()
	}
	if err != nil {
		log.made.Refused = words(err)
	}
	return log.end(), nil
}

// able is the write as the system can do it: what is only ever updated, such as stock, is.
func able(s connectors.Spec, w Write) (Write, error) {
	for _, r := range s.Resources {
		switch {
		case r.Name != w.Resource:
		case !r.Create && r.Update:
			w.Update = true
			return w, nil
		case w.Update && !r.Update:
			return w, fmt.Errorf("%w: %s of %s are never updated. %s", ErrNot, r.Title, s.Title, r.Impossible["update"])
		case !w.Update && !r.Create:
			return w, fmt.Errorf("%w: %s are never made in %s. %s", ErrNot, r.Title, s.Title, r.Impossible["create"])
		default:
			return w, nil
		}
	}
	return w, fmt.Errorf("%w: %s has no %s of its own", ErrNot, s.Title, w.Resource)
}

// some is a document of the sandbox that can be updated: one that is there, else one that is made of the body.
func some(ctx context.Context, conn connectors.Connector, w Write) (port.Document, error) {
	for doc, err := range conn.Read(ctx, port.Query{Resource: w.Resource, Limit: 1}) {
		if err == nil {
			return doc, nil
		}
		break
	}
	doc, err := conn.Create(ctx, w.Resource, w.Body)
	if ctx.Err() != nil {
		return doc, ctx.Err()
	}
	if err != nil {
		return doc, fmt.Errorf("%w: the sandbox holds no %s that could be updated", ErrNot, w.Resource)
	}
	return doc, nil
}

func named(doc port.Document) string {
	if doc.Key != "" {
		return doc.Key
	}
	return doc.ID
}

// words are the system's own about a document that it refuses.
func words(err error) string {
	var e *port.Error
	if !errors.As(err, &e) || e.Message == "" {
		return err.Error()
	}
	if e.Field != "" {
		return e.Field + ": " + e.Message
	}
	return e.Message
}

// recorder keeps what is sent between begin and end.
type recorder struct {
	mu   sync.Mutex
	on   bool
	made Recording
}

func (r *recorder) begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.on = true
}

func (r *recorder) end() Recording {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.on = false
	return r.made
}

func (r *recorder) capture(x connectors.Exchange) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case !r.on:
	case x.Method == "GET" || x.Method == "HEAD":
		r.made.Reads++
	default:
		r.made.Requests = append(r.made.Requests, Request{Method: x.Method, Path: pathOf(x.URL), Body: x.RequestBody, Status: x.Status})
	}
}

func pathOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.RequestURI()
}
