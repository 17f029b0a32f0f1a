package flow_test

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

var update = flag.Bool("update", false, "write golden files")

// TestOrder says what becomes of one order, case by case.
func TestOrder(t *testing.T) {
	cases := []struct {
		name    string
		order   string
		prepare func(*world)
		outcome flow.Outcome
		code    string
		reason  string // is part of it
		help    string
		writes  []string
		check   func(*testing.T, *world, flow.Result)
	}{
		{name: "a new customer and known articles", order: order(1), outcome: flow.Created,
			writes: []string{"create customer", "create invoiceDraft"},
			check: func(t *testing.T, w *world, _ flow.Result) {
				draft := w.books.docs["invoiceDraft"][0]
				if got, want := gjson.GetBytes(draft.Body, "CustomerId").String(), w.books.docs["customer"][0].ID; got != want {
					t.Errorf("the draft's customer is %q, want the one that was made, %q", got, want)
				}
			}},
		{name: "unpaid", order: order(1, "paymentStatus", `"open"`), outcome: flow.Skipped, code: flow.SkipFiltered,
			reason: `filtered by where: paymentStatus == "paid" (status open, paymentStatus open)`},
		{name: "before the start", order: order(1, "createdAt", `"2025-12-31T23:59:59+00:00"`),
			prepare: func(w *world) { w.flow.Start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) },
			outcome: flow.Skipped, code: flow.SkipBeforeStart, reason: "before the flow's start"},
		{name: "at the start in another zone", order: order(1, "createdAt", `"2026-01-01T01:00:00+01:00"`),
			prepare: func(w *world) { w.flow.Start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) },
			outcome: flow.Created, writes: []string{"create customer", "create invoiceDraft"}},
		{name: "the mapping refuses it", order: order(1, "broken", "true"), outcome: flow.Failed, code: flow.FailMapping, reason: "CW2001"},
		{name: "the target has it", order: order(1),
			prepare: func(w *world) { w.books.put("invoiceDraft", `{"BuyersOrderReference":"1"}`) },
			outcome: flow.Skipped, code: flow.SkipExists, reason: "books has it as invoiceDraft 1004",
			check: func(t *testing.T, w *world, _ flow.Result) {
				if l := w.store.links["order/o-1"]; l.TargetID != "invoiceDraft-4" || l.TargetKey != "1004" {
					t.Errorf("it is not remembered: %+v", l)
				}
			}},
		{name: "its draft has become an invoice", order: order(1),
			prepare: func(w *world) { w.books.put("invoice", `{"BuyersOrderReference":"1"}`) },
			outcome: flow.Skipped, code: flow.SkipExists, reason: "invoice 1004"},
		{name: "another order has its number", order: order(1),
			prepare: func(w *world) {
				w.books.put("invoiceDraft", `{"BuyersOrderReference":"1","Rows":[{"Amount":120.00}]}`)
			},
			outcome: flow.Failed, code: flow.FailConflict, reason: "another document with the reference 1 (invoiceDraft 1004 over 120.00), and the order is over 24.95",
			help: "referencePrefix",
			check: func(t *testing.T, w *world, _ flow.Result) {
				if l, ok := w.store.links["order/o-1"]; ok {
					t.Errorf("it is remembered: %+v", l)
				}
			}},
		{name: "another order has its number, and so has its own document", order: order(1),
			prepare: func(w *world) {
				w.books.put("invoiceDraft", `{"BuyersOrderReference":"1","Rows":[{"Amount":120.00}]}`)
				w.books.put("invoiceDraft", `{"BuyersOrderReference":"1","Rows":[{"Amount":25.00}]}`)
			},
			outcome: flow.Skipped, code: flow.SkipExists, reason: "invoiceDraft 1005 and in 1 more"},
		{name: "its document was changed in the books", order: order(1),
			prepare: func(w *world) {
				w.books.put("invoiceDraft", `{"BuyersOrderReference":"1","Rows":[{"Amount":120.00}]}`)
				w.flow.Settings = []byte(`{"trustReference":true}`)
			},
			outcome: flow.Skipped, code: flow.SkipExists, reason: "invoiceDraft 1004"},
		{name: "its document was changed before the crash was noticed", order: order(1),
			prepare: func(w *world) {
				w.books.put("invoiceDraft", `{"BuyersOrderReference":"1","Rows":[{"Amount":120.00}]}`)
				w.store.links["order/o-1"] = port.Link{SourceID: "o-1", Resource: "invoiceDraft", PendingSince: epoch}
			},
			outcome: flow.Skipped, code: flow.SkipExists, reason: "invoiceDraft 1004"},
		{name: "a prefix keeps two shops apart", order: order(1),
			prepare: func(w *world) {
				w.books.put("invoiceDraft", `{"BuyersOrderReference":"1"}`)
				w.flow.Settings = []byte(`{"referencePrefix":"NL-"}`)
			},
			outcome: flow.Created, writes: []string{"create customer", "create invoiceDraft"}},
		{name: "it is linked", order: order(1),
			prepare: func(w *world) {
				w.store.links["order/o-1"] = port.Link{SourceID: "o-1", TargetID: "x", TargetKey: "77", Resource: "invoiceDraft"}
			},
			outcome: flow.Skipped, code: flow.SkipExists, reason: "already sent as invoiceDraft 77",
			check: func(t *testing.T, w *world, _ flow.Result) {
				if len(w.books.calls) > 0 {
					t.Errorf("the target was asked: %v", w.books.calls)
				}
			}},
		{name: "a known customer, in another case", order: order(1),
			prepare: func(w *world) { w.books.put("customer", `{"EmailAddress":"Anna1@Example.NL"}`) },
			outcome: flow.Created, writes: []string{"create invoiceDraft"},
			check: func(t *testing.T, w *world, _ flow.Result) {
				if l := w.store.links["customer/c-1"]; l.TargetID != "customer-4" {
					t.Errorf("the match is not remembered: %+v", l)
				}
			}},
		{name: "a customer who has moved to another address is found by link", order: order(1),
			prepare: func(w *world) {
				w.books.put("customer", `{"EmailAddress":"old@example.nl"}`)
				w.store.links["customer/c-1"] = port.Link{SourceID: "c-1", TargetID: "customer-4"}
			},
			outcome: flow.Created, writes: []string{"create invoiceDraft"}},
		{name: "a linked customer who is gone is found by e-mail", order: order(1),
			prepare: func(w *world) {
				w.books.put("customer", `{"EmailAddress":"anna1@example.nl"}`)
				w.store.links["customer/c-1"] = port.Link{SourceID: "c-1", TargetID: "customer-99"}
			},
			outcome: flow.Created, writes: []string{"create invoiceDraft"},
			check: func(t *testing.T, w *world, _ flow.Result) {
				if l := w.store.links["customer/c-1"]; l.TargetID != "customer-4" {
					t.Errorf("the link still points to the one who is gone: %+v", l)
				}
			}},
		{name: "the default customer by number", order: order(1, "customer.email", `""`),
			prepare: func(w *world) {
				w.books.put("customer", `{"EmailAddress":"till@example.nl"}`)
				w.flow.Settings = []byte(`{"defaultCustomer":1004}`)
				w.flow.Mappings.CustomerWrite = nil
			},
			outcome: flow.Created, writes: []string{"create invoiceDraft"}},
		{name: "the default customer by id", order: order(1),
			prepare: func(w *world) {
				w.books.put("customer", `{"EmailAddress":"till@example.nl"}`)
				w.flow.Settings = []byte(`{"defaultCustomer":"customer-4"}`)
			},
			outcome: flow.Created, writes: []string{"create invoiceDraft"}},
		{name: "a default customer that is not there", order: order(1),
			prepare: func(w *world) { w.flow.Settings = []byte(`{"defaultCustomer":"9"}`) },
			outcome: flow.Failed, code: flow.FailConfiguration, reason: `no customer with number or id "9"`},
		{name: "two customers with the address, one of the order's type", order: order(1),
			prepare: func(w *world) {
				w.books.put("customer", `{"EmailAddress":"anna1@example.nl","IsPrivatePerson":false}`)
				w.books.put("customer", `{"EmailAddress":"anna1@example.nl","IsPrivatePerson":true}`)
			},
			outcome: flow.Created, writes: []string{"create invoiceDraft"},
			check: func(t *testing.T, w *world, _ flow.Result) {
				if got := gjson.GetBytes(w.books.docs["invoiceDraft"][0].Body, "CustomerId").String(); got != "customer-5" {
					t.Errorf("the order went to %s, want the person customer-5", got)
				}
			}},
		{name: "two customers with the address, one active", order: order(1),
			prepare: func(w *world) {
				w.books.put("customer", `{"EmailAddress":"anna1@example.nl","Inactive":true,"IsPrivatePerson":true}`)
				w.books.put("customer", `{"EmailAddress":"anna1@example.nl"}`)
			},
			outcome: flow.Created, writes: []string{"create invoiceDraft"}},
		{name: "two customers that cannot be told apart", order: order(1),
			prepare: func(w *world) {
				w.books.put("customer", `{"EmailAddress":"anna1@example.nl","IsPrivatePerson":true}`)
				w.books.put("customer", `{"EmailAddress":"anna1@example.nl","IsPrivatePerson":true}`)
			},
			outcome: flow.Failed, code: flow.FailCustomer,
			reason: "2 customers of books match by email (1004, 1005), 2 of them an active person", help: "decide"},
		{name: "two customers and no mapping that tells them apart", order: order(1),
			prepare: func(w *world) {
				w.books.put("customer", `{"EmailAddress":"anna1@example.nl","IsPrivatePerson":true}`)
				w.books.put("customer", `{"EmailAddress":"anna1@example.nl"}`)
				w.flow.Mappings.CustomerRead = nil
			},
			outcome: flow.Failed, code: flow.FailCustomer, reason: "2 customers"},
		{name: "no e-mail address", order: order(1, "customer", `{"type":"person","lastName":"Bakker"}`),
			outcome: flow.Failed, code: flow.FailCustomer, reason: "no e-mail address", help: "settings.defaultCustomer"},
		{name: "an e-mail address by default", order: order(1, "customer.email", `null`),
			prepare: func(w *world) { w.flow.Settings = []byte(`{"defaults":{"customer.email":"till@example.nl"}}`) },
			outcome: flow.Created, writes: []string{"create customer", "create invoiceDraft"}},
		{name: "an e-mail address by default, where the source names no customer", order: order(1, "customer", `null`),
			prepare: func(w *world) {
				w.flow.Settings = []byte(`{"defaults":{"customer.email":"till@example.nl","customer.lastName":"Till"}}`)
			},
			outcome: flow.Created, writes: []string{"create customer", "create invoiceDraft"}},
		{name: "a match by number", order: order(1, "customer.number", `"1004"`),
			prepare: func(w *world) {
				w.books.put("customer", `{"EmailAddress":"other@example.nl"}`)
				w.flow.Settings = []byte(`{"customerMatch":["number"]}`)
			},
			outcome: flow.Created, writes: []string{"create invoiceDraft"}},
		{name: "an address that is taken, though the settings do not match by it", order: order(1),
			prepare: func(w *world) {
				w.books.put("customer", `{"EmailAddress":"anna1@example.nl"}`)
				w.flow.Settings = []byte(`{"customerMatch":["link"]}`)
			},
			outcome: flow.Failed, code: flow.FailCustomer, help: "add email to settings.customerMatch"},
		{name: "a company", order: order(1, "customer.type", `"company"`, "customer.company", `"Koffiehuis Bakker B.V."`),
			outcome: flow.Created, writes: []string{"create customer", "create invoiceDraft"},
			check: func(t *testing.T, w *world, _ flow.Result) {
				c := gjson.ParseBytes(w.books.docs["customer"][0].Body)
				if c.Get("Name").String() != "Koffiehuis Bakker B.V." || c.Get("ContactPerson.Name").String() != "Anna Bakker" || c.Get("IsPrivatePerson").Bool() {
					t.Errorf("no company debtor with a contact: %s", c.Raw)
				}
			}},
		{name: "an update of the customer", order: order(1, "customer.type", `"company"`, "customer.company", `"Koffiehuis"`),
			prepare: func(w *world) {
				w.books.put("customer", `{"EmailAddress":"anna1@example.nl","Name":"Old","IsPrivatePerson":false,"City":"Den Haag","ContactPerson":{"Name":"Anna Bakker","Phone":"070"}}`)
				w.flow.Settings = []byte(`{"updateCustomer":true}`)
			},
			outcome: flow.Created, writes: []string{"update customer", "create invoiceDraft"},
			check: func(t *testing.T, w *world, r flow.Result) {
				diff := r.Plan.Operations[0].Diff
				if len(diff) != 1 || diff[0].Path != "Name" || string(diff[0].From) != `"Old"` || string(diff[0].To) != `"Koffiehuis"` {
					t.Errorf("diff %v", diff)
				}
				if got := gjson.GetBytes(w.books.docs["customer"][0].Body, "ContactPerson.Phone").String(); got != "070" {
					t.Errorf("a field that the mapping does not know is gone")
				}
			}},
		{name: "an update that changes nothing", order: order(1),
			prepare: func(w *world) {
				w.books.put("customer", `{"EmailAddress":"anna1@example.nl","Name":"Anna Bakker","IsPrivatePerson":true,"City":"Den Haag"}`)
				w.flow.Settings = []byte(`{"updateCustomer":true}`)
			},
			outcome: flow.Created, writes: []string{"create invoiceDraft"}},
		{name: "an unknown article", order: order(1, "lines.1.sku", `"NK-GIFT"`), outcome: flow.Failed, code: flow.FailProduct,
			reason: "books has no article NK-GIFT", help: "correct the number in shop, or set settings.missingProduct to create"},
		{name: "an unknown article that is made from the shop's product", order: order(1, "lines.1.sku", `"NK-GIFT"`),
			prepare: func(w *world) {
				w.flow.Settings = []byte(`{"missingProduct":"create"}`)
				w.shop.products["NK-GIFT"] = `{"sku":"NK-GIFT","name":"From the shop","priceGross":7.90}`
			},
			outcome: flow.Created, writes: []string{"create customer", "create article", "create invoiceDraft"},
			check: func(t *testing.T, w *world, r flow.Result) {
				a := w.books.docs["article"][3]
				if gjson.GetBytes(a.Body, "Name").String() != "From the shop" {
					t.Errorf("article %s", a.Body)
				}
				if got := gjson.GetBytes(w.books.docs["invoiceDraft"][0].Body, "Rows.1.ArticleId").String(); got != a.ID {
					t.Errorf("the row has article %s, want %s", got, a.ID)
				}
				if main := r.Plan.Main(); !slices.Equal(main.DependsOn, []string{"customer", "product:NK-GIFT"}) {
					t.Errorf("depends on %v", main.DependsOn)
				}
			}},
		{name: "an unknown article that is made from the line", order: order(1, "lines.1.sku", `"NK \"odd\" & <1>"`),
			prepare: func(w *world) { w.flow.Settings = []byte(`{"missingProduct":"create"}`) },
			outcome: flow.Created, writes: []string{"create customer", "create article", "create invoiceDraft"},
			check: func(t *testing.T, w *world, _ flow.Result) {
				a := gjson.ParseBytes(w.books.docs["article"][3].Body)
				if a.Get("Number").String() != `NK "odd" & <1>` || a.Get("Name").String() != "Mug" || a.Get("GrossPrice").Raw != "7.90" {
					t.Errorf("article %s", a.Raw)
				}
			}},
		{name: "an unknown article is ignored and missed in the total", order: order(1, "lines.1.sku", `"NK-GIFT"`),
			prepare: func(w *world) { w.flow.Settings = []byte(`{"missingProduct":"ignore"}`) },
			outcome: flow.Failed, code: flow.FailTotals, reason: "order total is 24.95, the rows add up to 17.05: difference 7.90"},
		{name: "a free unknown article is ignored", order: order(1, "lines.2", `{"sku":"NK-FREE","quantity":1,"totalNet":0,"tax":0,"totalGross":0.00}`),
			prepare: func(w *world) { w.flow.Settings = []byte(`{"missingProduct":"ignore"}`) },
			outcome: flow.Created, writes: []string{"create customer", "create invoiceDraft"},
			check: func(t *testing.T, _ *world, r flow.Result) {
				if len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "NK-FREE") {
					t.Errorf("warnings %q", r.Warnings)
				}
			}},
		{name: "a shipping article that the target lacks", order: order(1, "shippingCosts.0.taxRate", `9`),
			outcome: flow.Failed, code: flow.FailProduct, reason: "books has no article SHIP-9 (table shippingArticles)"},
		{name: "rows that do not add up", order: order(1, "totals", `{"net":20.63,"tax":4.33,"gross":24.96}`),
			outcome: flow.Failed, code: flow.FailTotals, reason: "order total is 24.96, the rows add up to 24.95: difference 0.01"},
		{name: "a row that does not add up", order: order(1, "lines.0.tax", `2.11`),
			outcome: flow.Failed, code: flow.FailTotals, reason: "line 1: net 10.00 and tax 2.11 are not gross 12.10"},
		{name: "tax that the shop rounded", order: order(1, "totals", `{"net":20.63,"tax":4.32,"gross":24.95}`),
			outcome: flow.Created, writes: []string{"create customer", "create invoiceDraft"},
			check: func(t *testing.T, _ *world, r flow.Result) {
				if len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "order tax is 4.32, the tax of the rows adds up to 4.33") {
					t.Errorf("warnings %q", r.Warnings)
				}
			}},
		{name: "no total", order: order(1, "totals", `{}`), outcome: flow.Failed, code: flow.FailTotals, reason: "no totals.gross"},
		{name: "the mapping loses a row", order: order(1),
			prepare: func(w *world) {
				w.flow.Mappings.Write = mapper(func(ctx context.Context, doc []byte, in engineInput) ([]byte, error) {
					return []byte(`{"BuyersOrderReference":"1","Rows":[{"Amount":24.94}]}`), nil
				})
			},
			outcome: flow.Failed, code: flow.FailTotals, reason: "order total is 24.95, the rows add up to 24.94: difference 0.01"},
		{name: "the target rounds in another way, which a fee makes up for", order: order(1),
			prepare: func(w *world) {
				w.books.computes = "-0.02"
				w.flow.Settings = []byte(`{"roundingLimit":0.02}`)
			},
			outcome: flow.Created, writes: []string{"create customer", "create invoiceDraft"},
			check: func(t *testing.T, w *world, r flow.Result) {
				rows := gjson.GetBytes(w.books.docs["invoiceDraft"][0].Body, "Rows")
				if rows.Get("#").Int() != 4 || rows.Get("3.Amount").Raw != "0.02" {
					t.Errorf("rows %s", rows.Raw)
				}
				if len(r.Warnings) != 1 || r.Warnings[0] != "0.02 is sent as a row of its own: books rounds tax in another way" {
					t.Errorf("warnings %q", r.Warnings)
				}
				if gjson.GetBytes(r.Plan.Canonical, "fees").Exists() {
					t.Error("the order itself was changed")
				}
			}},
		{name: "the target computes more than rounding explains", order: order(1),
			prepare: func(w *world) {
				w.books.computes = "0.03"
				w.flow.Settings = []byte(`{"roundingLimit":0.02}`)
			},
			outcome: flow.Failed, code: flow.FailTotals, reason: "order total is 24.95, the rows add up to 24.98: difference -0.03"},
		{name: "the target computes another total", order: order(1), prepare: func(w *world) { w.books.wrong = "0.01" },
			outcome: flow.Created, writes: []string{"create customer", "create invoiceDraft"},
			check: func(t *testing.T, _ *world, r flow.Result) {
				if len(r.Warnings) != 1 || r.Warnings[0] != "order total is 24.95, the target made it 24.96: difference -0.01" {
					t.Errorf("warnings %q", r.Warnings)
				}
			}},
		{name: "the target refuses the customer", order: order(1, "customer.firstName", `""`, "customer.lastName", `"Refused"`),
			outcome: flow.Failed, code: flow.FailRefused, reason: "customer: books: create customer: refused (HTTP 400): no",
			check: func(t *testing.T, w *world, _ flow.Result) {
				if l := w.store.links["customer/c-1"]; !l.PendingSince.IsZero() {
					t.Errorf("the intent of a create that was refused is still there: %+v", l)
				}
			}},
		{name: "a note that looks like a placeholder", order: order(1, "note", `"${customer}"`),
			outcome: flow.Created, writes: []string{"create customer", "create invoiceDraft"},
			check: func(t *testing.T, w *world, _ flow.Result) {
				if got := gjson.GetBytes(w.books.docs["invoiceDraft"][0].Body, "Note").String(); got != "${customer}" {
					t.Errorf("the note became %q", got)
				}
			}},
		{name: "no number", order: order(1, "number", `null`), outcome: flow.Failed, code: flow.FailMapping, reason: "no number"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := with(newWorld(), c.order)
			if c.name == "no number" {
				w.shop.orders[0].Key = ""
			}
			if c.prepare != nil {
				c.prepare(w)
			}
			_, results, err := w.run(t, flow.RunOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if len(results) != 1 {
				t.Fatalf("%d results", len(results))
			}
			for _, r := range results {
				if r.Outcome != c.outcome || r.Code != c.code {
					t.Fatalf("outcome %s %s (%s), want %s %s", r.Outcome, r.Code, r.Reason, c.outcome, c.code)
				}
				if !strings.Contains(r.Reason, c.reason) {
					t.Errorf("reason %q does not say %q", r.Reason, c.reason)
				}
				if !strings.Contains(r.Help, c.help) {
					t.Errorf("help %q does not say %q", r.Help, c.help)
				}
				if strings.Contains(r.Reason, "@") {
					t.Errorf("the reason holds an e-mail address: %s", r.Reason)
				}
				if got := w.books.writes(); !slices.Equal(got, c.writes) {
					t.Errorf("writes %q, want %q", got, c.writes)
				}
				if c.check != nil {
					c.check(t, w, r)
				}
			}
			// Whatever happened, a second run never writes what the first one wrote.
			before := w.books.writes()
			_, again, err := w.run(t, flow.RunOptions{FromStart: true})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range again {
				if c.outcome == flow.Created && r.Outcome != flow.Skipped {
					t.Errorf("second run: %s %s", r.Outcome, r.Reason)
				}
			}
			if got := w.books.writes(); c.outcome == flow.Created && !slices.Equal(got, before) {
				t.Errorf("the second run wrote %q", got[len(before):])
			}
			// Nor with all links lost: the target itself knows the order.
			w.store = newStore(w.books)
			if _, _, err = w.run(t, flow.RunOptions{}); err != nil {
				t.Fatal(err)
			}
			if got := w.books.writes(); c.outcome == flow.Created && !slices.Equal(got, before) {
				t.Errorf("without links it wrote %q", got[len(before):])
			}
		})
	}
}

