// Package sandbox imitates the REST API v3 of an Ecwid store in memory: orders, customers, products with variations and images, stock,
// categories, product types and the profile, with Ecwid's own statuses and error bodies. It is not a storefront, and knows no batches,
// subscriptions, carts or several locations. Start with [New]; what it holds at first is in seed.txt.
package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/faults"
	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// The credentials of the store.
const (
	StoreID      = "72145001"
	accessToken  = "secret_sandboxToken0001"
	clientSecret = "sandbox_client_secret_0001" //nolint:gosec // of an imitation
)

// Sandbox is one store. It is safe for concurrent use.
type Sandbox struct {
	faults.Injector

	mu    sync.Mutex
	clock func() time.Time
	set   settings

	orders, customers, products, categories []*record
	classes, groups                         []*jsondoc.Object
	profile                                 *jsondoc.Object
	gone                                    map[string][]*jsondoc.Object // "orders": what was deleted
	ids                                     map[string]int

	window  time.Time // of the rate limit
	calls   int
	blocked time.Time
}

// record is a document, and how the index of searches has it.
type record struct {
	doc     *jsondoc.Object
	indexed *jsondoc.Object // nil: a search does not know it yet
	stale   bool            // changed since
	at      time.Time       // of the last change
}

type settings struct {
	lag           time.Duration
	perMinute     int
	scopes        []string
	uniqueSKUs    bool
	emptyErrors   bool
	noise         bool
	netPrices     bool
	exclusive     bool
	ascending     bool
	repliedOrders string // how the reply to a new order spells orderId
}

// Option changes a store.
type Option func(*Sandbox)

// WithLag lets searches know of a change only after d. Reading by id always shows the newest.
func WithLag(d time.Duration) Option { return func(s *Sandbox) { s.set.lag = d } }

// WithCallsPerMinute sets the limit of calls, 600 unless said.
func WithCallsPerMinute(n int) Option { return func(s *Sandbox) { s.set.perMinute = n } }

// WithScopes gives the token these scopes only, such as read_orders.
func WithScopes(scopes ...string) Option { return func(s *Sandbox) { s.set.scopes = scopes } }

// WithUniqueSKUs refuses a SKU that a product or variation has.
func WithUniqueSKUs() Option { return func(s *Sandbox) { s.set.uniqueSKUs = true } }

// WithEmptyErrors answers errors without a body, as older parts of the API do.
func WithEmptyErrors() Option { return func(s *Sandbox) { s.set.emptyErrors = true } }

// WithNoise puts the noise of binary numbers into what the store computes.
func WithNoise() Option { return func(s *Sandbox) { s.set.noise = true } }

// WithNetPrices makes the prices of the catalog exclude tax.
func WithNetPrices() Option { return func(s *Sandbox) { s.set.netPrices = true } }

// WithExclusiveBounds makes updatedFrom and updatedTo exclude their own second: the vendor does not say.
func WithExclusiveBounds() Option { return func(s *Sandbox) { s.set.exclusive = true } }

// WithOldestFirst lists orders by their creation, oldest first: the vendor promises no order.
func WithOldestFirst() Option { return func(s *Sandbox) { s.set.ascending = true } }

// WithReplySpelling spells orderId in the reply to a new order: the reference and the official client differ.
func WithReplySpelling(name string) Option { return func(s *Sandbox) { s.set.repliedOrders = name } }

// New makes a store, filled with the demo's documents unless o.Empty.
func New(o connectors.SandboxOptions, opts ...Option) *Sandbox {
	s := &Sandbox{clock: o.Now, gone: map[string][]*jsondoc.Object{}, ids: map[string]int{},
		set: settings{perMinute: 600, repliedOrders: "orderId"}}
	if s.clock == nil {
		s.clock = time.Now
	}
	for _, opt := range opts {
		opt(s)
	}
	if err := s.seed(!o.Empty); err != nil {
		panic(fmt.Sprintf("sandbox: %v", err)) // the seed is part of the program
	}
	return s
}

// Credentials are what a connection to the store needs.
func (s *Sandbox) Credentials() map[string]string {
	return map[string]string{"storeId": StoreID, "accessToken": accessToken, "clientSecret": clientSecret}
}

// call is one request.
type call struct {
	r     *http.Request
	vars  []string // what stands for the asterisks of the route
	query url.Values
	raw   []byte
	body  *jsondoc.Object
}

// route is one operation. A scope is what the token needs.
type route struct {
	method, path, scope string
	serve               func(*Sandbox, *call) (any, *apiError)
}

var routes []route

func init() {
	routes = slices.Concat(orderRoutes, customerRoutes, productRoutes, imageRoutes, categoryRoutes, profileRoutes)
}

// maxBody is the most bytes of a request that are read: an image has at most 20 MB.
const maxBody = 21 << 20

// ServeHTTP answers a request.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.Serve(w, r, s.answer)
}

