// Package activity keeps what became of each document: for every attempt an entry that can be found by flow, outcome, time and document, and a
// sealed record of what came, what was sent and what was answered.
//
// It is not for deciding anything about documents. Entries stay until their flow's retention, or until a
// person in them is erased; then entry, record and key are gone. Start with [Open], [Log.Record] and [Log.List].
package activity

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
	"github.com/crosswalk-go/crosswalk/server/runtime"
	"github.com/crosswalk-go/crosswalk/server/runtime/seal"
)

// What stands in the place of an outcome for an attempt that is not the last, and for one that is about to write to the target. The second is stored
// before the write, so that a crash leaves word of it.
const (
	Retrying flow.Outcome = "retrying"
	Sending  flow.Outcome = "sending"
)

// Final tells whether an outcome is one in which a document ends.
func Final(o flow.Outcome) bool { return o != Retrying && o != Sending }

// Outcomes are the words by which entries can be asked for, final ones first.
var Outcomes = []flow.Outcome{flow.Created, flow.Updated, flow.Skipped, flow.Failed, flow.InDoubt, Retrying, Sending}

// Entry is one attempt at one document.
type Entry struct {
	Meta
	Head
}

// Meta is the part of an entry that names nobody.
type Meta struct {
	// ID is the entry's place in the log: newer entries have higher ones.
	ID   uint64 `json:"id,omitempty"`
	Flow string `json:"flow"`
	Run  string `json:"run,omitempty"`
	// Item is the place in the queue of what was handled; the attempts at it share it.
	Item    uint64       `json:"item,omitempty"`
	Outcome flow.Outcome `json:"outcome"`
	Code    string       `json:"code,omitempty"`
	At      time.Time    `json:"at"`
	// ReadAt is when the document was queued.
	ReadAt  time.Time `json:"readAt,omitzero"`
	Took    Millis    `json:"tookMs"`
	Attempt int       `json:"attempt"`
	Writes  int       `json:"writes,omitempty"`
	// Cause is why the document was read: poll, webhook, retry, replay, backfill.
	Cause string `json:"cause,omitempty"`
	// Versions are those of the flow and of its mappings: "flow:0123456789abcdef", "read:0123456789abcdef".
	Versions []string `json:"versions,omitempty"`
	// ReplayOf is the entry that was replayed.
	ReplayOf uint64 `json:"replayOf,omitempty"`
}

// Millis is a duration in milliseconds.
type Millis int64

// Head is the part of an entry that may name a person. It is sealed.
type Head struct {
	Document flow.Ref      `json:"document"`
	Reason   string        `json:"reason,omitempty"`
	Help     string        `json:"help,omitempty"`
	Targets  []flow.Target `json:"targets,omitempty"`
	Warnings []string      `json:"warnings,omitempty"`
	// Gone says why the head cannot be read any more.
	Gone string `json:"gone,omitempty"`
}

// Record is everything that is kept of an attempt.
type Record struct {
	Source json.RawMessage `json:"source,omitempty"` // as it came
	// Plan holds the canonical document, what the flow's steps did to it and logged, and the operations as they were planned.
	Plan *flow.Plan `json:"plan,omitempty"`
	// Links are what the write mapping saw of the target, but for reference tables.
	Links json.RawMessage `json:"links,omitempty"`
	// Exchanges are the calls that were made for the document, in order, secrets masked.
	Exchanges []connectors.Exchange `json:"exchanges,omitempty"`
	// Omitted counts exchanges that were left out because the record grew too large.
	Omitted int `json:"omitted,omitempty"`
}

// stored is an entry in the stream: what is searched for is plain, and names nobody.
type stored struct {
	Meta
	Key     uint64 `json:"key,omitempty"` // 0: that of what is on its way
	Payload uint64 `json:"payload,omitempty"`
	Sealed  []byte `json:"sealed"`
	// Hashes are of what the document may be asked for by: the key first, the id last. They say its buckets.
	Hashes []string `json:"hashes"`
}

// Options configure [Open].
type Options struct {
	// Retention is how long entries stay (default 14 days); Retentions say otherwise for single flows.
	Retention  time.Duration
	Retentions map[string]time.Duration
}

// DefaultRetention is how long entries stay unless a flow says otherwise.
const DefaultRetention = 14 * 24 * time.Hour

// Log is the activity of a store. It is safe for concurrent use.
type Log struct {
	store    *runtime.Runtime
	sealer   *seal.Sealer
	entries  jetstream.Stream
	payloads jetstream.Stream
	options  Options

	putEntries, putPayloads *runtime.Gatherer

	newest atomic.Uint64 // entry that this process knows of
}

// Keeps returns how long entries of a flow stay.
func (l *Log) Keeps(flowName string) time.Duration {
	if d, ok := l.options.Retentions[flowName]; ok {
		return d
	}
	return l.options.Retention
}

