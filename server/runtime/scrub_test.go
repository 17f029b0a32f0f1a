package runtime

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// holding returns the files of a folder that hold a text.
func holding(t *testing.T, dir, text string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if bytes.Contains(data, []byte(text)) {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestScrub deletes records in every way in which that is done, between others that stay. After the end of the process no file has a word of them, what
// stays is there, and goes on.
func TestScrub(t *testing.T) {
	dir := t.TempDir()
	r := open(t, dir)
	s, err := r.Stream(t.Context(), jetstream.StreamConfig{Name: "WORK", Subjects: []string{"work.>"}, Retention: jetstream.WorkQueuePolicy})
	if err != nil {
		t.Fatal(err)
	}
	publish := func(r *Runtime, subject, text string) {
		t.Helper()
		if _, err := r.JetStream().Publish(t.Context(), subject, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	publish(r, "work.one", "gone: taken first")
	for i := range 30 {
		publish(r, "work.one", fmt.Sprintf("kept %d", i))
		publish(r, "work.two", fmt.Sprintf("gone: purged %d", i))
	}
	publish(r, "work.one", "gone: taken last")
	c, err := s.CreateOrUpdateConsumer(t.Context(), jetstream.ConsumerConfig{Durable: "one", FilterSubject: "work.one", AckPolicy: jetstream.AckExplicitPolicy})
	if err != nil {
		t.Fatal(err)
	}
	batch, err := c.Fetch(100, jetstream.FetchMaxWait(1e9))
	if err != nil {
		t.Fatal(err)
	}
	for m := range batch.Messages() {
		if strings.HasPrefix(string(m.Data()), "gone") {
			if err := m.DoubleAck(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := s.Purge(t.Context(), jetstream.WithPurgeSubject("work.two")); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"a", "b"} {
		for _, target := range []string{"gone: the first of ", "gone: the second of "} {
			if err := r.Links("orders").SaveLink(t.Context(), port.Order, port.Link{SourceID: id, TargetID: target + id}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := r.Links("orders").SaveLink(t.Context(), port.Order, port.Link{SourceID: "a", TargetID: "kept"}); err != nil {
		t.Fatal(err)
	}
	if n, err := r.EraseLinks(t.Context(), func(id string, _ []byte) bool { return id == "b" }); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	want := content(t, r)
	if holding(t, dir, "gone: ") == nil {
		t.Error("what is deleted is gone by itself: there is nothing to overwrite")
	}
	closed(t, r)
	if found := holding(t, dir, "gone: "); found != nil {
		t.Errorf("what was deleted is still in %v", found)
	}
	if n, err := Deleted(dir); n != 0 || err != nil {
		t.Errorf("%d deleted records are left, %v", n, err)
	}
	if h, err := Verify(dir); err != nil || len(h.Damage)+len(h.Torn) > 0 {
		t.Errorf("%+v, %v", h, err)
	}
	for _, rebuilt := range []bool{false, true} { // with the index, and without it from the blocks alone
		if rebuilt {
			indexes, err := filepath.Glob(filepath.Join(dir, "store", "jetstream", "*", "streams", "*", "msgs", indexFile))
			if err != nil || len(indexes) == 0 {
				t.Fatal(indexes, err)
			}
			for _, path := range indexes {
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
			}
		}
		again := open(t, dir)
		for name, all := range content(t, again) {
			if all != want[name] {
				t.Errorf("rebuilt %v: of %s is left\n%sand there was\n%s", rebuilt, name, all, want[name])
			}
		}
		publish(again, "work.one", "kept: new")
		want = content(t, again)
		closed(t, again)
	}
}
