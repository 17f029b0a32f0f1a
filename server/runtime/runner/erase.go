package runner

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/server/runtime"
	"github.com/crosswalk-go/crosswalk/server/runtime/activity"
	"github.com/crosswalk-go/crosswalk/server/runtime/queue"
)

// Erasure is what erasing a person did, and the proof of it.
type Erasure struct {
	activity.Erasure
	Queued   int `json:"queued"`   // documents that were taken from the queue; the source still has them
	Links    int `json:"links"`    // remembered pairs of ids that named the person
	Notes    int `json:"notes"`    // notes of what was read, of what is unsettled, and of why a flow could not go on
	Versions int `json:"versions"` // kept versions of flows whose files named the person
}

// besides is how many things but entries were removed.
func (e Erasure) besides() int { return e.Queued + e.Links + e.Notes + e.Versions }

// SkipErased is the code of a document that was taken from the queue because its person was erased.
const SkipErased = "erased"

// erasePasses is how often everything is gone through at most, where flows that run bring the person back meanwhile.
const erasePasses = 3

// eraseAgain is how long a pass waits for those who are recording something.
const eraseAgain = time.Second

// Erase removes a person from the store by an e-mail address, and proves it by going through everything that is left: the last pass found nothing, or what it
// found is in Left. What lies in the systems themselves, and in backups of the store's keys, is not reached.
func (e *Engine) Erase(ctx context.Context, email string) (Erasure, error) {
	var out Erasure
	person, err := activity.FindPerson(email)
	if err != nil {
		return out, err
	}
	for pass := range erasePasses {
		before := out.besides()
		if pass > 0 && before > 0 {
			// Who was about to record a document when it was erased from the queue has done so by then; who comes later finds it gone.
			select {
			case <-ctx.Done():
				return out, context.Cause(ctx)
			case <-time.After(eraseAgain):
			}
		}
		if err := e.eraseBesides(ctx, person, &out); err != nil {
			return out, err
		}
		if pass > 0 && out.besides() == 0 {
			break // nothing was in the queue, and the pass before has proven the rest to be gone
		}
		found, err := e.activity.Erase(ctx, person)
		out.Entries, out.Scanned, out.Left = out.Entries+found.Entries, found.Scanned, found.Left
		if err != nil {
			return out, err
		}
		if pass > 0 && out.besides() == before && found.Entries == 0 {
			break
		}
		if pass == erasePasses-1 {
			out.Left += out.besides() - before // it still comes back
		}
	}
	return out, nil
}

// eraseBesides removes the person from everything but the activity.
func (e *Engine) eraseBesides(ctx context.Context, person activity.Person, out *Erasure) error {
	names := func(v any) bool {
		text, err := json.Marshal(v)
		return err == nil && person.In(text)
	}
	queued, err := e.queue.Erase(ctx, func(i queue.Item) bool {
		return person.In(i.Document.Body) || names(i)
	}, func(d queue.Item, item uint64) error {
		return e.activity.Leave(ctx, activity.Meta{Flow: d.Flow, Run: d.Run, Item: item, Outcome: flow.Skipped, Code: SkipErased,
			At: e.options.Now().UTC(), ReadAt: d.QueuedAt, Cause: d.Cause, ReplayOf: d.ReplayOf})
	})
	out.Queued += queued
	if err != nil {
		return err
	}
	if err := e.eraseNotes(ctx, names, out); err != nil {
		return err
	}
	if err := e.eraseStates(ctx, names, out); err != nil {
		return err
	}
	if err := e.eraseVersions(ctx, person, out); err != nil {
		return err
	}
	var hashed []string // as engine/flow names a customer who has no id
	for _, form := range person.Forms() {
		sum := sha256.Sum256([]byte(form))
		hashed = append(hashed, "email:"+hex.EncodeToString(sum[:16]))
	}
	links, err := e.store.EraseLinks(ctx, func(id string, all []byte) bool {
		return slices.Contains(hashed, id) || person.In(all)
	})
	out.Links += links
	return err
}

// company is for how long after another process used the store its doings are looked for.
const company = time.Hour

// erasedInHand tells whether an item was erased while a worker had it in hand. A process that has the store to itself need not look.
func (e *Engine) erasedInHand(ctx context.Context, item *queue.Delivery) (bool, error) {
	if e.store.Alone(company, func() {}) {
		return false, nil
	}
	if gone, err := item.Gone(ctx); err != nil || !gone {
		return false, err
	}
	erased := false
	err := e.activity.EachMeta(ctx, activity.Query{Flow: item.Flow, Code: SkipErased, Since: item.QueuedAt.Add(-time.Minute)}, func(m activity.Meta) error {
		erased = erased || m.Item == item.Seq
		return nil
	})
	return erased, err
}

// leaveErased ends a document whose person was erased while it was in hand: how it ended stays, and nothing else.
func (c *crew) leaveErased(ctx context.Context, d *document, r flow.Result, m activity.Meta) error {
	m.Outcome, m.Code = r.Outcome, r.Code
	if err := errors.Join(c.engine.leases.Kept(ctx), c.engine.activity.Leave(ctx, m)); err != nil {
		return err
	}
	return c.conclude(ctx, d, r, 0, c.engine.openBefore(ctx, d.edition.flow, d.doc))
}

// eraseStates takes the person out of why flows could not go on.
func (e *Engine) eraseStates(ctx context.Context, names func(any) bool, out *Erasure) error {
	keys, err := e.control.ListKeysFiltered(ctx, "state.*")
	if err != nil {
		return fmt.Errorf("the states of flows: %w", err)
	}
	var found []string
	for key := range keys.Keys() {
		s, err := e.storedState(ctx, strings.TrimPrefix(key, "state."))
		if err != nil {
			return errors.Join(err, keys.Stop())
		}
		if names(s) {
			found = append(found, strings.TrimPrefix(key, "state."))
		}
	}
	for _, name := range found {
		e.noteState(ctx, name, func(s *FlowState) {
			for _, text := range []*string{&s.LastError, &s.Trouble} {
				if names(*text) {
					*text = "what it says was erased with a person"
				}
			}
		})
		out.Notes++
	}
	return nil
}

// eraseVersions removes the kept versions of flows whose files name the person. Documents that are queued with one meet the flow of now.
func (e *Engine) eraseVersions(ctx context.Context, person activity.Person, out *Erasure) error {
	keys, err := e.versions.ListKeys(ctx)
	if err != nil {
		return fmt.Errorf("the versions of flows: %w", err)
	}
	var found []string
	for key := range keys.Keys() {
		v, err := e.version(ctx, key)
		if errors.Is(err, ErrNoVersion) {
			continue
		}
		var in bool
		if err == nil {
			in, err = v.names(person)
		}
		if err != nil {
			return errors.Join(err, keys.Stop())
		}
		if in {
			found = append(found, key)
		}
	}
	for _, key := range found {
		if err := e.versions.Purge(ctx, key); err != nil {
			return fmt.Errorf("erasing the version %s: %w", key, err)
		}
		e.keptLast.Delete(key)
		out.Versions++
	}
	return nil
}

// names tells whether a file of the version names the person.
func (v Version) names(person activity.Person) (bool, error) {
	files, err := zip.NewReader(bytes.NewReader(v.Files), int64(len(v.Files)))
	if err != nil {
		return person.In(v.Files), nil // not packed
	}
	for _, file := range files.File {
		text, err := fs.ReadFile(files, file.Name)
		if err != nil {
			return false, fmt.Errorf("the version %s: %w", v.ID, err)
		}
		if person.In(text) {
			return true, nil
		}
	}
	return false, nil
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
