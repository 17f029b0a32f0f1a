// Package lsp speaks the Language Server Protocol 3.17 with an editor that has mapping files open: it keeps their
// texts, turns the editor's questions into those of package language, and counts in UTF-16 where that counts characters. It knows
// nothing of the mapping language itself. Start with [Serve].
package lsp

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"path"
	"runtime/debug"
	"slices"
	"sync"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/language"
)

// Options configure [Serve].
type Options struct {
	// Library holds the mappings and schemas that are built in.
	Library fs.FS
	// Cache is a folder in which files of the library are written down when the editor is to show one; without
	// it they cannot be shown.
	Cache string
	// Format returns a file in its canonical layout. Without it the server does not format.
	Format func(text []byte) ([]byte, error)
	// Scripts reads the scripts that mappings name; without it nothing is said of them.
	Scripts engine.ScriptHost
	// Version is the program's, which the server introduces itself with.
	Version string
	// Log gets what the editor is not told; nil discards it. It holds no text of a file.
	Log *slog.Logger
}

// ErrNoShutdown is returned where the client ends the session without having said so.
var ErrNoShutdown = errors.New("the client ended the session without a shutdown request")

// Serve answers one client that writes to in and reads from out, until it sends `exit`, closes in, or ctx
// is done; in is then closed if it is an io.Closer. It returns nil after an orderly shutdown.
func Serve(ctx context.Context, in io.Reader, out io.Writer, opts Options) error {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	ctx, cancel := context.WithCancel(ctx)
	s := &session{
		Options: opts, out: out, documents: map[string]*document{},
		files: openFiles{texts: map[string]string{}},
		queue: make(chan job, 256), pending: map[string]context.CancelFunc{},
	}
	s.service = language.New(s.files, opts.Library)
	if opts.Scripts != nil {
		s.service = s.service.WithScripts(opts.Scripts)
	}
	var reader sync.WaitGroup
	reader.Go(func() { s.read(ctx, in) })
	err := s.work(ctx)
	cancel()
	if c, ok := in.(io.Closer); ok {
		_ = c.Close() // wakes the reader, which has nothing to say any more
		reader.Wait()
	}
	return err
}

// session is one client's. Its goroutine is the one of work; read's only shares queue and pending.
type session struct {
	Options
	out       io.Writer
	service   *language.Service
	documents map[string]*document // by URI
	files     openFiles
	client    clientCapabilities
	state     state

	queue chan job
	mu    sync.Mutex
	// pending cancels the requests that are not answered yet, by their ids.
	pending map[string]context.CancelFunc
}

type state uint8

const (
	starting state = iota // before initialize
	running
	stopping // after shutdown
)

// job is a message in the order in which it came, or the end of the stream.
type job struct {
	message
	ctx context.Context // of a request
	bad *rpcError       // the message cannot be read
	end error           // nothing can be read any more
}

// read takes the messages off the stream. It does nothing else but cancel, so that a request can be
// cancelled while another is being answered.
func (s *session) read(ctx context.Context, in io.Reader) {
	r := bufio.NewReader(in)
	for {
		content, err := readFrame(r)
		var j job
		if err != nil {
			j.end = err
		} else {
			j.message, j.bad = parseMessage(content)
		}
		if j.bad == nil && j.Method == "$/cancelRequest" {
			s.cancel(j.Params)
			continue
		}
		j.ctx = ctx
		if j.bad == nil && j.ID != nil && j.Method != "" {
			j.ctx = s.begin(ctx, string(j.ID))
		}
		select {
		case s.queue <- j:
		case <-ctx.Done():
			return
		}
		if err != nil || j.bad == nil && j.Method == "exit" {
			return
		}
	}
}

func (s *session) begin(ctx context.Context, id string) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if before := s.pending[id]; before != nil {
		before() // two requests of one id: the client cannot tell their answers apart
	}
	s.pending[id] = cancel
	return ctx
}

func (s *session) cancel(params json.RawMessage) {
	var p struct {
		ID json.RawMessage `json:"id"`
	}
	if json.Unmarshal(params, &p) != nil {
		return
	}
	s.finish(string(p.ID))
}

// finish forgets a request; one that is being answered is cancelled.
func (s *session) finish(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if cancel := s.pending[id]; cancel != nil {
		cancel()
		delete(s.pending, id)
	}
}

