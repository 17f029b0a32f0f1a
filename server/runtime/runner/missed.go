package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/flow"
)

// MissedKey is a value that documents of a flow brought and that a table has no entry for.
type MissedKey struct {
	engine.Missed
	// Count is how many documents of runs asked for it, replays included.
	Count  int       `json:"count"`
	LastAt time.Time `json:"lastAt"`
}

// The bounds of what is kept of a flow.
const (
	maxMissedKeys = 500
	maxMissedText = 100                 // characters of all keys of one entry
	missedLife    = 90 * 24 * time.Hour // since a document asked for it last
	missedPause   = 5 * time.Second     // between two writes
)

// missedKeys are those that are not stored yet. What a crash takes is what was noted since the last write.
type missedKeys struct {
	mu    sync.Mutex
	flows map[string]*missedOfFlow
}

type missedOfFlow struct {
	keys   []MissedKey
	stored time.Time
}

// addMissed counts keys: those of more come to those of all.
func addMissed(all, more []MissedKey) []MissedKey {
	for _, m := range more {
		i := slices.IndexFunc(all, func(o MissedKey) bool { return o.Table == m.Table && slices.Equal(o.Keys, m.Keys) })
		if i < 0 {
			all = append(all, m)
			continue
		}
		all[i].Count += m.Count
		if m.LastAt.After(all[i].LastAt) {
			all[i].LastAt = m.LastAt
		}
	}
	return all
}

// noteMissed counts the keys that a document asked for in vain. It is for people: where it cannot be stored, the flow goes on.
func (e *Engine) noteMissed(ctx context.Context, flowName string, p *flow.Plan) {
	if p == nil || len(p.Missed()) == 0 {
		return
	}
	now := e.options.Now().UTC()
	var keys []MissedKey
	for _, m := range p.Missed() {
		// Addresses are personal data, and texts of any length are no keys of a table that somebody fills by hand.
		if text := strings.Join(m.Keys, " "); len([]rune(text)) <= maxMissedText && !strings.Contains(text, "@") {
			keys = append(keys, MissedKey{Missed: m, Count: 1, LastAt: now})
		}
	}
	e.missed.mu.Lock()
	if e.missed.flows == nil {
		e.missed.flows = map[string]*missedOfFlow{}
	}
	f := e.missed.flows[flowName]
	if f == nil {
		f = &missedOfFlow{}
		e.missed.flows[flowName] = f
	}
	if len(f.keys) < maxMissedKeys {
		f.keys = addMissed(f.keys, keys)
	}
	due := now.Sub(f.stored) >= missedPause
	e.missed.mu.Unlock()
	if due {
		e.keepMissed(ctx, flowName)
	}
}

// keepMissed stores what was noted of a flow since the last time.
func (e *Engine) keepMissed(ctx context.Context, flowName string) {
	e.missed.mu.Lock()
	f := e.missed.flows[flowName]
	if f == nil || len(f.keys) == 0 {
		e.missed.mu.Unlock()
		return
	}
	keys := f.keys
	f.keys, f.stored = nil, e.options.Now().UTC()
	e.missed.mu.Unlock()
	if err := e.storeMissed(ctx, flowName, keys); err != nil {
		e.missed.mu.Lock()
		f.keys = addMissed(keys, f.keys)
		e.missed.mu.Unlock()
		e.options.Log.Warn("the keys without an entry could not be noted", "flow", flowName, "error", err)
	}
}

// storeMissed adds keys to those that are stored. Other processes do so too.
func (e *Engine) storeMissed(ctx context.Context, flowName string, keys []MissedKey) error {
	ctx, cancel := context.WithTimeout(ctx, e.options.Step)
	defer cancel()
	for {
		known, revision, err := e.storedMissed(ctx, flowName)
		if err != nil {
			return err
		}
		all := addMissed(known, keys)
		since := e.options.Now().Add(-missedLife)
		all = slices.DeleteFunc(all, func(m MissedKey) bool { return m.LastAt.Before(since) })
		slices.SortStableFunc(all, func(a, b MissedKey) int { return b.LastAt.Compare(a.LastAt) })
		all = all[:min(len(all), maxMissedKeys)]
		sealed, err := e.seal(all, "missed")
		if err != nil {
			return err
		}
		if revision == 0 {
			_, err = e.control.Create(ctx, "missed."+token(flowName), sealed)
		} else {
			_, err = e.control.Update(ctx, "missed."+token(flowName), sealed, revision)
		}
		if !errors.Is(err, jetstream.ErrKeyExists) {
			return err
		}
	}
}

func (e *Engine) storedMissed(ctx context.Context, flowName string) (keys []MissedKey, revision uint64, err error) {
	entry, err := e.control.Get(ctx, "missed."+token(flowName))
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	return keys, entry.Revision(), e.unseal(entry.Value(), "missed", &keys)
}

// Missed returns the keys that documents of a flow asked for and that had no entry then, by table, the most asked for first. An entry may have been
// added since.
func (e *Engine) Missed(ctx context.Context, flowName string) ([]MissedKey, error) {
	all, _, err := e.storedMissed(ctx, flowName)
	if err != nil {
		return nil, fmt.Errorf("the keys without an entry of %s: %w", flowName, err)
	}
	e.missed.mu.Lock()
	if f := e.missed.flows[flowName]; f != nil {
		all = addMissed(all, f.keys)
	}
	e.missed.mu.Unlock()
	slices.SortFunc(all, func(a, b MissedKey) int {
		return cmp.Or(strings.Compare(a.Table, b.Table), b.Count-a.Count, slices.Compare(a.Keys, b.Keys))
	})
	return all, nil
}
