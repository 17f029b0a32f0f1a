package runner_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
	"github.com/crosswalk-go/crosswalk/server/runtime/runner"
)

// TestStoppedBeforeItsTurn stops a run while as many documents as may be are at a target that does not answer, and one more, whose intent stands in the links,
// waits for its turn. That one was not sent: it leaves no doubt, and the next run makes it.
func TestStoppedBeforeItsTurn(t *testing.T) {
	const workers, documents = 4, 5
	p := &plain{documents: documents}
	sending := make(chan string, documents)
	open := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			p.ServeHTTP(w, r)
			return
		}
		p.ServeHTTP(httptest.NewRecorder(), r)
		sending <- r.URL.Path
		<-open // and then there is nobody who reads the answer
	}))
	t.Cleanup(server.Close)
	answer := sync.OnceFunc(func() { close(open) })
	t.Cleanup(answer)
	p.drafts = map[string]int{}
	// All come to their writes together, so that none of them waits for a look-up.
	var together sync.WaitGroup
	together.Add(documents)
	var begun atomic.Int64
	s := plainSetOf(t, t.TempDir(), server.URL, plainFlow(t, port.Order), runner.Options{Fault: func(point string) {
		if point == "before-write" && begun.Add(1) <= documents {
			together.Done()
			together.Wait()
		}
	}}, flow.Pace{Grace: 300 * time.Millisecond, Settle: time.Millisecond, Probes: 1, Attempts: 1})
	links := func() (pending []string) {
		for i := range documents {
			id := "o-" + strconv.Itoa(i)
			link, _, err := s.store.Links(s.flow.Name).Link(t.Context(), port.Order, id)
			if err != nil {
				t.Fatal(err)
			}
			if !link.PendingSince.IsZero() {
				pending = append(pending, id)
			}
		}
		return pending
	}
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		for range workers {
			<-sending
		}
		for len(links()) < documents {
			time.Sleep(time.Millisecond)
		}
		stop()
	}()
	if summary, err := s.engine.Run(ctx, s.flow, runner.RunOptions{Workers: workers}); err == nil || summary.InDoubt != workers {
		t.Errorf("%s %v", summary, err)
	}
	if left := links(); len(left) != workers || p.writes.Load() != workers {
		t.Errorf("%v are in doubt, and %d were sent", left, p.writes.Load())
	}
	answer()
	summary, err := s.engine.Run(t.Context(), s.flow, runner.RunOptions{Workers: workers})
	if err != nil || summary.Created != 1 || summary.InDoubt != 0 || p.writes.Load() != documents {
		t.Errorf("the run after it: %s %v, %d were sent", summary, err, p.writes.Load())
	}
}
