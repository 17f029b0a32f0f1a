package activity

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
	"github.com/crosswalk-go/crosswalk/server/runtime"
	"github.com/crosswalk-go/crosswalk/server/runtime/seal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t testing.TB, dir string, o Options) (*Log, func()) {
	t.Helper()
	ctx := context.Background()
	store, err := runtime.Open(ctx, dir, runtime.Options{})
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := seal.Open(ctx, store)
	if err != nil {
		t.Fatal(err)
	}
	l, err := Open(ctx, store, sealer, o)
	if err != nil {
		t.Fatal(err)
	}
	done := false
	end := func() {
		if !done {
			done = true
			if err := store.Close(ctx); err != nil {
				t.Error(err)
			}
		}
	}
	t.Cleanup(end)
	return l, end
}

// attempt records an attempt at an order and returns its id.
func attempt(t *testing.T, l *Log, flowName string, number int, outcome flow.Outcome, code string, r Record) uint64 {
	t.Helper()
	doc := port.Document{ID: fmt.Sprintf("id-%d", number), Key: fmt.Sprint(number)}
	id, err := l.Record(t.Context(), Finished{Entry: Entry{
		Meta: Meta{Flow: flowName, Run: "r1", Item: uint64(number), Outcome: outcome, Code: code, At: time.Now().UTC(), Attempt: 1, Versions: []string{"read:01"}},
		Head: Head{Document: flow.Ref{Entity: port.Order, ID: doc.ID, Key: doc.Key}, Reason: fmt.Sprintf("order %d of jan@example.com", number)},
	}, Document: doc, Record: r})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func numbers(entries []Entry) string {
	var out []string
	for _, e := range entries {
		out = append(out, e.Document.Key)
	}
	return strings.Join(out, " ")
}

func TestRecordAndGet(t *testing.T) {
	dir := t.TempDir()
	l, end := open(t, dir, Options{})
	record := Record{
		Source:    json.RawMessage(`{"a":"<&>","n":9007199254740993.10,"z":1,"b":2}`),
		Plan:      &flow.Plan{Resource: "invoiceDraft", Canonical: json.RawMessage(`{"number":"7"}`), Logs: []engine.ScriptLog{{Level: "warn", Message: "hello"}}},
		Exchanges: []connectors.Exchange{{Method: "POST", URL: "https://books.example/v2", RequestBody: []byte(`{"x":1}`), Status: 201, Attempt: 1}},
	}
	id := attempt(t, l, "webshop.orders", 7, flow.Created, "", record)
	end()
	l, _ = open(t, dir, Options{})
	e, r, err := l.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if e.ID != id || e.Document.Key != "7" || e.Outcome != flow.Created || e.Reason == "" || e.Versions[0] != "read:01" {
		t.Errorf("%+v", e)
	}
	if string(r.Source) != string(record.Source) || string(r.Plan.Canonical) != `{"number":"7"}` || string(r.Exchanges[0].RequestBody) != `{"x":1}` || r.Plan.Logs[0].Message != "hello" {
		t.Errorf("%+v\nsource %s", r, r.Source)
	}
	if _, _, err := l.Get(t.Context(), id+100); !errors.Is(err, ErrNoEntry) {
		t.Errorf("an entry that is not there: %v", err)
	}
	if id := attempt(t, l, "f", 8, flow.Failed, "mapping", Record{Source: []byte("no json \xff")}); id == 0 {
		t.Error("a source that is no JSON has no entry")
	}
}

func TestList(t *testing.T) {
	l, _ := open(t, t.TempDir(), Options{})
	for n := 1; n <= 20; n++ {
		outcome, code := flow.Created, ""
		switch {
		case n%5 == 0:
			outcome, code = flow.Failed, "mapping"
		case n%3 == 0:
			outcome, code = flow.Skipped, "exists"
		}
		attempt(t, l, "orders", n, outcome, code, Record{})
		attempt(t, l, "other", 100+n, flow.Created, "", Record{})
	}
	cases := []struct {
		name string
		q    Query
		want string
	}{
		{"newest first", Query{Flow: "orders", Limit: 4}, "20 19 18 17"},
		{"of all flows", Query{Limit: 3}, "120 20 119"},
		{"one outcome", Query{Flow: "orders", Outcomes: []flow.Outcome{flow.Failed}}, "20 15 10 5"},
		{"two outcomes", Query{Flow: "orders", Outcomes: []flow.Outcome{flow.Failed, flow.Skipped}, Limit: 6}, "20 18 15 12 10 9"},
		{"a code", Query{Flow: "orders", Code: "exists", Limit: 2}, "18 12"},
		{"a document", Query{Flow: "orders", Key: "7"}, "7"},
		{"a document by its id", Query{Flow: "orders", Key: "id-7"}, "7"},
		{"another flow's document", Query{Flow: "orders", Key: "107"}, ""},
		{"none", Query{Flow: "nobody"}, ""},
		{"the future", Query{Since: time.Now().Add(time.Hour)}, ""},
		{"the past", Query{Until: time.Now().Add(-time.Hour)}, ""},
		{"a time to come that no count of nanoseconds reaches", Query{Since: time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC)}, ""},
		{"a time long gone", Query{Until: time.Date(1600, 1, 1, 0, 0, 0, 0, time.UTC)}, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := l.List(t.Context(), c.q)
			if err != nil || numbers(got) != c.want {
				t.Errorf("got %q, want %q: %v", numbers(got), c.want, err)
			}
		})
	}
	for _, q := range []Query{{Flow: "orders", Limit: 3}, {Flow: "orders", Limit: 7, Outcomes: []flow.Outcome{flow.Created, flow.Failed}}, {Limit: 11}} {
		var all []Entry
		whole, err := l.List(t.Context(), Query{Flow: q.Flow, Outcomes: q.Outcomes, Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		for {
			page, err := l.List(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, page...)
			if len(page) < q.Limit {
				break
			}
			q.Before = page[len(page)-1].ID
		}
		if numbers(all) != numbers(whole) {
			t.Errorf("in pages of %d: %s\nat once: %s", q.Limit, numbers(all), numbers(whole))
		}
	}
	at, err := l.List(t.Context(), Query{Flow: "orders", Key: "9"})
	if err != nil || len(at) != 1 {
		t.Fatal(err)
	}
	m, _, err := l.store.Scan(t.Context(), entryStream, "activity.>", runtime.From{Seq: at[0].ID}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := l.List(t.Context(), Query{Flow: "orders", Since: m[0].At, Limit: 100}); err != nil || numbers(got) != "20 19 18 17 16 15 14 13 12 11 10 9" {
		t.Errorf("since: %s, %v", numbers(got), err)
	}
	if got, err := l.List(t.Context(), Query{Flow: "orders", Until: m[0].At, Limit: 3}); err != nil || numbers(got) != "8 7 6" {
		t.Errorf("until: %s, %v", numbers(got), err)
	}
	tally, codes, err := l.Tally(t.Context(), "orders", time.Time{}, time.Time{})
	if err != nil || tally[flow.Created] != 11 || tally[flow.Failed] != 4 || tally.Total() != 20 || codes[flow.Skipped]["exists"] != 5 {
		t.Errorf("%v, %v, %v", tally, codes, err)
	}
	if tally, _, err = l.Tally(t.Context(), "orders", m[0].At, m[0].At.Add(time.Nanosecond)); err != nil || tally.Total() != 1 {
		t.Errorf("one instant: %v, %v", tally, err)
	}
}

func TestSettled(t *testing.T) {
	l, _ := open(t, t.TempDir(), Options{})
	began := l.Newest()
	attempt(t, l, "orders", 1, Retrying, "unreachable", Record{})
	doc := port.Document{ID: "id-1", Key: "1"}
	if _, ok, _, err := l.Settled(t.Context(), "orders", 1, doc.ID, began); ok || err != nil {
		t.Errorf("an attempt that was not the last settles the document: %v", err)
	}
	if err := l.Announce(t.Context(), Entry{Meta: Meta{Flow: "orders", Item: 1}, Head: Head{Document: flow.Ref{ID: "id-1", Key: "1"}}}, doc); err != nil {
		t.Fatal(err)
	}
	if _, ok, sent, err := l.Settled(t.Context(), "orders", 1, doc.ID, began); ok || !sent || err != nil {
		t.Errorf("an attempt that was about to write: %v, %v, %v", ok, sent, err)
	}
	attempt(t, l, "orders", 1, flow.Created, "", Record{})
	if e, ok, sent, err := l.Settled(t.Context(), "orders", 1, doc.ID, began); !ok || !sent || e.Outcome != flow.Created || err != nil {
		t.Errorf("%+v is not settled: %v", doc, err)
	}
	if _, ok, _, err := l.Settled(t.Context(), "orders", 2, doc.ID, began); ok || err != nil {
		t.Errorf("another item is settled: %v", err)
	}
	for _, tt := range []struct {
		flow  string
		id    string
		item  uint64
		after uint64
		want  bool
	}{
		{"orders", doc.ID, 2, began, true}, {"orders", doc.ID, 1, began, false}, {"others", doc.ID, 2, began, false},
		{"orders", "id-2", 2, began, false}, {"orders", doc.ID, 2, l.Newest(), false},
	} {
		if got, err := l.Since(t.Context(), tt.flow, tt.id, tt.item, tt.after); got != tt.want || err != nil {
			t.Errorf("%+v: %v, %v", tt, got, err)
		}
	}
	last, err := l.List(t.Context(), Query{Flow: "orders", Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	if history, err := l.Attempts(t.Context(), last[0]); err != nil || len(history) != 3 || history[0].Outcome != Retrying {
		t.Errorf("%v, %v", history, err)
	}
}

func TestExpire(t *testing.T) {
	l, _ := open(t, t.TempDir(), Options{Retention: time.Hour, Retentions: map[string]time.Duration{"short.lived": time.Minute}})
	for n := range 3 {
		attempt(t, l, "orders", n, flow.Created, "", Record{})
		attempt(t, l, "short.lived", n, flow.Created, "", Record{})
	}
	for _, step := range []struct {
		after time.Duration
		gone  int
		left  int
	}{{0, 0, 6}, {2 * time.Minute, 3, 3}, {2 * time.Minute, 0, 3}, {2 * time.Hour, 3, 0}} {
		gone, err := l.Expire(t.Context(), time.Now().Add(step.after))
		if err != nil || gone != step.gone {
			t.Errorf("after %s %d went, want %d: %v", step.after, gone, step.gone, err)
		}
		for stream, filter := range map[string]string{entryStream: "activity.>", payloadStream: "payload.*", seal.Stream: "key.*"} {
			if n, err := l.store.Count(t.Context(), stream, filter, runtime.From{}); err != nil || int(n) != step.left {
				t.Errorf("after %s %s holds %d, want %d: %v", step.after, stream, n, step.left, err)
			}
		}
	}
	// What an erasure leaves goes in its turn, also of a flow that has nothing else.
	attempt(t, l, "gone", 1, flow.Created, "", Record{Source: json.RawMessage(`"anna@example.com"`)})
	if done, err := l.Erase(t.Context(), personOf(t, "anna@example.com")); err != nil || done.Entries != 1 {
		t.Errorf("%+v, %v", done, err)
	}
	if gone, err := l.Expire(t.Context(), time.Now().Add(2*time.Hour)); err != nil || gone != 1 {
		t.Errorf("of what an erasure left, %d went: %v", gone, err)
	}
}

// TestExpireFromTheDisk lets entries become too old while the store is open. Who has the disk finds no key of theirs from then on, and the others'.
func TestExpireFromTheDisk(t *testing.T) {
	dir := t.TempDir()
	l, _ := open(t, dir, Options{Retentions: map[string]time.Duration{"short": time.Minute}})
	keyOf := func(flowName string) []byte {
		s, err := l.get(t.Context(), attempt(t, l, flowName, 1, flow.Created, "", Record{}))
		if err != nil {
			t.Fatal(err)
		}
		key, err := l.sealer.Find(t.Context(), s.Key)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	gone, kept := keyOf("short"), keyOf("long")
	if n, err := l.Expire(t.Context(), time.Now().Add(time.Hour)); err != nil || n != 1 {
		t.Fatalf("%d entries went, %v", n, err)
	}
	found := map[string]bool{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		found["gone"] = found["gone"] || bytes.Contains(text, gone)
		found["kept"] = found["kept"] || bytes.Contains(text, kept)
		return err
	})
	if err != nil || found["gone"] || !found["kept"] {
		t.Errorf("the disk holds keys: %v, %v", found, err)
	}
}

// TestErase removes a person and looks into every file for what may be left.
func TestErase(t *testing.T) {
	dir := t.TempDir()
	l, end := open(t, dir, Options{})
	person := "Anna.Example+shop@Example.com"
	keep := attempt(t, l, "orders", 1, flow.Created, "", Record{Source: json.RawMessage(`{"email":"jan@example.com"}`)})
	var gone []uint64
	for n, r := range []Record{
		{Source: json.RawMessage(`{"email":"anna.example+shop@example.com"}`)},
		{Plan: &flow.Plan{Canonical: json.RawMessage(`{"customer":{"email":"ANNA.EXAMPLE+SHOP@EXAMPLE.COM"}}`)}},
		{Exchanges: []connectors.Exchange{{ResponseBody: []byte(`{"EmailAddress":"` + person + `"}`)}}},
		{Exchanges: []connectors.Exchange{{URL: "https://books.example/?mail=anna.example%2Bshop%40example.com"}}},
	} {
		gone = append(gone, attempt(t, l, "orders", 10+n, flow.Created, "", r))
	}
	var keys [][]byte
	for _, id := range gone {
		s, err := l.get(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		key, err := l.sealer.Find(t.Context(), s.Key)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key)
	}
	got, err := l.Erase(t.Context(), personOf(t, " "+person+"\n"))
	if err != nil || got.Entries != 4 || got.Left != 0 || got.Scanned != 5 {
		t.Errorf("%+v, %v", got, err)
	}
	if _, _, err := l.Get(t.Context(), keep); err != nil {
		t.Errorf("another person's entry: %v", err)
	}
	for _, id := range gone {
		if _, _, err := l.Get(t.Context(), id); !errors.Is(err, ErrNoEntry) {
			t.Errorf("entry %d: %v", id, err)
		}
	}
	if all, err := l.List(t.Context(), Query{}); err != nil || len(all) != 5 || all[0].Gone != "erased" || all[0].Document.ID != "" {
		t.Errorf("what is left of them: %+v, %v", all, err)
	}
	if tally, _, err := l.Tally(t.Context(), "orders", time.Time{}, time.Time{}); err != nil || tally.Total() != 5 {
		t.Errorf("the account does not balance any more: %v, %v", tally, err)
	}
	end()
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		for _, needle := range append(keys, []byte(person), []byte(strings.ToLower(person)), []byte("jan@example.com")) {
			if bytes.Contains(text, needle) {
				t.Errorf("%s still holds a key or an address", path)
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestTooLarge(t *testing.T) {
	l, _ := open(t, t.TempDir(), Options{})
	noise := make([]byte, 9<<20)
	copy(noise, seal.NewKey())
	for i := 32; i < len(noise); i += 32 {
		copy(noise[i:], seal.NewKey())
	}
	body, err := json.Marshal(noise)
	if err != nil {
		t.Fatal(err)
	}
	id := attempt(t, l, "orders", 1, flow.Created, "", Record{Source: body})
	e, r, err := l.Get(t.Context(), id)
	if err != nil || len(e.Warnings) != 1 || r.Source != nil {
		t.Errorf("%v, %v", e.Warnings, err)
	}
	many := Record{}
	for range 100 {
		many.Exchanges = append(many.Exchanges, connectors.Exchange{ResponseBody: bytes.Repeat([]byte("x"), 1<<20)})
	}
	id = attempt(t, l, "orders", 2, flow.Created, "", many)
	if _, r, err = l.Get(t.Context(), id); err != nil || r.Omitted == 0 || len(r.Exchanges)+r.Omitted != 100 {
		t.Errorf("%d exchanges are kept and %d left out, %v", len(r.Exchanges), r.Omitted, err)
	}
}

// BenchmarkMillion asks for pages and counts of a log of a million entries: go test -run='^$' -bench=Million -timeout 1h ./server/runtime/activity
func BenchmarkMillion(b *testing.B) {
	l, _ := open(b, b.TempDir(), Options{})
	begun := time.Now()
	if err := fill(l, 1_000_000); err != nil {
		b.Fatal(err)
	}
	middle := begun.Add(time.Since(begun) / 2)
	for name, q := range map[string]Query{
		"newest":   {},
		"flow":     {Flow: "stock"},
		"rare":     {Flow: "stock", Outcomes: []flow.Outcome{flow.Failed}},
		"key":      {Flow: "stock", Key: "SKU-77777"},
		"since":    {Flow: "stock", Since: time.Now().Add(-time.Second), Outcomes: []flow.Outcome{flow.Updated}},
		"deep":     {Flow: "stock", Before: 500_000},
		"until":    {Flow: "stock", Until: middle},
		"id":       {Flow: "stock", Key: "id-77777"},
		"nobody":   {Flow: "stock", Key: "SKU-nobody"},
		"no match": {Flow: "stock", Outcomes: []flow.Outcome{flow.InDoubt}},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := l.List(b.Context(), q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	for name, since := range map[string]time.Time{"count": {}, "count since": middle} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, _, err := l.Tally(b.Context(), "stock", since, time.Time{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// fill writes entries without records, as fast as it goes.
func fill(l *Log, n int) error {
	key := seal.NewKey()
	kept, err := l.sealer.Keep(context.Background(), "stock", key)
	if err != nil {
		return err
	}
	sealed, err := key.Seal([]byte(`{"document":{"entity":"stock","id":"1"}}`), "entry")
	if err != nil {
		return err
	}
	for i := range n {
		outcome, code := flow.Updated, "none"
		if i%100_000 == 99 {
			outcome, code = flow.Failed, "mapping"
		} else if i%2 == 0 {
			outcome, code = flow.Skipped, "unchanged"
		}
		s := stored{Meta: Meta{Flow: "stock", Run: "r", Item: uint64(i), Outcome: outcome, Code: code, At: time.Now()}, Key: kept[0], Sealed: sealed,
			Hashes: l.hashes("stock", fmt.Sprint("SKU-", i), fmt.Sprint("id-", i))}
		data, err := json.Marshal(s)
		if err != nil {
			return err
		}
		if _, err := l.store.JetStream().PublishAsync(subject("stock", outcome, code, buckets(s.Hashes)), data); err != nil {
			return err
		}
		if i%1000 == 999 {
			<-l.store.JetStream().PublishAsyncComplete()
		}
	}
	<-l.store.JetStream().PublishAsyncComplete()
	return nil
}

// TestBefore shows that an entry waits for what it must not come before, and that there is none where that fails.
func TestBefore(t *testing.T) {
	l, _ := open(t, t.TempDir(), Options{})
	waited, boom := false, errors.New("boom")
	finished := Finished{Entry: Entry{Meta: Meta{Flow: "a", Outcome: flow.Created, At: time.Now()}}, Document: port.Document{ID: "1"},
		Before: func(context.Context) error { waited = true; return boom }}
	if _, err := l.Record(t.Context(), finished); !errors.Is(err, boom) || !waited {
		t.Errorf("%v", err)
	}
	if entries, err := l.List(t.Context(), Query{}); err != nil || len(entries) != 0 {
		t.Errorf("%+v, %v", entries, err)
	}
}
