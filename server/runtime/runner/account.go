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
	// Read = Created + Updated + Skipped + Failed + InDoubt + Queued + Dropped, unless documents are missing.
	Read    int            `json:"read"`
	Created int            `json:"created"`
	Updated int            `json:"updated"`
	Skipped int            `json:"skipped"`
	Reasons map[string]int `json:"reasons,omitempty"` // of what was skipped, by code
	Failed  int            `json:"failed"`
	InDoubt int            `json:"inDoubt"`
	// Queued are read and not handled yet.
	Queued int `json:"queued"`
	// Dropped were read before what the activity still holds: what became of them was kept as long as the flow says, and is not known any more.
	Dropped int `json:"dropped,omitempty"`
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
	return len(a.Missing) == 0 && len(a.Doubled) == 0 && a.Read == a.Created+a.Updated+a.Skipped+a.Failed+a.InDoubt+a.Queued+a.Dropped
}

// String returns the conservation line.
func (a Account) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "read %d = created %d + updated %d + skipped %d + failed %d + in doubt %d", a.Read, a.Created, a.Updated, a.Skipped, a.Failed, a.InDoubt)
	if a.Queued > 0 {
		fmt.Fprintf(&b, " + queued %d", a.Queued)
	}
	if a.Dropped > 0 {
		fmt.Fprintf(&b, " + older than what is kept %d", a.Dropped)
	}
	if len(a.Missing) > 0 {
		fmt.Fprintf(&b, " + missing %d", len(a.Missing))
	}
	return b.String()
}

// noting is the most that may lie between a page's being queued and its being noted.
const noting = time.Hour

// Account goes through what was noted when a flow was read at or after since and before until, and looks for each document among the outcomes and in
// the queue. It reads all of that time, so it takes longer than [activity.Log.Tally], which only counts outcomes.
func (e *Engine) Account(ctx context.Context, flowName string, since, until time.Time) (Account, error) {
	a := Account{Flow: flowName, Since: since, Until: until, Reasons: map[string]int{}}
	// Looked up first: what is settled meanwhile is in the queue or among the outcomes, or in both, but not in neither.
	queued, err := e.queue.Queued(ctx, flowName)
	if err != nil {
		return a, err
	}
	in := func(at time.Time) bool { return !at.Before(since) && at.Before(until) }
	// A page is noted a little after it is queued, and by then some of it may have ended.
	early := since
	if !since.IsZero() {
		early = since.Add(-noting)
	}
	noted, after, err := e.noted(ctx, flowName, early, until.Add(noting))
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
			if in(m.At) {
				a.count(m.Outcome, m.Code)
			}
		default:
			read := m.ReadAt
			if n, ok := noted[m.Item]; ok {
				read = n.at
			}
			if !in(read) {
				return nil
			}
			was, twice := ended[m.Item]
			switch {
			case twice && m.Code == SkipErased:
				return nil // it was in hand when it was erased, and ended nevertheless
			case twice && was.code != SkipErased:
				a.Doubled = append(a.Doubled, MissingDocument{Item: m.Item, ID: noted[m.Item].ID, Key: noted[m.Item].Key})
				return nil
			}
			ended[m.Item] = end{m.Outcome, m.Code}
		}
		return nil
	}
	if err := e.activity.EachMeta(ctx, activity.Query{Flow: flowName, Since: early}, look); err != nil {
		return a, err
	}
	for item, doc := range noted {
		if _, ok := ended[item]; ok || queued[item] || !in(doc.at) {
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
	kept := e.options.Now().Add(-e.activity.Keeps(flowName))
	for item, doc := range noted {
		if _, ok := ended[item]; ok || !in(doc.at) {
			continue
		}
		a.Read++
		switch {
		case queued[item]:
			a.Queued++
		case doc.at.Before(kept):
			a.Dropped++
		default:
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

// notedItem is a document that was read at a time.
type notedItem struct {
	readItem
	at time.Time
}

// setBack is by how much a clock that is set back may be so and pages of that time still be found. The store looks for a time by halving, as if times only rose.
const setBack = 24 * time.Hour

// noted reads what was noted of a flow's reading, and of an entry that is older than all that became of it.
func (e *Engine) noted(ctx context.Context, flowName string, since, until time.Time) (out map[uint64]notedItem, after uint64, err error) {
	out, after = map[uint64]notedItem{}, math.MaxUint64
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
				out[i.Item] = notedItem{i, p.At}
			}
			after = min(after, p.After)
		}
		if left == 0 || len(found) == 0 {
			return out, after, nil
		}
	}
}
