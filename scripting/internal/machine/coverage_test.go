package machine

import (
	"encoding/json"
	"testing"
	"testing/fstest"

	"github.com/crosswalk-go/crosswalk/scripting/internal/bundle"
)

// FuzzMappedPlaces looks for source maps that cannot be read to their end.
func FuzzMappedPlaces(f *testing.F) {
	for _, text := range []string{`{"mappings":";AAEO,SAAS"}`, `{"mappings":"gggggggggggggg"}`, `{"mappings":"!,;"}`, `{`, `{"mappings":"AAAA;;;AAAA"}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		places, err := mappedPlaces(text)
		if err == nil && len(places) > len(text) {
			t.Errorf("%d places of %d bytes", len(places), len(text))
		}
	})
}

// TestInstrumented holds that counting changes nothing of what a script does, for what the counts are put into.
func TestInstrumented(t *testing.T) {
	const script = `
		export function all(n: any): any {
			const out: any[] = [], i = n.toNumber();
			if (i > 1) out.push("then"); else if (i === 1) out.push("one"); else out.push("else");
			if (i > 5) if (i > 6) out.push("dangling"); else out.push("inner");
			outer: for (let a = 0; a < 3; a++) { for (const b of [1, 2]) { if (b === 2) continue outer; if (a === 2) break outer; out.push([a, b]); } }
			for (const key in { x: 1 }) out.push(key);
			let c = 0; while (c < 2) c++; do c--; while (c > 0);
			switch (i) { case 0: case 1: out.push("low"); case 2: out.push("fall"); break; default: { out.push("high"); } }
			const f = () => ({ a: i }), g = (x: any) => { return x ?? "none"; }, h = function named() { return this === undefined; };
			out.push(f().a, g(undefined), g(1), h(), i && "and", i || "or", i ? "yes" : "no", (i ? Math.min : Math.max)(1, 2));
			class A { private x = 1; static s = 2; constructor(public y: number) {} get z() { return this.x + this.y; } *gen() { yield* [1, 2]; } }
			out.push(new A(2).z, A.s, [...new A(1).gen()]);
			try { null!.x; } catch { out.push("caught"); } finally { out.push("finally"); }
			var hoisted = later(); function later() { return "hoisted"; }
			const { d = i > 0 ? 1 : 2, ...rest } = { e: 3 } as any;
			out.push(hoisted, d, rest, ((): string => { throw i; }).name, i?.toFixed(1), ` + "`${i}${i ? \"t\" : \"f\"}`" + `);
			return out;
		}`
	results := map[bool][]string{}
	for _, cover := range []bool{false, true} {
		out, err := bundle.Bundle(fstest.MapFS{"a.ts": {Data: []byte(script)}}, []string{"a.ts"}, bundle.Options{Whole: cover})
		if err != nil {
			t.Fatal(err)
		}
		p, err := Compile(Source{Code: out.Code, Map: out.Map, Entries: []string{"a.ts"}, Cover: cover})
		if err != nil {
			t.Fatal(err)
		}
		pool, err := NewPool(p, DefaultLimits, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer pool.Close()
		for _, n := range []string{"0", "1", "2", "6", "7"} {
			r, err := pool.Call(t.Context(), Request{Name: "all", Args: []json.RawMessage{json.RawMessage(n)}})
			if err != nil {
				t.Fatal(err)
			}
			results[cover] = append(results[cover], string(r.Result))
			if (len(r.Hits) > 20) != cover || len(r.Hits) != len(p.points) {
				t.Errorf("%d counts of %d points", len(r.Hits), len(p.points))
			}
		}
	}
	for i, want := range results[false] {
		if got := results[true][i]; got != want {
			t.Errorf("counted  %s\notherwise %s", got, want)
		}
	}
}
