package main

import (
	"context"
	"runtime"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/bench/fixtures"
	"github.com/crosswalk-go/crosswalk/engine/bench/mappings"
	"github.com/crosswalk-go/crosswalk/engine/bench/paired"
	"github.com/crosswalk-go/crosswalk/engine/bench/peers"
)

// BenchmarkMap is every peer on every workload, for benchstat and for profiles:
//
//	go test -run '^$' -bench 'Map/order/crosswalk' -cpuprofile cpu.out
func BenchmarkMap(b *testing.B) {
	for _, w := range fixtures.All() {
		b.Run(w.Name, func(b *testing.B) {
			src := w.Make()
			for _, p := range peers.All() {
				b.Run(p.Name, func(b *testing.B) {
					f, err := p.Make(w.Mapping)
					if err != nil {
						b.Fatal(err)
					}
					b.SetBytes(int64(len(src)))
					b.ReportAllocs()
					for range 2 { // buffers of the first use
						if _, err := f(src); err != nil {
							b.Fatal(err)
						}
					}
					runtime.GC() // the peers before must not pay for this one
					begin, n := paired.CPU(), 0
					for b.Loop() {
						if _, err := f(src); err != nil {
							b.Fatal(err)
						}
						n++
					}
					b.ReportMetric(float64(paired.CPU()-begin)/float64(n), "cpu-ns/op")
				})
			}
		})
	}
}

// BenchmarkStage is an order on its way with less and less to do: all rules, the amounts copied instead of
// computed, one rule, and no mapping at all but gjson's check of the same bytes.
func BenchmarkStage(b *testing.B) {
	src := fixtures.Order(4, 1)
	for _, mapping := range []string{"order", "order-copied", "order-one"} {
		m, err := engine.Load(mapping+".yaml", engine.Files(mappings.FS))
		if err != nil {
			b.Fatal(err)
		}
		b.Run(mapping, func(b *testing.B) {
			b.SetBytes(int64(len(src)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := m.Apply(context.Background(), src, engine.Input{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("gjson-valid", func(b *testing.B) {
		b.SetBytes(int64(len(src)))
		for b.Loop() {
			if !gjson.ValidBytes(src) {
				b.Fatal("the fixture is no JSON")
			}
		}
	})
}

// BenchmarkCompile is what a mapping costs once.
func BenchmarkCompile(b *testing.B) {
	for _, mapping := range []string{"tiny", "order", "product", "catalogue"} {
		b.Run(mapping, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := engine.Load(mapping+".yaml", engine.Files(mappings.FS)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestSkim holds that the skimmer, which says what checking a document costs, comes to the end of one.
func TestSkim(t *testing.T) {
	for _, w := range fixtures.All() {
		if src := w.Make(); skim(src) != len(src) {
			t.Errorf("%s: %d of %d bytes", w.Name, skim(src), len(src))
		}
	}
	for text, want := range map[string]int{`{"a\"]":"\\"}x`: 13, `[[],{"}":1}]`: 12, `{"abcdefgh`: -1} {
		if got := skim([]byte(text)); got != want {
			t.Errorf("%s: %d, want %d", text, got, want)
		}
	}
}

// TestBuilt holds that the mapping whose output is built first makes what order.yaml makes.
func TestBuilt(t *testing.T) {
	src := fixtures.Order(4, 1)
	var outs [2]string
	for i, name := range []string{"order.yaml", "order-built.yaml"} {
		m, err := engine.Load(name, engine.Files(mappings.FS))
		if err != nil {
			t.Fatal(err)
		}
		out, err := m.Apply(context.Background(), src, engine.Input{})
		if err != nil {
			t.Fatal(err)
		}
		outs[i] = string(out)
	}
	if outs[0] != outs[1] {
		t.Errorf("order-built.yaml makes\n%s\nwant\n%s", outs[1], outs[0])
	}
}
