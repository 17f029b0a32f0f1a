package server_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"go.uber.org/goleak"

	"github.com/crosswalk-go/crosswalk/mappings"
	"github.com/crosswalk-go/crosswalk/playground"
	"github.com/crosswalk-go/crosswalk/server"
	"github.com/crosswalk-go/crosswalk/server/api"
	"github.com/crosswalk-go/crosswalk/server/auth"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open makes a server for the local user, or for whoever cfg names.
func open(t testing.TB, cfg auth.Config, change func(*server.Options)) *server.Server {
	t.Helper()
	a, err := auth.New(cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	opts := server.Options{API: api.Options{Library: mappings.FS, Tests: mappings.Tests, Auth: a}}
	if change != nil {
		change(&opts)
	}
	s, err := server.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func request(s http.Handler, method, url string, headers ...string) *http.Response {
	r := httptest.NewRequest(method, url, strings.NewReader("{}"))
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Result()
}

func TestPage(t *testing.T) {
	s := open(t, auth.Config{}, nil)
	first, second := request(s, "GET", "http://127.0.0.1:8080/"), request(s, "GET", "http://127.0.0.1:8080/flows")
	if first.StatusCode != 200 || second.StatusCode != 200 {
		t.Fatalf("the page answers %d and %d", first.StatusCode, second.StatusCode)
	}
	policy := first.Header.Get("Content-Security-Policy")
	if strings.Contains(policy, "unsafe") || !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") {
		t.Errorf("the policy is %s", policy)
	}
	if policy == second.Header.Get("Content-Security-Policy") {
		t.Error("two answers have one nonce")
	}
	if playground.Built() {
		body, _ := io.ReadAll(first.Body)
		_, nonce, _ := strings.Cut(policy, "'nonce-")
		nonce, _, _ = strings.Cut(nonce, "'")
		if !strings.Contains(string(body), nonce) || strings.Contains(string(body), "NONCE-OF") {
			t.Errorf("the page does not hold the nonce of its policy:\n%s", body)
		}
		if strings.Contains(string(body), "<script>") || strings.Contains(string(body), "style=") {
			t.Errorf("something stands in the page itself:\n%s", body)
		}
	}
	for _, h := range []string{"X-Content-Type-Options", "Referrer-Policy", "X-Frame-Options", "Cross-Origin-Opener-Policy"} {
		if first.Header.Get(h) == "" {
			t.Errorf("the header %s is missing", h)
		}
	}
	for _, path := range []string{"/assets/none.js", "/none.html", "/../server.go", "/unbuilt.html.br"} {
		if r := request(s, "GET", "http://127.0.0.1:8080"+path); r.StatusCode == 200 {
			t.Errorf("%s answers 200", path)
		}
	}
	if r := request(s, "POST", "http://127.0.0.1:8080/"); r.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("a POST to the page answers %d", r.StatusCode)
	}
}

// TestEveryAnswerIsDefended holds that whatever is asked, an answer tells browsers what the page may do: errors, too.
func TestEveryAnswerIsDefended(t *testing.T) {
	hooks := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusUnauthorized) })
	_, hash := auth.NewToken()
	s := open(t, auth.Config{Tokens: []auth.Token{{Name: "ops", Role: auth.Admin, Hash: hash}}}, func(o *server.Options) { o.Hooks, o.Profile, o.API.Secure = hooks, true, true })
	const at = "http://127.0.0.1:8080"
	asked := map[string]int{ // method and address
		"GET " + at + "/": 200, "GET " + at + "/flows": 200, "GET " + at + "/assets/none.js": 404, "POST " + at + "/": 405, "GET " + at + "/../x": 301,
		"GET " + at + "/healthz": 200, "GET " + at + "/readyz": 200, "GET " + at + "/metrics": 401, "GET " + at + "/debug/pprof/": 401, "POST " + at + "/hooks/webshop": 401,
		"GET " + at + "/api/v1/none": 404, "PATCH " + at + "/api/v1/preview": 405, "POST " + at + "/api/v1/preview": 401, "POST " + at + "/api/v1/session": 401,
		"GET http://evil.example.com/": 421, "GET " + at + "/api/v1/session": 200, "GET " + at + "/api/v1/files/%2e%2e%2fcrosswalk.yaml": 401,
	}
	var described struct{ Paths map[string]map[string]any }
	if err := yaml.Unmarshal(api.OpenAPI(), &described); err != nil || len(described.Paths) < 40 {
		t.Fatalf("%d paths are described: %v", len(described.Paths), err)
	}
	for path, methods := range described.Paths {
		for method := range methods {
			asked[strings.ToUpper(method)+" "+at+api.Prefix+strings.NewReplacer("{path}", "x.yaml", "{flow}", "f", "{connection}", "c", "{id}", "1").Replace(path)] = 0
		}
	}
	for what, want := range asked {
		method, url, _ := strings.Cut(what, " ")
		r := request(s, method, url)
		if want != 0 && r.StatusCode != want {
			t.Errorf("%s answers %d, want %d", what, r.StatusCode, want)
		}
		if policy := r.Header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'; script-src 'self';") {
			t.Errorf("%s has the policy %q", what, policy)
		}
		for _, h := range []string{"X-Content-Type-Options", "Referrer-Policy", "X-Frame-Options", "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy", "Permissions-Policy", "Strict-Transport-Security"} {
			if r.Header.Get(h) == "" {
				t.Errorf("%s lacks %s", what, h)
			}
		}
	}
	r := httptest.NewRequest(http.MethodPost, at+"/api/v1/flows/f/run", strings.NewReader("{}"))
	r.Header.Set("Origin", "http://evil.example.com")
	w := httptest.NewRecorder()
	if s.ServeHTTP(w, r); w.Code != http.StatusForbidden || w.Header().Get("Content-Security-Policy") == "" {
		t.Errorf("a request of another site answers %d with the policy %q", w.Code, w.Header().Get("Content-Security-Policy"))
	}
}

