package contract

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// Exception lets traffic differ from the document, because the document is wrong or because the
// test means to break it. One that nothing met is reported, so that the list stays true.
type Exception struct {
	Method string // "" is any
	// Path is a pattern of [path.Match] over the document's own path ("/orders/{id}", "/orders/*"), or
	// over the request's path without the base where the document has none; "" is any.
	Path string
	// What is a regular expression over the rest of the finding:
	// "^response 400", "/calculatedTaxes: value must be an object".
	What string
	// Reason says why, with the evidence.
	Reason string
}

// Checker checks requests and answers against a document and reports to a test when it ends:
// every finding once, exceptions that nothing met, and that nothing was checked at all. It is safe
// for concurrent use.
type Checker struct {
	doc        *Document
	base       string
	exceptions []exception

	mu       sync.Mutex
	findings map[string]int
	met      []bool
	checked  int
	used     map[string]bool // the operations that were checked
	running  int             // handlers that are not done
	idle     *sync.Cond      // over mu: running is 0
}

type exception struct {
	Exception
	what *regexp.Regexp
}

// Option configures [New].
type Option func(*Checker)

// Base sets the path before the document's paths; unsaid it is the path of the document's first server.
func Base(p string) Option { return func(c *Checker) { c.base = strings.TrimRight(p, "/") } }

// New returns a checker that reports to t when the test and its subtests are done.
func New(t testing.TB, doc *Document, exceptions []Exception, opts ...Option) *Checker {
	t.Helper()
	c := &Checker{doc: doc, base: doc.base, findings: map[string]int{}, met: make([]bool, len(exceptions)), used: map[string]bool{}}
	c.idle = sync.NewCond(&c.mu)
	for i, e := range exceptions {
		if e.Reason == "" {
			t.Errorf("exception %d (%s %s) has no reason", i+1, e.Method, e.Path)
		}
		if _, err := path.Match(e.Path, ""); err != nil {
			t.Fatalf("exception %d: path %q: %v", i+1, e.Path, err)
		}
		what, err := regexp.Compile(e.What)
		if err != nil {
			t.Fatalf("exception %d: %v", i+1, err)
		}
		c.exceptions = append(c.exceptions, exception{e, what})
	}
	for _, o := range opts {
		o(c)
	}
	t.Cleanup(func() { c.report(t) })
	return c
}

// Handler returns next with its traffic checked.
func (c *Checker) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.begin()
		defer c.end()
		sent, err := drain(&r.Body)
		if err != nil {
			c.find(r, "", "request body: cannot be read")
		}
		copied := r.Clone(context.WithoutCancel(r.Context()))
		tee := &recorder{ResponseWriter: w, body: &bytes.Buffer{}}
		// Also when next gives up half-way: the request was still sent.
		defer func() { c.check(copied, sent, tee.status, w.Header(), tee.body.Bytes()) }()
		next.ServeHTTP(tee, r)
		if tee.status == 0 && !tee.cut {
			tee.status = http.StatusOK
		}
	})
}

func (c *Checker) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running++
}

func (c *Checker) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running--
	c.idle.Broadcast()
}

// recorder copies what a handler answers. A status of 0 means that it did not answer.
type recorder struct {
	http.ResponseWriter
	status int
	cut    bool // the connection was taken over
	body   *bytes.Buffer
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	r.body.Write(p)
	return r.ResponseWriter.Write(p)
}

// Hijack is for handlers that cut the connection.
func (r *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	r.cut = true
	return http.NewResponseController(r.ResponseWriter).Hijack()
}

// Unwrap lets http.ResponseController reach what else the server can.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// Transport returns next with its traffic checked; nil is [http.DefaultTransport].
func (c *Checker) Transport(next http.RoundTripper) http.RoundTripper {
	if next == nil {
		next = http.DefaultTransport
	}
	return transport{c, next}
}

type transport struct {
	checker *Checker
	next    http.RoundTripper
}

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	out := r.Clone(r.Context())
	sent, err := drain(&out.Body)
	if err != nil {
		return nil, err
	}
	resp, err := t.next.RoundTrip(out)
	if err != nil {
		t.checker.check(r, sent, 0, nil, nil)
		return nil, err
	}
	got, err := drain(&resp.Body)
	if err != nil {
		return resp, err
	}
	t.checker.check(r, sent, resp.StatusCode, resp.Header, got)
	return resp, nil
}

// drain reads a body and puts an equal one in its place.
func drain(body *io.ReadCloser) ([]byte, error) {
	if *body == nil || *body == http.NoBody {
		return nil, nil
	}
	text, err := io.ReadAll(*body)
	if cerr := (*body).Close(); err == nil {
		err = cerr
	}
	*body = io.NopCloser(bytes.NewReader(text))
	return text, err
}

