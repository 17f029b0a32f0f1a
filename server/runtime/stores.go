package runtime

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// longest is the longest part of a key that is kept in full; NATS bounds a whole key.
const longest = 600

// key makes a key of the store of arbitrary texts. Different texts give different keys.
func key(parts ...string) string {
	encoded := make([]string, len(parts))
	for i, p := range parts {
		switch {
		case p == "":
			encoded[i] = "=" // in no encoding below
		case len(p) > longest:
			sum := sha256.Sum256([]byte(p))
			encoded[i] = "=" + hex.EncodeToString(sum[:])
		default:
			encoded[i] = base64.RawURLEncoding.EncodeToString([]byte(p))
		}
	}
	return strings.Join(encoded, ".")
}

func get(ctx context.Context, kv jetstream.KeyValue, key string) (value []byte, ok bool, err error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	entry, err := kv.Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	return entry.Value(), true, nil
}

func put(ctx context.Context, kv jetstream.KeyValue, key string, value []byte) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	_, err := kv.Put(ctx, key, value)
	return err
}

// Links returns the links of one scope: a flow, or a pair of connections whose flows share them.
func (r *Runtime) Links(scope string) port.Links { return links{r, scope} }

type links struct {
	*Runtime
	scope string
}

// linkRecord is a link as it is stored.
type linkRecord struct {
	SourceID     string     `json:"sourceId"` // for people: the key says it too
	TargetID     string     `json:"targetId,omitempty"`
	TargetKey    string     `json:"targetKey,omitempty"`
	Resource     string     `json:"resource,omitempty"`
	Version      string     `json:"version,omitempty"`
	PendingSince *time.Time `json:"pendingSince,omitempty"`
}

// Link returns the remembered pair.
func (l links) Link(ctx context.Context, entity port.Entity, sourceID string) (port.Link, bool, error) {
	value, ok, err := get(ctx, l.links, key(l.scope, string(entity), sourceID))
	if err != nil {
		return port.Link{}, false, fmt.Errorf("reading the link of %s %s: %w", entity, sourceID, err)
	}
	if !ok {
		return port.Link{}, false, nil
	}
	var rec linkRecord
	if err := json.Unmarshal(value, &rec); err != nil {
		return port.Link{}, false, fmt.Errorf("the link of %s %s cannot be read: %w", entity, sourceID, err)
	}
	link := port.Link{SourceID: sourceID, TargetID: rec.TargetID, TargetKey: rec.TargetKey, Resource: rec.Resource, Version: rec.Version}
	if rec.PendingSince != nil {
		link.PendingSince = rec.PendingSince.UTC()
	}
	return link, true, nil
}

// SaveLink remembers a pair; it is on disk when it returns.
func (l links) SaveLink(ctx context.Context, entity port.Entity, link port.Link) error {
	rec := linkRecord{SourceID: link.SourceID, TargetID: link.TargetID, TargetKey: link.TargetKey, Resource: link.Resource, Version: link.Version}
	if !link.PendingSince.IsZero() {
		at := link.PendingSince.UTC()
		rec.PendingSince = &at
	}
	value, err := json.Marshal(rec)
	if err == nil {
		_, err = l.putLinks.Publish(ctx, Outgoing{Subject: "$KV.links." + key(l.scope, string(entity), link.SourceID), Data: value})
	}
	if err != nil {
		return fmt.Errorf("keeping the link of %s %s: %w", entity, link.SourceID, err)
	}
	return nil
}

// EraseLinks removes the links that a test finds by the source's id and by all that is stored of it, of every scope and entity, and returns how many there
// were. No word of their being removed stays: it would name the source's id.
func (r *Runtime) EraseLinks(ctx context.Context, is func(sourceID string, all []byte) bool) (int, error) {
	const name = "KV_links"
	s, err := r.js.Stream(ctx, name)
	if err != nil {
		return 0, fmt.Errorf("looking for links: %w", err)
	}
	gone := 0
	for from := uint64(1); ; {
		found, left, err := r.Scan(ctx, name, ">", From{Seq: from}, 1000)
		if err != nil {
			return gone, err
		}
		for _, m := range found {
			from = m.Seq + 1
			var rec linkRecord
			if len(m.Data) == 0 || json.Unmarshal(m.Data, &rec) != nil || !is(rec.SourceID, m.Data) {
				continue
			}
			if err := s.Purge(ctx, jetstream.WithPurgeSubject(m.Subject)); err != nil {
				return gone, fmt.Errorf("removing a link: %w", err)
			}
			gone++
		}
		if left == 0 || len(found) == 0 {
			return gone, nil
		}
	}
}

// Cursors returns the store of how far each flow has read.
func (r *Runtime) Cursors() port.Cursors { return cursors{r.cursors} }

type cursors struct{ kv jetstream.KeyValue }

