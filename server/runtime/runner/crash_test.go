package runner_test

import (
	"testing"
	"time"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/server/runtime/runner"
)

// TestKilledAtEveryPoint kills a run at one point of its work after the other. The run after it makes each order once, and every document
// that was read is accounted for.
func TestKilledAtEveryPoint(t *testing.T) {
	if testing.Short() {
		t.Skip("starts many processes")
	}
	t.Parallel()
	for _, point := range runner.FaultPoints {
		for _, nth := range nths(point) {
			die := point + ":" + nth
			t.Run(die, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, nil)
				dir := t.TempDir()
				out, killed := run(t, dir, die, 1)
				if !killed && point != "read-again" {
					t.Fatalf("the run did not come to that point: %s", out)
				}
				if point == "read-again" { // nothing is read again in a first run
					if out, killed = run(t, dir, die, 1); !killed && nth == "1" {
						t.Fatalf("the second run did not come to that point: %s", out)
					}
				}
				s := opened(t, dir, runner.Options{Page: 4})
				for range 3 {
					summary, err := s.engine.Run(t.Context(), s.flow, runner.RunOptions{})
					if err != nil {
						t.Fatal(err)
					}
					if summary.InDoubt == 0 {
						break
					}
					time.Sleep(quick.Settle) // what may still appear in the books is not sent again before
				}
				drafts, customers := w.count(t)
				for order, n := range drafts {
					if n != 1 {
						t.Errorf("order %s stands in the books %d times", order, n)
					}
				}
				if len(drafts) != 7 { // one of them stands there from the beginning
					t.Errorf("the books have %v", drafts)
				}
				for email, n := range customers {
					if n != 1 && email != "twice@example.com" {
						t.Errorf("%s is in the books %d times", email, n)
					}
				}
				a := balanced(t, s)
				if a.Queued != 0 {
					t.Errorf("%s", a)
				}
				if a.Created != 6 {
					t.Errorf("six orders were made, and the activity says %s", a)
				}
				left, err := s.engine.Unsettled(t.Context(), flowName)
				if err != nil || len(left) != 1 || left[0].Key != "10007" || left[0].Outcome != flow.Failed {
					t.Errorf("unsettled: %+v, %v", left, err)
				}
			})
		}
	}
}

// TestClockSetBack kills a run whose clock is hours ahead when a document has its entry and is still in the queue. The next one, whose clock is right, finds the
// entry although it is older than the document; and so does the account, also where the two stand on either side of its bound.
func TestClockSetBack(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	t.Parallel()
	w := newWorld(t, nil)
	w.env["CROSSWALK_TEST_AHEAD"] = "3h"
	dir, begun := t.TempDir(), time.Now()
	if out, killed := run(t, dir, "recorded:3", 1); !killed {
		t.Fatalf("the run did not come to that point: %s", out)
	}
	s := opened(t, dir, runner.Options{Page: 4})
	if _, err := s.engine.Run(t.Context(), s.flow, runner.RunOptions{}); err != nil {
		t.Fatal(err)
	}
	for name, since := range map[string]time.Time{"all": {}, "what was read in the hours ahead": begun.Add(time.Hour)} {
		a, err := s.engine.Account(t.Context(), flowName, since, begun.Add(24*time.Hour))
		if err != nil || !a.Balanced() || a.Read == 0 {
			t.Errorf("%s: %s, %d ended twice, %v", name, a, len(a.Doubled), err)
		}
	}
	drafts, _ := w.count(t)
	for order, n := range drafts {
		if n != 1 {
			t.Errorf("order %s stands in the books %d times", order, n)
		}
	}
}

// nths are the times at which a run dies at a point: in the first page and document, or in a later one.
func nths(point string) []string {
	switch point {
	case "read", "queued", "noted", "cursor-saved":
		return []string{"2"}
	case "before-write":
		return []string{"1", "2"} // the customer, the draft
	}
	return []string{"1"}
}