// check looks at one exchange; status 0 means that no answer came.
func (c *Checker) check(r *http.Request, sent []byte, status int, header http.Header, got []byte) {
	c.mu.Lock()
	c.checked++
	c.mu.Unlock()
	escaped, under := strings.CutPrefix(r.URL.EscapedPath(), c.base)
	if !under {
		c.find(r, "", "request path: not under "+c.base)
		return
	}
	m, ok := c.doc.find(r.Method, escaped)
	switch {
	case !ok:
		c.find(r, "", "request path: not in the document")
		return
	case m.op == nil:
		c.find(r, m.route.template, "request method: not in the document")
		return
	}
	c.mu.Lock()
	c.used[r.Method+" "+m.route.template] = true
	c.mu.Unlock()

	in := (&http.Request{Method: r.Method, URL: r.URL, Header: r.Header.Clone(), Host: r.Host, ContentLength: int64(len(sent)),
		Body: io.NopCloser(bytes.NewReader(sent))}).WithContext(context.Background())
	options := &openapi3filter.Options{
		MultiError: true, IncludeResponseStatus: true, RejectWhenRequestBodyNotSpecified: true, SkipSettingDefaults: true,
		AuthenticationFunc: openapi3filter.NoopAuthenticationFunc,
	}
	input := &openapi3filter.RequestValidationInput{Request: in, PathParams: m.params, Options: options,
		Route: &routers.Route{Spec: c.doc.spec, Path: m.route.template, PathItem: m.route.item, Method: r.Method, Operation: m.op}}
	for _, what := range flatten("request", openapi3filter.ValidateRequest(in.Context(), input)) {
		c.find(r, m.route.template, what)
	}
	if c.doc.reading.Closed && m.op.RequestBody != nil && m.op.RequestBody.Value != nil {
		c.members(r, m, "request body", m.op.RequestBody.Value.Content, r.Header, sent)
	}
	if status == 0 {
		return
	}
	side := fmt.Sprintf("response %d", status)
	answer := &openapi3filter.ResponseValidationInput{RequestValidationInput: input, Status: status, Header: header, Options: options,
		Body: io.NopCloser(bytes.NewReader(got))}
	for _, what := range flatten(side, openapi3filter.ValidateResponse(in.Context(), answer)) {
		c.find(r, m.route.template, what)
	}
	if ref := m.op.Responses.Status(status); c.doc.reading.Closed && ref != nil && ref.Value != nil {
		c.members(r, m, side+" body", ref.Value.Content, header, got)
	}
}

// find remembers a finding unless an exception covers it.
func (c *Checker) find(r *http.Request, template, what string) {
	if template == "" {
		template = strings.TrimPrefix(r.URL.Path, c.base)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	covered := false
	for i, e := range c.exceptions {
		if e.Method != "" && e.Method != r.Method || !e.what.MatchString(what) {
			continue
		}
		if ok, _ := path.Match(e.Path, template); e.Path != "" && e.Path != template && !ok {
			continue
		}
		c.met[i], covered = true, true
	}
	if !covered {
		c.findings[r.Method+" "+template+": "+what]++
	}
}

func (c *Checker) report(t testing.TB) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	// A client may have its answer before the handler that gave it is done.
	for c.running > 0 {
		c.idle.Wait()
	}
	if c.checked == 0 {
		if !t.Failed() && !t.Skipped() {
			t.Error("contract: no request came by")
		}
		return
	}
	t.Logf("contract: %d exchanges of %d operations checked", c.checked, len(c.used))
	var lines []string
	for f, n := range c.findings {
		lines = append(lines, fmt.Sprintf("%s (%d times)", f, n))
	}
	slices.Sort(lines)
	for _, l := range lines {
		t.Error("contract: " + l)
	}
	for i, e := range c.exceptions {
		if !c.met[i] {
			t.Errorf("contract: nothing met the exception {%s %s %s: %s}", e.Method, e.Path, e.What, e.Reason)
		}
	}
}

// Check looks at one exchange that was recorded elsewhere. target is the request's path with its query.
func (c *Checker) Check(method, target string, header http.Header, body []byte, resp *httptest.ResponseRecorder) error {
	u, err := url.ParseRequestURI(target)
	if err != nil {
		return fmt.Errorf("contract: %w", err)
	}
	r := &http.Request{Method: method, URL: u, Header: header}
	c.check(r, body, resp.Code, resp.Header(), resp.Body.Bytes())
	return nil
}
