package activity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/server/runtime"
	"github.com/crosswalk-go/crosswalk/server/runtime/seal"
)

// place is what the subject of an entry says.
type place struct {
	outcome flow.Outcome
	code    string
}

// subjects lists the outcomes and codes that a flow has had.
func (l *Log) subjects(ctx context.Context, flowName string) (map[place]bool, error) {
	info, err := l.entries.Info(ctx, jetstream.WithSubjectFilter(subject(flowName, "", "", "")))
	if err != nil {
		return nil, fmt.Errorf("the activity of %s: %w", flowName, err)
	}
	out := map[place]bool{}
	for s := range info.State.Subjects {
		if parts := strings.Split(s, "."); len(parts) > 4 {
			out[place{flow.Outcome(parts[2]), parts[3]}] = true
		}
	}
	return out, nil
}

// flows lists the flows that have entries, as tokens of subjects.
func (l *Log) flows(ctx context.Context) (map[string]bool, error) {
	info, err := l.payloads.Info(ctx, jetstream.WithSubjectFilter("payload.*"))
	if err != nil {
		return nil, fmt.Errorf("the flows of the activity: %w", err)
	}
	out := map[string]bool{}
	for s := range info.State.Subjects {
		out[strings.TrimPrefix(s, "payload.")] = true
	}
	return out, nil
}

// Expire removes what is older than its flow's retention: entries, records and keys. It returns how many entries went.
func (l *Log) Expire(ctx context.Context, now time.Time) (int, error) {
	flows, err := l.flows(ctx)
	if err != nil {
		return 0, err
	}
	limits := map[string]time.Duration{}
	for name, d := range l.options.Retentions {
		limits[token(name)] = d
	}
	gone := 0
	for f := range flows {
		keep := l.options.Retention
		if d, ok := limits[f]; ok {
			keep = d
		}
		n, err := l.expireFlow(ctx, f, now.Add(-keep))
		gone += n
		if err != nil {
			return gone, err
		}
	}
	return gone, nil
}

// expireFlow removes the entries that are older than a moment. Keys go first, and are overwritten in their file: from then on the rest is noise, also to who has the
// disk. Records go last: by them the flow is found again where it is removed only in part.
func (l *Log) expireFlow(ctx context.Context, f string, older time.Time) (int, error) {
	keys, err := l.store.JetStream().Stream(ctx, seal.Stream)
	if err != nil {
		return 0, err
	}
	if all, err := l.destroyKeys(ctx, f, older); err != nil || !all {
		return 0, err // the rest is for the next time
	}
	gone := 0
	for _, s := range []struct {
		name, filter string
		stream       jetstream.Stream
	}{{seal.Stream, "key." + f, keys}, {entryStream, "activity." + f + ".>", l.entries}, {payloadStream, "payload." + f, l.payloads}} {
		total, err := l.store.Count(ctx, s.name, s.filter, runtime.From{Seq: 1})
		if err != nil {
			return 0, err
		}
		first, left, err := l.store.Scan(ctx, s.name, s.filter, runtime.From{Time: older}, 1)
		if err != nil {
			return 0, err
		}
		opts := []jetstream.StreamPurgeOpt{jetstream.WithPurgeSubject(s.filter)}
		if len(first) > 0 {
			opts = append(opts, jetstream.WithPurgeSequence(first[0].Seq))
			total -= 1 + left
		}
		if total == 0 {
			continue
		}
		if err := s.stream.Purge(ctx, opts...); err != nil {
			return 0, fmt.Errorf("removing what is older than %s: %w", older.UTC().Format(time.RFC3339), err)
		}
		if s.name == entryStream {
			gone = int(total)
		}
	}
	return gone, nil
}

// destroyMost bounds the keys that are overwritten at a time, so that what is too old does not hold up what is new.
const destroyMost = 5_000

// destroyKeys overwrites a flow's keys that are older than a moment, and returns whether these were all.
func (l *Log) destroyKeys(ctx context.Context, f string, older time.Time) (all bool, err error) {
	for from, n := uint64(1), 0; n < destroyMost; {
		found, left, err := l.store.Scan(ctx, seal.Stream, "key."+f, runtime.From{Seq: from}, 1000)
		if err != nil {
			return false, err
		}
		for _, m := range found {
			if !m.At.Before(older) {
				return true, nil
			}
			if err := l.sealer.Destroy(ctx, m.Seq); err != nil {
				return false, err
			}
			from = m.Seq + 1
			n++
		}
		if left == 0 || len(found) == 0 {
			return true, nil
		}
	}
	return false, nil
}

