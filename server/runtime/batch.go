package runtime

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
)

// Outgoing is a message on its way into a stream.
type Outgoing struct {
	Subject string
	Data    []byte
	// ID is by what the stream knows that it has the message already; "" for nothing.
	ID string
}

const (
	// batchFrom is from how many messages on one batch is no slower than each message by itself (BenchmarkPut). A message alone costs one flush of the disk,
	// and a batch many: it is kept aside until it is whole.
	batchFrom = 12
	// batchMost bounds a batch in messages, and batchBytes in bytes. The server takes a thousand.
	batchMost  = 500
	batchBytes = 4 << 20
)

// Receipt says what became of a message.
type Receipt struct {
	Seq uint64 // its place; that of the earlier one where it is a duplicate
	// Duplicate is true where the stream had a message of that ID already.
	Duplicate bool
}

// PublishAll puts messages into one stream, in their order, and returns when all are on the disk. Many of them are one
// batch, of which a crash leaves all or nothing that was acknowledged; the stream must allow that (AllowAtomicPublish).
func (r *Runtime) PublishAll(ctx context.Context, messages []Outgoing) ([]Receipt, error) {
	var out []Receipt
	for len(messages) > 0 {
		n, size := 0, 0
		for n < min(len(messages), batchMost) && (n == 0 || size+len(messages[n].Data) <= batchBytes) {
			size += len(messages[n].Data)
			n++
		}
		receipts, err := r.put(ctx, messages[:n])
		if err != nil {
			return nil, err
		}
		out, messages = append(out, receipts...), messages[n:]
	}
	return out, nil
}

// put puts in what one batch takes.
func (r *Runtime) put(ctx context.Context, messages []Outgoing) ([]Receipt, error) {
	if len(messages) < batchFrom || r.replicas > 1 { // a cluster gathers by itself what it agrees upon
		return r.putEach(ctx, messages)
	}
	receipts, err := r.putBatch(ctx, messages)
	if refused := (*jetstream.APIError)(nil); errors.As(err, &refused) {
		return r.putEach(ctx, messages) // nothing of the batch was stored, because one of them was already, and all others may be
	}
	return receipts, err
}

// putEach puts messages in one by one, all of them on their way at a time.
func (r *Runtime) putEach(ctx context.Context, messages []Outgoing) ([]Receipt, error) {
	ctx, cancel := bounded(ctx) // a store that cannot write does not answer
	defer cancel()
	waits := make([]jetstream.PubAckFuture, 0, len(messages))
	for _, m := range messages {
		var options []jetstream.PublishOpt
		if m.ID != "" {
			options = append(options, jetstream.WithMsgID(m.ID))
		}
		f, err := r.js.PublishAsync(m.Subject, m.Data, options...)
		if err != nil {
			return nil, err
		}
		waits = append(waits, f)
	}
	out := make([]Receipt, len(waits))
	for i, f := range waits {
		select {
		case ack := <-f.Ok():
			out[i] = Receipt{ack.Sequence, ack.Duplicate}
		case err := <-f.Err():
			return nil, err
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	return out, nil
}

// putBatch puts messages in as one batch, by the headers that the server reads (ADR-50 of NATS).
func (r *Runtime) putBatch(ctx context.Context, messages []Outgoing) ([]Receipt, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	id := nuid.Next()
	for i, m := range messages {
		msg := nats.NewMsg(m.Subject)
		msg.Data = m.Data
		msg.Header.Set("Nats-Batch-Id", id)
		msg.Header.Set("Nats-Batch-Sequence", strconv.Itoa(i+1))
		if m.ID != "" {
			msg.Header.Set(jetstream.MsgIDHeader, m.ID)
		}
		if i < len(messages)-1 {
			if err := r.conn.PublishMsg(msg); err != nil {
				return nil, err
			}
			continue
		}
		msg.Header.Set("Nats-Batch-Commit", "1")
		answer, err := r.conn.RequestMsgWithContext(ctx, msg)
		if err != nil {
			return nil, err
		}
		var ack struct {
			Seq   uint64              `json:"seq"`
			Count int                 `json:"count"`
			Error *jetstream.APIError `json:"error"`
		}
		if err := json.Unmarshal(answer.Data, &ack); err != nil {
			return nil, fmt.Errorf("the answer to a batch: %w", err)
		}
		if ack.Error != nil {
			return nil, ack.Error
		}
		if ack.Count != len(messages) || ack.Seq < uint64(ack.Count) {
			return nil, fmt.Errorf("a batch of %d messages was stored as %d", len(messages), ack.Count)
		}
		out := make([]Receipt, len(messages))
		for i := range out {
			out[i].Seq = ack.Seq - uint64(len(messages)-1-i) // nothing comes between them
		}
		return out, nil
	}
	return nil, errors.New("an empty batch")
}

// allowBatches allows batches in the stream of a bucket, which cannot be asked for when the bucket is made.
func (r *Runtime) allowBatches(ctx context.Context, stream string) error {
	s, err := r.js.Stream(ctx, stream)
	if err != nil {
		return fmt.Errorf("stream %s: %w", stream, err)
	}
	cfg := s.CachedInfo().Config
	if cfg.AllowAtomicPublish {
		return nil
	}
	cfg.AllowAtomicPublish = true
	if _, err := r.js.UpdateStream(ctx, cfg); err != nil {
		return fmt.Errorf("stream %s: %w", stream, err)
	}
	return nil
}

// Gatherer puts the messages of many workers into one stream together: what comes while others are being stored is stored in one go after them. A
// message that comes alone waits for nobody.
type Gatherer struct {
	store   *Runtime
	mu      sync.Mutex
	waiting []gathered
	busy    bool
}

type gathered struct {
	messages []Outgoing
	done     chan<- stored
}

type stored struct {
	receipts []Receipt
	err      error
}

// Gather returns a gatherer for one stream.
func (r *Runtime) Gather() *Gatherer { return &Gatherer{store: r} }

// Publish puts messages in and returns when they are on the disk. Where ctx ends first they may be stored nevertheless.
func (g *Gatherer) Publish(ctx context.Context, messages ...Outgoing) ([]Receipt, error) {
	done := make(chan stored, 1)
	g.mu.Lock()
	g.waiting = append(g.waiting, gathered{messages, done})
	if !g.busy {
		g.busy = true
		go g.put()
	}
	g.mu.Unlock()
	select {
	case s := <-done:
		return s.receipts, s.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// put stores what waits, until nothing does.
func (g *Gatherer) put() {
	for {
		g.mu.Lock()
		group := g.waiting
		if g.waiting = nil; len(group) == 0 {
			g.busy = false
			g.mu.Unlock()
			return
		}
		g.mu.Unlock()
		var all []Outgoing
		for _, w := range group {
			all = append(all, w.messages...)
		}
		// Nobody's context: it is for all of them. Those that gave up have gone.
		ctx, cancel := bounded(context.Background())
		receipts, err := g.store.PublishAll(ctx, all)
		cancel()
		for _, w := range group {
			s := stored{err: err}
			if err == nil {
				s.receipts, receipts = receipts[:len(w.messages)], receipts[len(w.messages):]
			}
			w.done <- s
		}
	}
}
