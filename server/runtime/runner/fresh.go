package runner

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// A document that is queued with its body may be older than what was sent of it meanwhile: its page was read, then a webhook came, and the document was
// read, handled and settled while the page was on its way into the queue. So who reads a document when it handles it leaves word of the
// version, and who is about to send one that was queued with its body looks for that word, in the hold of the same lease. What waits for long,
// which is all of a resync, is queued without its body.

// freshRetention is for how long that word stays. It is longer than a document waits.
const freshRetention = 48 * time.Hour

// noteFresh leaves word of the version that was handled last.
func (e *Engine) noteFresh(ctx context.Context, f *Flow, doc port.Document) error {
	if _, err := e.fresh.PutString(ctx, e.openKey(f.Name, doc.ID), e.sealer.Hash(doc.Version)); err != nil {
		return fmt.Errorf("noting the version of a document of %s: %w", f.Name, err)
	}
	return nil
}

var errOvertaken = errors.New("a newer version of it was handled meanwhile")

// ages tells whether the document may be older than what was handled of it.
func (d *document) ages() bool { return !d.fresh && len(d.item.Document.Body) > 0 }

// isLast tells whether no other version was handled as the last one.
func (d *document) isLast(ctx context.Context) (bool, error) {
	e := d.crew.engine
	last, err := e.fresh.Get(ctx, e.openKey(d.item.Flow, d.doc.ID))
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("looking for a newer version: %w", err)
	}
	return string(last.Value()) == e.sealer.Hash(d.doc.Version), nil
}

// checkFresh refuses a document that is older than what was handled of it already.
func (d *document) checkFresh(ctx context.Context) error {
	if !d.ages() {
		return nil
	}
	d.mu.Lock()
	known := d.known
	d.mu.Unlock()
	if known == nil {
		known = func() (bool, error) { return d.isLast(ctx) }
	}
	if last, err := known(); last || err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stale = true
	return errOvertaken
}

// toRead tells whether the document is to be read before it is handled.
func (d *document) toRead() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	read := d.stale || len(d.doc.Body) == 0
	d.stale = false
	return read
}

// readAgain reads the document as its source has it now.
func (d *document) readAgain(ctx context.Context) (doc port.Document, ok bool, err error) {
	done, err := d.turn(ctx)
	if err != nil {
		return port.Document{}, false, err
	}
	defer done()
	return readOne(ctx, d.edition.flow, d.doc.ID)
}

// overtaken tells whether nothing was sent because the document is to be read again.
func (d *document) overtaken() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.stale
}
