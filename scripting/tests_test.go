package scripting_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/crosswalk-go/crosswalk/scripting"
)

const loyalty = `import limits from "./limits.json";

export function tier(customer: any): string {
  if (customer?.spent === undefined) return "none";
  return customer.spent.gte(limits.gold) ? "gold" : "silver";
}

export function share(line: any, total: any) {
  return total.isZero() ? 0 : line.total.mul(100).div(total, 2);
}

export async function later(x: any) {
  if (x === null) throw new Error("no x");
  return x;
}
`

// runTests runs a test file and says what became of each test.
func runTests(t *testing.T, fsys fstest.MapFS, o scripting.Options) []string {
	t.Helper()
	tests, err := scripting.LoadTests(t.Context(), fsys, "scripts/a.test.ts", o)
	if err != nil {
		t.Fatal(err)
	}
	defer tests.Close()
	var out []string
	for _, test := range tests.List() {
		line := fmt.Sprintf("%d %s: ", test.Pos.Line, strings.Join(test.Names, " > "))
		if test.Skip {
			out = append(out, line+"skipped")
			continue
		}
		failure, err := tests.Run(t.Context(), test, nil)
		var e *scripting.Error
		switch {
		case errors.As(err, &e):
			line += fmt.Sprintf("%s: %s, thrown %s", e.Pos, e.Message, e.Thrown)
		case err != nil:
			t.Fatal(err)
		case failure == nil:
			line += "ok"
		default:
			line += fmt.Sprintf("%s: %s", failure.Pos, failure.Message)
			for _, d := range failure.Diffs {
				line += fmt.Sprintf("; %s: want %s, got %s", d.Path, d.Want, d.Got)
				if d.Hint != "" {
					line += " (" + d.Hint + ")"
				}
			}
		}
		out = append(out, line)
	}
	return out
}

// TestTests runs a test file in which each test stands on a line of its own and says after // what becomes of it.
func TestTests(t *testing.T) {
	const head = `import { tier, share, later } from "./loyalty"; const d = decimal("19.10"); let seen = 0; beforeEach(() => { seen++ }); `
	lines := []string{
		`test("a pass", () => { expect(tier({spent: decimal(1000)})).toBe("gold") }) // ok`,
		`test("a difference", () => { expect(tier({})).toBe("gold") }) // scripts/a.test.ts:3:47: expect(...).toBe: it is something else; : want "gold", got "none"`,
		`test("structure", () => { expect({a: [1, {b: d}], c: 1}).toEqual({a: [1, {b: 19.2}, 3], d: 2}) }) // scripts/a.test.ts:4:58: expect(...).toEqual: there are 4 differences; a[1].b: want 19.2, got 19.10; a[2]: want 3, got ; d: want 2, got ; c: want , got 1`,
		`test("exact", () => { expect(d).toBe(19.1); expect(d).toEqual(decimal("19.1")); expect({d}).toMatchObject({d: 19.1}); expect(decimal("9007199254740993")).not.toBe(decimal("9007199254740992")) }) // ok`,
		`test("strict", () => { expect(d).toStrictEqual(decimal("19.1")) }) // scripts/a.test.ts:6:34: expect(...).toStrictEqual: there is a difference; : want 19.1, got 19.10`,
		`test("strict undefined", () => { expect({a: undefined}).toEqual({}); expect({a: undefined}).not.toStrictEqual({}) }) // ok`,
		`test("text for a decimal", () => { expect(d).toBe("19.10") }) // scripts/a.test.ts:8:46: expect(...).toBe: it is something else; : want "19.10", got 19.10 (one is a text, the other a decimal)`,
		`test("close", () => { expect(0.1 + 0.2).toBeCloseTo(0.3, 5); expect(d).toBeCloseTo(19.1) }) // scripts/a.test.ts:9:72: TypeError: toBeCloseTo is for numbers that are not exact, and decimals are: write expect(x).toBe(19.1), or round it first with x.round(2), thrown TypeError: toBeCloseTo is for numbers that are not exact, and decimals are: write expect(x).toBe(19.1), or round it first with x.round(2)`,
		`test("truth", () => { expect(decimal(0)).toBeTruthy() }) // scripts/a.test.ts:10:42: TypeError: a decimal is an object and always true: write expect(x.isZero()).toBe(false), thrown TypeError: a decimal is an object and always true: write expect(x.isZero()).toBe(false)`,
		`test("throws", () => { expect(() => share({}, null)).toThrow(TypeError); expect(() => { throw new Error("no price") }).toThrow(/price/); expect(() => 1).not.toThrow() }) // ok`,
		`test("throws nothing", () => { expect(() => 1).toThrow("x") }) // scripts/a.test.ts:12:48: expect(...).toThrow: it threw nothing`,
		`test("lists", () => { expect([1, d]).toContain(19.1); expect([{a: 1}]).toContainEqual({a: 1}); expect("abc").toHaveLength(3); expect({a: {b: [d]}}).toHaveProperty("a.b[0]", 19.1) }) // ok`,
		`test("length", () => { expect([1, 2]).toHaveLength(3) }) // scripts/a.test.ts:14:39: expect(...).toHaveLength: its length is 2, not 3`,
		`test("order", () => { expect(d).toBeGreaterThan(19); expect(5).toBeLessThan(d); expect(d).toBeLessThanOrEqual(19.1); expect(d).toBeLessThan(19) }) // scripts/a.test.ts:15:128: expect(...).toBeLessThan: 19.10 is not less than 19`,
		`test("parts", () => { expect({a: "xyz", b: 1, l: [1, 2]}).toEqual({a: expect.stringContaining("y"), b: expect.any(Number), l: expect.arrayContaining([2])}); expect(d).toEqual(expect.any(decimal)) }) // ok`,
		`test("what throws", () => { share(undefined, undefined) }) // scripts/loyalty.ts:9:10: TypeError: Cannot read property 'isZero' of undefined or null, thrown TypeError: Cannot read property 'isZero' of undefined or null`,
		`test("what rejects", async () => { await later(null) }) // scripts/loyalty.ts:13:25: Error: no x, thrown Error: no x`,
		`test("promises", async () => { await expect(later(1)).resolves.toBe(1); await expect(later(null)).rejects.toThrow("no x") }) // ok`,
		`test("a forgotten await", () => { expect(later(1)).resolves.toBe(2) }) // : expect(...).resolves.toBe: it is something else; : want 2, got 1`,
		`test("fresh modules", () => { expect(seen).toBe(1) }) // ok`,
		`test("the clock", () => { expect(date.now()).toBe("2026-01-01T12:00:00Z") }) // ok`,
		`test("another clock", {now: "2030-05-01T00:00:00Z"}, () => { expect(date.now()).toBe("2030-05-01T00:00:00Z") }) // ok`,
		`test("for ever", () => { for (;;); }) // scripts/a.test.ts:24:18: took longer than 300ms, thrown `,
		`test.skip("later", () => {}) // skipped`,
		`test.todo("one day") // skipped`,
		`describe("group", () => { beforeEach(() => { seen += 10 }); it("inside", () => { expect(seen).toBe(11) }) }) // ok`,
		`test.each([[1, 2]])("%s and %s", (a, b) => { expect(b).toBe(a) }) // scripts/a.test.ts:28:56: expect(...).toBe: it is something else; : want 1, got 2`,
		`test.each([{n: 1, want: 2}])("$n gives $want", ({ n, want }) => { expect(n + 1).toBe(want) }) // ok`,
		`test("not", () => { expect(1).not.toBe(1) }) // scripts/a.test.ts:30:35: expect(...).not.toBe: it is 1`,
	}
	var file strings.Builder
	file.WriteString(head + "\n")
	for _, l := range lines {
		code, _, _ := strings.Cut(l, " // ")
		file.WriteString(code + "\n")
	}
	fsys := files("scripts/loyalty.ts", loyalty, "scripts/limits.json", `{"gold": 1000}`, "scripts/a.test.ts", file.String())
	got := runTests(t, fsys, scripting.Options{Limits: scripting.Limits{Time: 300e6}})
	if len(got) != len(lines) {
		t.Fatalf("%d tests, want %d:\n%s", len(got), len(lines), strings.Join(got, "\n"))
	}
	for i, l := range lines {
		_, want, _ := strings.Cut(l, " // ")
		if _, outcome, _ := strings.Cut(got[i], ": "); outcome != want || !strings.HasPrefix(got[i], fmt.Sprint(i+2)+" ") {
			t.Errorf("got  %s\nwant %s", got[i], want)
		}
	}
}

