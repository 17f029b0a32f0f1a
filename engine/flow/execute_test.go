package flow_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// on makes the nth call of a kind meet a fault.
func on(call string, meets ...fault) func(string) fault {
	n := 0
	return func(c string) fault {
		if c != call || n >= len(meets) {
			return none
		}
		n++
		return meets[n-1]
	}
}

// TestFaults says what one order comes to when a call goes wrong, and that the runs after it put it right.
func TestFaults(t *testing.T) {
	cases := []struct {
		name     string
		next     func(string) fault
		prepare  func(*world)
		outcome  flow.Outcome
		code     string
		attempts int
		later    []flow.Outcome // of runs after Settle, one each
	}{
		{name: "the answer is lost after the draft was made", next: on("create invoiceDraft", lostAfter), outcome: flow.Created, attempts: 2, later: []flow.Outcome{flow.Skipped}},
		{name: "the answer is lost before the draft was made", next: on("create invoiceDraft", lostBefore), outcome: flow.InDoubt, code: flow.DoubtLost, attempts: 2, later: []flow.Outcome{flow.Created, flow.Skipped}},
		{name: "the answer is lost after the customer was made", next: on("create customer", lostAfter), outcome: flow.Created, attempts: 2, later: []flow.Outcome{flow.Skipped}},
		{name: "the answer is lost before the customer was made", next: on("create customer", lostBefore), outcome: flow.InDoubt, code: flow.DoubtLost, attempts: 1, later: []flow.Outcome{flow.Created, flow.Skipped}},
		{name: "too many calls, then not", next: on("create invoiceDraft", busy, busy, down), outcome: flow.Created, attempts: 5, later: []flow.Outcome{flow.Skipped}},
		{name: "too many calls for good", next: on("create invoiceDraft", busy, busy, busy, busy), outcome: flow.Failed, code: flow.FailUnreachable, attempts: 5, later: []flow.Outcome{flow.Created}},
		{name: "a look-up that fails is not a none", next: on("find customer", down, down, down, down), outcome: flow.Failed, code: flow.FailUnreachable, later: []flow.Outcome{flow.Created}},
		{name: "a look-up that fails at first", next: on("find customer", down, busy, down), outcome: flow.Created, attempts: 2, later: []flow.Outcome{flow.Skipped}},
		{name: "a probe that fails at first", next: script("create invoiceDraft", lostAfter, "find invoiceDraft", down, "find invoiceDraft", busy), outcome: flow.Created, attempts: 2, later: []flow.Outcome{flow.Skipped}},
		{name: "the process dies after the draft was made", next: on("create invoiceDraft", crashAfter), outcome: flow.InDoubt, code: flow.DoubtLost, attempts: 2, later: []flow.Outcome{flow.Skipped}},
		{name: "the process dies before the draft was made", next: on("create invoiceDraft", crashBefore), outcome: flow.InDoubt, code: flow.DoubtLost, attempts: 2, later: []flow.Outcome{flow.Created, flow.Skipped}},
		{name: "the draft cannot be asked for and its answer is lost", next: on("create invoiceDraft", lostBefore), prepare: func(w *world) { w.books.noProbe = true },
			outcome: flow.InDoubt, code: flow.DoubtUnprobed, attempts: 2, later: []flow.Outcome{flow.InDoubt, flow.InDoubt}},
		{name: "the draft cannot be asked for", prepare: func(w *world) { w.books.noProbe = true }, outcome: flow.Created, attempts: 2, later: []flow.Outcome{flow.Skipped}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := with(newWorld(), order(1))
			if c.prepare != nil {
				c.prepare(w)
			}
			w.books.next = c.next
			_, results, _ := w.run(t, flow.RunOptions{})
			r := results["1"]
			if r.Outcome != c.outcome || r.Code != c.code || r.Attempts != c.attempts {
				t.Fatalf("%s %s after %d attempts (%s), want %s %s after %d", r.Outcome, r.Code, r.Attempts, r.Reason, c.outcome, c.code, c.attempts)
			}
			w.books.dead, w.books.next = false, nil
			for i, want := range c.later {
				w.clock.now = w.clock.now.Add(3 * time.Minute)
				s, results, err := w.run(t, flow.RunOptions{FromStart: true})
				if err != nil {
					t.Fatal(err)
				}
				if got := results["1"].Outcome; got != want {
					t.Fatalf("run %d: %s (%s), want %s; %s", i+2, got, results["1"].Reason, want, s)
				}
			}
			if n := w.books.count("invoiceDraft", "1"); n > 1 || n == 0 && slices.Contains(c.later, flow.Created) {
				t.Errorf("the order is there %d times", n)
			}
			if n := w.books.count("customer", "anna1@example.nl"); n != 1 {
				t.Errorf("the customer is there %d times", n)
			}
		})
	}
}

