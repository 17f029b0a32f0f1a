// Package api answers the routes of /api/v1: previewing, explaining and testing mappings, what an editor asks about them, and
// the project's files. It is not for who may come in, for the page or for serving at all; packages auth and server do that, and the
// mapping language is package engine's. Start with [New] and with openapi.yaml, which says what every route takes and gives and which
// tests hold the handlers to.
package api

import (
	"context"
	_ "embed"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"runtime"
	"sync"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/gorilla/mux"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/scripting/completion"
	"github.com/crosswalk-go/crosswalk/server/auth"
	"github.com/crosswalk-go/crosswalk/server/files"
	"github.com/crosswalk-go/crosswalk/server/flows"
	"github.com/crosswalk-go/crosswalk/server/setup"
)

// Prefix is where the routes stand.
const Prefix = "/api/v1"

// Options are what the routes answer from.
type Options struct {
	// Library holds the mappings and schemas that are built in, Tests the same mappings with their tests: the samples.
	Library, Tests fs.FS
	// Folder is the project's; nil without a project: then nothing can be saved.
	Folder *files.Folder
	// Flows are the project's flows on their store; nil where the server runs none.
	Flows *flows.Set
	// Reload takes over files of the project that have changed; nil where nothing does.
	Reload func(context.Context) error
	// Systems are those that connections can lead to.
	Systems []connectors.System
	// Scripts loads the scripts of mappings; nil leaves mappings with scripts an error.
	Scripts engine.ScriptHost
	// Reader reads scripts where their functions are asked for and not called; nil says nothing of them.
	Reader engine.ScriptHost
	// Setup shows, checks and makes connections; nil without a project.
	Setup *setup.Setup
	Auth  *auth.Authenticator
	// Audit gets a line for every change and every attempt at one. It holds no text of a file and no secret.
	Audit *slog.Logger
	// Log gets what the client is not told; it holds no value of a document.
	Log *slog.Logger
	// Secure is true where browsers come over TLS: the cookie of a session then never goes over anything else.
	Secure  bool
	Version string
	Now     func() time.Time // nil for the system clock
}

// API answers the routes. It is safe for concurrent use.
type API struct {
	Options
	files    layered
	cache    *cache
	document []byte // openapi.yaml as JSON
	slots    chan struct{}
	outside  chan struct{}
	signing  chan struct{}
	others   chan struct{}
	streams  chan struct{}
	closing  context.Context // until streams are to end
	close    context.CancelFunc
	builtIn  func() []listed
	declared func() *completion.Declarations // what scripts meet whatever the project
}

//go:embed openapi.yaml
var openAPI []byte

// OpenAPI returns the description of the routes, as YAML.
func OpenAPI() []byte { return openAPI }

