package runner_test

import (
	"context"
	"strconv"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
	"github.com/crosswalk-go/crosswalk/server/runtime/activity"
	"github.com/crosswalk-go/crosswalk/server/runtime/runner"
)

// even lets orders with even numbers pass.
type even struct{}

func (even) Eval(_ context.Context, order []byte, _ engine.Input) (bool, error) {
	n, err := strconv.Atoi(gjson.GetBytes(order, "number").String())
	return n%2 == 0, err
}

// TestOneWorkerKeepsTheOrder lets orders of which nothing is sent follow others that are sent. They are done sooner, and recorded after them nevertheless.
func TestOneWorkerKeepsTheOrder(t *testing.T) {
	p := &plain{documents: 200}
	f := plainFlow(t, port.Order)
	f.Where, f.WhereText = even{}, "even"
	s := plainSetOf(t, t.TempDir(), p.start(t), f, runner.Options{}, quick)
	if summary, err := s.engine.Run(t.Context(), s.flow, runner.RunOptions{Workers: 1}); err != nil || summary.Created != 100 || summary.Skipped != 100 {
		t.Fatal(summary, err)
	}
	entries, err := s.engine.Activity().List(t.Context(), activity.Query{Flow: f.Name, Outcomes: []flow.Outcome{flow.Created, flow.Skipped}, Limit: 200})
	if err != nil || len(entries) != 200 {
		t.Fatal(len(entries), err)
	}
	for i, e := range entries { // newest first
		if want := strconv.Itoa(199 - i); e.Document.Key != want {
			t.Fatalf("the entry of order %s stands where that of order %s is to be", e.Document.Key, want)
		}
	}
}
