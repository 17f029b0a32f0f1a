package runner

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/crosswalk-go/crosswalk/engine/port"
	"github.com/crosswalk-go/crosswalk/server/runtime/queue"
)

// The stream of what was read, by which every document is accounted for. Its subjects are read.<flow>.
const (
	readStream    = "READS"
	readRetention = 31 * 24 * time.Hour
)

// readPage is what one page of reading put into the queue.
type readPage struct {
	Run   string     `json:"run"`
	At    time.Time  `json:"at"`
	After uint64     `json:"after,omitempty"` // the newest entry of the activity then: what became of the items stands behind
	Items []readItem `json:"items"`
}

type readItem struct {
	Item uint64 `json:"item"`
	ID   string `json:"id"`
	Key  string `json:"key,omitempty"`
}

// reader reads a source into the queue.
type reader struct {
	engine   *Engine
	flow     *Flow
	run      string
	lane     queue.Lane
	cause    string
	patience time.Duration
	version  string      // of the flow, that handles what is read; "" for the flow's own
	unique   string      // set where documents are queued although their version was, such as for a resync
	stop     func() bool // the run is over; nil for never
	mark     *mark       // how far it has come; nil where that is not kept
	page     []queue.Item
	newest   time.Time
	queued   int // new items
	read     int // documents that the source gave
}

// mark is how far a reading has come, which is stored with every page that is queued.
type mark struct {
	recent *recentReads
	noted  bool // everything is queued, also what recent knows
	save   func(ctx context.Context, recent *recentReads, newest time.Time) error
}

// cursorMark moves the flow's cursor with what is queued.
func (e *Engine) cursorMark(ctx context.Context, f *Flow, cursor time.Time) (*mark, error) {
	recent, err := e.recentOf(ctx, f.Name)
	if err != nil {
		return nil, err
	}
	return &mark{recent: recent, save: func(ctx context.Context, recent *recentReads, newest time.Time) error {
		if err := e.saveRecent(ctx, f.Name, recent); err != nil {
			return err
		}
		if newest = f.Process.Happened(newest); !newest.After(cursor) {
			return nil
		}
		cursor = newest
		return f.Process.SaveCursor(ctx, newest)
	}}, nil
}

// noteMark notes what a reading gives that does not begin at the cursor and moves it at its end only, so that the next one from the cursor does not
// take a document for the version that it had before.
func (e *Engine) noteMark(ctx context.Context, f *Flow) (*mark, error) {
	recent, err := e.recentOf(ctx, f.Name)
	if err != nil {
		return nil, err
	}
	return &mark{recent: recent, noted: true, save: func(ctx context.Context, recent *recentReads, _ time.Time) error {
		return e.saveRecent(ctx, f.Name, recent)
	}}, nil
}

// all reads what changed since then.
func (r *reader) all(ctx context.Context, since time.Time) error {
	for doc, err := range r.flow.Process.Read(ctx, since) {
		if err != nil {
			return errors.Join(fmt.Errorf("reading %s: %w", r.flow.Process.Flow().From, err), r.flush(context.WithoutCancel(ctx)))
		}
		r.read++
		if err := r.add(ctx, doc); err != nil {
			return err
		}
		if len(r.page) == 0 {
			if err := r.waitForRoom(ctx); err != nil {
				return err
			}
		}
		if r.over() || ctx.Err() != nil {
			break
		}
	}
	return errors.Join(r.flush(context.WithoutCancel(ctx)), ctx.Err())
}

// each queues documents of which only the id is known.
func (r *reader) each(ctx context.Context, ids []string) error {
	for _, id := range ids {
		if err := r.add(ctx, port.Document{ID: id}); err != nil {
			return err
		}
	}
	return r.flush(ctx)
}

func (r *reader) over() bool { return r.stop != nil && r.stop() }

