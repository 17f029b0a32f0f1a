package flow

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// saveEvery is after how many documents a long run stores its cursor.
const saveEvery = 200

// ledger counts a run's documents and knows how far the cursor may move.
type ledger struct {
	process *Process
	options RunOptions
	since   time.Time // the cursor at the start

	mu       sync.Mutex
	changed  *sync.Cond
	summary  Summary
	inHand   map[int]time.Time // change stamps of documents in hand, by their number
	oldest   time.Time         // the oldest stamp that is not settled
	unknown  bool              // a document without a stamp is not settled
	newest   time.Time
	outages  int
	stop     error
	unsaved  int
	stored   time.Time
	sequence int
}

func newLedger(p *Process, o RunOptions, cursor time.Time) *ledger {
	l := &ledger{
		process: p, options: o, since: cursor, newest: cursor, stored: cursor,
		inHand:  map[int]time.Time{},
		summary: Summary{Flow: p.flow.Name, DryRun: o.DryRun, StartedAt: p.pace.Now().UTC(), Cursor: cursor},
	}
	l.options.Workers = max(1, o.Workers)
	l.changed = sync.NewCond(&l.mu)
	return l
}

// admit waits for a free worker and counts the document as read. It returns the document's number
// in the run; ok is false where the run is over: stopped, cancelled while it waited,
// or its limit reached.
func (l *ledger) admit(ctx context.Context, doc port.Document) (number int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	limit := l.process.flow.Limit
	for {
		sent := l.summary.Created + l.summary.Updated + l.summary.InDoubt
		switch {
		case l.stop != nil || ctx.Err() != nil:
			return 0, false
		case limit > 0 && sent >= limit:
			l.summary.Limited = true
			return 0, false
		case len(l.inHand) < l.options.Workers && (limit == 0 || sent+len(l.inHand) < limit):
			l.summary.Read++
			l.sequence++
			l.inHand[l.sequence] = doc.ChangedAt
			return l.sequence, true
		}
		l.changed.Wait()
	}
}

// settle counts the outcome of an admitted document.
func (l *ledger) settle(number int, r Result) {
	l.mu.Lock()
	defer l.mu.Unlock()
	stamp := l.inHand[number]
	delete(l.inHand, number)
	switch r.Outcome {
	case Created:
		l.summary.Created++
	case Updated:
		l.summary.Updated++
	case Skipped:
		l.summary.Skipped++
	case InDoubt:
		l.summary.InDoubt++
	case Failed:
		l.summary.Failed++
	}
	l.note(stamp, r.Settled())
	l.judge(r)
	if l.unsaved++; l.unsaved >= saveEvery && l.stop == nil {
		if err := l.store(context.Background()); err != nil {
			l.stop = err
		}
	}
	if l.options.OnResult != nil {
		l.options.OnResult(r, l.summary)
	}
	l.changed.Broadcast()
}

func (l *ledger) note(stamp time.Time, settled bool) {
	switch {
	case settled && stamp.After(l.newest):
		l.newest = stamp
	case settled:
	case stamp.IsZero():
		l.unknown = true
	case l.oldest.IsZero() || stamp.Before(l.oldest):
		l.oldest = stamp
	}
}

// halt ends the run.
func (l *ledger) halt(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stop == nil {
		l.stop = err
	}
	l.changed.Broadcast()
}

// judge ends the run where going on is useless: credentials that do not work, a store that does not work, systems that
// have not been reachable, or wanted a long pause, for several documents in a row.
func (l *ledger) judge(r Result) {
	if r.unanswered {
		l.outages++
	} else {
		l.outages = 0
	}
	switch {
	case l.stop != nil || r.Err == nil:
	case errors.Is(r.Err, port.ErrAuth), errors.Is(r.Err, errStore):
		l.stop = fmt.Errorf("stopped at %s: %w", r.Document.Name(), r.Err)
	case l.outages >= l.process.pace.Outages:
		l.stop = fmt.Errorf("stopped after %d documents in a row: %w", l.outages, r.Err)
	}
}

// cursor is the stamp up to which everything is settled.
func (l *ledger) cursor() time.Time {
	if l.unknown {
		return l.since
	}
	low := l.oldest
	for _, stamp := range l.inHand {
		if stamp.IsZero() {
			return l.since
		}
		if low.IsZero() || stamp.Before(low) {
			low = stamp
		}
	}
	if low.IsZero() {
		return l.newest
	}
	return low
}

// store saves the cursor if it has moved.
func (l *ledger) store(ctx context.Context) error {
	l.unsaved = 0
	at := l.process.Happened(l.cursor())
	if l.options.DryRun || at.Equal(l.stored) {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.process.pace.Grace)
	defer cancel()
	if err := l.process.systems.Cursors.SaveCursor(ctx, l.process.flow.Name, at); err != nil {
		return fmt.Errorf("%w: %w", errStore, err)
	}
	l.stored, l.summary.Cursor = at, at
	return nil
}

// close ends the counting and stores the cursor. The error is why the run was stopped, if it was.
func (l *ledger) close(ctx context.Context) (Summary, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stop = errors.Join(l.stop, l.store(ctx))
	l.summary.FinishedAt = l.process.pace.Now().UTC()
	return l.summary, l.stop
}