// Erasure is what erasing a person did.
type Erasure struct {
	Entries int `json:"entries"` // entries, records and keys that are gone
	Scanned int `json:"scanned"` // entries that were read to be sure
	Left    int `json:"left"`    // what still names the person; 0 proves the erasure
}

// Erase removes every entry that names the person, with the other attempts at the same documents, and then reads everything again to prove it. Keys, records
// and entries are overwritten in their files, not only deleted.
func (l *Log) Erase(ctx context.Context, person Person) (Erasure, error) {
	var out Erasure
	var doomed []stored
	found, items := map[uint64]bool{}, map[string]bool{}
	item := func(s stored) string { return fmt.Sprint(s.Flow, " ", s.Item) }
	err := l.search(ctx, person, func(s stored) {
		doomed = append(doomed, s)
		if found[s.ID] = true; s.Item > 0 {
			items[item(s)] = true
		}
	}, new(int))
	if err != nil {
		return out, err
	}
	// Other attempts at the same document name it, though not the address.
	err = l.each(ctx, Query{}, "", func(s stored) error {
		if !found[s.ID] && items[item(s)] {
			doomed = append(doomed, s)
		}
		return nil
	})
	if err != nil {
		return out, err
	}
	left := map[string]bool{} // an erasure that died may have left word of an item already
	for _, s := range doomed {
		var err error
		if Final(s.Outcome) && !(s.Item > 0 && left[item(s)]) {
			left[item(s)] = true
			err = l.Leave(ctx, s.Meta)
		}
		if err = errors.Join(err, l.destroy(ctx, s)); err != nil {
			return out, err
		}
		out.Entries++
	}
	err = l.search(ctx, person, func(stored) { out.Left++ }, &out.Scanned)
	return out, err
}

// search calls found with each entry that names the person.
func (l *Log) search(ctx context.Context, person Person, found func(stored), scanned *int) error {
	return l.each(ctx, Query{}, "", func(s stored) error {
		*scanned++
		if len(s.Sealed) == 0 {
			return nil
		}
		key, err := l.key(ctx, s)
		if errors.Is(err, seal.ErrGone) {
			return nil
		}
		if err != nil {
			return err
		}
		head, err := key.Open(s.Sealed, "entry")
		if err != nil {
			return fmt.Errorf("entry %d: %w", s.ID, err)
		}
		texts := [][]byte{head}
		r, err := l.record(ctx, s, key)
		if err != nil {
			return err
		}
		for _, x := range r.Exchanges { // bodies are base64 in the record
			texts = append(texts, x.RequestBody, x.ResponseBody)
		}
		plain, err := json.Marshal(r)
		if err != nil {
			return err
		}
		texts = append(texts, plain)
		for _, t := range texts {
			if person.In(t) {
				found(s)
				return nil
			}
		}
		return nil
	})
}

func (l *Log) destroy(ctx context.Context, s stored) error {
	if s.Key != 0 {
		if err := l.sealer.Destroy(ctx, s.Key); err != nil {
			return err
		}
	}
	for _, d := range []struct {
		stream jetstream.Stream
		seq    uint64
	}{{l.payloads, s.Payload}, {l.entries, s.ID}} {
		if d.seq == 0 {
			continue
		}
		if err := runtime.Overwrite(ctx, d.stream, d.seq); err != nil {
			return fmt.Errorf("erasing entry %d: %w", s.ID, err)
		}
	}
	return nil
}

// Leave stores what may stay of a document whose person is erased: that there was one and how it ended, so that the account still balances.
func (l *Log) Leave(ctx context.Context, m Meta) error {
	m.ID = 0
	message, err := l.message(stored{Meta: m}, l.hashes(m.Flow))
	if err != nil {
		return err
	}
	// A record, though of nothing, so that [Log.Expire] finds the flow.
	if _, err := l.putPayloads.Publish(ctx, runtime.Outgoing{Subject: "payload." + token(m.Flow), Data: []byte("{}")}); err != nil {
		return fmt.Errorf("keeping a record: %w", err)
	}
	_, err = l.put(ctx, message)
	return err
}
