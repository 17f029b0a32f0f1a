package statepage_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/all"
	"github.com/crosswalk-go/crosswalk/connectors/faults"
	"github.com/crosswalk-go/crosswalk/connectors/statepage"
)

// box is a sandbox that answers 418 to POST, 200 to all else, and holds what it is given.
type box struct {
	faults.Injector
	docs []string
}

func (b *box) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.Serve(w, r, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			w.WriteHeader(http.StatusTeapot)
		}
	})
}

func (b *box) State(newest int) []connectors.Holding {
	return []connectors.Holding{
		connectors.Hold("orders", b.docs, newest, func(s string) []byte { return []byte(s) }),
		connectors.Hold("baskets", nil, newest, func(s string) []byte { return []byte(s) }),
	}
}

func request(h http.Handler, method, target string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	func() {
		defer func() { _ = recover() }() // as net/http does with a connection that is cut
		r := httptest.NewRequest(method, "/", nil)
		r.Host = "127.0.0.1:4000"
		r.URL.Path, r.URL.RawQuery, _ = strings.Cut(target, "?")
		h.ServeHTTP(w, r)
	}()
	return w
}

// words is the text of a page, a space between elements.
func words(t *testing.T, page string) string {
	t.Helper()
	var out []string
	for z := html.NewTokenizer(strings.NewReader(page)); ; {
		switch z.Next() {
		case html.ErrorToken:
			return strings.Join(out, " ")
		case html.TextToken:
			out = append(out, strings.Fields(string(z.Text()))...)
		}
	}
}

func TestRequests(t *testing.T) {
	b := &box{}
	at := time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)
	h := statepage.New(b, statepage.Options{Title: "Box", Faults: "429=1%", Now: func() time.Time {
		at = at.Add(7 * time.Millisecond)
		return at
	}})
	if page := words(t, request(h, "GET", statepage.Path).Body.String()); !strings.Contains(page, "None yet.") {
		t.Errorf("before the first request: %s", page)
	}
	request(h, "GET", "/api/orders?page=2")
	request(h, "POST", "/api/orders")
	b.Fault(faults.Fault{Name: "cut", Serve: faults.Cut})
	request(h, "PUT", "/api/orders/1")
	b.Fault(faults.Fault{Name: "503", Serve: faults.Maintenance})
	request(h, "GET", "/api/orders")
	page := words(t, request(h, "GET", statepage.Path).Body.String())
	for _, want := range []string{
		"Faults: 429=1%", "All 4, the newest first.",
		"4 09:30:00.056 GET /api/orders 503 7 ms 503 3 09:30:00.042 PUT /api/orders/1 none 7 ms cut 2 09:30:00.028 POST /api/orders 418 7 ms 1 09:30:00.014 GET /api/orders?page=2 200 7 ms",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in\n%s", want, page)
		}
	}
	for range 150 {
		request(h, "GET", "/api/products/"+strings.Repeat("x", 1000))
	}
	page = words(t, request(h, "GET", statepage.Path).Body.String())
	if !strings.Contains(page, "The last 100 of 154") || strings.Contains(page, "POST") || len(page) > 100*500 {
		t.Errorf("%d characters: %s", len(page), page[:200])
	}
}

// TestDocuments holds that documents are readable, newest first and bounded, and that nothing in them becomes markup.
func TestDocuments(t *testing.T) {
	b := &box{}
	for i := range 7 {
		b.docs = append(b.docs, fmt.Sprintf(`{"number":"%d","note":"<script>alert(1)</script><img src=x>"}`, 1000+i))
	}
	b.docs = append(b.docs, `{"note":"`+strings.Repeat("é", 40_000)+`"}`, `no JSON`)
	h := statepage.New(b, statepage.Options{Title: "<b>Box</b>"})
	request(h, "GET", `/"><script>alert(2)</script>`)
	page := request(h, "GET", statepage.Path).Body.String()
	text := words(t, page)
	for _, want := range []string{"orders: 9", "The newest 5.", "baskets: 0", `"number": "1006"`, `"number": "1004"`, "no JSON", " bytes in all"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%.3000s", want, text)
		}
	}
	if strings.Contains(text, `"1003"`) {
		t.Error("it shows more than the newest five")
	}
	if regexp.MustCompile(`<(script|img|b)\b`).MatchString(page) {
		t.Error("what a document, a request or a title holds became markup")
	}
}

func TestPageIsGuarded(t *testing.T) {
	h := statepage.New(&box{}, statepage.Options{Title: "Box"})
	w := request(h, "GET", statepage.Path)
	policy := w.Header().Get("Content-Security-Policy")
	_, style, _ := strings.Cut(w.Body.String(), "<style>")
	style, _, _ = strings.Cut(style, "</style>")
	sum := sha256.Sum256([]byte(style))
	if !strings.HasPrefix(policy, "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"';") {
		t.Errorf("the policy is %q, which the page's own style does not fit", policy)
	}
	if w := request(h, "POST", statepage.Path); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", w.Code)
	}
	for host, want := range map[string]int{
		"127.0.0.1:4000": 200, "localhost:4000": 200, "localhost": 200, "[::1]:4000": 200, "[::1]": 200, "192.0.2.7:80": 200,
		"rebound.example.com": 403, "rebound.example.com:4000": 403, "": 403,
	} {
		r := httptest.NewRequest("GET", statepage.Path, nil)
		r.Host = host
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("asked as %q: %d, want %d", host, w.Code, want)
		}
	}
	for query, want := range map[string]bool{"": false, "?refresh=5": true, "?refresh=0": false, "?refresh=-1": false, "?refresh=5;url=https://example.com": false, "?refresh=99999": false} {
		if got := strings.Contains(request(h, "GET", statepage.Path+query).Body.String(), `http-equiv="refresh"`); got != want {
			t.Errorf("%q refreshes: %t", query, got)
		}
	}
}

// TestEverySystemShowsItsState holds that each sandbox shows its seeded documents as JSON, a fresh one none of those of flows, and that
// it can be made to go wrong repeatably.
func TestEverySystemShowsItsState(t *testing.T) {
	for _, s := range all.Systems() {
		t.Run(s.Spec.Name, func(t *testing.T) {
			sandbox := s.Sandbox(connectors.SandboxOptions{})
			stateful, ok := sandbox.(connectors.Stateful)
			if !ok {
				t.Fatal("it does not show its state")
			}
			page := words(t, request(statepage.New(sandbox, statepage.Options{Title: s.Spec.Title}), "GET", statepage.Path).Body.String())
			seeded := 0
			for _, held := range stateful.State(2) {
				if said := fmt.Sprintf("%s: %d", held.Kind, held.Count); !strings.Contains(page, said) {
					t.Errorf("the page does not say %q: %.500s", said, page)
				}
				if seeded += held.Count; len(held.Newest) != min(2, held.Count) {
					t.Errorf("%s: %d of %d shown", held.Kind, len(held.Newest), held.Count)
				}
				for _, doc := range held.Newest {
					if !strings.HasPrefix(string(doc), "{") || !strings.HasSuffix(string(doc), "}") {
						t.Errorf("%s: %s is no document", held.Kind, doc)
					}
				}
			}
			if seeded == 0 {
				t.Errorf("no documents: %.500s", page)
			}
			if _, ok := sandbox.(faults.Faulty); !ok {
				t.Error("it takes no faults")
			}
		})
	}
}
