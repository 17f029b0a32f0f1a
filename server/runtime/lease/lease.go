// Package lease gives keys into one worker's hands at a time, across processes and machines: whoever has a key
// holds a lease on it that runs out unless it is renewed, and that is found lost before anything is written in its name.
//
// It is not a queue and decides nothing about documents. Start with [Open]; [Keeper.Locks] is a
// flow's locker, and [Check] holds a write to the leases of its context.
package lease

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/crosswalk-go/crosswalk/engine/flow"
)

// ErrLost is the error of a write in the name of a lease that ran out.
var ErrLost = errors.New("the lease was lost")

// Options configure [Open].
type Options struct {
	// Lease is how long a key stays in the hands of a worker that gives no sign of life (default 30 s).
	Lease time.Duration
	// Step is the longest that one write to a target may take (default 20 s). It is shorter than Lease, so that no write is on its way when
	// the key passes into other hands.
	Step time.Duration
	// Patience is how long a key is waited for before [flow.ErrBusy] (default 2 s).
	Patience time.Duration
	// Owner names this process in the store, for people.
	Owner string
}

// Store is what the leases are kept in.
type Store interface {
	JetStream() jetstream.JetStream
	Stream(ctx context.Context, cfg jetstream.StreamConfig) (jetstream.Stream, error)
	Host(reveal func() error) error
	Alone(quiet time.Duration, do func()) bool
}

// Keeper keeps leases. It is safe for concurrent use.
type Keeper struct {
	js      jetstream.JetStream
	stream  jetstream.Stream
	store   Store
	options Options
	local   flow.Locker // waits of this process, first come, first served

	mu      sync.Mutex
	private map[*hold]bool // leases that are in no store, because nobody is there to see them
}

// Open opens the leases of a store. They are in memory: a lease need not survive the servers that keep it.
func Open(ctx context.Context, store Store, o Options) (*Keeper, error) {
	o.Lease, o.Step, o.Patience = or(o.Lease, 30*time.Second), or(o.Step, 20*time.Second), or(o.Patience, 2*time.Second)
	if o.Step >= o.Lease {
		return nil, fmt.Errorf("the step timeout (%s) is not shorter than the lease (%s): a write could still be on its way when its document is in other hands", o.Step, o.Lease)
	}
	s, err := store.Stream(ctx, jetstream.StreamConfig{
		Name: "LEASES", Subjects: []string{"lease.*"}, Storage: jetstream.MemoryStorage,
		MaxMsgsPerSubject: 1, MaxAge: o.Lease, Duplicates: min(o.Lease, 2*time.Minute),
	})
	if err != nil {
		return nil, err
	}
	k := &Keeper{js: store.JetStream(), stream: s, store: store, options: o, local: flow.NewLocks(), private: map[*hold]bool{}}
	if err := store.Host(k.reveal); err != nil {
		return nil, err
	}
	return k, nil
}

func or(d, def time.Duration) time.Duration {
	if d <= 0 {
		return def
	}
	return d
}

// Lease returns how long a key stays in silent hands.
func (k *Keeper) Lease() time.Duration { return k.options.Lease }

// Locks returns a locker whose keys belong to scope: what two flows may not touch at a time, they name alike in one scope.
func (k *Keeper) Locks(scope string) flow.Locker { return locks{k, scope} }

type locks struct {
	keeper *Keeper
	scope  string
}

// Lock takes all keys, in an order that every caller shares.
func (l locks) Lock(ctx context.Context, keys ...string) (context.Context, func(), error) {
	subjects := make([]string, len(keys))
	for i, key := range keys {
		sum := sha256.Sum256([]byte(l.scope + "\x00" + key))
		subjects[i] = "lease." + base64.RawURLEncoding.EncodeToString(sum[:18])
	}
	slices.Sort(subjects)
	return l.keeper.lock(ctx, slices.Compact(subjects))
}

func (k *Keeper) lock(ctx context.Context, subjects []string) (context.Context, func(), error) {
	waiting, done := context.WithTimeout(ctx, k.options.Patience)
	defer done()
	_, free, err := k.local.Lock(waiting, subjects...)
	if err != nil {
		return nil, nil, busy(ctx, err)
	}
	h := &hold{keeper: k, subjects: subjects, parent: held(ctx)}
	hctx, cancel := context.WithCancelCause(context.WithValue(ctx, holdKey{}, h))
	h.lose, h.life = cancel, hctx
	release := func() {
		_ = h.promises.wait() // whoever has the keys next sees what is kept; of what is not, the intent tells
		cancel(context.Canceled)
		k.mu.Lock()
		private := k.private[h]
		delete(k.private, h)
		k.mu.Unlock()
		if !private {
			h.renewing.Wait()
		}
		h.giveBack()
		free()
	}
	// A lease that nobody else could see needs no store. It cannot run out either: whoever comes, comes through this process.
	if k.store.Alone(k.options.Lease, func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		h.private, k.private[h] = true, true
	}) {
		return hctx, release, nil
	}
	for _, s := range subjects {
		if err := k.take(waiting, h, s); err != nil {
			release()
			return nil, nil, busy(ctx, err)
		}
	}
	h.renewing.Go(func() { h.renewUntil(hctx) })
	return hctx, release, nil
}

