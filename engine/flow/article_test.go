package flow_test

import (
	"context"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine/flow"
)

// TestOrderThatCarriesAll shows an order of a target without customers and articles of its own: nothing is looked for but the order, and
// nothing else is made.
func TestOrderThatCarriesAll(t *testing.T) {
	w := with(newWorld(), order(1, "customer.email", `""`), order(2, "lines.0.sku", `"NK-GIFT"`))
	w.flow.Resources.Customer, w.flow.Resources.Product = "", ""
	w.flow.Mappings.CustomerWrite, w.flow.Mappings.ProductWrite = nil, nil
	w.flow.Mappings.Write = mapper(func(_ context.Context, doc []byte, in engineInput) ([]byte, error) {
		if links := string(in.Links); links != `{"customer":{"id":"","document":null},"products":{},"reference":{"terms":[{"Id":"t-30","Name":"30 days"}]}}` {
			t.Errorf("links %s", links)
		}
		return []byte(`{"BuyersOrderReference":"` + gjson.GetBytes(doc, "number").String() + `","Rows":[{"Amount":` + gjson.GetBytes(doc, "totals.gross").Raw + `}]}`), nil
	})
	s, _, err := w.run(t, flow.RunOptions{})
	if err != nil || s.Created != 2 || strings.Join(w.books.writes(), ",") != "create invoiceDraft,create invoiceDraft" {
		t.Fatalf("%s %v %v", s, err, w.books.calls)
	}
	for _, call := range w.books.calls {
		if call != "find invoiceDraft" && call != "create invoiceDraft" {
			t.Errorf("it called %s", call)
		}
	}
	if s, _, err := w.run(t, flow.RunOptions{FromStart: true}); err != nil || s.Skipped != 2 {
		t.Errorf("again: %s %v", s, err)
	}
}

// TestArticleTaxRate shows that a new article whose product does not say its rate has that of the order's line.
func TestArticleTaxRate(t *testing.T) {
	w := with(newWorld(), order(1, "lines.0.sku", `"NK-GIFT"`))
	w.flow.Settings = []byte(`{"missingProduct":"create"}`)
	w.shop.products["NK-GIFT"] = `{"sku":"NK-GIFT","name":"Gift","taxCode":"2"}`
	w.flow.Mappings.ProductWrite = mapperOf(t, "Number: sku\n  Name: name\n  Rate: taxRate")
	s, _, err := w.run(t, flow.RunOptions{})
	docs := w.books.docs["article"]
	if err != nil || s.Created != 1 || gjson.GetBytes(docs[len(docs)-1].Body, "Rate").Raw != "21" || gjson.GetBytes(docs[len(docs)-1].Body, "Name").String() != "Gift" {
		t.Errorf("%s %v %s", s, err, docs[len(docs)-1].Body)
	}
}
