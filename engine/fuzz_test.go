package engine

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/crosswalk-go/crosswalk/engine/decimal"
	"github.com/crosswalk-go/crosswalk/engine/yamltext"
)

// FuzzParse: any text of a mapping file gives a mapping or diagnostics with places inside
// the file, and never a panic.
func FuzzParse(f *testing.F) {
	archives, _ := filepath.Glob("testdata/diagnostics/*.txtar")
	for _, a := range archives {
		text, err := os.ReadFile(a)
		if err != nil {
			f.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(text), "-- mapping.yaml --\n")
		mapping, _, _ := strings.Cut(rest, "\n-- ")
		f.Add(mapping)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := Parse("m.yaml", []byte(text))
		if err == nil {
			if m == nil {
				t.Fatal("neither a mapping nor an error")
			}
			return
		}
		var ds Diagnostics
		if !errors.As(err, &ds) || !ds.HasErrors() {
			t.Fatalf("an error that is no diagnostics: %v", err)
		}
		lines := len(yamltext.Lines(text))
		for _, d := range ds {
			if d.Code == "" || d.Message == "" || d.Pos.Line < 1 || d.Pos.Column < 1 || d.Pos.Line > lines+1 {
				t.Fatalf("a diagnostic without a place: %+v", d)
			}
			_ = d.Render()
		}
	})
}

// FuzzExpression: any expression compiles or is refused, and what compiles runs within its limits.
func FuzzExpression(f *testing.F) {
	for _, seed := range []string{"a.b", "a + 1", "map(a, .b)", "if a { 1 } else { 2 }", "a[1:2]", "let x = a; x", "#acc", "1..10", `a matches "x"`, "a ?? b", "{x: 1}", "[1, a]", "--a", "a | map(#)", "0x1f", "1e3"} {
		f.Add(seed)
	}
	limits := Limits{DocumentBytes: 1 << 16, OutputBytes: 1 << 20, Depth: 50, Steps: 10_000, MemoryBytes: 1 << 20}
	doc := []byte(`{"a":[1,{"b":"x"},null,2.50],"b":"text","c":{"d":9007199254740993}}`)
	f.Fuzz(func(t *testing.T, text string) {
		c, err := CompileCondition(text, anyType, WithLimits(limits))
		if err != nil {
			return
		}
		_, _ = c.Eval(context.Background(), doc, Input{Now: "2026-01-01T00:00:00Z"})
	})
}

func FuzzPath(f *testing.F) {
	for _, seed := range []string{"a", "a.b", "lines[].sku", `a["b.c"].d`, "a[]", "a[0]", "", "[", `["]"]`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parsePath(text)
		if err != nil {
			return
		}
		if strings.ContainsAny(p.String(), `\`) {
			return // %q escapes what a path cannot hold otherwise
		}
		again, err := parsePath(p.String())
		if err != nil || again.String() != p.String() {
			t.Fatalf("%q is written %q and read %q, %v", text, p, again, err)
		}
	})
}

// FuzzApply: any document maps to JSON or fails with diagnostics.
func FuzzApply(f *testing.F) {
	m, err := Parse("m.yaml", []byte(`
from: any
to: any
base: doc
let: {t: 'sum(items, .n)'}
rules:
  a.b: x.y
  l[]: {each: items, as: i, where: i.n > 1}
  l[].n: i.n * 2
  l[].m[]: {each: i.m, as: j, expr: j}
  total: {expr: t, round: 2}
  k: {lookup: tab, key: x, missing: omit}
tables: {tab: {a: 1}}
`))
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{`{}`, `{"items":[{"n":1.5,"m":[1]},{"n":2}],"x":"a"}`, `[1]`, `{"a":{"b":1},"a":2}`, `"x"`, `{"items":{},"x":{"y":"\ud800"}}`, `{"x":1e999}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		out, err := m.Apply(context.Background(), doc, Input{})
		e, explainErr := m.Explain(context.Background(), doc, Input{})
		if explainErr != nil || string(e.Output) != string(out) {
			t.Fatalf("%q maps to %s, %v, and explained to %s, %v", doc, out, err, e.Output, explainErr)
		}
		_ = e.Render()
		if err != nil {
			var ds Diagnostics
			if !errors.As(err, &ds) || !ds.HasErrors() || out != nil {
				t.Fatalf("a failure that is no diagnostics: %v, %s", err, out)
			}
			if err.Error() != e.Diagnostics.Error() {
				t.Fatalf("%q fails with %v, and explained with %v", doc, err, e.Diagnostics)
			}
			return
		}
		if !json.Valid(out) {
			t.Fatalf("the output of %q is no JSON: %s", doc, out)
		}
		if !json.Valid(doc) {
			t.Fatalf("%q is no JSON but was mapped to %s", doc, out)
		}
	})
}

