package language_test

import (
	"context"
	"errors"
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

// What is offered says what it is, and shows the value that it has in the first test that maps.
func TestCompletionsAreExplained(t *testing.T) {
	tests := []struct {
		text, label, detail string
		docs                []string
		put                 string // what the text becomes, "" for unsaid
		rank                int
	}{
		{head + "rules:\n  number: orderN▮", "orderNumber", "string or null", []string{`"10001"`}, head + "rules:\n  number: orderNumber", 2},
		{head + "rules:\n  number: amountTotal▮", "amountTotal", "number", []string{"119.00"}, "", 2},
		{head + "rules:\n  number: orderCustomer.e▮ + \"x\"", "email", "string", []string{"`\"Anna@Example.com\"`"}, head + "rules:\n  number: orderCustomer.email + \"x\"", 2},
		{head + "rules:\n  lines[]: {each: lineItems, as: line, where: line.type == \"product\"}\n  lines[].name: line.▮", "label", "string or null", []string{`"Mug"`}, "", 2},
		{head + "rules:\n  lines[]: {each: lineItems, as: line, where: line.type == \"product\"}\n  lines[].name: ▮", "line", "", []string{`"Mug"`}, "", 1},
		{head + "rules:\n  number: 'any(lineItems, .▮)'", "label", "string or null", []string{`"Free"`}, head + "rules:\n  number: 'any(lineItems, .label)'", 2},
		{head + "let:\n  cust: orderCustomer\nrules:\n  number: c▮", "cust", "", []string{"Anna@Example.com"}, "", 3},
		{head + "rules:\n  number: customFields.▮", "gift-wrap", "anything", []string{"true"}, head + "rules:\n  number: customFields[\"gift-wrap\"]", 2},
		{head + "rules:\n  number: low▮", "lower", "lower(text)", []string{"->"}, head + "rules:\n  number: lower(${1:text})", 5},
		{head + "rules:\n  number: orderNumber | low▮", "lower", "lower(text)", nil, head + "rules:\n  number: orderNumber | lower($0)", 5},
		{head + "rules:\n  number: filt▮", "filter", "filter(list, test)", nil, head + "rules:\n  number: filter(${1:list}, ${2:test})", 5},
		{head + "rules:\n  customer.▮", "customer.email", "string", []string{"E-mail address in lower case"}, head + "rules:\n  customer.email: ", 2},
		{head + "rules:\n  li▮", "lines[]", "list of object", nil, head + "rules:\n  lines[]: {each: ${1:list}, as: ${2:item}}", 2},
		{head + "rules:\n  nu▮: orderNumber", "number", "string", nil, head + "rules:\n  number: orderNumber", 2},
		{head + "rules:\n  number: {ex▮", "expr", "", []string{"The expression"}, head + "rules:\n  number: {expr: ", 0},
		{"extends: shopware/order.read\nrules:\n  curr▮", "currency", "string", []string{"Inherited from shopware/order.read.yaml", "currency: "}, "", 6},
		{head + "rules:\n  note: 'é😀' \n  number: '\"😀\" + orderCustomer.em▮'", "email", "string", nil, head + "rules:\n  note: 'é😀' \n  number: '\"😀\" + orderCustomer.email'", 2},
	}
	for _, test := range tests {
		text, pos := split(t, test.text)
		found, err := service().Complete(t.Context(), "order.yaml", text, pos)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(found, func(c language.Completion) bool { return c.Label == test.label })
		if i < 0 {
			t.Errorf("%s\n%s is not offered, only %v", test.text, test.label, labels(found))
			continue
		}
		c := found[i]
		if test.detail != "" && c.Detail != test.detail {
			t.Errorf("%s\n%s is %q, want %q", test.text, c.Label, c.Detail, test.detail)
		}
		for _, want := range test.docs {
			if !strings.Contains(c.Documentation, want) {
				t.Errorf("%s\nno %s in the documentation\n%s", test.text, want, c.Documentation)
			}
		}
		if got := replace(text, c.Pos, c.End, c.Text); test.put != "" && got != test.put {
			t.Errorf("%s\nbecomes\n%s\nwant\n%s", test.text, got, test.put)
		}
		if c.Rank != test.rank {
			t.Errorf("%s\n%s has rank %d, want %d", test.text, c.Label, c.Rank, test.rank)
		}
	}
}

// replace puts a text between two positions.
func replace(text string, pos, end engine.Position, with string) string {
	lines := strings.Split(text, "\n")
	first, last := []rune(lines[pos.Line-1]), []rune(lines[end.Line-1])
	before := strings.Join(append(slices.Clone(lines[:pos.Line-1]), string(first[:pos.Column-1])), "\n")
	after := strings.Join(append([]string{string(last[end.Column-1:])}, lines[end.Line:]...), "\n")
	return before + with + after
}

// Choices of a schema are offered where a field is compared with a text.
func TestChoices(t *testing.T) {
	s := language.New(fstest.MapFS{}, library)
	text, pos := split(t, "from: shop.order\nto: any\nrules:\n  a: 'state == \"▮\" ? 1 : 2'\n")
	found, err := s.Complete(t.Context(), "a.yaml", text, pos)
	if err != nil || !slices.Equal(labels(found), []string{"open", "done"}) {
		t.Fatalf("offered are %v (%v)", labels(found), err)
	}
	if got, want := replace(text, found[0].Pos, found[0].End, found[0].Text), "from: shop.order\nto: any\nrules:\n  a: 'state == \"open\" ? 1 : 2'\n"; got != want {
		t.Errorf("becomes\n%s", got)
	}
}

func TestHover(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string // "" for no hover
		word       string
	}{
		{"a source field", head + "rules:\n  number: order▮Number", []string{"**orderNumber** `string or null`", "may be missing", `"10001"`}, "orderNumber"},
		{"a field of a field", head + "rules:\n  number: lower(orderCustomer.em▮ail)", []string{"**orderCustomer.email** `string`", "Anna@"}, "email"},
		{"the field itself", head + "rules:\n  number: lower(orderCus▮tomer.email)", []string{"**orderCustomer** `object or null`"}, "orderCustomer"},
		{"an alias", head + "rules:\n  lines[]: {each: lineItems, as: line}\n  lines[].name: li▮ne.label", []string{"**line** `object`", "lineItems"}, "line"},
		{"a field of an alias", head + "rules:\n  lines[]: {each: lineItems, as: line}\n  lines[].name: line.la▮bel", []string{"**line.label** `string or null`", "Free"}, "label"},
		{"a let", head + "let:\n  cust: orderCustomer\nrules:\n  number: cu▮st.email", []string{"**cust**", "```\norderCustomer\n```"}, "cust"},
		{"the declaration of a let", head + "let:\n  cu▮st: orderCustomer\nrules: {}", []string{"**cust**", "Anna@"}, "cust"},
		{"a field of an element", head + "rules:\n  number: 'any(lineItems, .ty▮pe == \"x\")'", []string{"**.type**", `"promotion"`}, "type"},
		{"a function", head + "rules:\n  number: lo▮wer(orderNumber)", []string{"lower(text)", "->"}, "lower"},
		{"a predicate function", head + "rules:\n  number: 'an▮y(lineItems, true)'", []string{"any(list, test)"}, "any"},
		{"a context word", head + "rules:\n  number: no▮w", []string{"**now** `string`", "instant"}, "now"},
		{"a target field", head + "rules:\n  customer.em▮ail: orderNumber", []string{"**customer.email** `string`", "E-mail address in lower case"}, "customer.email"},
		{"a part of a target path", head + "rules:\n  cust▮omer.email: orderNumber", []string{"**customer** `object`"}, "customer"},
		{"a field of a list's elements", head + "rules:\n  lines[].s▮ku: orderNumber", []string{"**lines\\[].sku** `string`"}, "lines[].sku"},
		{"an inherited rule", "extends: shopware/order.read\nrules:\n  curr▮ency: currency.isoCode", []string{"**currency**", "Inherited from shopware/order.read.yaml", "```yaml\ncurrency: "}, "currency"},
		{"an option", head + "rules:\n  number: {expr: orderNumber, requ▮ired: true}", []string{"fails the document"}, "required"},
		{"a key of the file", "ru▮les: {}", []string{"One line a target field"}, "rules"},
		{"an unknown name", head + "rules:\n  number: ord▮rNumber", []string{""}, ""},
		{"a key of an object literal", head + "rules:\n  number: 'toJSON({orderN▮umber: 1})'", []string{""}, ""},
		{"a text", head + "rules:\n  number: '\"order▮Number\"'", []string{""}, ""},
		{"a keyword", head + "rules:\n  number: 'true an▮d false'", []string{""}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text, pos := split(t, test.text)
			h, err := service().Hover(t.Context(), "order.yaml", text, pos)
			if err != nil {
				t.Fatal(err)
			}
			if h == nil {
				if test.word != "" {
					t.Fatal("there is nothing to say")
				}
				return
			}
			if test.word == "" {
				t.Fatalf("says\n%s", h.Markdown)
			}
			for _, want := range test.want {
				if !strings.Contains(h.Markdown, want) {
					t.Errorf("no %q in\n%s", want, h.Markdown)
				}
			}
			line := []rune(strings.Split(text, "\n")[h.Pos.Line-1])
			if got := string(line[h.Pos.Column-1 : h.End.Column-1]); got != test.word {
				t.Errorf("it is about %q, want %q", got, test.word)
			}
		})
	}
}

