package mappings_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/crosswalk-go/crosswalk/engine"
)

// A document that cannot be written says what to do about it, in the words of whoever keeps the books.
func TestFailuresSayWhatToDo(t *testing.T) {
	const order = `"number":"1","createdAt":"2026-01-01T12:00:00Z"`
	tests := []struct{ name, mapping, doc, in, want string }{
		{"an unknown article", "eaccounting/order.write", `{` + order + `,"lines":[{"sku":"A","name":"A","quantity":1,"totalGross":1}]}`, ``,
			"the books have no article with the SKU of this row"},
		{"a line without article", "eaccounting/order.write", `{` + order + `,"lines":[{"name":"A","quantity":1,"totalGross":1,"taxRate":6}]}`, ``,
			"a line has no SKU, and the table feeArticles none for its tax rate"},
		{"shipping costs", "eaccounting/quote.write", `{` + order + `,"shippingCosts":[{"net":1,"gross":1,"taxRate":6}]}`, ``,
			"the table shippingArticles has no SKU for the tax rate of the shipping costs"},
		{"a discount", "eaccounting/invoice.write", `{` + order + `,"discounts":[{"net":-1,"gross":-1,"taxRate":6}]}`, ``,
			"the table discountArticles has no SKU for the tax rate of a discount"},
		{"a fee", "eaccounting/invoice.write", `{` + order + `,"fees":[{"net":1,"gross":1,"taxRate":6}]}`, ``,
			"the table feeArticles has no SKU for the tax rate of a fee"},
		{"terms of payment", "eaccounting/order.write", `{` + order + `,"payment":{"method":"cash"}}`, `{"paymentTerms":{"cash":"In a year"}}`,
			"the company has no terms of payment with the name that the table paymentTerms gives"},
		{"a long number", "eaccounting/order.write", `{"number":"` + strings.Repeat("1", 36) + `","createdAt":"2026-01-01T12:00:00Z"}`, ``,
			"the order number has more than 35 characters"},
		{"a long SKU", "eaccounting/article.write", `{"sku":"` + strings.Repeat("1", 41) + `","name":"A"}`, ``,
			"the SKU has more than 40 characters"},
		{"a rate without coding", "eaccounting/article.write", `{"sku":"A","name":"A","taxRate":6}`, ``,
			"the company has no article coding for this tax rate"},
		{"no units", "eaccounting/article.write", `{"sku":"A","name":"A","taxRate":6}`, ``,
			"the company has no such unit"},
		{"a state", "shopware/order.read", `{"stateMachineState":{"technicalName":"on_the_moon"}}`, ``,
			"the table orderStatuses has no entry for this key"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := engine.Input{Links: []byte(`{"customer":{"id":"c"}}`), Tables: []byte(tt.in)}
			if tt.in == "" {
				in.Tables = nil
			}
			_, err := load(t, tt.mapping).Apply(context.Background(), []byte(tt.doc), in)
			var ds engine.Diagnostics
			if !errors.As(err, &ds) {
				t.Fatalf("got %v, want diagnostics", err)
			}
			if !strings.Contains(ds.Error(), tt.want) {
				t.Errorf("got\n%s\nwant\n%s", ds.Error(), tt.want)
			}
		})
	}
}