// script makes calls meet faults in the order told: each fault waits for its call.
func script(steps ...any) func(string) fault {
	i := 0
	return func(c string) fault {
		if i < len(steps) && steps[i] == c {
			i += 2
			return steps[i-1].(fault)
		}
		return none
	}
}

// TestNoBlindRepeat shows that an order whose answer was lost is not sent again before the target has had time to
// show it, even by a run that starts at once.
func TestNoBlindRepeat(t *testing.T) {
	w := with(newWorld(), order(1))
	w.books.next = on("create invoiceDraft", lostAfter)
	w.books.blind = "invoiceDraft" // the index lags behind
	_, results, _ := w.run(t, flow.RunOptions{})
	if r := results["1"]; r.Outcome != flow.InDoubt {
		t.Fatalf("first run: %s", r.Outcome)
	}
	_, results, _ = w.run(t, flow.RunOptions{})
	if r := results["1"]; r.Outcome != flow.InDoubt || r.Code != flow.DoubtPending {
		t.Fatalf("second run: %s %s", r.Outcome, r.Code)
	}
	w.books.blind = ""
	_, results, _ = w.run(t, flow.RunOptions{})
	if r := results["1"]; r.Outcome != flow.Skipped || r.Code != flow.SkipExists {
		t.Fatalf("third run: %s %s", r.Outcome, r.Reason)
	}
	if n := w.books.count("invoiceDraft", "1"); n != 1 {
		t.Fatalf("%d drafts", n)
	}
}

// TestConflict shows that a target that says "already exists" is believed and looked at again.
func TestConflict(t *testing.T) {
	t.Run("the target says so but cannot show it", func(t *testing.T) {
		w := with(newWorld(), order(1))
		w.books.unique = true
		w.books.put("customer", `{"EmailAddress":"ANNA1@example.nl"}`)
		w.books.blind = "customer"
		_, results, _ := w.run(t, flow.RunOptions{})
		if r := results["1"]; r.Outcome != flow.Failed || r.Code != flow.FailConflict {
			t.Fatalf("blind: %s %s %s", r.Outcome, r.Code, r.Reason)
		}
		w.books.blind = ""
		_, results, _ = w.run(t, flow.RunOptions{})
		if r := results["1"]; r.Outcome != flow.Created {
			t.Fatalf("seeing: %s %s", r.Outcome, r.Reason)
		}
		if n := w.books.count("customer", "anna1@example.nl"); n != 1 {
			t.Fatalf("%d customers", n)
		}
	})
	t.Run("it can be found on the second look", func(t *testing.T) {
		w := with(newWorld(), order(1))
		w.books.unique = true
		calls := 0
		w.books.next = func(call string) fault {
			calls++
			switch {
			case call == "find customer" && w.books.count("customer", "anna1@example.nl") == 0:
				w.books.blind = "customer"
				w.books.put("customer", `{"EmailAddress":"anna1@example.nl"}`)
			case call == "find customer":
				w.books.blind = ""
			}
			return none
		}
		_, results, _ := w.run(t, flow.RunOptions{})
		r := results["1"]
		if r.Outcome != flow.Created {
			t.Fatalf("%s %s", r.Outcome, r.Reason)
		}
		if got := w.books.writes(); !slices.Equal(got, []string{"create customer", "create invoiceDraft"}) {
			t.Fatalf("writes %q", got)
		}
	})
	t.Run("the order came in between", func(t *testing.T) {
		w := with(newWorld(), order(1))
		w.books.unique = true
		w.books.next = func(call string) fault {
			if call == "create customer" {
				w.books.put("invoiceDraft", `{"BuyersOrderReference":"1"}`)
			}
			return none
		}
		_, results, _ := w.run(t, flow.RunOptions{})
		if r := results["1"]; r.Outcome != flow.Skipped || r.Code != flow.SkipExists || w.store.links["order/o-1"].TargetID == "" {
			t.Fatalf("%s %s %+v", r.Outcome, r.Reason, w.store.links)
		}
	})
}