// New returns the routes' answers.
func New(opts Options) (*API, error) {
	if opts.Auth == nil {
		return nil, errors.New("the API needs to know who may come in")
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.Audit == nil {
		opts.Audit = slog.New(slog.DiscardHandler)
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	a := &API{Options: opts, cache: newCache(), slots: make(chan struct{}, 2*runtime.GOMAXPROCS(0)), outside: make(chan struct{}, 8), signing: make(chan struct{}, 8), others: make(chan struct{}, 256), streams: make(chan struct{}, 64)}
	a.closing, a.close = context.WithCancel(context.Background())
	a.files = layered{a.Tests}
	if a.Folder != nil {
		a.files = layered{a.Folder, a.Tests}
	}
	a.builtIn, a.declared = sync.OnceValue(a.builtInMappings), sync.OnceValue(a.declarations)
	var err error
	a.document, err = yaml.YAMLToJSON(openAPI)
	return a, err
}

// route is one entry of the table of routes.
type route struct {
	method, path string
	role         auth.Role // who may at least; Nobody is everybody
	limits       limits
	handle       func(http.ResponseWriter, *http.Request) error
}

// limits bound what one request may take.
type limits struct {
	body int64
	time time.Duration
	busy bool // it computes: only so many run at a time
	asks bool // it asks the systems of flows: only so many wait for them at a time
	// signs is true where a provider is asked who somebody is: only so many wait for it at a time.
	signs bool
}

var (
	small   = limits{body: 64 << 10, time: 10 * time.Second}
	text    = limits{body: files.MaxBytes + 64<<10, time: 20 * time.Second}
	compute = limits{body: 32 << 20, time: 20 * time.Second, busy: true}
	remote  = limits{body: 1 << 20, time: time.Minute, asks: true}
	long    = limits{body: 32 << 20, time: time.Minute, busy: true}
	stored  = limits{body: 64 << 10, time: 20 * time.Second, busy: true}
	systems = limits{body: 64 << 10, time: 2 * time.Minute, asks: true}
	compare = limits{body: files.MaxBytes + 64<<10, time: 2 * time.Minute, asks: true}
	foreign = limits{body: 1 << 10, time: 20 * time.Second, signs: true}
	streams = limits{body: 1 << 10, time: streamTime}
)

func (a *API) routes() []route {
	return []route{
		{"GET", "/openapi.json", auth.Nobody, small, a.openAPIJSON},
		{"GET", "/openapi.yaml", auth.Nobody, small, a.openAPIYAML},
		{"GET", "/session", auth.Nobody, small, a.session},
		{"POST", "/session", auth.Nobody, small, a.signIn},
		{"DELETE", "/session", auth.Nobody, small, a.signOut},
		{"GET", "/session/oidc", auth.Nobody, foreign, a.beginSignIn},
		{"GET", "/session/oidc/callback", auth.Nobody, foreign, a.finishSignIn},

		{"GET", "/systems", auth.Viewer, small, a.systems},
		{"GET", "/connections", auth.Viewer, small, a.connections},
		{"POST", "/connections/{connection}/check", auth.Editor, remote, a.checkConnection},
		{"POST", "/connections/{connection}/latest", auth.Editor, remote, a.latest},
		{"POST", "/wizard/connection", auth.Admin, remote, a.draftConnection},
		{"POST", "/wizard/questions", auth.Admin, remote, a.wizardQuestions},
		{"POST", "/wizard/rehearsal", auth.Admin, remote, a.wizardRehearse},
		{"POST", "/wizard/files", auth.Admin, remote, a.wizardWrite},
		{"GET", "/mappings", auth.Viewer, small, a.mappings},
		{"GET", "/library/{path:.+}", auth.Viewer, small, a.libraryFile},
		{"GET", "/samples", auth.Viewer, small, a.samples},
		{"GET", "/sample", auth.Viewer, small, a.sample},
		{"POST", "/sample/generated", auth.Viewer, compute, a.generated},
		{"POST", "/sample/lines", auth.Viewer, compute, a.vary},

		{"POST", "/preview", auth.Viewer, compute, a.preview},
		{"POST", "/preview/lines", auth.Viewer, long, a.previewLines},
		{"POST", "/explain", auth.Viewer, compute, a.explain},
		{"POST", "/request", auth.Viewer, compute, a.request},
		{"POST", "/unread", auth.Viewer, compute, a.unread},
		{"POST", "/check", auth.Viewer, compute, a.check},
		{"POST", "/format", auth.Viewer, compute, a.format},
		{"POST", "/complete", auth.Viewer, compute, a.complete},
		{"POST", "/hover", auth.Viewer, compute, a.hover},
		{"POST", "/definition", auth.Viewer, compute, a.definition},

		{"POST", "/scripts/complete", auth.Viewer, compute, a.scriptComplete},
		{"POST", "/scripts/check", auth.Editor, compute, a.scriptCheck},

		{"POST", "/tests/run", auth.Viewer, long, a.runTests},
		{"POST", "/tests/cases", auth.Editor, compute, a.addCase},
		{"GET", "/files", auth.Viewer, small, a.listFiles},
		{"GET", "/files/{path:.+}", auth.Viewer, small, a.readFile},
		{"PUT", "/files/{path:.+}", auth.Editor, text, a.writeFile},

		{"GET", "/flows", auth.Viewer, stored, a.flows},
		{"GET", "/flows/{flow}/account", auth.Viewer, long, a.account},
		{"POST", "/flows/{flow}/run", auth.Operator, small, a.startRun},
		{"POST", "/flows/{flow}/pause", auth.Operator, small, a.pause},
		{"POST", "/flows/{flow}/resume", auth.Operator, small, a.resume},
		{"POST", "/flows/{flow}/dry-run", auth.Operator, systems, a.dryRun},
		{"POST", "/flows/{flow}/plan", auth.Operator, remote, a.planDocument},
		{"GET", "/flows/{flow}/resync", auth.Operator, systems, a.estimate},
		{"POST", "/flows/{flow}/resync", auth.Operator, small, a.resync},
		{"POST", "/flows/{flow}/mapping-effect", auth.Editor, compare, a.mappingEffect},
		{"GET", "/flows/{flow}/tables", auth.Viewer, compute, a.flowTables},
		{"POST", "/flows/{flow}/tables", auth.Editor, compute, a.addEntry},

		{"GET", "/activity", auth.Viewer, stored, a.listActivity},
		{"GET", "/activity/events", auth.Viewer, streams, a.events},
		{"GET", "/activity/{id}", auth.Viewer, stored, a.attempts},
		{"GET", "/activity/{id}/documents", auth.Editor, stored, a.documents},
		{"GET", "/activity/{id}/explain", auth.Editor, compute, a.entryExplained},
		{"GET", "/activity/{id}/sample", auth.Editor, systems, a.entrySample},
		{"POST", "/activity/{id}/replay/preview", auth.Operator, systems, a.previewReplay},
		{"POST", "/activity/{id}/replay", auth.Operator, small, a.replay},

		{"GET", "/unsettled", auth.Viewer, stored, a.unsettled},
		{"POST", "/unsettled/settle", auth.Operator, systems, a.settle},
	}
}

// Register adds the routes below [Prefix].
func (a *API) Register(r *mux.Router) {
	sub := r.PathPrefix(Prefix).Subrouter()
	for _, rt := range a.routes() {
		sub.Methods(rt.method).Path(rt.path).Handler(a.guarded(rt))
	}
	for _, rt := range a.routes() {
		sub.Path(rt.path).HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			writeProblem(w, problem{Status: http.StatusMethodNotAllowed, Title: "The route knows no such method."})
		})
	}
	sub.NotFoundHandler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writeProblem(w, problem{Status: http.StatusNotFound, Title: "There is no such route."})
	})
}

