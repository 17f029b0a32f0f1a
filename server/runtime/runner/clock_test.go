package runner_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/server/runtime/queue"
	"github.com/crosswalk-go/crosswalk/server/runtime/runner"
	"github.com/crosswalk-go/crosswalk/server/runtime/seal"
)

// TestClockSetBackWhileServing sets the clock of a server back by hours. What was put off by the clock of before comes at once, as nobody can know
// when it should have come: here documents that were put back for an hour. Each is made once.
func TestClockSetBackWhileServing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	var back atomic.Int64
	s := opened(t, t.TempDir(), runner.Options{Now: func() time.Time { return time.Now().Add(-time.Duration(back.Load())) }})
	// A first run stops before it has handled what it read.
	stopped, stop := context.WithCancel(t.Context())
	_, err := s.engine.Run(stopped, s.flow, runner.RunOptions{OnResult: func(flow.Result, flow.Summary) { stop() }})
	if err == nil {
		t.Fatal("the run was not stopped")
	}
	sealer, err := seal.Open(t.Context(), s.store)
	if err != nil {
		t.Fatal(err)
	}
	q, err := queue.Open(t.Context(), s.store, sealer, queue.Options{})
	if err != nil {
		t.Fatal(err)
	}
	left, err := q.Left(t.Context(), flowName, queue.Live)
	if err != nil || left == 0 {
		t.Fatalf("%d documents are left, %v", left, err)
	}
	taker, err := q.Take(t.Context(), flowName, queue.Live, queue.TakerOptions{Broken: func(err error) { t.Error(err) }})
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n < left; {
		taken, err := taker.Next(t.Context(), left, time.Minute)
		if err != nil || len(taken) == 0 {
			t.Fatalf("%d of %d were taken, %v", n, left, err)
		}
		for _, d := range taken {
			n++
			if err := d.Later(time.Hour); err != nil {
				t.Fatal(err)
			}
		}
	}
	taker.Close()

	ctx, end := context.WithCancel(t.Context())
	var serving sync.WaitGroup
	defer serving.Wait()
	defer end()
	serving.Go(func() {
		if err := s.engine.Serve(ctx, host{s, time.Hour}, runner.ServeOptions{Workers: 2, Tend: 100 * time.Millisecond}); err != nil {
			t.Error(err)
		}
	})
	time.Sleep(500 * time.Millisecond) // what is put back stays away, whatever the machine is busy with
	if now, err := q.Left(t.Context(), flowName, queue.Live); err != nil || now != left {
		t.Fatalf("%d of %d documents are left that were put back, %v", now, left, err)
	}
	back.Store(int64(3 * time.Hour))
	eventually(t, "what was put back comes", func() bool {
		now, err := q.Left(t.Context(), flowName, queue.Live)
		return err == nil && now == 0
	})
	drafts, _ := w.count(t)
	for order, n := range drafts {
		if n != 1 {
			t.Errorf("order %s stands in the books %d times", order, n)
		}
	}
	if a := balanced(t, s); a.Created != 6 {
		t.Errorf("%s", a)
	}
}
