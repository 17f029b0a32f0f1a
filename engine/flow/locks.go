package flow

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// Locker gives one holder at a time to each key.
type Locker interface {
	// Lock waits until all keys are the caller's. The context that it returns ends when they are no longer: on release,
	// or because they were lost. Whoever waits too long gets an error that is [ErrBusy].
	Lock(ctx context.Context, keys ...string) (held context.Context, release func(), err error)
}

// ErrBusy is the error of keys that stayed in another's hands.
var ErrBusy = errors.New("in another worker's hands")

// locks is the [Locker] of one process.
type locks struct {
	mu   sync.Mutex
	held map[string]*lock
}

type lock struct {
	token chan struct{} // holds one element while free
	users int
}

// NewLocks returns a locker of this process: whoever comes first is served first.
func NewLocks() Locker { return newLocks() }

func newLocks() *locks { return &locks{held: map[string]*lock{}} }

// Lock takes all keys as acquire does.
func (l *locks) Lock(ctx context.Context, keys ...string) (context.Context, func(), error) {
	release, err := l.acquire(ctx, keys...)
	if err != nil {
		return nil, nil, err
	}
	held, cancel := context.WithCancel(ctx)
	return held, func() { cancel(); release() }, nil
}

// acquire takes all keys, in an order that every caller shares, so that two callers cannot wait for
// each other. The returned function gives them back.
func (l *locks) acquire(ctx context.Context, keys ...string) (release func(), err error) {
	keys = slices.Clone(keys)
	slices.Sort(keys)
	keys = slices.Compact(keys)
	taken := 0
	release = func() {
		for _, k := range keys[:taken] {
			l.leave(k, true)
		}
	}
	for _, k := range keys {
		e := l.enter(k)
		select {
		case <-e.token:
			taken++
		case <-ctx.Done():
			l.leave(k, false)
			release()
			return nil, ctx.Err()
		}
	}
	return release, nil
}

func (l *locks) enter(key string) *lock {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.held[key]
	if e == nil {
		e = &lock{token: make(chan struct{}, 1)}
		e.token <- struct{}{}
		l.held[key] = e
	}
	e.users++
	return e
}

func (l *locks) leave(key string, holds bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.held[key]
	if holds {
		e.token <- struct{}{}
	}
	if e.users--; e.users == 0 {
		delete(l.held, key)
	}
}
