// Package sandbox imitates the sales side of Visma eAccounting's API v2 and its
// identity server in memory, with a seeded Dutch company, for demos and tests.
// It is not a ledger: nothing is booked, mailed or printed.
// Start with [New]; [Settings] says what can be switched, [Sandbox.Fail] breaks things on purpose.
package sandbox

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/faults"
)

// Sandbox is one company and one identity server. It is safe for concurrent use.
type Sandbox struct {
	faults.Injector
	now    func() time.Time
	routes []route

	mu     sync.Mutex // guards everything below
	set    Settings
	ids    int
	tokens identity
	calls  limiter

	customers, articles, orders, quotes, drafts, invoices         *collection
	customerLabels, articleLabels                                 *collection
	terms, units, deliveryMethods, deliveryTerms                  *collection
	codings, vatCodes, accounts, currencies, countries, fiscalYrs *collection

	company                                           object
	nextCustomer, nextOrder, nextQuote, nextInvoiceNo int64
}

var _ connectors.Sandbox = (*Sandbox)(nil)

// New makes a sandbox; each change may alter its settings.
func New(o connectors.SandboxOptions, changes ...func(*Settings)) *Sandbox {
	s := &Sandbox{now: o.Now, set: defaults()}
	if s.now == nil {
		s.now = time.Now
	}
	for _, change := range changes {
		change(&s.set)
	}
	s.openStore()
	s.seedReference()
	if !o.Empty {
		s.seedDocuments()
	}
	s.tokens.open()
	s.routes = s.table()
	return s
}

// Configure changes settings of a sandbox that is in use.
func (s *Sandbox) Configure(change func(*Settings)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.set)
}

// newID gives the next identifier. They are the same in every run, so that what a
// demo prints does not change, and they tell nothing.
func (s *Sandbox) newID() string {
	s.ids++
	sum := sha256.Sum256(fmt.Appendf(nil, "eaccounting sandbox %d", s.ids))
	sum[6] = sum[6]&0x0f | 0x40
	sum[8] = sum[8]&0x3f | 0x80
	h := hex.EncodeToString(sum[:16])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

func (s *Sandbox) stampNow() string { return stamp(s.now()) }
func (s *Sandbox) today() string    { return s.now().UTC().Format(time.DateOnly) }

// call is one request on its way through the API.
type call struct {
	s     *Sandbox
	ctx   context.Context
	id    string // the id in the path
	query url.Values
	body  []byte
}

// reply is a success; a nil body is an empty one.
type reply struct {
	status int
	body   []byte
}

type handler func(*call) (reply, error)

// route is one operation; scope is what the token must hold.
type route struct {
	method  string
	path    []string // lower case, "{id}" for the id
	scope   string
	module  string
	handler handler
}

// maxBody is the largest request body that is read.
const maxBody = 8 << 20

// ServeHTTP answers the identity server's paths and those of the API under /v2.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.Serve(w, r, s.answer) }

func (s *Sandbox) answer(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		s.refuse(w, &apiError{http.StatusRequestEntityTooLarge, 2000, "ValidationException - The request body is too large."})
		return
	}
	if strings.HasPrefix(r.URL.Path, "/connect/") {
		s.identity(r, body).write(w)
		return
	}
	rep, err := s.api(r, body)
	if err != nil {
		s.refuse(w, err)
		return
	}
	write(w, rep)
}

func (s *Sandbox) api(r *http.Request, body []byte) (reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	client, err := s.authenticate(r)
	if err != nil {
		return reply{}, err
	}
	rt, id, err := s.find(r)
	if err != nil {
		return reply{}, err
	}
	if err := s.calls.count(s.now(), s.set.callsPerMinute(), client+" "+strings.Join(rt.path, "/")); err != nil {
		return reply{}, err
	}
	if err := s.admit(r.Method, rt); err != nil {
		return reply{}, err
	}
	query, qerr := url.ParseQuery(r.URL.RawQuery)
	if qerr != nil {
		return reply{}, badFilter("The query string cannot be read.")
	}
	return rt.handler(&call{s: s, ctx: r.Context(), id: id, query: query, body: body})
}

// find looks up the operation of a request.
func (s *Sandbox) find(r *http.Request) (*route, string, error) {
	path := strings.Trim(r.URL.Path, "/")
	if !s.set.Unproven.CaseSensitivePaths {
		path = strings.ToLower(path)
	}
	path, ok := strings.CutPrefix(path, "v2/")
	if !ok {
		return nil, "", notFound("resource")
	}
	segments := strings.Split(path, "/")
	known := false
	for i := range s.routes {
		rt := &s.routes[i]
		id, ok := match(rt.path, segments)
		if !ok {
			continue
		}
		if rt.method == r.Method {
			return rt, strings.ToLower(id), nil
		}
		known = true
	}
	if known {
		return nil, "", &apiError{http.StatusMethodNotAllowed, 2000,
			"HttpException - The requested resource does not support http method '" + r.Method + "'."}
	}
	return nil, "", notFound("resource")
}

func match(pattern, segments []string) (id string, ok bool) {
	if len(pattern) != len(segments) {
		return "", false
	}
	for i, p := range pattern {
		if p == "{id}" {
			id = segments[i]
		} else if p != segments[i] {
			return "", false
		}
	}
	return id, true
}

// admit checks company, user, scope and module, in that order.
func (s *Sandbox) admit(method string, rt *route) error {
	switch {
	case !contains(s.set.Modules, "api_standard"):
		return noModule("api_standard")
	case s.set.Inactive:
		return forbidden(4004, "The company is inactive.")
	case s.set.SetUpUnfinished:
		return forbidden(4003, "The start-up guide of the company is not finished.")
	case method != http.MethodGet && s.set.ReadOnlyUser:
		return forbidden(4019, "The user has read access only.")
	case !s.scopeAllows(method, rt):
		return forbidden(4006, "The access token lacks the scope "+rt.scope+".")
	case rt.module == "labels" && s.set.Variant != 1 && s.set.Variant != 2 && s.set.Variant != 5:
		return forbidden(4009, "The product variant of the company does not have labels.")
	case rt.module != "" && rt.module != "labels" && !contains(s.set.Modules, rt.module):
		return noModule(rt.module)
	}
	return nil
}

func (s *Sandbox) scopeAllows(method string, rt *route) bool {
	if contains(s.set.Scopes, rt.scope) {
		return true
	}
	reads := method == http.MethodGet ||
		s.set.Unproven.ReadOnlyScopeWrites && method == http.MethodPost && rt.path[0] == "customerinvoices"
	return reads && contains(s.set.Scopes, rt.scope+"_readonly")
}

func contains(list []string, want string) bool {
	for _, s := range list {
		if s == want {
			return true
		}
	}
	return false
}

func write(w http.ResponseWriter, r reply) {
	if r.body != nil {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
	}
	w.WriteHeader(r.status)
	w.Write(r.body) // a lost connection is the client's affair
}

// refuse writes the body of every answer that is not a success.
func (s *Sandbox) refuse(w http.ResponseWriter, err error) {
	var e *apiError
	if !errors.As(err, &e) {
		e = unhandled()
	}
	s.mu.Lock()
	id := s.newID()
	s.mu.Unlock()
	b := fmt.Appendf(nil, `{"ErrorCode":%d,"DeveloperErrorMessage":`, e.code)
	b = appendString(b, e.text)
	b = fmt.Appendf(b, `,"ErrorId":%q,"Errors":[]}`, id)
	write(w, reply{e.status, b})
}
