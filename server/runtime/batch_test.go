package runtime

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// TestGatherer lets many workers store at a time. Each learns the place of its own messages, and all of them are there when the store is opened again.
func TestGatherer(t *testing.T) {
	dir := t.TempDir()
	r := open(t, dir)
	cfg := jetstream.StreamConfig{Name: "TEST", Subjects: []string{"test.*"}, AllowAtomicPublish: true}
	if _, err := r.Stream(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	g := r.Gather()
	const workers, rounds = 64, 6
	var mu sync.Mutex
	places := map[uint64]string{}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range rounds {
				var out []Outgoing
				for k := range 1 + w%3 {
					out = append(out, Outgoing{Subject: fmt.Sprintf("test.%d", w), Data: fmt.Appendf(nil, "%d %d %d", w, i, k)})
				}
				receipts, err := g.Publish(t.Context(), out...)
				if err != nil || len(receipts) != len(out) {
					t.Errorf("%v, %v", receipts, err)
					return
				}
				mu.Lock()
				for k, receipt := range receipts {
					if before, twice := places[receipt.Seq]; twice {
						t.Errorf("%s and %s are both at %d", before, out[k].Data, receipt.Seq)
					}
					places[receipt.Seq] = string(out[k].Data)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	closed(t, r)
	if h, err := Verify(dir); err != nil || len(h.Damage) > 0 {
		t.Errorf("%+v, %v", h, err)
	}
	r = open(t, dir)
	s, err := r.Stream(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if n := s.CachedInfo().State.Msgs; n != uint64(len(places)) {
		t.Errorf("%d messages are stored, %d were acknowledged", n, len(places))
	}
	for seq, text := range places {
		if m, err := s.GetMsg(t.Context(), seq); err != nil || string(m.Data) != text {
			t.Fatalf("%d: %v, %v", seq, m, err)
		}
	}
}

// TestPublishAll puts in pages, of which one repeats what is there: what is new of it is stored, and what is not is named.
func TestPublishAll(t *testing.T) {
	r := open(t, t.TempDir())
	for name, batches := range map[string]bool{"BATCHES": true, "NONE": false} {
		if _, err := r.Stream(t.Context(), jetstream.StreamConfig{Name: name, Subjects: []string{name + ".*"}, AllowAtomicPublish: batches, Duplicates: time.Minute}); err != nil {
			t.Fatal(err)
		}
		page := func(from, to int) (out []Outgoing) {
			for i := from; i < to; i++ {
				out = append(out, Outgoing{Subject: name + ".x", Data: fmt.Append(nil, i), ID: fmt.Sprint(i)})
			}
			return out
		}
		for _, part := range [][2]int{{0, 700}, {690, 760}, {0, 3}} {
			receipts, err := r.PublishAll(t.Context(), page(part[0], part[1]))
			if err != nil {
				t.Fatal(err)
			}
			for k, receipt := range receipts {
				i := part[0] + k
				if known := part[0] == 690 && i < 700 || part[1] == 3; receipt != (Receipt{uint64(i + 1), known}) {
					t.Fatalf("%s: message %d: %+v", name, i, receipt)
				}
			}
		}
	}
}

// TestClosingIsHeard shows that what was written before a connection is closed arrives, although writes do not wait for it.
func TestClosingIsHeard(t *testing.T) {
	near, far := net.Pipe()
	c := newRoomy(near)
	const lines = 5000
	for i := range lines {
		if _, err := fmt.Fprintf(c, "%d\n", i); err != nil {
			t.Fatal(err)
		}
	}
	heard := make(chan string, 1)
	go func() {
		all, _ := io.ReadAll(far) // what there is of it is compared
		heard <- string(all)
	}()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	all := <-heard
	if n := strings.Count(all, "\n"); n != lines || !strings.HasSuffix(all, fmt.Sprintf("\n%d\n", lines-1)) {
		t.Errorf("%d lines of %d were heard", n, lines)
	}
	if _, err := c.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a write after closing: %v", err)
	}
}

// BenchmarkPut stores some messages one by one and as a batch: where a batch is no slower is batchFrom.
func BenchmarkPut(b *testing.B) {
	r := open(b, b.TempDir())
	if _, err := r.Stream(b.Context(), jetstream.StreamConfig{Name: "PUT", Subjects: []string{"put.>"}, AllowAtomicPublish: true}); err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{1, 8, batchFrom, 16, 64} {
		messages := make([]Outgoing, n)
		for i := range messages {
			messages[i] = Outgoing{Subject: fmt.Sprintf("put.%d", i), Data: make([]byte, 800)}
		}
		for how, put := range map[string]func(context.Context, []Outgoing) ([]Receipt, error){"each": r.putEach, "batch": r.putBatch} {
			b.Run(fmt.Sprintf("%d/%s", n, how), func(b *testing.B) {
				for b.Loop() {
					if _, err := put(b.Context(), messages); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
