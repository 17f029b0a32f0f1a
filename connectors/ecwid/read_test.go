package ecwid

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"
	"pgregory.net/rapid"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/ecwid/sandbox"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// merchant is somebody who works in the store, beside the connection.
func (s *store) merchant(method, path, body string) gjson.Result {
	r := httptest.NewRequest(method, "/api/v3/"+sandbox.StoreID+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+s.Credentials()["accessToken"])
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		panic(fmt.Sprintf("%s %s: %s", method, path, w.Body))
	}
	return gjson.ParseBytes(w.Body.Bytes())
}

func TestReadOrders(t *testing.T) {
	s := open0(t)
	docs := s.read(t, port.Query{Resource: "order"})
	if len(docs) != 10 { // the unfinished one is none
		t.Fatalf("%v", keys(docs))
	}
	first := docs[0]
	if first.ID != first.Key || first.Key == "" || !first.ChangedAt.Equal(time.Date(2026, 11, 2, 9, 0, 1, 0, time.UTC)) {
		t.Errorf("%+v", first)
	}
	if gjson.GetBytes(first.Body, "crosswalk").Raw != `{"currency":"EUR","currencyPrecision":2}` {
		t.Errorf("crosswalk: %s", gjson.GetBytes(first.Body, "crosswalk").Raw)
	}
	if !slices.IsSortedFunc(docs, func(a, b port.Document) int { return a.ChangedAt.Compare(b.ChangedAt) }) {
		t.Error("not by their stamps")
	}
	// The overlap is read again and does not count against the limit.
	got := s.read(t, port.Query{Resource: "order", Since: docs[4].ChangedAt, Limit: 2})
	if !slices.Equal(keys(got), keys(docs[4:7])) {
		t.Errorf("since and limit: %v", keys(got))
	}
	got = s.read(t, port.Query{Resource: "order", IDs: []string{docs[7].ID, "XXXXX", docs[1].ID, docs[7].ID, gjson.GetBytes(docs[2].Body, "internalId").Raw}})
	if !slices.Equal(keys(got), []string{docs[1].Key, docs[2].Key, docs[7].Key}) {
		t.Errorf("by id: %v", keys(got))
	}
	for _, err := range s.Read(t.Context(), port.Query{Resource: "invoice"}) {
		if !errors.Is(err, port.ErrNotFound) {
			t.Error(err)
		}
	}
}

// A document that is asked for by its id is as it is now, although searches lag.
func TestReadByIDDoesNotLag(t *testing.T) {
	s := open0(t, sandbox.WithLag(5*time.Second))
	id := s.read(t, port.Query{Resource: "customer", Limit: 1})[0].ID
	s.merchant("PUT", "/customers/"+id, `{"privateAdminNotes":"new"}`)
	read := func(q port.Query) string {
		q.Resource = "customer"
		for _, d := range s.read(t, q) {
			if d.ID == id {
				return gjson.GetBytes(d.Body, "privateAdminNotes").String()
			}
		}
		return "not there"
	}
	if got := read(port.Query{IDs: []string{id}}); got != "new" {
		t.Errorf("by id: %q", got)
	}
	if got := read(port.Query{}); got != "" {
		t.Errorf("searched at once: %q", got)
	}
	s.clock.Add(6 * time.Second)
	if got := read(port.Query{}); got != "new" {
		t.Errorf("searched later: %q", got)
	}
}

