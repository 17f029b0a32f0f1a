package runner_test

import (
	"sync"
	"testing"
	"time"

	"github.com/crosswalk-go/crosswalk/server/runtime/activity"
	"github.com/crosswalk-go/crosswalk/server/runtime/runner"
)

// TestAccountAtMidnight ends a day between a page's being queued and its being noted, when some of it has ended already: it belongs to one day, and none of it
// is missing.
func TestAccountAtMidnight(t *testing.T) {
	newWorld(t, nil)
	var s *set
	var midnight time.Time
	var once sync.Once
	s = opened(t, t.TempDir(), runner.Options{Fault: func(point string) {
		if point == "queued" {
			once.Do(func() {
				for last := uint64(0); last < 3 && t.Context().Err() == nil; time.Sleep(time.Millisecond) {
					last, _ = s.engine.Activity().Last(t.Context())
				}
				midnight = time.Now()
				time.Sleep(time.Millisecond)
			})
		}
	}})
	if _, err := s.engine.Run(t.Context(), s.flow, runner.RunOptions{Workers: 2}); err != nil {
		t.Fatal(err)
	}
	all := balanced(t, s)
	read := 0
	for _, day := range [][2]time.Time{{midnight.Add(-24 * time.Hour), midnight}, {midnight, midnight.Add(24 * time.Hour)}} {
		a, err := s.engine.Account(t.Context(), flowName, day[0], day[1])
		if err != nil || !a.Balanced() {
			t.Errorf("%s, %+v, %v", a, a.Missing, err)
		}
		read += a.Read
	}
	if all.Read == 0 || read != all.Read {
		t.Errorf("%d were read, and %d on two days", all.Read, read)
	}
}

// TestAccountOfWhatIsDropped makes the account of a day of which the activity keeps nothing any more: that is no reason to call anybody. Something that is gone
// although it should be kept is.
func TestAccountOfWhatIsDropped(t *testing.T) {
	newWorld(t, nil)
	later := time.Duration(0)
	s := opened(t, t.TempDir(), runner.Options{Now: func() time.Time { return time.Now().Add(later) },
		Activity: activity.Options{Retentions: map[string]time.Duration{flowName: 25 * time.Hour}}})
	if _, err := s.engine.Run(t.Context(), s.flow, runner.RunOptions{}); err != nil {
		t.Fatal(err)
	}
	was := balanced(t, s)
	later = 26 * time.Hour
	// The next run drops them, also where no server does.
	if _, err := s.engine.Run(t.Context(), s.flow, runner.RunOptions{}); err != nil {
		t.Fatal(err)
	}
	a, err := s.engine.Account(t.Context(), flowName, time.Time{}, time.Now().Add(time.Hour))
	if err != nil || !a.Balanced() || a.Read != was.Read || a.Dropped != was.Read {
		t.Errorf("%d were read, and the account says: %s, %v", was.Read, a, err)
	}
	later = 24 * time.Hour // as if they had gone too early
	a, err = s.engine.Account(t.Context(), flowName, time.Time{}, time.Now().Add(time.Hour))
	if err != nil || a.Balanced() || len(a.Missing) != was.Read {
		t.Errorf("%s, %v", a, err)
	}
}
