package engine_test

import (
	"context"
	"flag"
	"fmt"
	"runtime"
	"testing"

	"github.com/crosswalk-go/crosswalk/engine"
)

var memoryDocuments = flag.Int("documents", 50_000, "how many documents TestMemoryStaysFlat maps")

// TestMemoryStaysFlat maps a stream of documents of which no two are the same: values, names that no rule reads, the order of
// members, patterns and the length of lists change, and every thousandth is large or no JSON. What lives after them is what
// lived after the first tenth.
func TestMemoryStaysFlat(t *testing.T) {
	documents := *memoryDocuments
	m := parse(t, `
from: any
to: any
rules:
  number: '"SW-" + number'
  kind: {lookup: kinds, key: kind, missing: omit}
  total: {expr: 'sum(lines, .price * 1.21)', round: 2}
  odd: 'number matches pattern'
  lines[]: {each: lines, as: line}
  lines[].sku: upper(line.sku)
tables: {kinds: {a: first, b: second}}
`)
	doc, out := []byte(nil), []byte(nil)
	live := func() int64 {
		var s runtime.MemStats
		runtime.GC()
		runtime.GC() // a pool keeps what it held for one more
		runtime.ReadMemStats(&s)
		return int64(s.HeapAlloc)
	}
	var before int64
	for i := range documents {
		if i == documents/10 {
			before = live()
		}
		doc = fmt.Appendf(doc[:0], `{"x%d":{"y%d":[%d]},"kind":"%c","number":"%d","pattern":"%d$","lines":[`, i, i%7, i, 'a'+i%3, i, i%5000)
		lines := 1 + i%3
		if i%1000 == 0 {
			lines = 500
		}
		for k := range lines {
			if k > 0 {
				doc = append(doc, ',')
			}
			doc = fmt.Appendf(doc, `{"sku":"sw-%d","price":%d.%02d}`, i, i, i%100)
		}
		broken := i%1000 == 999
		if doc = append(doc, ']'); !broken {
			doc = append(doc, '}')
		}
		var err error
		if out, err = m.Append(context.Background(), out[:0], doc, engine.Input{}); (err != nil) != broken {
			t.Fatalf("%s: %v", doc, err)
		}
	}
	const most = 512 << 10
	if grown := live() - before; grown > most {
		t.Errorf("after %d more documents %d bytes more are held", documents-documents/10, grown)
	} else {
		t.Logf("%d bytes held after a tenth of %d documents, %+d after all", before, documents, grown)
	}
}
