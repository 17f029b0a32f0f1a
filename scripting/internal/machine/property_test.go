package machine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// jsonText draws a compact JSON text without two members of one name.
func jsonText(t *rapid.T, depth int) string {
	kind := rapid.IntRange(0, 6).Draw(t, "kind")
	if depth == 0 {
		kind %= 5
	}
	switch kind {
	case 0:
		return rapid.SampledFrom([]string{"null", "true", "false"}).Draw(t, "word")
	case 1, 2:
		return rapid.StringMatching(`-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,20})?([eE][-+]?[0-9]{1,2})?`).Draw(t, "number")
	case 3, 4:
		return quote(rapid.String().Draw(t, "text"))
	case 5:
		items := make([]string, rapid.IntRange(0, 12).Draw(t, "items"))
		for i := range items {
			items[i] = jsonText(t, depth-1)
		}
		return "[" + strings.Join(items, ",") + "]"
	}
	members := make([]string, rapid.IntRange(0, 12).Draw(t, "members"))
	for i := range members {
		// JavaScript puts names that are whole numbers first, so none is drawn.
		members[i] = quote(fmt.Sprintf("k%s%d", rapid.String().Draw(t, "key"), i)) + ":" + jsonText(t, depth-1)
	}
	return "{" + strings.Join(members, ",") + "}"
}

func quote(s string) string { return string(appendString(nil, strings.ToValidUTF8(s, "?"), nil)) }

// TestNothingIsLost hands documents to functions that read, copy and rewrite all of them: the same text comes back.
func TestNothingIsLost(t *testing.T) {
	pool := start(t, `
		const walk = (x: any, f: (x: any) => any): any => x === null || typeof x !== "object" || x instanceof decimal ? x : f(x);
		export const read = (x: any): any => walk(x, o => { for (const k of Object.keys(o)) read(o[k]); return o });
		export const copy = (x: any): any => walk(x, o => Array.isArray(o) ? o.map(copy) : Object.fromEntries(Object.keys(o).map(k => [k, copy(o[k])])));
		export const json = (x: any): any => JSON.parse(JSON.stringify(x));
		export const set = (x: any): any => walk(x, o => { for (const k of Object.keys(o)) o[k] = set(o[k]); return o });`)
	rapid.Check(t, func(rt *rapid.T) {
		text := jsonText(rt, 3)
		for _, name := range []string{"read", "copy", "json", "set"} {
			got, err := call(t, pool, name, text)
			if err != nil {
				rt.Fatalf("%s(%s): %v", name, text, err)
			}
			if got != text {
				rt.Fatalf("%s gives %s, was %s", name, got, text)
			}
		}
	})
}

// FuzzJSON hands texts to a script that reads and gives them back: it never fails on JSON, and refuses what is none.
func FuzzJSON(f *testing.F) {
	for _, text := range []string{`{"a":[1.0,"\ud800\u00fc"]}`, "\"\xf9\"", `[`, `1e9999`, `"\u12"`, ` [ ] `, `{"a":1,"a":2}`, strings.Repeat("[", 300)} {
		f.Add(text)
	}
	out, err := compileText(`export const read = (x) => { if (x !== null && typeof x === "object") for (const k in x) read(x[k]); return x }`)
	if err != nil {
		f.Fatal(err)
	}
	pool, err := NewPool(out, DefaultLimits, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(pool.Close)
	f.Fuzz(func(t *testing.T, text string) {
		got, err := call(t, pool, "read", text)
		valid := json.Valid([]byte(text))
		switch {
		case text == "":
		case !valid && err == nil:
			t.Errorf("%q is taken as JSON", text)
		case valid && err == nil && !json.Valid([]byte(got)):
			t.Errorf("%q gives %q", text, got)
		case valid && err == nil && !bytes.ContainsAny([]byte(text), "eE\\{") && len(got) > len(text):
			t.Errorf("%q grows to %q", text, got)
		}
	})
}
