package runner_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"strings"
	"testing"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
	"github.com/crosswalk-go/crosswalk/server/runtime/activity"
	"github.com/crosswalk-go/crosswalk/server/runtime/runner"
)

// runPlain runs the flow of orders of a shop once, and returns what became of each that was not created.
func runPlain(t *testing.T, p *plain) (*set, flow.Summary, map[string]flow.Result) {
	t.Helper()
	s := plainSet(t, t.TempDir(), p.start(t), port.Order, runner.Options{})
	others := map[string]flow.Result{}
	summary, err := s.engine.Run(t.Context(), s.flow, runner.RunOptions{Workers: 8, OnResult: func(r flow.Result, _ flow.Summary) {
		if r.Outcome != flow.Created {
			others[r.Document.ID] = r
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	return s, summary, others
}

// TestPoison has the books refuse one of a thousand orders: it is sent once and parks, and each of the others is sent once.
func TestPoison(t *testing.T) {
	p := &plain{documents: 1000, refused: "57"}
	_, summary, others := runPlain(t, p)
	if summary.Created != 999 || summary.Failed != 1 || others["o-57"].Code != flow.FailRefused {
		t.Errorf("%s, %+v", summary, others)
	}
	if n := p.refusals.Load(); n != 1 || p.writes.Load() != 999 {
		t.Errorf("the order was refused %d times, and %d others were sent", n, p.writes.Load())
	}
	for reference, n := range p.drafts {
		if n != 1 {
			t.Errorf("order %s stands in the books %d times", reference, n)
		}
	}
}

// TestLargeOrders sends an order of 7,000 lines and one of 50 MB. What is too large for the queue is read again when its turn comes, and that its record is too
// large to be kept stands with its entry.
func TestLargeOrders(t *testing.T) {
	noise := make([]byte, 25<<20)
	_, _ = rand.Read(noise) // never fails
	p := &plain{documents: 3, order: func(b []byte, i int) []byte {
		one := plainOrder(nil, i)
		switch i {
		case 0:
			line := []byte(`{"sku":"NK-BEAN","name":"House beans","quantity":1,"taxRate":21,"unitPriceNet":10.00,"unitPriceGross":12.10,"totalNet":10.00,"tax":2.10,"totalGross":12.10},`)
			one = bytes.Replace(one, []byte(`"lines":[`), append([]byte(`"lines":[`), bytes.Repeat(line, 6998)...), 1)
			one = bytes.Replace(one, []byte(`"totals":{"net":20.62,"tax":4.33,"gross":24.95}`), []byte(`"totals":{"net":70000.62,"tax":14700.13,"gross":84700.75}`), 1)
		case 1:
			one = bytes.Replace(one, []byte(`{"id"`), fmt.Appendf(nil, `{"custom":{"note":"%x"},"id"`, noise), 1)
		}
		return append(b, one...)
	}}
	s, summary, others := runPlain(t, p)
	if summary.Created != 3 || len(p.drafts) != 3 {
		t.Errorf("%s, %+v, %v", summary, others, p.drafts)
	}
	for id, want := range map[string]string{"o-0": "[]", "o-1": "is not kept", "o-2": "[]"} {
		entries, err := s.engine.Activity().List(t.Context(), activity.Query{Flow: s.flow.Name, Key: id, Outcomes: []flow.Outcome{flow.Created}})
		if err != nil || len(entries) != 1 || !strings.Contains(fmt.Sprint(entries[0].Warnings), want) {
			t.Errorf("%s: %+v, %v", id, entries, err)
		}
	}
}
