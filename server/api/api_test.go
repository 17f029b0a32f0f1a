package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/gorilla/mux"
	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors/all"
	"github.com/crosswalk-go/crosswalk/mappings"
	"github.com/crosswalk-go/crosswalk/server/api"
	"github.com/crosswalk-go/crosswalk/server/auth"
	"github.com/crosswalk-go/crosswalk/server/files"
)

// inTests is the instant on the server's clock.
var inTests = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// client sends requests and holds both sides to openapi.yaml.
type client struct {
	t       *testing.T
	handler http.Handler
	router  routers.Router
	token   string
	dir     string // of the project
	api     *api.API
	log     *bytes.Buffer
}

// open starts the API over a project with these files; nil is no project.
func open(t *testing.T, texts map[string]string, cfg auth.Config, changes ...func(o *api.Options, dir string)) *client {
	t.Helper()
	if texts == nil {
		return openWith(t, cfg, func(o *api.Options) {
			for _, change := range changes {
				change(o, "")
			}
		})
	}
	dir := t.TempDir()
	for name, text := range texts {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	folder, err := files.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = folder.Close() })
	c := openWith(t, cfg, func(o *api.Options) {
		o.Folder = folder
		for _, change := range changes {
			change(o, dir)
		}
	})
	c.dir = dir
	return c
}

// openWith starts the API with options of the test's own.
func openWith(t *testing.T, cfg auth.Config, more func(*api.Options)) *client {
	t.Helper()
	c := &client{t: t, log: &bytes.Buffer{}}
	opts := api.Options{Library: mappings.FS, Tests: mappings.Tests, Systems: all.Systems(), Version: "test", Now: func() time.Time { return inTests }}
	opts.Log = slog.New(slog.NewTextHandler(c.log, nil))
	opts.Audit = opts.Log
	var err error
	if opts.Auth, err = auth.New(cfg, opts.Now); err != nil {
		t.Fatal(err)
	}
	more(&opts)
	if c.api, err = api.New(opts); err != nil {
		t.Fatal(err)
	}
	r := mux.NewRouter()
	r.UseEncodedPath()
	c.api.Register(r)
	c.handler = r
	c.router = description(t)
	return c
}

// description reads openapi.yaml as the validator wants it.
func description(t *testing.T) routers.Router {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(api.OpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	return router
}

// send sends a request; body is a value to send as JSON, or nil.
func (c *client) send(method, path string, body any, headers ...string) *httptest.ResponseRecorder {
	c.t.Helper()
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			c.t.Fatal(err)
		}
	}
	return c.sendText(method, path, text, headers...)
}

func (c *client) sendText(method, path string, text []byte, headers ...string) *httptest.ResponseRecorder {
	c.t.Helper()
	request := func() *http.Request {
		r := httptest.NewRequestWithContext(c.t.Context(), method, api.Prefix+path, bytes.NewReader(text))
		if text != nil {
			r.Header.Set("Content-Type", "application/json")
		}
		if c.token != "" {
			r.Header.Set("Authorization", "Bearer "+c.token)
		}
		for i := 0; i+1 < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		return r
	}
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, request())
	r := request()
	if strings.Contains(path, "/files/") || strings.Contains(path, "/library/") {
		// The description's {path} holds slashes, which the validator's router does not know.
		parts := strings.SplitN(r.URL.Path, "/", 5)
		r.URL.Path = strings.Join(parts[:4], "/") + "/" + strings.ReplaceAll(parts[4], "/", "-")
	}
	route, params, err := c.router.FindRoute(r)
	if err != nil {
		if w.Code != http.StatusNotFound && w.Code != http.StatusMethodNotAllowed {
			c.t.Errorf("%s %s answers %d and is not described: %v", method, path, w.Code, err)
		}
		return w
	}
	in := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true}}
	if w.Code == http.StatusOK {
		if err := openapi3filter.ValidateRequest(context.Background(), in); err != nil {
			c.t.Errorf("%s %s: the handler takes a request that is not as described: %v", method, path, err)
		}
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: w.Code, Header: w.Header(), Body: io.NopCloser(bytes.NewReader(w.Body.Bytes())), Options: in.Options}
	if err := openapi3filter.ValidateResponse(context.Background(), out); err != nil {
		c.t.Errorf("%s %s: the answer is not as described: %v\n%s", method, path, err, w.Body)
	}
	return w
}

// get sends a request that has to succeed and returns its answer's body.
func (c *client) get(method, path string, body any, headers ...string) string {
	c.t.Helper()
	w := c.send(method, path, body, headers...)
	if w.Code != http.StatusOK {
		c.t.Fatalf("%s %s answers %d: %s", method, path, w.Code, w.Body)
	}
	return w.Body.String()
}

// fail sends a request that has to be refused with a status, and returns the answer's body.
func (c *client) fail(status int, method, path string, body any, headers ...string) string {
	c.t.Helper()
	w := c.send(method, path, body, headers...)
	if w.Code != status {
		c.t.Fatalf("%s %s answers %d instead of %d: %s", method, path, w.Code, status, w.Body)
	}
	if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
		c.t.Errorf("%s %s: a refusal comes as %s", method, path, got)
	}
	return w.Body.String()
}

type object = map[string]any

func mapping(name, text string) object { return object{"name": name, "text": text} }

// library returns the text of a mapping that is built in.
func library(t *testing.T, name string) string {
	t.Helper()
	text, err := mappings.FS.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestDescription holds the table of routes and openapi.yaml to each other.
func TestDescription(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData(api.OpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	described := map[string]bool{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			described[method+" "+path] = true
			if op.OperationID == "" || op.Summary == "" {
				t.Errorf("%s %s has no operationId or summary", method, path)
			}
		}
	}
	for _, route := range api.Routes() {
		if !described[route] {
			t.Errorf("%s is not described", route)
		}
		delete(described, route)
	}
	for route := range described {
		t.Errorf("%s is described and not there", route)
	}
	c := open(t, nil, auth.Config{})
	if got := c.get("GET", "/openapi.json", nil); gjson.Get(got, "openapi").Str != "3.1.0" {
		t.Errorf("the document as JSON begins %.60s", got)
	}
	if got := c.get("GET", "/openapi.yaml", nil); got != string(api.OpenAPI()) {
		t.Error("the document as YAML is not the file")
	}
}
