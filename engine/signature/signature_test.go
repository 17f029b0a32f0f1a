package signature

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// String writes a type for comparing in tests.
func (t Type) String() string {
	switch t.Kind {
	case Any:
		return "any"
	case List:
		return t.Of.String() + "[]"
	case Object:
		var parts []string
		for _, m := range t.Members {
			optional := ""
			if m.Optional {
				optional = "?"
			}
			parts = append(parts, m.Name+optional+": "+m.Type.String())
		}
		if t.Of != nil {
			parts = append(parts, "[]: "+t.Of.String())
		}
		return "{" + strings.Join(parts, "; ") + "}"
	case Reference:
		return "&" + t.Name
	case Union:
		var parts []string
		for _, one := range t.Types {
			parts = append(parts, one.String())
		}
		return "(" + strings.Join(parts, "|") + ")"
	}
	if t.Choice != "" {
		return t.Choice
	}
	return []string{"", "missing", "null", "boolean", "number", "decimal", "string"}[t.Kind]
}

func describe(f Function) string {
	var params []string
	for _, p := range f.Params {
		text := p.Name
		if p.Rest {
			text = "..." + text
		}
		if !p.Required {
			text += "?"
		}
		params = append(params, text+": "+p.Type.String())
	}
	return fmt.Sprintf("%s(%s): %s", f.Name, strings.Join(params, ", "), f.Result)
}

