package completion_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/crosswalk-go/crosswalk/scripting/completion"
)

const declarations = `// Written by a test.

/** A number. */
interface Decimal {
  add(other: Numeric): Decimal;
  /** Many ways. */
  round(digits?: Numeric): Decimal;
}
type Numeric = Decimal | number | string;
interface Order {
  /** What people call it. */
  number?: string;
  lines: Order.Line[];
  billing?: Order.Address | null;
  status?: "open" | "done";
  custom?: { [name: string]: any };
  "odd name"?: string;
}
declare namespace Order {
  /** A line. */
  interface Line {
    sku?: string;
    quantity: Decimal;
    attributes?: (Attribute | undefined)[];
    parts?: Line[];
  }
  interface Attribute { code: string; value: { text: string; size: Decimal; }; }
  interface Address { city?: string; }
}
declare namespace Flows {
  namespace Shop {
    interface Tables { rates: { [key: string]: { [key: string]: Order.Line | undefined } | undefined }; }
  }
}
interface Library {
  (value: Numeric): Decimal;
  /** The sum. */
  sum(...numbers: (Numeric | readonly Numeric[])[]): Decimal;
  lower(text: string): string;
  lower(text: string | null): string | undefined;
  lines(doc: Order): Order.Line[];
}
declare const cw: Library;
declare const expect: Library;
`

func labels(found []completion.Entry) string {
	var all []string
	for _, e := range found {
		all = append(all, e.Label)
	}
	return strings.Join(all, " ")
}

// at completes at the mark | of a script.
func at(d *completion.Declarations, script string) []completion.Entry {
	offset := strings.LastIndex(script, "|")
	return d.At(script[:offset]+script[offset+1:], offset)
}

func TestMembers(t *testing.T) {
	d := completion.Read(declarations)
	const (
		order   = "number lines billing status custom"
		line    = "sku quantity attributes parts"
		decimal = "add round"
	)
	tests := []struct{ name, script, want string }{
		{"a parameter", "function f(order: Order) { return order.|", order},
		{"a word that is begun", "function f(order: Order) { return order.num|", order},
		{"an element", "function f(order: Order) { order.lines[0].|", line},
		{"an element by a variable", "const f = (order: Order, i: number) => order.lines[i].|", line},
		{"what may be null", "function f(order: Order) { order.billing?.|", "city"},
		{"a method's result", "function f(order: Order) { order.lines[0].quantity.add(1).|", decimal},
		{"a name in its namespace", "const f = (line: Order.Line) => line.attributes![0].|", "code value"},
		{"an object in line", "const f = (line: Order.Line) => line.attributes[0].value.|", "text size"},
		{"a callback", "function f(order: Order) { return order.lines.map((line) => line.|", line},
		{"a callback without brackets", "function f(order: Order) { return order.lines.map(line => line.|", line},
		{"a callback with an index", "function f(order: Order) { return order.lines.filter((line, i) => line.|", line},
		{"a callback in a callback", "function f(order: Order) { return order.lines.map((line) => line.parts.some((part) => part.|", line},
		{"a list that was filtered", "function f(order: Order) { return order.lines.filter((l) => l.sku).find((x) => x.sku == 'a').|", line},
		{"reduce", "function f(order: Order) { return order.lines.reduce((sum, line) => line.|", line},
		{"a constant", "function f(order: Order) {\n  const first = order.lines[0];\n  first.|", line},
		{"a constant of a constant", "function f(order: Order) {\n  const all = order.lines;\n  const first = all.at(0);\n  first.|", line},
		{"a loop", "function f(order: Order) {\n  for (const line of order.lines) line.|", line},
		{"the nearest declaration", "function f(x: Order) {}\nfunction g(x: Order.Line) { x.|", line},
		{"a table in a table", "const f = (t: Flows.Shop.Tables) => t.rates.NL['21'].|", line},
		{"a library", "cw.|", "sum lower lines"},
		{"what a library gives", "const f = (doc: Order) => cw.lines(doc)[0].|", line},
		{"a namespace", "function f(line: Order.|", "Address Attribute Line"},
		{"the parameter of another", "function f(order: any) { order.|", ""},
		{"what is not known", "nothing.|", ""},
		{"a comment", "function f(order: Order) { // order.|", ""},
		{"a text", "function f(order: Order) { 'order.|", ""},
		{"a number", "const x = 1.|", ""},
	}
	for _, test := range tests {
		if got := labels(at(d, test.script)); got != test.want {
			t.Errorf("%s: %q gives %q, want %q", test.name, test.script, got, test.want)
		}
	}
	if got := labels(at(d, "function f(order: Order) { order.lines.|")); !strings.HasPrefix(got, "length map filter") {
		t.Errorf("a list gives %s", got)
	}
}

func TestWords(t *testing.T) {
	d := completion.Read(declarations)
	found := at(d, "cw.l|")
	i := slices.IndexFunc(found, func(e completion.Entry) bool { return e.Label == "sum" })
	if e := found[i]; e.Kind != "function" || e.Detail != "(...numbers: (Numeric | readonly Numeric[])[]): Decimal" || e.Documentation != "The sum." {
		t.Errorf("got %+v", e)
	}
	all := labels(at(d, "export function own(a, b) {}\n|"))
	for _, want := range []string{"cw", "Order", "own"} {
		if !slices.Contains(strings.Fields(all), want) {
			t.Errorf("%s is not among %s", want, all)
		}
	}
	if strings.Contains(all, "expect") {
		t.Error("what only tests have is offered")
	}
}

func FuzzAt(f *testing.F) {
	f.Add("function f(order: Order) { order.lines.map((l) => l.", 12)
	f.Add("a.b(c)[d]!?.e", 13)
	f.Add("x x.x", 5)
	d := completion.Read(declarations)
	f.Fuzz(func(t *testing.T, script string, offset int) {
		d.At(script, offset)
		completion.Read(script).At(script, offset)
	})
}