// Cursor returns the flow's cursor in UTC, zero at first.
func (c cursors) Cursor(ctx context.Context, flow string) (time.Time, error) {
	value, ok, err := get(ctx, c.kv, key(flow))
	if err != nil {
		return time.Time{}, fmt.Errorf("reading the cursor of %s: %w", flow, err)
	}
	if !ok {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339Nano, string(value))
	if err != nil {
		return time.Time{}, fmt.Errorf("the cursor of %s cannot be read: %w", flow, err)
	}
	return at.UTC(), nil
}

// SaveCursor remembers the cursor; it is on disk when it returns.
func (c cursors) SaveCursor(ctx context.Context, flow string, at time.Time) error {
	if err := put(ctx, c.kv, key(flow), []byte(at.UTC().Format(time.RFC3339Nano))); err != nil {
		return fmt.Errorf("keeping the cursor of %s: %w", flow, err)
	}
	return nil
}

// Tokens returns the store of refresh tokens. They are protected by the mode of the folder only.
func (r *Runtime) Tokens() connectors.TokenStore { return tokens{r.tokens} }

type tokens struct{ kv jetstream.KeyValue }

// TokensIn returns the store of refresh tokens in a project's data folder for who has it not open: each call opens it, or joins the
// process that has.
func TokensIn(dir string) connectors.TokenStore { return folderTokens(dir) }

type folderTokens string

func (dir folderTokens) with(ctx context.Context, do func(connectors.TokenStore) error) error {
	r, err := Open(ctx, string(dir), Options{Join: true})
	if err != nil {
		return err
	}
	return errors.Join(do(r.Tokens()), r.Close(context.WithoutCancel(ctx)))
}

// Token returns the connection's token, "" where there is none.
func (dir folderTokens) Token(ctx context.Context, connection string) (token string, err error) {
	err = dir.with(ctx, func(t connectors.TokenStore) error {
		token, err = t.Token(ctx, connection)
		return err
	})
	return token, err
}

// SaveToken remembers the token; it is on disk when it returns.
func (dir folderTokens) SaveToken(ctx context.Context, connection, token string) error {
	return dir.with(ctx, func(t connectors.TokenStore) error { return t.SaveToken(ctx, connection, token) })
}

// LockToken waits until nobody else renews the connection's token.
func (dir folderTokens) LockToken(ctx context.Context, connection string) (release func(), err error) {
	r, err := Open(ctx, string(dir), Options{Join: true})
	if err != nil {
		return nil, err
	}
	unlock, err := tokens{r.tokens}.LockToken(ctx, connection)
	if err != nil {
		return nil, errors.Join(err, r.Close(context.WithoutCancel(ctx)))
	}
	return func() {
		unlock()
		_ = r.Close(context.WithoutCancel(ctx)) // what matters was saved by a call of its own
	}, nil
}

// tokenLock is after how long a lock is that of a process that died: longer than a log-in may take.
const tokenLock = 130 * time.Second

// LockToken waits until nobody else renews the connection's token, in any process of the store.
func (t tokens) LockToken(ctx context.Context, connection string) (release func(), err error) {
	name := key("lock", connection)
	var seen uint64 // the lock of another, and since when it is known
	var since time.Time
	for {
		revision, err := t.kv.Create(ctx, name, nil)
		if err == nil {
			return func() { t.unlock(ctx, name, revision) }, nil
		}
		if !errors.Is(err, jetstream.ErrKeyExists) {
			return nil, fmt.Errorf("locking the token of %s: %w", connection, err)
		}
		switch entry, err := t.kv.Get(ctx, name); {
		case errors.Is(err, jetstream.ErrKeyNotFound):
			continue
		case err != nil:
			return nil, fmt.Errorf("locking the token of %s: %w", connection, err)
		case entry.Revision() != seen:
			seen, since = entry.Revision(), time.Now()
		case max(time.Since(entry.Created()), time.Since(since)) > tokenLock: // its age is by a clock that may have been set back since
			t.unlock(ctx, name, entry.Revision())
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("locking the token of %s: %w", connection, context.Cause(ctx))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// unlock ends a lock, unless somebody else has it now. One that stays ends by itself.
func (t tokens) unlock(ctx context.Context, name string, revision uint64) {
	ctx, cancel := bounded(context.WithoutCancel(ctx))
	defer cancel()
	_ = t.kv.Delete(ctx, name, jetstream.LastRevision(revision))
}

// Token returns the connection's token, "" where there is none.
func (t tokens) Token(ctx context.Context, connection string) (string, error) {
	value, _, err := get(ctx, t.kv, key(connection))
	if err != nil {
		return "", fmt.Errorf("reading the token of %s: %w", connection, err)
	}
	return string(value), nil
}

// SaveToken remembers the token; it is on disk when it returns.
func (t tokens) SaveToken(ctx context.Context, connection, token string) error {
	if err := put(ctx, t.kv, key(connection), []byte(token)); err != nil {
		return fmt.Errorf("keeping the token of %s: %w", connection, err)
	}
	return nil
}
