// Package sandbox imitates the REST API of Magento 2.4 in memory, with an invented Dutch coffee shop in it, for demos
// and tests. It is no shop: it calculates carts for one shop set-up, sends no mail and shows no pages, and leaves out
// bundles, downloads, B2B, CMS and the asynchronous API. Start with [New]; route.go is the table of what it answers.
package sandbox

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"math/big"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/faults"
	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// The account of a person, for an admin token.
const (
	AdminUser     = "admin"
	AdminPassword = "noorderkade-123"
)

// The integration that [Sandbox.Credentials] returns: each is 32 characters long, as Magento's are.
const (
	consumerKey       = "ck0noorderkade0koffie0sandbox001"
	consumerSecret    = "cs0noorderkade0koffie0sandbox002"
	accessToken       = "at0noorderkade0koffie0sandbox003"
	accessTokenSecret = "as0noorderkade0koffie0sandbox004"
)

// Sandbox is the imitation. It is safe for concurrent use.
type Sandbox struct {
	faults.Injector
	mu    sync.Mutex
	clock func() time.Time
	// settings
	bearer      bool     // integration tokens count as bearer tokens
	verbatim    bool     // OAuth signs the path as it was sent, as 2.4.8 does
	rights      []string // of the integration; nil is all
	unfurnished bool

	tokens     map[string]time.Time // admin tokens and their ends
	logins     int
	nonces     map[string]bool
	faultsTold int
	ids        map[string]int // last id by kind

	products   []*product
	attributes []*object
	assigned   map[string]bool // attributes that were put into the attribute set
	categories []*object
	customers  []*object
	orders     []*object
	invoices   []*object
	shipments  []*object
	refunds    []*object
	carts      map[string]*cart
	stock      []*object           // source items
	reserved   map[string]*big.Rat // open reservations by SKU in lower case

	reference map[string][]*object // tables that nothing computes with, by name
}

// Option changes how a sandbox behaves.
type Option func(*Sandbox)

// WithIntegrationAsBearer takes the access token of the integration as a bearer token, which Magento
// does only where a setting allows it.
func WithIntegrationAsBearer() Option { return func(s *Sandbox) { s.bearer = true } }

// WithVerbatimPath verifies OAuth signatures over the path as it was sent, as 2.4.8 does. Before, a slash in a SKU is decoded.
func WithVerbatimPath() Option { return func(s *Sandbox) { s.verbatim = true } }

// WithRights gives the integration these rights only, such as "Magento_Sales::actions_view".
func WithRights(resources ...string) Option { return func(s *Sandbox) { s.rights = resources } }

// WithoutReferenceData leaves out the shop's attributes, categories and tax classes too, for a shop that is filled by its API.
func WithoutReferenceData() Option { return func(s *Sandbox) { s.unfurnished = true } }

// New starts a shop. It panics only if the seed in this package is inconsistent, which its tests rule out.
func New(o connectors.SandboxOptions, opts ...Option) *Sandbox {
	s := &Sandbox{
		clock: o.Now, tokens: map[string]time.Time{}, nonces: map[string]bool{}, ids: map[string]int{}, assigned: map[string]bool{},
		carts: map[string]*cart{}, reserved: map[string]*big.Rat{}, reference: map[string][]*object{},
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	for _, opt := range opts {
		opt(s)
	}
	s.furnish()
	if !s.unfurnished {
		if err := s.seed(!o.Empty); err != nil {
			panic(err)
		}
	}
	return s
}

// Credentials are those of an integration that may do everything, for OAuth 1.0a.
func (s *Sandbox) Credentials() map[string]string {
	return map[string]string{"consumerKey": consumerKey, "consumerSecret": consumerSecret, "accessToken": accessToken, "accessTokenSecret": accessTokenSecret}
}

// now is the second that Magento would write: UTC, without an offset.
func (s *Sandbox) now() string { return s.clock().UTC().Format(time.DateTime) }

// next is the next id of a kind.
func (s *Sandbox) next(kind string) int {
	s.ids[kind]++
	return s.ids[kind]
}

// taken makes sure that next never gives an id again.
func (s *Sandbox) taken(kind string, id int) { s.ids[kind] = max(s.ids[kind], id) }

// call is one request.
type call struct {
	r             *http.Request
	store         string // "all", "default" or "" for the default view
	vars          []string
	body          *object
	criteria      criteria
	criteriaFault *apiError
	hasCriteria   bool
}

// global tells whether the request writes for all store views.
func (c *call) global() bool { return c.store == "all" }

// maxBody is the most bytes of a request that are read.
const maxBody = 16 << 20

// ServeHTTP answers a request.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.Serve(w, r, s.answer)
}

