package language_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/language"
	"github.com/crosswalk-go/crosswalk/mappings"
)

// cursor marks the place of the question in the texts of tests.
const cursor = "▮"

func split(t *testing.T, marked string) (text string, pos engine.Position) {
	t.Helper()
	before, after, ok := strings.Cut(marked, cursor)
	if !ok {
		t.Fatalf("no %s in\n%s", cursor, marked)
	}
	lines := strings.Split(before, "\n")
	return before + after, engine.Position{Line: len(lines), Column: len([]rune(lines[len(lines)-1])) + 1}
}

const orderTest = `mapping: order.yaml
cases:
  - name: does not map
    input: {orderNumber: "no"}
    fails: [CW2002]
  - name: an order
    input:
      orderNumber: "10001"
      amountTotal: 119.00
      orderCustomer: {email: Anna@Example.com}
      lineItems:
        - {type: promotion, label: Free, quantity: 9}
        - {type: product, label: Mug, quantity: 2, payload: {productNumber: MUG-1, taxes: [{name: nl}]}}
      customFields: {"gift-wrap": true, po: "77"}
    expect: {}
`

var library = fstest.MapFS{
	"shop/order.schema.json": {Data: []byte(`{"type": "object", "properties": {
		"number": {"type": "string", "description": "The number."},
		"state": {"type": "string", "enum": ["open", "done"]},
		"lines": {"type": "array", "items": {"type": "object", "properties": {"sku": {"type": "string"}, "count": {"type": "number"}}}}}}`)},
	"shop/order.read.yaml": {Data: []byte("from: shop.order\nto: any\nlet:\n  first: lines[0]\nrules:\n  number: upper(number)\n  count: first.count\n")},
}

func service() *language.Service {
	return language.New(fstest.MapFS{"order.test.yaml": {Data: []byte(orderTest)}}, mappings.FS)
}

const head = "from: shopware.order\nto: order\n"

func labels(cs []language.Completion) []string {
	var all []string
	for _, c := range cs {
		all = append(all, c.Label)
	}
	return all
}

