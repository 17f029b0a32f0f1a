package runner

import (
	"context"
	"sync"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
	"github.com/crosswalk-go/crosswalk/server/runtime/activity"
	"github.com/crosswalk-go/crosswalk/server/runtime/queue"
)

// document is what one worker has in hand. It travels in the context of everything that is done for it.
type document struct {
	crew    *crew
	hand    *hand
	edition *edition // the version of the flow that it meets
	item    *queue.Delivery
	doc     port.Document
	began   int64 // unix ms
	fresh   bool  // it was read for this attempt
	stale   bool  // it is to be read again: another of the same document had its turn since it was read

	mu        sync.Mutex
	exchanges []connectors.Exchange
	size      int
	omitted   int

	announcing sync.Mutex
	announced  bool

	// newer waits for whether a newer version is queued behind this one, and known for the word of the version that was handled last, once
	// that is being looked for.
	newer func() (bool, error)
	known func() (bool, error)
}

type documentKey struct{}

// inHand returns the document that the context is for, nil where there is none.
func inHand(ctx context.Context) *document {
	d, _ := ctx.Value(documentKey{}).(*document)
	return d
}

// maxExchanges bounds what is kept in memory of a document's calls, in bytes.
const maxExchanges = 4 << 20

// Capture notes exchanges for the document that the context is for, and those of no document for nobody. It is what connections are opened with.
func Capture(ctx context.Context) func(connectors.Exchange) {
	if d := inHand(ctx); d != nil {
		return d.capture
	}
	return nil
}

func (d *document) capture(x connectors.Exchange) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.size += len(x.RequestBody) + len(x.ResponseBody); d.size > maxExchanges {
		d.omitted++
		return
	}
	d.exchanges = append(d.exchanges, x)
}

// announce stores word of the document's first write before it begins. A word that could not be stored is stored before the write is tried again.
func (d *document) announce(ctx context.Context) error {
	if d == nil {
		return nil
	}
	d.announcing.Lock()
	defer d.announcing.Unlock()
	if d.announced {
		return nil
	}
	if err := d.checkFresh(ctx); err != nil {
		return err
	}
	if err := d.crew.engine.activity.Announce(ctx, d.entry(), d.doc); err != nil {
		return err
	}
	d.announced = true
	return nil
}

// turn waits until fewer of the crew's documents are at the flow's systems than may be.
func (d *document) turn(ctx context.Context) (done func(), err error) {
	if d == nil {
		return func() {}, nil
	}
	select {
	case d.crew.turns <- struct{}{}:
		return func() { <-d.crew.turns }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// entry begins an entry of the activity.
func (d *document) entry() activity.Entry {
	i, f := d.item, d.edition.flow
	return activity.Entry{
		Meta: activity.Meta{Flow: i.Flow, Run: i.Run, Item: i.Seq, At: d.crew.engine.options.Now().UTC(), ReadAt: i.QueuedAt, Attempt: i.Number, Cause: i.Cause,
			Versions: f.Versions, ReplayOf: i.ReplayOf},
		Head: activity.Head{Document: flow.Ref{Entity: f.Process.Flow().Entity, ID: d.doc.ID, Key: d.doc.Key, Version: d.doc.Version}},
	}
}

// record is what is kept of the document's attempt.
func (d *document) record(r flow.Result) activity.Record {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := activity.Record{Source: d.doc.Body, Plan: r.Plan, Exchanges: d.exchanges, Omitted: d.omitted}
	if r.Plan != nil {
		out.Links = r.Plan.Links()
	}
	return out
}
