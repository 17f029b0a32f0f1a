package lease

import (
	"context"
	"errors"
	"sync"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// Links returns links that are kept while their caller goes on: a write in the name of leases has begun when SaveLink returns, and it is waited for before
// anything else happens that relies on it. That is the next write to a target of [Keeper.Target], a look at links in the name of the
// same leases, [Keeper.Kept], and giving the leases back. A write without leases is on the disk when SaveLink returns.
func (k *Keeper) Links(l port.Links) port.Links { return links{l, k} }

type links struct {
	port.Links
	keeper *Keeper
}

// Link waits for what is being kept in the name of the leases.
func (l links) Link(ctx context.Context, entity port.Entity, sourceID string) (port.Link, bool, error) {
	if err := l.keeper.Kept(ctx); err != nil {
		return port.Link{}, false, err
	}
	return l.Links.Link(ctx, entity, sourceID)
}

// SaveLink begins to keep a link.
func (l links) SaveLink(ctx context.Context, entity port.Entity, link port.Link) error {
	h := held(ctx)
	if h == nil {
		return l.Links.SaveLink(ctx, entity, link)
	}
	if err := h.promises.reserve(string(entity) + "\x00" + link.SourceID); err != nil {
		return err
	}
	writing, done := context.WithTimeout(context.WithoutCancel(ctx), l.keeper.options.Step)
	h.promises.begin(func() error {
		defer done()
		return l.Links.SaveLink(writing, entity, link)
	})
	return nil
}

// Kept waits until all links that were saved in the name of the leases of ctx are on the disk. Where one could not be kept, nothing more is
// done in the name of these leases: the error stays. A context without leases passes.
func (k *Keeper) Kept(ctx context.Context) error {
	var errs []error
	for h := held(ctx); h != nil; h = h.parent {
		errs = append(errs, h.promises.wait())
	}
	return errors.Join(errs...)
}

// promises are the writes of one hold that have begun and that nobody has waited for.
type promises struct {
	running sync.WaitGroup

	mu     sync.Mutex
	keys   map[string]bool
	failed error
}

// reserve waits where a write of that key is on its way, so that no intent is written over its link.
func (p *promises) reserve(key string) error {
	p.mu.Lock()
	busy, err := p.keys[key], p.failed
	p.mu.Unlock()
	if busy {
		err = p.wait()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.keys == nil {
		p.keys = map[string]bool{}
	}
	p.keys[key] = true
	return err
}

func (p *promises) begin(do func() error) {
	p.running.Go(func() {
		if err := do(); err != nil {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.failed = errors.Join(p.failed, err)
		}
	})
}

func (p *promises) wait() error {
	p.running.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.keys)
	return p.failed
}
