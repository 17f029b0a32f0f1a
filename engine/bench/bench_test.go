package main

import (
	"runtime"
	"slices"
	"testing"

	"github.com/crosswalk-go/crosswalk/engine/bench/fixtures"
	"github.com/crosswalk-go/crosswalk/engine/bench/paired"
	"github.com/crosswalk-go/crosswalk/engine/bench/peers"
)

// BenchmarkMap is every peer on every workload, for benchstat and for profiles:
//
//	go test -run '^$' -bench 'Map/order/crosswalk' -cpuprofile cpu.out
func BenchmarkMap(b *testing.B) {
	for _, w := range slices.Concat(fixtures.Workloads, fixtures.Lines) {
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