func TestDefinition(t *testing.T) {
	files := fstest.MapFS{
		"dir/base.yaml": {Data: []byte(head + "let:\n  cust: orderCustomer\nrules:\n  number: orderNumber\n  lines[]: {each: lineItems, as: line}\ntables:\n  methods: {a: b}\n")},
	}
	const over = "extends: ./base.yaml\n"
	tests := []struct {
		name, text, want string // file:line:column
		library          bool
	}{
		{"an overlay's rule", over + "rules:\n  num▮ber: lower(orderNumber)", "dir/base.yaml:6:3", false},
		{"an inherited let", over + "rules:\n  number: cu▮st.email", "dir/base.yaml:4:3", false},
		{"an inherited alias", over + "rules:\n  lines[].sku: li▮ne.label", "dir/base.yaml:7:34", false},
		{"the list that a path enters", over + "rules:\n  lines[].s▮ku: line.label", "dir/base.yaml:7:3", false},
		{"the file that is extended", "extends: ./ba▮se.yaml\n", "dir/base.yaml:1:1", false},
		{"a mapping of the library", "extends: shopware/ord▮er.read\n", "shopware/order.read.yaml:1:1", true},
		{"a rule of the library", "extends: shop/order.read\nrules:\n  numb▮er: number\n", "shop/order.read.yaml:6:3", true},
		{"a table", over + "rules:\n  number: {lookup: meth▮ods, key: orderNumber}", "dir/base.yaml:9:3", false},
		{"a table in an expression", over + "rules:\n  number: tables.meth▮ods", "dir/base.yaml:9:3", false},
		{"a setting", head + "settings:\n  zone: {type: string}\nrules:\n  number: settings.zo▮ne", "dir/a.yaml:4:3", false},
		{"a variable of the expression", head + "rules:\n  number: let c = orderCustomer; ▮c.email", "dir/a.yaml:4:15", false},
		{"an own let", head + "let:\n  cust: orderCustomer\nrules:\n  number: cus▮t.email", "dir/a.yaml:4:3", false},
		{"a source field", over + "rules:\n  number: order▮Number", "", false},
		{"a function", over + "rules:\n  number: low▮er(orderNumber)", "", false},
		{"a rule that is not inherited", over + "rules:\n  curr▮ency: orderNumber", "", false},
		{"a member of the name of a let", over + "rules:\n  number: orderCustomer.cu▮st", "", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			lib := fs.FS(mappings.FS)
			if strings.Contains(test.text, "shop/") {
				lib = library
			}
			text, pos := split(t, test.text)
			l, err := language.New(files, lib).Definition(t.Context(), "dir/a.yaml", text, pos)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if l != nil {
				got = l.Pos.String()
			}
			if got != test.want || l != nil && l.Library != test.library {
				t.Errorf("it is %q (%+v), want %q", got, l, test.want)
			}
		})
	}
}

