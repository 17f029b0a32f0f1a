package runner_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/server/runtime/activity"
	"github.com/crosswalk-go/crosswalk/server/runtime/runner"
)

// TestAnswersThatSayNothing has the books make every draft and answer in ways that do not tell so. Each draft is found by its reference, none is made twice, and
// none counts as failed.
func TestAnswersThatSayNothing(t *testing.T) {
	for name, answer := range map[string]func(w http.ResponseWriter, r *http.Request, made *httptest.ResponseRecorder){
		"500": func(w http.ResponseWriter, _ *http.Request, _ *httptest.ResponseRecorder) { w.WriteHeader(500) },
		"empty": func(w http.ResponseWriter, _ *http.Request, made *httptest.ResponseRecorder) {
			w.WriteHeader(made.Code)
		},
		"no content": func(w http.ResponseWriter, _ *http.Request, _ *httptest.ResponseRecorder) {
			w.WriteHeader(http.StatusNoContent)
		},
		"a page": func(w http.ResponseWriter, _ *http.Request, _ *httptest.ResponseRecorder) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte("<html>Please log in</html>"))
		},
		"half of it": func(w http.ResponseWriter, _ *http.Request, made *httptest.ResponseRecorder) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(made.Code)
			_, _ = w.Write(made.Body.Bytes()[:made.Body.Len()/2])
		},
		"nothing in it": func(w http.ResponseWriter, _ *http.Request, made *httptest.ResponseRecorder) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(made.Code)
			_, _ = w.Write([]byte("{}"))
		},
		"too late": func(_ http.ResponseWriter, r *http.Request, _ *httptest.ResponseRecorder) { <-r.Context().Done() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/customerinvoicedrafts") {
						next.ServeHTTP(w, r)
						return
					}
					made := httptest.NewRecorder()
					next.ServeHTTP(made, r)
					answer(w, r, made)
				})
			})
			s := opened(t, t.TempDir(), runner.Options{Step: 500 * time.Millisecond})
			for range 2 {
				if _, err := s.engine.Run(t.Context(), s.flow, runner.RunOptions{Workers: 4}); err != nil {
					t.Fatal(err)
				}
				time.Sleep(quick.Settle) // what may still appear is not settled before
			}
			drafts, _ := w.count(t)
			if n := slices.Max(slices.Collect(maps.Values(drafts))); len(drafts) != 7 || n != 1 {
				t.Errorf("the books have %v", drafts)
			}
			left, err := s.engine.Unsettled(t.Context(), flowName)
			if err != nil || len(left) != 1 || left[0].Key != "10007" {
				t.Errorf("unsettled: %+v, %v", left, err)
			}
			failed, err := s.engine.Activity().List(t.Context(), activity.Query{Flow: flowName, Outcomes: []flow.Outcome{flow.Failed}})
			for _, e := range failed {
				if e.Document.Key != "10007" {
					t.Errorf("%s failed: %s", e.Document.Key, e.Reason)
				}
			}
			if balanced(t, s); err != nil {
				t.Error(err)
			}
		})
	}
}
