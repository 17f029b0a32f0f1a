package flows_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	shop "github.com/crosswalk-go/crosswalk/connectors/ecwid/sandbox"
	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/server/flows"
	"github.com/crosswalk-go/crosswalk/server/runtime/schedule"
)

// TestStaleAfterFresh has a page that was read wait on its way into the queue while its documents change and a webhook has one of them handled: the
// page's own turn at that document sends nothing old.
func TestStaleAfterFresh(t *testing.T) {
	const id = "281904402"
	reached, open := make(chan struct{}), make(chan struct{})
	var first atomic.Bool
	var opened sync.Once
	lift := func() { opened.Do(func() { close(open) }) }
	b := serve(t, nil, nil, func(o *flows.Options) {
		o.Runner.Fault = func(point string) {
			if point == "read" && first.CompareAndSwap(false, true) {
				close(reached)
				<-open
			}
		}
	})
	defer lift()
	if err := b.set.Engine.Start(t.Context(), customers, schedule.Ask{}); err != nil {
		t.Fatal(err)
	}
	<-reached // all customers were read, and none is queued
	r := httptest.NewRequest(http.MethodPut, "/api/v3/"+shop.StoreID+"/customers/"+id, strings.NewReader(`{"billingPerson": {"name": "Fresh Name", "city": "Freshtown"}}`))
	r.Header.Set("Authorization", "Bearer "+b.shop.Credentials()["accessToken"])
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	if b.shop.ServeHTTP(w, r); w.Code != http.StatusOK {
		t.Fatal(w.Code, w.Body)
	}
	if got := b.hook(b.shop.Webhook("customer.updated", id), "webshop", nil); got != http.StatusNoContent {
		t.Fatal(got)
	}
	b.eventually("the webhook is followed while the page waits", func() bool { return len(b.entries(customers)) == 1 })
	lift()
	b.eventually("the page has its turn", func() bool {
		state, err := b.set.Engine.State(t.Context(), customers)
		return err == nil && !state.Running && !state.LastFinished.IsZero() && state.Live.Total() == 0
	})
	seen := 0
	for _, e := range b.entries(customers) {
		if e.Document.ID != id {
			continue
		}
		seen++
		_, record, err := b.set.Engine.Activity().Get(t.Context(), e.ID)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(record.Source), "Freshtown") {
			t.Errorf("entry %d of the customer is of what it was before: %s", e.ID, record.Source)
		}
		if e.Cause == "poll" && (e.Outcome != flow.Skipped || e.Code != flow.SkipUnchanged) {
			t.Errorf("the page's own turn ended as %s %s: %s", e.Outcome, e.Code, e.Reason)
		}
	}
	if seen != 2 {
		t.Errorf("the customer was handled %d times", seen)
	}
}