// pathOf is the path of a file in the route's own; clients may write its slashes as %2F. A path that cannot be read is none.
func pathOf(r *http.Request) string {
	name, err := url.PathUnescape(mux.Vars(r)["path"])
	if err != nil {
		return ""
	}
	return name
}

// guarded holds a route to its role and its limits, and turns its error into an answer.
func (a *API) guarded(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		user, known := a.Auth.Identify(r)
		if r.Header.Get("Authorization") != "" && !known {
			writeProblem(w, problem{Status: http.StatusUnauthorized, Title: "The token is not known."})
			return
		}
		if user.Role < rt.role {
			p := problem{Status: http.StatusForbidden, Title: "This takes the role " + rt.role.String() + ", and yours is " + user.Role.String() + "."}
			if !known {
				p = problem{Status: http.StatusUnauthorized, Title: "Sign in first."}
			} else {
				a.Audit.Warn("refused", "user", user.Name, "role", user.Role.String(), "method", rt.method, "route", rt.path)
			}
			writeProblem(w, p)
			return
		}
		r = r.WithContext(auth.WithUser(r.Context(), user))
		rt.limits.hold(w, r, a.slotsOf(rt.limits), func(w http.ResponseWriter, r *http.Request) {
			if err := rt.handle(w, r); err != nil {
				a.fail(w, r, rt, err)
			}
		})
	})
}

// hold lets a request take no more than its limits, and no place of its kind for longer.
func (l limits) hold(w http.ResponseWriter, r *http.Request, slots chan struct{}, next http.HandlerFunc) {
	ctx, cancel := context.WithTimeout(r.Context(), l.time)
	defer cancel()
	r = r.WithContext(ctx)
	r.Body = http.MaxBytesReader(w, r.Body, l.body)
	if l.body > streams.body { // who sends slowly holds no place for longer than who asks for much
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(l.time)) // a reader without deadlines has none to set
	}
	select {
	case slots <- struct{}{}:
		defer func() { <-slots }()
	case <-ctx.Done():
		w.Header().Set("Retry-After", "1")
		writeProblem(w, problem{Status: http.StatusServiceUnavailable, Title: "The server is busy: try again in a moment."})
		return
	}
	next(w, r)
}

// Limit bounds what a handler of another package takes to which anybody may send: a request's body and time, and how many are handled
// at a time.
func Limit(next http.Handler, body int64, within time.Duration, atOnce int) http.Handler {
	slots := make(chan struct{}, atOnce)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		limits{body: body, time: within}.hold(w, r, slots, next.ServeHTTP)
	})
}

// slotsOf bounds how many requests of a kind run at a time.
func (a *API) slotsOf(l limits) chan struct{} {
	switch {
	case l.busy:
		return a.slots
	case l.asks:
		return a.outside
	case l.signs:
		return a.signing
	}
	return a.others
}

func (a *API) openAPIJSON(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/json")
	_, err := w.Write(a.document)
	return err
}

func (a *API) openAPIYAML(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/yaml")
	_, err := w.Write(openAPI)
	return err
}

// Guard lets viewers and whoever may more to a handler of another package.
func (a *API) Guard(next http.Handler) http.Handler { return a.guardedBy(auth.Viewer, next) }

// GuardAdmin lets admins only to a handler of another package.
func (a *API) GuardAdmin(next http.Handler) http.Handler { return a.guardedBy(auth.Admin, next) }

func (a *API) guardedBy(role auth.Role, next http.Handler) http.Handler {
	return a.guarded(route{"", "", role, limits{body: 64 << 10, time: 2 * time.Minute}, func(w http.ResponseWriter, r *http.Request) error {
		next.ServeHTTP(w, r)
		return nil
	}})
}