// TestHooksAreBounded holds that what anybody may send takes no more than its share, also while others wait.
func TestHooksAreBounded(t *testing.T) {
	under, going, most := make(chan struct{}), make(chan struct{}, 100), 64
	hooks := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		going <- struct{}{}
		<-under
		_, err := io.ReadAll(r.Body)
		if tooLong := new(http.MaxBytesError); errors.As(err, &tooLong) {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		}
	})
	s := open(t, auth.Config{}, func(o *server.Options) { o.Hooks = hooks })
	send := func(ctx context.Context, body io.Reader) int {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodPost, "http://127.0.0.1:8080/hooks/webshop", body))
		return w.Code
	}
	var all sync.WaitGroup
	for range most {
		all.Go(func() { send(t.Context(), strings.NewReader("x")) })
	}
	for range most {
		<-going
	}
	impatient, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer stop()
	if code := send(impatient, strings.NewReader("x")); code != http.StatusServiceUnavailable {
		t.Errorf("one more than there are places answers %d", code)
	}
	close(under)
	all.Wait()
	if code := send(t.Context(), strings.NewReader(strings.Repeat("x", 1<<20+1))); code != http.StatusRequestEntityTooLarge {
		t.Errorf("a body that is too long answers %d", code)
	}
}

// TestSecureCookies holds that behind TLS the cookie of a session goes over nothing else.
func TestSecureCookies(t *testing.T) {
	hash, err := auth.HashPassword("correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	for _, secure := range []bool{false, true} {
		s := open(t, auth.Config{Users: []auth.Account{{Name: "ann", Role: auth.Viewer, Password: hash}}}, func(o *server.Options) { o.API.Secure = secure })
		for _, ask := range []struct{ method, body string }{{"POST", `{"name": "ann", "password": "correct horse battery"}`}, {"DELETE", ""}} {
			w := httptest.NewRecorder()
			s.ServeHTTP(w, httptest.NewRequest(ask.method, "http://127.0.0.1:8080/api/v1/session", strings.NewReader(ask.body)))
			cookies := w.Result().Cookies()
			if len(cookies) != 1 || cookies[0].Secure != secure || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteStrictMode || cookies[0].Path != "/" {
				t.Errorf("%s with secure %v answers %d with %v", ask.method, secure, w.Code, cookies)
			}
			if transport := w.Header().Get("Strict-Transport-Security"); (transport != "") != secure {
				t.Errorf("with secure %v it says %q of transport", secure, transport)
			}
		}
	}
}

func TestNames(t *testing.T) {
	s := open(t, auth.Config{}, func(o *server.Options) { o.Hosts = []string{"crosswalk.example.com"} })
	tests := []struct {
		host string
		want int
	}{
		{"127.0.0.1:8080", 200}, {"localhost:8080", 200}, {"[::1]:8080", 200}, {"crosswalk.example.com", 200}, {"CROSSWALK.example.com:443", 200},
		{"evil.example.com", http.StatusMisdirectedRequest}, {"localhost.evil.example.com:8080", http.StatusMisdirectedRequest}, {"127.0.0.1.evil.example.com", http.StatusMisdirectedRequest},
	}
	for _, test := range tests {
		if r := request(s, "GET", "http://"+test.host+"/api/v1/session"); r.StatusCode != test.want {
			t.Errorf("%s answers %d, want %d", test.host, r.StatusCode, test.want)
		}
	}
}

