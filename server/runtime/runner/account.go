package runner

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/server/runtime"
	"github.com/crosswalk-go/crosswalk/server/runtime/activity"
)

// Account says what became of everything that was read of a flow in a time.
type Account struct {
	Flow  string    `json:"flow"`
	Since time.Time `json:"since"`
	Until time.Time `json:"until"`
	// Read = Created + Updated + Skipped + Failed + InDoubt + Queued, unless documents are missing.
	Read    int            `json:"read"`
	Created int            `json:"created"`
	Updated int            `json:"updated"`
	Skipped int            `json:"skipped"`
	Reasons map[string]int `json:"reasons,omitempty"` // of what was skipped, by code
	Failed  int            `json:"failed"`
	InDoubt int            `json:"inDoubt"`
	// Queued are read and not handled yet.
	Queued int `json:"queued"`
	// Missing were read and are nowhere; Doubled ended twice. Both are mistakes of Crosswalk, or the work of who deletes from the store.
	Missing []MissingDocument `json:"missing,omitempty"`
	Doubled []MissingDocument `json:"doubled,omitempty"`
}

// MissingDocument names a document of an account.
type MissingDocument struct {
	Item uint64 `json:"item"`
	ID   string `json:"id"`
	Key  string `json:"key,omitempty"`
}

// Balanced tells whether every document that was read is accounted for once.
func (a Account) Balanced() bool {
	return len(a.Missing) == 0 && len(a.Doubled) == 0 && a.Read == a.Created+a.Updated+a.Skipped+a.Failed+a.InDoubt+a.Queued
}

// String returns the conservation line.
func (a Account) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "read %d = created %d + updated %d + skipped %d + failed %d + in doubt %d", a.Read, a.Created, a.Updated, a.Skipped, a.Failed, a.InDoubt)
	if a.Queued > 0 {
		fmt.Fprintf(&b, " + queued %d", a.Queued)
	}
	if len(a.Missing) > 0 {
		fmt.Fprintf(&b, " + missing %d", len(a.Missing))
	}
	return b.String()
}

// Account goes through what was noted when a flow was read at or after since and before until, and looks for each document among the outcomes and in
// the queue. It reads all of that time, so it takes longer than [activity.Log.Tally], which only counts outcomes.
func (e *Engine) Account(ctx context.Context, flowName string, since, until time.Time) (Account, error) {
	a := Account{Flow: flowName, Since: since, Until: until, Reasons: map[string]int{}}
	// Looked up first: what is settled meanwhile is in the queue or among the outcomes, or in both, but not in neither.
	queued, err := e.queue.Queued(ctx, flowName)
	if err != nil {
		return a, err
	}
	noted, after, err := e.noted(ctx, flowName, since, until)
	if err != nil {
		return a, err
	}
	type end struct {
		outcome flow.Outcome
		code    string
	}
	ended, first := map[uint64]end{}, uint64(0)
	look := func(m activity.Meta) error {
		if first == 0 {
			first = m.ID
		}
		switch {
		case !activity.Final(m.Outcome):
		case m.Item == 0: // it did not come from the queue
			if !m.At.Before(since) && m.At.Before(until) {
				a.count(m.Outcome, m.Code)
			}
		default:
			_, isNoted := noted[m.Item]
			if !isNoted && (m.ReadAt.Before(since) || !m.ReadAt.Before(until)) {
				return nil // read in another time
			}
			if _, twice := ended[m.Item]; twice {
				a.Doubled = append(a.Doubled, MissingDocument{Item: m.Item, ID: noted[m.Item].ID, Key: noted[m.Item].Key})
				return nil
			}
			ended[m.Item] = end{m.Outcome, m.Code}
		}
		return nil
	}
	if err := e.activity.EachMeta(ctx, activity.Query{Flow: flowName, Since: since}, look); err != nil {
		return a, err
	}
	for item := range noted {
		if _, ok := ended[item]; ok || queued[item] {
			continue
		}
		// Before it is called missing: a clock that was set back since gave the entries times before the reading.
		if err := e.activity.EachMeta(ctx, activity.Query{Flow: flowName, After: after, Before: first}, look); err != nil {
			return a, err
		}
		break
	}
	for _, x := range ended {
		a.count(x.outcome, x.code)
	}
	for item, doc := range noted {
		if _, ok := ended[item]; ok {
			continue
		}
		a.Read++
		if queued[item] {
			a.Queued++
		} else {
			a.Missing = append(a.Missing, MissingDocument{item, doc.ID, doc.Key})
		}
	}
	return a, nil
}

func (a *Account) count(o flow.Outcome, code string) {
	a.Read++
	switch o {
	case flow.Created:
		a.Created++
	case flow.Updated:
		a.Updated++
	case flow.Skipped:
		a.Skipped++
		a.Reasons[code]++
	case flow.Failed:
		a.Failed++
	case flow.InDoubt:
		a.InDoubt++
	}
}

// setBack is by how much a clock that is set back may be so and pages of that time still be found. The store looks for a time by halving, as if times only rose.
const setBack = 24 * time.Hour

// noted reads what was noted of a flow's reading, and of an entry that is older than all that became of it.
func (e *Engine) noted(ctx context.Context, flowName string, since, until time.Time) (out map[uint64]readItem, after uint64, err error) {
	out, after = map[uint64]readItem{}, math.MaxUint64
	from := runtime.From{Seq: 1}
	if !since.IsZero() {
		from = runtime.From{Time: since.Add(-setBack)}
	}
	for {
		found, left, err := e.store.Scan(ctx, readStream, "read."+token(flowName), from, 100)
		if err != nil {
			return nil, 0, err
		}
		for _, m := range found {
			var p readPage
			if err := e.unseal(m.Data, "read", &p); err != nil {
				return nil, 0, fmt.Errorf("what was read of %s, page %d: %w", flowName, m.Seq, err)
			}
			from = runtime.From{Seq: m.Seq + 1}
			if p.At.Before(since) || !p.At.Before(until) {
				continue // a page that was written anew is not in its place
			}
			for _, i := range p.Items {
				out[i.Item] = i
			}
			after = min(after, p.After)
		}
		if left == 0 || len(found) == 0 {
			return out, after, nil
		}
	}
}
