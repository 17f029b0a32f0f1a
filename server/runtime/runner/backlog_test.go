package runner_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/server/runtime/activity"
	"github.com/crosswalk-go/crosswalk/server/runtime/runner"
	"github.com/crosswalk-go/crosswalk/server/runtime/schedule"
)

// gate lets no write to the books pass until it is opened.
type gate struct {
	reached, open chan struct{}
	once, opened  sync.Once
}

func newGate() *gate { return &gate{reached: make(chan struct{}), open: make(chan struct{})} }

func (g *gate) front(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/v2/") {
			g.once.Do(func() { close(g.reached) })
			<-g.open
		}
		next.ServeHTTP(w, r)
	})
}

func (g *gate) lift() { g.opened.Do(func() { close(g.open) }) }

// final returns the entries of documents that ended, oldest first.
func final(t *testing.T, e *runner.Engine) []activity.Entry {
	t.Helper()
	list, err := e.Activity().List(t.Context(), activity.Query{Flow: flowName, Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	var out []activity.Entry
	for i := len(list) - 1; i >= 0; i-- {
		if activity.Final(list[i].Outcome) {
			out = append(out, list[i])
		}
	}
	return out
}

// serving serves the flow in this process until the test ends or stop is called, which waits for its end.
func serving(t *testing.T, s *set, every time.Duration, o runner.ServeOptions) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.engine.Serve(ctx, host{s, every}, o) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
	t.Cleanup(stop)
	return stop
}

// TestLiveOvertakes has a document change while a resync of many waits, with its reading held up by a full queue: it is handled before them.
func TestLiveOvertakes(t *testing.T) {
	g := newGate()
	w := newWorld(t, g.front)
	w.addOrders(t, 60, 5)
	s := opened(t, t.TempDir(), runner.Options{Page: 4, HighWater: 16})
	serving(t, s, 0, runner.ServeOptions{Workers: 1})
	t.Cleanup(g.lift)
	ctx, e := t.Context(), s.engine
	if err := e.Start(ctx, flowName, schedule.Ask{Full: true}); err != nil {
		t.Fatal(err)
	}
	<-g.reached
	eventually(t, "the backlog fills", func() bool {
		state, err := e.State(ctx, flowName)
		return err == nil && state.Backfill.Total() >= 16
	})
	ended := len(final(t, e))
	id := hexOf(w.orderID(t, "10002") + "55") // one of the last of the backlog, not read yet
	if err := e.Hint(ctx, flowName, connectors.Hint{ID: id}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the hint is queued although the backlog is being read", func() bool {
		state, err := e.State(ctx, flowName)
		return err == nil && state.Live.Total() > 0
	})
	g.lift()
	eventually(t, "everything is handled", func() bool { return len(final(t, e)) == 10+60+1 })
	live, again := -1, ""
	for i, entry := range final(t, e) {
		switch {
		case entry.Document.ID != id:
		case entry.Cause == "webhook":
			live = i - ended
			if entry.Outcome != flow.Created {
				t.Errorf("the live document is %s: %s", entry.Outcome, entry.Reason)
			}
		default:
			again = entry.Code
		}
	}
	// What was in hand, and what a look at the live lane may have missed, is all that goes before it.
	if live < 0 || live > 3 {
		t.Errorf("%d documents of the backlog were handled before the live one", live)
	}
	if again != flow.SkipExists {
		t.Errorf("the backlog's own turn at the live document ended with %q", again)
	}
	if a := balanced(t, s); a.Queued != 0 {
		t.Error(a)
	}
}

// TestResyncGoesOn stops a resync in the middle of its reading, again and again, and holds it to looking at every document once.
func TestResyncGoesOn(t *testing.T) {
	w := newWorld(t, nil)
	w.addOrders(t, 40, 5)
	dir := t.TempDir()
	var s *set
	options := runner.Options{Page: 4, HighWater: 8}
	for stops := 0; ; stops++ {
		var err error
		if s, err = openSet(t.Context(), dir, options, w.lookup); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		handled := 0
		summary, err := s.engine.Run(ctx, s.flow, runner.RunOptions{Resync: true, OnResult: func(flow.Result, flow.Summary) {
			if handled++; handled == 12 {
				cancel()
			}
		}})
		cancel()
		if err == nil {
			if stops < 3 {
				t.Errorf("it was stopped %d times", stops)
			}
			t.Log(summary)
			break
		}
		if ctx.Err() == nil || stops > 10 {
			t.Fatal(err)
		}
		if err := s.close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	})
	times := map[string]int{}
	for _, entry := range final(t, s.engine) {
		times[entry.Document.ID]++
		if entry.Cause != "backfill" {
			t.Errorf("%s was handled because of %s", entry.Document.Key, entry.Cause)
		}
	}
	for id, n := range times {
		if n != 1 {
			t.Errorf("%s was handled %d times", id, n)
		}
	}
	if len(times) != 50 {
		t.Errorf("%d documents were handled", len(times))
	}
	if a := balanced(t, s); a.Queued != 0 || a.Read != 50 {
		t.Error(a)
	}
	if summary, err := s.engine.Run(t.Context(), s.flow, runner.RunOptions{Resync: true}); err != nil || summary.Read != 50 {
		t.Errorf("another resync looks at everything again: %s, %v", summary, err)
	}
	if cursor, err := s.flow.Process.Cursor(t.Context()); err != nil || !cursor.IsZero() {
		t.Errorf("a resync moved the cursor to %s, %v", cursor, err)
	}
}
