package runtime

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
)

// held is a store that was closed in order, with every kind of file: links, a stream of work with a consumer that has some of it in hand, and schedules.
func held(t *testing.T) (dir string, holds map[string]string) {
	t.Helper()
	dir = filled(t)
	r := open(t, dir)
	s, err := r.Stream(t.Context(), jetstream.StreamConfig{
		Name: "WORK", Subjects: []string{"work.>"}, Retention: jetstream.WorkQueuePolicy, AllowMsgSchedules: true, AllowMsgTTL: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		if _, err := r.JetStream().Publish(t.Context(), "work.one", fmt.Append(nil, "document ", i)); err != nil {
			t.Fatal(err)
		}
	}
	c, err := s.CreateOrUpdateConsumer(t.Context(), jetstream.ConsumerConfig{Durable: "live", AckPolicy: jetstream.AckExplicitPolicy})
	if err != nil {
		t.Fatal(err)
	}
	batch, err := c.Fetch(5)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for msg := range batch.Messages() {
		if n++; n < 4 { // the others stay in hand
			if err := msg.DoubleAck(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	holds = content(t, r)
	closed(t, r)
	return dir, holds
}

// content is what the streams of a store hold.
func content(t *testing.T, r *Runtime) map[string]string {
	t.Helper()
	out := map[string]string{}
	for info := range r.JetStream().ListStreams(t.Context()).Info() {
		var all strings.Builder
		if info.State.Msgs > 0 {
			found, _, err := r.Scan(t.Context(), info.Config.Name, ">", From{}, 1000)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range found {
				fmt.Fprintf(&all, "%d %s %x\n", m.Seq, m.Subject, m.Data)
			}
		}
		if all.Len() > 0 {
			out[info.Config.Name] = all.String()
		}
	}
	return out
}

// TestEveryFile damages each file of a store in each way, after an orderly end and after a crash. The store opens with all that it held, or not at all.
func TestEveryFile(t *testing.T) {
	dir, holds := held(t)
	var files []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			path, err = filepath.Rel(dir, path)
			files = append(files, path)
		}
		return err
	})
	if err != nil || len(files) < 20 {
		t.Fatal(files, err)
	}
	var refused sync.Map
	t.Run("each", func(t *testing.T) {
		for n, file := range files {
			t.Run(file, func(t *testing.T) {
				t.Parallel()
				if damaged(t, dir, file, holds, rand.New(rand.NewPCG(11, uint64(n)))) {
					refused.Store(filepath.Base(file), true)
				}
			})
		}
	})
	for _, name := range []string{"1.blk", descriptionFile, descriptionSum} {
		if _, ok := refused.Load(name); !ok {
			t.Errorf("no damage to %s was noticed", name)
		}
	}
}

// damaged damages one file of copies of a store, and tells whether one of them was refused.
func damaged(t *testing.T, dir, file string, holds map[string]string, random *rand.Rand) (refused bool) {
	whole, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	for how, damage := range map[string]func(data []byte) []byte{
		"flipped": func(data []byte) []byte { data[random.IntN(len(data))] ^= 1 << random.IntN(8); return data },
		"cut":     func(data []byte) []byte { return data[:len(data)-1-random.IntN(len(data)/2+1)] },
		"emptied": func(data []byte) []byte { return data[:0] },
		"gone":    func([]byte) []byte { return nil },
	} {
		if len(whole) == 0 && how != "gone" {
			continue
		}
		for _, crashed := range []bool{false, true} {
			what := fmt.Sprintf("%s, crashed %v", how, crashed)
			copied := t.TempDir()
			if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(copied, file)
			if data := damage(bytes.Clone(whole)); data == nil {
				err = os.Remove(path)
			} else {
				err = os.WriteFile(path, data, 0o600)
			}
			if crashed {
				err = errors.Join(err, os.RemoveAll(filepath.Join(copied, closedFile)))
			}
			if err != nil {
				t.Fatal(err)
			}
			r, err := Open(t.Context(), copied, Options{})
			if errors.Is(err, ErrDamaged) {
				refused = true
				continue
			}
			if err != nil {
				t.Errorf("%s: it opens with %v", what, err)
				continue
			}
			got := content(t, r)
			for name, all := range holds {
				if got[name] != all {
					t.Errorf("%s: of %s is left\n%s", what, name, got[name])
				}
			}
			if s, err := r.JetStream().Stream(t.Context(), "WORK"); err != nil {
				t.Errorf("%s: %v", what, err)
			} else if _, err := s.CreateOrUpdateConsumer(t.Context(), jetstream.ConsumerConfig{Durable: "live", AckPolicy: jetstream.AckExplicitPolicy}); err != nil {
				t.Errorf("%s: nobody can take from it: %v", what, err)
			}
			closed(t, r)
		}
	}
	return refused
}

// TestDescriptionUnderWay dies between a stream's description and its checksum, which the server takes for a stream that is not there.
func TestDescriptionUnderWay(t *testing.T) {
	dir, holds := held(t)
	sums, err := filepath.Glob(filepath.Join(dir, "store", "jetstream", "*", "streams", "KV_links", descriptionSum))
	if err != nil || len(sums) != 1 {
		t.Fatal(sums, err)
	}
	if err := errors.Join(os.WriteFile(sums[0], []byte("0123456789abcdef"), 0o600), os.Remove(filepath.Join(dir, closedFile))); err != nil {
		t.Fatal(err)
	}
	if h, err := Verify(dir); err != nil || len(h.Torn) != 1 || len(h.Damage) > 0 {
		t.Errorf("%+v, %v", h, err)
	}
	r := open(t, dir)
	if got := content(t, r); got["KV_links"] != holds["KV_links"] {
		t.Errorf("of the links is left\n%s", got["KV_links"])
	}
}

// TestRecordBehind breaks a record in the middle of a block after a crash: what follows it was written later, so that this is no write that was cut
// off. Behind zeroes it may be: a disk may have what came later of one write and not what came before.
func TestRecordBehind(t *testing.T) {
	for name, damage := range map[string]func(data []byte){
		"length":  func(data []byte) { binary.LittleEndian.PutUint32(data, 1<<30) },
		"nothing": func(data []byte) { binary.LittleEndian.PutUint32(data, 0) },
		"zeroes":  func(data []byte) { clear(data[40 : 40+2*sector]) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := filled(t)
			path := linksBlock(t, dir)
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			at := 0
			for at < len(data)/2 {
				n, ok, err := checkRecord(data[at:], blockKey("KV_links", 1))
				if err != nil || !ok {
					t.Fatal(at, err)
				}
				at += n
			}
			damage(data[at:])
			// Without its index, which knows how much there was.
			err = errors.Join(os.WriteFile(path, data, 0o600), os.Remove(filepath.Join(dir, closedFile)), os.Remove(filepath.Join(filepath.Dir(path), indexFile)))
			if err != nil {
				t.Fatal(err)
			}
			h, err := Verify(dir)
			if torn := name == "zeroes"; err != nil || torn != (len(h.Torn) == 1) || torn == (len(h.Damage) == 1) {
				t.Errorf("%+v, %v", h, err)
			}
		})
	}
}
