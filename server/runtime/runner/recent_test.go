package runner_test

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
	"github.com/crosswalk-go/crosswalk/server/runtime"
	"github.com/crosswalk-go/crosswalk/server/runtime/runner"
)

// register is a list of customers on either side of a flow, whose stamps somebody else's clock makes.
type register struct {
	clock    func() time.Time
	resource string

	mu    sync.Mutex
	list  []port.Document
	asked int // by e-mail
}

func (g *register) put(id, body string) port.Document {
	g.mu.Lock()
	defer g.mu.Unlock()
	email := gjson.Get(body, "email").String()
	d := port.Document{Resource: g.resource, ID: cmp.Or(id, fmt.Sprint("c-", email)), Key: email, Version: hexOf(body), ChangedAt: g.clock(), Body: []byte(body)}
	g.list = slices.DeleteFunc(g.list, func(o port.Document) bool { return o.ID == d.ID })
	g.list = append(g.list, d)
	return d
}

func (g *register) names() map[string]string {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := map[string]string{}
	for _, d := range g.list {
		out[d.Key] = gjson.GetBytes(d.Body, "lastName").String()
	}
	return out
}

func (g *register) Read(_ context.Context, q port.Query) iter.Seq2[port.Document, error] {
	g.mu.Lock()
	list := slices.Clone(g.list)
	g.mu.Unlock()
	slices.SortStableFunc(list, func(a, b port.Document) int { return a.ChangedAt.Compare(b.ChangedAt) })
	return func(yield func(port.Document, error) bool) {
		for _, d := range list {
			asked := len(q.IDs) == 0 && (d.ChangedAt.IsZero() || !d.ChangedAt.Before(q.Since)) || slices.Contains(q.IDs, d.ID)
			if asked && !yield(d, nil) {
				return
			}
		}
	}
}

func (g *register) Find(_ context.Context, _ string, key port.Key) (out []port.Document, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if key.Field == port.KeyEmail {
		g.asked++
	}
	for _, d := range g.list {
		if key.Field == port.KeyID && d.ID == key.Value || key.Field == port.KeyEmail && d.Key == key.Value {
			out = append(out, d)
		}
	}
	return out, nil
}

func (g *register) Create(_ context.Context, _ string, body []byte) (port.Document, error) {
	return g.put("", string(body)), nil
}

func (g *register) Update(_ context.Context, _, id string, change []byte) (port.Document, error) {
	have, _ := g.Find(context.Background(), "", port.Key{Field: port.KeyID, Value: id})
	return g.put(id, fmt.Sprintf(`{"email":%q,"lastName":%q}`, have[0].Key, gjson.GetBytes(change, "lastName"))), nil
}

func (*register) Reference(context.Context, string, bool) ([]byte, error) { return nil, nil }

// TestReadsLoseNothing changes customers of a source, often back to what they were a moment before, while its clock goes wrong between reads: far
// ahead, put right again, standing still, or there is none. Whatever it shows, the target ends with what the source has.
func TestReadsLoseNothing(t *testing.T) {
	at := time.Now().UTC().Add(-24 * time.Hour).Truncate(time.Second)
	for name, skew := range map[string]func(round int) time.Duration{
		"right":                    func(int) time.Duration { return 0 },
		"two hours ahead":          func(int) time.Duration { return 2 * time.Hour },
		"two hours behind":         func(int) time.Duration { return -2 * time.Hour },
		"years ahead for a moment": func(round int) time.Duration { return time.Duration(round%3/2) * 90000 * time.Hour },
		"no stamps":                nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := at
			lot := rand.New(rand.NewPCG(7, 11))
			round := 0
			source := &register{resource: "customers", clock: func() time.Time {
				if skew == nil {
					return time.Time{}
				}
				return now.Add(skew(round)).Truncate(time.Second)
			}}
			target := &register{resource: "debtors", clock: func() time.Time { return now }}
			s := registerSet(t, source, target, func() time.Time { return now })
			ids := []string{"1", "2", "3"}
			change := func(id string) {
				source.put(id, fmt.Sprintf(`{"email":"c%s@example.com","lastName":%q}`, id, []string{"Bakker", "Bosch"}[lot.IntN(2)]))
			}
			for _, id := range ids {
				change(id)
			}
			for round = range 9 {
				now = now.Add(time.Duration(lot.IntN(40)) * time.Second)
				for range 1 + lot.IntN(3) {
					change(ids[lot.IntN(len(ids))])
				}
				o := runner.RunOptions{}
				if round%4 == 3 { // a reading that the cursor does not know of
					o.FromStart = true
				}
				summary, err := s.engine.Run(t.Context(), s.flow, o)
				if err != nil || summary.Failed > 0 {
					t.Fatal(summary, err)
				}
				if want, got := source.names(), target.names(); fmt.Sprint(want) != fmt.Sprint(got) {
					t.Fatalf("round %d: the source has %v, the target %v", round, want, got)
				}
			}
		})
	}
}

