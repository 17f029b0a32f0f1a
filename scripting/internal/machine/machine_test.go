package machine

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"go.uber.org/goleak"

	"github.com/crosswalk-go/crosswalk/scripting/internal/bundle"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// compile makes a program of one script, a.ts.
func compile(t *testing.T, script string) (*Program, error) {
	t.Helper()
	return compileText(script)
}

func compileText(script string) (*Program, error) {
	out, err := bundle.Bundle(fstest.MapFS{"a.ts": {Data: []byte(script)}}, []string{"a.ts"}, bundle.Options{})
	if err != nil {
		return nil, err
	}
	return Compile(Source{Code: out.Code, Map: out.Map, Entries: []string{"a.ts"}})
}

// start makes a pool of one script.
func start(t *testing.T, script string) *Pool {
	t.Helper()
	p, err := compile(t, script)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := NewPool(p, DefaultLimits, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// call calls the export name; a result of undefined is "".
func call(t *testing.T, p *Pool, name string, args ...string) (string, error) {
	t.Helper()
	for i, e := range p.program.exports {
		if e.Name != name {
			continue
		}
		r := Request{Function: i, Name: name, Now: "2026-11-21T10:00:00Z"}
		for _, a := range args {
			if a == "" {
				r.Args = append(r.Args, nil)
			} else {
				r.Args = append(r.Args, json.RawMessage(a))
			}
		}
		reply, err := p.Call(t.Context(), r)
		return string(reply.Result), err
	}
	t.Fatalf("no export %q in %v", name, p.program.exports)
	return "", nil
}

// TestConversion gives a value to a function and looks at what comes back.
func TestConversion(t *testing.T) {
	pool := start(t, `
		export const same = (x) => x;
		export const read = (x) => { for (const k in x) void x[k]; return x; };
		export const copy = (x) => Array.isArray(x) ? [...x] : { ...x };
		export const kind = (x) => typeof x + " " + Array.isArray(x);
		export const parse = (x) => JSON.parse(x);
		export const stringify = (x) => JSON.stringify(x);
		export const set = (x) => { x.b = decimal("1.50"); delete x.a; x.list.push(2); x.list[0] = null; return x; };
	`)
	long := `{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8,"i":9,"j":{"k":[1.0,2.50]}}`
	tests := []struct{ name, function, in, want string }{
		{"an untouched number keeps its text", "same", `19.10`, `19.10`},
		{"a big id", "same", `9007199254740993`, `9007199254740993`},
		{"an exponent", "same", `1e2`, `1e2`},
		{"thirty digits", "same", `123456789012345678901234567890`, `123456789012345678901234567890`},
		{"minus nought", "same", `-0.0`, `-0.0`},
		{"missing", "same", "", ""},
		{"null", "same", `null`, `null`},
		{"empty text", "same", `""`, `""`},
		{"booleans", "same", `[true,false]`, `[true,false]`},
		{"what is read", "read", `{"z":1,"a":19.10,"id":9007199254740993,"n":null,"e":{},"l":[]}`, `{"z":1,"a":19.10,"id":9007199254740993,"n":null,"e":{},"l":[]}`},
		{"many members", "read", long, long},
		{"what is copied", "copy", `{"z":1.0,"a":[19.10]}`, `{"z":1.0,"a":[19.10]}`},
		{"a list that is copied", "copy", `[1.0,{"b":2.50}]`, `[1.0,{"b":2.50}]`},
		{"letters and signs", "read", `{"s":"ü/😀<&>\"\\ \n"}`, `{"s":"ü/😀<&>\"\\ \n"}`},
		{"escapes", "read", `["\u00fc\/\ud83d\ude00"]`, `["ü/😀"]`},
		{"half a surrogate pair", "read", `["a\ud800b","\udc00"]`, `["a\ud800b","\udc00"]`},
		{"the last of two members wins", "read", `{"a":1,"b":2,"a":3}`, `{"a":3,"b":2}`},
		{"a member named __proto__", "read", `{"__proto__":{"x":1}}`, `{"__proto__":{"x":1}}`},
		{"an object is an object", "kind", `{}`, `"object false"`},
		{"a list is an array", "kind", `[]`, `"object true"`},
		{"a number is a decimal", "kind", `1`, `"object false"`},
		{"a text that holds JSON", "parse", `"{\"a\":19.10}"`, `{"a":19.10}`},
		{"JSON from a document", "stringify", `{"a":19.10,"id":9007199254740993}`, `"{\"a\":19.10,\"id\":9007199254740993}"`},
		{"changes", "set", `{"a":1,"list":[1],"c":"x"}`, `{"list":[null,2],"c":"x","b":1.50}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := call(t, pool, test.function, test.in)
			if err != nil {
				t.Fatal(err)
			}
			if got != test.want {
				t.Errorf("%s(%s) = %s, want %s", test.function, test.in, got, test.want)
			}
		})
	}
}

// TestExpressions runs each expression as a function of x.
func TestExpressions(t *testing.T) {
	tests := []struct{ expr, x, want string }{
		{`x.add("0.2")`, `0.1`, `0.3`},
		{`x.add(1)`, `9007199254740993`, `9007199254740994`},
		{`x.add(0.5)`, `0.25`, `0.75`},
		{`x.sub(x)`, `1.50`, `0.00`},
		{`x.mul(3)`, `19.10`, `57.30`},
		{`x.div(3, 2)`, `10`, `3.33`},
		{`x.div(4)`, `10.00`, `2.50`},
		{`x.mod(7)`, `10`, `3`},
		{`x.pow(10)`, `2`, `1024`},
		{`x.round(1)`, `2.25`, `2.3`},
		{`x.round(1, "half-even")`, `2.25`, `2.2`},
		{`x.toFixed(2)`, `2.5`, `"2.50"`},
		{`x.neg().abs().trim()`, `2.50`, `2.5`},
		{`x.cmp(2)`, `2.50`, `1`},
		{`[x.eq("2.5"), x.lt(3), x.lte(2.5), x.gt(2), x.gte(3)]`, `2.50`, `[true,true,true,true,false]`},
		{`[x.isZero(), x.isInteger(), x.sign(), x.scale()]`, `-2.50`, `[false,false,-1,2]`},
		{`x.allocate([1, 1, 1])`, `10`, `[3.34,3.33,3.33]`},
		{`x.toNumber() + 1`, `2.5`, `3.5`},
		{"`${x} EUR`", `19.10`, `"19.10 EUR"`},
		{`String(x)`, `1e2`, `"1e2"`},
		{`decimal.sum(x.map(l => l.p))`, `[{"p":0.1},{"p":0.2}]`, `0.3`},
		{`[decimal.min(x), decimal.max(x), decimal.sum([])]`, `[3,1,2]`, `[1,3,0]`},
		{`x instanceof decimal`, `1`, `true`},
		{`decimal(x) === x`, `1`, `true`},
		{`[Date.now(), new Date().toISOString(), new Date("2026-01-02").getDate()]`, ``, `[1795255200000,"2026-11-21T10:00:00.000Z",2]`},
		{`new Date(2026, 0, 31)`, ``, `"2026-01-31T00:00:00.000Z"`},
		{`date.now("Europe/Amsterdam")`, ``, `"2026-11-21T11:00:00+01:00"`},
		{`date.in(x, "Europe/Amsterdam")`, `"2026-07-01T23:30:00Z"`, `"2026-07-02T01:30:00+02:00"`},
		{`date.parts(x, "Europe/Amsterdam")`, `"2026-07-01T23:30:00Z"`, `{"year":2026,"month":7,"day":2,"hour":1,"minute":30,"second":0,"weekday":4}`},
		{`date.add(x, {months: 1})`, `"2026-01-31T12:00:00Z"`, `"2026-02-28T12:00:00Z"`},
		{`date.add(x, {days: 1}, "Europe/Amsterdam")`, `"2026-03-28T12:00:00+01:00"`, `"2026-03-29T12:00:00+02:00"`},
		{`date.of({year: 2026, month: 3, day: 29}, "Europe/Amsterdam")`, ``, `"2026-03-29T00:00:00+01:00"`},
		{`[date.compare(x, "2026-01-01T00:00:00Z"), date.secondsBetween("2026-01-01T00:00:00Z", x)]`, `"2026-01-01T00:00:01.5Z"`, `[1,1.5]`},
		{`date.secondsBetween(x, "9999-12-31T23:59:59.5Z")`, `"0001-01-01T00:00:00.75Z"`, `315537897598.75`},
		{`date.of({...date.parts(x, "Asia/Tokyo"), day: 1}, "Asia/Tokyo")`, `"2026-03-31T23:30:00Z"`, `"2026-04-01T08:30:00+09:00"`},
		{`/\\p{L}/.test("\\p{L}")`, ``, `true`},
		{`({"\ufffd": 1, "\ud83d\ude00": 2})`, ``, `{"�":1,"😀":2}`},
		{`crypto.sha256(decimal("1.50")) === crypto.sha256("1.50")`, ``, `true`},
		{`crypto.sha256(x)`, `"a"`, `"ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"`},
		{`crypto.hmac("sha256", "key", x, "base64")`, `"a"`, `"eAw9tM495bnlWBb7qY9ZBjHZbAdScbJpdiONX0REIZs="`},
		{`[..."aé😀"].length`, ``, `3`},
		{`Array.from({length: 3}, (_, i) => i)`, ``, `[0,1,2]`},
		{`Array.from(new Set([1, 1, 2]))`, ``, `[1,2]`},
		{`[[1, [2]], [3]].flat().concat([4], 5).join("-")`, ``, `"1-2-3-4-5"`},
		{`"a-b-a".replace("a", "$&$&").replaceAll("b", () => "c").split("-")`, ``, `["aa","c","a"]`},
		{`"a1b2".match(/\d/g).concat("x1".search("1"), [..."a1b2".matchAll("[a-z]")].length)`, ``, `["1","2",1,2]`},
		{`new RegExp("^a+$", "i").test("AA") && /a/ instanceof RegExp`, ``, `true`},
		{`[] instanceof Array && [].constructor === Array && Array.isArray(new Array(2))`, ``, `true`},
		{`(class extends Array {}).from([1]).length`, ``, `1`},
		{`Object.fromEntries(new Map([["a", 1]]))`, ``, `{"a":1}`},
		{`(() => { const e = new Error("x"); e.name = "Y"; e.toString = () => "z"; return [e.name, String(e)]; })()`, ``, `["Y","z"]`},
		{`x?.a?.b ?? "none"`, `{}`, `"none"`},
		{`Object.keys(x)`, `{"b":1,"a":2}`, `["b","a"]`},
		{`"a" in x && !("b" in x) && x.hasOwnProperty("a")`, `{"a":1}`, `true`},
		{`(({a, ...rest}) => rest)(x)`, `{"a":1,"b":2.0}`, `{"b":2.0}`},
		{`x.slice().sort((a, b) => a.cmp(b))`, `[3,1.0,2]`, `[1.0,2,3]`},
		{`(async () => (await Promise.all([1, Promise.resolve(2)])))()`, ``, `[1,2]`},
		{`({then(f) { f(3); }})`, ``, `3`},
		{`({toJSON() { return 7; }})`, ``, `7`},
		{`(() => { class P { #x = 1; get x() { return this.#x; } } return new P().x; })()`, ``, `1`},
		{`(() => { let a = null; a ??= 2; return a ** 2; })()`, ``, `4`},
		{`JSON.parse('{"a":[1,{"b":2.50}]}', (k, v) => k === "b" ? String(v) : v)`, ``, `{"a":[1,{"b":"2.50"}]}`},
		{`JSON.stringify({a: undefined, b: () => 1, c: [undefined]}, null, 1)`, ``, `"{\n \"c\": [\n  null\n ]\n}"`},
		{`undefined`, ``, ``},
		{`[1, undefined]`, ``, `[1,null]`},
		{`({a: undefined})`, ``, `{}`},
	}
	var script strings.Builder
	for i, test := range tests {
		script.WriteString("export const f" + string(rune('a'+i/26)) + string(rune('a'+i%26)) + " = (x: any): any => " + test.expr + ";\n")
	}
	pool := start(t, script.String())
	for i, test := range tests {
		t.Run(test.expr, func(t *testing.T) {
			got, err := call(t, pool, "f"+string(rune('a'+i/26))+string(rune('a'+i%26)), test.x)
			if err != nil {
				t.Fatal(err)
			}
			if got != test.want {
				t.Errorf("%s with x = %s gives %s, want %s", test.expr, test.x, got, test.want)
			}
		})
	}
}

// TestFailures looks at messages: they help, and hold no value of a document.
func TestFailures(t *testing.T) {
	tests := []struct{ name, body, x, want string }{
		{"adding a decimal", `return x + 1`, `19.10`, "TypeError: a decimal cannot be used with +"},
		{"comparing a decimal", `return x > 1`, `19.10`, "TypeError: a decimal cannot be used with +"},
		{"a sum of doubles", `return 0.1 + 0.2`, ``, "the result is a number that is not exact"},
		{"a large number", `return 2 ** 53`, ``, "the result is a number beyond 9007199254740991"},
		{"not a number", `return {a: [0 / 0]}`, ``, "the result holds at a[0] NaN or Infinity"},
		{"a function", `return {a: {b: () => 1}}`, ``, "the result holds at a.b a function"},
		{"a map", `return new Map()`, ``, "the result is a Map"},
		{"a symbol", `return Symbol("x")`, ``, "the result is a symbol"},
		{"a cycle", `const a: any = {}; a.a = a; return a`, ``, "nested more than 200 levels deep, or that holds itself"},
		{"a promise that waits", `return new Promise(() => 0)`, ``, "returned a promise that nothing will ever settle"},
		{"a rejection", `return Promise.reject(new Error("no"))`, ``, "Error: no"},
		{"a constant message", `throw new Error("no price")`, ``, "Error: no price"},
		{"a message with a value", `throw new Error("no " + x)`, `"jane@example.com"`, "threw Error"},
		{"a thrown value", `throw x`, `"jane@example.com"`, "threw a text"},
		{"a thrown object", `throw {message: "a" + x}`, `"jane"`, "threw an error"},
		{"nothing thrown", `throw undefined`, ``, "threw undefined"},
		{"an unknown name", `return (globalThis as any).nothing.here`, ``, "TypeError: Cannot read property 'here' of undefined"},
		{"no clock for a zone", `return date.now("Mars/Olympus")`, ``, "RangeError: no such time zone"},
		{"a date without a zone", `return new Date("2026-01-01T10:00:00")`, ``, "RangeError: a date without a zone"},
		{"code from text", `return (() => 1).constructor("return 1")()`, ``, "TypeError: scripts cannot make code from text"},
		{"a pattern that backtracks", `return new RegExp("(?=a)b")`, ``, "TypeError: the pattern looks around or back"},
		{"an inexact operand", `return decimal(1).add(0.1 + 0.2)`, ``, "RangeError: the operand of add is a number of JavaScript that is not exact"},
		{"a division by nought", `return decimal(1).div(0)`, ``, "RangeError: division by zero"},
		{"a message that begins as one of ours", `throw new Error("more than " + x)`, `"jane@example.com"`, "threw Error"},
		{"a message with a library's name", `throw new TypeError("date." + x)`, `"jane@example.com"`, "threw TypeError"},
		{"our own message, thrown again", `try { decimal("a") } catch (e: any) { throw new Error(e.message) }`, ``, "Error: the argument of decimal is no number"},
		{"a name that is a value", `return {[x]: [0 / 0]}`, `"jane@example.com"`, "the result holds at …[0] NaN"},
		{"a name of the script", `return {[x]: {total: 0 / 0}}`, `"jane@example.com"`, "the result holds at ….total NaN"},
		{"a long path", `const a: any = {}; a.a = a; return a`, ``, "holds at a.a.a.a.a.a.a.a.a.a.a.a… something nested"},
		{"an argument of the library", `return JSON.stringify({a: 0.1 + 0.2})`, ``, "what JSON.stringify is given holds at a a number that is not exact"},
		{"a very large number", `return 1e21`, ``, "the result is a number beyond 9007199254740991"},
		{"a generator", `return (function* () { yield 1 })()`, ``, "the result is an iterator: return [...it]"},
		{"an iterator", `return {a: new Map().keys()}`, ``, "the result holds at a an iterator"},
		{"half a name in a document", `x.b = 1; return x`, `{"\ud800":1,"\udbff":2}`, "RangeError: the document holds a name with half a character"},
		{"half a name in the result", `return {["\ud800" + x]: 1, ["\udbff" + x]: 2}`, `"a"`, "the result is an object with a name that holds half a character"},
		{"a member of a decimal", `x.rate = 1; return x`, `19.10`, "TypeError: a decimal has no members"},
		{"a pattern with a property", `return new RegExp("\\p{L}", "u")`, ``, "TypeError: the pattern names a property of characters"},
		{"a hash of nothing", `return crypto.sha256(x)`, ``, "TypeError: crypto.sha256 hashes texts, and got undefined"},
		{"a hash of an object", `return crypto.hmac("sha1", "key", x)`, `{}`, "TypeError: crypto.hmac hashes texts, and got an object"},
		{"a misspelt span", `return date.add(x, {day: 1})`, `"2026-01-01T00:00:00Z"`, "TypeError: date.add wants an object: {years, months, days"},
		{"a day without a year", `return date.of({month: 1})`, ``, "TypeError: date.of wants a year"},
		{"a year of five digits", `return date.add(x, {years: 8000})`, `"2026-01-01T00:00:00Z"`, "RangeError: date.* knows the years 0 to 9999"},
		{"a Date of six digits", `return new Date(8.64e15)`, ``, "the result is a Date that RFC 3339 cannot write"},
		{"a text indented beyond all bounds", `let a: any = Array.from({length: 20000}, () => 0); for (let i = 0; i < 150; i++) a = [a]; return JSON.stringify(a, null, 10)`, ``, "RangeError: a text of more than"},
		{"reading of null", `const n: any = null; return n.foo()`, ``, "TypeError: Cannot read property 'foo' of undefined or null"},
		{"a list that is none", `return [...x]`, `{}`, "TypeError: object is not iterable"},
		{"a recursion", `const f = (n: number): number => f(n + 1) + 1; return f(0)`, ``, "calls are nested more than 1000 deep"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			pool := start(t, "export function f(x: any): any {\n  "+test.body+"\n}")
			got, err := call(t, pool, "f", test.x)
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("got %q and error %v", got, err)
			}
			if !strings.HasPrefix(e.Message, test.want) && !strings.Contains(e.Message, test.want) {
				t.Errorf("the message is %q, want %q", e.Message, test.want)
			}
			if strings.Contains(e.Error(), "jane") {
				t.Errorf("the message holds a value: %v", e)
			}
			if e.Kind == Thrown && e.Pos.Line == 0 && !strings.Contains(test.name, "rejection") {
				t.Errorf("%v has no place", e)
			}
		})
	}
}

// TestPlace compares the place of an exception with the user's own file.
func TestPlace(t *testing.T) {
	pool := start(t, "interface Order { lines: { price: any }[] }\n\n// Ünïcode before\nexport function f(o: Order): any {\n  const s = \"üü\"; return s + inner(o);\n}\n\nfunction inner(o: Order): any {\n    return o.lines[0].price;\n}\n")
	_, err := call(t, pool, "f", `{"lines":[]}`)
	var e *Error
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	if got := e.Pos.String(); got != "a.ts:9:23" {
		t.Errorf("the place is %s; %v", got, e.Stack)
	}
	if len(e.Stack) != 2 || e.Stack[1].Pos.Line != 5 || e.Stack[0].Function != "inner" {
		t.Errorf("the stack is %v", e.Stack)
	}
	if got := pool.program.exports[0]; got.Pos.Line != 4 || len(got.Params) != 1 || got.Params[0] != "o" {
		t.Errorf("the export is %+v", got)
	}
}

// TestSameEverywhere lists what scripts find in several machines: a replay must find it in the same order.
func TestSameEverywhere(t *testing.T) {
	const script = `
const started = date.now();
export const f = () => [started, ...[globalThis, decimal, Object.getPrototypeOf(decimal(1)), date, log, crypto, date.parts(started)].map((o) => Object.getOwnPropertyNames(o))];`
	first := ""
	for range 5 {
		got, err := call(t, start(t, script), "f")
		if err != nil || !strings.HasPrefix(got, `["2026-11-21T10:00:00Z",`) {
			t.Fatalf("%s, %v", got, err)
		}
		if first == "" {
			first = got
		}
		if got != first {
			t.Fatalf("one machine has\n%s\nanother\n%s", first, got)
		}
	}
}

// TestRefused compiles what must not run.
func TestRefused(t *testing.T) {
	for script, want := range map[string]string{
		"export const f = () => 7n ** 2n":                        "a.ts:1:24: a BigInt",
		"export const f = (s) =>\n  /^(?=a)(a+)+$/.test(s)":      "a.ts:2:3: the pattern looks around",
		"export const f = (s) => /(a)\\1/.test(s)":               "a.ts:1:25: the pattern looks around",
		"export const f = (s) => /((a{100}){100}){100}/.test(s)": "a.ts:1:25: the pattern repeats too much",
		"export const f = () => 12345678901234567":               "a.ts:1:24: this number is not exact",
		"export const f = (s) => /^\\p{Lu}/u.test(s)":            "a.ts:1:25: the pattern names a property of characters",
		"export const f = 1;\nawait f;":                          "a.ts:2:1: Top-level await is not available to scripts",
	} {
		_, err := compile(t, script)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", script, err, want)
		}
	}
}
