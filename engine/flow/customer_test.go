package flow_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"
	"pgregory.net/rapid"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// newCustomers is a world whose flow sends customers.
func newCustomers() *world {
	w := newWorld()
	w.flow.Name, w.flow.Entity, w.flow.Where, w.flow.WhereText = "customers", port.Customer, nil, ""
	w.flow.Mappings = flow.Mappings{Read: identity, Write: writeCustomer, CustomerRead: readCustomer}
	w.flow.Resources = flow.Resources{Source: "customer", Target: "customer", References: []string{"terms"}}
	return w
}

func customer(number int, changes ...string) string {
	body := fmt.Sprintf(`{"id":"c-%d","number":"K%d","type":"person","firstName":"Anna","lastName":"Bakker","email":"anna%d@example.nl",
"addresses":[{"use":["billing","shipping"],"city":"Den Haag","country":"NL"}]}`, number, number, number)
	for i := 0; i < len(changes); i += 2 {
		body, _ = sjson.SetRaw(body, changes[i], changes[i+1])
	}
	return body
}

// TestCustomer says what becomes of one customer, case by case.
func TestCustomer(t *testing.T) {
	cases := []struct {
		name     string
		customer string
		prepare  func(*world)
		outcome  flow.Outcome
		code     string
		reason   string
		writes   []string
		check    func(*testing.T, *world, flow.Result)
	}{
		{name: "a new one", customer: customer(1), outcome: flow.Created, writes: []string{"create customer"},
			check: func(t *testing.T, w *world, r flow.Result) {
				if l := w.store.links["customer/c-1"]; l.TargetID != "customer-4" || !l.PendingSince.IsZero() {
					t.Errorf("link %+v", l)
				}
				if r.Document.Name() != "K1" {
					t.Errorf("it is called %s", r.Document.Name())
				}
			}},
		{name: "a known one in another case, who says the same", customer: customer(1),
			prepare: func(w *world) {
				w.books.put("customer", `{"EmailAddress":"Anna1@Example.NL","Name":"Anna Bakker","IsPrivatePerson":true,"City":"Den Haag"}`)
				w.flow.Mappings.Write = mapperOf(t, "Name: firstName + ' ' + lastName\n  City: addresses[0].city")
			},
			outcome: flow.Skipped, code: flow.SkipUnchanged,
			check: func(t *testing.T, w *world, _ flow.Result) {
				if l := w.store.links["customer/c-1"]; l.TargetID != "customer-4" {
					t.Errorf("it is not remembered: %+v", l)
				}
			}},
		{name: "a known one who has moved", customer: customer(1),
			prepare: func(w *world) {
				w.books.put("customer", `{"EmailAddress":"anna1@example.nl","Name":"Anna Bakker","IsPrivatePerson":true,"City":"Delft","Note":"pays late"}`)
			},
			outcome: flow.Updated, writes: []string{"update customer"},
			check: func(t *testing.T, w *world, r flow.Result) {
				got := gjson.ParseBytes(w.books.docs["customer"][0].Body)
				if got.Get("City").String() != "Den Haag" || got.Get("Note").String() != "pays late" {
					t.Errorf("it is %s", got.Raw)
				}
				if d := r.Plan.Operations[0].Diff; len(d) != 1 || d[0].Path != "City" {
					t.Errorf("changes %+v", d)
				}
			}},
		{name: "a known one that is to be left alone", customer: customer(1),
			prepare: func(w *world) {
				w.books.put("customer", `{"EmailAddress":"anna1@example.nl","City":"Delft"}`)
				w.flow.Settings = []byte(`{"update":false}`)
			},
			outcome: flow.Skipped, code: flow.SkipExists, reason: "settings.update is false"},
		{name: "one who has changed address is found by link", customer: customer(1, "email", `"new@example.nl"`),
			prepare: func(w *world) {
				w.books.put("customer", `{"EmailAddress":"old@example.nl"}`)
				w.store.links["customer/c-1"] = port.Link{SourceID: "c-1", TargetID: "customer-4"}
			},
			outcome: flow.Updated, writes: []string{"update customer"},
			check: func(t *testing.T, w *world, _ flow.Result) {
				if n := w.books.count("customer", "new@example.nl"); n != 1 || len(w.books.docs["customer"]) != 1 {
					t.Errorf("%d of %d customers", n, len(w.books.docs["customer"]))
				}
			}},
		{name: "one who is linked and was deleted there", customer: customer(1),
			prepare: func(w *world) { w.store.links["customer/c-1"] = port.Link{SourceID: "c-1", TargetID: "gone"} },
			outcome: flow.Created, writes: []string{"create customer"}},
		{name: "by number", customer: customer(1, "email", "null", "number", `"1004"`),
			prepare: func(w *world) {
				w.books.put("customer", `{"Name":"Anna Bakker","IsPrivatePerson":true}`)
				w.flow.Settings = []byte(`{"customerMatch":["number"]}`)
			},
			outcome: flow.Updated, writes: []string{"update customer"}},
		{name: "without an address to be found by", customer: customer(1, "email", `" "`), outcome: flow.Skipped, code: flow.SkipNoKey, reason: "no e-mail address"},
		{name: "two in the target", customer: customer(1),
			prepare: func(w *world) {
				for range 2 {
					w.books.put("customer", `{"EmailAddress":"anna1@example.nl","IsPrivatePerson":true}`)
				}
			},
			outcome: flow.Failed, code: flow.FailCustomer, reason: "2 customers of books match by email (1004, 1005)"},
		{name: "two in the target of which one is inactive", customer: customer(1),
			prepare: func(w *world) {
				w.books.put("customer", `{"EmailAddress":"anna1@example.nl","IsPrivatePerson":true,"Inactive":true}`)
				w.books.put("customer", `{"EmailAddress":"anna1@example.nl","IsPrivatePerson":true}`)
			},
			outcome: flow.Updated, writes: []string{"update customer"},
			check: func(t *testing.T, w *world, r flow.Result) {
				if id := r.Plan.Operations[0].TargetID; id != "customer-5" {
					t.Errorf("it changed %s", id)
				}
			}},
		{name: "left out by where", customer: customer(1),
			prepare: func(w *world) {
				w.flow.Where = condition(func(doc []byte) (bool, error) { return gjson.GetBytes(doc, "type").String() == "company", nil })
				w.flow.WhereText = `type == "company"`
			},
			outcome: flow.Skipped, code: flow.SkipFiltered},
		{name: "the settings do not match by e-mail, and the address is taken", customer: customer(1),
			prepare: func(w *world) {
				w.books.put("customer", `{"EmailAddress":"anna1@example.nl"}`)
				w.flow.Settings = []byte(`{"customerMatch":["link"]}`)
			},
			outcome: flow.Failed, code: flow.FailCustomer, reason: "has the same e-mail address"},
		{name: "the tax code of the country", customer: customer(1, "addresses.0.country", `"DE"`),
			prepare: func(w *world) {
				w.flow.Tables = []byte(`{"customerTaxCodes":{"NL":"domestic","EU":"intra","world":"export"}}`)
				w.flow.Mappings.Write = mapperOf(t, "EmailAddress: email\n  Tax: taxCode")
			},
			outcome: flow.Created, writes: []string{"create customer"},
			check: func(t *testing.T, w *world, _ flow.Result) {
				if tax := gjson.GetBytes(w.books.docs["customer"][0].Body, "Tax").String(); tax != "intra" {
					t.Errorf("tax code %q", tax)
				}
			}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newCustomers()
			if c.prepare != nil {
				c.prepare(w)
			}
			with(w, c.customer)
			_, results, err := w.run(t, flow.RunOptions{})
			if err != nil || len(results) != 1 {
				t.Fatalf("%d results, %v", len(results), err)
			}
			for _, r := range results {
				if r.Outcome != c.outcome || r.Code != c.code || !strings.Contains(r.Reason, c.reason) {
					t.Fatalf("%s %s %s (%s)", r.Outcome, r.Code, r.Reason, r.Help)
				}
				if strings.Contains(r.Reason+r.Help+r.Document.Name()+fmt.Sprint(r.Targets), "@") {
					t.Errorf("the result tells an address: %+v", r)
				}
				if got := w.books.writes(); strings.Join(got, ",") != strings.Join(c.writes, ",") {
					t.Errorf("writes %v, want %v", got, c.writes)
				}
				if c.check != nil {
					c.check(t, w, r)
				}
			}
			before := len(w.books.writes())
			if _, _, err := w.run(t, flow.RunOptions{FromStart: true}); err != nil || len(w.books.writes()) != before {
				t.Errorf("a second run wrote %v (%v)", w.books.writes()[before:], err)
			}
		})
	}
}

