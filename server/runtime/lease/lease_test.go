package lease

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
	"github.com/crosswalk-go/crosswalk/server/runtime"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stores opens one store and joins it, as two processes have it.
func stores(t *testing.T) (a, b *runtime.Runtime) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	return store(t, dir), store(t, dir)
}

// store opens the store of a folder, or joins it.
func store(t *testing.T, dir string) *runtime.Runtime {
	t.Helper()
	r, err := runtime.Open(t.Context(), dir, runtime.Options{Join: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return r
}

func keepers(t *testing.T, o Options) (a, b *Keeper) {
	t.Helper()
	var out []*Keeper
	one, two := stores(t)
	for _, s := range []*runtime.Runtime{one, two} {
		k, err := Open(t.Context(), s, o)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, k)
	}
	return out[0], out[1]
}

// TestOneHolder lets the workers of two processes fight for overlapping keys.
func TestOneHolder(t *testing.T) {
	a, b := keepers(t, Options{Patience: time.Minute})
	var inHand [3]atomic.Int32
	var wg sync.WaitGroup
	for w := range 8 {
		locks := []*Keeper{a, b}[w%2].Locks("books")
		wg.Go(func() {
			for i := range 10 {
				one, two := (w+i)%3, (w+2*i+1)%3
				held, release, err := locks.Lock(t.Context(), fmt.Sprint(one), fmt.Sprint(two), fmt.Sprint(one))
				if err != nil {
					t.Error(err)
					return
				}
				for _, k := range []int{one, two} {
					if n := inHand[k].Add(1); n > 1 && one != two {
						t.Errorf("key %d is in %d hands", k, n)
					}
				}
				if err := a.Confirm(held); err != nil {
					t.Error(err)
				}
				for _, k := range []int{one, two} {
					inHand[k].Add(-1)
				}
				release()
				if held.Err() == nil {
					t.Error("the context of a hold outlives it")
				}
			}
		})
	}
	wg.Wait()
}

func TestBusy(t *testing.T) {
	a, b := keepers(t, Options{Patience: 50 * time.Millisecond})
	_, release, err := a.Locks("books").Lock(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []*Keeper{a, b} {
		if _, _, err := k.Locks("books").Lock(t.Context(), "a", "x"); !errors.Is(err, flow.ErrBusy) {
			t.Errorf("a key that is taken: %v", err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := b.Locks("books").Lock(ctx, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller who is stopped: %v", err)
	}
	for _, scope := range []string{"other books", "books"} {
		if scope == "books" {
			release()
		}
		_, free, err := b.Locks(scope).Lock(t.Context(), "a", "x") // what failed above left nothing behind
		if err != nil {
			t.Fatalf("%s: %v", scope, err)
		}
		free()
	}
}

// recorder is a target that counts writes.
type recorder struct {
	port.Target
	writes int
	wait   time.Duration
}

func (r *recorder) Create(ctx context.Context, _ string, _ []byte) (port.Document, error) {
	r.writes++
	select {
	case <-ctx.Done():
		return port.Document{}, ctx.Err()
	case <-time.After(r.wait):
		return port.Document{ID: "1"}, nil
	}
}

// TestLateResult takes a lease from a worker that lives, as happens when it was asleep for longer than the lease: it writes and settles
// nothing any more, and leaves the lease of the next one alone.
func TestLateResult(t *testing.T) {
	a, b := keepers(t, Options{Lease: time.Second, Step: 900 * time.Millisecond})
	out := &recorder{}
	target := a.Target(out, Before{})
	held, release, err := a.Locks("books").Lock(t.Context(), "order:1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := target.Create(held, "order", nil); err != nil || out.writes != 1 {
		t.Fatalf("%d writes, %v", out.writes, err)
	}
	time.Sleep(1500 * time.Millisecond) // renewed meanwhile
	if _, err := target.Create(held, "order", nil); err != nil || out.writes != 2 {
		t.Fatalf("a lease that is renewed runs out: %d writes, %v", out.writes, err)
	}
	if err := a.stream.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	next, releaseNext, err := b.Locks("books").Lock(t.Context(), "order:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Confirm(held); !errors.Is(err, ErrLost) {
		t.Errorf("the late result is taken: %v", err)
	}
	<-held.Done()
	if cause := context.Cause(held); !errors.Is(cause, ErrLost) {
		t.Errorf("the late worker is told %v", cause)
	}
	if _, err := target.Create(held, "order", nil); !errors.Is(err, ErrLost) || !errors.Is(err, port.ErrOutage) || out.writes != 2 {
		t.Errorf("the late worker writes: %d, %v", out.writes, err)
	}
	release()
	if err := b.Confirm(next); err != nil {
		t.Errorf("the late worker freed the key of the next: %v", err)
	}
	releaseNext()
}

// TestDeadHolder shows that what a process held that died comes free by itself, and not before.
func TestDeadHolder(t *testing.T) {
	a, b := keepers(t, Options{Lease: 600 * time.Millisecond, Step: 100 * time.Millisecond, Patience: 10 * time.Second})
	if _, err := a.js.Publish(t.Context(), "lease.dead", nil); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	_, release, err := b.lock(t.Context(), []string{"lease.dead"})
	if err != nil {
		t.Fatal(err)
	}
	if waited := time.Since(began); waited < 400*time.Millisecond {
		t.Errorf("the key of a holder that may live was taken after %s", waited)
	}
	release()
}

func TestStepTimeout(t *testing.T) {
	a, _ := keepers(t, Options{Lease: time.Second, Step: 20 * time.Millisecond})
	target := a.Target(&recorder{wait: time.Minute}, Before{})
	if _, err := target.Create(t.Context(), "order", nil); !errors.Is(err, port.ErrInDoubt) {
		t.Errorf("a write without an answer: %v", err)
	}
	// One that spent its time in waiting for the budget of calls made nothing.
	if _, err := a.Target(unsent{}, Before{}).Create(t.Context(), "order", nil); errors.Is(err, port.ErrInDoubt) || !errors.Is(err, port.ErrOutage) {
		t.Errorf("a write that was not sent: %v", err)
	}
	one, _ := stores(t)
	if _, err := Open(t.Context(), one, Options{Lease: time.Second, Step: time.Second}); err == nil {
		t.Error("writes may be on their way when their lease runs out")
	}
}

// unsent is a target to which nothing gets through.
type unsent struct{ port.Target }

func (unsent) Create(ctx context.Context, _ string, _ []byte) (port.Document, error) {
	<-ctx.Done()
	return port.Document{}, &port.Error{Kind: port.ErrOutage, System: "books", Op: "POST /orders", Message: "not sent", Err: ctx.Err()}
}

// full can everything that a target can.
type full struct {
	port.Target
	port.Totaler
	totaled
	port.Comparer
}

func TestTargetKeepsAbilities(t *testing.T) {
	k := &Keeper{}
	all := k.Target(full{}, Before{})
	_, a := all.(port.Totaler)
	_, b := all.(port.Totaled)
	_, c := all.(port.Comparer)
	none := k.Target(&recorder{}, Before{})
	_, d := none.(port.Totaler)
	if !a || !b || !c || d {
		t.Errorf("%v %v %v, and of a target without: %v", a, b, c, d)
	}
}
