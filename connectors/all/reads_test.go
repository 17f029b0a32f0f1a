package all_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/all"
	"github.com/crosswalk-go/crosswalk/connectors/contract"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// TestReadsLoseNothing changes documents of every system while they are read, several at one instant and any two pages apart, by a clock that is hours off
// ours. Whoever goes on from the newest stamp, and takes each document as it came last, ends with what the system has.
func TestReadsLoseNothing(t *testing.T) {
	for _, s := range all.Systems() {
		for _, skew := range []time.Duration{-5 * time.Hour, -90 * time.Second, 90 * time.Second, 5 * time.Hour} {
			t.Run(fmt.Sprint(s.Spec.Name, " ", skew), func(t *testing.T) {
				t.Parallel()
				what := trialOf(t, s.Spec.Name).Change
				clock := contract.NewClock(time.Date(2027, 3, 27, 23, 58, 0, 0, time.UTC))
				box := s.Sandbox(connectors.SandboxOptions{Now: clock.Now})
				var after atomic.Pointer[func()]
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					answer := httptest.NewRecorder() // nobody has it before the changes are made
					box.ServeHTTP(answer, r)
					if f := after.Load(); f != nil && !strings.Contains(r.URL.Path, "token") { // who logs in lets all others wait
						(*f)()
					}
					maps.Copy(w.Header(), answer.Header())
					w.WriteHeader(answer.Code)
					_, _ = w.Write(answer.Body.Bytes())
				}))
				defer server.Close()
				c, err := s.Open(connectors.Config{Name: "test", URL: server.URL, Credentials: box.Credentials(), Options: fewRows(s.Spec),
					Now: func() time.Time { return clock.Now().Add(-skew) }})
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()

				var ids []string
				for d, err := range c.Read(t.Context(), port.Query{Resource: what.Resource}) {
					if errors.Is(err, port.ErrAuth) && skew.Abs() > time.Hour && strings.Contains(err.Error(), "clock") {
						return // signatures end, and the error says why
					}
					if err != nil {
						t.Fatal(err)
					}
					ids = append(ids, d.ID)
				}
				if len(ids) < 3 {
					t.Fatalf("%d documents are too few", len(ids))
				}
				clock.Add(24 * time.Hour)
				lot := rand.New(rand.NewPCG(uint64(skew), 1))
				is, seen := map[string]string{}, map[string]string{}
				var failed error
				busy, n := true, 100
				change := func() {
					n++
					id := ids[lot.IntN(len(ids))]
					if _, err := c.Update(context.Background(), what.Resource, id, fmt.Appendf(nil, what.Body, n)); err != nil {
						failed = errors.Join(failed, err)
					}
					is[id] = fmt.Sprint(n)
				}
				during := func() {
					clock.Add(time.Duration(lot.IntN(3)) * 100 * time.Millisecond)
					if busy || lot.IntN(2) == 0 {
						return
					}
					busy = true
					for range 1 + lot.IntN(3) {
						change()
					}
					clock.Add([]time.Duration{0, 0, time.Second, 15 * time.Minute}[lot.IntN(4)])
					busy = false
				}
				after.Store(&during)
				cursor := clock.Now().Add(-time.Minute)
				take := func() {
					for d, err := range c.Read(t.Context(), port.Query{Resource: what.Resource, Since: cursor}) {
						if err != nil {
							t.Fatal(err)
						}
						seen[d.ID] = gjson.GetBytes(d.Body, what.Path).String()
						if d.ChangedAt.After(cursor) {
							cursor = d.ChangedAt
						}
					}
				}
				for range 15 {
					change()
					busy = false
					take()
					busy = true
					change() // perhaps in the second of the last that was read
					take()
					if failed != nil {
						t.Fatal(failed)
					}
					for id, want := range is {
						if seen[id] != want {
							t.Fatalf("%s is %s, read was %q", id, want, seen[id])
						}
					}
					clock.Add(time.Hour) // no limit of calls is met, and nothing is in an overlap
				}
				if len(is) < 3 {
					t.Fatalf("%d documents changed", len(is))
				}
			})
		}
	}
}

// fewRows are options for pages that are as small as they may be, and no limit of calls.
func fewRows(s connectors.Spec) map[string]string {
	out := map[string]string{}
	for _, o := range s.Options {
		switch o.Name {
		case "pageSize":
			out[o.Name] = "2"
		case "callsPerMinute":
			out[o.Name] = "1000000"
		}
	}
	return out
}
