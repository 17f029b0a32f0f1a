package flows

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/mux"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/server/project"
)

// maxHook is the longest body of a webhook, in bytes.
const maxHook = 1 << 20

// hookTimeout bounds what is done for one webhook: systems do not wait long for an answer.
const hookTimeout = 10 * time.Second

// hooks follows webhooks. The connections that check their signatures are opened at the first call and kept.
type hooks struct {
	set   *Set
	log   *slog.Logger
	count func(connection, result string)

	mu   sync.Mutex
	open map[string]*hook
	over bool
}

// hook is a connection that is open for its webhooks.
type hook struct {
	connector connectors.Connector
	receiver  connectors.Receiver // nil where the system does not call
	flows     []project.Flow      // that follow its webhooks
	using     int
	forgotten bool
}

// Hooks answers POST /hooks/{connection}.
func (s *Service) Hooks() http.Handler { return s.hooks }

// ServeHTTP checks a webhook and has the flows look at what it hints at. It tells a stranger nothing but yes and no.
func (h *hooks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), hookTimeout)
	defer cancel()
	name := mux.Vars(r)["connection"]
	if _, known := h.set.Current().Connection(name); !known {
		h.count("", "unknown")
		http.Error(w, "There is no such webhook.", http.StatusNotFound)
		return
	}
	fail := func(result string, status int, words string) {
		h.count(name, result)
		http.Error(w, words, status)
	}
	hook, err := h.use(name)
	if err != nil {
		h.log.Error("a webhook came, and its connection cannot be opened", "connection", name, "error", err)
		fail("failed", http.StatusServiceUnavailable, "Not now.")
		return
	}
	defer h.done(hook)
	if hook.receiver == nil || len(hook.flows) == 0 {
		fail("unknown", http.StatusNotFound, "There is no such webhook.")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxHook))
	if tooLong := new(http.MaxBytesError); errors.As(err, &tooLong) {
		fail("refused", http.StatusRequestEntityTooLarge, "The body is too long.")
		return
	}
	if err != nil {
		fail("refused", http.StatusBadRequest, "The body could not be read.")
		return
	}
	hints, reply, err := hook.receiver.Receive(r, body)
	if err != nil {
		h.log.Warn("a webhook was refused", "connection", name, "error", err)
		fail("refused", http.StatusUnauthorized, "The signature is wrong.")
		return
	}
	if err := h.follow(ctx, hook, hints); err != nil {
		h.log.Error("a webhook could not be noted: the system will send it again", "connection", name, "error", err)
		fail("failed", http.StatusServiceUnavailable, "Not now.")
		return
	}
	h.count(name, "accepted")
	if reply == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write(reply) // the one who called has gone
}

// follow hands hints to the flows that they are for. They are on disk when it returns.
func (h *hooks) follow(ctx context.Context, hook *hook, hints []connectors.Hint) error {
	for _, hint := range hints {
		for _, f := range hook.flows {
			if hint.Entity != "" && hint.Entity != f.Entity {
				continue
			}
			if err := h.set.Engine.Hint(ctx, f.Name, hint); err != nil {
				return err
			}
		}
	}
	return nil
}

// use opens the connection, or takes it as it is open.
func (h *hooks) use(name string) (*hook, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.over {
		return nil, errors.New("the server is stopping")
	}
	found := h.open[name]
	if found == nil {
		p := h.set.Current()
		around := h.set.options.Surroundings
		around.Tokens = h.set.Store.Tokens()
		c, err := p.Open(name, around)
		if err != nil {
			return nil, err
		}
		found = &hook{connector: c}
		found.receiver, _ = c.(connectors.Receiver)
		for _, f := range p.Flows {
			if f.From == name && f.Trigger.Webhook {
				found.flows = append(found.flows, f)
			}
		}
		if h.open == nil {
			h.open = map[string]*hook{}
		}
		h.open[name] = found
	}
	found.using++
	return found, nil
}

// done gives a connection back; the last one who has it closes it where the project has changed meanwhile.
func (h *hooks) done(used *hook) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if used.using--; used.using == 0 && used.forgotten {
		if err := used.connector.Close(); err != nil {
			h.log.Warn("a connection was not closed in order", "error", err)
		}
	}
}

// forget has every connection opened anew.
func (h *hooks) forget() {
	if err := h.drop(false); err != nil {
		h.log.Warn("a connection was not closed in order", "error", err)
	}
}

// close ends the following of webhooks.
func (h *hooks) close() error { return h.drop(true) }

func (h *hooks) drop(over bool) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.over = h.over || over
	var errs []error
	for name, open := range h.open {
		open.forgotten = true
		if open.using == 0 {
			errs = append(errs, open.connector.Close())
		}
		delete(h.open, name)
	}
	return errors.Join(errs...)
}
