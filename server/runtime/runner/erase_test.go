package runner_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine/port"
	"github.com/crosswalk-go/crosswalk/server/runtime/activity"
	"github.com/crosswalk-go/crosswalk/server/runtime/queue"
	"github.com/crosswalk-go/crosswalk/server/runtime/runner"
	"github.com/crosswalk-go/crosswalk/server/runtime/seal"
)

// burglar reads the block files of a store as somebody would who has the disk: every record, deleted or not, opened with every key that lies anywhere. It
// returns the plain texts.
func burglar(t *testing.T, dir string) (texts [][]byte) {
	t.Helper()
	blocks, err := filepath.Glob(filepath.Join(dir, "store", "jetstream", "*", "streams", "*", "msgs", "*.blk"))
	if err != nil || len(blocks) == 0 {
		t.Fatal(blocks, err)
	}
	var records [][]byte
	var keys []seal.Key
	for _, path := range blocks {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for len(data) >= 30 {
			head := binary.LittleEndian.Uint32(data)
			length, body := int(head&^(1<<31)), 22+int(binary.LittleEndian.Uint16(data[20:]))
			if head&(1<<31) != 0 {
				body += 4 + int(binary.LittleEndian.Uint32(data[body:]))
			}
			message := data[body : length-8]
			data = data[length:]
			records = append(records, message)
			if len(message) == 32 {
				keys = append(keys, message)
			}
		}
	}
	for _, record := range records {
		texts = append(texts, record)
		var entry struct{ Sealed []byte }
		_ = json.Unmarshal(record, &entry) // most are no JSON
		for _, sealed := range [][]byte{record, entry.Sealed} {
			for _, key := range keys {
				for _, of := range []string{"item", "entry", "payload", "read", "open", "missed"} {
					if plain, err := key.Open(sealed, of); err == nil {
						// Bodies are in it as base64.
						var item queue.Item
						var kept activity.Record
						_, _ = json.Unmarshal(plain, &item), json.Unmarshal(plain, &kept)
						texts = append(texts, plain, item.Document.Body)
						for _, x := range kept.Exchanges {
							texts = append(texts, x.RequestBody, x.ResponseBody)
						}
					}
				}
			}
		}
	}
	return texts
}

