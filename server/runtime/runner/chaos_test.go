package runner_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors/faults"
	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/server/runtime/runner"
)

// number reads a number from the environment.
func number(t *testing.T, name string, unsaid int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return unsaid
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// TestChaos sends orders through systems that fail in 5 % of all calls, some of them after the work was done, while the process is
// killed again and again. At the end every paid order stands in the books once, each customer once, and the account balances.
//
// The whole of it is `make chaos`, with SEED to repeat it: CROSSWALK_CHAOS_ORDERS, CROSSWALK_CHAOS_KILLS and CROSSWALK_CHAOS_SEED.
func TestChaos(t *testing.T) {
	if testing.Short() {
		t.Skip("starts many processes")
	}
	t.Parallel()
	orders, kills := number(t, "CROSSWALK_CHAOS_ORDERS", 150), number(t, "CROSSWALK_CHAOS_KILLS", 6)
	seed := uint64(number(t, "CROSSWALK_CHAOS_SEED", 1))
	random := rand.New(rand.NewPCG(seed, 0))
	injected := uint64(0)
	w := newWorld(t, func(next http.Handler) http.Handler {
		plan, err := faults.Parse("429=1%, 500=1%, cut=1%, lost=1%, late=1%", faults.Words{})
		if err != nil {
			t.Fatal(err)
		}
		in := &faults.Injector{Exempt: func(r *http.Request) bool { return strings.Contains(r.URL.Path, "token") }}
		injected++
		in.Seed(seed + injected)
		for _, f := range plan {
			in.Fault(f)
		}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { in.Serve(w, r, next.ServeHTTP) })
	})
	w.addOrders(t, orders, max(10, orders/20))
	dir := t.TempDir()
	// Most kills come when so many drafts more stand in the books, and some thousandths of a second later, so that together they meet the whole
	// of the work; the others after a time, in which there may be none yet.
	killed, during := 0, 0
	for round := 0; killed < kills && round < 3*kills; round++ {
		more, after := 1+random.IntN(max(1, 3*orders/(2*kills))), time.Duration(random.Int64N(int64(30*time.Millisecond)))
		if round%4 == 0 {
			more, after = 0, 200*time.Millisecond+time.Duration(random.Int64N(int64(2*time.Second)))
		}
		before := w.drafts(t)
		if killAfter(t, dir, func() bool { return w.drafts(t) >= before+more }, after) {
			killed++
			if w.drafts(t) > before {
				during++
			}
		}
	}
	t.Logf("killed %d times, %d of them after it had made drafts, %d drafts by then; seed %d", killed, during, w.drafts(t), seed)
	if killed < kills/2 || during < killed/3 {
		t.Errorf("the process was killed %d times only, %d of them while it made drafts", killed, during)
	}

	s := opened(t, dir, runner.Options{})
	var left []runner.Unsettled
	for range 40 {
		began := time.Now()
		summary, err := s.engine.Run(t.Context(), s.flow, runner.RunOptions{Workers: 4})
		t.Logf("%s in %s, %v", summary, time.Since(began).Round(time.Millisecond), err)
		if left, err = s.engine.Unsettled(t.Context(), flowName); err != nil {
			t.Fatal(err)
		}
		depth := balanced(t, s).Queued
		if depth == 0 && len(left) == 1 && left[0].Key == "10007" {
			break
		}
		time.Sleep(quick.Settle)
	}
	if len(left) != 1 || left[0].Key != "10007" {
		t.Errorf("unsettled at the end: %+v", left)
	}
	counting := time.Now()
	drafts, customers := w.count(t)
	t.Logf("counted in %s", time.Since(counting))
	for order, n := range drafts {
		if n != 1 {
			t.Errorf("order %s stands in the books %d times", order, n)
		}
	}
	if want := orders + 7; len(drafts) != want {
		t.Errorf("%d orders stand in the books, want %d", len(drafts), want)
	}
	for email, n := range customers {
		if n != 1 && strings.HasPrefix(email, "buyer") {
			t.Errorf("%s is in the books %d times", email, n)
		}
	}
	a := balanced(t, s)
	if a.Queued != 0 {
		t.Errorf("%s", a)
	}
	if want := orders + 6; a.Created != want {
		t.Errorf("%d orders were made, and the activity says %s", want, a)
	}
	t.Log(a)
	tally, _, err := s.engine.Activity().Tally(t.Context(), flowName, time.Time{}, time.Time{})
	if err != nil || tally[flow.Created] != a.Created {
		t.Errorf("%v, %v", tally, err)
	}
}

// killAfter runs the flow in a process of its own and kills it a time after ripe; it tells whether that was before its end.
func killAfter(t *testing.T, dir string, ripe func() bool, after time.Duration) bool {
	t.Helper()
	cmd := worldOf(t).command(t.Context(), "CROSSWALK_TEST_RUN="+dir, "CROSSWALK_TEST_WORKERS=4")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	var killer sync.WaitGroup
	killer.Go(func() {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for !ripe() {
			select {
			case <-ended:
				return
			case <-tick.C:
			}
		}
		select {
		case <-ended:
		case <-time.After(after):
			_ = cmd.Process.Signal(syscall.SIGKILL)
		}
	})
	err := cmd.Wait()
	close(ended)
	killer.Wait()
	if err == nil {
		return false
	}
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return true
	}
	if text := out.String(); strings.Contains(text, "panic") {
		t.Fatal(fmt.Errorf("%w: %s", err, text))
	}
	return false // it ended by a failure of the systems: that is what the next run is for
}
