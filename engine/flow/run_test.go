package flow_test

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestCursor shows what the next run reads: nothing that is settled but what shares the last stamp, and everything
// that is not.
func TestCursor(t *testing.T) {
	w := with(newWorld(), order(1), order(2, "lines.0.sku", `"NK-GIFT"`), order(3), order(4))
	s, _, err := w.run(t, flow.RunOptions{})
	if err != nil || s.Created != 3 || s.Failed != 1 {
		t.Fatalf("%s %v", s, err)
	}
	if want := w.shop.orders[1].ChangedAt; !s.Cursor.Equal(want) || !w.store.cursors["orders"].Equal(want) {
		t.Fatalf("cursor %v, want the failed order's %v", s.Cursor, want)
	}
	w.books.put("article", `{"Number":"NK-GIFT"}`)
	s, results, err := w.run(t, flow.RunOptions{})
	if err != nil || s.Read != 3 || s.Created != 1 || s.Skipped != 2 || results["2"].Outcome != flow.Created {
		t.Fatalf("%s %v", s, err)
	}
	if want := w.shop.orders[3].ChangedAt; !s.Cursor.Equal(want) {
		t.Fatalf("cursor %v, want the newest %v", s.Cursor, want)
	}
	if s, _, err = w.run(t, flow.RunOptions{}); err != nil || s.Read != 1 || s.Skipped != 1 {
		t.Fatalf("a run without news: %s %v", s, err)
	}
}

// TestFutureStamp stamps an order decades ahead: the orders after it are read nevertheless, and so is a flow whose cursor went there once.
func TestFutureStamp(t *testing.T) {
	w := with(newWorld(), order(1), order(2))
	w.shop.orders[1].ChangedAt = w.clock.Now().AddDate(30, 0, 0)
	now := w.clock.Now()
	if s, _, err := w.run(t, flow.RunOptions{}); err != nil || s.Created != 2 || s.Cursor.After(w.clock.Now()) || s.Cursor.Before(now) {
		t.Fatalf("%s cursor %v %v", s, s.Cursor, err)
	}
	w.store.cursors["orders"] = w.shop.orders[1].ChangedAt
	w.shop.add(w.clock.Now().Add(time.Second), order(3))
	if s, _, err := w.run(t, flow.RunOptions{}); err != nil || s.Created != 1 {
		t.Fatalf("an order after that: %s %v", s, err)
	}
}

func TestCursorGoesBackForAnOverlap(t *testing.T) {
	// A source may return older documents than asked for. One that fails must come back.
	w := with(newWorld(), order(1, "lines.0.sku", `"NK-GIFT"`))
	ahead := epoch.Add(-time.Second)
	w.store.cursors["orders"] = ahead
	w.shop.orders[0].ChangedAt = ahead.Add(-time.Minute)
	overlapping := &overlap{w.shop, time.Hour}
	p, err := flow.New(w.flow, flow.Systems{Source: overlapping, Target: w.books, Links: w.store, Cursors: w.store}, flow.Pace{Now: w.clock.Now, Sleep: w.clock.Sleep})
	if err != nil {
		t.Fatal(err)
	}
	if s, err := p.Run(context.Background(), flow.RunOptions{}); err != nil || s.Failed != 1 || !s.Cursor.Equal(ahead.Add(-time.Minute)) {
		t.Fatalf("%s cursor %v %v", s, s.Cursor, err)
	}
}

// TestUnstamped shows that a document without a change stamp holds the cursor until it is settled.
func TestUnstamped(t *testing.T) {
	w := with(newWorld(), order(1), order(2, "broken", "true"))
	w.shop.orders[1].ChangedAt = time.Time{}
	s, _, err := w.run(t, flow.RunOptions{})
	if err != nil || !s.Cursor.IsZero() {
		t.Fatalf("%s cursor %v %v", s, s.Cursor, err)
	}
}

// TestLimit shows that a limit counts what is sent: failed documents in front do not starve the ones behind.
func TestLimit(t *testing.T) {
	for _, workers := range []int{1, 4} {
		t.Run(fmt.Sprint(workers, " workers"), func(t *testing.T) {
			w := with(newWorld(), order(1, "broken", "true"), order(2, "broken", "true"), order(3, "paymentStatus", `"open"`),
				order(4), order(5), order(6), order(7), order(8))
			w.flow.Limit = 2
			for i, want := range []int{2, 2, 1} {
				s, _, err := w.run(t, flow.RunOptions{Workers: workers})
				if err != nil || s.Created != want || s.Limited != (i < 2) {
					t.Fatalf("run %d: %s limited %v, %v", i+1, s, s.Limited, err)
				}
			}
		})
	}
}

