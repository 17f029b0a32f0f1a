package project

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	books "github.com/crosswalk-go/crosswalk/connectors/eaccounting/sandbox"
	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// TestScopeOfLinksAndCursor leads a flow that has run to other books: what the first have, the second do not have. Back
// at the first, nothing is sent again.
func TestScopeOfLinksAndCursor(t *testing.T) {
	c := newCrossing(t)
	c.onward = true
	c.settings("orderType: invoiceDraft")
	if s, _ := c.run(); s.Created != 6 {
		t.Fatalf("the first books: %s", s)
	}
	if s, _ := c.run(); s.Created != 0 || s.Read == 10 {
		t.Fatalf("the first books again: %s", s)
	}
	first := maps.Clone(c.env)
	c.serve("BOOKS", books.New(connectors.SandboxOptions{}))
	delete(c.store.tokens, "books") // both sandboxes start with the same token
	if s, _ := c.run(); s.Created != 6 {
		t.Errorf("the second books: %s", s)
	}
	if n := c.count("invoiceDraft", port.KeyReference, "10002"); n != 1 {
		t.Errorf("order 10002 stands in the second books %d times", n)
	}
	c.env["BOOKS"] = first["BOOKS"]
	delete(c.store.tokens, "books")
	c.env["refreshToken"] = c.books.Credentials()["refreshToken"]
	if s, _ := c.run(); s.Created != 0 {
		t.Errorf("back at the first books: %s", s)
	}
}

// TestRoundingRow sends the seeded company's order, whose tax the shop rounds by line and the books by rate. Without an
// article for the row that makes up for it, the order says what it lacks.
func TestRoundingRow(t *testing.T) {
	c := newCrossing(t)
	c.settings("orderType: invoiceDraft")
	_, results := c.run()
	if r := results["10003"]; r.Outcome != flow.Created || !slices.ContainsFunc(r.Warnings, func(w string) bool { return strings.HasPrefix(w, "0.01 is sent as a row of its own") }) {
		t.Errorf("10003: %s %s %q", r.Outcome, r.Reason, r.Warnings)
	}
	draft := c.find("invoiceDraft", port.KeyReference, "10003")[0]
	if total := gjson.GetBytes(draft.Body, "TotalAmount").Raw; total != "303.16" {
		t.Errorf("the draft is over %s, the order over 303.16", total)
	}

	c = newCrossing(t)
	c.write("flows/orders.yaml", "from: webshop\nto: books\nentity: order\nsettings: {orderType: invoiceDraft, roundingLimit: 0.05}\n"+
		"tables: {shippingArticles: {21: SHIP-21, 9: SHIP-9}}\n")
	_, results = c.run()
	if r := results["10003"]; r.Outcome != flow.Failed || !strings.Contains(r.Reason, "rounding difference of 0.01") || !strings.Contains(r.Reason, "feeArticles") {
		t.Errorf("10003 without the table: %s %s", r.Outcome, r.Reason)
	}
}

// TestOneNumberInTwoShops sends orders of a second shop, which counts as the first does. What the books have of the
// first is not taken for the second's; with a prefix, both stand in the books.
func TestOneNumberInTwoShops(t *testing.T) {
	c := newCrossing(t)
	c.settings("orderType: invoiceDraft")
	c.run()
	// The second shop: its order 10002 is over another amount.
	c.store = c.store.withoutLinks()
	c.write("mappings/second.yaml", "extends: shopware/order.read\nrules:\n  lines[].totalGross: {expr: line.totalPrice + 100, round: 2}\n"+
		"  totals.gross: {expr: amountTotal + 200, round: 2}\n")
	c.settings("orderType: invoiceDraft}\nmappings: {read: mappings/second.yaml") // settings closes the brace
	_, results := c.run()
	if r := results["10002"]; r.Outcome != flow.Failed || r.Code != flow.FailConflict {
		t.Errorf("10002 of the second shop: %s %s %s", r.Outcome, r.Code, r.Reason)
	}
	c.settings("orderType: invoiceDraft, referencePrefix: B-")
	if s, results := c.run(); s.Created != 7 {
		t.Errorf("with a prefix: %s: %s", s, results["10002"].Reason)
	}
	if c.count("invoiceDraft", port.KeyReference, "B-10002") != 1 || c.count("invoiceDraft", port.KeyReference, "10002") != 1 {
		t.Error("the two orders do not stand in the books once each")
	}
	c.store = c.store.withoutLinks()
	if s, _ := c.run(); s.Created != 0 {
		t.Errorf("with a prefix, links lost: %s", s)
	}
}

func TestPlace(t *testing.T) {
	same := []string{"https://Shop.example.com/nl/", "http://shop.example.com/nl", " https://shop.example.com/nl"}
	for _, address := range same {
		if got := place(address); got != "shop.example.com/nl" {
			t.Errorf("place(%q) = %q", address, got)
		}
	}
	if place("https://shop.example.com/be") == place(same[0]) {
		t.Error("two shops on one host are one place")
	}
}

// TestOwnMappingInPresentFolder runs where people run: in the project's folder, so that paths have no folder before them.
func TestOwnMappingInPresentFolder(t *testing.T) {
	dir := folder(t, map[string]string{
		"crosswalk.yaml":     goodMain,
		"flows/orders.yaml":  flowHead + "settings: {orderType: order}\nmappings: {write: mappings/mine.yaml}\n",
		"mappings/mine.yaml": "extends: eaccounting/order.write\nrules:\n  YourReference: upper(number)\n",
	})
	t.Chdir(dir)
	if _, err := assembleIn(t, "."); err != nil {
		t.Fatal(err)
	}
}
