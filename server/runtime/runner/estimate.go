package runner

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/crosswalk-go/crosswalk/server/runtime/activity"
)

// Estimate is what a full resync would cost.
type Estimate struct {
	Since     time.Time `json:"since,omitzero"` // from when on documents changed
	Documents int       `json:"documents"`
	// Calls are to the target, by what the last documents needed, or guessed where there are none; Minutes is how long these take within the
	// budget of CallsPerMinute, 0 where none is known.
	Calls          int  `json:"calls"`
	Guessed        bool `json:"guessed,omitempty"`
	Minutes        int  `json:"minutes,omitempty"`
	CallsPerMinute int  `json:"callsPerMinute,omitempty"`
}

// String says it in one line.
func (e Estimate) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d documents", e.Documents)
	if !e.Since.IsZero() {
		fmt.Fprintf(&b, " since %s", e.Since.Format(time.DateOnly))
	}
	fmt.Fprintf(&b, ", about %d calls to the target", e.Calls)
	if e.Guessed {
		b.WriteString(" (guessed: nothing was sent lately that could tell)")
	}
	switch {
	case e.CallsPerMinute == 0:
		b.WriteString("; no budget of calls is declared, so how long it takes is not known")
	case e.Minutes == 1:
		fmt.Fprintf(&b, ": 1 minute or less at %d calls a minute", e.CallsPerMinute)
	default:
		fmt.Fprintf(&b, ": about %d minutes at %d calls a minute", e.Minutes, e.CallsPerMinute)
	}
	return b.String()
}

// Estimate counts the documents that a resync of what changed since then would read, from the flow's start on, and what they would cost by what the
// last ones cost.
func (e *Engine) Estimate(ctx context.Context, f *Flow, since time.Time, callsPerMinute int) (Estimate, error) {
	if start := f.Process.Flow().Start; start.After(since) {
		since = start
	}
	out := Estimate{Since: since, CallsPerMinute: callsPerMinute}
	for _, err := range f.Process.Read(ctx, since) {
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
		out.Guessed, calls, documents = true, 4, 1 // a look, a customer, a document, and one for what is seldom
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
