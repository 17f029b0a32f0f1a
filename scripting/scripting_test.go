package scripting_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"go.uber.org/goleak"

	"github.com/crosswalk-go/crosswalk/scripting"
)

func files(list ...string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for i := 0; i < len(list); i += 2 {
		fsys[list[i]] = &fstest.MapFile{Data: []byte(list[i+1])}
	}
	return fsys
}

func load(t testing.TB, fsys fstest.MapFS, entries ...string) *scripting.Scripts {
	t.Helper()
	s, err := scripting.Load(fsys, entries, scripting.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func Example() {
	scripts, err := scripting.Load(fstest.MapFS{"scripts/loyalty.ts": {Data: []byte(`
		export function tier(customer: { spent: Decimal }): string {
			return customer.spent.gte(1000) ? "gold" : "silver";
		}`)}}, []string{"scripts/loyalty.ts"}, scripting.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer scripts.Close()
	tier, err := scripts.Call(context.Background(), "tier", json.RawMessage(`{"spent": 1000.00}`))
	fmt.Println(string(tier), err)
	// Output: "gold" <nil>
}

// TestImports bundles what a project may hold.
func TestImports(t *testing.T) {
	fsys := files(
		"scripts/a.ts", `
			import rates from "../data/rates.json";
			import { twice } from "./lib/twice";
			import { thrice } from "./lib/thrice.js";
			import { index } from "./lib";
			import plain from "plain";
			import { sub } from "@scope/esm/sub/deep";
			import { inner } from "nested";
			import type { Nothing } from "not-there";
			export const f = (): any => [rates.NL, twice(1), thrice(1), index, plain.name, sub, inner];
			export default (x: Nothing) => x;`,
		"data/rates.json", `{"NL": 21}`,
		"scripts/lib/twice.ts", `export const twice = (n: number) => 2 * n;`,
		"scripts/lib/thrice.ts", `export const thrice = (n: number) => 3 * n;`,
		"scripts/lib/index.js", `export const index = "index";`,
		"node_modules/plain/package.json", `{"main": "./main.js"}`,
		"node_modules/plain/main.js", `module.exports = {name: "commonjs"};`,
		"node_modules/@scope/esm/package.json", `{"exports": {".": "./x.js", "./sub/*": {"types": "./no.d.ts", "import": "./src/*.mjs", "default": "./no.js"}}}`,
		"node_modules/@scope/esm/src/deep.mjs", `export const sub = "sub";`,
		"node_modules/nested/package.json", `{"module": "m.js", "main": "c.js"}`,
		"node_modules/nested/m.js", `export { inner } from "inner";`,
		"node_modules/nested/node_modules/inner/index.js", `export const inner = "inner";`,
	)
	s := load(t, fsys, "scripts/a.ts")
	got, err := s.Call(t.Context(), "f")
	if want := `[21,2,3,"index","commonjs","sub","inner"]`; err != nil || string(got) != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
	var names []string
	for _, f := range s.Functions() {
		names = append(names, f.Name)
	}
	if got := strings.Join(names, " "); got != "a f" {
		t.Errorf("the functions are %s", got)
	}
}

// TestLoadErrors looks at what authors are told.
func TestLoadErrors(t *testing.T) {
	deep := strings.Repeat("(", 1000) + "1" + strings.Repeat(")", 1000)
	tests := []struct{ name, script, want string }{
		{"a syntax error", "export const f = () => {\n  return 1 +;\n}", `scripts/a.ts:2:13: Unexpected ";"`},
		{"a file that is not there", `import "./nothing"`, `scripts/a.ts:1:8: there is no file "scripts/nothing"`},
		{"a package that is not there", `import "lodash"`, `scripts/a.ts:1:8: there is no package "lodash" in node_modules`},
		{"a module of Node", `import "node:fs"; `, `scripts/a.ts:1:8: scripts have no "fs"`},
		{"the network", `import "https://example.com/x.js"`, `scripts/a.ts:1:8: "https://example.com/x.js" is not read`},
		{"outside of the project", `import "../../secret.json"`, `scripts/a.ts:1:8: "../../secret.json" is outside the project`},
		{"an absolute path", `import "/etc/passwd"`, `scripts/a.ts:1:8: "/etc/passwd": import files by a path`},
		{"another file", `import "./a.txt"`, `scripts/a.txt is no script`},
		{"an inexact number in JSON", `import x from "./big.json"; export const f = () => x`, `scripts/big.json:2: the number 9007199254740993 is not exact`},
		{"awaiting at the top", "export const f = await 1", "scripts/a.ts:1:18: Top-level await"},
		{"nested brackets", "export const f = " + deep, "scripts/a.ts:1: nested more than 200 levels deep"},
		{"nested brackets after a comment", "/* ( */ export const f = \n" + strings.Repeat("[/*]*/", 1000), "scripts/a.ts:2: nested"},
		{"nested brackets in a template", "export const f = `${" + deep + "}`", "scripts/a.ts:1: nested"},
		{"signs", "export const f = " + strings.Repeat("- ", 1000) + "1", "scripts/a.ts:1: nested"},
		{"arrows", "export const f = " + strings.Repeat("a=>", 1000) + "1", "scripts/a.ts:1: nested"},
		{"conditions", strings.Repeat("if(1)\n", 1000) + ";", "nested more than"},
		{"words", "export const f = " + strings.Repeat("typeof ", 1000) + "1", "scripts/a.ts:1: nested"},
		{"a large file", "//" + strings.Repeat("x", 3<<20), "scripts/a.ts is larger than"},
		{"a module that throws", "throw new Error('at the start')\nexport const f = 1", "scripts/a.ts:1:7: Error: at the start"},
		{"a module that never ends", "for (;;) {}\nexport const f = 1", "took longer than 2s"},
		{"an uncommon encoding", "export const f = '\xff'", "is not written in UTF-8"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			fsys := files("scripts/a.ts", test.script, "scripts/big.json", "{\"a\": 1.50,\n\"b\": 9007199254740993}", "scripts/a.txt", "x")
			s, err := scripting.Load(fsys, []string{"scripts/a.ts"}, scripting.Options{})
			if err == nil {
				s.Close()
				t.Fatal("it loads")
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v\nwant %s", err, test.want)
			}
		})
	}
}

// TestLongPlainFiles loads files that are long and not deep.
func TestLongPlainFiles(t *testing.T) {
	var b strings.Builder
	for i := range 500 {
		fmt.Fprintf(&b, "const a%d = b%d(\"(((\") ? -1 : +2 // (((\n", i, i)
		fmt.Fprintf(&b, "function b%d(x) { if (x) return /[(]/.test(x)\n else return `${x}((` }\n", i)
	}
	b.WriteString("export const f = () => a499\n")
	got, err := load(t, files("a.js", b.String()), "a.js").Call(t.Context(), "f")
	if err != nil || string(got) != "-1" {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestNames(t *testing.T) {
	s := load(t, files(
		"one.ts", "export const f = () => 1; export const g = () => 1",
		"my-two.ts", "export const f = () => 2; export default () => 3; export const constant = 4",
	), "one.ts", "./my-two.ts", "one.ts")
	for name, want := range map[string]string{"g": "1", "one.g": "1", "one.f": "1", "myTwo.f": "2", "myTwo": "3"} {
		if got, err := s.Call(t.Context(), name); err != nil || string(got) != want {
			t.Errorf("%s gives %s, %v, want %s", name, got, err, want)
		}
	}
	for name, want := range map[string]string{"f": "call one.f or myTwo.f", "constant": "no script exports", "toString": "no script exports"} {
		if _, err := s.Call(t.Context(), name); !errors.Is(err, scripting.ErrUnknown) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s gives the error %v, want %s", name, err, want)
		}
	}
}

// TestNothingIsKept calls functions that try to remember something, each many times: every call must give what the first gave.
func TestNothingIsKept(t *testing.T) {
	for name, script := range map[string]string{
		"a variable of the module":  `let n = 0; export const f = () => ++n`,
		"an object of the module":   `const c: any = {}; export const f = () => { c.n = (c.n ?? 0) + 1; return c.n }`,
		"by another name":           `const c: any = {}; export const f = () => { const d = c; d.n = (d.n ?? 0) + 1; return d.n }`,
		"a list of the module":      `const l: any[] = []; export const f = () => l.push(1)`,
		"a map":                     `const m = new Map(); export const f = () => { m.set("n", (m.get("n") ?? 0) + 1); return m.get("n") }`,
		"a weak map":                `const k = {}; const m = new WeakMap(); export const f = () => { m.set(k, (m.get(k) ?? 0) + 1); return m.get(k) }`,
		"a closure":                 `const next = (() => { let n = 0; return () => ++n })(); export const f = () => next()`,
		"a property of a function":  `export function f() { (f as any).n = ((f as any).n ?? 0) + 1; return (f as any).n }`,
		"a static field":            `class C { static n = 0 } export const f = () => ++C.n`,
		"an instance":               `class C { #n = 0; next() { return ++this.#n } } const c = new C(); export const f = () => c.next()`,
		"the prototype of a class":  `class C {} export const f = () => { const p: any = C.prototype; p.n = (p.n ?? 0) + 1; return p.n }`,
		"a generator":               `function* g() { let n = 0; for (;;) yield ++n } const it = g(); export const f = () => it.next().value`,
		"a global regular pattern":  `const re = /a/g; export const f = () => { re.test("aaaa"); return re.lastIndex }`,
		"the global object":         `export const f = () => { try { (globalThis as any).n = 1 } catch {} return (globalThis as any).n ?? 1 }`,
		"Object.prototype":          `export const f = () => { try { (Object.prototype as any).n = 2 } catch {} return ({} as any).n ?? 1 }`,
		"Array.prototype":           `export const f = () => { try { Array.prototype.map = (() => 2) as any } catch {} return [1].map(x => x)[0] }`,
		"the prototype of decimals": `export const f = () => { try { decimal.prototype.add = () => 2 } catch {} return decimal(0).add(1) }`,
		"the prototype by setter":   `export const f = () => { try { Object.prototype.toString = () => "2" } catch {} return String({}) === "2" ? 2 : 1 }`,
		"the prototype of errors":   `export const f = () => { try { Error.prototype.name = "2" } catch {} return new Error("").name === "2" ? 2 : 1 }`,
		"iterators":                 `export const f = () => { const p = Object.getPrototypeOf([][Symbol.iterator]()); try { p.n = 2 } catch {} return p.n ?? 1 }`,
		"generators":                `export const f = () => { const p = Object.getPrototypeOf(Object.getPrototypeOf((function*(){})())); try { p.n = 2 } catch {} return p.n ?? 1 }`,
		"a library":                 `export const f = () => { try { (date as any).now = () => 2 } catch {} return (date as any).now() === 2 ? 2 : 1 }`,
		"the prototype of a proto":  `export const f = () => { try { Object.setPrototypeOf(Array.prototype, {n: 2}) } catch {} return ([] as any).n ?? 1 }`,
		"a template's list":         `const tag = (s: any) => s; export const f = () => { const s: any = tag` + "`x`" + `; try { s.n = 2 } catch {} return s.n ?? 1 }`,
		"randomness":                `const first = Math.random(); export const f = () => { const again = Math.random(); return again >= 0 && first >= 0 ? 1 : 2 }`,
		"a job that runs later":     `let n = 1; export const f = () => { Promise.resolve().then(() => Promise.resolve()).then(() => { n++ }); return 1 }`,
		"a function that is frozen": `export const f = () => { try { Object.defineProperty(f, "n", {value: 2}) } catch {} return (f as any).n ? 1 : 1 }`,
	} {
		t.Run(name, func(t *testing.T) {
			s := load(t, files("a.ts", script), "a.ts")
			for i := range 3 {
				got, err := s.CallIn(t.Context(), scripting.Run{Now: "2026-11-21T10:00:00Z"}, "f")
				if err != nil || string(got) != "1" {
					t.Fatalf("call %d gives %s, %v", i+1, got, err)
				}
			}
		})
	}
}

// TestDocumentsAreKeptApart changes a document in a script and looks whether another call sees it.
func TestDocumentsAreKeptApart(t *testing.T) {
	s := load(t, files("a.ts", `
		const kept: any[] = [];
		export const f = (d: any) => { kept.push(d); d.seen = kept.length; d.list.push(1); return kept.map(k => [k.seen, k.list.length]) };`), "a.ts")
	doc := json.RawMessage(`{"list":[]}`)
	for range 3 {
		got, err := s.Call(t.Context(), "f", doc)
		if err != nil || string(got) != "[[1,1]]" {
			t.Fatalf("got %s, %v", got, err)
		}
	}
	if string(doc) != `{"list":[]}` {
		t.Errorf("the document was changed: %s", doc)
	}
}

// TestReplay makes the same call on different machines, at the same time: the same bytes.
func TestReplay(t *testing.T) {
	s := load(t, files("a.ts", `export const f = (x: any) => [x, Math.random(), Math.random(), Date.now(), [3, 1, 2].sort()].map(String)`), "a.ts")
	run := scripting.Run{Now: "2026-11-21T10:00:00Z", Seed: 7}
	want, err := s.CallIn(t.Context(), run, "f", json.RawMessage(`1.50`))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				if got, err := s.CallIn(t.Context(), run, "f", json.RawMessage(`1.50`)); err != nil || string(got) != string(want) {
					t.Errorf("got %s, %v, want %s", got, err, want)
				}
			}
		})
	}
	wg.Wait()
	run.Seed = 8
	if other, err := s.CallIn(t.Context(), run, "f", json.RawMessage(`1.50`)); err != nil || string(other) == string(want) {
		t.Errorf("another seed gives the same: %s, %v", other, err)
	}
}

