package flow_test

import (
	"context"
	"testing"

	"github.com/crosswalk-go/crosswalk/engine/flow"
)

// TestStoredPlan shows that a plan may be stored and carried out later, and is refused when the target has moved.
func TestStoredPlan(t *testing.T) {
	plan := func(t *testing.T, w *world) *flow.Plan {
		return roundTrip(t, w.process(t).Planner().Plan(context.Background(), w.shop.orders[0]))
	}
	t.Run("unchanged", func(t *testing.T) {
		w := with(newWorld(), order(1))
		p := plan(t, w)
		if r := w.process(t).Executor().Apply(context.Background(), p); r.Outcome != flow.Created {
			t.Fatalf("%s: %s", r.Outcome, r.Reason)
		}
		if r := w.process(t).Executor().Apply(context.Background(), p); r.Outcome == flow.Created {
			t.Fatal("the same plan made a second document")
		}
		if n := w.books.count("invoiceDraft", "1"); n != 1 {
			t.Fatalf("%d drafts", n)
		}
	})
	t.Run("the customer has come", func(t *testing.T) {
		w := with(newWorld(), order(1))
		p := plan(t, w)
		w.books.put("customer", `{"EmailAddress":"anna1@example.nl"}`)
		r := w.process(t).Executor().Apply(context.Background(), p)
		if r.Outcome != flow.Failed || r.Code != flow.FailMoved || len(w.books.writes()) > 0 {
			t.Fatalf("%s %s, wrote %v", r.Outcome, r.Code, w.books.writes())
		}
	})
	t.Run("the customer has changed", func(t *testing.T) {
		w := with(newWorld(), order(1))
		w.books.put("customer", `{"EmailAddress":"anna1@example.nl","Name":"Old"}`)
		w.flow.Settings = []byte(`{"updateCustomer":true}`)
		p := plan(t, w)
		if _, err := w.books.Update(context.Background(), "customer", "customer-4", []byte(`{"Name":"New"}`)); err != nil {
			t.Fatal(err)
		}
		r := w.process(t).Executor().Apply(context.Background(), p)
		if r.Code != flow.FailMoved || w.books.count("invoiceDraft", "1") != 0 {
			t.Fatalf("%s %s", r.Outcome, r.Code)
		}
	})
	t.Run("the order and its customer have come", func(t *testing.T) {
		w := with(newWorld(), order(1))
		p := plan(t, w)
		w.books.put("invoiceDraft", `{"BuyersOrderReference":"1"}`)
		r := w.process(t).Executor().Apply(t.Context(), p)
		if r.Outcome != flow.Skipped || r.Code != flow.SkipExists || w.store.links["order/o-1"].TargetID == "" || len(w.books.writes()) > 0 {
			t.Fatalf("%s %s, wrote %v", r.Outcome, r.Reason, w.books.writes())
		}
	})
	t.Run("another shop's order of that number has come", func(t *testing.T) {
		w := with(newWorld(), order(1))
		p := plan(t, w)
		w.books.put("invoiceDraft", `{"BuyersOrderReference":"1","Rows":[{"UnitPrice":99,"Quantity":1}]}`)
		r := w.process(t).Executor().Apply(t.Context(), p)
		if r.Code != flow.FailMoved || w.store.links["order/o-1"].TargetID != "" || len(w.books.writes()) > 0 {
			t.Fatalf("%s %s, wrote %v", r.Outcome, r.Reason, w.books.writes())
		}
	})
	t.Run("plans of one file share what they make", func(t *testing.T) {
		same := []string{"customer.id", `"c-1"`, "customer.email", `"anna1@example.nl"`, "lines.0.sku", `"NK-NEW"`}
		w := with(newWorld(), order(1, same...), order(2, same...))
		w.flow.Settings = []byte(`{"missingProduct":"create"}`)
		var plans []*flow.Plan
		for _, o := range w.shop.orders {
			plans = append(plans, roundTrip(t, w.process(t).Planner().Plan(t.Context(), o)))
		}
		for i, p := range plans {
			if r := w.process(t).Executor().Apply(t.Context(), p); r.Outcome != flow.Created {
				t.Errorf("plan %d: %s: %s", i+1, r.Outcome, r.Reason)
			}
		}
		if c, a := w.books.count("customer", "anna1@example.nl"), w.books.count("article", "NK-NEW"); c != 1 || a != 1 {
			t.Errorf("%d customers, %d articles", c, a)
		}
	})
	for name, lost := range map[string]fault{"lost": lostBefore, "made": none} {
		t.Run("sent by a run meanwhile, and the target cannot be asked, "+name, func(t *testing.T) {
			w := with(newWorld(), order(1))
			p := plan(t, w)
			w.books.noProbe, w.books.next = true, on("create invoiceDraft", lost)
			_, results, _ := w.run(t, flow.RunOptions{})
			want := map[flow.Outcome]flow.Outcome{flow.InDoubt: flow.InDoubt, flow.Created: flow.Skipped}[results["1"].Outcome]
			sent := len(w.books.writes())
			r := w.process(t).Executor().Apply(t.Context(), p)
			if r.Outcome != want || want == "" || len(w.books.writes()) != sent {
				t.Errorf("the run: %s; the plan: %s %s, wrote %v", results["1"].Outcome, r.Outcome, r.Reason, w.books.writes())
			}
		})
	}
	t.Run("sent by a run meanwhile, and not there yet", func(t *testing.T) {
		w := with(newWorld(), order(1))
		p := plan(t, w)
		w.books.next, w.books.blind = on("create invoiceDraft", lostAfter), "invoiceDraft"
		_, _, _ = w.run(t, flow.RunOptions{})
		if r := w.process(t).Executor().Apply(t.Context(), p); r.Outcome != flow.InDoubt || r.Code != flow.DoubtPending || w.books.count("invoiceDraft", "1") != 1 {
			t.Errorf("%s %s: %d drafts", r.Outcome, r.Reason, w.books.count("invoiceDraft", "1"))
		}
	})
}