// The streams. Their subjects are activity.<flow>.<outcome>.<code>.<bucket of the key>.<bucket of the id> and payload.<flow>.
const (
	entryStream   = "ACTIVITY"
	payloadStream = "PAYLOADS"
)

// Open opens the activity of a store.
func Open(ctx context.Context, store *runtime.Runtime, sealer *seal.Sealer, o Options) (*Log, error) {
	if o.Retention <= 0 {
		o.Retention = DefaultRetention
	}
	l := &Log{store: store, sealer: sealer, options: o, putEntries: store.Gather(), putPayloads: store.Gather()}
	var err error
	if l.entries, err = store.Stream(ctx, jetstream.StreamConfig{Name: entryStream, Subjects: []string{"activity.>"}, Duplicates: time.Second, AllowAtomicPublish: true}); err != nil {
		return nil, err
	}
	l.newest.Store(l.entries.CachedInfo().State.LastSeq)
	if l.payloads, err = store.Stream(ctx, jetstream.StreamConfig{Name: payloadStream, Subjects: []string{"payload.*"}, Duplicates: time.Second, AllowAtomicPublish: true}); err != nil {
		return nil, err
	}
	return l, nil
}

// Newest is the ID of an entry that everything which is still to come stands behind: the newest one that this process knows of. Unlike a time it is right
// whatever happens to clocks.
func (l *Log) Newest() uint64 { return l.newest.Load() }

// knows notes an entry that is there.
func (l *Log) knows(id uint64) {
	for {
		newest := l.newest.Load()
		if id <= newest || l.newest.CompareAndSwap(newest, id) {
			return
		}
	}
}

// token is a flow's name as one token of a subject; names of flows hold no other character that subjects give a meaning.
func token(name string) string { return strings.ReplaceAll(name, ".", "=") }

// Documents are grouped by what people call them and by their ids, so that the entries of one are found among few by either. Each subject makes counting dearer, which pages are
// found by: with 64 and 128 groups a page of a million entries takes three times as long.
const (
	keyBuckets = 64 // more than of ids: people ask by what they call it
	idBuckets  = 16
)

func bucket(hash string, of uint32) string {
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(hash)) // never fails
	return strconv.FormatUint(uint64(sum.Sum32()%of), 16)
}

// The end of a subject: the buckets of a document with these hashes, and what matches those with one of them.
func buckets(hashes []string) string {
	return bucket(hashes[0], keyBuckets) + "." + bucket(hashes[len(hashes)-1], idBuckets)
}
func byKey(hash string) string { return bucket(hash, keyBuckets) + ".*" }
func byID(hash string) string  { return "*." + bucket(hash, idBuckets) }

// hashes name a document by what it may be asked for: what people call it, and its id.
func (l *Log) hashes(flowName string, names ...string) []string {
	var out []string
	for _, name := range names {
		if h := l.hash(flowName, name); name != "" && !slices.Contains(out, h) {
			out = append(out, h)
		}
	}
	if len(out) == 0 {
		out = []string{l.hash(flowName, "")}
	}
	return out
}

func (l *Log) hash(flowName, value string) string { return l.sealer.Hash(flowName + "\x00" + value) }

// subject says where an entry goes; anything left empty matches all. buckets are two tokens.
func subject(flowName string, outcome flow.Outcome, code, buckets string) string {
	any := func(s string) string {
		if s == "" {
			return "*"
		}
		return s
	}
	return strings.Join([]string{"activity", any(token(flowName)), any(string(outcome)), any(code), cmp.Or(buckets, ">")}, ".")
}

// maxRecord bounds what is kept of a document's exchanges, in bytes.
const maxRecord = 4 << 20

// trim leaves out the middle exchanges of a record that would grow too large.
func (r *Record) trim() {
	size := len(r.Source)
	for i, x := range r.Exchanges {
		if size += len(x.RequestBody) + len(x.ResponseBody); size > maxRecord {
			r.Omitted += len(r.Exchanges) - i
			r.Exchanges = r.Exchanges[:i]
			return
		}
	}
}

// Finished is an attempt to be kept. Entry.ID is not looked at, and Document is as the source names it.
type Finished struct {
	Entry    Entry
	Document port.Document
	Record   Record
	// Before is waited for beside the record, and its error refuses the entry; nil for nothing.
	Before func(context.Context) error
}

// Record stores an attempt: record and key first, then the entry that refers to them, so that there is no entry without its record. It returns the
// entry's id.
func (l *Log) Record(ctx context.Context, f Finished) (uint64, error) {
	ids, err := l.RecordAll(ctx, f)
	if err != nil {
		return 0, err
	}
	return ids[0], nil
}