// TestStopped shows that a run that is stopped finishes what it has in hand and leaves the rest.
func TestStopped(t *testing.T) {
	w := with(newWorld(), order(1), order(2), order(3))
	ctx, cancel := context.WithCancel(context.Background())
	w.books.next = func(call string) fault {
		if call == "create customer" {
			cancel()
		}
		return none
	}
	s, err := w.process(t).Run(ctx, flow.RunOptions{})
	if err == nil || !strings.Contains(err.Error(), context.Canceled.Error()) {
		t.Fatalf("error %v", err)
	}
	if s.Created != 1 || s.Read != 1 || !s.Balanced() {
		t.Fatalf("%s", s)
	}
	if l := w.store.links["order/o-1"]; l.TargetID == "" {
		t.Fatal("the order in hand was not remembered")
	}
	w.books.next = nil
	if s, _, err = w.run(t, flow.RunOptions{}); err != nil || s.Created != 2 {
		t.Fatalf("the next run: %s %v", s, err)
	}
}

// TestStops says what ends a run early: what would hit every other document, too.
func TestStops(t *testing.T) {
	orders := []string{order(1), order(2), order(3), order(4), order(5)}
	t.Run("the store fails", func(t *testing.T) {
		w := with(newWorld(), orders...)
		w.store.fail = errCrashed
		s, _, err := w.run(t, flow.RunOptions{})
		if err == nil || s.Read != 1 || s.Failed != 1 || len(w.books.writes()) != 0 {
			t.Fatalf("%s %v, wrote %v", s, err, w.books.writes())
		}
	})
	t.Run("the target is down", func(t *testing.T) {
		w := with(newWorld(), orders...)
		w.books.next = func(string) fault { return down }
		s, _, err := w.run(t, flow.RunOptions{})
		if err == nil || s.Read != 3 || s.Failed != 3 {
			t.Fatalf("%s %v", s, err)
		}
	})
	t.Run("the target wants to be left alone", func(t *testing.T) {
		w := with(newWorld(), orders...)
		w.books.next = func(string) fault { return busy }
		s, _, err := w.run(t, flow.RunOptions{})
		if err == nil || s.Read != 3 || s.Failed != 3 {
			t.Fatalf("%s %v", s, err)
		}
	})
	t.Run("the source fails on the way", func(t *testing.T) {
		w := with(newWorld(), orders...)
		w.shop.fail = &port.Error{Kind: port.ErrOutage, System: "shop", Op: "read"}
		s, _, err := w.run(t, flow.RunOptions{})
		if err == nil || s.Created != 5 {
			t.Fatalf("%s %v", s, err)
		}
	})
	t.Run("a mapping panics", func(t *testing.T) {
		w := with(newWorld(), order(1, "panic", "true"), order(2))
		w.flow.Mappings.Read = mapper(func(ctx context.Context, doc []byte, in engineInput) ([]byte, error) {
			if strings.Contains(string(doc), "panic") {
				panic("oh")
			}
			return doc, nil
		})
		s, results, err := w.run(t, flow.RunOptions{})
		if err != nil || s.Failed != 1 || s.Created != 1 || results["1"].Code != flow.FailInternal {
			t.Fatalf("%s %v", s, err)
		}
	})
}

// TestDecide shows that a person's word is held to what the target can be asked: a slip must not make an order that nobody sent a settled one.
func TestDecide(t *testing.T) {
	w := with(newWorld(), order(1))
	w.books.next = on("create invoiceDraft", lostBefore)
	if _, results, _ := w.run(t, flow.RunOptions{}); results["1"].Outcome != flow.InDoubt {
		t.Fatal(results["1"])
	}
	customer := w.store.links["customer/c-1"].TargetID
	for _, id := range []string{customer, "invoiceDraft-99"} {
		if err := w.process(t).Decide(t.Context(), "o-1", id); err == nil || w.store.links["order/o-1"].TargetID != "" {
			t.Errorf("%s was believed: %v", id, err)
		}
	}
	draft := w.books.put("invoiceDraft", `{"BuyersOrderReference":"by hand"}`)
	if err := w.process(t).Decide(t.Context(), "o-1", draft.ID); err != nil || w.store.links["order/o-1"].TargetID != draft.ID {
		t.Errorf("%s: %v", draft.ID, err)
	}
}
