package scripting_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/crosswalk-go/crosswalk/scripting"
)

// attack is a script that means harm, the body of f(x) where it is no whole module. It must end as want says, within the limits and in its own
// process; the next call must work.
type attack struct {
	name   string
	script string
	// want is a part of the error, or `= ` and the result. Where the guards race, and each of them may win, they are separated by |.
	want string
}

// The ends of what no guard foresees: the watch, or else the end of the process.
const (
	memory = "MiB of memory"
	late   = "took longer than"
)

var attacks = []attack{
	// Time.
	{"an endless loop", `for (;;) {}`, late},
	{"an endless loop that catches everything", `for (;;) { try { for (;;) {} } catch {} finally { continue } }`, late},
	{"promises that make promises", `const again = () => Promise.resolve().then(again); return again()`, memory},
	{"a slow comparison", `return Array.from({length: 2000}, (_, i) => i).sort((a, b) => { for (let i = 0; i < 1e5; i++); return b - a })`, late},
	{"an iterator without end", `return [...{*[Symbol.iterator]() { for (;;) yield 1 }}]`, memory},
	{"a getter without end", `return {get a() { for (;;) {} }}`, late},
	{"toJSON without end", `return {toJSON() { for (;;) {} }}`, late},
	{"a thenable without end", `return {then() { for (;;) {} }}`, late},
	{"a message of an error without end", `throw {name: "E", get message() { for (;;) {} }}`, "f: E|" + late},
	{"a global pattern on long text", `return ("é" + "a".repeat(60) + "!").replace(/(a|a)*$/g, "")`, `= "|` + memory},
	{"indexOf in a loop", `const a = Array.from({length: 1e6}, () => 0); for (let i = 0; i < 1e6; i++) a.indexOf(1)`, late + "|" + memory},

	// Memory.
	{"a text that doubles", `let s = "x"; for (;;) s += s`, memory},
	{"repeat", `return "x".repeat(2 ** 30).length`, "RangeError: a text of more than"},
	{"repeat of negative size", `return "x".repeat(2 ** 62).length`, "RangeError: a text of more than"},
	{"padStart", `return "x".padStart(2 ** 30).length`, "RangeError: a text of more than"},
	{"padEnd", `return "x".padEnd(2 ** 31, "ab").length`, "RangeError: a text of more than"},
	{"replace by long texts", `return "a".repeat(1e6).replace(/a/g, "b".repeat(1e5)).length`, "RangeError: a text of more than|" + memory},
	{"replace by the text itself", `return "a".repeat(1e5).replaceAll("a", "$'$'$'").length`, "RangeError: a text of more than|" + memory},
	{"replace by a function", "return \"a\".repeat(1e6).replace(/a/g, () => \"b\".repeat(1e5)).length", "RangeError: a text of more than|" + memory},
	{"join of long texts", `const s = "x".repeat(1e7); return Array.from({length: 1e4}, () => s).join("").length`, "RangeError: a text of more than|" + memory},
	{"concat of long texts", `const s = "x".repeat(1e7); return s.concat(...Array.from({length: 1e4}, () => s)).length`, "RangeError: a text of more than|" + memory},
	{"a large array", `return new Array(1e9).fill(0).length`, "RangeError: more than"},
	{"a sparse array", `const a: any[] = []; a.length = 4e9; return a.join().length`, "RangeError: more than"},
	{"a sparse array by index", `const a: any[] = []; a[4e9] = 1; return a.indexOf(2)`, "RangeError: more than"},
	{"Array.from a length", `return Array.from({length: 1e9}).length`, "RangeError: more than"},
	{"an array-like of great length", `return Array.prototype.fill.call({length: 2 ** 40}, 1)`, "RangeError: more than"},
	{"an array-like that changes its length", `let n = 0; return Array.prototype.indexOf.call({get length() { return n++ ? 2 ** 50 : 1 }}, 1)`, "= -1"},
	{"keys of a large array", `return [...Array(1e8).keys()].length`, "RangeError: more than"},
	{"JSON of a sparse array", `const a: any[] = []; a.length = 4e9; return JSON.stringify(a)`, "more than"},
	{"spreading a sparse array", `const a: any[] = []; a.length = 4e9; return [...a].length`, memory},
	{"flat of shared lists", `let a: any = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]; for (let i = 0; i < 9; i++) a = [a, a, a, a, a, a, a, a, a, a]; return a.flat(Infinity).length`, "RangeError: more than|" + memory},
	{"JSON with deep indentation", `let a: any = Array.from({length: 2e4}, () => 0); for (let i = 0; i < 190; i++) a = [a]; return JSON.stringify(a, null, 10).length`, "RangeError: a text of more than"},
	{"JSON of shared lists", `let a: any = "x".repeat(1e5); for (let i = 0; i < 20; i++) a = [a, a]; return JSON.stringify(a).length`, "more than"},
	{"a result of shared lists", `let a: any = "x".repeat(1e5); for (let i = 0; i < 20; i++) a = [a, a]; return a`, "more than"},
	{"push for ever", `const a = []; for (;;) a.push({})`, memory},
	{"a map that grows", `const m = new Map(); for (let i = 0; ; i++) m.set(i, i)`, memory},
	{"typed arrays", `return new (globalThis as any).ArrayBuffer(2 ** 36)`, "TypeError: |not a constructor|threw"},
	{"arguments without number", `return Math.max.apply(null, {length: 1e9} as any)`, "RangeError: more than 65535 arguments"},
	{"Reflect.construct", `return Reflect.construct(Date, {length: 1e9} as any)`, "RangeError: more than 65535 arguments"},
	{"arguments that change their number", `let n = 0; return Math.max.apply(null, {get length() { return n++ ? 1e9 : 2 }, 0: 1, 1: 3} as any)`, "= 3"},
	{"concat of what says that it is a list", `return ([] as any).concat({length: 1e9, [Symbol.isConcatSpreadable]: true}).length`, "RangeError: more than"},
	{"a pattern's own replace", `return (/a/g as any)[Symbol.replace]("a".repeat(1e6), "b".repeat(1e5)).length`, "RangeError: a text of more than|" + memory},
	{"a pattern's own split", `return (/(?:)/g as any)[Symbol.split]("a".repeat(2e6)).length`, "RangeError: more than|" + memory},
	{"String.raw", `return String.raw({raw: {length: 1e9}} as any).length`, "RangeError: more than"},
	{"numbers of many digits", `let d = decimal("1." + "1".repeat(900)); for (;;) d = d.mul(d)`, "number too large or too precise|more than 2000 digits"},
	{"powers of decimals", `return decimal("9".repeat(500)).pow(10000)`, "RangeError: "},
	{"logs without end", `for (let i = 0; i < 5000; i++) log.info("x".repeat(1000)); return 1`, "= 1"},

	// Depth.
	{"a recursion", `const g = (n: number): number => g(n + 1) + 1; return g(0)`, "nested more than 1000 deep"},
	{"a recursion through a built-in", `const g = (): any => [1].map(g); return g()`, "nested more than 1000 deep"},
	{"a recursion through toString", `const o: any = {toString() { return "" + o }}; return "" + o`, "nested more than 1000 deep"},
	{"JSON.parse of deep text", `return JSON.parse("[".repeat(1e6) + "]".repeat(1e6))`, "SyntaxError: JSON that is nested more than"},
	{"JSON.stringify of deep lists", `let a: any = []; for (let i = 0; i < 1e4; i++) a = [a]; return JSON.stringify(a)`, "nested more than"},
	{"a result that is deep", `let a: any = []; for (let i = 0; i < 1e4; i++) a = {a}; return a`, "nested more than"},
	{"toJSON that gives itself anew", `const o = (): any => ({toJSON: o}); return o()`, "nested more than|1000 deep"},
	{"a result that holds itself", `const a: any[] = []; a.push(a); return a`, "nested more than"},
	{"a pattern of deep brackets", `return new RegExp("(".repeat(1e6) + ")".repeat(1e6)).test("")`, "the pattern is longer than 32768 characters"},

	// Ways out.
	{"eval", `return (globalThis as any).eval("1")`, "TypeError: "},
	{"code by the constructor of functions", `return (f as any).constructor("return this")()`, "cannot make code from text"},
	{"code by the constructor of generators", `return Object.getPrototypeOf(function* () {}).constructor("return this")()`, "cannot make code from text"},
	{"code by the constructor of async functions", `return Object.getPrototypeOf(async () => {}).constructor("return this")()`, "cannot make code from text"},
	{"code by a class that extends Function", `return new (class extends (Function as any) {})("return 1")()`, "cannot make code from text"},
	{"modules at run time", `return (globalThis as any).require("fs")`, "TypeError: "},
	{"the process", `return typeof (globalThis as any).process + typeof (globalThis as any).setTimeout + typeof (globalThis as any).fetch + typeof (globalThis as any).console`, `= "undefinedundefinedundefinedundefined"`},
	{"proxies", `return typeof (globalThis as any).Proxy`, `= "undefined"`},
	{"the prelude by a stack", `try { ([] as any).map(null) } catch (e: any) { return typeof e.stack }`, `= "string"`},
	{"the host by the caller", `return (f as any).caller`, "TypeError|threw"},
	{"a library's constructor", `return (decimal as any).constructor("return 1")()`, "cannot make code from text"},
	{"the constructor of a method of Go", `return (crypto as any).sha256.constructor("return 1")()`, "cannot make code from text"},
	{"a pattern that backtracks, made late", `return new RegExp("^(?=a)(a+)+$").test("a".repeat(40) + "!")`, "TypeError: the pattern looks around or back"},
	{"a pattern that backtracks, by match", `return ("a".repeat(40) + "!").match("(a+)+\\1$")`, "TypeError: the pattern looks around or back"},
	{"a pattern that backtracks, by the constructor of another", `return new ((/a/ as any).constructor)("(?!a)b").test("b")`, "TypeError: the pattern looks around or back"},
	{"a pattern made anew by compile", `return (/a/ as any).compile("(?=a)")`, "TypeError: "},

	{"code by the constructor of a document", `return x.constructor.constructor("return 1")()`, "cannot make code from text"},
	{"the names of the bundle", `return typeof __crosswalk_tests + typeof __crosswalk_count`, `= "undefinedundefined"`},
	{"a bundle that is frozen again", `__crosswalk_freeze([x]); x.a = 1; return x`, `= {"list":[1],"a":1}|TypeError|threw`},

	{"chains of bound functions", `let g: any = () => 1; for (let i = 0; i < 1e6; i++) g = g.bind(null); return g()`, memory},
	{"chains of prototypes", `let o: any = {}; for (let i = 0; i < 3e6; i++) o = Object.create(o); return o.x`, memory},
	{"generators within generators", `function* g(): any { yield* g() } return [...g()]`, "nested more than 1000 deep"},
	{"async functions that wait for themselves", `async function g(): Promise<any> { await null; await g() } return g()`, memory},

	// What the next call would find.
	{"a global", `(globalThis as any).bad = 1; return 1`, "TypeError: "},
	{"a member of all objects", `(Object.prototype as any).bad = 1; return 1`, "TypeError: "},
	{"a member of all lists", `(Array.prototype as any).bad = 1; return 1`, "TypeError: "},
	{"a getter on all objects", `Object.defineProperty(Object.prototype, "bad", {get: () => 1}); return 1`, "threw TypeError"},
	{"another prototype of all lists", `Object.setPrototypeOf(Array.prototype, {bad: 1}); return 1`, "threw TypeError"},
	{"another built-in", `JSON.parse = () => 1; return 1`, "TypeError: "},
	{"another method of a library", `(cw as any).slug = () => 1; return 1`, "TypeError: "},
	{"a symbol on all functions", `(Function.prototype as any)[Symbol.hasInstance] = () => true; return 1`, "TypeError: "},
	{"a member of the function itself", `(f as any).bad = ((f as any).bad ?? 0) + 1; return (f as any).bad`, "= 1"},

	// Odd values.
	{"throwing nothing", `throw undefined`, "threw undefined"},
	{"throwing a symbol", `throw Symbol("s")`, "threw s"},
	{"throwing a function", `throw () => 1`, "threw "},
	{"throwing what cannot be a text", `throw {get name() { throw 1 }, toString() { throw 2 }}`, "threw "},
	{"throwing a frozen null object", `throw Object.freeze(Object.create(null))`, "threw "},
	{"throwing an error with a throwing message", `const e = new Error(); Object.defineProperty(e, "message", {get() { throw e }}); throw e`, "threw |Error"},
	{"a thenable that throws", `return {get then() { throw new Error("then") }}`, "Error: then"},
	{"a thenable that never answers", `return {then() {}}`, "nothing will ever settle"},
	{"a result with a symbol", `return {a: Symbol.iterator}`, "the result holds at a a symbol"},
	{"a key that is a symbol", `return {[Symbol("a")]: 1, b: 2}`, `= {"b":2}`},
	{"half a character", `return "\ud800"`, `= "\ud800"`},
	{"__proto__ from JSON", `const o = JSON.parse('{"__proto__": {"bad": 1}}'); return [({} as any).bad === undefined, o.bad === undefined || "own"]`, `= [true,true]`},
	{"a document's prototype", `x.__proto__.bad = 1; return 1`, "TypeError|threw"},
	{"a decimal's prototype", `Object.getPrototypeOf(decimal(1)).add = () => 0; return decimal(1).add(1)`, "TypeError|threw"},
	{"a decimal that is none", `return decimal.prototype.add.call({}, 1)`, "TypeError: this is no decimal|threw"},
	{"numbers by valueOf", `return decimal(1).add({valueOf: () => 1} as any)`, "TypeError: the operand of add"},
	{"a list that is cut while it is written", `x.list.push(2, 3); x.list[0] = {toJSON() { x.list.length = 1; return 1 }}; return x`, `= {"list":[1,null,null]}`},
	{"a list that is set before its start", `x.list[-1] = 1; return x`, "TypeError: a list takes elements by their numbers"},
	{"a list that is set far off", `x.list[1e9] = 1; return x`, "RangeError: more than"},
	{"a list that is made long", `x.list.length = 4e9; return x`, "RangeError: more than|threw"},
}