func TestLogs(t *testing.T) {
	s := load(t, files("a.ts", `export const f = (x: any) => { log.info("one", {price: x}); log.warn("two"); for (let i = 0; i < 1000; i++) log.debug(i); throw new Error("end") }`), "a.ts")
	var lines []scripting.Log
	_, err := s.CallIn(t.Context(), scripting.Run{Log: func(l scripting.Log) { lines = append(lines, l) }}, "f", json.RawMessage(`19.10`))
	if !errors.Is(err, scripting.ErrThrown) {
		t.Errorf("the error is %v", err)
	}
	if len(lines) != scripting.DefaultLimits.Logs || lines[0].Level != "info" || string(lines[0].Data) != `{"price":19.10}` || lines[1].Message != "two" {
		t.Errorf("%d lines: %+v", len(lines), lines[:2])
	}
}

func TestGivingUp(t *testing.T) {
	s := load(t, files("a.ts", `export const f = () => { for (;;) {} }`), "a.ts")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Call(ctx, "f"); !errors.Is(err, context.Canceled) {
		t.Errorf("a call that was given up before gives %v", err)
	}
	s.Close()
	if _, err := s.Call(t.Context(), "f"); err == nil {
		t.Error("closed scripts can be called")
	}
}

// TestMain makes the test binary its own worker, and its own victim of attacks.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == workerArg {
		os.Exit(scripting.ServeWorker(os.Stdin, os.Stdout, nil))
	}
	goleak.VerifyTestMain(m)
}

const workerArg = "serve-a-script-worker"

// TestClockOfModules loads a module that looks at the clock: each run has its own, and a run without one says so.
func TestClockOfModules(t *testing.T) {
	s := load(t, files("a.ts", "const at = date.now();\nexport const f = () => at;\n"), "a.ts")
	got, err := s.CallIn(t.Context(), scripting.Run{Now: "2026-05-01T08:00:00Z"}, "f")
	if err != nil || string(got) != `"2026-05-01T08:00:00Z"` {
		t.Errorf("got %s, %v", got, err)
	}
	if _, err := s.Call(t.Context(), "f"); err == nil || !strings.Contains(err.Error(), "a.ts:1:17: f: TypeError: this run has no clock") {
		t.Errorf("without a clock the error is %v", err)
	}
}
