package activity

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/crosswalk-go/crosswalk/engine/flow"
)

func TestFollow(t *testing.T) {
	l, _ := open(t, t.TempDir(), Options{})
	if last, err := l.Last(t.Context()); err != nil || last != 0 {
		t.Fatalf("an empty log ends with %d, %v", last, err)
	}
	first := attempt(t, l, "orders", 1, flow.Created, "", Record{})
	attempt(t, l, "others", 2, flow.Created, "", Record{})
	if last, err := l.Last(t.Context()); err != nil || last <= first {
		t.Fatalf("the log ends with %d, %v", last, err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var seen []Entry
	wrote := false
	err := l.Follow(ctx, "orders", 0, func(e Entry) error {
		if seen = append(seen, e); len(seen) == 2 {
			stop()
		}
		return nil
	}, func() error {
		if !wrote {
			wrote = true
			attempt(t, l, "orders", 3, flow.Failed, "mapping", Record{})
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) || numbers(seen) != "1 3" {
		t.Errorf("it follows %q and ends with %v", numbers(seen), err)
	}
}

func TestTimeline(t *testing.T) {
	l, _ := open(t, t.TempDir(), Options{})
	for i, o := range []flow.Outcome{flow.Created, flow.Created, flow.Failed, Retrying} {
		attempt(t, l, "orders", i, o, "", Record{})
	}
	got, err := l.Timeline(t.Context(), "orders", time.Now().Add(-90*time.Minute), time.Hour, 3)
	if err != nil {
		t.Fatal(err)
	}
	if got[0].Total() != 0 || got[1][flow.Created] != 2 || got[1][flow.Failed] != 1 || got[1].Total() != 3 || len(got[1]) != 2 || got[2].Total() != 0 {
		t.Errorf("the timeline is %v", got)
	}
}
