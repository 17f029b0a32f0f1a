package flow_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"
	"pgregory.net/rapid"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

var writeStock = mapper(func(_ context.Context, doc []byte, _ engine.Input) ([]byte, error) {
	out, _ := sjson.SetBytes([]byte(`{}`), "Sku", gjson.GetBytes(doc, "sku").String())
	for from, to := range map[string]string{"available": "Quantity", "location": "Place", "managed": "Managed"} {
		if v := gjson.GetBytes(doc, from); v.Exists() {
			out, _ = sjson.SetRawBytes(out, to, []byte(v.Raw))
		}
	}
	return out, nil
})

var readStock = mapper(func(_ context.Context, doc []byte, _ engine.Input) ([]byte, error) {
	out := []byte(`{}`)
	for from, to := range map[string]string{"Quantity": "available", "Place": "location"} {
		if v := gjson.GetBytes(doc, from); v.Exists() {
			out, _ = sjson.SetRawBytes(out, to, []byte(v.Raw))
		}
	}
	return out, nil
})

// newStock is a world whose flow sends stock; the books have 5 of S-1 to S-10.
func newStock() *world {
	w := newWorld()
	w.flow.Name, w.flow.Entity, w.flow.Where, w.flow.WhereText, w.flow.Tables = "stock", port.Stock, nil, "", nil
	w.flow.Mappings = flow.Mappings{Read: identity, Write: writeStock, TargetRead: readStock}
	w.flow.Resources = flow.Resources{Source: "stock", Target: "stock"}
	for i := 1; i <= 10; i++ {
		w.books.put("stock", fmt.Sprintf(`{"Sku":"S-%d","Quantity":5}`, i))
	}
	return w
}

// stocks are documents of {sku, ...}; the id is the SKU and the location.
func stocks(w *world, bodies ...string) *world {
	for i, b := range bodies {
		id := gjson.Get(b, "location").String() + "/" + gjson.Get(b, "sku").String()
		w.shop.orders = append(w.shop.orders, port.Document{Resource: "stock", ID: id, Version: fmt.Sprint(i), Body: []byte(b)})
	}
	return w
}

func (w *world) quantity(sku string) string {
	for _, d := range w.books.docs["stock"] {
		if gjson.GetBytes(d.Body, "Sku").String() == sku {
			return gjson.GetBytes(d.Body, "Quantity").Raw
		}
	}
	return ""
}

