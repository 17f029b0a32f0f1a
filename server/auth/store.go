package auth

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// Store keeps the records of sessions, by group and id. The ids that it gets are hashes: they open nothing.
type Store interface {
	Load(ctx context.Context, group, id string) (record []byte, ok bool, err error)
	Save(ctx context.Context, group, id string, record []byte) error
	// Renew is Save for a record that is there; one that was ended meanwhile stays ended.
	Renew(ctx context.Context, group, id string, record []byte) error
	End(ctx context.Context, group, id string) error
	EndAll(ctx context.Context, group string) error
}

// maxSessions bounds what the memory keeps.
const maxSessions = 10_000

// memory is a store that ends with the process.
type memory struct {
	mu   sync.Mutex
	now  func() time.Time
	open map[[2]string]kept
}

type kept struct {
	record []byte
	at     time.Time
}

// Load returns a record.
func (m *memory) Load(_ context.Context, group, id string) ([]byte, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k, ok := m.open[[2]string{group, id}]
	return k.record, ok, nil
}

// Save keeps a record, and makes room for it where there is none: the one that was saved longest ago goes.
func (m *memory) Save(_ context.Context, group, id string, record []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.open == nil {
		m.open = map[[2]string]kept{}
	}
	key, now := [2]string{group, id}, m.now()
	if _, known := m.open[key]; !known && len(m.open) >= maxSessions {
		maps.DeleteFunc(m.open, func(_ [2]string, k kept) bool { return now.Sub(k.at) > SessionLife })
		if len(m.open) >= maxSessions {
			delete(m.open, slices.MinFunc(slices.Collect(maps.Keys(m.open)), func(a, b [2]string) int { return m.open[a].at.Compare(m.open[b].at) }))
		}
	}
	m.open[key] = kept{record, now}
	return nil
}

// Renew replaces a record.
func (m *memory) Renew(_ context.Context, group, id string, record []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := [2]string{group, id}
	if _, ok := m.open[key]; ok {
		m.open[key] = kept{record, m.now()}
	}
	return nil
}

// End drops a record.
func (m *memory) End(_ context.Context, group, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.open, [2]string{group, id})
	return nil
}

// EndAll drops the records of a group.
func (m *memory) EndAll(_ context.Context, group string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.open, func(key [2]string, _ kept) bool { return key[0] == group })
	return nil
}