func TestOtherSites(t *testing.T) {
	s := open(t, auth.Config{}, nil)
	const url = "http://127.0.0.1:8080/api/v1/format"
	if r := request(s, "POST", url, "Sec-Fetch-Site", "cross-site"); r.StatusCode != http.StatusForbidden {
		t.Errorf("a request of another site answers %d", r.StatusCode)
	}
	if r := request(s, "POST", url, "Origin", "http://evil.example.com"); r.StatusCode != http.StatusForbidden {
		t.Errorf("a request of another origin answers %d", r.StatusCode)
	}
	for _, site := range []string{"same-origin", "none", ""} {
		if r := request(s, "POST", url, "Sec-Fetch-Site", site); r.StatusCode != 200 {
			t.Errorf("a request of the page (%q) answers %d", site, r.StatusCode)
		}
	}
}

func TestLookingAfter(t *testing.T) {
	sick := errors.New("the store is full of secrets")
	var ready error
	text, hash := auth.NewToken()
	viewer, viewerHash := auth.NewToken()
	s := open(t, auth.Config{Tokens: []auth.Token{{Name: "ops", Role: auth.Admin, Hash: hash}, {Name: "see", Role: auth.Viewer, Hash: viewerHash}}}, func(o *server.Options) {
		o.Profile = true
		o.Ready = func(context.Context) error { return ready }
	})
	const at = "http://127.0.0.1:8080"
	for _, path := range []string{"/healthz", "/readyz"} {
		if r := request(s, "GET", at+path); r.StatusCode != 200 {
			t.Errorf("%s answers %d", path, r.StatusCode)
		}
	}
	ready = sick
	r := request(s, "GET", at+"/readyz")
	body, _ := io.ReadAll(r.Body)
	if r.StatusCode != http.StatusServiceUnavailable || strings.Contains(string(body), "secrets") {
		t.Errorf("readyz answers %d: %s", r.StatusCode, body)
	}
	if r := request(s, "GET", at+"/metrics"); r.StatusCode != http.StatusUnauthorized {
		t.Errorf("metrics without a token answer %d", r.StatusCode)
	}
	r = request(s, "GET", at+"/metrics", "Authorization", "Bearer "+viewer)
	body, _ = io.ReadAll(r.Body)
	if want := `crosswalk_http_requests_total{code="503",method="GET",route="/readyz"} 1`; !strings.Contains(string(body), want) {
		t.Errorf("the metrics lack %s", want)
	}
	if r := request(s, "GET", at+"/debug/pprof/", "Authorization", "Bearer "+viewer); r.StatusCode != http.StatusForbidden {
		t.Errorf("profiles for a viewer answer %d", r.StatusCode)
	}
	if r := request(s, "GET", at+"/debug/pprof/", "Authorization", "Bearer "+text); r.StatusCode != 200 {
		t.Errorf("profiles for an admin answer %d", r.StatusCode)
	}
	off := open(t, auth.Config{}, nil)
	if r := request(off, "GET", at+"/debug/pprof/heap"); strings.Contains(r.Header.Get("Content-Type"), "octet") {
		t.Error("profiles are there that nobody asked for")
	}
}

// elsewhere is a listener that others could reach.
type elsewhere struct{ net.Listener }

func (elsewhere) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(0, 0, 0, 0), Port: 8080} }

func TestServeRefusesToBeOpen(t *testing.T) {
	listen := func() net.Listener {
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	s := open(t, auth.Config{}, nil)
	if err := s.Serve(t.Context(), elsewhere{listen()}); !errors.Is(err, server.ErrOpen) {
		t.Errorf("an open server on every address: %v", err)
	}
	_, hash := auth.NewToken()
	guarded := open(t, auth.Config{Tokens: []auth.Token{{Name: "ci", Role: auth.Viewer, Hash: hash}}}, nil)
	for _, serve := range []struct {
		server *server.Server
		l      net.Listener
	}{{s, listen()}, {guarded, elsewhere{listen()}}} {
		ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
		if err := serve.server.Serve(ctx, serve.l); err != nil {
			t.Errorf("it ends with %v", err)
		}
		stop()
	}
}

func TestConfig(t *testing.T) {
	c, err := server.ParseConfig(nil)
	if err != nil || c.Listen != server.DefaultListen {
		t.Errorf("without a section: %+v, %v", c, err)
	}
	c, err = server.ParseConfig([]byte(`{"listen": "0.0.0.0:80", "hosts": ["a.example.com"], "tls": true, "auth": {"users": [{"name": "ann", "role": "editor", "password": "x"}]}}`))
	if err != nil || c.Listen != "0.0.0.0:80" || !c.TLS || c.Auth.Users[0].Role != auth.Editor {
		t.Errorf("got %+v, %v", c, err)
	}
	for _, section := range []string{`{"port": 80}`, `{"auth": {"users": [{"role": "king"}]}}`, `[]`} {
		if _, err := server.ParseConfig([]byte(section)); err == nil {
			t.Errorf("%s is taken", section)
		}
	}
}