func TestParse(t *testing.T) {
	for _, tc := range []struct{ file, text, want string }{
		{"a.ts", `export function tier(customer: Order.Customer, at?: string): string { return "" }`, `tier(customer: &Order.Customer, at?: string): string`},
		{"a.ts", `export default async function (a: number, b: Decimal = decimal(1), ...rest: boolean[]): Promise<void> {}`, `(a: number, b?: decimal, ...rest?: boolean): missing`},
		{"a.ts", `export const f = (a: string | null, b: string | undefined): "x" | 'y' => "x", g = async <T,>(x: T): Promise<T[]> => [x];`,
			`f(a: (string|null), b?: (string|missing)): ("x"|"y")` + "\n" + `g(x: any): any[]`},
		{"a.ts", "const f = async x => x\nexport const g = function* <T extends {a: string}>(this: Foo, { a, b }: { a: T, b?: T[] }) {}\n", "f(x: any): any\ng(: {a: any; b?: any[]}): any"},
		{"a.ts", `interface Line { sku: string; readonly "net price"?: Decimal, 1: null
			quantity: number
			[other: string]: unknown }
			export function f(lines: readonly Line[], map: Record<string, Array<Line>>): Line {}`,
			`f(lines: {sku: string; net price?: decimal; 1: null; quantity: number; []: any}[], map: {[]: {sku: string; net price?: decimal; 1: null; quantity: number; []: any}[]}): {sku: string; net price?: decimal; 1: null; quantity: number; []: any}`},
		{"a.ts", `type Tier = "gold" | "silver"; type Both = {a: Tier} & {b: 1}; type Odd = {a: 1} & string
			export function f(a: Tier, b: Both, c: Odd): Tier | undefined {}`, `f(a: ("gold"|"silver"), b: {a: ("gold"|"silver"); b: number}, c: any): ("gold"|"silver"|missing)`},
		{"a.ts", `interface Node { children: Node[]; next: Other } interface Other { node: Node }
			export function f(n: Node): void {}`, `f(n: {children: any[]; next: {node: any}}): missing`},
		{"a.ts", `import type { Order, X as Y } from "./x"; import * as all from "y"; import Def, { type Q } from "z"; class C {} enum E { A }
			export function f(a: Order, b: Y, c: X, d: all.T, e: Def, f: Q, g: C, h: E.A, i: Customer) {}`,
			`f(a: any, b: any, c: any, d: any, e: any, f: any, g: any, h: any, i: &Customer): any`},
		{"a.ts", `interface Order extends Base { x: 1 } interface G<T> { x: T } interface Two { a: 1 } interface Two { b: 1 }
			export function f(a: Order, b: G<string>, c: Two): Partial<Stock> {}`, `f(a: any, b: any, c: any): any`},
		{"a.ts", `export function f(a: string): string; export function f(a: number): number; export function f(a: any): any { return a }
			export function g(a: boolean): void {}`, "f(a?: any): any\ng(a: boolean): missing"},
		{"a.ts", `export function f(a: (x: number) => string, b: new () => X, c: typeof a, d: keyof Order, e: [string, number], g: { m(x: string): void; [K in "a"]: 1 }, h: A extends B ? C : D, i: unique symbol, j: Order["lines"], k: -1 | ` + "`a${string}`" + `) {}`,
			`f(a: any, b: any, c: any, d: any, e: any[], g: {[]: any}, h: any, i: any, j: any, k: (number|string)): any`},
		{"a.ts", `export const isGold = (x: unknown): x is string => true; export function assert(x: any): asserts x is string {}`, "isGold(x: any): boolean\nassert(x: any): missing"},
		{"a.ts", "const re = /[/({]\\/'\"`/g, t = `a ${ {b: `}${'`'}`} } (`; // } ( '\n/* { */ export function f(a: string) { return a / 2 / 1 }", "f(a: string): any"},
		{"a.ts", "export const obj = { function: 1, f(a: string) {} }; obj.function(a); const x = y?.type\ntype = 3\nexport function g(): void {}", "g(): missing"},
		{"a.ts", "export function f(a: string,): {\n  name: string\n  [key: string]: string\n} { return a }", "f(a: string): {name: string; []: string}"},
		{"a.ts", "export const half = (n: Numeric) => decimal(n).div(2)\nexport const other = (s: 'it\\'s \"x\"') => s", `half(n: (decimal|number|string)): any` + "\n" + `other(s: "it's \"x\""): any`},
		{"a.ts", "#!/usr/bin/env node\nexport function größe(straße: string): Shopware.Order | null {}", "größe(straße: string): (&Shopware.Order|null)"},
		{"a.js", "export function f(a, b = 1, ...c) {}", "f(a?: any, b?: any, ...c?: any): any"},
		{"a.js", "/**\n * What it does,\n * and how.\n * @param {string} a - the a\n * @param {number=} b\n * @param {...boolean} c\n * @returns {?Order.Line}\n */\nexport const f = (a, b, ...c) => a",
			"f(a: string, b?: number, ...c?: boolean): (&Order.Line|null)"},
		{"a.js", "/** @param {{sku: string, n?: Array.<number>}} line\n * @param {string} line.sku\n * @param {string} [at=now]\n * @param {Object<string, Decimal>} map\n * @param {function(string): void} g\n * @param {*} any @return {Promise<string>} */\nexport function f(line, at, map, g, any) {}",
			"f(line: {sku: string; n?: number[]}, at?: string, map: {[]: decimal}, g: any, any: any): any"},
		{"a.js", "/** @template T\n * @param {T} x\n * @returns {T} */\nexport function f(x) {}", "f(x?: any): any"},
		{"a.js", "/** @param {Order order\n @returns {} */ export function f(order) {}", "f(order?: any): any"},
		{"a.ts", "export function f(a: {b: string {}", ""},
		{"a.ts", "export function f(a: ) {}\nexport function g(a: =>) {}\nexport function h(a: string) {}", "h(a: string): any"},
		{"a.ts", "const s = 'open\nexport function f() {}", ""},
	} {
		var got []string
		for _, f := range Parse(tc.file, tc.text) {
			got = append(got, describe(f))
		}
		if strings.Join(got, "\n") != tc.want {
			t.Errorf("%s\ngives %s\nwant  %s", tc.text, strings.Join(got, "\n"), tc.want)
		}
	}
}