// TestStock says what becomes of one stock, case by case. Nine others that do not change keep the guard out of it.
func TestStock(t *testing.T) {
	cases := []struct {
		name     string
		stock    string
		settings string
		tables   string
		prepare  func(*testing.T, *world)
		outcome  flow.Outcome
		code     string
		reason   string
		quantity string // of S-1 afterwards
	}{
		{name: "what can be sold", stock: `{"sku":"S-1","available":7,"onHand":9,"reserved":2}`, outcome: flow.Updated, quantity: "7"},
		{name: "what is there without what is promised", stock: `{"sku":"S-1","onHand":9.5,"reserved":2}`, outcome: flow.Updated, quantity: "7.5"},
		{name: "nothing is promised", stock: `{"sku":"S-1","onHand":9}`, outcome: flow.Updated, quantity: "9"},
		{name: "the same", stock: `{"sku":"S-1","available":5.0}`, outcome: flow.Skipped, code: flow.SkipUnchanged, quantity: "5"},
		{name: "absent is not zero", stock: `{"sku":"S-1","reserved":2}`, outcome: flow.Skipped, code: flow.SkipNoQuantity, quantity: "5"},
		{name: "null is not zero", stock: `{"sku":"S-1","available":null}`, outcome: flow.Skipped, code: flow.SkipNoQuantity, quantity: "5"},
		{name: "zero is zero", stock: `{"sku":"S-1","available":0}`, outcome: flow.Updated, quantity: "0"},
		{name: "sold more often than it was there", stock: `{"sku":"S-1","available":-3}`, outcome: flow.Updated, quantity: "0"},
		{name: "an expression", stock: `{"sku":"S-1","onHand":9,"reserved":2,"available":7}`, settings: `{"quantity":"onHand"}`, outcome: flow.Updated, quantity: "9"},
		{name: "an expression below zero", stock: `{"sku":"S-1","available":1}`, settings: `{"quantity":"available - settings.spare","spare":3}`, outcome: flow.Updated, quantity: "-2"},
		{name: "an expression without a result", stock: `{"sku":"S-1","available":1}`, settings: `{"quantity":"onHand"}`, outcome: flow.Skipped, code: flow.SkipNoQuantity, quantity: "5"},
		{name: "an expression that gives a text", stock: `{"sku":"S-1","available":1}`, settings: `{"quantity":"sku"}`, outcome: flow.Failed, code: flow.FailMapping, quantity: "5"},
		{name: "an unknown article", stock: `{"sku":"S-99","available":7}`, outcome: flow.Skipped, code: flow.SkipNotThere, reason: "books has no stock of S-99", quantity: "5"},
		{name: "an article that the target has and keeps no stock of", stock: `{"sku":"NK-BEAN","available":7}`,
			prepare: func(_ *testing.T, w *world) { w.flow.Resources.Product = "article" }, outcome: flow.Created, quantity: "5"},
		{name: "an unknown article where stock could be made", stock: `{"sku":"S-99","available":7}`,
			prepare: func(_ *testing.T, w *world) { w.flow.Resources.Product = "article" }, outcome: flow.Skipped, code: flow.SkipNotThere, reason: "books has no product S-99", quantity: "5"},
		{name: "the flag is left alone", stock: `{"sku":"S-1","available":5,"managed":true}`, outcome: flow.Skipped, code: flow.SkipUnchanged, quantity: "5"},
		{name: "the flag is set", stock: `{"sku":"S-1","available":5}`, settings: `{"manageStock":"on"}`, outcome: flow.Updated, quantity: "5"},
		{name: "the flag as in the source", stock: `{"sku":"S-1","managed":false}`, settings: `{"manageStock":"source"}`, outcome: flow.Updated, quantity: "5"},
		{name: "without a SKU", stock: `{"available":5}`, outcome: flow.Skipped, code: flow.SkipNoKey, quantity: "5"},
		{name: "one location, and nobody said which", stock: `{"sku":"S-1","available":7,"location":"north"}`, outcome: flow.Updated, quantity: "7"},
		{name: "two locations, and nobody said which", stock: `{"sku":"S-1","available":7,"location":"north"}`,
			prepare: func(_ *testing.T, w *world) { stocks(w, `{"sku":"S-1","available":1,"location":"south"}`) },
			outcome: flow.Failed, code: flow.FailConfiguration, reason: "shop has it at 2 locations (north, south)", quantity: "5"},
		{name: "two locations that are one place", stock: `{"sku":"S-1","available":7,"location":"north"}`, tables: `{"locations":{"north":"main","south":"main"}}`,
			prepare: func(_ *testing.T, w *world) { stocks(w, `{"sku":"S-1","available":1.5,"location":"south"}`) }, outcome: flow.Updated, quantity: "8.5"},
		{name: "two locations that are two places", stock: `{"sku":"S-1","available":7,"location":"north"}`, tables: `{"locations":{"north":"main","south":"shelf"}}`,
			prepare: func(t *testing.T, w *world) {
				stocks(w, `{"sku":"S-1","available":1,"location":"south"}`, `{"sku":"S-1","available":30,"location":"west"}`)
				w.books.docs["stock"][0].Body, _ = sjson.SetBytes(w.books.docs["stock"][0].Body, "Place", "main")
				w.books.put("stock", `{"Sku":"S-1","Quantity":2,"Place":"shelf"}`)
				t.Cleanup(func() {
					if q := gjson.GetBytes(w.books.docs["stock"][10].Body, "Quantity").Raw; q != "1" {
						t.Errorf("the shelf has %s", q)
					}
				})
			}, outcome: flow.Updated, quantity: "7"},
		{name: "two locations that are one place, of which one is not known", stock: `{"sku":"S-1","available":7,"location":"north"}`, tables: `{"locations":{"north":"main","south":"main"}}`,
			prepare: func(_ *testing.T, w *world) { stocks(w, `{"sku":"S-1","location":"south"}`) }, outcome: flow.Skipped, code: flow.SkipNoQuantity, quantity: "5"},
		{name: "two locations of which where leaves one out", stock: `{"sku":"S-1","available":7,"location":"north"}`,
			prepare: func(_ *testing.T, w *world) {
				stocks(w, `{"sku":"S-1","available":1,"location":"south"}`)
				w.flow.Where = condition(func(doc []byte) (bool, error) { return gjson.GetBytes(doc, "location").String() != "south", nil })
			}, outcome: flow.Updated, quantity: "7"},
		{name: "a location that the table leaves out", stock: `{"sku":"S-1","available":7,"location":"west"}`, tables: `{"locations":{"north":"main"}}`,
			outcome: flow.Skipped, code: flow.SkipLocation, quantity: "5"},
		{name: "one of two places of the target", stock: `{"sku":"S-1","available":7}`, tables: `{"locations":{"":"shelf"}}`,
			prepare: func(t *testing.T, w *world) {
				w.books.put("stock", `{"Sku":"S-1","Quantity":2,"Place":"shelf"}`)
				w.books.docs["stock"][0].Body, _ = sjson.SetBytes(w.books.docs["stock"][0].Body, "Place", "cellar")
				t.Cleanup(func() {
					if q := gjson.GetBytes(w.books.docs["stock"][10].Body, "Quantity").Raw; q != "7" {
						t.Errorf("the shelf has %s", q)
					}
				})
			}, outcome: flow.Updated, quantity: "5"},
		{name: "two places of the target, and nobody said which", stock: `{"sku":"S-1","available":7}`,
			prepare: func(_ *testing.T, w *world) { w.books.put("stock", `{"Sku":"S-1","Quantity":2,"Place":"shelf"}`) },
			outcome: flow.Failed, code: flow.FailConfiguration, reason: "books has S-1 at 2 locations", quantity: "5"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := stocks(newStock(), c.stock)
			for i := 2; i <= 10; i++ {
				stocks(w, fmt.Sprintf(`{"sku":"S-%d","available":5}`, i))
			}
			w.flow.Settings, w.flow.Tables = []byte(c.settings), []byte(c.tables)
			if q := gjson.Get(c.settings, "quantity").String(); q != "" {
				var err error
				if w.flow.Quantity, err = engine.CompileExpression(q, "any"); err != nil {
					t.Fatal(err)
				}
			}
			if c.prepare != nil {
				c.prepare(t, w)
			}
			if c.tables != "" { // the nine others are nowhere then
				w.flow.Settings, _ = sjson.SetBytes(w.flow.Settings, "maxZeroed", 50)
			}
			var first flow.Result
			run := func() (writes int) {
				before := len(w.books.writes())
				s, err := w.process(t).Run(t.Context(), flow.RunOptions{OnResult: func(r flow.Result, _ flow.Summary) {
					if r.Document.ID == w.shop.orders[0].ID {
						first = r
					}
				}})
				if err != nil || !s.Balanced() {
					t.Fatalf("%s %v", s, err)
				}
				return len(w.books.writes()) - before
			}
			run()
			if first.Outcome != c.outcome || first.Code != c.code || !strings.Contains(first.Reason, c.reason) {
				t.Fatalf("%s %s %s (%s)", first.Outcome, first.Code, first.Reason, first.Help)
			}
			if got := w.quantity("S-1"); got != c.quantity {
				t.Errorf("quantity %s, want %s", got, c.quantity)
			}
			if n := run(); n != 0 {
				t.Errorf("a second run wrote %d times", n)
			}
		})
	}
}