// limits returns those of an attack. One that only time ends gets little of it. All others get more than a machine under
// load needs, so that what ends them is the guard that they are meant for, and not the clock.
func (a attack) limits() scripting.Limits {
	l := scripting.Limits{Time: time.Minute, MemoryBytes: 48 << 20, OutputBytes: 4 << 20}
	if strings.Contains(a.want, late) {
		l.Time = 700 * time.Millisecond
	}
	return l
}

// TestAttacks runs each attack in a worker process of its own, and a good call behind it.
func TestAttacks(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector takes the memory that the attacks are measured by; what they share is tested by others")
	}
	if len(attacks) < 40 {
		t.Fatalf("there are %d attacks", len(attacks))
	}
	for _, a := range attacks {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			s := inWorkers(t, files("a.ts", fmt.Sprintf("export function f(x: any): any { %s }\nexport const good = (x: any) => [x, typeof ({} as any).bad]\n", a.script)), a.limits())
			got, err := s.Call(t.Context(), "f", json.RawMessage(`{"list": [1]}`))
			outcome := "= " + string(got)
			if err != nil {
				var e *scripting.Error
				if !errors.As(err, &e) {
					t.Fatalf("the error is %v", err)
				}
				if e.Kind == scripting.Broken {
					t.Errorf("the machine broke: %v", err)
				}
				outcome = err.Error()
			}
			fits := false
			for _, want := range strings.Split(a.want, "|") {
				fits = fits || strings.Contains(outcome, want) && (err != nil) != strings.HasPrefix(want, "= ")
			}
			if !fits {
				if len(outcome) > 300 {
					outcome = outcome[:300]
				}
				t.Errorf("the outcome is %s\nwant %s", outcome, a.want)
			}
			if got, err := s.Call(t.Context(), "good", json.RawMessage(`19.10`)); err != nil || string(got) != `[19.10,"undefined"]` {
				t.Errorf("the call behind it gives %s, %v", got, err)
			}
		})
	}
}
