package schedule

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/crosswalk-go/crosswalk/server/runtime"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, dir string) (*Scheduler, func()) {
	t.Helper()
	store, err := runtime.Open(t.Context(), dir, runtime.Options{Join: true})
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	return s, func() {
		if err := store.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}
}

// TestEachTickOnce lets two schedulers of one store wait for the same ticks.
func TestEachTickOnce(t *testing.T) {
	dir := t.TempDir()
	a, endA := open(t, dir)
	b, endB := open(t, dir)
	defer endA()
	defer endB()
	for _, s := range []*Scheduler{a, b} { // both set what both read in the same files
		if err := s.Set(t.Context(), map[string]Spec{"web.orders": {Every: time.Second}, "stock": {Cron: "0 4 * * *", Zone: "Europe/Amsterdam"}, "by-hand": {}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Ask(t.Context(), "stock", "now", Ask{Full: true, Cause: "now"}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4500*time.Millisecond)
	defer cancel()
	var mu sync.Mutex
	seen := map[string]int{}
	var wg sync.WaitGroup
	for _, s := range []*Scheduler{a, b} {
		wg.Go(func() {
			err := s.Take(ctx, func(tick Tick) {
				mu.Lock()
				defer mu.Unlock()
				seen[fmt.Sprintf("%s %v", tick.Flow, tick.Ask.Full)]++
				if err := tick.Done(); err != nil {
					t.Error(err)
				}
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := seen["web.orders false"]; n < 2 || n > 5 || seen["stock true"] != 1 || len(seen) != 2 {
		t.Errorf("in four and a half seconds: %v", seen)
	}
	if err := a.Set(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if info, err := a.stream.Info(t.Context()); err != nil || info.State.Msgs > 1 { // a tick may be on its way
		t.Errorf("%d messages are left, %v", info.State.Msgs, err)
	}
}

// TestWhileAway shows that ticks that nobody took are one, and that what was set stays set.
func TestWhileAway(t *testing.T) {
	dir := t.TempDir()
	s, end := open(t, dir)
	if err := s.Set(t.Context(), map[string]Spec{"orders": {Every: time.Second}}); err != nil {
		t.Fatal(err)
	}
	time.Sleep(2200 * time.Millisecond)
	end()
	time.Sleep(1500 * time.Millisecond)
	s, end = open(t, dir)
	defer end()
	info, err := s.stream.Info(t.Context())
	if err != nil || info.State.Msgs != 2 {
		t.Errorf("after a pause there are %d messages, and not one schedule and one tick: %v", info.State.Msgs, err)
	}
}

func TestWrong(t *testing.T) {
	s, end := open(t, t.TempDir())
	defer end()
	for _, spec := range []Spec{{Cron: "every day"}, {Cron: "0 4 * * *", Zone: "Europe/Atlantis"}, {Every: time.Millisecond}} {
		if err := s.Set(t.Context(), map[string]Spec{"orders": spec}); err == nil {
			t.Errorf("%+v is a schedule", spec)
		}
	}
}

// TestAnew has a tick that was put back for an hour come at once, and a schedule begin from now, as they must where the clock was set back.
func TestAnew(t *testing.T) {
	s, end := open(t, t.TempDir())
	defer end()
	specs := map[string]Spec{"orders": {Every: time.Hour}}
	if err := s.Set(t.Context(), specs); err != nil {
		t.Fatal(err)
	}
	was, err := s.stream.GetLastMsgForSubject(t.Context(), "schedule.orders")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Ask(t.Context(), "orders", "now", Ask{Cause: "now"}); err != nil {
		t.Fatal(err)
	}
	next := func(do func(Tick) error) {
		t.Helper()
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		came := false
		if err := s.Take(ctx, func(tick Tick) {
			came = true
			if err := do(tick); err != nil {
				t.Error(err)
			}
			stop()
		}); err != nil || !came {
			t.Fatalf("no tick came: %v", err)
		}
	}
	next(func(tick Tick) error { return tick.Later(time.Hour) })
	if err := s.Anew(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Set(t.Context(), specs); err != nil {
		t.Fatal(err)
	}
	next(Tick.Done)
	if now, err := s.stream.GetLastMsgForSubject(t.Context(), "schedule.orders"); err != nil || now.Sequence <= was.Sequence {
		t.Errorf("the schedule goes on as it was: %v", err)
	}
}
