package queue

import (
	"context"
	"errors"
	"fmt"
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

func take(t *testing.T, q *Queue, n int) []*Delivery {
	t.Helper()
	taker, err := q.Take(t.Context(), "web.orders", Live)
	if err != nil {
		t.Fatal(err)
	}
	var out []*Delivery
	if err := taker.Next(t.Context(), n, 200*time.Millisecond, func(d *Delivery) { out = append(out, d) }, func(err error) { t.Error(err) }); err != nil {
		t.Fatal(err)
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
	if newer, ok, err := got[0].Newer(t.Context()); !ok || newer.Document.Version != "b" || err != nil {
		t.Errorf("the version behind it is not seen: %v", err)
	}
	for _, d := range got[1:] {
		if _, ok, err := d.Newer(t.Context()); ok || err != nil {
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

func TestSilence(t *testing.T) {
	q, end := open(t, t.TempDir(), Options{Lease: 500 * time.Millisecond})
	defer end()
	if _, err := q.Put(t.Context(), item("1", "a"), item("2", "a")); err != nil {
		t.Fatal(err)
	}
	got := take(t, q, 2)
	if len(got) != 2 {
		t.Fatal(ids(got))
	}
	for range 4 { // 1 lives, 2 is silent
		time.Sleep(200 * time.Millisecond)
		if err := got[0].Working(); err != nil {
			t.Fatal(err)
		}
	}
	if again := take(t, q, 2); ids(again) != "2@a " {
		t.Errorf("delivered again: %s", ids(again))
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
	gone, err := q.Erase(t.Context(), func(i Item) bool { return i.Document.ID == "7" || i.Document.ID == "449" })
	if err != nil || len(gone) != 2 {
		t.Errorf("%d went, %v", len(gone), err)
	}
	if d, err := q.Depth(t.Context(), "web.orders", Live); err != nil || d.Waiting != 448 {
		t.Errorf("%v, %v", d, err)
	}
	if queued, err := q.Queued(t.Context(), "web.orders"); err != nil || len(queued) != 448 || queued[8] {
		t.Errorf("%d are queued, %v", len(queued), err)
	}
}