// RecordAll stores attempts of one flow together, which costs the disk little more than one of them. It returns the entries' ids.
func (l *Log) RecordAll(ctx context.Context, all ...Finished) ([]uint64, error) {
	if len(all) == 0 {
		return nil, nil
	}
	group := token(all[0].Entry.Flow)
	keys := make([]seal.Key, len(all))
	payloads := make([]runtime.Outgoing, len(all))
	for i := range all {
		keys[i] = seal.NewKey()
		payload, err := l.sealRecord(keys[i], &all[i].Entry, all[i].Record)
		if err != nil {
			return nil, fmt.Errorf("the record of %s: %w", all[i].Entry.Flow, err)
		}
		payloads[i] = runtime.Outgoing{Subject: "payload." + group, Data: payload}
	}
	var kept []uint64
	var sent []runtime.Receipt
	var keyErr, sendErr error
	var both sync.WaitGroup
	both.Go(func() { kept, keyErr = l.sealer.Keep(ctx, group, keys...) })
	sent, sendErr = l.putPayloads.Publish(ctx, payloads...)
	var before []error
	for _, f := range all {
		if f.Before != nil {
			before = append(before, f.Before(ctx))
		}
	}
	both.Wait()
	if err := errors.Join(before...); err != nil {
		return nil, err
	}
	if keyErr != nil {
		return nil, fmt.Errorf("keeping a key: %w", keyErr)
	}
	if sendErr != nil {
		return nil, fmt.Errorf("keeping a record: %w", sendErr)
	}
	entries := make([]runtime.Outgoing, len(all))
	for i, f := range all {
		var err error
		if entries[i], err = l.entry(stored{Meta: f.Entry.Meta, Key: kept[i], Payload: sent[i].Seq}, keys[i], f.Entry.Head, f.Document); err != nil {
			return nil, err
		}
	}
	return l.put(ctx, entries...)
}

// Announce stores word of a write that is about to begin. It is small, because the write waits for it: what is sent is told by
// the record of the attempt, or, where that is never written, by the document and the versions of the mappings.
func (l *Log) Announce(ctx context.Context, e Entry, doc port.Document) error {
	e.Outcome = Sending
	m, err := l.entry(stored{Meta: e.Meta}, l.sealer.Queue(), e.Head, doc)
	if err == nil {
		_, err = l.put(ctx, m)
	}
	return err
}

// entry makes the message of an entry.
func (l *Log) entry(s stored, key seal.Key, h Head, doc port.Document) (m runtime.Outgoing, err error) {
	head, err := json.Marshal(h)
	if err != nil {
		return m, err
	}
	if s.Sealed, err = key.Seal(head, "entry"); err != nil {
		return m, err
	}
	return l.message(s, l.hashes(s.Flow, doc.Key, doc.ID, h.Document.Key))
}

// message makes the message of an entry whose head is sealed.
func (l *Log) message(s stored, hashes []string) (m runtime.Outgoing, err error) {
	s.Hashes = hashes
	code := s.Code
	if code == "" {
		code = "none"
	}
	m.Subject = subject(s.Flow, s.Outcome, code, buckets(s.Hashes))
	m.Data, err = json.Marshal(s)
	return m, err
}

// put puts entries into the stream.
func (l *Log) put(ctx context.Context, entries ...runtime.Outgoing) ([]uint64, error) {
	receipts, err := l.putEntries.Publish(ctx, entries...)
	if err != nil {
		return nil, fmt.Errorf("keeping an entry: %w", err)
	}
	ids := make([]uint64, len(receipts))
	for i, r := range receipts {
		ids[i] = r.Seq
		l.knows(r.Seq)
	}
	return ids, nil
}

// key returns what an entry was sealed with.
func (l *Log) key(ctx context.Context, s stored) (seal.Key, error) {
	if s.Key == 0 {
		return l.sealer.Queue(), nil
	}
	return l.sealer.Find(ctx, s.Key)
}

// sealRecord packs and seals a record, or says in the entry that it is too large to be kept.
func (l *Log) sealRecord(key seal.Key, e *Entry, r Record) ([]byte, error) {
	r.trim()
	if len(r.Source) > 0 && !json.Valid(r.Source) {
		r.Source, _ = json.Marshal(string(r.Source)) // a text always marshals
	}
	var plain bytes.Buffer
	enc := json.NewEncoder(&plain)
	enc.SetEscapeHTML(false) // documents stay as they are
	if err := enc.Encode(r); err != nil {
		return nil, err
	}
	payload, err := key.Seal(plain.Bytes(), "payload")
	if err != nil {
		return nil, err
	}
	limit := l.store.MaxMessage() - 4096
	if int64(len(payload)) <= limit {
		return payload, nil
	}
	e.Warnings = append(e.Warnings, fmt.Sprintf("the record of this document takes %d bytes and is not kept: the store takes %d", len(payload), limit))
	return key.Seal([]byte("{}"), "payload")
}

// ErrNoEntry is the error of an entry that is not there, or not any more.
var ErrNoEntry = errors.New("no such entry")
