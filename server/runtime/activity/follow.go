package activity

import (
	"context"
	"time"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/server/runtime"
)

// followEvery is how often [Log.Follow] looks.
const followEvery = 500 * time.Millisecond

// Last returns the id of the newest entry, 0 for none.
func (l *Log) Last(ctx context.Context) (uint64, error) {
	found, err := l.store.Last(ctx, entryStream, "activity.>", time.Time{}, 0, 1)
	if err != nil || len(found) == 0 {
		return 0, err
	}
	return found[0].Seq, nil
}

// Follow calls do with the entries of a flow ("" for all) behind the entry after, oldest first, as they are written, until ctx ends or do returns an error.
// idle is called whenever there is nothing new.
func (l *Log) Follow(ctx context.Context, flowName string, after uint64, do func(Entry) error, idle func() error) error {
	for {
		found, _, err := l.store.Scan(ctx, entryStream, subject(flowName, "", "", ""), runtime.From{Seq: after + 1}, 100)
		if err != nil {
			return err
		}
		entries, err := l.read(ctx, found)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := do(e); err != nil {
				return err
			}
			after = e.ID
		}
		if len(found) > 0 {
			continue
		}
		if err := idle(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(followEvery):
		}
	}
}

// Timeline counts the entries of a flow by outcome in n stretches of time, each as long as step, the first from since on. It counts and reads nothing, so
// that it costs the same whatever a flow does.
func (l *Log) Timeline(ctx context.Context, flowName string, since time.Time, step time.Duration, n int) ([]Tally, error) {
	out := make([]Tally, n)
	for i := range out {
		out[i] = Tally{}
	}
	subjects, err := l.subjects(ctx, flowName)
	if err != nil {
		return nil, err
	}
	outcomes := map[flow.Outcome]bool{}
	for at := range subjects {
		outcomes[at.outcome] = true
	}
	for o := range outcomes {
		if !Final(o) {
			continue
		}
		filter := subject(flowName, o, "", "")
		from, err := l.store.Count(ctx, entryStream, filter, runtime.From{Time: since})
		for i := 0; i < n && err == nil && from > 0; i++ {
			var later uint64
			later, err = l.store.Count(ctx, entryStream, filter, runtime.From{Time: since.Add(time.Duration(i+1) * step)})
			if from > later {
				out[i][o] = int(from - later)
			}
			from = later
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
