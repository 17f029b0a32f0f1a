package rest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// witness writes down what it hears.
type witness struct {
	mu    sync.Mutex
	heard []string
}

type spanKey struct{}

func (w *witness) say(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.heard = append(w.heard, fmt.Sprintf(format, args...))
}

func (w *witness) Call(ctx context.Context, c connectors.Call) (context.Context, func(connectors.Ended)) {
	left := "unbounded"
	if c.Budget != nil {
		left = fmt.Sprintf("%.0f left", *c.Budget)
	}
	w.say("%s/%s %s #%d, %s", c.Connection, c.System, c.Op, c.Attempt, left)
	return context.WithValue(ctx, spanKey{}, c.Attempt), func(e connectors.Ended) {
		w.say("%d %v open=%t", e.Status, e.Kind, e.Open)
	}
}

func (w *witness) Wait(_ context.Context, p connectors.Wait) { w.say("waits for %s: %s", p.Why, p.For) }

// TestObserver holds that each attempt is told once with its end, waits with their reasons, the budget, and the state of the breaker.
func TestObserver(t *testing.T) {
	s := serve(t, status(503, "", "Retry-After", "7"), status(200, "{}"), status(503, ""))
	w, clk, budget := &witness{}, newClock(), rest.NewLimiter(20, time.Minute)
	var spans []any
	c := client(t, s.URL, clk, func(cfg *rest.Config) {
		cfg.Observer, cfg.Connection = w, "webshop"
		cfg.Limit = func(rest.Request) *rest.Limiter { return budget }
		cfg.Breaker = rest.Breaker{Failures: 3, Open: time.Minute}
		cfg.Capture = func(ctx context.Context) func(rest.Exchange) { spans = append(spans, ctx.Value(spanKey{})); return nil }
	})
	get := rest.Request{Path: "/customers/ann@example.com", Route: "/customers/{email}"}
	if _, err := c.Do(t.Context(), get); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Do(t.Context(), get); !errors.Is(err, port.ErrOutage) {
		t.Fatal(err)
	}
	if _, err := c.Do(t.Context(), get); !errors.Is(err, rest.ErrOpen) {
		t.Fatal(err)
	}
	call := "webshop/shop GET /customers/{email} "
	want := []string{
		call + "#1, 1 left", "503 not reachable open=false", "waits for retry: 7.5s", call + "#2, 1 left", "200 <nil> open=false",
	}
	if len(w.heard) < len(want) || !slices.Equal(w.heard[:len(want)], want) {
		t.Errorf("heard %q\nwant  %q", w.heard, want)
	}
	if last := w.heard[len(w.heard)-1]; last != "0 not reachable open=true" {
		t.Errorf("a call that the breaker refused ended as %q", last)
	}
	if !slices.ContainsFunc(w.heard, func(h string) bool { return h[:min(16, len(h))] == "waits for budget" }) {
		t.Errorf("no wait for the budget in %q", w.heard)
	}
	if len(spans) < 2 || spans[0] != 1 || spans[1] != 2 {
		t.Errorf("the attempts went on with the contexts %v", spans)
	}
}
