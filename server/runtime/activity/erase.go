package activity

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
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

// expireFlow removes the entries that are older than a moment. Keys go first, and are overwritten in their file: from then on the rest is noise, also to who has the disk.
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
	}{{seal.Stream, "key." + f, keys}, {payloadStream, "payload." + f, l.payloads}, {entryStream, "activity." + f + ".>", l.entries}} {
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
		gone = int(total)
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

// Erase removes every entry that holds the address, with the other attempts at the same documents, and then reads everything again to prove it. Keys, records
// and entries are overwritten in their files, not only deleted.
func (l *Log) Erase(ctx context.Context, text string) (Erasure, error) {
	var out Erasure
	needle := bytes.ToLower([]byte(strings.TrimSpace(text)))
	if len(needle) < 3 {
		return out, errors.New("what is to be erased is too short: it would be found in everything")
	}
	var doomed []stored
	found, items := map[uint64]bool{}, map[string]bool{}
	item := func(s stored) string { return fmt.Sprint(s.Flow, " ", s.Item) }
	err := l.search(ctx, needle, func(s stored) {
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
	for _, s := range doomed {
		if err := errors.Join(l.leave(ctx, s), l.destroy(ctx, s)); err != nil {
			return out, err
		}
		out.Entries++
	}
	err = l.search(ctx, needle, func(stored) { out.Left++ }, &out.Scanned)
	return out, err
}

// search calls found with each entry whose plain text holds the needle.
func (l *Log) search(ctx context.Context, needle []byte, found func(stored), scanned *int) error {
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
			if Holds(t, needle) {
				found(s)
				return nil
			}
		}
		return nil
	})
}

// Holds tells whether a text holds an address, in any letter case, as it is or as URLs and JSON may write it. An address that only ends like it, as
// joanna@example.com ends like anna@example.com, is another.
func Holds(text, address []byte) bool {
	text, address = bytes.ToLower(text), bytes.ToLower(address)
	for _, form := range forms(string(address)) {
		for rest, at := text, 0; ; {
			i := bytes.Index(rest[at:], form)
			if i < 0 {
				break
			}
			if begin := at + i; bounded(rest[:begin], rest[begin+len(form):]) {
				return true
			}
			at += i + 1
		}
	}
	return false
}

// forms are the ways in which an address may be written.
func forms(address string) [][]byte {
	var out [][]byte
	for _, at := range []string{"@", "%40", `\u0040`} {
		for _, plus := range []string{"+", "%2b", `\u002b`} {
			form := []byte(strings.NewReplacer("@", at, "+", plus).Replace(address))
			if !slices.ContainsFunc(out, func(b []byte) bool { return bytes.Equal(b, form) }) {
				out = append(out, form)
			}
		}
	}
	return out
}

// escaped ends a text with an encoded character, which is no part of what follows.
var escaped = regexp.MustCompile(`(%[0-9a-f]{2}|\\u[0-9a-f]{4}|\\[ntrbf])$`)

// bounded tells whether what stands before and behind is no part of the address.
func bounded(before, behind []byte) bool {
	if n := len(before); n > 0 && part(before[n-1]) && !escaped.Match(before[max(0, n-6):]) {
		return false
	}
	if len(behind) > 1 && behind[0] == '.' {
		behind = behind[1:] // the end of a sentence, unless the domain goes on
	}
	return len(behind) == 0 || !part(behind[0]) || behind[0] == '.' || behind[0] == '%'
}

func part(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("._-+", c) >= 0 || c >= 0x80
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

// leave stores what may stay of an entry: that there was a document and how it ended, so that the account still balances.
func (l *Log) leave(ctx context.Context, s stored) error {
	if !Final(s.Outcome) {
		return nil
	}
	bare := stored{Meta: s.Meta}
	bare.ID = 0
	m, err := l.message(bare, l.hashes(s.Flow))
	if err == nil {
		_, err = l.put(ctx, m)
	}
	return err
}
