package rest

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestNoWindowHoldsMoreThanTheBudget(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 50).Draw(t, "n")
		per := time.Minute
		l := NewLimiter(n, per)
		now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
		var sent []time.Time
		for range rapid.IntRange(1, 200).Draw(t, "calls") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(3*time.Second)).Draw(t, "gap")))
			if rapid.IntRange(0, 9).Draw(t, "refused") == 0 {
				l.hold(now.Add(time.Minute))
			}
			wait, ok := l.reserve(now, 1000*time.Hour)
			if !ok {
				t.Fatalf("refused with a wait of %v", wait)
			}
			sent = append(sent, now.Add(wait))
		}
		for i := n; i < len(sent); i++ {
			// Reservations are whole nanoseconds, rounded.
			if window := sent[i].Sub(sent[i-n]); window < per-time.Microsecond {
				t.Fatalf("requests %d to %d of a budget of %d fall within %v", i-n, i, n, window)
			}
		}
	})
}

func TestLimiterRefusesAndHolds(t *testing.T) {
	l := NewLimiter(1, time.Minute)
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	if wait, ok := l.reserve(now, 0); !ok || wait != 0 {
		t.Fatalf("the first waits %v, %v", wait, ok)
	}
	if wait, ok := l.reserve(now, 59*time.Second); ok || wait != time.Minute {
		t.Errorf("the second waits %v, %v", wait, ok)
	}
	// The refused one took nothing: after a minute the budget is there.
	if wait, ok := l.reserve(now.Add(time.Minute), 0); !ok || wait != 0 {
		t.Errorf("after a minute it waits %v, %v", wait, ok)
	}
	later := now.Add(time.Hour)
	l.hold(later.Add(41 * time.Second))
	l.hold(later.Add(5 * time.Second)) // a shorter word does not lift the longer one
	if wait, ok := l.reserve(later, 40*time.Second); ok || wait != 41*time.Second {
		t.Errorf("held, it waits %v, %v", wait, ok)
	}
	for i := range 3 { // one a minute, from the end of the pause
		want := 41*time.Second + time.Duration(i)*time.Minute
		if wait, ok := l.reserve(later, time.Hour); !ok || wait != want {
			t.Errorf("number %d behind the pause waits %v, %v", i, wait, ok)
		}
	}
}

func TestBudgetsShareByKeyAndForgetTheIdle(t *testing.T) {
	var b Budgets
	first := b.Limiter("client /v2/orders", 600, time.Minute)
	if b.Limiter("client /v2/orders", 600, time.Minute) != first {
		t.Error("one key, two budgets")
	}
	if b.Limiter("client /v2/customers", 600, time.Minute) == first {
		t.Error("two keys, one budget")
	}
	busy := b.Limiter("busy", 1, time.Hour)
	busy.reserve(time.Now(), 0)
	for i := range 2 * budgetsKept {
		b.Limiter(fmt.Sprint(i), 600, time.Minute)
	}
	if len(b.keys) > budgetsKept {
		t.Errorf("%d keys kept", len(b.keys))
	}
	if b.Limiter("busy", 1, time.Hour) != busy {
		t.Error("a spent budget was forgotten")
	}
}