// answer serves the call. The Date is that of the store's clock.
func (s *Sandbox) answer(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		http.Error(w, "Bad Request", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	v, fault := s.dispatch(&call{r: r, query: r.URL.Query(), raw: raw})
	status := http.StatusOK
	var out []byte
	if fault == nil {
		if fields := r.URL.Query().Get("responseFields"); fields != "" {
			v = selectFields(v, fields)
		}
		out = jsondoc.Encode(v)
	} else {
		status = fault.status
		if fault.retryAfter > 0 {
			w.Header().Set("Retry-After", fmt.Sprint(fault.retryAfter))
		}
		if !s.set.emptyErrors {
			out = jsondoc.Encode(fault.body())
		}
	}
	now := s.clock()
	s.mu.Unlock()
	w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	_, _ = w.Write(out)
}

// dispatch checks who calls, finds the route and reads the input.
func (s *Sandbox) dispatch(c *call) (any, *apiError) {
	segments := strings.Split(strings.Trim(c.r.URL.EscapedPath(), "/"), "/")
	if len(segments) < 4 || segments[0] != "api" || segments[1] != "v3" {
		return nil, &apiError{status: http.StatusNotFound, message: "Not found"}
	}
	if segments[2] != StoreID {
		return nil, &apiError{http.StatusNotFound, "STORE_NOT_FOUND", "Store not found", nil, 0}
	}
	if c.r.Header.Get("Authorization") != "Bearer "+accessToken {
		return nil, &apiError{http.StatusForbidden, "INVALID_API_TOKEN", "API token is invalid", nil, 0}
	}
	if err := s.limit(); err != nil {
		return nil, err
	}
	rt, err := c.route(segments[3:])
	if err != nil {
		return nil, err
	}
	if s.set.scopes != nil && !slices.Contains(s.set.scopes, rt.scope) {
		return nil, &apiError{http.StatusForbidden, "INSUFFICIENT_APP_SCOPE", "The app needs the scope " + rt.scope, nil, 0}
	}
	if err := c.read(); err != nil {
		return nil, err
	}
	return rt.serve(s, c)
}

// limit counts calls in windows of a minute. A token that is above the limit stays blocked until the time that it is told.
func (s *Sandbox) limit() *apiError {
	now := s.clock()
	if !now.Before(s.window.Add(time.Minute)) {
		s.window, s.calls = now, 0
	}
	s.calls++
	if s.calls > s.set.perMinute && !now.Before(s.blocked) {
		s.blocked = s.window.Add(time.Minute)
	}
	if now.Before(s.blocked) {
		left := s.blocked.Sub(now)
		return &apiError{http.StatusTooManyRequests, "RATE_LIMITED", "Too many requests", nil, int((left + time.Second - 1) / time.Second)}
	}
	return nil
}

// route finds the route of a path; literal segments win.
func (c *call) route(segments []string) (*route, *apiError) {
	var found *route
	known := false
	for i := range routes {
		rt := &routes[i]
		vars, ok := matchPath(strings.Split(rt.path, "/"), segments)
		if !ok {
			continue
		}
		known = true
		if rt.method == c.r.Method && (found == nil || len(vars) < len(c.vars)) {
			found, c.vars = rt, vars
		}
	}
	switch {
	case found != nil:
		return found, nil
	case known:
		return nil, &apiError{http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED", "Method not allowed", nil, 0}
	}
	return nil, &apiError{status: http.StatusNotFound, message: "Not found"}
}

func matchPath(pattern, segments []string) (vars []string, ok bool) {
	if len(pattern) != len(segments) {
		return nil, false
	}
	for i, p := range pattern {
		if p != "*" {
			if p != segments[i] {
				return nil, false
			}
			continue
		}
		v, err := url.PathUnescape(segments[i])
		if err != nil {
			return nil, false
		}
		vars = append(vars, v)
	}
	return vars, true
}

// read takes the body of a call that is no image.
func (c *call) read() *apiError {
	if c.r.Method != http.MethodPost && c.r.Method != http.MethodPut || isUpload(c.r.URL.Path) {
		return nil
	}
	kind, params, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if charset := params["charset"]; err != nil || kind != "application/json" || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return &apiError{status: http.StatusUnsupportedMediaType, message: "Unsupported content type"}
	}
	o, err := jsondoc.DecodeObject(bytes.TrimSpace(c.raw))
	if err != nil {
		return wrong("The request body is not a JSON object")
	}
	c.body = o
	return nil
}

func isUpload(path string) bool {
	return strings.HasSuffix(path, "/image") || strings.HasSuffix(path, "/gallery")
}

// next is a new id.
func (s *Sandbox) next(kind string, first int) int {
	if s.ids[kind] == 0 {
		s.ids[kind] = first
	}
	s.ids[kind]++
	return s.ids[kind]
}

// fill sets the members, names and values in turn, that are not there.
func fill(o *jsondoc.Object, pairs ...any) {
	for i := 0; i+1 < len(pairs); i += 2 {
		if name, ok := pairs[i].(string); ok && !o.Has(name) {
			o.Set(name, pairs[i+1])
		}
	}
}

// touch marks a record as changed now, and gives it its stamps.
func (s *Sandbox) touch(r *record) {
	r.at, r.stale = s.clock(), true
	stamp, unix := r.at.UTC().Format(dateLayout), jsondoc.Int(int(r.at.Unix()))
	switch {
	case r.doc.Has("updateDate"):
		r.doc.Set("updateDate", stamp)
		r.doc.Set("updateTimestamp", unix)
	case r.doc.Has("updated"):
		r.doc.Set("updated", stamp)
		if r.doc.Has("updateTimestamp") {
			r.doc.Set("updateTimestamp", unix)
		}
	}
}

// seen brings the index up to date and returns what a search finds of a record, nil for nothing.
func (s *Sandbox) seen(r *record) *jsondoc.Object {
	if r.stale && (s.set.lag == 0 || !s.clock().Before(r.at.Add(s.set.lag))) {
		r.indexed, r.stale = r.doc.Clone(), false
	}
	return r.indexed
}

// forget notes that a document is gone.
func (s *Sandbox) forget(kind string, id any, more ...any) {
	s.gone[kind] = append(s.gone[kind], jsondoc.New(append([]any{"id", id, "date", s.clock().UTC().Format(dateLayout)}, more...)...))
}

var errSeed = errors.New("the store refuses its own seed")
