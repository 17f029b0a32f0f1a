package runner

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/server/runtime/activity"
	"github.com/crosswalk-go/crosswalk/server/runtime/lease"
	"github.com/crosswalk-go/crosswalk/server/runtime/queue"
)

// crew is the workers of one process for one flow's lane.
type crew struct {
	engine *Engine
	flow   *Flow
	lane   queue.Lane
	size   int           // how many documents may be at the flow's systems at a time
	hands  int           // how many may be in hand: some wait for the store meanwhile
	turns  chan struct{} // holds an element for each document that is at a system
	// told gets each outcome in which a document ended here; entry is its id in the activity.
	told func(flow.Result, *queue.Delivery)

	mu       sync.Mutex
	changed  *sync.Cond
	inHand   int             // hands that are not free: some wait for a document
	ending   int             // hands that may take another document although the last one is still being recorded
	handling int             // documents in hands of both kinds
	deferred map[uint64]bool // items that were put back for long
	sent     int             // documents that were sent, which the limit counts
	limit    int
	outages  int
	stop     error
	rest     time.Time // nobody takes documents before
	rests    int
	yield    func(context.Context) bool // what is asked before documents are taken; true is to wait
	patient  bool                       // it rests where a run would stop
	editions map[string]*edition        // of the flow, by version
}

// spareHands says how many more documents are in hand than may be at the systems: one for each so many. Of few none is, so that a flow with one worker
// keeps the order of its source.
const spareHands = 4

// plannerAge is how long workers believe what they have learned of the target.
const plannerAge = 5 * time.Minute

func (e *Engine) crew(f *Flow, lane queue.Lane, size int, told func(flow.Result, *queue.Delivery)) *crew {
	size = max(1, size)
	c := &crew{engine: e, flow: f, lane: lane, size: size, hands: size + size/spareHands, turns: make(chan struct{}, size), told: told, limit: f.Process.Flow().Limit, deferred: map[uint64]bool{},
		editions: map[string]*edition{}}
	c.changed = sync.NewCond(&c.mu)
	return c
}

// work takes documents until ctx ends or the crew stops, and then ends what is in hand.
func (c *crew) work(ctx context.Context) (err error) {
	defer func() {
		if err != nil {
			c.fail(err)
		}
	}()
	o := queue.TakerOptions{Ahead: c.size, Wait: takeWait, Broken: func(err error) {
		c.engine.options.Log.Error("the queue holds what cannot be read", "flow", c.flow.Name, "error", err)
	}}
	if c.limit > 0 {
		o.Ahead = 0 // what it may not take is for others, or for later
	}
	if !c.patient {
		o.Wait = runWait
	}
	taker, err := c.engine.queue.Take(ctx, c.flow.Name, c.lane, o)
	if err != nil {
		if ctx.Err() != nil {
			return nil // there was nothing to do, and it is over
		}
		return err
	}
	defer taker.Close()
	defer c.engine.keepMissed(context.WithoutCancel(ctx), c.flow.Name) // when no hand has anything more to say
	var hands sync.WaitGroup
	defer hands.Wait()
	wake := context.AfterFunc(ctx, func() { c.mu.Lock(); c.changed.Broadcast(); c.mu.Unlock() })
	defer wake()
	for {
		n := c.free(ctx)
		if n == 0 {
			return nil
		}
		if c.yield != nil && c.yield(ctx) {
			c.leave(n)
			pause(ctx, takeWait)
			continue
		}
		taken, err := taker.Next(ctx, n, takeWait)
		for _, d := range taken {
			c.handles(1)
			hands.Go(func() {
				h := &hand{}
				defer c.release(h)
				defer c.handles(-1)
				c.handle(ctx, d, h)
			})
		}
		c.leave(n - len(taken))
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
	}
}

// takeWait is how long an empty queue is waited at, and runWait how long by a run, which may have to wait for the answer once more when it is over.
const (
	takeWait = 250 * time.Millisecond
	runWait  = 50 * time.Millisecond
)

// free waits for free hands, and returns for how many documents; 0 where the crew is to end.
func (c *crew) free(ctx context.Context) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		n := c.hands - c.inHand
		if c.limit > 0 {
			n = min(n, c.limit-c.sent-c.inHand)
		}
		switch rest := time.Until(c.rest); {
		case c.stop != nil || ctx.Err() != nil || c.limit > 0 && c.sent >= c.limit && !c.patient:
			return 0
		case rest > 0:
			wake := time.AfterFunc(rest, func() { c.mu.Lock(); c.changed.Broadcast(); c.mu.Unlock() })
			c.changed.Wait()
			wake.Stop()
			continue
		case n > 0:
			c.inHand += n
			return n
		}
		c.changed.Wait()
	}
}

// begin lets the crew send as many documents again as a run may.
func (c *crew) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent = 0
	c.changed.Broadcast()
}

// handles counts the documents in hand.
func (c *crew) handles(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.handling += n
}

