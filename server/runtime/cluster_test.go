package runtime

import (
	"sync"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
)

// TestBucketsOpenedTogether opens a bucket as the workers of a cluster do that start at once. Making it lets any server answer, and then only the
// one that writes may: no handle may go on asking those that do not answer any more.
func TestBucketsOpenedTogether(t *testing.T) {
	r := open(t, t.TempDir())
	cfg := jetstream.KeyValueConfig{Bucket: "together"}
	for range 10 {
		handles := make([]jetstream.KeyValue, 8)
		var opening sync.WaitGroup
		for i := range handles {
			opening.Go(func() {
				if _, err := r.js.CreateOrUpdateKeyValue(t.Context(), cfg); err != nil {
					t.Error(err)
					return
				}
				kv, err := r.askLeader(t.Context(), cfg.Bucket)
				if err != nil {
					t.Error(err)
					return
				}
				handles[i] = kv
			})
		}
		opening.Wait()
		if t.Failed() {
			return
		}
		if err := put(t.Context(), handles[0], "k", []byte("v")); err != nil {
			t.Fatal(err)
		}
		for i, kv := range handles {
			if value, ok, err := get(t.Context(), kv, "k"); err != nil || !ok || string(value) != "v" {
				t.Errorf("handle %d reads %q, %v, %v", i, value, ok, err)
			}
		}
	}
}
