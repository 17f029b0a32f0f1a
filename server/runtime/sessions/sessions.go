// Package sessions keeps the sessions of people who have signed in, sealed, so that a restart of the server and other
// processes of it know them. It is not for signing in or for what a session may do: package server/auth does that, and knows when one
// is over. Start with [Open].
package sessions

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/crosswalk-go/crosswalk/server/runtime/seal"
)

// Store keeps records by a group, such as a person, and an id. It keeps neither of them as they are: who reads the store can use no
// session, and learns nobody's name. It is safe for concurrent use.
type Store struct {
	kv     jetstream.KeyValue
	sealer *seal.Sealer
}

// timeout bounds every call: a store that does not answer lets nobody in.
const timeout = 5 * time.Second

// Open opens the sessions of a store. What was not saved for as long as life is dropped.
func Open(ctx context.Context, store seal.Store, life time.Duration) (*Store, error) {
	sealer, err := seal.Open(ctx, store)
	if err != nil {
		return nil, err
	}
	kv, err := store.Bucket(ctx, jetstream.KeyValueConfig{Bucket: "sessions", TTL: life})
	if err != nil {
		return nil, err
	}
	return &Store{kv, sealer}, nil
}

func (s *Store) group(group string) string { return s.sealer.Hash("sessions of " + group) }

func (s *Store) key(group, id string) string {
	return s.group(group) + "." + s.sealer.Hash("session "+id)
}

// Load returns a record; ok is false where there is none.
func (s *Store) Load(ctx context.Context, group, id string) (record []byte, ok bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	key := s.key(group, id)
	entry, err := s.kv.Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, false, nil
	}
	if err == nil {
		record, err = s.sealer.Queue().Open(entry.Value(), key)
	}
	if err != nil {
		return nil, false, fmt.Errorf("reading a session: %w", err)
	}
	return record, true, nil
}

// Save keeps a record; it is on disk when it returns.
func (s *Store) Save(ctx context.Context, group, id string, record []byte) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	key := s.key(group, id)
	sealed, err := s.sealer.Queue().Seal(record, key)
	if err == nil {
		_, err = s.kv.Put(ctx, key, sealed)
	}
	if err != nil {
		return fmt.Errorf("keeping a session: %w", err)
	}
	return nil
}

// Renew replaces a record that is there; one that was ended meanwhile stays ended.
func (s *Store) Renew(ctx context.Context, group, id string, record []byte) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	key := s.key(group, id)
	entry, err := s.kv.Get(ctx, key)
	if err == nil {
		var sealed []byte
		if sealed, err = s.sealer.Queue().Seal(record, key); err == nil {
			_, err = s.kv.Update(ctx, key, sealed, entry.Revision())
		}
	}
	if errors.Is(err, jetstream.ErrKeyNotFound) || errors.Is(err, jetstream.ErrKeyExists) {
		return nil // it was ended, or renewed by another
	}
	if err != nil {
		return fmt.Errorf("keeping a session: %w", err)
	}
	return nil
}

// End drops a record, if it is there.
func (s *Store) End(ctx context.Context, group, id string) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if err := s.kv.Purge(ctx, s.key(group, id)); err != nil {
		return fmt.Errorf("ending a session: %w", err)
	}
	return nil
}

// EndAll drops the records of a group.
func (s *Store) EndAll(ctx context.Context, group string) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	keys, err := s.kv.ListKeysFiltered(ctx, s.group(group)+".*")
	if err != nil {
		return fmt.Errorf("ending sessions: %w", err)
	}
	for key := range keys.Keys() {
		if err := s.kv.Purge(ctx, key); err != nil {
			return errors.Join(fmt.Errorf("ending sessions: %w", err), keys.Stop())
		}
	}
	return nil
}