// registerSet is a store, and a flow of customers between two registers on it.
func registerSet(t *testing.T, source port.Source, target port.Target, now func() time.Time) *set {
	t.Helper()
	store, err := runtime.Open(t.Context(), t.TempDir(), runtime.Options{})
	if err != nil {
		t.Fatal(err)
	}
	engine, err := runner.Open(t.Context(), store, runner.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	copied := "rules:\n  email: email\n  lastName: lastName\n"
	f := flow.Flow{Name: "registers", From: "shop", To: "books", Entity: port.Customer, Settings: []byte(`{"customerMatch":["link","email"]}`),
		Resources: flow.Resources{Source: "customers", Target: "debtors"},
		Mappings:  flow.Mappings{Read: rules(t, copied), Write: rules(t, copied), TargetRead: rules(t, copied)}}
	pace := quick
	pace.Now = now
	process, err := flow.New(f, flow.Systems{Source: source, Target: engine.Guard(target), Links: engine.Links(store.Links(f.Name)), Cursors: store.Cursors(), Locks: engine.Locks(f.Name)}, pace)
	if err != nil {
		t.Fatal(err)
	}
	s := &set{store: store, engine: engine, flow: &runner.Flow{Name: f.Name, Process: process, Close: func() error { return nil }}}
	t.Cleanup(func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// TestNewestWins queues three versions of each customer behind each other: only the newest is sent, and the target is not asked about the others.
func TestNewestWins(t *testing.T) {
	at := time.Now().UTC().Add(-time.Hour).Truncate(time.Second)
	source := &history{&register{resource: "customers", clock: func() time.Time { return at }}}
	target := &register{resource: "debtors", clock: func() time.Time { return at }}
	for version, name := range []string{"Bakker", "Bosch", "Smit"} {
		at = at.Add(time.Duration(version) * time.Second)
		for id := range 5 {
			source.put(fmt.Sprintf("%d-%d", id, version), fmt.Sprintf(`{"email":"c%d@example.com","lastName":%q}`, id, name))
		}
	}
	s := registerSet(t, source, target, time.Now)
	summary, err := s.engine.Run(t.Context(), s.flow, runner.RunOptions{Workers: 2})
	if err != nil || summary.Created != 5 || summary.Skipped != 10 || summary.Failed > 0 {
		t.Fatalf("%s, %v", summary, err)
	}
	for email, name := range target.names() {
		if name != "Smit" {
			t.Errorf("%s is %s", email, name)
		}
	}
	for _, e := range final(t, s.engine) {
		if e.Outcome == flow.Skipped && (e.Code != runner.SkipSuperseded || e.Writes != 0) {
			t.Errorf("%+v", e)
		}
	}
	if target.asked != 5 {
		t.Errorf("the target was asked %d times", target.asked)
	}
	balanced(t, s)
}

// history is a register that keeps every version of a customer, and gives each as a change of the one customer.
type history struct{ *register }

func (h *history) Read(ctx context.Context, q port.Query) iter.Seq2[port.Document, error] {
	return func(yield func(port.Document, error) bool) {
		for d, err := range h.register.Read(ctx, q) {
			d.ID, _, _ = strings.Cut(d.ID, "-")
			if !yield(d, err) {
				return
			}
		}
	}
}
