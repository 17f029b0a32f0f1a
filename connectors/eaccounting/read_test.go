package eaccounting

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors/eaccounting/sandbox"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

func TestReadTellsWhatADocumentIs(t *testing.T) {
	co := connect(t, plan{})
	co.create("invoice", co.invoice("10005"))
	for resource, want := range map[string]string{"customer": "1001", "article": "NK-BEAN-HOUSE-500", "order": "1", "quote": "1", "invoice": "1001"} {
		docs := co.read(port.Query{Resource: resource, Limit: 1})
		if len(docs) != 1 {
			t.Fatalf("%s: %d documents", resource, len(docs))
		}
		keys := map[string]bool{}
		for _, d := range co.read(port.Query{Resource: resource}) {
			keys[d.Key] = true
			if d.Resource != resource || d.ID == "" || d.Version == "" || d.ChangedAt.IsZero() || member(d, "Id") != d.ID {
				t.Errorf("%s: %+v", resource, d)
			}
		}
		if !keys[want] {
			t.Errorf("%s: no %s in %v", resource, want, keys)
		}
	}
	if d := co.read(port.Query{Resource: "article", IDs: []string{co.one("article", port.KeySKU, "NK-BEAN-HOUSE-500").ID}})[0]; gjson.GetBytes(d.Body, "NetPrice").Raw != "8.21" {
		t.Errorf("a price has more decimals than may be sent back: %s", gjson.GetBytes(d.Body, "NetPrice").Raw)
	}
}

// TestReadLosesNothing makes documents with every pattern of stamps, on pages of 100.
func TestReadLosesNothing(t *testing.T) {
	for name, step := range map[string]func(i int) time.Duration{
		"all at one instant":        func(int) time.Duration { return 0 },
		"many in a second":          func(int) time.Duration { return time.Millisecond },
		"one a second":              func(int) time.Duration { return time.Second },
		"a burst, a pause, a burst": func(i int) time.Duration { return time.Duration(i/150*(i%150/149)) * time.Hour },
	} {
		t.Run(name, func(t *testing.T) {
			co := connect(t, plan{})
			want := map[string]bool{}
			for i := range 330 {
				co.clock.Add(step(i))
				want[co.create("customer", co.person(fmt.Sprintf("c%d@example.com", i))).ID] = true
			}
			var last time.Time
			times := map[string]int{}
			for _, d := range co.read(port.Query{Resource: "customer"}) {
				if d.ChangedAt.Before(last) {
					t.Fatalf("%s comes after %s", d.ChangedAt, last)
				}
				last = d.ChangedAt
				times[d.ID]++
				delete(want, d.ID)
			}
			if len(want) > 0 {
				t.Errorf("%d documents are missing", len(want))
			}
			for id, n := range times {
				if n != 1 {
					t.Errorf("%s comes %d times", id, n)
				}
			}
		})
	}
}

// TestReadWhileDocumentsChange changes and deletes documents while pages are turned.
func TestReadWhileDocumentsChange(t *testing.T) {
	for name, step := range map[string]time.Duration{"one instant": 0, "one a second": time.Second} {
		t.Run(name, func(t *testing.T) {
			co := connect(t, plan{})
			want := map[string]bool{}
			var ids []string
			for i := range 350 {
				co.clock.Add(step)
				id := co.create("customer", co.person(fmt.Sprintf("c%d@example.com", i))).ID
				want[id], ids = true, append(ids, id)
			}
			n := 0
			for d, err := range co.Read(t.Context(), port.Query{Resource: "customer"}) {
				if err != nil {
					t.Fatal(err)
				}
				delete(want, d.ID)
				if n++; n%70 == 10 && n < 400 { // what was read moves to the end, or vanishes
					co.clock.Add(time.Second)
					if _, err := co.Update(t.Context(), "customer", d.ID, []byte(`{"Note":"seen"}`)); err != nil {
						t.Fatal(err)
					}
				}
				if n == 150 {
					for _, id := range ids[:20] {
						if _, err := co.api.Do(t.Context(), deletion(id)); err != nil && !errors.Is(err, port.ErrNotFound) {
							t.Fatal(err)
						}
						delete(want, id)
					}
				}
			}
			if len(want) > 0 {
				t.Errorf("%d documents are missing", len(want))
			}
		})
	}
}

func TestReadSince(t *testing.T) {
	for _, c := range []struct {
		resource string
		make     func(co *company, i int) port.Document
	}{
		{"customer", func(co *company, i int) port.Document {
			return co.create("customer", co.person(fmt.Sprintf("c%d@example.com", i)))
		}},
		{"article", func(co *company, i int) port.Document {
			return co.create("article", co.article(fmt.Sprintf("A-%d", i)))
		}},
		{"order", func(co *company, i int) port.Document { return co.create("order", co.order(fmt.Sprint(i))) }},
		{"invoice", func(co *company, i int) port.Document { return co.create("invoice", co.invoice(fmt.Sprint(i))) }},
	} {
		t.Run(c.resource, func(t *testing.T) {
			co := connect(t, plan{})
			co.clock.Add(time.Hour)
			c.make(co, 1)
			co.clock.Add(overlap + time.Second)
			start := co.clock.Now()
			second := c.make(co, 2)
			co.clock.Add(time.Minute)
			third := c.make(co, 3)
			// An invoice's article moves the stock, and so the change stamp of neither other invoice.
			docs := co.read(port.Query{Resource: c.resource, Since: start})
			if len(docs) != 2 || docs[0].ID != second.ID || docs[1].ID != third.ID {
				t.Errorf("%d documents: %v", len(docs), docs)
			}
			if !docs[0].ChangedAt.Equal(start) {
				t.Errorf("ChangedAt %s, want %s", docs[0].ChangedAt, start)
			}
			if docs := co.read(port.Query{Resource: c.resource, Since: start, Limit: 1}); len(docs) != 1 || docs[0].ID != second.ID {
				t.Errorf("limit: %v", docs)
			}
			if docs := co.read(port.Query{Resource: c.resource, Since: start.Add(-2 * time.Second)}); len(docs) != 3 {
				t.Errorf("the overlap: %d documents", len(docs))
			}
		})
	}
}

