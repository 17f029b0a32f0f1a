package lease

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// slowLinks keeps links when it is let.
type slowLinks struct {
	let chan error // what comes of the next write

	mu   sync.Mutex
	kept []string
}

func (l *slowLinks) Link(context.Context, port.Entity, string) (port.Link, bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return port.Link{}, len(l.kept) > 0, nil
}

func (l *slowLinks) SaveLink(ctx context.Context, _ port.Entity, link port.Link) error {
	select {
	case err := <-l.let:
		if err != nil {
			return err
		}
	case <-ctx.Done():
		return ctx.Err()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept = append(l.kept, link.SourceID+":"+link.TargetID)
	return nil
}

func (l *slowLinks) all() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.kept)
}

// books counts what is made in it.
type books struct {
	port.Target
	kept func() int
	made []int // how many links were kept at each create

	asked int
}

func (b *books) Find(context.Context, string, port.Key) ([]port.Document, error) {
	b.asked++
	return nil, nil
}

func (b *books) Create(context.Context, string, []byte) (port.Document, error) {
	b.made = append(b.made, b.kept())
	return port.Document{ID: "t"}, nil
}

// TestLinks shows that an intent is on the disk before its create begins although SaveLink does not wait for it, and that nothing is done any
// more where it could not be kept.
func TestLinks(t *testing.T) {
	k, err := Open(t.Context(), store(t, t.TempDir()), Options{})
	if err != nil {
		t.Fatal(err)
	}
	slow := &slowLinks{let: make(chan error, 1)}
	there := &books{kept: slow.all}
	links, target := k.Links(slow), k.Target(there, Before{})
	held, release, err := k.Locks("books").Lock(t.Context(), "order 1")
	if err != nil {
		t.Fatal(err)
	}
	save := func(source, id string) {
		t.Helper()
		if err := links.SaveLink(held, port.Order, port.Link{SourceID: source, TargetID: id}); err != nil {
			t.Fatal(err)
		}
	}
	save("1", "") // and it was not let
	if slow.all() != 0 {
		t.Error("the intent was waited for")
	}
	time.AfterFunc(20*time.Millisecond, func() { slow.let <- nil })
	if _, err := target.Create(held, "order", nil); err != nil || there.made[0] != 1 {
		t.Errorf("the create began with %d links kept, %v", there.made[0], err)
	}
	save("1", "t")
	time.AfterFunc(20*time.Millisecond, func() { slow.let <- nil })
	if _, found, err := links.Link(held, port.Order, "1"); err != nil || !found || slow.all() != 2 {
		t.Errorf("a link that is on its way is not seen: %d kept, %v", slow.all(), err)
	}
	save("2", "")
	time.AfterFunc(20*time.Millisecond, func() { slow.let <- nil })
	save("2", "t") // waits for the one before it
	if slow.all() != 3 {
		t.Error("an intent may be written over its link")
	}
	time.AfterFunc(20*time.Millisecond, func() { slow.let <- nil })
	release()
	if slow.all() != 4 {
		t.Error("the keys were given back before the link was kept")
	}

	held, release, err = k.Locks("books").Lock(t.Context(), "order 3")
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	torn := errors.New("disk full")
	slow.let <- torn
	save("3", "")
	for range 2 { // a create is tried again
		if _, err := target.Create(held, "order", nil); !errors.Is(err, torn) || !errors.Is(err, port.ErrOutage) || len(there.made) != 1 {
			t.Errorf("a create without its intent: %v", err)
		}
	}
	if err := k.Kept(held); !errors.Is(err, torn) {
		t.Error(err)
	}
	if err := links.SaveLink(held, port.Order, port.Link{SourceID: "4"}); !errors.Is(err, torn) {
		t.Error(err)
	}
	slow.let <- torn
	if err := links.SaveLink(t.Context(), port.Order, port.Link{SourceID: "5"}); !errors.Is(err, torn) {
		t.Errorf("a link without leases was not waited for: %v", err)
	}
}

// TestLook shows that a look-up is held to its condition while the leases are held, and not before.
func TestLook(t *testing.T) {
	k, err := Open(t.Context(), store(t, t.TempDir()), Options{})
	if err != nil {
		t.Fatal(err)
	}
	no, there := errors.New("not now"), &books{kept: func() int { return 0 }}
	target := k.Target(there, Before{Look: func(context.Context) error { return no }})
	if _, err := target.Find(t.Context(), "order", port.Key{}); err != nil {
		t.Errorf("a look-up in nobody's name: %v", err)
	}
	held, release, err := k.Locks("books").Lock(t.Context(), "order 1")
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if _, err := target.Find(held, "order", port.Key{}); !errors.Is(err, no) || there.asked != 1 {
		t.Errorf("%v, asked %d times", err, there.asked)
	}
}

// TestTurn shows that a turn is asked for when the store is not waited for any more, that it is given back, and that whoever waits for one may lose the lease.
func TestTurn(t *testing.T) {
	k, err := Open(t.Context(), store(t, t.TempDir()), Options{})
	if err != nil {
		t.Fatal(err)
	}
	slow := &slowLinks{let: make(chan error, 1)}
	there := &books{kept: slow.all}
	given, atTurn, none := 0, 0, errors.New("no turn")
	var refuse error
	var meanwhile func()
	target := k.Target(there, Before{Turn: func(context.Context) (func(), error) {
		if refuse != nil {
			return nil, refuse
		}
		given, atTurn = given+1, slow.all()
		if meanwhile != nil {
			meanwhile()
		}
		return func() { given-- }, nil
	}})
	held, release, err := k.Locks("books").Lock(t.Context(), "order 1")
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Links(slow).SaveLink(held, port.Order, port.Link{SourceID: "1"}); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(20*time.Millisecond, func() { slow.let <- nil })
	if _, err := target.Create(held, "order", nil); err != nil || atTurn != 1 || given != 0 {
		t.Errorf("the turn came with %d links kept, and %d were not given back, %v", atTurn, given, err)
	}
	if _, err := target.Find(held, "order", port.Key{}); err != nil || given != 0 {
		t.Errorf("%d turns were not given back, %v", given, err)
	}
	refuse = none
	if _, err := target.Find(held, "order", port.Key{}); !errors.Is(err, none) || there.asked != 1 {
		t.Errorf("a look-up without its turn: %v", err)
	}
	if _, err := target.Create(held, "order", nil); !errors.Is(err, none) || !errors.Is(err, port.ErrOutage) || len(there.made) != 1 {
		t.Errorf("a create without its turn: %v", err)
	}
	refuse, meanwhile = nil, release
	if _, err := target.Create(held, "order", nil); !errors.Is(err, ErrLost) || len(there.made) != 1 || given != 0 {
		t.Errorf("a create in the name of leases that were lost while it waited for its turn: %v, %d turns not given back", err, given)
	}
}
