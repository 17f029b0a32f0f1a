package host_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/signature"
	"github.com/crosswalk-go/crosswalk/scripting"
	"github.com/crosswalk-go/crosswalk/scripting/host"
)

// TestMain makes the test binary its own worker.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == workerArg {
		os.Exit(host.ServeWorker(os.Stdin, os.Stdout))
	}
	goleak.VerifyTestMain(m)
}

const workerArg = "serve-a-script-worker"

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }

// load loads mappings/order.yaml of files.
func load(t *testing.T, files fstest.MapFS) (*engine.Mapping, error) {
	t.Helper()
	h := host.New(scripting.Options{Limits: scripting.Limits{Time: time.Second, MemoryBytes: 64 << 20}})
	t.Cleanup(h.Close)
	return engine.Load("mappings/order.yaml", engine.Files(files), engine.WithScripts(h))
}

const loyalty = `
import { limit } from "./limits.json";

export function tier(customer: any, extra?: string): any {
  if (customer === undefined) return undefined;
  if (customer.spent === null) throw new Error("nothing is known of " + customer.email);
  return customer.spent.gte(decimal(limit)) ? "gold" : extra ?? "silver";
}
export const slugged = (s: string): any => cw.slug(s);
export const wrong = (x: any): any => cw.round("x");
export const when = () => date.now();
export const same = (x: any) => x;
export function nothing(): string { return "nothing"; }
export const endless = () => { for (;;) {} };
`

func project(rules string) fstest.MapFS {
	return fstest.MapFS{
		"crosswalk.yaml":       file("connections: {}\n"),
		"mappings/order.yaml":  file("from: any\nto: any\nscripts: [../scripts/loyalty.ts]\nrules:\n" + rules),
		"scripts/loyalty.ts":   file(loyalty),
		"scripts/limits.json":  file(`{"limit": 1000}`),
		"mappings/broken.yaml": file(""),
	}
}