// reveal puts into the store what was held with nobody's knowledge.
func (k *Keeper) reveal() error {
	ctx, cancel := context.WithTimeout(context.Background(), k.options.Patience)
	defer cancel()
	k.mu.Lock()
	defer k.mu.Unlock() // nothing is given back meanwhile
	for h := range k.private {
		h.mu.Lock()
		err := h.reveal(ctx)
		h.mu.Unlock()
		if err != nil {
			return err
		}
		delete(k.private, h)
		h.renewing.Go(func() { h.renewUntil(h.life) })
	}
	return nil
}

// busy tells a wait that was too long from a caller that is stopped.
func busy(ctx context.Context, err error) error {
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return flow.ErrBusy
	}
	return err
}

// take waits for one key.
func (k *Keeper) take(ctx context.Context, h *hold, subject string) error {
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 200*time.Millisecond) {
		asked := time.Now()
		ack, err := k.js.Publish(ctx, subject, []byte(k.options.Owner), jetstream.WithExpectLastSequencePerSubject(0))
		if err == nil {
			h.tokens = append(h.tokens, ack.Sequence)
			if h.since.IsZero() || asked.Before(h.since) {
				h.since = asked
			}
			return nil
		}
		if !isTaken(err) {
			return fmt.Errorf("taking a lease: %w", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// isTaken tells whether another has the key, or has had it since.
func isTaken(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence || api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant)
}

// hold is a set of leases of one document in hand. Its tokens rise with every renewal and every new holder, and the store takes a renewal
// only with the last one: a holder that was asleep for too long finds the token of another.
type hold struct {
	keeper   *Keeper
	subjects []string
	parent   *hold
	lose     context.CancelCauseFunc
	life     context.Context
	renewing sync.WaitGroup
	promises promises

	mu     sync.Mutex
	tokens []uint64
	since  time.Time // before the oldest of them was given
	lost   bool
	// private is true while the store does not know of them.
	private bool
}

type holdKey struct{}

func held(ctx context.Context) *hold {
	h, _ := ctx.Value(holdKey{}).(*hold)
	return h
}

// renewUntil renews the leases until ctx ends.
func (h *hold) renewUntil(ctx context.Context) {
	tick := time.NewTicker(h.keeper.options.Lease / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := h.renew(ctx); errors.Is(err, ErrLost) {
				return
			}
		}
	}
}

// renew makes all leases whole again, or finds one lost.
func (h *hold) renew(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.lost:
		return ErrLost
	case h.private:
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, h.keeper.options.Lease)
	defer cancel()
	asked := time.Now()
	for i, subject := range h.subjects {
		ack, err := h.keeper.js.Publish(ctx, subject, []byte(h.keeper.options.Owner), jetstream.WithExpectLastSequencePerSubject(h.tokens[i]))
		switch {
		case err == nil:
			h.tokens[i] = ack.Sequence
		case isTaken(err):
			h.lost = true
			h.lose(ErrLost)
			return ErrLost
		default:
			return fmt.Errorf("renewing a lease: %w", err)
		}
	}
	h.since = asked
	return nil
}

// reveal takes the leases in the store. What it took before an error is taken again when it is called again.
func (h *hold) reveal(ctx context.Context) error {
	for i := len(h.tokens); i < len(h.subjects); i++ {
		if err := h.keeper.take(ctx, h, h.subjects[i]); err != nil {
			return err
		}
	}
	h.private = false
	return nil
}

// check makes sure that the leases last for another need.
func (h *hold) check(ctx context.Context, need time.Duration) error {
	for ; h != nil; h = h.parent {
		h.mu.Lock()
		left := h.keeper.options.Lease - time.Since(h.since)
		lost, private := h.lost, h.private
		h.mu.Unlock()
		if lost {
			return ErrLost
		}
		if private || left > need {
			continue
		}
		if err := h.renew(ctx); err != nil {
			return err
		}
	}
	return nil
}

// giveBack frees the keys. What is not freed, because the store cannot be reached, runs out.
func (h *hold) giveBack() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.tokens) == 0 {
		h.lost = true
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), h.keeper.options.Step)
	defer cancel()
	for _, token := range h.tokens {
		// By its token, so that the lease of whoever has the key now is left alone.
		_ = h.keeper.stream.DeleteMsg(ctx, token)
	}
	h.tokens, h.lost = nil, true
}

// Check makes sure that the leases of ctx outlast a write that begins now, renewing them if need be. Its error is [ErrLost] where another
// may have the keys. A context without leases passes.
func (k *Keeper) Check(ctx context.Context) error { return held(ctx).check(ctx, k.options.Step) }

// Confirm makes sure by the store, not the clock, that the leases of ctx are still held.
func (k *Keeper) Confirm(ctx context.Context) error {
	for h := held(ctx); h != nil; h = h.parent {
		if err := h.renew(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Step returns the longest that one write may take.
func (k *Keeper) Step() time.Duration { return k.options.Step }