// Incremental reads meet every change, whatever happens while they page: orders that change and orders that come between any two pages, many with
// one stamp, a search that lags, bounds that exclude themselves, a list in either order, and a clock that is wrong.
func TestReadLosesNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		opts := []sandbox.Option{sandbox.WithCallsPerMinute(1 << 30)}
		if rapid.Bool().Draw(rt, "oldest first") {
			opts = append(opts, sandbox.WithOldestFirst())
		}
		if rapid.Bool().Draw(rt, "exclusive bounds") {
			opts = append(opts, sandbox.WithExclusiveBounds())
		}
		opts = append(opts, sandbox.WithLag(time.Duration(rapid.IntRange(0, 20).Draw(rt, "lag"))*time.Second))
		s := start(t, connectors.SandboxOptions{Empty: true}, connectors.Config{Options: map[string]string{"callsPerMinute": "100000000"}}, opts...)
		s.ahead = time.Duration(rapid.IntRange(-7200, 7200).Draw(rt, "clock ahead")) * time.Second

		var ids []string
		order := func() {
			ids = append(ids, s.merchant("POST", "/orders", `{"email":"a@example.com"}`).Get("orderId").String())
		}
		bursts := rapid.SliceOfN(rapid.IntRange(1, 130), 1, 4).Draw(rt, "bursts")
		for _, n := range bursts {
			for range n {
				order()
			}
			s.clock.Add(time.Duration(rapid.IntRange(0, 300).Draw(rt, "pause")) * time.Second)
		}
		moves := rapid.IntRange(0, 60).Draw(rt, "moves")
		lot := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "lot"), 0)) // the store's goroutines must not draw from rt
		s.before = func(r *http.Request) {
			if r.URL.Path != "/api/v3/"+sandbox.StoreID+"/orders" || moves == 0 {
				return
			}
			for range lot.IntN(5) {
				moves = max(moves-1, 0)
				if lot.IntN(3) == 0 {
					order()
				} else {
					s.merchant("PUT", "/orders/"+ids[lot.IntN(len(ids))], fmt.Sprintf(`{"privateAdminNotes":"%d"}`, moves))
				}
			}
			s.clock.Add(time.Duration(lot.IntN(4)) * time.Second)
		}
		seen := map[string]string{} // the newest body of each order
		var cursor time.Time
		for range 4 {
			last := time.Time{}
			for d, err := range s.Client.Read(t.Context(), port.Query{Resource: "order", Since: cursor}) {
				if err != nil {
					rt.Fatal(err)
				}
				if d.ChangedAt.Before(last) {
					rt.Fatalf("%s of %s comes after %s", d.ID, d.ChangedAt, last)
				}
				last = d.ChangedAt
				seen[d.ID] = gjson.GetBytes(d.Body, "privateAdminNotes").String()
				if d.ChangedAt.After(cursor) {
					cursor = d.ChangedAt
				}
			}
			s.clock.Add(time.Duration(rapid.IntRange(0, 90).Draw(rt, "later")) * time.Second)
		}
		s.before = nil
		s.clock.Add(time.Minute)
		for d, err := range s.Client.Read(t.Context(), port.Query{Resource: "order", Since: cursor}) {
			if err != nil {
				rt.Fatal(err)
			}
			seen[d.ID] = gjson.GetBytes(d.Body, "privateAdminNotes").String()
		}
		for _, id := range ids {
			is := s.merchant("GET", "/orders/"+id, "").Get("privateAdminNotes").String()
			if got, ok := seen[id]; !ok || got != is {
				rt.Fatalf("order %s was read as %q (%t), and is %q", id, got, ok, is)
			}
		}
	})
}

// Thousands of documents are read in windows, and many with one stamp in one.
func TestReadInWindows(t *testing.T) {
	s := start(t, connectors.SandboxOptions{Empty: true}, connectors.Config{Options: map[string]string{"callsPerMinute": "100000000"}},
		sandbox.WithCallsPerMinute(1<<30))
	const burst = windowSize + 150
	for i := range 2 {
		for n := range burst {
			s.merchant("POST", "/customers", fmt.Sprintf(`{"email":"c%d.%d@example.com"}`, i, n))
		}
		s.clock.Add(7 * time.Minute)
	}
	docs := s.read(t, port.Query{Resource: "customer"})
	ids := map[string]bool{}
	for _, d := range docs {
		ids[d.ID] = true
	}
	if len(docs) != 2*burst || len(ids) != len(docs) {
		t.Errorf("%d documents, %d different, want %d", len(docs), len(ids), 2*burst)
	}
	if len(s.calls.List()) > 400 {
		t.Errorf("%d calls for %d documents", len(s.calls.List()), len(docs))
	}
}

func TestStrangeAnswers(t *testing.T) {
	for answer, want := range map[string]error{
		`{"items":[],"total":0}`:         nil,
		`{"items":null,"total":0}`:       port.ErrProtocol,
		`[]`:                             port.ErrProtocol,
		`{"items":[]}`:                   port.ErrProtocol,
		`{"items":[{"id":1}],"total":1}`: port.ErrProtocol,
		`{"items":[{"updated":"2026-01-01 00:00:00 +0000"}],"total":1}`:        port.ErrProtocol,
		`{"items":[{"id":1,"updated":"2026-01-01 00:00:00 +0000"}],"total":1}`: nil,
		// A total that no page makes true ends, too.
		`{"items":[{"id":1,"updated":"2026-01-01 00:00:00 +0000"}],"total":950}`: nil,
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, answer) }))
		c, err := Open(connectors.Config{Name: "webshop", URL: srv.URL, Credentials: map[string]string{"storeId": "1", "accessToken": "x"}})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range c.Read(t.Context(), port.Query{Resource: "customer", Since: noon.Add(-365 * 24 * time.Hour)}) {
			err = e
		}
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", answer, err, want)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		srv.Close()
	}
}
