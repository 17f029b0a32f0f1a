package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"

	"github.com/crosswalk-go/crosswalk/engine"
)

func parse(t testing.TB, text string, opts ...engine.Option) *engine.Mapping {
	t.Helper()
	m, err := engine.Parse("mapping.yaml", []byte(text), opts...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestOneMappingManyGoroutines runs under -race. Whoever applies a mapping, and beside whom, gets the same bytes.
func TestOneMappingManyGoroutines(t *testing.T) {
	m := parse(t, `
from: any
to: any
let: {total: 'sum(items, .n)'}
rules:
  l[]: {each: items, as: x}
  l[].share: {expr: x.n / total, round: 4}
  id: id
`)
	apply := func(g, i int) string {
		out, err := m.Apply(context.Background(), fmt.Appendf(nil, `{"id":%d,"items":[{"n":1},{"n":%d}]}`, g*1000+i, i), engine.Input{})
		if err != nil {
			t.Error(err)
		}
		return string(out)
	}
	var wg sync.WaitGroup
	for g := range 64 {
		var alone []string
		for i := range 20 {
			alone = append(alone, apply(g, i))
		}
		if !strings.Contains(alone[3], `"share":0.2500},`) || !strings.HasSuffix(alone[3], fmt.Sprintf(`"id":%d}`, g*1000+3)) {
			t.Errorf("it is %s", alone[3])
		}
		wg.Go(func() {
			for i, want := range alone {
				if got := apply(g, i); got != want {
					t.Errorf("beside others it is %s, alone %s", got, want)
				}
			}
		})
	}
	wg.Wait()
}

// jsonText draws JSON documents with odd spacing, escapes and numbers.
func jsonText(t *rapid.T, depth int) string {
	space := rapid.SampledFrom([]string{"", " ", "\n\t"}).Draw(t, "space")
	kinds := 5
	if depth > 0 {
		kinds = 7
	}
	switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
	case 0:
		return space + "null"
	case 1:
		return space + rapid.SampledFrom([]string{"true", "false"}).Draw(t, "bool")
	case 2, 3:
		return space + rapid.StringMatching(`-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?`).Draw(t, "number")
	case 4:
		b, _ := json.Marshal(rapid.String().Draw(t, "string"))
		return space + string(b)
	case 5:
		parts := make([]string, rapid.IntRange(0, 4).Draw(t, "n"))
		for i := range parts {
			parts[i] = jsonText(t, depth-1)
		}
		return space + "[" + space + strings.Join(parts, ",") + space + "]"
	}
	n := rapid.IntRange(0, 4).Draw(t, "n")
	var b strings.Builder
	b.WriteString("{" + space)
	for i := range n {
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, `"k%d" :%s`, i, jsonText(t, depth-1))
	}
	return space + b.String() + space + "}"
}

// TestUntouchedTextSurvives: what no rule touches comes out letter by letter, without the space
// between tokens.
func TestUntouchedTextSurvives(t *testing.T) {
	asBase := parse(t, "from: any\nto: any\nbase: doc\nrules: {}\n")
	asField := parse(t, "from: any\nto: any\nrules: {x: {expr: x, empty: null}}\n")
	rapid.Check(t, func(t *rapid.T) {
		text := jsonText(t, 4)
		doc := `{"x":` + text + `}`
		var want bytes.Buffer
		if err := json.Compact(&want, []byte(doc)); err != nil {
			t.Fatalf("the generator made %s: %v", doc, err)
		}
		out, err := asBase.Apply(context.Background(), []byte(doc), engine.Input{})
		if err != nil || string(out) != want.String() {
			t.Fatalf("as a base: %s, %v; want %s", out, err, want.String())
		}
		if strings.Trim(text, " \n\t[]{}\"") == "" {
			return // an empty value is written as the modes of `empty` say
		}
		out, err = asField.Apply(context.Background(), []byte(doc), engine.Input{})
		if err != nil || string(out) != want.String() {
			t.Fatalf("as a field: %s, %v; want %s", out, err, want.String())
		}
	})
}

func TestTheDocumentIsNotChanged(t *testing.T) {
	m := parse(t, "from: any\nto: any\nbase: doc\nrules: {a: b, c: '\"x\" + d'}\n")
	doc := []byte(`{"a":1,"b":2.50,"d":"y"}`)
	before := string(doc)
	out, err := m.Apply(context.Background(), doc, engine.Input{})
	if err != nil || string(doc) != before {
		t.Fatalf("%s %v", doc, err)
	}
	for i := range doc {
		doc[i] = 'z'
	}
	if string(out) != `{"a":2.50,"b":2.50,"d":"y","c":"xy"}` {
		t.Fatalf("the output refers to the document: %s", out)
	}
}

func TestTimeEndsADocument(t *testing.T) {
	m := parse(t, "from: any\nto: any\nrules: {x: 'sum(map(1..2000, sum(map(1..2000, # * 2))))'}\n")
	ctx, cancel := context.WithDeadline(context.Background(), time.Now().Add(-time.Second))
	defer cancel()
	_, err := m.Apply(ctx, []byte(`{}`), engine.Input{})
	var ds engine.Diagnostics
	if !errors.As(err, &ds) || ds[0].Code != "CW2007" {
		t.Fatalf("got %v", err)
	}
}