func (r *reader) add(ctx context.Context, doc port.Document) error {
	if r.mark != nil && !r.mark.noted && r.mark.recent.has(doc) {
		return nil // a page that shifted while it was read, or the end of the last reading
	}
	if doc.ChangedAt.After(r.newest) {
		r.newest = doc.ChangedAt
	}
	if r.lane == queue.Backfill {
		doc.Body = nil // it may wait for hours, and is read again when its turn comes
	}
	unique := r.unique
	if unique == "" && r.mark != nil {
		unique = r.mark.recent.turn(doc)
	}
	r.page = append(r.page, queue.Item{Flow: r.flow.Name, Run: r.run, Lane: r.lane, Cause: r.cause, Document: doc,
		QueuedAt: r.engine.options.Now().UTC(), After: r.engine.activity.Newest(), Patience: r.patience, Unique: unique})
	if len(r.page) < r.engine.options.Page {
		return nil
	}
	return r.flush(ctx)
}

// flush queues the page, notes what is in it and moves the cursor, in this order: what dies in between reads the same page
// again, and the queue knows it.
func (r *reader) flush(ctx context.Context) error {
	if len(r.page) == 0 {
		return nil
	}
	e := r.engine
	e.options.Fault("read")
	version := r.version
	if version == "" || version == r.flow.Version.ID {
		var err error
		if version, err = e.keepVersion(ctx, r.flow); err != nil {
			return err
		}
	}
	for i := range r.page {
		r.page[i].Version = version
	}
	receipts, err := e.queue.Put(ctx, r.page...)
	if errors.Is(err, queue.ErrTooLarge) {
		receipts, err = r.oneByOne(ctx)
	}
	if err != nil {
		return err
	}
	e.options.Fault("queued")
	note := readPage{Run: r.run, At: e.options.Now().UTC(), After: r.page[0].After}
	for i, receipt := range receipts {
		doc := r.page[i].Document
		note.Items = append(note.Items, readItem{receipt.Seq, doc.ID, doc.Key})
		if !receipt.Duplicate {
			r.queued++
		}
		if r.mark != nil {
			r.mark.recent.add(doc)
		}
	}
	r.page = r.page[:0]
	if err := e.noteRead(ctx, r.flow.Name, note); err != nil {
		return err
	}
	e.options.Fault("noted")
	if r.mark == nil {
		return nil
	}
	if err := r.mark.save(ctx, r.mark.recent, r.newest); err != nil {
		return fmt.Errorf("how far %s was read: %w", r.flow.Name, err)
	}
	e.options.Fault("cursor-saved")
	return nil
}

// oneByOne queues a page with a document that is too large: without its body, so that it fails where it is handled, and is named.
func (r *reader) oneByOne(ctx context.Context) ([]queue.Receipt, error) {
	var out []queue.Receipt
	for _, item := range r.page {
		receipt, err := r.engine.queue.Put(ctx, item)
		if errors.Is(err, queue.ErrTooLarge) {
			item.Document.Body = nil
			receipt, err = r.engine.queue.Put(ctx, item)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, receipt...)
	}
	return out, nil
}

// waitForRoom waits until the queue has room for another page.
func (r *reader) waitForRoom(ctx context.Context) error {
	for {
		left, err := r.engine.queue.Left(ctx, r.flow.Name, r.lane)
		if err != nil {
			return err
		}
		if left < r.engine.options.HighWater || r.over() {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// noteRead stores what was read, sealed: the ids of customers may name them.
func (e *Engine) noteRead(ctx context.Context, flowName string, p readPage) error {
	sealed, err := e.seal(p, "read")
	if err != nil {
		return err
	}
	if _, err := e.store.JetStream().Publish(ctx, "read."+token(flowName), sealed); err != nil {
		return fmt.Errorf("noting what was read: %w", err)
	}
	return nil
}

func (e *Engine) recentOf(ctx context.Context, flowName string) (*recentReads, error) {
	entry, err := e.recent.Get(ctx, token(flowName))
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return recentFrom(nil), nil
	}
	if err != nil {
		return nil, fmt.Errorf("what was read last of %s: %w", flowName, err)
	}
	return recentFrom(entry.Value()), nil
}

func (e *Engine) saveRecent(ctx context.Context, flowName string, r *recentReads) error {
	if _, err := e.recent.Put(ctx, token(flowName), r.bytes()); err != nil {
		return fmt.Errorf("remembering what was read of %s: %w", flowName, err)
	}
	return nil
}