func (c *crew) leave(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inHand -= n
	c.changed.Broadcast()
}

// hand is what one document is in.
type hand struct {
	free bool // to take another document: for this one no system is called any more
}

// spare lets a hand take another document while this one is recorded, so that the systems do not wait for the store. As many may be recorded as there are
// hands. Where the number of documents is limited, the next one has to wait for what became of this one.
func (c *crew) spare(h *hand) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if h.free || c.limit > 0 || c.ending >= c.size {
		return
	}
	h.free = true
	c.inHand--
	c.ending++
	c.changed.Broadcast()
}

// inOrder waits, where documents are handled one after the other, until the one before is recorded: a document for which no system is called is done
// sooner than that.
func (c *crew) inOrder(h *hand) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.size == 1 && !h.free && c.ending > 0 {
		c.changed.Wait()
	}
}

// release ends what a hand has done.
func (c *crew) release(h *hand) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if h.free {
		c.ending--
	} else {
		c.inHand--
	}
	c.changed.Broadcast()
}

// handle takes one delivery to its end, or puts it back.
func (c *crew) handle(ctx context.Context, i *queue.Delivery, h *hand) {
	if ctx.Err() != nil {
		_ = i.Later(0) // without it the lease runs out
		return
	}
	wait, err := c.settle(ctx, i, h)
	if err == nil && wait == 0 {
		return
	}
	if err != nil {
		wait = max(wait, time.Second)
		c.engine.options.Log.Warn("a document goes back into the queue", "flow", i.Flow, "item", i.Seq, "error", err)
	}
	c.defers(i.Seq, wait)
	if err := i.Later(wait); err != nil {
		c.engine.options.Log.Warn("a document could not be put back: it comes again when its lease has run out", "flow", i.Flow, "item", i.Seq, "error", err)
	}
}

// longWait is from when on a document that was put back is not waited for by a run.
const longWait = 5 * time.Second

// defers notes that a document was put back for long, or that it is in hand again.
func (c *crew) defers(item uint64, wait time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if wait >= longWait {
		c.deferred[item] = true
	} else {
		delete(c.deferred, item)
	}
}

// again is the answer of settle to a document that has to come back.
type again struct {
	after time.Duration
	error
}

func (a *again) Unwrap() error { return a.error }

// settle settles a delivery. wait is after how long it is to come back, where it is not settled.
func (c *crew) settle(ctx context.Context, i *queue.Delivery, h *hand) (wait time.Duration, err error) {
	e := c.engine
	e.options.Fault("taken")
	c.defers(i.Seq, 0)
	edition, err := c.edition(ctx, i.Version)
	if err != nil {
		return 0, err
	}
	d := &document{crew: c, hand: h, edition: edition, item: i, doc: i.Document, began: e.options.Now().UnixMilli()}
	ctx = context.WithValue(ctx, documentKey{}, d)
	sent := false
	if i.Again {
		entry, settled, was, err := e.activity.Settled(ctx, i.Flow, i.Seq, i.Document.ID, i.After)
		if err != nil {
			return 0, err
		}
		if settled {
			return 0, c.conclude(ctx, d, resultOf(entry), entry.ID, e.openBefore(ctx, edition.flow, d.doc))
		}
		sent = was
	}
	if i.Again && len(d.doc.Body) > 0 {
		// Others of the same document may have had their turn while it was put back.
		if d.stale, err = e.activity.Since(ctx, i.Flow, d.doc.ID, i.Seq, i.After); err != nil {
			return 0, err
		}
	}
	r, err := c.attempt(ctx, d, sent)
	if d.overtaken() {
		r, err = c.attempt(ctx, d, sent) // with what the source says now
	}
	var later *again
	switch {
	case errors.As(err, &later):
		return later.after, nil
	case errors.Is(err, flow.ErrBusy):
		return time.Duration(200+rand.IntN(300)) * time.Millisecond, nil
	case errors.Is(err, lease.ErrLost):
		return time.Second, nil // another may have it; if not, it comes back
	}
	c.judge(r)
	return 0, err
}

// attempt handles a document once. Its error is [again] where nothing is settled.
func (c *crew) attempt(ctx context.Context, d *document, sent bool) (flow.Result, error) {
	read := d.toRead()
	changed := d.doc.ChangedAt
	d.newer = soon(func() (bool, error) {
		_, newer, err := d.item.Newer(ctx, changed)
		return newer, err
	})
	defer d.looked()
	if read {
		if newer, err := d.newer(); err != nil {
			return flow.Result{}, err
		} else if newer {
			return c.superseded(ctx, d)
		}
		switch doc, ok, err := d.readAgain(ctx); {
		case err != nil:
			r := c.unread(d, err)
			return r, c.end(ctx, d, r, false)
		case !ok:
			r := c.skipped(d, SkipGone, "the source does not have it any more")
			return r, c.end(ctx, d, r, false)
		default:
			d.doc, d.fresh = doc, true
		}
		c.engine.options.Fault("read-again")
	}
	return d.edition.flow.Process.Handle(ctx, c.plans(d.edition), d.doc, flow.Handling{Settle: func(ctx context.Context, r flow.Result) error {
		c.engine.options.Fault("planned")
		if err := c.engine.leases.Confirm(ctx); err != nil {
			return err
		}
		if newer, err := d.newer(); err != nil {
			return err
		} else if newer && r.Attempts == 0 {
			r, err = c.superseded(ctx, d)
			return err
		}
		return c.end(ctx, d, r, sent)
	}})
}

