package runner

import (
	"context"

	"github.com/crosswalk-go/crosswalk/server/runtime/activity"
)

// Estimate is what a full resync would cost.
type Estimate struct {
	Documents int `json:"documents"`
	// Calls are to the target, by what the last documents needed; Minutes is how long these take within the budget, 0 where none is known.
	Calls   int `json:"calls"`
	Minutes int `json:"minutes,omitempty"`
}

// Estimate counts the documents that a run from the flow's start would read, and what they would cost by what the last ones cost.
func (e *Engine) Estimate(ctx context.Context, f *Flow, callsPerMinute int) (Estimate, error) {
	var out Estimate
	for _, err := range f.Process.Read(ctx, f.Process.Flow().Start) {
		if err != nil {
			return out, err
		}
		out.Documents++
	}
	calls, documents, err := e.callsOfLast(ctx, f.Name, 50)
	if err != nil {
		return out, err
	}
	if documents == 0 {
		calls, documents = 4, 1 // a look, a customer, a document, and one for what is seldom
	}
	out.Calls = (out.Documents*calls + documents - 1) / documents
	if callsPerMinute > 0 {
		out.Minutes = (out.Calls + callsPerMinute - 1) / callsPerMinute
	}
	return out, nil
}

// callsOfLast counts the calls that the last documents of a flow took.
func (e *Engine) callsOfLast(ctx context.Context, name string, n int) (calls, documents int, err error) {
	last, err := e.activity.List(ctx, activity.Query{Flow: name, Limit: n})
	if err != nil {
		return 0, 0, err
	}
	for _, entry := range last {
		if !activity.Final(entry.Outcome) || entry.Gone != "" {
			continue
		}
		_, record, err := e.activity.Get(ctx, entry.ID)
		if err != nil {
			return 0, 0, err
		}
		calls, documents = calls+len(record.Exchanges)+record.Omitted, documents+1
	}
	return calls, documents, nil
}