// TestDryRun shows that a dry run tells the same and writes nothing.
func TestDryRun(t *testing.T) {
	w := with(newWorld(), order(1), order(2, "paymentStatus", `"open"`), order(3, "broken", "true"))
	s, results, err := w.run(t, flow.RunOptions{DryRun: true})
	if err != nil || s.Created != 1 || s.Skipped != 1 || s.Failed != 1 {
		t.Fatalf("%s %v", s, err)
	}
	if !results["1"].DryRun || len(results["1"].Plan.Operations) != 2 {
		t.Errorf("result %+v", results["1"])
	}
	if len(w.books.writes()) > 0 || len(w.store.links) > 0 || len(w.store.cursors) > 0 {
		t.Errorf("something was written: %v %v %v", w.books.writes(), w.store.links, w.store.cursors)
	}
}

// TestSameAddress shows that orders in hand at a time with one new e-mail address, in different cases, with spaces around it and of guests
// with ids of their own, make one customer. An address with a tag behind a plus is another.
func TestSameAddress(t *testing.T) {
	w := newWorld()
	var bodies []string
	for i := range 12 {
		email := []string{"guest@example.nl", "Guest@Example.NL", " guest@example.nl ", "guest+shop@example.nl"}[i%4]
		bodies = append(bodies, order(i+1, "customer.email", fmt.Sprintf("%q", email)))
	}
	with(w, bodies...)
	s, _, err := w.run(t, flow.RunOptions{Workers: 6})
	if err != nil || s.Created != 12 {
		t.Fatalf("%s %v", s, err)
	}
	if n := len(w.books.docs["customer"]); n != 2 {
		t.Fatalf("%d customers", n)
	}
}

// TestSameAccount is the same for one account of the shop that orders under several addresses.
func TestSameAccount(t *testing.T) {
	w := newWorld()
	var bodies []string
	for i := range 8 {
		bodies = append(bodies, order(i+1, "customer.id", `"c-0"`))
	}
	with(w, bodies...)
	s, _, err := w.run(t, flow.RunOptions{Workers: 4})
	if err != nil || s.Created != 8 {
		t.Fatalf("%s %v", s, err)
	}
	if n := len(w.books.docs["customer"]); n != 1 {
		t.Fatalf("%d customers", n)
	}
}

// TestSameNewArticle is the same for an article that several orders need.
func TestSameNewArticle(t *testing.T) {
	w := newWorld()
	w.flow.Settings = []byte(`{"missingProduct":"create"}`)
	var bodies []string
	for i := range 8 {
		bodies = append(bodies, order(i+1, "lines.0.sku", `"NK-NEW"`, "lines.1.sku", `"NK-NEW-2"`))
	}
	with(w, bodies...)
	s, _, err := w.run(t, flow.RunOptions{Workers: 4})
	if err != nil || s.Created != 8 {
		t.Fatalf("%s %v", s, err)
	}
	if n := len(w.books.docs["article"]); n != 5 {
		t.Fatalf("%d articles", n)
	}
}

// TestShiftingPages shows that a document that the source gives twice counts once.
func TestShiftingPages(t *testing.T) {
	w := with(newWorld(), order(1), order(2))
	w.shop.orders = append(w.shop.orders, w.shop.orders[0])
	s, _, err := w.run(t, flow.RunOptions{})
	if err != nil || s.Read != 2 || s.Created != 2 {
		t.Fatalf("%s %v", s, err)
	}
}