// The cases read: at this place these are offered, those are not.
func TestComplete(t *testing.T) {
	tests := []struct {
		name, text string
		want, not  []string
	}{
		{"keys of a file", "fr▮", []string{"from", "extends", "rules"}, []string{"orderNumber", "expr"}},
		{"keys of a file that it has not yet", "from: a\n▮\nto: b\n", []string{"rules", "let"}, []string{"from", "to"}},
		{"a key that is complete is offered itself", "fr▮om: a\n", []string{"from"}, nil},
		{"document types", "from: shop▮", []string{"shopware.order", "order", "any"}, nil},
		{"mappings to extend", "extends: ▮", []string{"shopware/order.read", "eaccounting/order.write"}, nil},
		{"source fields", head + "rules:\n  number: ▮", []string{"orderNumber", "orderCustomer", "lower", "filter", "doc", "now"}, []string{"#", "rules"}},
		{"source fields at a word", head + "rules:\n  number: lower(ord▮)", []string{"orderNumber", "trim"}, nil},
		{"members", head + "rules:\n  number: orderCustomer.▮", []string{"email", "firstName"}, []string{"orderNumber", "lower"}},
		{"members at a word", head + "rules:\n  number: lower(orderCustomer.em▮ail) + \"x\"", []string{"email"}, []string{"orderNumber"}},
		{"members with ?.", head + "rules:\n  number: orderCustomer?.▮", []string{"email"}, nil},
		{"members in a broken expression", head + "rules:\n  number: (a + (orderCustomer.▮ ?? [", []string{"email"}, nil},
		{"members of an element", head + "rules:\n  number: transactions[-1].paymentMethod.▮", []string{"technicalName"}, nil},
		{"members of a call", head + "rules:\n  number: first(lineItems).▮", []string{"label", "payload"}, nil},
		{"the element of a predicate", head + "rules:\n  number: any(lineItems, .▮", []string{"label", "quantity"}, []string{"orderNumber"}},
		{"the element of a piped predicate", head + "rules:\n  number: lineItems | filter(.▮", []string{"label"}, []string{"orderNumber"}},
		{"members below a predicate's element", head + "rules:\n  number: 'sum(filter(lineItems, #.payload.▮", []string{"productNumber"}, nil},
		{"a predicate in a predicate", head + "rules:\n  number: 'any(lineItems, any(.price.calculatedTaxes, .▮))'", []string{"taxRate", "tax"}, []string{"label"}},
		{"after the predicate", head + "rules:\n  number: find(lineItems, .type == \"x\").▮", []string{"label"}, nil},
		{"a variable of the expression", head + "rules:\n  number: let cust = orderCustomer; cust.▮", []string{"email"}, nil},
		{"its name", head + "rules:\n  number: let cust = orderCustomer; ▮", []string{"cust", "orderNumber"}, nil},
		{"a variable in a predicate", head + "rules:\n  number: \"map(lineItems, let line = #; line.▮)\"", []string{"label"}, nil},
		{"lets above", head + "let:\n  bill: billingAddress\n  b: bi▮\n  later: price\nrules: {}\n", []string{"bill", "billingAddress"}, []string{"later", "b"}},
		{"lets in rules", head + "let:\n  bill: billingAddress\nrules:\n  number: bill.▮\n", []string{"zipcode", "city"}, nil},
		{"an alias", head + "rules:\n  lines[]: {each: lineItems, as: line}\n  lines[].sku: ▮\n", []string{"line", "orderNumber"}, nil},
		{"members of an alias", head + "rules:\n  lines[]: {each: lineItems, as: line}\n  lines[].sku: line.payload.▮\n", []string{"productNumber"}, nil},
		{"where sees the alias", head + "rules:\n  lines[]: {each: lineItems, as: line, where: line.▮}\n", []string{"label"}, nil},
		{"each does not", head + "rules:\n  lines[]: {each: ▮, as: line}\n", []string{"lineItems"}, []string{"line"}},
		{"as is a new name", head + "rules:\n  lines[]: {each: lineItems, as: ▮}\n", nil, []string{"lineItems", "true"}},
		{"target fields", head + "rules:\n  ▮", []string{"number", "customer.email", "lines[]", "totals.gross"}, []string{"lines[].sku", "expr", "orderNumber"}},
		{"target fields that are not filled", head + "rules:\n  number: orderNumber\n  lines[]: {each: lineItems, as: line}\n  li▮\n", []string{"lines[].sku", "lines[].name", "customer.email"}, []string{"number", "lines[]"}},
		{"options", head + "rules:\n  number: {ex▮}", []string{"expr", "value", "each", "default"}, []string{"from"}},
		{"options that the rule has not", head + "rules:\n  number: {expr: orderNumber, ▮}", []string{"default", "required"}, []string{"expr"}},
		{"options of a block", head + "rules:\n  number:\n    expr: orderNumber\n    de▮\n", []string{"default"}, []string{"expr", "customer.email"}},
		{"options below an empty key", head + "rules:\n  number:\n    ▮\n", []string{"expr", "lookup"}, []string{"customer.email"}},
		{"expr in a block", head + "rules:\n  number:\n    expr: orderCustomer.▮\n", []string{"email"}, nil},
		{"words of an option", head + "rules:\n  number: {expr: orderNumber, write: ▮}", []string{"create", "if-empty"}, []string{"orderNumber"}},
		{"words of round", head + "rules:\n  totals.net: {expr: amountNet, round: {digits: 2, mode: ▮}}", []string{"half-even"}, nil},
		{"tables", head + "rules:\n  number: {lookup: ▮, key: orderNumber}\ntables:\n  payments: {a: b}\n", []string{"payments"}, []string{"orderNumber"}},
		{"tables in an expression", head + "rules:\n  number: tables.▮\ntables:\n  payments: {a: b}\n", []string{"payments"}, nil},
		{"settings in an expression", head + "settings:\n  zone: {type: string}\nrules:\n  number: settings.▮\n", []string{"zone"}, nil},
		{"types of a setting", head + "settings:\n  zone: {type: ▮}\nrules: {}\n", []string{"number", "list"}, nil},
		{"literals", head + "rules:\n  status: {value: ▮}\n", []string{"open", "cancelled"}, nil},
		{"the conditions of cases", head + "rules:\n  status:\n    when:\n      - {if: orderCustomer.▮, value: open}\n", []string{"email"}, nil},
		{"keys of cases", head + "rules:\n  status:\n    when:\n      - if: true\n        ▮\n", []string{"value", "expr"}, []string{"if", "default"}},
		{"a multi-line expression", head + "let:\n  x: |\n    find(lineItems, .type == \"a\")\n      ?? first(lineItems).▮\nrules: {}\n", []string{"label"}, nil},
		{"behind a value come operators", head + "rules:\n  number: orderNumber ▮\n", []string{"in", "contains"}, []string{"orderNumber"}},
		{"in a text", head + "rules:\n  number: 'lower(\"ord▮\")'\n", nil, []string{"orderNumber"}},
		{"in a comment", head + "rules:\n  number: orderNumber # or▮\n", nil, []string{"orderNumber"}},
		{"after a number", head + "rules:\n  number: 1.▮\n", nil, []string{"orderNumber", "email"}},
		{"fields by their sample only", head + "rules:\n  number: customFields.▮\n", []string{"po", "gift-wrap"}, nil},
		{"fields in brackets", head + "rules:\n  number: 'customFields[\"▮\"]'\n", []string{"gift-wrap"}, nil},
		{"a file with another broken line", head + "rules:\n  number: 'abc\n  storeId: orderCustomer.▮\n", []string{"email"}, []string{"lower"}},
		{"a rule above that is no YAML", head + "rules:\n  note: a: b: c\n  number: orderCustomer.▮\n", []string{"email"}, nil},
		{"an empty file", "▮", []string{"from", "rules"}, nil},
		{"Windows line ends", strings.ReplaceAll(head+"rules:\n  number: orderCustomer.▮\n", "\n", "\r\n"), []string{"email"}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text, pos := split(t, test.text)
			found, err := service().Complete(t.Context(), "order.yaml", text, pos)
			if err != nil {
				t.Fatal(err)
			}
			got := labels(found)
			for _, w := range test.want {
				if !slices.Contains(got, w) {
					t.Errorf("%s is not offered, only %v", w, got)
				}
			}
			for _, w := range test.not {
				if slices.Contains(got, w) {
					t.Errorf("%s is offered", w)
				}
			}
			if test.want == nil && len(got) > 0 {
				t.Errorf("offered are %v, want none", got)
			}
		})
	}
}

var _ = fmt.Sprint
var _ = errors.Is
var _ context.Context
var _ fs.FS
