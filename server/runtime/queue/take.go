package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// TakerOptions configure [Queue.Take].
type TakerOptions struct {
	// Ahead is how many items the taker may have that nobody has asked for yet.
	Ahead int
	// Wait is how long one call for items waits at a queue that has fewer (default 250 ms). Close may have to wait for as long.
	Wait time.Duration
	// Broken gets what is wrong with an item that cannot be opened, and that stays in the queue.
	Broken func(error)
}

// Taker takes items of one flow's lane, some of them before they are asked for, so that no hand waits for the store. It keeps all that it
// has taken from being delivered again until each is done or put back.
type Taker struct {
	queue    *Queue
	consumer jetstream.Consumer
	options  TakerOptions
	news     chan struct{} // has one where something may have changed for Next
	work     sync.WaitGroup
	end      context.CancelFunc

	mu       sync.Mutex
	ready    []*Delivery
	held     map[*Delivery]bool
	fetching bool
	failed   error
}

// Take returns a taker, which must be closed.
func (q *Queue) Take(ctx context.Context, flow string, lane Lane, o TakerOptions) (*Taker, error) {
	if o.Wait <= 0 {
		o.Wait = 250 * time.Millisecond
	}
	c, err := q.consumer(ctx, flow, lane)
	if err != nil {
		return nil, err
	}
	beating, end := context.WithCancel(context.WithoutCancel(ctx))
	t := &Taker{queue: q, consumer: c, options: o, news: make(chan struct{}, 1), end: end, held: map[*Delivery]bool{}}
	t.work.Go(func() { t.beat(beating) })
	return t, nil
}

// Next returns one to n items; or none, where none came for as long as wait or until ctx ended. It is for one caller at a time.
func (t *Taker) Next(ctx context.Context, n int, wait time.Duration) ([]*Delivery, error) {
	patience := time.NewTimer(wait)
	defer patience.Stop()
	for {
		if out, err := t.pick(n); len(out) > 0 || err != nil {
			return out, err
		}
		select {
		case <-t.news:
		case <-patience.C:
			return nil, nil
		case <-ctx.Done():
			return nil, nil
		}
	}
}

// pick takes what is ready, and sees to it that there will be more.
func (t *Taker) pick(n int) ([]*Delivery, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.failed; err != nil {
		t.failed = nil
		return nil, err
	}
	taken := min(n, len(t.ready))
	out := t.ready[:taken:taken]
	t.ready = t.ready[taken:]
	for _, d := range out {
		// Whoever was asleep for that long may find that others have had it.
		d.Again = d.Again || time.Since(d.alive) >= t.queue.options.Lease*2/3
	}
	if want := t.options.Ahead - len(t.ready) + n - taken; !t.fetching && 2*want > t.options.Ahead {
		t.fetching = true
		t.work.Go(func() { t.fetch(want) })
	}
	return out, nil
}

func (t *Taker) fetch(want int) {
	// Not with a context: what is on its way when that ends would be in nobody's hands until its lease has run out.
	batch, err := t.consumer.Fetch(want, jetstream.FetchMaxWait(t.options.Wait))
	if err == nil {
		for msg := range batch.Messages() {
			t.came(msg)
		}
		err = batch.Error()
	}
	t.mu.Lock()
	t.fetching = false
	if err != nil {
		t.failed = fmt.Errorf("taking from the queue: %w", err)
	}
	t.mu.Unlock()
	t.tell()
}

func (t *Taker) came(msg jetstream.Msg) {
	d, err := t.queue.delivery(msg)
	if err != nil {
		_ = msg.NakWithDelay(time.Minute)
		t.options.Broken(err)
		return
	}
	t.mu.Lock()
	d.taker, d.alive, t.held[d] = t, time.Now(), true
	t.ready = append(t.ready, d)
	t.mu.Unlock()
	t.tell()
}

func (t *Taker) tell() {
	select {
	case t.news <- struct{}{}:
	default:
	}
}