func TestComment(t *testing.T) {
	const text = `
/** of something else */
let x = 1;

/**
 * The customer's tier.
 *
 *   - gold from 1000
 * @param customer who buys;
 *   also a guest
 * @returns the tier
 */
export async function tier(
  customer: Order.Customer, // who
  at?: string,
): Promise<string> {
}
export function none() {}
`
	all := Parse("a.ts", text)
	if len(all) != 2 {
		t.Fatalf("%+v", all)
	}
	f := all[0]
	if f.Doc != "The customer's tier.\n\n  - gold from 1000" || f.Params[0].Doc != "who buys;\n  also a guest" || f.First != 13 || f.Last != 13 {
		t.Errorf("%q, %q, lines %d to %d", f.Doc, f.Params[0].Doc, f.First, f.Last)
	}
	if want := "tier(customer: Order.Customer, at?: string): Promise<string>"; f.Text != want {
		t.Errorf("got  %s\nwant %s", f.Text, want)
	}
	if all[1].Doc != "" {
		t.Errorf("the comment of another: %q", all[1].Doc)
	}
}

// TestBounds holds that a file that is made to be expensive ends, and gives little: what would take a power of its length does not end in the
// time of a test.
func TestBounds(t *testing.T) {
	long := strings.Repeat
	for name, text := range map[string]string{
		"brackets":   long("(", 40_000),
		"pairs":      long("()", 40_000),
		"types":      "export function f(a: " + long("(", 20_000) + "string" + long(")", 20_000) + ") {}",
		"objects":    "export function f(a: " + long("{a:", 10_000) + "string" + long("}", 10_000) + ") {}",
		"unions":     "export function f(a: " + long("|string", 10_000) + ") {}",
		"templates":  long("`${", 10_000),
		"doubling":   doubling(40) + "export function f(a: T40) {}",
		"declares":   long("const a = (x) => 1\n", 5_000),
		"open":       long("const a = (", 5_000),
		"angles":     "type A = " + long("A<", 10_000),
		"functions":  "type A = " + long("(a: string) => ", 5_000) + "void",
		"questions":  "/** @param {" + long("?", 10_000) + "a} b */ export function f(b) {}",
		"conditions": "type A = " + long("A extends B ? ", 5_000),
	} {
		for _, file := range []string{"a.ts", "a.js"} {
			all := Parse(file, text)
			types := 0
			for _, f := range all {
				types += len(describe(f))
			}
			if types > 1<<20 {
				t.Errorf("%s: %d functions of %d characters", name, len(all), types)
			}
		}
	}
}

// doubling declares types each of which holds the one before twice.
func doubling(n int) string {
	var b strings.Builder
	b.WriteString("interface T0 { a: string }\n")
	for i := 1; i <= n; i++ {
		fmt.Fprintf(&b, "interface T%d { a: T%d; b: T%d }\n", i, i-1, i-1)
	}
	return b.String()
}

func FuzzParse(f *testing.F) {
	f.Add("a.ts", `export function tier(customer: Order.Customer, at?: string): string { return "" }`)
	f.Add("a.js", "/** @param {{a: string, b?: ?number=}} x - y\n * @returns {Array.<string>} */\nexport const f = async (x) => `a ${x}`")
	f.Add("a.ts", "interface A { [k: string]: A | null; m<T>(): void }\ntype B = keyof A extends B ? [C] : D['x'];\nexport const f = <T>(a: A): a is B => /x/.test(a)")
	files, err := filepath.Glob("../../scripting/types/testdata/*.ts")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add("a.ts", string(text))
	}
	f.Fuzz(func(t *testing.T, file, text string) {
		lines := strings.Count(text, "\n") + 1
		for _, fn := range Parse(file, text) {
			if fn.First < 1 || fn.Last < fn.First || fn.Last > lines {
				t.Errorf("lines %d to %d of %d", fn.First, fn.Last, lines)
			}
			describe(fn)
		}
	})
}
