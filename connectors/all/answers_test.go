package all_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/all"
	"github.com/crosswalk-go/crosswalk/connectors/contract"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// answer is something that comes instead of what a system said.
type answer struct {
	lost  bool // the system did what was asked
	serve func(w http.ResponseWriter, r *http.Request, said []byte)
}

func text(status int, header, body string) answer {
	return answer{serve: func(w http.ResponseWriter, r *http.Request, _ []byte) {
		name, value, _ := strings.Cut(header, ": ")
		w.Header().Set(name, value)
		w.WriteHeader(status)
		// Debug pages repeat what they were sent.
		_, _ = fmt.Fprint(w, strings.ReplaceAll(body, "ECHO", fmt.Sprint(r.Header, r.URL.RawQuery)))
	}}
}

func lost(a answer) answer { a.lost = true; return a }

// zeros are more bytes than any answer has, packed into few.
var zeros = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	for range 66 {
		_, _ = z.Write(make([]byte, 1<<20))
	}
	_ = z.Close()
	return b.Bytes()
})

// badAnswers are by name what systems, hosts and networks answer on bad days. elsewhere is an address of somebody else.
func badAnswers(elsewhere string) map[string]answer {
	page := "<html><body>Something went wrong. ECHO</body></html>"
	redirect := func(status int) answer {
		return text(status, "Location: "+elsewhere+"/caught", "")
	}
	return map[string]answer{
		"429, in a moment":              text(429, "Retry-After: 0.05", "{}"),
		"429, in words":                 text(429, "Content-Type: text/plain", "Too many calls. Try again in 50 milliseconds."),
		"500, a page":                   text(500, "Content-Type: text/html", page),
		"502, and it was done":          lost(text(502, "Content-Type: text/html", page)),
		"200, a page":                   text(200, "Content-Type: text/html", page),
		"200, a page, and it was done":  lost(text(200, "Content-Type: text/html", page)),
		"200, nothing":                  text(200, "Content-Type: application/json", ""),
		"200, nothing, and it was done": lost(text(200, "Content-Type: application/json", "")),
		"200, null":                     lost(text(200, "Content-Type: application/json", "null")),
		"200, a text":                   lost(text(200, "Content-Type: application/json", `"ok"`)),
		"200, an empty list":            lost(text(200, "Content-Type: application/json", "[]")),
		"200, an empty object":          lost(text(200, "Content-Type: application/json", "{}")),
		"302 elsewhere":                 redirect(302),
		"307 elsewhere":                 redirect(307),
		"308 elsewhere":                 redirect(308),
		"cut off": {lost: true, serve: func(w http.ResponseWriter, _ *http.Request, said []byte) {
			w.Header().Set("Content-Length", fmt.Sprint(len(said)+10))
			_, _ = w.Write(said[:len(said)/2])
		}},
		"half of it": {lost: true, serve: func(w http.ResponseWriter, _ *http.Request, said []byte) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(said[:len(said)/2])
		}},
		"no end of zeros in gzip": {lost: true, serve: func(w http.ResponseWriter, _ *http.Request, _ []byte) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(zeros())
		}},
		"gzip that is none": {lost: true, serve: func(w http.ResponseWriter, _ *http.Request, said []byte) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(said)
		}},
	}
}

