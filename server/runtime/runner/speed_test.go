package runner_test

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine/port"
	"github.com/crosswalk-go/crosswalk/server/runtime/runner"
)

var (
	speedDocuments = flag.Int("speed", 0, "how many documents TestSpeed lets cross, a quarter of them where systems take their time; 0 for a few, unmeasured")
	speedWorkers   = flag.Int("workers", 256, "how many documents TestSpeed has at systems that answer at once")
	speedTurns     = flag.Int("turns", 3, "how often TestSpeed measures")
)

// TestSpeed lets orders cross on a store on the disk, and makes the same calls in a bare loop. Both must send the same documents with as many
// calls; how long both take is printed, and is judged by people: see docs/performance.md.
func TestSpeed(t *testing.T) {
	for _, way := range []struct {
		name      string
		pause     time.Duration
		documents int
		workers   int
	}{
		{"systems answer in 20 ms", 20 * time.Millisecond, *speedDocuments / 4, 16},
		{"systems answer at once", 0, *speedDocuments, *speedWorkers},
	} {
		turns := *speedTurns
		if way.documents == 0 {
			way.documents, turns, way.workers = 120, 1, 16
		}
		t.Run(way.name, func(t *testing.T) {
			var ratios, rates []float64
			for range turns {
				bare, bareCPU, calls := timed(t, way.documents, way.workers, way.pause, func(p *plain, at string) func() {
					return func() { bareLoop(t, p, at, way.workers) }
				})
				durable, cpu, durableCalls := timed(t, way.documents, way.workers, way.pause, func(_ *plain, at string) func() {
					s := plainSet(t, t.TempDir(), at, port.Order, runner.Options{})
					return func() {
						summary, err := s.engine.Run(t.Context(), s.flow, runner.RunOptions{Workers: way.workers})
						if err != nil || summary.Created != way.documents {
							t.Fatalf("%s, %v", summary, err)
						}
					}
				})
				// All documents that are in hand at the start may ask for both articles.
				if spare := durableCalls - calls; spare < 0 || spare > 3*int64(way.workers) {
					t.Errorf("the flow made %d calls, the loop %d", durableCalls, calls)
				}
				n := float64(way.documents)
				ratios, rates = append(ratios, durable.Seconds()/bare.Seconds()), append(rates, n/durable.Seconds())
				t.Logf("%d documents, %d at the systems: %6.0f a second, %5.0f µs CPU each; bare loop %6.0f a second, %5.0f µs CPU each: %.2f times as long",
					way.documents, way.workers, n/durable.Seconds(), micros(cpu)/n, n/bare.Seconds(), micros(bareCPU)/n, durable.Seconds()/bare.Seconds())
			}
			t.Logf("median: %.0f documents a second, %.2f times as long as the bare loop", median(rates), median(ratios))
		})
	}
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

// timed starts the systems, makes ready, lets the documents cross, and holds each to have crossed once, with as many calls in flight as may be at most.
func timed(t *testing.T, documents, workers int, pause time.Duration, ready func(p *plain, at string) (cross func())) (took, cpu time.Duration, calls int64) {
	t.Helper()
	p := &plain{documents: documents, pause: pause}
	at := p.start(t)
	cross := ready(p, at)
	began, used := time.Now(), cpuTime(t)
	cross()
	took, cpu = time.Since(began), cpuTime(t)-used
	for i := range documents {
		if n := p.drafts[strconv.Itoa(i)]; n != 1 {
			t.Fatalf("order %d crossed %d times", i, n)
		}
	}
	if most := p.most.Load(); most > int64(workers) {
		t.Errorf("%d calls were in flight at a time, and %d may be", most, workers)
	}
	return took, cpu, p.calls.Load()
}

// cpuTime is what this process has used so far.
func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		t.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// bareLoop makes the calls that the flow makes, and nothing else: it looks for each order and its customer, and makes the draft.
func bareLoop(t *testing.T, p *plain, at string, workers int) {
	t.Helper()
	client := &http.Client{Transport: plainTransport()}
	defer client.CloseIdleConnections()
	call := func(method, path string, body []byte) []byte {
		r, err := http.NewRequestWithContext(t.Context(), method, at+path, bytes.NewReader(body))
		if err != nil {
			t.Error(err)
			return nil
		}
		answer, err := client.Do(r)
		if err != nil {
			t.Error(err)
			return nil
		}
		defer answer.Body.Close()
		out, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode >= 300 {
			t.Error(answer.Status, err)
		}
		return out
	}
	orders := make(chan gjson.Result, 1000)
	var hands sync.WaitGroup
	for range workers {
		hands.Go(func() {
			for o := range orders {
				number := o.Get("number").String()
				call("GET", "/drafts?reference="+number, nil)
				call("GET", "/customers?email="+o.Get("customer.email").String(), nil)
				call("POST", "/drafts", fmt.Appendf(nil, `{"Reference":%q,"CustomerId":"c","OrderDate":"2026-06-01","Rows":[{"ArticleId":"a-NK-BEAN","Text":"House beans","Quantity":1,"UnitPrice":12.10,"Amount":12.10},`+
					`{"ArticleId":"a-NK-MUG","Text":"Mug","Quantity":1,"UnitPrice":7.90,"Amount":7.90}],"Shipping":4.95,"Total":24.95}`, number))
			}
		})
	}
	call("GET", "/articles?sku=NK-BEAN", nil)
	call("GET", "/articles?sku=NK-MUG", nil)
	for from := 0; from <= p.documents; from += plainPage {
		for _, o := range gjson.ParseBytes(call("GET", "/orders?from="+strconv.Itoa(from), nil)).Array() {
			orders <- o
		}
	}
	close(orders)
	hands.Wait()
}
