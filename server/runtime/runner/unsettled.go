package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// Unsettled is a document that failed, is in doubt or waits for others, until a later attempt settles it.
type Unsettled struct {
	Flow     string       `json:"flow"`
	ID       string       `json:"id"` // in the source
	Key      string       `json:"key,omitempty"`
	Version  string       `json:"version,omitempty"`
	Outcome  flow.Outcome `json:"outcome"`
	Code     string       `json:"code"`
	Versions []string     `json:"versions,omitempty"` // of the mappings that were in use
	Since    time.Time    `json:"since"`
	Last     time.Time    `json:"last"`
	Attempts int          `json:"attempts"`
	// Entry tells of the last attempt.
	Entry uint64 `json:"entry"`
}

// Person tells whether only a person can settle it: it is in doubt and its target cannot be asked.
func (u Unsettled) Person() bool { return u.Code == flow.DoubtUnprobed }

// Waits tells whether nothing is wrong with it: it is settled but for other documents that it waits for.
func (u Unsettled) Waits() bool { return u.Code == flow.AwaitsRelated }

// passing are the codes of failures that may be gone by themselves.
var passing = []string{flow.FailUnreachable, flow.FailAuth, flow.FailInterrupted, flow.FailStore, flow.FailMoved, flow.DoubtLost, flow.DoubtPending, flow.AwaitsRelated}

// Passing tells whether trying it again may help although nothing of the flow was changed.
func (u Unsettled) Passing() bool { return slices.Contains(passing, u.Code) }

func token(name string) string { return strings.ReplaceAll(name, ".", "=") }

func (e *Engine) openKey(flowName, id string) string {
	return token(flowName) + "." + e.sealer.Hash(flowName+"\x00"+id)
}

func (e *Engine) unsettled(ctx context.Context, key string) (Unsettled, bool, error) {
	entry, err := e.open.Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return Unsettled{}, false, nil
	}
	var u Unsettled
	if err == nil {
		err = e.unseal(entry.Value(), "open", &u)
	}
	if err != nil {
		return Unsettled{}, false, fmt.Errorf("what is unsettled of %s: %w", strings.SplitN(key, ".", 2)[0], err)
	}
	return u, true, nil
}

// openBefore looks for what is known of a document as one that is not settled, nil for nothing, while its caller goes on. While the document is in hand nobody
// else changes it.
func (e *Engine) openBefore(ctx context.Context, f *Flow, doc port.Document) func() (*Unsettled, error) {
	return soon(func() (*Unsettled, error) {
		was, open, err := e.unsettled(ctx, e.openKey(f.Name, doc.ID))
		if err != nil || !open {
			return nil, err
		}
		return &was, nil
	})
}

// noteOpen remembers a document that is not settled, or forgets it once it is.
func (e *Engine) noteOpen(ctx context.Context, f *Flow, doc port.Document, r flow.Result, entry uint64, known func() (*Unsettled, error)) error {
	key := e.openKey(f.Name, doc.ID)
	was, err := known()
	if err != nil {
		return err
	}
	if r.Settled() || r.Outcome == flow.Skipped && r.Code == SkipSuperseded {
		if was == nil || r.Code == SkipSuperseded {
			return nil
		}
		if err := e.open.Purge(ctx, key); err != nil {
			return fmt.Errorf("settling a document of %s: %w", f.Name, err)
		}
		return nil
	}
	now := e.options.Now().UTC()
	u := Unsettled{Flow: f.Name, ID: doc.ID, Key: r.Document.Key, Version: doc.Version, Outcome: r.Outcome, Code: r.Code, Versions: f.Versions,
		Since: now, Last: now, Attempts: 1, Entry: entry}
	if was != nil {
		u.Since, u.Attempts = was.Since, was.Attempts+1
	}
	sealed, err := e.seal(u, "open")
	if err != nil {
		return err
	}
	if _, err := e.open.Put(ctx, key, sealed); err != nil {
		return fmt.Errorf("remembering a document of %s: %w", f.Name, err)
	}
	return nil
}

// Unsettled returns the documents of a flow ("" for all) that failed, are in doubt or wait for others, oldest first.
func (e *Engine) Unsettled(ctx context.Context, flowName string) ([]Unsettled, error) {
	filter := ">"
	if flowName != "" {
		filter = token(flowName) + ".*"
	}
	keys, err := e.open.ListKeysFiltered(ctx, filter)
	if err != nil {
		return nil, fmt.Errorf("what is unsettled: %w", err)
	}
	var out []Unsettled
	for key := range keys.Keys() {
		u, ok, err := e.unsettled(ctx, key)
		if err != nil {
			return nil, errors.Join(err, keys.Stop())
		}
		if ok {
			out = append(out, u)
		}
	}
	slices.SortStableFunc(out, func(a, b Unsettled) int { return a.Since.Compare(b.Since) })
	return out, nil
}