// work answers one message after the other. Where none waits it checks the texts that changed, so
// that while someone types only the last text is checked.
func (s *session) work(ctx context.Context) error {
	for {
		if len(s.queue) == 0 {
			if d := s.nextDirty(); d != nil {
				if err := s.publish(d); err != nil {
					return err
				}
				continue
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case j := <-s.queue:
			done, err := s.handle(j)
			if done || err != nil {
				return err
			}
		}
	}
}

// nextDirty returns a document whose diagnostics are to be made anew, in the order of their URIs.
func (s *session) nextDirty() *document {
	for _, uri := range slices.Sorted(maps.Keys(s.documents)) {
		if d := s.documents[uri]; d.dirty {
			return d
		}
	}
	return nil
}

// handle answers a message; done is true when the session ends.
func (s *session) handle(j job) (done bool, err error) {
	switch {
	case j.end == io.EOF:
		if s.state == stopping {
			return true, nil
		}
		return true, ErrNoShutdown
	case j.end != nil:
		return true, fmt.Errorf("read from the client: %w", j.end)
	case j.bad != nil:
		return false, s.respond(j.ID, nil, j.bad)
	case j.Method == "":
		return false, nil // an answer: to the one request there is, and nothing depends on it
	case j.Method == "exit":
		if s.state == stopping {
			return true, nil
		}
		return true, ErrNoShutdown
	case j.ID == nil:
		if s.state == running {
			if err := s.guarded(func() error { return s.notify(j.Method, j.Params) }); err != nil {
				s.Log.Warn("notification", "method", j.Method, "error", err)
			}
			if j.Method == "initialized" {
				return false, s.watch()
			}
		}
		return false, nil
	}
	defer s.finish(string(j.ID))
	var result any
	err = s.guarded(func() error {
		var err error
		result, err = s.request(j)
		return err
	})
	if err == nil {
		err = j.ctx.Err()
	}
	var e *rpcError
	switch {
	case err == nil:
	case errors.As(err, &e):
	case errors.Is(err, context.Canceled):
		e = rpcErrorf(codeCancelled, "the request was cancelled")
	default:
		s.Log.Error("request", "method", j.Method, "error", err)
		e = rpcErrorf(codeInternal, "%s failed", j.Method)
	}
	return false, s.respond(j.ID, result, e)
}

// guarded turns a panic into an error: a fault of the program costs one answer, not the session.
func (s *session) guarded(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			s.Log.Error("panic", "stack", string(debug.Stack()))
			err = errors.New("the program failed")
		}
	}()
	return f()
}

func (s *session) request(j job) (any, error) {
	if err := j.ctx.Err(); err != nil {
		return nil, err
	}
	switch {
	case s.state == stopping:
		return nil, rpcErrorf(codeInvalidRequest, "the server was told to shut down")
	case s.state == starting && j.Method != "initialize":
		return nil, rpcErrorf(codeNotInitialized, "the first request is initialize")
	case s.state == running && j.Method == "initialize":
		return nil, rpcErrorf(codeInvalidRequest, "the server is initialized")
	}
	switch j.Method {
	case "initialize":
		return s.initialize(j.Params)
	case "shutdown":
		s.state = stopping
		return nil, nil
	case "textDocument/completion":
		return s.complete(j.ctx, j.Params)
	case "textDocument/hover":
		return s.hover(j.ctx, j.Params)
	case "textDocument/definition":
		return s.definition(j.ctx, j.Params)
	case "textDocument/codeAction":
		return s.actions(j.Params)
	case "textDocument/formatting":
		if s.Format != nil {
			return s.format(j.Params)
		}
	}
	return nil, rpcErrorf(codeUnknownMethod, "unknown method %q", j.Method)
}

// respond writes the answer to a request.
func (s *session) respond(id json.RawMessage, result any, e *rpcError) error {
	if id == nil {
		id = json.RawMessage("null")
	}
	m := message{Version: "2.0", ID: id, Error: e}
	if e == nil {
		data, err := json.Marshal(result)
		if err != nil {
			return err
		}
		m.Result = data
	}
	return s.send(m)
}

// tell sends a notification.
func (s *session) tell(method string, params any) error {
	data, err := json.Marshal(params)
	if err != nil {
		return err
	}
	return s.send(message{Version: "2.0", Method: method, Params: data})
}

func (s *session) send(m message) error {
	data, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if err := writeFrame(s.out, data); err != nil {
		return fmt.Errorf("write to the client: %w", err)
	}
	return nil
}

// open keeps the text of a document.
func (s *session) open(d *document) {
	s.documents[d.uri] = d
	s.changed(d)
}

// changed takes note of a document's new text.
func (s *session) changed(d *document) {
	s.files.texts[path.Clean(d.path)] = d.text
	d.dirty, d.report = true, nil
	s.dirtyReaders(d.path)
}

// dirtyReaders marks the documents that are made of the file at a path.
func (s *session) dirtyReaders(changed string) {
	for _, d := range s.documents {
		if d.report == nil {
			continue
		}
		for _, f := range d.report.Sources {
			if !f.Library && path.Clean(f.Path) == path.Clean(changed) {
				d.dirty = true
			}
		}
	}
}
