package runner_test

import (
	"testing"

	"github.com/crosswalk-go/crosswalk/engine/port"
	"github.com/crosswalk-go/crosswalk/server/runtime/runner"
)

// TestOnlyStock shows that a run of stock sends what it is asked for and nothing else, and that its version is kept for who asks for it later.
func TestOnlyStock(t *testing.T) {
	p := &plain{documents: 20}
	s := plainSet(t, t.TempDir(), p.start(t), port.Stock, runner.Options{})
	s.flow.Version = runner.Version{ID: "0123456789abcdef", Files: []byte("as it is now")}
	summary, err := s.engine.Run(t.Context(), s.flow, runner.RunOptions{Only: []string{"NK-0", "st-1"}})
	if err != nil || summary.Read != 2 || summary.Updated != 1 || p.writes.Load() != 1 {
		t.Errorf("%s %v, %d writes", summary, err, p.writes.Load())
	}
	if summary, err := s.engine.Run(t.Context(), s.flow, runner.RunOptions{Only: []string{"NK-10", "NK-99"}}); err == nil || summary.Read != 0 || p.writes.Load() != 1 {
		t.Errorf("a stock that there is not: %s %v, %d writes", summary, err, p.writes.Load())
	}
	if v, err := s.engine.FindVersion(t.Context(), s.flow.Name, "01234567"); err != nil || v.ID != s.flow.Version.ID {
		t.Errorf("%+v %v", v, err)
	}
}