func TestRules(t *testing.T) {
	m, err := load(t, project(`  tier: tier(customer)
  named: loyalty.tier(customer, "bronze")
  lines[]: {each: lines, as: line}
  lines[].price: same(line.price) * 2
  lines[].copy: same(line)
  none: tier(nothing)
  slug: slugged(name)
  at: when()
  round: round(2.345, 2)
`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.Apply(t.Context(), []byte(`{"name": "A b", "customer": {"spent": 999.99}, "lines": [{"price": 9007199254740993.10}, {"price": 0.1}]}`), engine.Input{Now: "2026-11-21T10:00:00Z"})
	want := `{"tier":"silver","named":"bronze","lines":[{"price":18014398509481986.20,"copy":{"price":9007199254740993.10}},{"price":0.2,"copy":{"price":0.1}}],"slug":"a-b","at":"2026-11-21T10:00:00Z","round":2.35}`
	if err != nil || string(got) != want {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
}

func TestFailures(t *testing.T) {
	doc := `{"customer": {"spent": null, "email": "jane@example.com"}}`
	for _, test := range []struct{ rule, code, message, values string }{
		{"tier(customer)", "CW2013", "tier failed at scripts/loyalty.ts:6:38: threw Error", `thrown = Error: nothing is known of jane@example.com`},
		{"wrong(1)", "CW2013", "wrong failed at scripts/loyalty.ts:10:", "x = 1"},
		{"endless()", "CW2007", "endless failed at scripts/loyalty.ts:14:", ""},
		{"when()", "CW2013", "this run has no clock", ""},
	} {
		m, err := load(t, project("  x: "+test.rule+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = m.Apply(t.Context(), []byte(doc), engine.Input{})
		var ds engine.Diagnostics
		if !errors.As(err, &ds) || len(ds) != 1 || ds[0].Code != test.code || !strings.Contains(ds[0].Message, test.message) {
			t.Errorf("%s gives %v", test.rule, err)
			continue
		}
		if strings.Contains(ds.Error(), "jane") {
			t.Errorf("a value is in the message: %v", ds)
		}
		if !strings.Contains(ds.Render(), test.values) {
			t.Errorf("no %q in\n%s", test.values, ds.Render())
		}
		if ds[0].Pos.File != "mappings/order.yaml" || ds[0].Pos.Line != 5 {
			t.Errorf("the place is %v", ds[0].Pos)
		}
	}
}

func TestChecks(t *testing.T) {
	for _, test := range []struct{ rule, want string }{
		{"teir(customer)", `order.yaml:5:6: error CW1014: x: unknown function "teir"`},
		{"tier(1, 2, 3)", `order.yaml:5:6: error CW1015: x: tier takes at most 2 arguments, got 3`},
		{"nothing(1)", `order.yaml:5:6: error CW1015: x: nothing takes at most 0 arguments, got 1`},
		{"loyalty.nothing(1, 2)", `order.yaml:5:14: error CW1015: x: loyalty.nothing takes at most 0 arguments, got 2`},
		{"loyalty.naught(1)", `order.yaml:5:14: error CW1014: x: unknown function "loyalty.naught"`},
	} {
		_, err := load(t, project("  x: "+test.rule+"\n"))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s gives %v", test.rule, err)
		}
	}
	files := project("  x: tier(customer)\n  y: other.fn(1)\n")
	files["scripts/loyalty.ts"] = file("export const tier = () => {\n  return 1 +;\n}")
	_, err := load(t, files)
	if err == nil || err.Error() != `scripts/loyalty.ts:2:13: error CW1028: Unexpected ";"` {
		t.Errorf("a script with a slip gives %v", err)
	}
	delete(files, "scripts/loyalty.ts")
	if _, err = load(t, files); err == nil || !strings.Contains(err.Error(), "mappings/order.yaml:3:11: error CW1028: there is no file \"scripts/loyalty.ts\"") {
		t.Errorf("a script that is not there gives %v", err)
	}
	files["mappings/order.yaml"] = file("from: any\nto: any\nscripts: [../../etc/passwd.json]\nrules: {}\n")
	if _, err = load(t, files); err == nil || !strings.Contains(err.Error(), "CW1028: the script \"../../etc/passwd.json\" lies outside of the project") {
		t.Errorf("a script outside gives %v", err)
	}
	delete(files, "crosswalk.yaml")
	files["mappings/order.yaml"] = file("from: any\nto: any\nscripts: [../scripts/a.ts, ../scripts/b.ts]\nrules: {x: a.f() + b.f(), y: f()}\n")
	files["scripts/a.ts"], files["scripts/b.ts"] = file("export const f = () => 1"), file("export const f = () => 2")
	var ds engine.Diagnostics
	if _, err = load(t, files); !errors.As(err, &ds) || len(ds) != 1 || ds[0].Message != `several scripts export "f"` || ds[0].Help != "write a.f or b.f" {
		t.Errorf("two functions of one name give %v", err)
	}
}

// TestScriptNames calls functions by the names that files give to their scripts.
func TestScriptNames(t *testing.T) {
	files := fstest.MapFS{
		"crosswalk.yaml":            file("connections: {}\n"),
		"mappings/order.yaml":       file("from: any\nto: any\nscripts: [../scripts/order-lines.v2.ts, ../scripts/2nd.js, ../scripts/größe.js]\nrules:\n  a: orderLines.f()\n  b: orderLines.alone()\n  c: alone()\n  d: _2nd.f()\n  e: größe.f()\n  f: orderLines.upper(\"x\")\n  g: upper(\"x\")\n  h: orderLines()\n"),
		"scripts/order-lines.v2.ts": file("export const f = () => 1, alone = () => 2, upper = (_: any) => 3\nexport default () => 4"),
		"scripts/2nd.js":            file("export const f = () => 5"),
		"scripts/größe.js":          file("export const f = () => 6"),
	}
	m, err := load(t, files)
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.Apply(t.Context(), []byte(`{}`), engine.Input{})
	if want := `{"a":1,"b":2,"c":2,"d":5,"e":6,"f":3,"g":"X","h":4}`; err != nil || string(got) != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}

	files["mappings/order.yaml"] = file("from: any\nto: any\nscripts: [../scripts/a/lines.js, ../scripts/b/lines.js]\nrules: {a: f()}\n")
	files["scripts/a/lines.js"], files["scripts/b/lines.js"] = file("export const f = () => 1"), file("\nexport const f = () => 2")
	if _, err := load(t, files); err == nil || err.Error() != `scripts/b/lines.js:2:14: error CW1028: scripts/a/lines.js exports f too, and both scripts are named lines: rename a file, so that rules can say which they mean` {
		t.Errorf("two scripts of one name give %v", err)
	}
}

// TestSignatures holds that each function finds its own declaration, wherever it stands, and no other.
func TestSignatures(t *testing.T) {
	files := fstest.MapFS{
		"a.ts": {Data: []byte(`import { helper } from "./b";
/** What it does. */
export async function first(
  order: Order, // who
  at?: string,
): Promise<string> { return helper(order); }
const hidden = (n: Decimal) => n;
export const arrow = (x: boolean): boolean => !x, other = (x: string) => x;
export { renamed as outside } from "./b";
export { hidden as shown };
export default function (whole: Stock): Stock { return whole; }
export function over(a: string): string;
export function over(a: Decimal): Decimal;
export function over(a: any): any { return a; }
export const made = [1].map.bind([]);
export const pattern = ({ sku }: { sku: string }, ...rest: string[]) => sku;
`)},
		"b.ts": {Data: []byte("export const helper = (order: Order) => \"x\";\nexport function renamed(list: string[]): Decimal { return decimal(list.length); }\n")},
		"c.js": {Data: []byte("/**\n * Of JavaScript.\n * @param {string} a\n * @returns {boolean}\n */\nexport function js(a, b) { return true; }\n")},
	}
	h := host.New(scripting.Options{})
	defer h.Close()
	loaded, err := h.LoadScripts(files, []string{"a.ts", "c.js"})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, f := range loaded.Functions() {
		got[f.Name] = "-"
		if f.Signature != nil {
			got[f.Name] = fmt.Sprintf("%s | %s | %d", f.Signature.Text, f.Signature.Doc, f.Signature.Result.Kind)
		}
	}
	want := map[string]string{
		"first":   fmt.Sprintf("first(order: Order, at?: string): Promise<string> | What it does. | %d", signature.String),
		"arrow":   fmt.Sprintf("arrow(x: boolean): boolean |  | %d", signature.Boolean),
		"other":   fmt.Sprintf("other(x: string) |  | %d", signature.Any),
		"outside": fmt.Sprintf("renamed(list: string[]): Decimal |  | %d", signature.Decimal),
		"shown":   fmt.Sprintf("hidden(n: Decimal) |  | %d", signature.Any),
		"a":       fmt.Sprintf("(whole: Stock): Stock |  | %d", signature.Reference),
		"over":    fmt.Sprintf("over(a: any): any |  | %d", signature.Any),
		"made":    "-",
		"pattern": fmt.Sprintf("pattern({ sku }: { sku: string }, ...rest: string[]) |  | %d", signature.Any),
		"js":      fmt.Sprintf("js(a, b) | Of JavaScript. | %d", signature.Boolean),
	}
	if !maps.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// TestManyLoads holds that scripts which were let go because others were called come back when they are called, and end with the host.
func TestManyLoads(t *testing.T) {
	h := host.New(scripting.Options{})
	var loaded []engine.Scripts
	for range 40 {
		s, err := h.LoadScripts(fstest.MapFS{"a.ts": file("export const f = (x) => x")}, []string{"a.ts"})
		if err != nil {
			t.Fatal(err)
		}
		loaded = append(loaded, s)
	}
	for range 2 {
		for _, s := range loaded {
			if out, err := s.CallScript(t.Context(), engine.ScriptCall{Function: "f", Args: []json.RawMessage{[]byte("1.50")}}); err != nil || string(out) != "1.50" {
				t.Fatalf("got %s, %v", out, err)
			}
		}
	}
	h.Close()
	if _, err := loaded[0].CallScript(t.Context(), engine.ScriptCall{Function: "f"}); err == nil {
		t.Error("scripts of a closed host are called")
	}
	if _, err := h.LoadScripts(fstest.MapFS{"a.ts": file("export const f = (x) => x")}, []string{"a.ts"}); err == nil {
		t.Error("a closed host loads scripts")
	}
}
