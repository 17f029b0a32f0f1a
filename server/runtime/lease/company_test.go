package lease

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/server/runtime"
)

// TestCompany shows that what a process holds alone is held against whoever comes, and that this says nothing to the store before.
func TestCompany(t *testing.T) {
	dir := t.TempDir()
	open := func() (*runtime.Runtime, *Keeper) {
		r := store(t, dir)
		k, err := Open(t.Context(), r, Options{Patience: 100 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		return r, k
	}
	_, first := open()
	held, release, err := first.Locks("books").Lock(t.Context(), "x", "y")
	if err != nil {
		t.Fatal(err)
	}
	stored := func() uint64 {
		info, err := first.stream.Info(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return info.State.Msgs
	}
	if n := stored(); n != 0 {
		t.Errorf("%d leases are stored that nobody can see", n)
	}
	_, second := open()
	if n := stored(); n != 2 {
		t.Errorf("%d leases are stored when somebody comes", n)
	}
	if _, _, err := second.Locks("books").Lock(t.Context(), "y"); !errors.Is(err, flow.ErrBusy) {
		t.Errorf("a key that was taken before: %v", err)
	}
	if err := first.Confirm(held); err != nil {
		t.Error(err)
	}
	release()
	if n := stored(); n != 0 {
		t.Errorf("%d leases are left", n)
	}
	_, release, err = second.Locks("books").Lock(t.Context(), "x", "y")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := first.Locks("books").Lock(t.Context(), "x"); !errors.Is(err, flow.ErrBusy) {
		t.Errorf("a key that the other has: %v", err)
	}
	release()
}

// TestCompanyComes lets somebody come while workers take and give back keys.
func TestCompanyComes(t *testing.T) {
	dir := t.TempDir()
	host, err := runtime.Open(t.Context(), dir, runtime.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close(context.Background())
	first, err := Open(t.Context(), host, Options{Patience: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	var inHand [4]atomic.Int32
	work := func(k *Keeper, rounds int) {
		for i := range rounds {
			key := i % len(inHand)
			held, release, err := k.Locks("books").Lock(t.Context(), fmt.Sprint(key))
			if err != nil {
				t.Error(err)
				return
			}
			if n := inHand[key].Add(1); n > 1 {
				t.Errorf("key %d is in %d hands", key, n)
			}
			if err := k.Confirm(held); err != nil {
				t.Error(err)
			}
			inHand[key].Add(-1)
			release()
		}
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { work(first, 300) })
	}
	for range 3 {
		wg.Go(func() {
			guest, err := runtime.Open(t.Context(), dir, runtime.Options{Join: true})
			if err != nil {
				t.Error(err)
				return
			}
			defer guest.Close(context.Background())
			k, err := Open(t.Context(), guest, Options{Patience: time.Minute})
			if err != nil {
				t.Error(err)
				return
			}
			work(k, 20)
		})
	}
	wg.Wait()
}
