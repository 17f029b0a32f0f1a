package project

import (
	"maps"
	"testing"

	"github.com/crosswalk-go/crosswalk/connectors"
	books "github.com/crosswalk-go/crosswalk/connectors/eaccounting/sandbox"
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