// TestEraseFromTheDisk has somebody who has the disk look for a person: it finds all of the person before the erasure, of whom the queue has handled an order
// long ago too, and nothing afterwards.
func TestEraseFromTheDisk(t *testing.T) {
	newWorld(t, nil)
	dir := t.TempDir()
	s := opened(t, dir, runner.Options{Page: 4})
	// A document of another flow waits: the queue's file is not emptied.
	sealer, err := seal.Open(t.Context(), s.store)
	if err != nil {
		t.Fatal(err)
	}
	q, err := queue.Open(t.Context(), s.store, sealer, queue.Options{})
	if err == nil {
		_, err = q.Put(t.Context(), queue.Item{Flow: "other", Lane: queue.Live, Document: port.Document{ID: "1"}})
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.engine.Run(t.Context(), s.flow, runner.RunOptions{}); err != nil {
		t.Fatal(err)
	}
	entries, err := s.engine.Activity().List(t.Context(), activity.Query{Flow: flowName, Key: "10002"})
	if err != nil || len(entries) == 0 {
		t.Fatal(entries, err)
	}
	_, record, err := s.engine.Activity().Get(t.Context(), entries[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	person := gjson.GetBytes(record.Source, "orderCustomer")
	words := []string{person.Get("email").String(), person.Get("firstName").String() + `","lastName":"` + person.Get("lastName").String()}
	found := func() (n int) {
		for _, text := range burglar(t, dir) {
			for _, word := range words {
				if bytes.Contains(bytes.ToLower(text), []byte(strings.ToLower(word))) {
					n++
					break
				}
			}
		}
		return n
	}
	if n := found(); words[0] == "" || n < 2 {
		t.Fatalf("before the erasure %d texts name %q", n, words)
	}
	done, err := s.engine.Erase(t.Context(), strings.ToUpper(words[0]))
	if err != nil || done.Left != 0 || done.Entries == 0 {
		t.Fatalf("%+v, %v", done, err)
	}
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
	if n := found(); n > 0 {
		t.Errorf("after the erasure %d texts name %q", n, words)
	}
}

// TestEraseEverywhere has a person in every place of the store that is not an entry: in the queue, as an id, in why a flow could not go on, in a kept version of
// the flow. Nothing of it is left, and the account balances.
func TestEraseEverywhere(t *testing.T) {
	w := newWorld(t, nil)
	files := t.TempDir()
	if err := os.CopyFS(files, os.DirFS("testdata")); err != nil {
		t.Fatal(err)
	}
	w.env["CROSSWALK_TEST_PROJECT"] = files
	flowFile := filepath.Join(files, "flows", flowName+".yaml")
	text, err := os.ReadFile(flowFile)
	if err == nil {
		err = os.WriteFile(flowFile, append(text, "# José@example.com buys in large numbers\n"...), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s := opened(t, dir, runner.Options{})
	const id = "jos\u00e9@example.com"
	if _, err := s.engine.Run(t.Context(), s.flow, runner.RunOptions{Only: []string{"10002"}}); err != nil {
		t.Fatal(err)
	}
	if versions, err := s.engine.Versions(t.Context(), flowName); err != nil || len(versions) != 1 {
		t.Fatal(versions, err)
	}
	if err := s.engine.QueueForTest(t.Context(), s.flow, port.Document{ID: id, Key: "7"}, port.Document{ID: "8", Body: []byte(`{"mail":"JOS\u00C9@example.com"}`)}, port.Document{ID: "9", Body: []byte(`{}`)}); err != nil {
		t.Fatal(err)
	}
	s.engine.NoteErrorForTest(t.Context(), flowName, errors.New("GET /customers?email=jos%C3%A9%40example.com: no answer"))
	sum := sha256.Sum256([]byte(id))
	for _, link := range []string{id, "email:" + hex.EncodeToString(sum[:16]), "11"} {
		if err := s.store.Links("x").SaveLink(t.Context(), port.Customer, port.Link{SourceID: link, TargetID: "1"}); err != nil {
			t.Fatal(err)
		}
	}
	done, err := s.engine.Erase(t.Context(), "JOSÉ@Example.com")
	if err != nil || done.Queued != 2 || done.Links != 2 || done.Notes != 2 || done.Versions != 1 || done.Entries != 0 || done.Left != 0 {
		t.Errorf("%+v, %v", done, err)
	}
	a := balanced(t, s)
	if a.Reasons[runner.SkipErased] != 2 || a.Queued != 1 {
		t.Errorf("%s, %v", a, a.Reasons)
	}
	if done, err = s.engine.Erase(t.Context(), "josé@example.com"); err != nil || done.Queued+done.Links+done.Notes+done.Versions+done.Entries+done.Left != 0 || done.Scanned == 0 {
		t.Errorf("the second time: %+v, %v", done, err)
	}
	if _, err := s.engine.Erase(t.Context(), "José <josé@example.com>"); err == nil {
		t.Error("what is no address is proven to be gone")
	}
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
	person, err := activity.FindPerson(id)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range burglar(t, dir) {
		var v struct{ Files []byte }
		_ = json.Unmarshal(text, &v)             // most are none
		if person.In(text) || len(v.Files) > 0 { // the only version had the address
			t.Errorf("it is still there: %q", text)
		}
	}
}

// TestEraseInHand erases a person while an order of that person is being sent by another process: what is recorded of it afterwards names nobody.
func TestEraseInHand(t *testing.T) {
	reached, open := make(chan struct{}), make(chan struct{})
	var once, lifted sync.Once
	lift := func() { lifted.Do(func() { close(open) }) }
	newWorld(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/customerinvoicedrafts") {
				once.Do(func() { close(reached); <-open })
			}
			next.ServeHTTP(w, r)
		})
	})
	dir := t.TempDir()
	s := opened(t, dir, runner.Options{})
	ended := make(chan error, 1)
	go func() {
		_, err := s.engine.Run(context.WithoutCancel(t.Context()), s.flow, runner.RunOptions{Only: []string{"10002"}})
		ended <- err
	}()
	defer func() {
		lift()
		if ended != nil {
			<-ended
		}
	}()
	<-reached
	const person = "pieter.jansen@example.nl"
	other := opened(t, dir, runner.Options{})
	done, err := other.engine.Erase(t.Context(), person)
	if err != nil || done.Queued != 1 || done.Left != 0 {
		t.Fatalf("%+v, %v", done, err)
	}
	lift()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	ended = nil
	done, err = other.engine.Erase(t.Context(), person)
	if err != nil || done.Entries+done.Queued+done.Links+done.Notes != 0 {
		t.Errorf("it came back: %+v, %v", done, err)
	}
	if a := balanced(t, s); a.Created != 1 || a.Read != 1 {
		t.Errorf("%s", a)
	}
}
