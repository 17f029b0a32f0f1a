package queue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/crosswalk-go/crosswalk/engine/port"
	"github.com/crosswalk-go/crosswalk/server/runtime"
	"github.com/crosswalk-go/crosswalk/server/runtime/seal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, dir string, o Options) (*Queue, func()) {
	t.Helper()
	store, err := runtime.Open(t.Context(), dir, runtime.Options{Join: true})
	if err != nil {
		t.Fatal(err)
	}
	end := func() {
		if err := store.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}
	sealer, err := seal.Open(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	q, err := Open(t.Context(), store, sealer, o)
	if err != nil {
		t.Fatal(err)
	}
	return q, end
}

func item(id, version string) Item {
	return Item{Flow: "web.orders", Lane: Live, Run: "r", Cause: "poll", QueuedAt: time.Now().UTC(),
		Document: port.Document{ID: id, Version: version, Body: []byte(`{"n":1.10}`)}}
}

func taker(t *testing.T, q *Queue, ahead int) *Taker {
	t.Helper()
	taker, err := q.Take(t.Context(), "web.orders", Live, TakerOptions{Ahead: ahead, Broken: func(err error) { t.Error(err) }})
	if err != nil {
		t.Fatal(err)
	}
	return taker
}

// take takes n items, or what there is of them, and keeps them alive no longer.
func take(t *testing.T, q *Queue, n int) []*Delivery {
	t.Helper()
	taker := taker(t, q, 0)
	defer taker.Close()
	var out []*Delivery
	for len(out) < n {
		some, err := taker.Next(t.Context(), n-len(out), 400*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		if len(some) == 0 {
			break
		}
		out = append(out, some...)
	}
	return out
}

func ids(ds []*Delivery) string {
	s := ""
	for _, d := range ds {
		s += d.Document.ID + "@" + d.Document.Version + " "
	}
	return s
}

func TestQueue(t *testing.T) {
	dir := t.TempDir()
	q, end := open(t, dir, Options{})
	receipts, err := q.Put(t.Context(), item("1", "a"), item("2", "a"), item("1", "a"), item("1", "b"))
	if err != nil || receipts[2] != (Receipt{Seq: 1, Duplicate: true}) || receipts[3] != (Receipt{Seq: 3, Duplicate: false}) {
		t.Fatalf("%v, %v", receipts, err)
	}
	if d, err := q.Depth(t.Context(), "web.orders", Live); err != nil || d != (Depth{3, 0}) {
		t.Errorf("%v, %v", d, err)
	}
	got := take(t, q, 5)
	if ids(got) != "1@a 2@a 1@b " || string(got[0].Document.Body) != `{"n":1.10}` || got[0].Again {
		t.Fatalf("%s %+v", ids(got), got[0])
	}
	if newer, ok, err := got[0].Newer(t.Context(), time.Time{}); !ok || newer.Document.Version != "b" || err != nil {
		t.Errorf("the version behind it is not seen: %v", err)
	}
	if newer, ok, err := got[0].Newer(t.Context(), time.Now()); ok || err != nil {
		t.Errorf("an older version that is queued behind it counts as newer: %+v, %v", newer, err)
	}
	for _, d := range got[1:] {
		if _, ok, err := d.Newer(t.Context(), time.Time{}); ok || err != nil {
			t.Errorf("%s has nothing behind it: %v", d.Document.ID, err)
		}
	}
	if err := errors.Join(got[0].Done(), got[1].Later(0)); err != nil {
		t.Fatal(err)
	}
	if again := take(t, q, 1); ids(again) != "2@a " || !again[0].Again || again[0].Number != 2 || again[0].Seq != got[1].Seq {
		t.Errorf("what was put back: %s", ids(again))
	}
	// The process ends with two in hand; the next one has them at once.
	if _, err := q.Put(t.Context(), item("3", "a")); err != nil {
		t.Fatal(err)
	}
	end()
	q, end = open(t, dir, Options{})
	defer end()
	if _, err := q.Put(t.Context(), item("4", "a")); err != nil {
		t.Fatal(err)
	}
	got = take(t, q, 5)
	if ids(got) != "2@a 1@b 3@a 4@a " {
		t.Fatalf("after a restart: %s", ids(got))
	}
	for i, d := range got {
		if d.Again != (i < 3) {
			t.Errorf("%s: again is %v", d.Document.ID, d.Again)
		}
	}
}

// TestTaker shows that what a taker has is delivered to nobody else for as long as it lives, also what it took ahead of need, and at once when
// it is closed.
func TestTaker(t *testing.T) {
	q, end := open(t, t.TempDir(), Options{Lease: 500 * time.Millisecond})
	defer end()
	if _, err := q.Put(t.Context(), item("1", "a"), item("2", "a"), item("3", "a"), item("4", "a")); err != nil {
		t.Fatal(err)
	}
	first := taker(t, q, 2)
	got, err := first.Next(t.Context(), 1, time.Minute)
	if err != nil || ids(got) != "1@a " {
		t.Fatal(ids(got), err)
	}
	other := taker(t, q, 0)
	defer other.Close()
	for range 5 { // for longer than a lease
		more, err := other.Next(t.Context(), 4, 200*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range more {
			if d.Document.ID != "4" || d.Again {
				t.Errorf("what another has: %s", ids(more))
			}
		}
	}
	if got, err = first.Next(t.Context(), 1, time.Minute); err != nil || ids(got) != "2@a " || got[0].Again {
		t.Errorf("taken ahead: %s, %v", ids(got), err)
	}
	first.Close()
	again := map[string]bool{}
	for len(again) < 3 { // 3 was put back, 1 and 2 have nobody any more
		more, err := other.Next(t.Context(), 4, time.Minute)
		if err != nil || len(more) == 0 {
			t.Fatalf("%d came, %v", len(again), err)
		}
		for _, d := range more {
			if !d.Again {
				t.Errorf("%s is not known to be taken again", d.Document.ID)
			}
			again[d.Document.ID] = true
		}
	}
	if again["4"] {
		t.Errorf("%v", again)
	}
}

// TestSleeper shows that a taker which could give no sign of life knows that others may have had what it holds.
func TestSleeper(t *testing.T) {
	q, end := open(t, t.TempDir(), Options{})
	defer end()
	if _, err := q.Put(t.Context(), item("1", "a"), item("2", "a")); err != nil {
		t.Fatal(err)
	}
	sleeper := taker(t, q, 1)
	defer sleeper.Close()
	if got, err := sleeper.Next(t.Context(), 1, time.Minute); err != nil || got[0].Again {
		t.Fatal(ids(got), err)
	}
	for !func() bool { sleeper.mu.Lock(); defer sleeper.mu.Unlock(); return len(sleeper.ready) == 1 }() {
		time.Sleep(time.Millisecond)
	}
	sleeper.mu.Lock()
	sleeper.ready[0].alive = time.Now().Add(-q.options.Lease)
	sleeper.mu.Unlock()
	if got, err := sleeper.Next(t.Context(), 1, time.Minute); err != nil || !got[0].Again {
		t.Error(ids(got), err)
	}
}

func TestOptions(t *testing.T) {
	q, end := open(t, t.TempDir(), Options{})
	defer end()
	if _, err := Open(t.Context(), q.store, q.sealer, Options{Lease: time.Minute, Dedupe: time.Minute}); err == nil {
		t.Error("a lease as long as the dedupe window is taken")
	}
	large := item("1", "a")
	large.Document.Body = make([]byte, 0, 12<<20)
	for len(large.Document.Body) < 9<<20 {
		large.Document.Body = append(large.Document.Body, seal.NewKey()...)
	}
	if _, err := q.Put(t.Context(), large); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a document of 9 MB that cannot be packed: %v", err)
	}
}

func TestErase(t *testing.T) {
	q, end := open(t, t.TempDir(), Options{})
	defer end()
	for i := range 450 {
		if _, err := q.Put(t.Context(), item(fmt.Sprint(i), "a")); err != nil {
			t.Fatal(err)
		}
	}
	var told []uint64
	gone, err := q.Erase(t.Context(), func(i Item) bool { return i.Document.ID == "7" || i.Document.ID == "449" }, func(_ Item, place uint64) error {
		told = append(told, place)
		return nil
	})
	if err != nil || gone != 2 || !slices.Equal(told, []uint64{8, 450}) {
		t.Errorf("%d went, %v were told, %v", gone, told, err)
	}
	refused := errors.New("not this one")
	if gone, err := q.Erase(t.Context(), func(Item) bool { return true }, func(Item, uint64) error { return refused }); gone != 0 || !errors.Is(err, refused) {
		t.Errorf("%d went, %v", gone, err)
	}
	if d, err := q.Depth(t.Context(), "web.orders", Live); err != nil || d.Waiting != 448 {
		t.Errorf("%v, %v", d, err)
	}
	if queued, err := q.Queued(t.Context(), "web.orders"); err != nil || len(queued) != 448 || queued[8] {
		t.Errorf("%d are queued, %v", len(queued), err)
	}
}