// FuzzNumber: a number is copied digit by digit, and computing with it is exact or a
// named error.
func FuzzNumber(f *testing.F) {
	m, err := Parse("m.yaml", []byte("from: any\nto: any\nrules: {copy: n}\n"))
	if err != nil {
		f.Fatal(err)
	}
	plus, err := Parse("m.yaml", []byte("from: any\nto: any\nrules: {same: n + 0.0 == n, back: (n + 1) - 1 == n}\n"))
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{"9007199254740991", "9007199254740992", "9007199254740993", "9223372036854775807", "-9223372036854775808", "18446744073709551615", "18446744073709551616", "1e400", "-0", "0.123456789012345678901234567890", "1E+2", "1e-400", "-0.0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		doc := []byte(`{"n":` + text + `}`)
		if _, err := decimal.Parse(text); err != nil || !json.Valid(doc) {
			return
		}
		out, err := m.Apply(context.Background(), doc, Input{})
		if err != nil || string(out) != `{"copy":`+text+`}` {
			t.Fatalf("%s was copied as %s, %v", text, out, err)
		}
		out, err = plus.Apply(context.Background(), doc, Input{})
		if err == nil && string(out) != `{"same":true,"back":true}` {
			t.Fatalf("%s: %s", text, out)
		}
		var ds Diagnostics
		if err != nil && (!errors.As(err, &ds) || ds[0].Code != codeNumber) {
			t.Fatalf("%s: %v", text, err)
		}
	})
}

// FuzzTwoWays: whatever compiles maps any document the same way quickly and thoroughly, to JSON or to a failure.
func FuzzTwoWays(f *testing.F) {
	for _, seed := range []string{
		"a: x", "a.b: x\nc: y\na.d: x", "l[]: {each: items, as: i, where: i.n > 1}\nl[].n: i.n * 2", "a: {expr: x, empty: {missing: null, null: omit, empty: keep}, write: if-empty}",
		"a: {when: [{if: x == 1, value: p}, {expr: y}], default: z, required: true}", "a: {lookup: t, key: x, missing: {value: 1.50}, round: 2}", "a: x\nb: out.a", "l[]: {each: x, as: y, expr: y}\nl[].k: y.n",
	} {
		for _, doc := range []string{`{}`, `{"x":1e2,"y":null,"items":[{"n":2},{"n":"t"},null]}`, `{"x":[{"n":""},[]],"y":{"a":1,"a":2},"z":"\u0041"}`} {
			f.Add(seed, []byte(doc))
		}
	}
	limits := Limits{DocumentBytes: 1 << 16, OutputBytes: 1 << 20, Depth: 50, Steps: 20_000, MemoryBytes: 1 << 20}
	current := []byte(`{"a":"now","l":[1],"b":{"c":null}}`)
	f.Fuzz(func(t *testing.T, rules string, doc []byte) {
		text := "from: any\nto: any\ntables: {t: {a: 1, \"2\": x}}\nrules:\n  " + strings.ReplaceAll(rules, "\n", "\n  ") + "\n"
		m, err := Parse("m.yaml", []byte(text), WithLimits(limits))
		if err != nil {
			return
		}
		for _, in := range []Input{{}, {Write: Update, Current: current, Now: "2026-01-01T00:00:00Z"}} {
			before := string(doc)
			out, err := m.Apply(context.Background(), doc, in)
			thorough, _, thoroughErr := m.ApplyThorough(context.Background(), doc, in)
			if string(out) != string(thorough) || describe(err) != describe(thoroughErr) {
				t.Fatalf("%s\nof %s gives quickly\n%s %s\nand thoroughly\n%s %s", text, doc, out, describe(err), thorough, describe(thoroughErr))
			}
			if err == nil && !json.Valid(out) {
				t.Fatalf("%s\nof %s gives no JSON: %s", text, doc, out)
			}
			if string(doc) != before {
				t.Fatalf("%s\nchanged the document", text)
			}
		}
	})
}

func describe(err error) string {
	var ds Diagnostics
	if errors.As(err, &ds) {
		return ds.Render()
	}
	return ""
}