func TestDiagnose(t *testing.T) {
	files := fstest.MapFS{
		"m/sales.base.yaml": {Data: []byte("from: order\nto: any\nrules:\n  a: nmber\n")},
		"m/good.yaml":       {Data: []byte(head + "rules:\n  number: orderNumber\n")},
		"m/broken.yaml":     {Data: []byte(head + "rules:\n  number: orderNmber\n")},
		"m/quote.yaml":      {Data: []byte("extends: sales.base.yaml\nto: order\nrules:\n  number: number\n")},
	}
	tests := []struct {
		name, file, text string
		own, inherited   []string
	}{
		{"nothing wrong", "m/x.yaml", head + "rules:\n  number: orderNumber\n", nil, nil},
		{"its own", "m/x.yaml", head + "rules:\n  number: orderNumbr\n", []string{"m/x.yaml:4:11: error CW1012"}, nil},
		{"no YAML", "m/x.yaml", head + "rules: [", []string{"m/x.yaml:"}, nil},
		{"of the file that it extends", "m/x.yaml", "extends: broken.yaml\n", nil, []string{"m/broken.yaml:4:11: error CW1012"}},
		{"a base is checked with who extends it", "m/sales.base.yaml", "from: order\nto: any\nrules:\n  nmber: number\n", []string{"m/sales.base.yaml:4:3: error CW1017"}, nil},
		{"a base that nobody extends is checked by itself", "m/alone.base.yaml", "from: order\nto: any\nrules:\n  nmber: number\n  b: nmber\n", []string{"m/alone.base.yaml:5:6: error CW1012"}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := language.New(files, mappings.FS).Diagnose(test.file, test.text)
			for _, part := range []struct {
				got  engine.Diagnostics
				want []string
			}{{r.Problems, test.own}, {r.Inherited, test.inherited}} {
				if len(part.got) != len(part.want) {
					t.Fatalf("got\n%v\nwant %v", part.got, part.want)
				}
				for i, d := range part.got {
					if !strings.HasPrefix(d.Error(), part.want[i]) {
						t.Errorf("got %s, want %s", d.Error(), part.want[i])
					}
				}
			}
		})
	}
}

func TestIsMapping(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       bool
	}{
		{"a.yaml", "rules: {}", true}, {"a.yml", "from: a\nextends: b", true}, {"a.yaml", "rules: [ {", true},
		{"a.test.yaml", "rules: {}", false}, {"crosswalk.yaml", "connections: {}", false}, {"a.json", "rules: {}", false}, {"flow.yaml", "from: a\nto: b\n", false},
	} {
		if got := language.IsMapping("dir/"+test.name, test.text); got != test.want {
			t.Errorf("%s with %q: %v", test.name, test.text, got)
		}
	}
}

// A question that nobody waits for ends with the error of its context.
func TestCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	pos := engine.Position{Line: 4, Column: 11}
	text := head + "rules:\n  number: orderNumber\n"
	if _, err := service().Complete(ctx, "order.yaml", text, pos); !errors.Is(err, context.Canceled) {
		t.Errorf("Complete: %v", err)
	}
	if _, err := service().Hover(ctx, "order.yaml", text, pos); !errors.Is(err, context.Canceled) {
		t.Errorf("Hover: %v", err)
	}
	if _, err := service().Definition(ctx, "order.yaml", text, pos); !errors.Is(err, context.Canceled) {
		t.Errorf("Definition: %v", err)
	}
}