// TestBadAnswers reads and makes documents of every system where the first answer, and another time each first one of a path, is a bad one. What comes is all
// there is or an error that says of which kind it is; nothing is made twice, nothing that was made is called refused, and no secret leaves for
// elsewhere or stands in an error.
func TestBadAnswers(t *testing.T) {
	for _, s := range all.Systems() {
		for name, bad := range badAnswers("http://elsewhere.invalid") {
			t.Run(s.Spec.Name+" "+name, func(t *testing.T) {
				t.Parallel()
				what := trialOf(t, s.Spec.Name).Create
				caught := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					t.Errorf("%s %s was sent elsewhere: %v", r.Method, r.URL, r.Header)
				}))
				defer caught.Close()
				bad := bad
				if strings.Contains(name, "elsewhere") {
					bad = badAnswers(caught.URL)[name]
				}
				clock := contract.NewClock(time.Date(2027, 1, 4, 9, 0, 0, 0, time.UTC))
				box := s.Sandbox(connectors.SandboxOptions{Now: clock.Now})
				var mu sync.Mutex
				var armed func(r *http.Request) bool
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					clock.Add(time.Second) // no limit of calls is met
					mu.Lock()
					hit := armed != nil && !strings.Contains(r.URL.Path, "token") && armed(r)
					mu.Unlock()
					if hit && !bad.lost {
						bad.serve(w, r, nil)
						return
					}
					said := httptest.NewRecorder()
					box.ServeHTTP(said, r)
					if hit {
						bad.serve(w, r, said.Body.Bytes())
						return
					}
					maps.Copy(w.Header(), said.Header())
					w.WriteHeader(said.Code)
					_, _ = w.Write(said.Body.Bytes())
				}))
				defer server.Close()
				arm := func(f func(r *http.Request) bool) {
					mu.Lock()
					defer mu.Unlock()
					armed = f
				}
				c, err := s.Open(connectors.Config{Name: "test", URL: server.URL, Credentials: box.Credentials(), Now: clock.Now, Options: fewRows(s.Spec)})
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				judge := func(op string, err error) {
					t.Helper()
					var e *port.Error
					if !errors.As(err, &e) || e.Kind == nil || e.System != s.Spec.Name {
						t.Errorf("%s: an error without its kind: %v", op, err)
					}
					for name, secret := range box.Credentials() {
						if len(secret) >= 8 && strings.Contains(err.Error(), secret) && slices.ContainsFunc(s.Spec.Credentials, func(c connectors.Credential) bool { return c.Name == name && c.Secret }) {
							t.Errorf("%s: %s stands in %v", op, name, err)
						}
					}
				}
				body := referenceText.ReplaceAllStringFunc(string(what.Body), func(text string) string {
					rows, err := c.Reference(t.Context(), strings.Trim(text, `"@`), false)
					if err != nil {
						t.Fatal(err)
					}
					row := gjson.ParseBytes(rows).Array()[0]
					return strconv.Quote(row.Get("Id").String() + row.Get("id").String())
				})

				reads := 0
				for _, r := range s.Spec.Resources {
					if !r.Read || !strings.HasPrefix(name, "200") && reads > 0 || // what is tried again takes its time
						r.Impossible["read"] != "" {
						continue
					}
					list := func() (ids []string, err error) {
						for d, err := range c.Read(t.Context(), port.Query{Resource: r.Name}) {
							if err != nil {
								return ids, err
							}
							ids = append(ids, d.ID)
						}
						slices.Sort(ids)
						return ids, nil
					}
					want, err := list()
					if errors.Is(err, port.ErrNoProbe) {
						continue
					}
					if err != nil {
						t.Fatal(err)
					}
					reads++
					first := true
					arm(func(*http.Request) bool { was := first; first = false; return was })
					got, err := list()
					arm(nil)
					switch {
					case err != nil:
						judge("read "+r.Name, err)
					case !slices.Equal(got, want):
						t.Errorf("read %s: %d documents of %d and no error", r.Name, len(got), len(want))
					}
				}

				writes := map[string]bool{}
				arm(func(r *http.Request) bool {
					if r.Method == http.MethodGet || strings.Contains(r.URL.Path, "search") || writes[r.URL.Path] {
						return false
					}
					writes[r.URL.Path] = true
					return true
				})
				_, err = c.Create(t.Context(), what.Resource, []byte(body))
				arm(nil)
				there, findErr := c.Find(t.Context(), what.Resource, port.Key{Field: what.By, Value: what.Value})
				if findErr != nil {
					t.Fatal(findErr)
				}
				switch {
				case len(writes) == 0:
					t.Errorf("nothing was written: %v", err)
				case len(there) > 1:
					t.Errorf("it was made %d times: %v", len(there), err)
				case err == nil && len(there) == 0:
					t.Error("it was not made, and there is no error")
				case err != nil:
					judge("create", err)
					if len(there) > 0 && !errors.Is(err, port.ErrInDoubt) {
						t.Errorf("it was made, and the error is %v", err)
					}
				}
			})
		}
	}
}
