package runner_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/mappings"
	"github.com/crosswalk-go/crosswalk/server/project"
	"github.com/crosswalk-go/crosswalk/server/runtime/activity"
	"github.com/crosswalk-go/crosswalk/server/runtime/runner"
	"github.com/crosswalk-go/crosswalk/server/runtime/schedule"
)

// host opens the flow of testdata for a server.
type host struct {
	set   *set
	every time.Duration
}

func (host) After(string) []string { return nil }

func (h host) Schedules() map[string]schedule.Spec {
	return map[string]schedule.Spec{flowName: {Every: h.every}}
}

func (h host) Flow(ctx context.Context, name string) (*runner.Flow, error) {
	p, err := h.set.project.Process(ctx, name, mappings.FS, h.set.store,
		project.Surroundings{Capture: runner.Capture, Keeper: h.set.engine}, quick)
	if err != nil {
		return nil, err
	}
	return flowOf(p), nil
}

// eventually waits until something is so.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); !is(); {
		if time.Now().After(end) {
			t.Fatalf("%s: it did not come to that", what)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// follower is a host of one flow that comes after another.
type follower struct {
	host
	after string
}

func (f follower) After(string) []string { return []string{f.after} }

// TestServeAfter shows that a flow does not read while one that it comes after is due, and does not wait for one that is paused.
func TestServeAfter(t *testing.T) {
	t.Parallel()
	newWorld(t, nil)
	s := opened(t, t.TempDir(), runner.Options{})
	if err := s.engine.Start(t.Context(), "products", schedule.Ask{}); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var serving sync.WaitGroup
	defer serving.Wait()
	defer stop()
	serving.Go(func() {
		if err := s.engine.Serve(ctx, follower{host{s, time.Second}, "products"}, runner.ServeOptions{Workers: 2}); err != nil {
			t.Error(err)
		}
	})
	time.Sleep(3500 * time.Millisecond) // three ticks
	if state, err := s.engine.State(t.Context(), flowName); err != nil || !state.LastStarted.IsZero() {
		t.Errorf("it does not wait: %+v %v", state, err)
	}
	if err := s.engine.Pause(t.Context(), "products"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it goes on", func() bool {
		state, err := s.engine.State(t.Context(), flowName)
		return err == nil && !state.LastFinished.IsZero()
	})
}

// TestServe lets two servers share a flow while orders come in, one of them goes away, and the flow is paused.
func TestServe(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	dir := t.TempDir()
	sets := []*set{opened(t, dir, runner.Options{}), opened(t, dir, runner.Options{})}
	var wg sync.WaitGroup
	defer wg.Wait()
	var stops []context.CancelFunc
	for _, s := range sets {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		stops = append(stops, stop)
		wg.Go(func() {
			if err := s.engine.Serve(ctx, host{s, time.Second}, runner.ServeOptions{Workers: 2, Tend: 300 * time.Millisecond}); err != nil {
				t.Error(err)
			}
		})
	}
	ctx, e := t.Context(), sets[0].engine
	created := func() int {
		tally, _, err := e.Activity().Tally(ctx, flowName, time.Time{}, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		return tally[flow.Created]
	}
	eventually(t, "the orders of the shop cross", func() bool { return created() == 6 })
	w.addOrders(t, 12, 5)
	eventually(t, "orders that come in cross", func() bool { return created() == 18 })

	stops[1]()
	if err := e.Pause(ctx, flowName); err != nil {
		t.Fatal(err)
	}
	time.Sleep(2500 * time.Millisecond) // the pause has come round
	w.addOrders(t, 15, 5)               // three of them new
	time.Sleep(2 * time.Second)
	if n := created(); n != 18 {
		t.Errorf("a flow that is paused made %d orders", n-18)
	}
	if s, err := e.State(ctx, flowName); err != nil || !s.Paused || s.LastFinished.IsZero() || s.LastError != "" {
		t.Errorf("%+v, %v", s, err)
	}
	if err := e.Resume(ctx, flowName); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it goes on where it was paused", func() bool { return created() == 21 })

	var full int
	if err := e.Start(ctx, flowName, schedule.Ask{Full: true}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a resync looks at everything", func() bool {
		list, err := e.Activity().List(ctx, activity.Query{Flow: flowName, Outcomes: []flow.Outcome{flow.Skipped, flow.Failed}, Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		full = 0
		for _, entry := range list {
			if entry.Cause == "backfill" {
				full++
			}
		}
		return full == 25
	})
	if n := created(); n != 21 {
		t.Errorf("the resync made %d orders a second time", n-21)
	}
	list, err := e.Activity().List(ctx, activity.Query{Flow: flowName, Key: "10002"})
	if err != nil || len(list) == 0 {
		t.Fatal(err)
	}
	if err := e.Hint(ctx, flowName, connectors.Hint{ID: list[0].Document.ID}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a hint is followed", func() bool {
		list, err := e.Activity().List(ctx, activity.Query{Flow: flowName, Key: "10002"})
		return err == nil && len(list) > 0 && list[0].Cause == "webhook"
	})
	stops[0]()
	wg.Wait()
	drafts, _ := w.count(t)
	for order, n := range drafts {
		if n != 1 {
			t.Errorf("order %s stands in the books %d times", order, n)
		}
	}
	if len(drafts) != 22 {
		t.Errorf("%d orders stand in the books", len(drafts))
	}
	if a := balanced(t, sets[0]); a.Queued != 0 {
		t.Errorf("%s", a)
	}
	estimate, err := e.Estimate(ctx, sets[0].flow, time.Time{}, 60)
	if err != nil || estimate.Documents != 25 || estimate.Calls < 25 || estimate.Minutes < 1 {
		t.Errorf("%+v, %v", estimate, err)
	}
}
