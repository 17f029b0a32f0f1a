package runner

import (
	"context"
	"fmt"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
	"github.com/crosswalk-go/crosswalk/server/runtime/queue"
)

// Settle settles a document that is in doubt by what a person found in the target: its id there, or an empty one where it was not made, in which
// case the next run sends it, and a server soon. What was found is kept in the activity.
func (e *Engine) Settle(ctx context.Context, f *Flow, u Unsettled, targetID string) error {
	if u.Outcome != flow.InDoubt {
		return fmt.Errorf("%s is not in doubt: it %s", u.Key, u.Outcome)
	}
	_, release, err := e.leases.Locks("runs").Lock(ctx, f.Name)
	if err != nil {
		return fmt.Errorf("flow %s is being run: %w", f.Name, err)
	}
	defer release()
	if err := f.Process.Decide(ctx, u.ID, targetID); err != nil {
		return err
	}
	d := &document{crew: e.crew(f, queue.Live, 1, nil), edition: &edition{flow: f}, began: e.options.Now().UnixMilli(), doc: port.Document{ID: u.ID, Key: u.Key, Version: u.Version},
		item: &queue.Delivery{Item: queue.Item{Flow: f.Name, Run: "settle", Lane: queue.Live, Cause: "settle"}, Number: 1}}
	found := flow.Result{Document: flow.Ref{Entity: f.Process.Flow().Entity, ID: u.ID, Key: u.Key, Version: u.Version}}
	if targetID == "" {
		// What is pending is tried again by itself.
		found.Outcome, found.Code, found.Reason = flow.InDoubt, flow.DoubtPending, "a person found that it was not made: it is sent again"
		return e.applied(ctx, d, found)
	}
	target := flow.Target{Verb: flow.Adopt, Resource: f.Process.Flow().Resources.Target, ID: targetID}
	found.Outcome, found.Code, found.Reason, found.Targets = flow.Skipped, flow.SkipExists, "a person found it as "+target.String(), []flow.Target{target}
	return e.applied(ctx, d, found)
}