// TestPlanGolden holds what plans look like, for machines and for people.
func TestPlanGolden(t *testing.T) {
	cases := map[string]func(*world) string{
		"create": func(w *world) string { return order(1) },
		"skip":   func(w *world) string { return order(1, "paymentStatus", `"open"`) },
		"exists": func(w *world) string {
			w.books.put("invoiceDraft", `{"BuyersOrderReference":"1"}`)
			return order(1)
		},
		"fail": func(w *world) string { return order(1, "lines.0.sku", `"NK-GIFT"`) },
		"rounding": func(w *world) string {
			w.books.computes = "-0.01"
			w.flow.Settings = []byte(`{"roundingLimit":0.02}`)
			return order(1)
		},
		"conflict": func(w *world) string {
			w.books.put("invoiceDraft", `{"BuyersOrderReference":"1","Rows":[{"Amount":120.00}]}`)
			return order(1)
		},
		"update-and-article": func(w *world) string {
			w.books.put("customer", `{"EmailAddress":"anna1@example.nl","Name":"Old","City":null}`)
			w.flow.Settings = []byte(`{"updateCustomer":true,"missingProduct":"create"}`)
			return order(1, "lines.0.sku", `"NK-GIFT"`)
		},
	}
	for name, make := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			with(w, make(w))
			plan := w.process(t).Planner().Plan(context.Background(), w.shop.orders[0])
			golden(t, name+".plan.json", indent(t, plan))
			golden(t, name+".plan.txt", plan.Render())
			if len(w.books.writes()) > 0 || len(w.store.links) > 0 {
				t.Errorf("planning wrote something: %v", w.books.writes())
			}
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := errors.Join(os.MkdirAll("testdata", 0o755), os.WriteFile(path, []byte(got), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (-update writes it); got:\n%s", path, got)
	}
}