func TestLimitsOfADocument(t *testing.T) {
	limits := engine.DefaultLimits
	limits.DocumentBytes, limits.OutputBytes, limits.Depth = 100, 50, 5
	m := parse(t, "from: any\nto: any\nrules: {x: x, y: x}\n", engine.WithLimits(limits))
	for _, tc := range []struct{ name, doc, code string }{
		{"too large", `{"x":"` + strings.Repeat("a", 100) + `"}`, "CW2007"},
		{"too large a result", `{"x":"` + strings.Repeat("a", 40) + `"}`, "CW2007"},
		{"too deep", `{"x":[[[[[[]]]]]]}`, "CW2001"},
	} {
		_, err := m.Apply(context.Background(), []byte(tc.doc), engine.Input{})
		var ds engine.Diagnostics
		if !errors.As(err, &ds) || ds[0].Code != tc.code {
			t.Errorf("%s: got %v, want %s", tc.name, err, tc.code)
		}
	}
}

// TestTheOutputLimitIsExact: both ways of mapping take an output of as many bytes as the limit and none of one more, whatever
// the values in it were thought to weigh.
func TestTheOutputLimitIsExact(t *testing.T) {
	for _, rules := range []string{
		"{a: a + 1, b: b, c: 'map(list, # * 2)', d: text + text, e: spaced}",
		"{'l[]': {each: list, as: n}, 'l[].n': n + 1, t: text}",
		"{a: a, b.c: spaced}",
	} {
		doc := []byte(`{"a":1,"b":2.50,"list":[1,2,3,4,5,6,7],"text":"x\u00e9\ty","spaced":[ 1 ,          2 ]}`)
		text := "from: any\nto: any\nrules: " + rules + "\n"
		all, err := parse(t, text).Apply(context.Background(), doc, engine.Input{})
		if err != nil {
			t.Fatal(err)
		}
		for _, most := range []int{len(all), len(all) - 1} {
			limits := engine.DefaultLimits
			limits.OutputBytes = most
			m := parse(t, text, engine.WithLimits(limits))
			out, err := m.Apply(context.Background(), doc, engine.Input{})
			thorough, quick, thoroughErr := m.ApplyThorough(context.Background(), doc, engine.Input{})
			if !quick {
				t.Fatalf("%s is not mapped the quick way", rules)
			}
			if fits := most == len(all); (err == nil) != fits || (thoroughErr == nil) != fits || string(out) != string(thorough) {
				t.Errorf("%s of %d bytes with a limit of %d:\n%s %v\n%s %v", rules, len(all), most, out, err, thorough, thoroughErr)
			}
		}
	}
}

// TestErrorsHoldNoValues: the line of an error may be logged.
func TestErrorsHoldNoValues(t *testing.T) {
	m := parse(t, `
from: any
to: any
rules:
  a: email * 2
  b: {lookup: t, key: email}
  c: {expr: email, round: 2}
  d: if email { 1 } else { 2 }
  e[]: {each: email, as: x, expr: x}
  f: twice + 1
let: {twice: email * 3}
tables: {t: {}}
`)
	_, err := m.Apply(context.Background(), []byte(`{"email":"marker@example.com"}`), engine.Input{})
	var ds engine.Diagnostics
	if !errors.As(err, &ds) || len(ds) != 6 {
		t.Fatalf("want six failures, got %v", err)
	}
	if strings.Contains(err.Error(), "marker") {
		t.Errorf("the error holds a value: %v", err)
	}
	for _, d := range ds {
		if !strings.Contains(d.Render(), "marker") {
			t.Errorf("the person who owns the document is not shown the value:\n%s", d.Render())
		}
	}
}

func TestOverlays(t *testing.T) {
	library := fstest.MapFS{"shop/order.read.yaml": {Data: []byte(`
from: any
to: any
let: {rate: 21}
settings: {mode: {type: string, default: a}}
tables: {t: {k: base}}
rules:
  number: n
  rate: rate
  kept: {lookup: t, key: key, missing: omit}
  gone: n
  lines[]: {each: items, as: line}
  lines[].sku: line.sku
  lines[].name: line.name
`)}}
	files := fstest.MapFS{
		"mappings/a.yaml": {Data: []byte("extends: shop/order.read\nlet: {rate: 9}\ntables: {t: {k: over}}\nrules:\n  number: string(n)\n  gone: null\n  lines[].name: {value: x}\n  lines[].index: line.sku\n  extra: settings.mode\n")},
		"mappings/b.yaml": {Data: []byte("extends: ./a.yaml\nrules:\n  \"lines[]\": null\n  number: n\n")},
	}
	doc := []byte(`{"n":7,"key":"k","items":[{"sku":"A","name":"N"}]}`)
	for _, tc := range []struct{ file, want string }{
		{"mappings/a.yaml", `{"number":"7","rate":9,"kept":"over","lines":[{"sku":"A","name":"x","index":"A"}],"extra":"a"}`},
		{"mappings/b.yaml", `{"number":7,"rate":9,"kept":"over","extra":"a"}`},
		{"shop/order.read", `{"number":7,"rate":21,"kept":"base","gone":7,"lines":[{"sku":"A","name":"N"}]}`},
	} {
		m, err := engine.Load(tc.file, engine.Files(files), engine.Library(library))
		if err != nil {
			t.Fatal(err)
		}
		out, err := m.Apply(context.Background(), doc, engine.Input{})
		if err != nil || string(out) != tc.want {
			t.Errorf("%s: got %s, %v\nwant %s", tc.file, out, err, tc.want)
		}
	}
	files["loop.yaml"] = &fstest.MapFile{Data: []byte("extends: ./loop2.yaml\nrules: {}\n")}
	files["loop2.yaml"] = &fstest.MapFile{Data: []byte("extends: ./loop.yaml\nrules: {}\n")}
	_, err := engine.Load("loop.yaml", engine.Files(files))
	var ds engine.Diagnostics
	if !errors.As(err, &ds) || ds[0].Code != "CW1020" {
		t.Errorf("a loop of overlays: %v", err)
	}
}
