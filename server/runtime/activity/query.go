package activity

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/server/runtime"
	"github.com/crosswalk-go/crosswalk/server/runtime/seal"
)

// Query selects entries; what is left empty selects all.
type Query struct {
	Flow     string
	Outcomes []flow.Outcome
	Code     string
	// Key is what people call the document, or its id in the source. It needs Flow.
	Key string
	// Since and Until bound the time: at or after, before.
	Since, Until time.Time
	// After is the ID of an entry behind which the selection begins. It takes the place of Since.
	After uint64
	// Before is the ID of the last entry of the page before.
	Before uint64
	// Limit is the size of the page (default 50, at most 1000).
	Limit int
}

// filters are the subjects of a query.
func (q Query) filters(buckets string) []string {
	outcomes := q.Outcomes
	if len(outcomes) == 0 {
		outcomes = []flow.Outcome{""}
	}
	var out []string
	for _, o := range outcomes {
		out = append(out, subject(q.Flow, o, q.Code, buckets))
	}
	return out
}

// List returns a page of entries, newest first. Heads that were erased meanwhile say so.
func (l *Log) List(ctx context.Context, q Query) ([]Entry, error) {
	if q.Limit <= 0 {
		q.Limit = 50
	}
	q.Limit = min(q.Limit, 1000)
	if !q.Until.IsZero() {
		first, _, err := l.store.Scan(ctx, entryStream, "activity.>", runtime.From{Time: q.Until}, 1)
		if err != nil {
			return nil, err
		}
		if len(first) > 0 && (q.Before == 0 || first[0].Seq < q.Before) {
			q.Before = first[0].Seq
		}
	}
	if q.Key != "" {
		return l.listKey(ctx, q)
	}
	var all []runtime.Message
	for _, filter := range q.filters("") {
		found, err := l.store.Last(ctx, entryStream, filter, q.Since, q.Before, q.Limit)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	slices.SortFunc(all, func(a, b runtime.Message) int { return cmp.Compare(b.Seq, a.Seq) })
	return l.read(ctx, all[:min(len(all), q.Limit)])
}

// listKey looks for a document by what people call it, and where there is none by its id.
func (l *Log) listKey(ctx context.Context, q Query) ([]Entry, error) {
	if q.Flow == "" {
		return nil, errors.New("to look for a document, name its flow")
	}
	hash := l.hash(q.Flow, q.Key)
	for _, b := range []string{byKey(hash), byID(hash)} {
		var out []stored
		err := l.eachMessage(ctx, q, b, func(m runtime.Message) error {
			if !bytes.Contains(m.Data, []byte(hash)) { // most are of other documents
				return nil
			}
			s, err := decode(m)
			if err == nil && slices.Contains(s.Hashes, hash) {
				out = append(out, s)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		if len(out) > 0 {
			slices.SortFunc(out, func(a, b stored) int { return cmp.Compare(b.ID, a.ID) })
			return l.open(ctx, out[:min(len(out), q.Limit)])
		}
	}
	return nil, nil
}

func decode(m runtime.Message) (stored, error) {
	var s stored
	if err := json.Unmarshal(m.Data, &s); err != nil {
		return s, fmt.Errorf("entry %d cannot be read: %w", m.Seq, err)
	}
	s.ID = m.Seq
	return s, nil
}

// read opens the entries that messages hold.
func (l *Log) read(ctx context.Context, messages []runtime.Message) ([]Entry, error) {
	found := make([]stored, 0, len(messages))
	for _, m := range messages {
		s, err := decode(m)
		if err != nil {
			return nil, err
		}
		found = append(found, s)
	}
	return l.open(ctx, found)
}

// open opens the heads of entries.
func (l *Log) open(ctx context.Context, found []stored) ([]Entry, error) {
	out := make([]Entry, 0, len(found))
	for _, s := range found {
		e, _, err := l.opened(ctx, s)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// opened opens an entry. One whose key is gone has a head that says so, and no key.
func (l *Log) opened(ctx context.Context, s stored) (Entry, seal.Key, error) {
	e := Entry{Meta: s.Meta}
	if len(s.Sealed) == 0 {
		e.Gone = "erased"
		return e, nil, nil
	}
	key, err := l.key(ctx, s)
	if errors.Is(err, seal.ErrGone) {
		e.Gone = "erased"
		return e, nil, nil
	}
	if err != nil {
		return e, nil, err
	}
	head, err := key.Open(s.Sealed, "entry")
	if err == nil {
		err = json.Unmarshal(head, &e.Head)
	}
	if err != nil {
		return e, nil, fmt.Errorf("entry %d: %w", s.ID, err)
	}
	return e, key, nil
}

func (l *Log) get(ctx context.Context, id uint64) (stored, error) {
	m, err := l.entries.GetMsg(ctx, id)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return stored{}, fmt.Errorf("%w: %d", ErrNoEntry, id)
	}
	if err != nil {
		return stored{}, fmt.Errorf("entry %d: %w", id, err)
	}
	return decode(runtime.Message{Seq: m.Sequence, Data: m.Data})
}

// Get returns an entry with its record.
func (l *Log) Get(ctx context.Context, id uint64) (Entry, Record, error) {
	s, err := l.get(ctx, id)
	if err != nil {
		return Entry{}, Record{}, err
	}
	e, key, err := l.opened(ctx, s)
	if err != nil || key == nil {
		return e, Record{}, err
	}
	r, err := l.record(ctx, s, key)
	return e, r, err
}

func (l *Log) record(ctx context.Context, s stored, key seal.Key) (Record, error) {
	var r Record
	if s.Payload == 0 {
		return r, nil
	}
	m, err := l.payloads.GetMsg(ctx, s.Payload)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return r, nil
	}
	if err != nil {
		return r, fmt.Errorf("the record of entry %d: %w", s.ID, err)
	}
	plain, err := key.Open(m.Data, "payload")
	if err == nil {
		err = json.Unmarshal(plain, &r)
	}
	if err != nil {
		return r, fmt.Errorf("the record of entry %d: %w", s.ID, err)
	}
	return r, nil
}

// Settled returns the entry in which an item of the queue ended, if it has: a worker may have died between settling a document and taking it
// from the queue. id is the document's in the source. after is [Log.Newest] of when the item was queued.
//
// sent tells whether an attempt at the item was about to write to the target.
func (l *Log) Settled(ctx context.Context, flowName string, item uint64, id string, after uint64) (e Entry, settled, sent bool, err error) {
	found := errors.New("found")
	err = l.latest(ctx, flowName, after, byID(l.hash(flowName, id)), func(s stored) error {
		if s.Item != item {
			return nil
		}
		sent = sent || s.Outcome == Sending
		if !Final(s.Outcome) {
			return nil
		}
		if e, _, err = l.opened(ctx, s); err != nil {
			return err
		}
		return found
	})
	if errors.Is(err, found) {
		return e, true, sent, nil
	}
	return Entry{}, false, sent, err
}

// Since tells whether a document has ended otherwise than by an item of the queue, behind the entry after.
func (l *Log) Since(ctx context.Context, flowName, id string, item, after uint64) (bool, error) {
	found := errors.New("found")
	hash := l.hash(flowName, id)
	err := l.latest(ctx, flowName, after, byID(hash), func(s stored) error {
		if s.Item != item && Final(s.Outcome) && slices.Contains(s.Hashes, hash) {
			return found
		}
		return nil
	})
	if errors.Is(err, found) {
		return true, nil
	}
	return false, err
}

// Attempts returns the entries of one item of the queue, oldest first.
func (l *Log) Attempts(ctx context.Context, of Entry) ([]Entry, error) {
	all, err := l.List(ctx, Query{Flow: of.Flow, Key: of.Document.Name(), Limit: 200})
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(e Entry) bool { return e.Item != of.Item })
	slices.Reverse(all)
	return all, nil
}

// Tally is how many documents ended in which outcome.
type Tally map[flow.Outcome]int

// Total is how many ended.
func (t Tally) Total() int {
	n := 0
	for o, c := range t {
		if Final(o) {
			n += c
		}
	}
	return n
}

// Tally counts the final entries of a flow, at or after since and before until where that is set. codes splits an outcome by its codes.
func (l *Log) Tally(ctx context.Context, flowName string, since, until time.Time) (Tally, map[flow.Outcome]map[string]int, error) {
	out, codes := Tally{}, map[flow.Outcome]map[string]int{}
	subjects, err := l.subjects(ctx, flowName)
	if err != nil {
		return nil, nil, err
	}
	for at := range subjects {
		filter := subject(flowName, at.outcome, at.code, "")
		n, err := l.store.Count(ctx, entryStream, filter, from(since))
		if err == nil && !until.IsZero() {
			var later uint64
			later, err = l.store.Count(ctx, entryStream, filter, runtime.From{Time: until})
			n -= min(n, later)
		}
		if err != nil {
			return nil, nil, err
		}
		if n == 0 {
			continue
		}
		out[at.outcome] += int(n)
		if codes[at.outcome] == nil {
			codes[at.outcome] = map[string]int{}
		}
		codes[at.outcome][at.code] += int(n)
	}
	return out, codes, nil
}

// from is where a selection begins.
func (q Query) from() runtime.From {
	if q.After > 0 {
		return runtime.From{Seq: q.After + 1}
	}
	return from(q.Since)
}

func from(t time.Time) runtime.From {
	if t.IsZero() {
		return runtime.From{Seq: 1}
	}
	return runtime.From{Time: t}
}

// Each calls do with every entry of a flow ("" for all), oldest first, with its record, until do returns an error. Entries whose key is
// gone are left out.
func (l *Log) Each(ctx context.Context, q Query, do func(Entry, Record) error) error {
	return l.each(ctx, q, "", func(s stored) error {
		e, key, err := l.opened(ctx, s)
		if err != nil || key == nil {
			return err
		}
		r, err := l.record(ctx, s, key)
		if err != nil {
			return err
		}
		return do(e, r)
	})
}

// EachMeta calls do with what is plain of every entry of a query, oldest first, until do returns an error.
func (l *Log) EachMeta(ctx context.Context, q Query, do func(Meta) error) error {
	return l.each(ctx, q, "", func(s stored) error { return do(s.Meta) })
}

// latest calls do with the entries of some buckets behind the entry after, oldest first, and misses none that was stored: what is decided by it cannot be taken back.
func (l *Log) latest(ctx context.Context, flowName string, after uint64, buckets string, do func(stored) error) error {
	last := after
	err := l.each(ctx, Query{Flow: flowName, After: after}, buckets, func(s stored) error {
		last = s.ID
		return do(s)
	})
	if err != nil || l.store.Replicas() == 1 {
		return err
	}
	// The server that answered may lack the newest; what it has, it has in order.
	return l.store.Latest(ctx, entryStream, subject(flowName, "", "", buckets), last+1, decoded(do))
}

// decoded is do for messages.
func decoded(do func(stored) error) func(runtime.Message) error {
	return func(m runtime.Message) error {
		s, err := decode(m)
		if err != nil {
			return err
		}
		return do(s)
	}
}

// each calls do with the entries of some buckets ("" for all), oldest first, below q.Before.
func (l *Log) each(ctx context.Context, q Query, buckets string, do func(stored) error) error {
	return l.eachMessage(ctx, q, buckets, decoded(do))
}

func (l *Log) eachMessage(ctx context.Context, q Query, buckets string, do func(runtime.Message) error) error {
	for _, filter := range q.filters(buckets) {
		for from := q.from(); ; {
			found, left, err := l.store.Scan(ctx, entryStream, filter, from, 1000)
			if err != nil {
				return err
			}
			for _, m := range found {
				if q.Before > 0 && m.Seq >= q.Before {
					left = 0
					break
				}
				if err := do(m); err != nil {
					return err
				}
			}
			if left == 0 || len(found) == 0 {
				break
			}
			from = runtime.From{Seq: found[len(found)-1].Seq + 1}
		}
	}
	return nil
}