// TestReadWithoutFilters reads orders where the API cannot filter by their change stamp.
func TestReadWithoutFilters(t *testing.T) {
	co := connect(t, plan{box: func(s *sandbox.Settings) { s.Unproven.RefuseUncertainFilters = true }})
	var ids []string
	for i := range 5 {
		co.clock.Add(time.Hour)
		ids = append(ids, co.create("order", co.order(fmt.Sprint(i))).ID)
	}
	docs := co.read(port.Query{Resource: "order", Since: co.clock.Now().Add(-90 * time.Minute)})
	if len(docs) != 2 || docs[0].ID != ids[3] || docs[1].ID != ids[4] {
		t.Errorf("%v", docs)
	}
	if docs := co.read(port.Query{Resource: "order"}); len(docs) != 6 {
		t.Errorf("%d documents", len(docs))
	}
}

func TestReadIDs(t *testing.T) {
	co := connect(t, plan{})
	mug := co.one("article", port.KeySKU, "NK-MUG-350")
	docs := co.read(port.Query{Resource: "article", IDs: []string{"7be4a250-13c9-4f8d-8e62-d05a9b7c1001", mug.ID}})
	if len(docs) != 1 || docs[0].Key != "NK-MUG-350" {
		t.Errorf("%v", docs)
	}
}

func TestReadErrors(t *testing.T) {
	co := connect(t, plan{})
	last := func(q port.Query) (n int, err error) {
		for _, e := range co.Read(t.Context(), q) {
			n, err = n+1, e
		}
		return n, err
	}
	if _, err := last(port.Query{Resource: "banana"}); err == nil || !strings.Contains(err.Error(), "banana") {
		t.Errorf("%v", err)
	}
	if n, err := last(port.Query{Resource: "invoiceDraft"}); n != 1 || !errors.Is(err, port.ErrNoProbe) {
		t.Errorf("%d %v", n, err)
	}
	co.box.Configure(func(s *sandbox.Settings) { s.Modules = []string{"api_standard"} })
	n, err := last(port.Query{Resource: "order"})
	if n != 1 {
		t.Errorf("%d elements", n)
	}
	failed(t, err, port.ErrPermission, "4002")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range co.Read(ctx, port.Query{Resource: "customer"}) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	}
}

// TestReadStock shows that stock is what lies in the articles, and cannot be written.
func TestReadStock(t *testing.T) {
	co := connect(t, plan{})
	article := co.one("article", port.KeySKU, "NK-MUG-350")
	found := co.one("stock", port.KeySKU, "NK-MUG-350")
	if found.Resource != "stock" || found.ID != article.ID || member(found, "StockBalance") != "64" || member(found, "StockBalanceAvailable") == "" {
		t.Errorf("%+v", found)
	}
	if n, m := len(co.read(port.Query{Resource: "stock"})), len(co.read(port.Query{Resource: "article"})); n != m || n == 0 {
		t.Errorf("%d stocks of %d articles", n, m)
	}
	co.calls()
	_, err := co.Create(t.Context(), "stock", []byte(`{"StockBalance":1}`))
	failed(t, err, port.ErrValidation, "")
	_, err = co.Update(t.Context(), "stock", article.ID, []byte(`{"StockBalance":1}`))
	failed(t, err, port.ErrValidation, "")
	if calls := co.calls(); len(calls) > 0 {
		t.Errorf("calls were made: %v", calls)
	}
}

// TestReadCustomerOfOrder shows that an order comes with its customer, which is read once, and without it where it is gone.
func TestReadCustomerOfOrder(t *testing.T) {
	co := connect(t, plan{})
	for i := range 3 {
		co.create("order", co.order(fmt.Sprintf("C-%d", i)))
	}
	asked := func() (n int) {
		for _, call := range co.calls() {
			if strings.HasPrefix(call, "GET /v2/customers/") {
				n++
			}
		}
		return n
	}
	docs, customers := co.read(port.Query{Resource: "order"}), map[string]bool{}
	for _, d := range docs {
		customers[member(d, "CustomerId")] = true
		if id := member(d, "crosswalk.customer.Id"); id == "" || id != member(d, "CustomerId") || member(d, "crosswalk.customer.EmailAddress") == "" {
			t.Errorf("order %s: %s", d.Key, d.Body)
		}
		if again := co.one("order", port.KeyID, d.ID); again.Version != d.Version || gjson.GetBytes(again.Body, "crosswalk").Exists() {
			t.Errorf("order %s is another one when it is looked for", d.Key)
		}
	}
	if n := asked(); n != len(customers) || len(docs) < 4 {
		t.Errorf("%d calls for %d customers of %d orders", n, len(customers), len(docs))
	}
}
