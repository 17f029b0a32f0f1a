// Package queue holds the documents that were read and not yet handled, durably, until a worker has settled them. A document that no worker
// settles is delivered again.
//
// It is not for reading systems or handling documents, and it promises no order but that of what was put in. Start with
// [Open], [Queue.Put] and [Queue.Take].
package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/crosswalk-go/crosswalk/engine/port"
	"github.com/crosswalk-go/crosswalk/server/runtime"
	"github.com/crosswalk-go/crosswalk/server/runtime/seal"
)

// Lane separates documents that must not wait for each other.
type Lane string

// The lanes: what has just happened, and the history that yields to it.
const (
	Live     Lane = "live"
	Backfill Lane = "backfill"
)

// Lanes are all lanes.
var Lanes = []Lane{Live, Backfill}

// Item is one document to be handled.
type Item struct {
	Flow string `json:"flow"`
	Run  string `json:"run"`
	Lane Lane   `json:"lane"`
	// Cause is why it is here: poll, webhook, retry, replay, probe, backfill.
	Cause string `json:"cause"`
	// Document is what was read. Without a body it is read again when it is handled.
	Document port.Document `json:"document"`
	QueuedAt time.Time     `json:"queuedAt"`
	// After is the newest entry of the activity when it was queued: what became of it stands behind.
	After    uint64 `json:"after,omitempty"`
	ReplayOf uint64 `json:"replayOf,omitempty"`
	// Version is that of the flow which handles it, "" for the one of then.
	Version string `json:"version,omitempty"`
	// Patience is how long it may be tried again where a system does not answer; 0 for once.
	Patience time.Duration `json:"patience,omitempty"`
	// Unique tells this item from others of the same document version that are put in within the dedupe window, of which only one is taken;
	// "" takes one of the version.
	Unique string `json:"-"`
}

// Options configure [Open].
type Options struct {
	// Lease is after how long a delivery that gives no sign of life is made again (default 30 s).
	Lease time.Duration
	// Dedupe is for how long the same version of a document is taken once (default 10 min). It is longer than Lease.
	Dedupe time.Duration
}

// DefaultLease and DefaultDedupe are what [Options] leave unsaid.
const (
	DefaultLease  = 30 * time.Second
	DefaultDedupe = 10 * time.Minute
)

// Queue is the queue of a store. It is safe for concurrent use.
type Queue struct {
	store     *runtime.Runtime
	sealer    *seal.Sealer
	stream    jetstream.Stream
	options   Options
	inherited uint64 // what is not newer may have been handled by a process that died
}

const streamName = "WORK"

// Open opens the queue of a store. What a process that died had in hand is delivered again at once where
// nobody else can have it, and otherwise when its lease has run out.
func Open(ctx context.Context, store *runtime.Runtime, sealer *seal.Sealer, o Options) (*Queue, error) {
	if o.Lease <= 0 {
		o.Lease = DefaultLease
	}
	if o.Dedupe <= 0 {
		o.Dedupe = DefaultDedupe
	}
	if o.Lease >= o.Dedupe {
		return nil, fmt.Errorf("the lease (%s) is not shorter than the dedupe window (%s): a document could be queued again while it is in hand", o.Lease, o.Dedupe)
	}
	s, err := store.Stream(ctx, jetstream.StreamConfig{
		Name: streamName, Subjects: []string{"work.>"}, Retention: jetstream.WorkQueuePolicy, Duplicates: o.Dedupe,
		AllowAtomicPublish: true,
	})
	if err != nil {
		return nil, err
	}
	q := &Queue{store: store, sealer: sealer, stream: s, options: o, inherited: s.CachedInfo().State.LastSeq}
	if store.Owner() {
		if err := q.TakeBack(ctx); err != nil {
			return nil, err
		}
	}
	return q, nil
}

// TakeBack has everything delivered anew that was in somebody's hands or put back for a time. Nobody may have a taker.
func (q *Queue) TakeBack(ctx context.Context) error {
	names := q.stream.ConsumerNames(ctx)
	for name := range names.Name() {
		if err := q.stream.DeleteConsumer(ctx, name); err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
			return fmt.Errorf("taking back what was in hand: %w", err)
		}
	}
	if err := names.Err(); err != nil {
		return fmt.Errorf("taking back what was in hand: %w", err)
	}
	return nil
}

func token(name string) string { return strings.ReplaceAll(name, ".", "=") }

func filter(flow string, lane Lane) string { return fmt.Sprintf("work.%s.%s.*", lane, token(flow)) }

func (q *Queue) subject(i Item) string {
	return fmt.Sprintf("work.%s.%s.%s", i.Lane, token(i.Flow), q.sealer.Hash(i.Flow+"\x00"+i.Document.ID))
}