func (s *Sandbox) answer(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "Request Entity Too Large", http.StatusRequestEntityTooLarge)
		return
	}
	if accept := r.Header.Get("Accept"); accept != "" && !strings.Contains(accept, "json") && !strings.Contains(accept, "*/*") {
		w.Header().Set("Content-Type", "text/html; charset=UTF-8")
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, "<!doctype html>\n<html><body><h1>There has been an error processing your request</h1></body></html>\n")
		return
	}
	s.mu.Lock()
	v, fault := s.dispatch(r, body)
	status, kind := http.StatusOK, "application/json; charset=utf-8"
	var out []byte
	switch {
	case fault != nil && fault.plain:
		status, kind, out = fault.status, "text/plain;charset=UTF-8", []byte(fault.message)
	case fault != nil:
		status, out = fault.status, jsondoc.EncodePHP(fault.body())
	default:
		if fields := r.URL.Query().Get("fields"); fields != "" {
			v = selectFields(v, fields)
		}
		out = jsondoc.EncodePHP(v)
	}
	s.mu.Unlock()
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_, _ = w.Write(out)
}

// dispatch finds the route, checks the right and reads the input.
func (s *Sandbox) dispatch(r *http.Request, body []byte) (any, *apiError) {
	switch r.Method {
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete:
	default:
		return nil, &apiError{status: http.StatusMethodNotAllowed, message: fmt.Sprintf("The %s HTTP method is not supported.", r.Method)}
	}
	path := strings.TrimPrefix(r.URL.EscapedPath(), "/index.php")
	segments := strings.Split(strings.Trim(path, "/"), "/")
	if segments[0] != "rest" || len(segments) < 2 {
		return nil, &apiError{status: http.StatusNotFound, message: "Request does not match any route."}
	}
	c := &call{r: r}
	segments = segments[1:]
	if segments[0] != "V1" && segments[0] != "async" {
		if segments[0] != "all" && segments[0] != "default" {
			return nil, refuse("Specified request cannot be processed.")
		}
		c.store, segments = segments[0], segments[1:]
	}
	rt := c.route(segments)
	if rt == nil {
		return nil, &apiError{status: http.StatusNotFound, message: "Request does not match any route."}
	}
	if err := s.authorize(r, rt.right); err != nil {
		return nil, err
	}
	if len(body) > 0 {
		if err := c.read(r.Header.Get("Content-Type"), body); err != nil {
			return nil, err
		}
	}
	c.criteria, c.hasCriteria, c.criteriaFault = parseCriteria(r.URL.Query())
	return rt.serve(s, c)
}

func (c *call) read(contentType string, body []byte) *apiError {
	if contentType == "" {
		return refuse("Content-Type header is empty.")
	}
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || kind != "application/json" {
		return refuse("Server cannot understand Content-Type HTTP header media type " + cmp.Or(kind, contentType))
	}
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return refuse("UTF-8 is the only supported charset.")
	}
	v, err := jsondoc.Decode(bytes.TrimSpace(body))
	if err != nil {
		return refuse("Decoding error.")
	}
	switch v := v.(type) {
	case *object:
		c.body = v
	case []any:
		c.body = jsondoc.New()
	default:
		return refuse("Decoding error.")
	}
	return nil
}

// route finds the route of a path and the variables in it. A path matches whole; literal segments win.
func (c *call) route(segments []string) *route {
	var found *route
	for i := range routes {
		rt := &routes[i]
		parts := strings.Split(rt.path, "/")
		if rt.method != c.r.Method || len(parts) != len(segments) {
			continue
		}
		var vars []string
		for j, p := range parts {
			if p == "*" {
				v, err := url.PathUnescape(segments[j])
				if err != nil {
					v = segments[j]
				}
				vars = append(vars, v)
			} else if p != segments[j] {
				vars = nil
				parts = nil
				break
			}
		}
		if parts != nil && (found == nil || len(vars) < len(c.vars)) {
			found, c.vars = rt, vars
		}
	}
	return found
}

// id is a variable of the path that is an id. PHP reads 000000002 as 2.
func (c *call) id(i int) (int, *apiError) {
	if c.vars[i] == "" || strings.Trim(c.vars[i], "0123456789") != "" || len(c.vars[i]) > 12 {
		return 0, wrongType("", c.vars[i], "int")
	}
	return jsondoc.New("id", c.vars[i]).Int("id"), nil
}

// hasID finds the object with an id in a list.
func hasID(list []*object, member string, id int) *object {
	for _, o := range list {
		if o.Int(member) == id {
			return o
		}
	}
	return nil
}