// TestZeroedGuard shows that a run that would take more than settings.maxZeroed to none sends nothing at all.
func TestZeroedGuard(t *testing.T) {
	cases := []struct {
		name     string
		zeros    int
		settings string
		had      string // what the books had of each
		stops    bool
	}{
		{"two of ten", 2, `{}`, "5", false},
		{"three of ten", 3, `{}`, "5", true},
		{"all of ten", 10, `{}`, "5", true},
		{"three where a third is allowed", 3, `{"maxZeroed":33.4}`, "5", false},
		{"one where none is allowed", 1, `{"maxZeroed":0}`, "5", true},
		{"none where none is allowed", 0, `{"maxZeroed":0}`, "5", false},
		{"all where everything is allowed", 10, `{"maxZeroed":100}`, "5", false},
		{"there was none anyway", 10, `{}`, "-1", false},
		{"nobody knows what there was", 10, `{}`, `"?"`, true},
	}
	for _, c := range cases {
		for _, dry := range []bool{true, false} {
			t.Run(fmt.Sprint(c.name, " dry ", dry), func(t *testing.T) {
				w := newStock()
				w.flow.Settings = []byte(c.settings)
				for i := range w.books.docs["stock"] {
					w.books.docs["stock"][i].Body, _ = sjson.SetRawBytes(w.books.docs["stock"][i].Body, "Quantity", []byte(c.had))
				}
				for i := 1; i <= 10; i++ {
					q := 6 // changes as well
					if i <= c.zeros {
						q = 0
					}
					stocks(w, fmt.Sprintf(`{"sku":"S-%d","available":%d}`, i, q))
				}
				s, results, err := w.run(t, flow.RunOptions{Workers: 3, DryRun: dry})
				var stop *flow.Failure
				if stopped := errors.As(err, &stop); stopped != c.stops || err != nil && !c.stops {
					t.Fatalf("%s %v", s, err)
				}
				switch {
				case c.stops && dry:
					if s.Updated != 10 || len(w.books.writes()) > 0 || len(results["S-10"].Plan.Operations) != 1 {
						t.Errorf("the plans are not shown: %s", s)
					}
				case c.stops && (stop.Code != flow.FailZeroed || s.Failed != 10 || len(w.books.writes()) > 0 || results["S-10"].Code != flow.FailZeroed):
					t.Errorf("%v: %s, %v", err, s, w.books.writes())
				case !c.stops && (s.Updated != 10 || len(w.books.writes()) != map[bool]int{true: 0, false: 10}[dry]):
					t.Errorf("%s, %v", s, w.books.writes())
				}
			})
		}
	}
}