// Receipt says what became of an item that was put in: Duplicate is true where the same version was put in within the dedupe window.
type Receipt = runtime.Receipt

// ErrTooLarge is the error of a document that the store cannot take.
var ErrTooLarge = errors.New("the document is too large")

// Put puts items in, in their order. It returns when all are on the disk.
func (q *Queue) Put(ctx context.Context, items ...Item) ([]Receipt, error) {
	messages := make([]runtime.Outgoing, 0, len(items))
	for _, i := range items {
		plain, err := json.Marshal(i)
		if err != nil {
			return nil, err
		}
		sealed, err := q.sealer.Queue().Seal(plain, "item")
		if err != nil {
			return nil, err
		}
		if limit := q.store.MaxMessage() - 4096; int64(len(sealed)) > limit {
			return nil, fmt.Errorf("%w: %d bytes, and the store takes %d", ErrTooLarge, len(sealed), limit)
		}
		id := q.sealer.Hash(strings.Join([]string{i.Flow, string(i.Lane), i.Document.ID, i.Document.Version, i.Unique}, "\x00"))
		messages = append(messages, runtime.Outgoing{Subject: q.subject(i), Data: sealed, ID: id})
	}
	receipts, err := q.store.PublishAll(ctx, messages)
	if err != nil {
		return nil, fmt.Errorf("queueing: %w", err)
	}
	return receipts, nil
}

// Depth is how much of a flow is queued and in hand.
type Depth struct{ Waiting, InHand int }

// Total is both.
func (d Depth) Total() int { return d.Waiting + d.InHand }

// Depth returns how much of a flow's lane there is. It counts what is stored, not what the store believes to have handed out: right after a crash the
// two may differ.
func (q *Queue) Depth(ctx context.Context, flow string, lane Lane) (Depth, error) {
	total, err := q.Left(ctx, flow, lane)
	if err != nil {
		return Depth{}, err
	}
	c, err := q.consumer(ctx, flow, lane)
	if err != nil {
		return Depth{}, err
	}
	info, err := c.Info(ctx)
	if err != nil {
		return Depth{}, fmt.Errorf("the queue of %s: %w", flow, err)
	}
	inHand := min(info.NumAckPending, total)
	return Depth{total - inHand, inHand}, nil
}

// Left returns how many items of a flow's lane are not settled.
func (q *Queue) Left(ctx context.Context, flow string, lane Lane) (int, error) {
	n, err := q.store.Count(ctx, streamName, filter(flow, lane), runtime.From{Seq: 1})
	if err != nil {
		return 0, fmt.Errorf("the queue of %s: %w", flow, err)
	}
	return int(n), nil
}

func (q *Queue) consumer(ctx context.Context, flow string, lane Lane) (jetstream.Consumer, error) {
	c, err := q.stream.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{
		Durable: string(lane) + "_" + token(flow), FilterSubject: filter(flow, lane), AckPolicy: jetstream.AckExplicitPolicy,
		AckWait: q.options.Lease, MaxDeliver: -1, MaxAckPending: 4096,
	})
	if err != nil {
		return nil, fmt.Errorf("the queue of %s: %w", flow, err)
	}
	return c, nil
}

// Erase removes the items that a test finds, overwriting them, and returns how many they were. before is called with each and its place, and its error keeps
// the item.
func (q *Queue) Erase(ctx context.Context, is func(Item) bool, before func(Item, uint64) error) (int, error) {
	out := 0
	for from := uint64(1); ; {
		found, left, err := q.store.Scan(ctx, streamName, "work.>", runtime.From{Seq: from}, 200)
		if err != nil {
			return out, err
		}
		for _, m := range found {
			i, err := q.open(m.Seq, m.Data)
			if err != nil {
				return out, err
			}
			from = m.Seq + 1
			if !is(i) {
				continue
			}
			if err := before(i, m.Seq); err != nil {
				return out, err
			}
			if err := runtime.Overwrite(ctx, q.stream, m.Seq); err != nil {
				return out, fmt.Errorf("item %d of the queue: %w", m.Seq, err)
			}
			out++
		}
		if left == 0 || len(found) == 0 {
			return out, nil
		}
	}
}

// Queued returns the places of a flow's items that are in the queue.
func (q *Queue) Queued(ctx context.Context, flow string) (map[uint64]bool, error) {
	out := map[uint64]bool{}
	for _, lane := range Lanes {
		for from := uint64(1); ; {
			found, left, err := q.store.Scan(ctx, streamName, filter(flow, lane), runtime.From{Seq: from}, 1000)
			if err != nil {
				return nil, err
			}
			for _, m := range found {
				out[m.Seq], from = true, m.Seq+1
			}
			if left == 0 || len(found) == 0 {
				break
			}
		}
	}
	return out, nil
}
