package runner

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/crosswalk-go/crosswalk/server/runtime"
	"github.com/crosswalk-go/crosswalk/server/runtime/activity"
	"github.com/crosswalk-go/crosswalk/server/runtime/queue"
)

// Erasure is what erasing a person did, and the proof of it.
type Erasure struct {
	activity.Erasure
	Queued int `json:"queued"` // documents that were taken from the queue; the source still has them
	Links  int `json:"links"`  // remembered pairs of ids that named the person
	Notes  int `json:"notes"`  // notes of what was read or is unsettled
}

// Erase removes a person from the store by an e-mail address, and proves it by reading everything that is left. What lies in the systems
// themselves, and in backups of the store's keys, is not reached.
func (e *Engine) Erase(ctx context.Context, email string) (Erasure, error) {
	var out Erasure
	email = strings.ToLower(strings.TrimSpace(email))
	if !strings.Contains(email, "@") {
		return out, errors.New("this is no e-mail address")
	}
	names := func(v any) bool {
		text, err := json.Marshal(v)
		return err == nil && activity.Holds(text, []byte(email))
	}
	gone, err := e.queue.Erase(ctx, func(i queue.Item) bool {
		return activity.Holds(i.Document.Body, []byte(email)) || names(i)
	})
	out.Queued = len(gone)
	if err != nil {
		return out, err
	}
	if err := e.eraseNotes(ctx, names, &out); err != nil {
		return out, err
	}
	sum := sha256.Sum256([]byte(email))
	hashed := "email:" + hex.EncodeToString(sum[:16]) // as engine/flow names a customer who has no id
	if out.Links, err = e.store.EraseLinks(ctx, func(id string, all []byte) bool {
		return id == hashed || activity.Holds(all, []byte(email))
	}); err != nil {
		return out, err
	}
	out.Erasure, err = e.activity.Erase(ctx, email)
	return out, err
}

// eraseNotes removes what was noted of reading, and of unsettled documents, where the person is named.
func (e *Engine) eraseNotes(ctx context.Context, names func(any) bool, out *Erasure) error {
	open, err := e.Unsettled(ctx, "")
	if err != nil {
		return err
	}
	for _, u := range open {
		if !names(u) {
			continue
		}
		if err := e.open.Purge(ctx, e.openKey(u.Flow, u.ID)); err != nil {
			return fmt.Errorf("erasing a note: %w", err)
		}
		out.Notes++
	}
	for from := uint64(1); ; {
		found, left, err := e.store.Scan(ctx, readStream, "read.*", runtime.From{Seq: from}, 100)
		if err != nil {
			return err
		}
		for _, m := range found {
			from = m.Seq + 1
			n, err := e.eraseFromPage(ctx, m, names)
			if err != nil {
				return err
			}
			out.Notes += n
		}
		if left == 0 || len(found) == 0 {
			return nil
		}
	}
}

// eraseFromPage writes a page of reading anew without what names the person: the account still knows that there was a document.
func (e *Engine) eraseFromPage(ctx context.Context, m runtime.Message, names func(any) bool) (int, error) {
	var p readPage
	if err := e.unseal(m.Data, "read", &p); err != nil {
		return 0, fmt.Errorf("a note of what was read: %w", err)
	}
	n := 0
	for i := range p.Items {
		if names(p.Items[i]) {
			p.Items[i].ID, p.Items[i].Key = "erased", ""
			n++
		}
	}
	if n == 0 {
		return 0, nil
	}
	if err := e.noteRead(ctx, strings.TrimPrefix(m.Subject, "read."), p); err != nil {
		return 0, err
	}
	if err := runtime.Overwrite(ctx, e.reads, m.Seq); err != nil {
		return 0, fmt.Errorf("erasing a note: %w", err)
	}
	return n, nil
}