// TestSourceThatFails shows that a source that ends early, or gives nothing, or half, takes nothing to none.
func TestSourceThatFails(t *testing.T) {
	half := func() *world {
		w := newStock()
		for i := 1; i <= 5; i++ {
			stocks(w, fmt.Sprintf(`{"sku":"S-%d","available":%d}`, i, 6))
		}
		return w
	}
	t.Run("an error after half of it", func(t *testing.T) {
		w := half()
		w.shop.fail = &port.Error{Kind: port.ErrOutage, System: "shop", Status: 500}
		s, _, err := w.run(t, flow.RunOptions{})
		if !errors.Is(err, port.ErrOutage) || s.Read != 0 || len(w.books.calls) != 0 || !strings.Contains(err.Error(), "nothing was sent") {
			t.Errorf("%s %v %v", s, err, w.books.calls)
		}
	})
	t.Run("nothing", func(t *testing.T) {
		w := newStock()
		if s, _, err := w.run(t, flow.RunOptions{}); err != nil || s.Read != 0 || len(w.books.calls) != 0 {
			t.Errorf("%s %v", s, err)
		}
	})
	t.Run("half of it", func(t *testing.T) {
		w := half()
		if s, _, err := w.run(t, flow.RunOptions{}); err != nil || s.Updated != 5 || w.quantity("S-6") != "5" || w.quantity("S-1") != "6" {
			t.Errorf("%s %v", s, err)
		}
	})
	t.Run("it ends while all is planned", func(t *testing.T) {
		w := half()
		ctx, stop := context.WithCancel(t.Context())
		w.books.next = func(string) fault { stop(); return none }
		s, err := w.process(t).Run(ctx, flow.RunOptions{})
		if !errors.Is(err, context.Canceled) || len(w.books.writes()) > 0 {
			t.Errorf("%s %v %v", s, err, w.books.writes())
		}
	})
}

// TestStockThatMoves shows that what the target sold while all was planned is planned again, and that the guard cannot be passed
// that way.
func TestStockThatMoves(t *testing.T) {
	for name, c := range map[string]struct {
		available, becomes string
		outcome            flow.Outcome
	}{
		"another quantity":                {"6", "4", flow.Updated},
		"there are some now, and no more": {"0", "3", flow.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			w := newStock()
			had := "5"
			if c.available == "0" {
				had = "-1"
			}
			w.books.docs["stock"][0].Body, _ = sjson.SetRawBytes(w.books.docs["stock"][0].Body, "Quantity", []byte(had))
			stocks(w, `{"sku":"S-1","available":`+c.available+`}`)
			finds := 0
			w.books.next = func(call string) fault { // the second look is the executor's
				if finds++; finds == 2 {
					w.books.docs["stock"][0].Body, _ = sjson.SetRawBytes(w.books.docs["stock"][0].Body, "Quantity", []byte(c.becomes))
					w.books.docs["stock"][0].Version += "+"
				}
				return none
			}
			_, results, err := w.run(t, flow.RunOptions{})
			if r := results["S-1"]; err != nil || r.Outcome != c.outcome || c.outcome == flow.Failed && r.Code != flow.FailMoved {
				t.Fatalf("%s %s %s %v", r.Outcome, r.Code, r.Reason, err)
			}
		})
	}
}

