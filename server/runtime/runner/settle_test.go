package runner_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
	"github.com/crosswalk-go/crosswalk/mappings"
	"github.com/crosswalk-go/crosswalk/server/project"
	"github.com/crosswalk-go/crosswalk/server/runtime/activity"
	"github.com/crosswalk-go/crosswalk/server/runtime/runner"
)

// muting keeps documents for targets that cannot be asked.
type muting struct{ *runner.Engine }

func (m muting) Guard(t port.Target) port.Target { return m.Engine.Guard(mute{t}) }

// mute is a target that cannot be asked whether it has an order.
type mute struct{ port.Target }

func (m mute) Find(ctx context.Context, resource string, key port.Key) ([]port.Document, error) {
	if resource == "invoiceDraft" {
		return nil, &port.Error{Kind: port.ErrNoProbe, System: "books", Op: "find"}
	}
	return m.Target.Find(ctx, resource, key)
}

// TestSettle loses the answers of two creates in books that cannot be asked: one was carried out and one was not. Neither is sent again before a person has
// said what is true, and each word leads to the order standing there once.
func TestSettle(t *testing.T) {
	const made, notMade = "10002", "10003"
	var mu sync.Mutex
	losing, sent := true, map[string]int{}
	w := newWorld(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodPost || r.URL.Path != "/v2/customerinvoicedrafts" {
				next.ServeHTTP(w, r)
				return
			}
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			mu.Lock()
			lose, order := losing, ""
			for _, number := range []string{made, notMade} {
				if strings.Contains(string(body), `"`+number+`"`) {
					order = number
					sent[order]++
				}
			}
			mu.Unlock()
			if order == "" || !lose {
				next.ServeHTTP(w, r)
				return
			}
			if order == made {
				next.ServeHTTP(httptest.NewRecorder(), r)
			}
			panic(http.ErrAbortHandler)
		})
	})
	s := opened(t, t.TempDir(), runner.Options{})
	process, err := s.project.Process(t.Context(), flowName, mappings.FS, s.store, project.Surroundings{Capture: runner.Capture, Keeper: muting{s.engine}}, quick)
	if err != nil {
		t.Fatal(err)
	}
	f := flowOf(process)
	t.Cleanup(func() { _ = f.Close() })
	run := func() flow.Summary {
		t.Helper()
		summary, err := s.engine.Run(t.Context(), f, runner.RunOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return summary
	}
	unsettled := func() map[string]runner.Unsettled {
		t.Helper()
		left, err := s.engine.Unsettled(t.Context(), flowName)
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]runner.Unsettled{}
		for _, u := range left {
			out[u.Key] = u
		}
		return out
	}
	times := func() map[string]int {
		mu.Lock()
		defer mu.Unlock()
		return map[string]int{made: sent[made], notMade: sent[notMade]}
	}
	if s := run(); s.InDoubt != 2 {
		t.Fatal(s)
	}
	mu.Lock()
	losing = false
	mu.Unlock()
	for range 2 {
		if s := run(); s.InDoubt != 2 || s.Created != 0 {
			t.Errorf("nobody has said anything: %s", s)
		}
	}
	for order, n := range times() {
		if u := unsettled()[order]; !u.Person() || n != 1 {
			t.Errorf("order %s was sent %d times, and is %+v", order, n, u)
		}
	}

	books := w.connect(t, "eaccounting")
	found, err := books.Find(t.Context(), "invoiceDraft", port.Key{Field: port.KeyReference, Value: made})
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	if err := s.engine.Settle(t.Context(), f, unsettled()["10007"], "x"); err == nil {
		t.Error("a person settles an order that failed")
	}
	was := unsettled()
	if err := s.engine.Settle(t.Context(), f, was[made], found[0].ID); err != nil {
		t.Fatal(err)
	}
	if _, open := unsettled()[made]; open {
		t.Error("what was found is still unsettled")
	}
	if err := s.engine.Settle(t.Context(), f, was[made], ""); err == nil || !strings.Contains(err.Error(), "settled already") {
		t.Errorf("a second word takes the first back: %v", err)
	}
	if err := s.engine.Settle(t.Context(), f, was[notMade], ""); err != nil {
		t.Fatal(err)
	}
	if u := unsettled()[notMade]; u.Person() || !u.Passing() || u.Outcome != flow.InDoubt {
		t.Errorf("a server does not send what a person found was not made: %+v", u)
	}
	if s := run(); s.Created != 1 || s.InDoubt != 0 {
		t.Errorf("the run after the words: %s", s)
	}
	if n := times(); n[made] != 1 || n[notMade] != 2 {
		t.Errorf("they were sent %v times", n)
	}
	drafts, _ := w.count(t)
	if drafts[made] != 1 || drafts[notMade] != 1 {
		t.Errorf("they stand in the books %v times", drafts)
	}
	if left := unsettled(); len(left) != 1 {
		t.Errorf("unsettled at the end: %+v", left)
	}
	for order, want := range map[string]string{made: "a person found it as", notMade: "a person found that it was not made"} {
		all, err := s.engine.Activity().List(t.Context(), activity.Query{Flow: flowName, Key: order})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(all, func(e activity.Entry) bool { return e.Cause == "settle" && strings.HasPrefix(e.Reason, want) }) {
			t.Errorf("the activity does not tell of the person's word on %s: %+v", order, all)
		}
	}
	balanced(t, s)
}