// TestExactlyOnce is the promise: whatever orders come and whatever goes wrong, every paid order stands in the target
// exactly once, every customer once, nothing unpaid is there, and each run accounts for every document.
func TestExactlyOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld()
		w.books.unique = rapid.Bool().Draw(t, "unique")
		if rapid.Bool().Draw(t, "create articles") {
			w.flow.Settings = []byte(`{"missingProduct":"create","updateCustomer":true}`)
		}
		creates := w.flow.Settings != nil
		n := rapid.IntRange(1, 8).Draw(t, "orders")
		want := map[string]bool{}
		for i := 1; i <= n; i++ {
			isPaid := rapid.IntRange(0, 3).Draw(t, "paid") > 0
			status := `"paid"`
			if !isPaid {
				status = `"open"`
			}
			email := rapid.SampledFrom([]string{"a@example.nl", "A@example.nl", "b@example.nl"}).Draw(t, "email")
			sku := rapid.SampledFrom([]string{"NK-BEAN", "NK-BEAN", "NK-NEW"}).Draw(t, "sku")
			stamp := epoch.Add(-time.Duration(rapid.IntRange(1, 5).Draw(t, "age")) * time.Minute)
			w.shop.add(stamp, order(i, "paymentStatus", status, "customer.email", fmt.Sprintf("%q", email),
				"customer.firstName", fmt.Sprintf("%q", rapid.SampledFrom([]string{"Anna", "Bo"}).Draw(t, "name")), "lines.0.sku", fmt.Sprintf("%q", sku)))
			want[fmt.Sprint(i)] = isPaid && (creates || sku == "NK-BEAN")
		}
		schedule := rapid.SliceOfN(rapid.IntRange(0, int(faults)*2), 0, 60).Draw(t, "faults")
		workers := rapid.IntRange(1, 4).Draw(t, "workers")
		w.flow.Limit = rapid.IntRange(0, 3).Draw(t, "limit")
		at := 0
		w.books.next = func(string) fault { // called under the books' lock
			if at >= len(schedule) {
				return none
			}
			at++
			if f := fault(schedule[at-1]); f < faults {
				return f
			}
			return none
		}
		run := func() flow.Summary {
			p, err := flow.New(w.flow, flow.Systems{Source: w.shop, Target: w.books, Links: w.store, Cursors: w.store},
				flow.Pace{Now: w.clock.Now, Sleep: w.clock.Sleep})
			if err != nil {
				t.Fatal(err)
			}
			outcomes := map[string]int{}
			s, err := p.Run(context.Background(), flow.RunOptions{Workers: workers, OnResult: func(r flow.Result, _ flow.Summary) { outcomes[r.Document.ID]++ }})
			if !s.Balanced() {
				t.Fatalf("unbalanced: %s", s)
			}
			if err != nil && strings.Contains(err.Error(), "unaccounted") {
				t.Fatal(err)
			}
			for id, n := range outcomes {
				if n != 1 {
					t.Fatalf("%s ended %d times", id, n)
				}
			}
			return s
		}
		for i := 0; i < 200 && at < len(schedule); i++ {
			run()
			w.books.dead = false
			w.clock.now = w.clock.now.Add(3 * time.Minute)
		}
		for range 2 + n { // the weather is fine now; a limit lets a few through at a time
			run()
			w.clock.now = w.clock.now.Add(3 * time.Minute)
		}
		for number, is := range want {
			count := 0
			if is {
				count = 1
			}
			if got := w.books.count("invoiceDraft", number); got != count {
				t.Fatalf("order %s is there %d times, want %d\n%s", number, got, count, strings.Join(w.books.calls, "\n"))
			}
		}
		for _, email := range []string{"a@example.nl", "b@example.nl"} {
			if got := w.books.count("customer", email); got > 1 {
				t.Fatalf("customer %s is there %d times", email, got)
			}
		}
		if got := w.books.count("article", "NK-NEW"); got > 1 {
			t.Fatalf("article NK-NEW is there %d times", got)
		}
		for _, d := range w.books.docs["invoiceDraft"] {
			ref := gjson.GetBytes(d.Body, "CustomerId").String()
			found := false
			for _, c := range w.books.docs["customer"] {
				found = found || c.ID == ref
			}
			if !found {
				t.Fatalf("draft %s has customer %q, which does not exist", d.ID, ref)
			}
		}
		// And a run over everything changes nothing.
		before := len(w.books.writes())
		w.store = newStore(w.books)
		for range 2 + n {
			run()
		}
		if got := w.books.writes()[before:]; len(got) > 0 && !onlyUpdates(got) {
			t.Fatalf("with links lost it wrote %v", got)
		}
	})
}

// onlyUpdates: customers share addresses and differ in name here, so that updates go back and forth.
func onlyUpdates(writes []string) bool {
	for _, w := range writes {
		if !strings.HasPrefix(w, "update") {
			return false
		}
	}
	return true
}

// TestAtMostOnce is what remains where the target cannot be asked: never twice.
func TestAtMostOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld()
		w.books.noProbe = true
		n := rapid.IntRange(1, 5).Draw(t, "orders")
		for i := 1; i <= n; i++ {
			w.shop.add(epoch, order(i))
		}
		schedule := rapid.SliceOfN(rapid.IntRange(0, int(faults)*2), 0, 40).Draw(t, "faults")
		at := 0
		w.books.next = func(string) fault {
			if at >= len(schedule) {
				return none
			}
			at++
			if f := fault(schedule[at-1]); f < faults {
				return f
			}
			return none
		}
		for range 10 {
			p, err := flow.New(w.flow, flow.Systems{Source: w.shop, Target: w.books, Links: w.store, Cursors: w.store},
				flow.Pace{Now: w.clock.Now, Sleep: w.clock.Sleep})
			if err != nil {
				t.Fatal(err)
			}
			if s, _ := p.Run(context.Background(), flow.RunOptions{Workers: 2}); !s.Balanced() {
				t.Fatalf("unbalanced: %s", s)
			}
			w.books.dead = false
			w.clock.now = w.clock.now.Add(3 * time.Minute)
		}
		for i := 1; i <= n; i++ {
			if got := w.books.count("invoiceDraft", fmt.Sprint(i)); got > 1 {
				t.Fatalf("order %d is there %d times", i, got)
			}
		}
	})
}

// overlap is a source that returns what is a little older than asked for, too.
type overlap struct {
	*shop
	window time.Duration
}

func (o *overlap) Read(ctx context.Context, q port.Query) iter.Seq2[port.Document, error] {
	q.Since = q.Since.Add(-o.window)
	return o.shop.Read(ctx, q)
}