// TestStockArrives: whatever goes wrong, the target has in the end what the source says, of the articles that it knows and the source
// tells, and of no other; every run accounts for every document.
func TestStockArrives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newStock()
		w.flow.Settings = []byte(`{"maxZeroed":100}`)
		want := map[string]string{}
		for i := 1; i <= 12; i++ {
			sku := fmt.Sprintf("S-%d", i)
			if i <= 10 {
				want[sku] = "5"
			}
			switch rapid.IntRange(0, 3).Draw(t, "kind") {
			case 0: // the source does not have it
			case 1:
				stocks(w, fmt.Sprintf(`{"sku":%q}`, sku))
			default:
				q := rapid.IntRange(0, 3).Draw(t, "quantity")
				stocks(w, fmt.Sprintf(`{"sku":%q,"onHand":%d,"reserved":1}`, sku, q+1))
				if i <= 10 {
					want[sku] = fmt.Sprint(q)
				}
			}
		}
		storm := faultsOf(t)
		w.books.next = storm.next
		for i := 0; i < 100 && !storm.over(); i++ {
			w.storm(t, rapid.IntRange(1, 3).Draw(t, "workers"))
		}
		w.storm(t, 2)
		before := len(w.books.writes())
		if s := w.storm(t, 1); len(w.books.writes()) != before || s.Skipped != len(w.shop.orders) {
			t.Fatalf("a run without news: %s %v", s, w.books.writes()[before:])
		}
		for sku, q := range want {
			if got := w.quantity(sku); got != q {
				t.Fatalf("%s has %s, want %s", sku, got, q)
			}
		}
		if len(w.books.docs["stock"]) != 10 {
			t.Fatalf("%d stocks", len(w.books.docs["stock"]))
		}
	})
}

// TestStockReadsAll shows that stock has no cursor: every run reads all of it.
func TestStockReadsAll(t *testing.T) {
	w := stocks(newStock(), `{"sku":"S-1","available":7}`)
	w.shop.orders[0].ChangedAt = epoch.Add(-time.Hour)
	w.store.cursors["stock"] = epoch
	if s, _, err := w.run(t, flow.RunOptions{}); err != nil || s.Updated != 1 || !w.shop.reads[0].Since.IsZero() {
		t.Errorf("%s %v, read since %v", s, err, w.shop.reads[0].Since)
	}
}

// TestOnlyStock shows that a run which is to handle some stock sends only that, and nothing where a name is wrong, or where all stock together would trip the guard.
func TestOnlyStock(t *testing.T) {
	w := stocks(newStock(), `{"sku":"S-1","available":7}`, `{"sku":"S-2","available":8}`, `{"sku":"S-3","available":0}`)
	w.flow.Settings = []byte(`{"maxZeroed":40}`)
	for _, only := range [][]string{{"S-1", "S-99"}, {""}} {
		if s, _, err := w.run(t, flow.RunOptions{Only: only}); err == nil || s.Read != 0 || len(w.books.writes()) > 0 {
			t.Errorf("only %q: %s %v, wrote %v", only, s, err, w.books.writes())
		}
	}
	s, results, err := w.run(t, flow.RunOptions{Only: []string{"S-1", "/S-3"}})
	if err != nil || s.Read != 2 || s.Updated != 2 || results["S-1"].Outcome != flow.Updated || w.quantity("S-1") != "7" || w.quantity("S-2") != "5" || w.quantity("S-3") != "0" {
		t.Errorf("%s %v: %v", s, err, results)
	}
	stocks(w, `{"sku":"S-4","available":0}`, `{"sku":"S-5","available":0}`, `{"sku":"S-6","available":0}`)
	s, _, err = w.run(t, flow.RunOptions{Only: []string{"S-4"}})
	if err == nil || s.Failed != 1 || s.Read != 1 || w.quantity("S-4") != "5" {
		t.Errorf("one of many that are none all of a sudden: %s %v", s, err)
	}
}
