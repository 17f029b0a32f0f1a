package eaccounting

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// TestReadsLoseNothing changes, makes and deletes customers between any two pages of reads, in both ways to read: by the stamp, and by an index where the
// API cannot filter by it. Whoever goes on from the newest stamp ends with what the company has.
func TestReadsLoseNothing(t *testing.T) {
	for _, byIndex := range []bool{false, true} {
		t.Run(fmt.Sprint("by index ", byIndex), func(t *testing.T) {
			var company atomic.Pointer[func(*http.Request)]
			co := connect(t, plan{wrap: func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if f := company.Load(); f != nil {
						(*f)(r)
					}
					if byIndex && strings.Contains(r.URL.Query().Get("$filter"), "ChangedUtc") {
						w.WriteHeader(http.StatusBadRequest)
						fmt.Fprintf(w, `{"ErrorCode":%s,"DeveloperErrorMessage":"ChangedUtc cannot be filtered by"}`, codeBadFilter)
						return
					}
					next.ServeHTTP(w, r)
				})
			}})
			co.page, co.most = 3, 3
			terms := co.person("x@example.com")
			n := 0
			rapid.Check(t, func(rt *rapid.T) {
				company.Store(nil)
				co.clock.Add(time.Hour)
				cursor := co.clock.Now()
				note := map[string]string{} // of the customers that there are
				var ids []string
				lot := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "lot"), 0)) // the company's goroutines must not draw from rt
				var failed error
				busy := true
				change := func() {
					busy = true
					defer func() { busy = false }()
					co.clock.Add([]time.Duration{0, 400 * time.Millisecond, overlap / 2, 2 * overlap}[lot.IntN(4)])
					n++
					switch kind := lot.IntN(5); {
					case len(ids) == 0 || kind == 0:
						terms["EmailAddress"] = fmt.Sprintf("c%d@example.com", n)
						d, err := co.Create(t.Context(), "customer", raw(t, terms))
						failed = errors.Join(failed, err)
						ids, note[d.ID] = append(ids, d.ID), member(d, "Note")
					case kind == 1:
						i := lot.IntN(len(ids))
						_, err := co.api.Do(t.Context(), deletion(ids[i]))
						failed = errors.Join(failed, err)
						delete(note, ids[i])
						ids = append(ids[:i:i], ids[i+1:]...)
					default:
						id := ids[lot.IntN(len(ids))]
						note[id] = fmt.Sprint(n)
						_, err := co.Update(t.Context(), "customer", id, fmt.Appendf(nil, `{"Note":"%d"}`, n))
						failed = errors.Join(failed, err)
					}
				}
				for range rapid.IntRange(4, 20).Draw(rt, "first") {
					change()
				}
				left := 12
				during := func(r *http.Request) {
					if !busy && left > 0 && r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/v2/customers") {
						for range lot.IntN(3) {
							left--
							had := len(ids)
							change()
							if len(ids) < had {
								break // a list that shrinks and grows between two pages looks as if it did neither
							}
						}
					}
				}
				company.Store(&during)
				seen := map[string]string{}
				take := func() {
					for d, err := range co.Read(t.Context(), port.Query{Resource: "customer", Since: cursor}) {
						if err != nil {
							rt.Fatal(err)
						}
						seen[d.ID] = member(d, "Note")
						if d.ChangedAt.After(cursor) {
							cursor = d.ChangedAt
						}
					}
				}
				for range rapid.IntRange(1, 3).Draw(rt, "reads") {
					take()
				}
				company.Store(nil)
				take()
				if failed != nil {
					rt.Fatal(failed)
				}
				for id, want := range note {
					if got, ok := seen[id]; !ok || got != want {
						rt.Fatalf("customer %s has the note %q, read was %q (%t)", id, want, got, ok)
					}
				}
				busy = true
				for _, id := range ids {
					if _, err := co.api.Do(t.Context(), deletion(id)); err != nil {
						rt.Fatal(err)
					}
				}
			})
		})
	}
}