func TestCoverage(t *testing.T) {
	fsys := files("scripts/loyalty.ts", loyalty, "scripts/limits.json", `{"gold": 1000}`, "scripts/a.test.ts", `
		import { tier } from "./loyalty";
		test("gold", () => { expect(tier({spent: decimal(1000)})).toBe("gold") });
		test("never", () => { if (tier({spent: decimal(2000)}) === "none") { expect(1).toBe(1) } });`)
	cover := &scripting.Coverage{}
	for _, line := range runTests(t, fsys, scripting.Options{Coverage: cover, Root: "shop"}) {
		if !strings.HasSuffix(line, ": ok") {
			t.Error(line)
		}
	}
	var got []string
	for _, p := range cover.Points() {
		got = append(got, fmt.Sprintf("%s %s %d %s", p.Pos, p.Kind, p.Count, p.Text))
	}
	want := []string{
		`shop/scripts/loyalty.ts:3:8 function 2 function tier`,
		`shop/scripts/loyalty.ts:4:3 branch 2 else of if (customer?.spent === void 0)`,
		`shop/scripts/loyalty.ts:4:3 branch 0 if (customer?.spent === void 0)`,
		`shop/scripts/loyalty.ts:4:3 statement 2 if (customer?.spent === void 0)`,
		`shop/scripts/loyalty.ts:4:38 statement 0 return "none"`,
		`shop/scripts/loyalty.ts:5:3 statement 2 return customer.spent.gte(limits_default.gold) ? "gold" : "s ...`,
		`shop/scripts/loyalty.ts:5:44 branch 2 ? "gold"`,
		`shop/scripts/loyalty.ts:5:53 branch 0 : "silver"`,
		`shop/scripts/loyalty.ts:8:8 function 0 function share`,
		`shop/scripts/loyalty.ts:9:3 statement 0 return total.isZero() ? 0 : line.total.mul(100).div(total, 2 ...`,
		`shop/scripts/loyalty.ts:9:27 branch 0 ? 0`,
		`shop/scripts/loyalty.ts:9:31 branch 0 : line.total.mul(100).div(total, 2)`,
		`shop/scripts/loyalty.ts:12:1 function 0 function later`,
		`shop/scripts/loyalty.ts:13:3 branch 0 else of if (x === null)`,
		`shop/scripts/loyalty.ts:13:3 branch 0 if (x === null)`,
		`shop/scripts/loyalty.ts:13:3 statement 0 if (x === null)`,
		`shop/scripts/loyalty.ts:13:19 statement 0 throw new Error("no x")`,
		`shop/scripts/loyalty.ts:14:3 statement 0 return x`,
	}
	if text := strings.Join(got, "\n"); text != strings.Join(want, "\n") {
		t.Errorf("the points are\n%s", text)
	}
}
