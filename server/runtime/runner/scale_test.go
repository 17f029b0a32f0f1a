package runner_test

import (
	"flag"
	"os"
	"os/exec"
	goruntime "runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
	"github.com/crosswalk-go/crosswalk/server/runtime/runner"
)

var stockDocuments = flag.Int("stocks", 2_000, "how many stock documents TestStockStaysFlat lets cross")

const aloneVariable = "CROSSWALK_TEST_ALONE"

// TestStockStaysFlat lets a stock list cross in one process, of which every tenth has changed. A run of stock plans all of it before it sends
// anything, and what it holds meanwhile, memory, goroutines and open files, is what it held after the first tenth: documents and plans wait on the disk. Each
// document costs as many calls as any other.
func TestStockStaysFlat(t *testing.T) {
	n := *stockDocuments
	if os.Getenv(aloneVariable) == "" { // what other tests of this process leave behind would count
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestStockStaysFlat$", "-test.v", "-test.timeout=0", "-stocks", strconv.Itoa(n))
		cmd.Env = append(os.Environ(), aloneVariable+"=1")
		out, err := cmd.CombinedOutput()
		t.Logf("%s", out)
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	// All together they weigh more than a run may hold, however few they are.
	w := &watched{plain: &plain{documents: n, note: strings.Repeat("A shelf in the north of the hall. ", 700_000/n)}}
	w.looked = func(looks int64) { // the first looks are the planning's
		if looks%int64(n/10) == 0 && looks <= int64(n) {
			w.look()
		}
	}
	at := w.start(t)
	s := plainSet(t, t.TempDir(), at, port.Stock, runner.Options{})
	began, done := time.Now(), 0
	summary, err := s.engine.Run(t.Context(), s.flow, runner.RunOptions{Workers: 16, OnResult: func(flow.Result, flow.Summary) {
		if done++; done%(n/10) == 0 {
			w.look()
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if summary.Read != n || summary.Updated != n/10 || summary.Skipped != n-n/10 || w.writes.Load() != int64(n/10) {
		t.Errorf("%s; %d writes", summary, w.writes.Load())
	}
	// A page of the source for each 250, one look for each stock, a second one and a write for what has changed.
	if calls := w.calls.Load(); calls != int64(n/plainPage+1+n+n/10*2) {
		t.Errorf("%d calls for %d stocks", calls, n)
	}
	tally, _, err := s.engine.Activity().Tally(t.Context(), s.flow.Name, time.Time{}, time.Time{})
	if err != nil || tally[flow.Updated] != n/10 || tally[flow.Skipped] != n-n/10 {
		t.Errorf("the activity has %v, %v", tally, err)
	}
	// While it is sent, the store keeps blocks of its files for a while, which do not become more.
	for phase, most := range []int64{16 << 20, 64 << 20} {
		for _, held := range w.seen[phase*10 : phase*10+10] {
			if held-w.seen[0] > most {
				t.Errorf("%d bytes were held after a tenth of the planning, and %d later: %d kB", w.seen[0], held, kilo(w.seen))
			}
		}
	}
	for i, held := range w.open {
		if held > w.open[0]+100 { // a connection for each worker and side, and what serves them
			t.Errorf("%d goroutines and open files after a tenth of the planning, and %d at look %d: %d", w.open[0], held, i, w.open)
		}
	}
	t.Logf("%d stocks in %s, %s each, %d a second; held after each tenth of planning and of sending, in kB: %v; most memory of the process: %s",
		n, time.Since(began).Round(time.Millisecond), (time.Since(began) / time.Duration(n)).Round(time.Microsecond), int(float64(n)/time.Since(began).Seconds()), kilo(w.seen), peak(t))
}

// watched notes what this process holds while it works.
type watched struct {
	*plain
	mu   sync.Mutex
	seen []int64
	open []int // goroutines, and files where the system tells
}

func (w *watched) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	var m goruntime.MemStats
	goruntime.GC()
	goruntime.GC() // a pool keeps what it held for one more
	goruntime.ReadMemStats(&m)
	w.seen = append(w.seen, int64(m.HeapAlloc))
	files, _ := os.ReadDir("/proc/self/fd") // elsewhere there are none
	w.open = append(w.open, goruntime.NumGoroutine()+len(files))
}

func kilo(bytes []int64) (out []int64) {
	for _, b := range bytes {
		out = append(out, b>>10)
	}
	return out
}

// peak is the most memory that this process has had, where the system tells.
func peak(t *testing.T) string {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(status)) {
		if v, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			return strings.TrimSpace(v)
		}
	}
	return "unknown"
}
