// Package sandbox imitates the REST API of CCV Shop in memory, and CCV SalesPOS as its second dialect, with an invented Dutch
// coffee shop in it, for demos and tests. It is no shop and no till: it takes no payments and shows no pages, and of the vendor's
// resources it has those that carry orders, customers, products and stock. Start with [New] and [NewRegister]; route.go is
// the table of what is answered, till.go the simulator of a till.
//
// No running shop was at hand: what the vendor documents is followed, and what nobody knows (texts of errors, the shapes of a
// register's receipts, what moves a product's stamp) is a choice that comments name as such.
package sandbox

import (
	"embed"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/faults"
	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

type object = jsondoc.Object

// The key pair that [Sandbox.Credentials] returns. CCV's public keys hold characters such as ^.
const (
	publicKey  = "nk^7t2bq"
	secretKey  = "noorderkade0sandbox0secret0000000000000001"
	webhookKey = "5f2b7c0e9d1a4438b6c1d7e2f0a95b3c"
)

// Media types of the two dialects.
const (
	shopMedia     = "application/vnd.verto.webshop+json"
	registerMedia = "application/vnd.verto.salespos+json"
)

//go:embed templates.json seed.txt register.txt
var files embed.FS

// Sandbox is the imitation. It is safe for concurrent use.
type Sandbox struct {
	faults.Injector

	mu       sync.Mutex
	clock    func() time.Time
	register bool // SalesPOS
	limited  bool
	unsigned bool // answers carry no signature
	restless bool // rows that are equal change places
	turns    int

	templates *object
	tables    map[string]*table
	calls     map[string]*window // by resource and method
	events    []Event
}

// Option changes how a sandbox behaves.
type Option func(*Sandbox)

// WithLimits refuses more calls a minute than the vendor allows: 150 reads and 100 writes of a resource, 30 searches.
func WithLimits() Option { return func(s *Sandbox) { s.limited = true } }

// WithoutSignatures leaves the signature off the answers, as something between client and shop would.
func WithoutSignatures() Option { return func(s *Sandbox) { s.unsigned = true } }

// WithRestlessLists sorts rows that are equal in what they are sorted by anew with every call, as databases may.
func WithRestlessLists() Option { return func(s *Sandbox) { s.restless = true } }

// New starts a CCV Shop. It panics only if the seed in this package is inconsistent, which its tests rule out.
func New(o connectors.SandboxOptions, opts ...Option) *Sandbox { return start(o, false, opts) }

// NewRegister starts a CCV SalesPOS: one branch with one till.
func NewRegister(o connectors.SandboxOptions, opts ...Option) *Sandbox { return start(o, true, opts) }

func start(o connectors.SandboxOptions, register bool, opts []Option) *Sandbox {
	s := &Sandbox{clock: o.Now, register: register, tables: map[string]*table{}, calls: map[string]*window{}}
	if s.clock == nil {
		s.clock = time.Now
	}
	for _, opt := range opts {
		opt(s)
	}
	text, err := files.ReadFile("templates.json")
	if err == nil {
		s.templates, err = jsondoc.DecodeObject(text)
	}
	if err == nil {
		err = s.seed(!o.Empty)
	}
	if err != nil {
		panic(fmt.Sprintf("sandbox: %v", err))
	}
	return s
}

// Credentials are those of a key that may do everything, and the key of the webhooks.
func (s *Sandbox) Credentials() map[string]string {
	return map[string]string{"public": publicKey, "secret": secretKey, "webhookKeys": webhookKey}
}

// stamp is the present second in the vendor's form.
func (s *Sandbox) stamp() string { return s.clock().UTC().Format("2006-01-02T15:04:05Z") }

// maxBody is the most bytes of a request that are read: photos come as Base64.
const maxBody = 32 << 20

// ServeHTTP answers a request.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.Serve(w, r, s.answer) }

func (s *Sandbox) answer(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "Request Entity Too Large", http.StatusRequestEntityTooLarge)
		return
	}
	s.mu.Lock()
	status, text, trusted := s.reply(r, body)
	now := s.stamp()
	w.Header().Set("Date", s.clock().UTC().Format(http.TimeFormat))
	s.mu.Unlock()
	kind := shopMedia
	if s.register && strings.Contains(r.Header.Get("Accept"), "salespos") {
		kind = registerMedia // whether the vendor answers so is not known
	}
	if len(text) > 0 {
		w.Header().Set("Content-Type", kind)
	}
	if trusted && !s.unsigned {
		w.Header().Set("X-Date", now)
		w.Header().Set("X-Hash", sign(secretKey, publicKey, r.Method, r.RequestURI, string(text), now))
	}
	w.WriteHeader(status)
	_, _ = w.Write(text) // the client went away: nobody is left to tell
}

// reply does what is asked. trusted tells whether the caller proved who it is, so that the answer can be signed.
func (s *Sandbox) reply(r *http.Request, body []byte) (status int, text []byte, trusted bool) {
	if fault := s.authorize(r, body); fault != nil {
		return fault.status, jsondoc.EncodePHP(fault.body()), false
	}
	status, v, fault := s.dispatch(r, body)
	if fault != nil {
		return fault.status, jsondoc.EncodePHP(fault.body()), true
	}
	if status == http.StatusNoContent {
		return status, nil, true
	}
	root := "http://" + r.Host
	if r.TLS != nil {
		root = "https://" + r.Host
	}
	return status, jsondoc.EncodePHP(rendered(v, root)), true
}