// TestCustomerTaxCodes shows which entry of the table counts.
func TestCustomerTaxCodes(t *testing.T) {
	for country, want := range map[string]string{"NL": "domestic", "GR": "intra", "US": "export", "GB": "export", "": "own"} {
		w := newCustomers()
		w.flow.Tables = []byte(`{"customerTaxCodes":{"NL":"domestic","EU":"intra","world":"export"}}`)
		with(w, customer(1, "addresses.0.country", fmt.Sprintf("%q", country), "taxCode", `"own"`))
		_, results, err := w.run(t, flow.RunOptions{DryRun: true})
		if err != nil {
			t.Fatal(err)
		}
		if got := gjson.GetBytes(results["K1"].Plan.Canonical, "taxCode").String(); got != want {
			t.Errorf("%s: %s, want %s", country, got, want)
		}
	}
}

// TestStoredPlanOfCustomer shows that a plan to create does not take a customer that has turned up since for the end of the matter: that
// one may need a change.
func TestStoredPlanOfCustomer(t *testing.T) {
	w := with(newCustomers(), customer(1))
	plan := roundTrip(t, w.process(t).Planner().Plan(t.Context(), w.shop.orders[0]))
	w.books.put("customer", `{"EmailAddress":"anna1@example.nl","City":"Delft"}`)
	if r := w.process(t).Executor().Apply(t.Context(), plan); r.Outcome != flow.Failed || r.Code != flow.FailMoved || len(w.books.writes()) > 0 {
		t.Fatalf("%s %s %s", r.Outcome, r.Code, r.Reason)
	}
	again := roundTrip(t, w.process(t).Planner().Plan(t.Context(), w.shop.orders[0]))
	if r := w.process(t).Executor().Apply(t.Context(), again); r.Outcome != flow.Updated {
		t.Fatalf("%s %s %s", r.Outcome, r.Code, r.Reason)
	}
}

