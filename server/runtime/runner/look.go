package runner

import (
	"context"
	"errors"
	"sync"
)

// What the store knows of a document is looked for while its systems are called, because it is waited for otherwise.

// soon does something while its caller goes on, and returns what waits for it.
func soon[T any](do func() (T, error)) (wait func() (T, error)) {
	var out T
	var err error
	var doing sync.WaitGroup
	doing.Go(func() { out, err = do() })
	return func() (T, error) {
		doing.Wait()
		return out, err
	}
}

var errSuperseded = errors.New("a newer version of it is queued behind it")

// look is called while the document is in hand, before the target is asked about it: not for one that a newer version follows. It begins to look for the
// word of the version that was handled last.
func (d *document) look(ctx context.Context) error {
	if d == nil || d.newer == nil {
		return nil
	}
	if newer, err := d.newer(); newer || err != nil {
		return errors.Join(err, errSuperseded)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.known == nil && d.ages() {
		d.known = soon(func() (bool, error) { return d.isLast(ctx) })
	}
	return nil
}

// looked waits for what is still being looked for, so that the next attempt begins anew.
func (d *document) looked() {
	_, _ = d.newer()
	d.mu.Lock()
	known := d.known
	d.newer, d.known = nil, nil
	d.mu.Unlock()
	if known != nil {
		_, _ = known()
	}
}
