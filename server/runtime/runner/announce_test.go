package runner_test

import (
	"testing"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/server/runtime/activity"
	"github.com/crosswalk-go/crosswalk/server/runtime/runner"
)

// TestAnnounceAgain has the store refuse the word of a document's first write, which is then tried again: nothing is sent without that word.
func TestAnnounceAgain(t *testing.T) {
	t.Parallel()
	newWorld(t, nil)
	var s *set
	limit := func(bytes int32) {
		stream, err := s.store.JetStream().Stream(t.Context(), "ACTIVITY")
		if err != nil {
			t.Fatal(err)
		}
		cfg := stream.CachedInfo().Config
		cfg.MaxMsgSize = bytes
		if _, err := s.store.JetStream().UpdateStream(t.Context(), cfg); err != nil {
			t.Fatal(err)
		}
	}
	writes := 0
	s = opened(t, t.TempDir(), runner.Options{Fault: func(at string) {
		if at != "before-write" {
			return
		}
		switch writes++; writes {
		case 1:
			limit(1)
		case 2:
			limit(-1)
		}
	}})
	if _, err := s.engine.Run(t.Context(), s.flow, runner.RunOptions{Workers: 1}); err != nil {
		t.Fatal(err)
	}
	entries, err := s.engine.Activity().List(t.Context(), activity.Query{Flow: flowName, Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	word, made := map[uint64]bool{}, 0
	for _, e := range entries {
		if e.Outcome == activity.Sending {
			word[e.Item] = true
		}
	}
	for _, e := range entries {
		if e.Outcome != flow.Created {
			continue
		}
		if made++; !word[e.Item] {
			t.Errorf("%s was sent and nothing said so before", e.Document.Key)
		}
	}
	if made != 6 || writes < 3 {
		t.Errorf("%d documents were made, with %d writes", made, writes)
	}
}