// TestTwoOfOneAddress shows that two customers of the source with one address do not change the target's one in turns.
func TestTwoOfOneAddress(t *testing.T) {
	w := with(newCustomers(), customer(1), customer(2, "email", `"ANNA1@example.nl"`, "lastName", `"Smit"`))
	s, results, err := w.run(t, flow.RunOptions{})
	if err != nil || s.Created != 1 || results["K2"].Code != flow.SkipDuplicate || !strings.Contains(results["K2"].Reason, "c-1 of shop is customer 1004 already") {
		t.Fatalf("%s %v: %s", s, err, results["K2"].Reason)
	}
	for range 2 {
		if s, _, err := w.run(t, flow.RunOptions{FromStart: true}); err != nil || s.Skipped != 2 {
			t.Errorf("again: %s %v", s, err)
		}
	}
	// The first one takes another address: now there are two.
	w.shop.orders[0].Body = []byte(customer(1, "email", `"anna@example.com"`))
	w.shop.orders[0].Version += "+"
	if s, _, err := w.run(t, flow.RunOptions{FromStart: true}); err != nil || s.Updated != 1 || s.Created != 1 {
		t.Errorf("after the address changed: %s %v", s, err)
	}
	if s, _, err := w.run(t, flow.RunOptions{FromStart: true}); err != nil || s.Skipped != 2 {
		t.Errorf("and again: %s %v", s, err)
	}
}

// TestCustomersOnce is the promise: whatever goes wrong, each address stands in the target once, with what its customer says last,
// every run accounts for every document, and a run without news changes nothing.
func TestCustomersOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newCustomers()
		w.books.unique = rapid.Bool().Draw(t, "unique")
		n := rapid.IntRange(1, 6).Draw(t, "customers")
		for i := 1; i <= n; i++ {
			w.shop.add(epoch.Add(-time.Duration(rapid.IntRange(1, 4).Draw(t, "age"))*time.Minute), customer(i, "email", fmt.Sprintf(`"a%d@example.nl"`, i)))
		}
		storm := faultsOf(t)
		w.books.next = storm.next
		round := func() flow.Summary {
			s := w.storm(t, rapid.IntRange(1, 3).Draw(t, "workers"))
			i := rapid.IntRange(0, n-1).Draw(t, "who")
			if storm.over() {
				return s
			}
			w.shop.orders[i].Body, _ = sjson.SetBytes(w.shop.orders[i].Body, "lastName", rapid.SampledFrom([]string{"Bakker", "Smit", "de Vries"}).Draw(t, "name"))
			w.shop.orders[i].Version += "+"
			w.shop.orders[i].ChangedAt = w.clock.Now()
			return s
		}
		for i := 0; i < 100 && !storm.over(); i++ {
			round()
		}
		for range 3 {
			w.storm(t, 2)
		}
		before := len(w.books.writes())
		if rapid.Bool().Draw(t, "links lost") {
			w.store = newStore(w.books)
		}
		w.store.cursors = map[string]time.Time{}
		if s := w.storm(t, 1); s.Skipped != n || len(w.books.writes()) != before {
			t.Fatalf("a run without news: %s, %v", s, w.books.writes()[before:])
		}
		for i, d := range w.shop.orders {
			if got := w.books.count("customer", fmt.Sprintf("a%d@example.nl", i+1)); got != 1 {
				t.Fatalf("customer %d is there %d times\n%s", i+1, got, strings.Join(w.books.calls, "\n"))
			}
			want := "Anna " + gjson.GetBytes(d.Body, "lastName").String()
			found := false
			for _, c := range w.books.docs["customer"] {
				found = found || gjson.GetBytes(c.Body, "Name").String() == want && strings.EqualFold(gjson.GetBytes(c.Body, "EmailAddress").String(), fmt.Sprintf("a%d@example.nl", i+1))
			}
			if !found {
				t.Fatalf("customer %d is not %s", i+1, want)
			}
		}
	})
}