// superseded ends a document that a newer version follows.
func (c *crew) superseded(ctx context.Context, d *document) (flow.Result, error) {
	r := c.skipped(d, SkipSuperseded, errSuperseded.Error())
	return r, c.end(ctx, d, r, false)
}

// Codes of verdicts that the queue makes.
const (
	SkipSuperseded = "superseded" // a newer version is queued behind it
	SkipGone       = "gone"       // the source does not have it any more
)

func (c *crew) skipped(d *document, code, reason string) flow.Result {
	return flow.Result{Document: d.entry().Document, Outcome: flow.Skipped, Code: code, Reason: reason}
}

// unread is the result of a document that could not be read again.
func (c *crew) unread(d *document, err error) flow.Result {
	return flow.FailedResult(d.entry().Document, fmt.Errorf("reading it again: %w", err))
}

// end stores the result of an attempt and settles the document, or says when it is to be tried again.
func (c *crew) end(ctx context.Context, d *document, r flow.Result, sent bool) error {
	e := c.engine
	if d.overtaken() {
		return &again{time.Millisecond, errors.New("overtaken")} // it is attempted again at once
	}
	// Being stopped is no reason to forget what was done.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.options.Step)
	defer cancel()
	exists := r.Outcome == flow.Skipped && r.Code == flow.SkipExists
	if exists && !sent && d.item.Again && e.store.Replicas() > 1 {
		// The server that was asked before may have been behind the others.
		_, settled, was, err := e.activity.Settled(ctx, d.item.Flow, d.item.Seq, d.doc.ID, d.item.After)
		if err != nil {
			return err
		}
		if settled {
			return &again{time.Second, errors.New("settled by another worker")}
		}
		sent = was
	}
	if sent && exists {
		r.Outcome, r.Code = flow.Created, ""
		r.Reason = "it was sent by an attempt that ended before it could say so"
	}
	entry := d.entry()
	d.fill(&entry, r)
	wait, comesBack := c.retry(d.item, r)
	if comesBack {
		entry.Outcome = activity.Retrying
	}
	if comesBack && r.Code == flow.FailInterrupted {
		return &again{wait, errors.New("interrupted")}
	}
	c.inOrder(d.hand)
	if r.Err == nil {
		c.spare(d.hand)
	}
	erased, err := e.erasedInHand(ctx, d.item)
	if err != nil {
		return err
	}
	if erased {
		return c.leaveErased(ctx, d, r, entry.Meta)
	}
	open := e.openBefore(ctx, d.edition.flow, d.doc)
	defer func() { _, _ = open() }()
	id, err := e.activity.Record(ctx, activity.Finished{Entry: entry, Document: d.doc, Record: d.record(r), Before: e.leases.Kept})
	if err != nil {
		return err
	}
	e.options.Fault("recorded")
	if comesBack {
		c.judge(r)
		return &again{wait, errors.New(r.Reason)}
	}
	e.noteMissed(ctx, d.edition.flow.Name, r.Plan)
	return c.conclude(ctx, d, r, id, open)
}

// conclude notes whether the document is still open, and takes it from the queue.
func (c *crew) conclude(ctx context.Context, d *document, r flow.Result, id uint64, open func() (*Unsettled, error)) error {
	if err := c.engine.noteOpen(ctx, d.edition.flow, d.doc, r, id, open); err != nil {
		return err
	}
	if d.fresh || len(d.item.Document.Body) == 0 {
		if err := c.engine.noteFresh(ctx, d.edition.flow, d.doc); err != nil {
			return err
		}
	}
	c.engine.options.Fault("opened")
	if err := d.item.Done(); err != nil {
		return err
	}
	c.engine.options.Fault("done")
	c.mu.Lock()
	if r.Outcome == flow.Created || r.Outcome == flow.Updated || r.Outcome == flow.InDoubt {
		c.sent++
	}
	if c.told != nil {
		c.told(r, d.item)
	}
	c.mu.Unlock()
	return nil
}

// resultOf is the result that an entry tells of.
func resultOf(e activity.Entry) flow.Result {
	return flow.Result{Document: e.Document, Outcome: e.Outcome, Code: e.Code, Reason: e.Reason, Help: e.Help, Targets: e.Targets,
		Attempts: e.Writes, Warnings: e.Warnings}
}