// beat tells the queue that what was taken is in living hands.
func (t *Taker) beat(ctx context.Context) {
	tick := time.NewTicker(t.queue.options.Lease / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		t.mu.Lock()
		for d := range t.held {
			if d.msg.InProgress() == nil { // without it the delivery is made again, which whoever has it finds out
				d.alive = time.Now()
			}
		}
		t.mu.Unlock()
	}
}

// Close puts back what nobody asked for. What was handed out has to be done or put back before.
func (t *Taker) Close() {
	t.end()
	t.work.Wait()
	t.mu.Lock()
	ready := t.ready
	t.ready = nil
	t.mu.Unlock()
	for _, d := range ready {
		_ = d.Later(0) // without it the lease runs out
	}
}

// ended lets go of a delivery.
func (t *Taker) ended(d *Delivery) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.held, d)
}

// Delivery is an item in a worker's hands.
type Delivery struct {
	Item
	// Seq is the item's place in the queue, which stays the same when it is delivered again.
	Seq uint64
	// Number counts the deliveries, from 1, as far as it is known.
	Number int
	// Again is true where the item may have been handled already, by a process that died before it could say so.
	Again bool

	queue *Queue
	taker *Taker
	msg   jetstream.Msg
	alive time.Time // when the queue was last told of it; the taker's lock guards it
}

func (q *Queue) delivery(msg jetstream.Msg) (*Delivery, error) {
	meta, err := msg.Metadata()
	if err != nil {
		return nil, err
	}
	d := &Delivery{Seq: meta.Sequence.Stream, Number: int(meta.NumDelivered), queue: q, msg: msg}
	// Of several servers another one may lead since, and not know of all that was delivered: what it delivers again has a first number then.
	d.Again = d.Number > 1 || d.Seq <= q.inherited || q.store.Replicas() > 1
	if d.Item, err = q.open(d.Seq, msg.Data()); err != nil {
		return nil, err
	}
	return d, nil
}

// open reads what Put sealed.
func (q *Queue) open(seq uint64, sealed []byte) (i Item, err error) {
	plain, err := q.sealer.Queue().Open(sealed, "item")
	if err == nil {
		err = json.Unmarshal(plain, &i)
	}
	if err != nil {
		return i, fmt.Errorf("item %d of the queue: %w", seq, err)
	}
	return i, nil
}

// Newer returns an item of the same document that is queued behind this one, unless it was changed before than.
func (d *Delivery) Newer(ctx context.Context, than time.Time) (Item, bool, error) {
	subject := d.queue.subject(d.Item)
	for seq := d.Seq + 1; ; seq++ {
		m, err := d.queue.stream.GetMsg(ctx, seq, jetstream.WithGetMsgSubject(subject))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return Item{}, false, nil
		}
		if err != nil {
			return Item{}, false, fmt.Errorf("looking for newer versions: %w", err)
		}
		i, err := d.queue.open(m.Sequence, m.Data)
		if err != nil {
			return Item{}, false, err
		}
		if !i.Document.ChangedAt.Before(than) {
			return i, true, nil
		}
		seq = m.Sequence
	}
}

// Gone tells whether the item is not in the queue any more, although it is in hand: it was erased, another worker has settled it, or
// the server that was asked is behind the others.
func (d *Delivery) Gone(ctx context.Context) (bool, error) {
	_, err := d.queue.stream.GetMsg(ctx, d.Seq)
	if err == nil || !errors.Is(err, jetstream.ErrMsgNotFound) {
		return false, err
	}
	return true, nil
}

// Done takes the item from the queue. If that gets lost, it is delivered again.
func (d *Delivery) Done() error {
	d.taker.ended(d)
	return d.msg.Ack()
}

// Later puts the item back for a time.
func (d *Delivery) Later(wait time.Duration) error {
	d.taker.ended(d)
	return d.msg.NakWithDelay(wait)
}
