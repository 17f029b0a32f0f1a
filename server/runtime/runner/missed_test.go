package runner_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/crosswalk-go/crosswalk/server/runtime/runner"
)

// What a table has no entry for is counted by what documents brought, and a restart forgets none of it.
func TestMissed(t *testing.T) {
	w := newWorld(t, nil)
	dir := t.TempDir()
	s, err := openSet(t.Context(), dir, runner.Options{}, w.lookup)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.engine.Run(t.Context(), s.flow, runner.RunOptions{}); err != nil {
		t.Fatal(err)
	}
	if state, err := s.engine.State(t.Context(), s.flow.Name); err != nil || state.LastStarted.IsZero() || state.LastFinished.Before(state.LastStarted) || state.LastRead == 0 || state.Running {
		t.Errorf("a run outside the schedule leaves %+v, %v", state, err)
	}
	before, err := s.engine.Missed(t.Context(), flowName)
	if err != nil {
		t.Fatal(err)
	}
	terms := map[string]int{}
	for _, m := range before {
		if m.Table == "paymentTerms" {
			terms[strings.Join(m.Keys, " ")] = m.Count
		}
		if m.LastAt.IsZero() || m.Count < 1 {
			t.Errorf("%+v", m)
		}
	}
	if terms["invoice"] == 0 {
		t.Errorf("paymentTerms has no entries, and of these keys it is known: %v", before)
	}
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
	again := opened(t, dir, runner.Options{})
	after, err := again.engine.Missed(t.Context(), flowName)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.EqualFunc(before, after, func(a, b runner.MissedKey) bool {
		return a.Table == b.Table && slices.Equal(a.Keys, b.Keys) && a.Count == b.Count && a.LastAt.Equal(b.LastAt)
	}) {
		t.Errorf("before the restart %v, after it %v", before, after)
	}
	if _, err := again.engine.Run(t.Context(), again.flow, runner.RunOptions{FromStart: true, DryRun: true}); err != nil {
		t.Fatal(err)
	}
	if now, err := again.engine.Missed(t.Context(), flowName); err != nil || len(now) != len(after) || now[0].Count != after[0].Count {
		t.Errorf("a dry run counts: %v, %v", now, err)
	}
}
