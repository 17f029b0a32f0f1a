package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"
	"pgregory.net/rapid"

	"github.com/crosswalk-go/crosswalk/engine"
)

// TestExplain compares what a person reads with golden texts. An archive of testdata/explain holds mapping.yaml with the
// files that it extends, input.json, perhaps with.json ({"write", "settings", "tables", "current"}) and the path asked for, and want.
func TestExplain(t *testing.T) {
	archives, _ := filepath.Glob("testdata/explain/*.txtar")
	if len(archives) == 0 {
		t.Fatal("no archives")
	}
	for _, file := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			ar, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			files := fstest.MapFS{}
			for _, f := range ar.Files {
				files[f.Name] = &fstest.MapFile{Data: f.Data}
			}
			m, err := engine.Load("mapping.yaml", engine.Files(files))
			if err != nil {
				t.Fatal(err)
			}
			var with struct {
				Write                     string
				Settings, Tables, Current json.RawMessage
			}
			if f := files["with.json"]; f != nil {
				if err := json.Unmarshal(f.Data, &with); err != nil {
					t.Fatal(err)
				}
			}
			in := engine.Input{Settings: with.Settings, Tables: with.Tables, Current: with.Current}
			if with.Write == "update" {
				in.Write = engine.Update
			}
			doc := files["input.json"].Data
			e, err := m.Explain(context.Background(), doc, in)
			if err != nil {
				t.Fatal(err)
			}
			if out, _ := m.Apply(context.Background(), doc, in); string(out) != string(e.Output) {
				t.Errorf("explained, the document maps to\n%s\nand else to\n%s", e.Output, out)
			}
			if f := files["path"]; f != nil {
				if e, err = e.At(strings.TrimSpace(string(f.Data))); err != nil {
					t.Fatal(err)
				}
			}
			checkGolden(t, file, ar, e.Render())
		})
	}
}

func TestExplainAt(t *testing.T) {
	m := parse(t, `
from: any
to: any
rules:
  lines[]: {each: items, as: x}
  lines[].sku: x.sku
  lines[].name: x.name
  customer: {value: {name: A, "e.mail": B}}
  absent: nowhere
  none[]: {each: nowhere, as: x}
  none[].sku: x
`)
	e, err := m.Explain(context.Background(), []byte(`{"items":[{"sku":"A"},{"sku":"B","name":"N"}]}`), engine.Input{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ path, fields, absent string }{
		{"lines", "lines lines[0] lines[0].sku lines[1] lines[1].sku lines[1].name", "lines[0].name"},
		{"lines[]", "lines[0] lines[0].sku lines[1] lines[1].sku lines[1].name", "lines[0].name"},
		{"lines[0]", "lines[0] lines[0].sku", "lines[0].name"},
		{"lines[].name", "lines[1].name", "lines[0].name"},
		{"lines[0].name", "", "lines[0].name"},
		{"customer", `customer.name customer["e.mail"]`, ""},
		{`customer["e.mail"]`, `customer["e.mail"]`, ""},
		{"absent.below", "", "absent"},
		{"none[3].sku", "", "none[].sku"},
	} {
		part, err := e.At(tc.path)
		if err != nil {
			t.Errorf("%s: %v", tc.path, err)
			continue
		}
		var fields, absent []string
		for _, f := range part.Fields {
			fields = append(fields, f.Path)
		}
		for _, a := range part.Absent {
			absent = append(absent, a.Path)
		}
		if strings.Join(fields, " ") != tc.fields || strings.Join(absent, " ") != tc.absent {
			t.Errorf("%s: fields %v, absent %v", tc.path, fields, absent)
		}
	}
	for _, tc := range []struct{ path, want string }{
		{"line", `did you mean "lines"?`}, {"zzz", "no rule is about zzz"}, {"a[", "cannot be read"}, {"a..b", "cannot be read"}, {"a[x]", "cannot be read"}, {`a["`, "cannot be read"},
		{"lines[7]", "lines[7] is not there: lines has 2 elements"}, {"lines[7].sku", "lines[7].sku is not there: lines has 2 elements"},
	} {
		if _, err := e.At(tc.path); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %s", tc.path, err, tc.want)
		}
	}
}

// TestExplanationIsACopy: an explanation outlives its document.
func TestExplanationIsACopy(t *testing.T) {
	m := parse(t, "from: any\nto: any\nbase: doc\nrules: {x: a, l: b}\n")
	doc := []byte(`{"a":"text","b":[{"k":"v"}],"missing":null}`)
	e, err := m.Explain(context.Background(), doc, engine.Input{})
	if err != nil {
		t.Fatal(err)
	}
	before := e.Render()
	for i := range doc {
		doc[i] = 'z'
	}
	if _, err := m.Explain(context.Background(), []byte(`{"a":"other","b":[1]}`), engine.Input{}); err != nil {
		t.Fatal(err)
	}
	if after := e.Render(); after != before {
		t.Errorf("before\n%s\nafter\n%s", before, after)
	}
}

func TestExplainEndsWithItsContext(t *testing.T) {
	m := parse(t, "from: any\nto: any\nrules: {x: 'sum(map(1..2000, sum(map(1..2000, # * 2))))'}\n")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if e, err := m.Explain(ctx, []byte(`{}`), engine.Input{}); !errors.Is(err, context.Canceled) || e != nil {
		t.Errorf("got %v, %v", e, err)
	}
}

// TestExplainStopsReading: what a rule reads is counted when it is too much to show, and limits hold as in Apply.
func TestExplainStopsReading(t *testing.T) {
	m := parse(t, "from: any\nto: any\nrules: {total: 'sum(items, .n)'}\n")
	doc := []byte(`{"items":[` + strings.Repeat(`{"n":1},`, 999) + `{"n":1}]}`)
	e, err := m.Explain(context.Background(), doc, engine.Input{})
	if err != nil || len(e.Fields) != 1 {
		t.Fatal(e, err)
	}
	if f := e.Fields[0]; len(f.Reads) != 200 || f.MoreReads != 801 {
		t.Errorf("%d reads are shown and %d counted", len(f.Reads), f.MoreReads)
	}
	limits := engine.DefaultLimits
	limits.Steps = 300
	m = parse(t, "from: any\nto: any\nrules: {first: 1, total: 'sum(items, .n)', last: 2}\n", engine.WithLimits(limits))
	e, err = m.Explain(context.Background(), doc, engine.Input{})
	if err != nil || e.Output != nil || len(e.Diagnostics) != 1 || e.Diagnostics[0].Code != "CW2007" {
		t.Fatal(e, err)
	}
	var absent []string
	for _, a := range e.Absent {
		absent = append(absent, fmt.Sprintf("%s: %s", a.Path, a.Reason))
	}
	if got := strings.Join(absent, ", "); got != "total: failed, last: stopped" {
		t.Errorf("absent: %s", got)
	}
}

// TestExplainFromManyGoroutines runs under -race: what explains is compiled when first asked.
func TestExplainFromManyGoroutines(t *testing.T) {
	m := parse(t, "from: any\nto: any\nlet: {a: n + 1}\nrules: {x: a, bad: n * text}\n")
	var wg sync.WaitGroup
	for g := range 16 {
		wg.Go(func() {
			doc := fmt.Appendf(nil, `{"n":%d,"text":"t"}`, g)
			e, err := m.Explain(context.Background(), doc, engine.Input{})
			if err != nil || len(e.Fields) != 1 || string(e.Fields[0].Value) != fmt.Sprint(g+1) || len(e.Diagnostics) != 1 {
				t.Errorf("%v %v", e, err)
			}
			if _, err := m.Apply(context.Background(), doc, engine.Input{}); err == nil {
				t.Error("text was multiplied")
			}
		})
	}
	wg.Wait()
}

// TestCopiesAreFoundByTheirPath: whatever path a value is copied from, through any filter, is the path that is told.
func TestCopiesAreFoundByTheirPath(t *testing.T) {
	m := parse(t, `
from: any
to: any
let: {kept: 'filter(items, .n != nil)'}
rules:
  l[]: {each: 'sortBy(kept, .n)', as: x}
  l[].n: x.n
  l[].all: 'merge(x, {extra: 1})'
`)
	rapid.Check(t, func(t *rapid.T) {
		numbers := rapid.SliceOfN(rapid.IntRange(0, 9), 1, 8).Draw(t, "numbers")
		var items []string
		for _, n := range numbers {
			if n == 0 {
				items = append(items, ` { "other" : 1 }`)
			} else {
				items = append(items, fmt.Sprintf(` {"n" :  %d, "s\u0020p": {"k": [%d]}}`, n, n))
			}
		}
		doc := `{"a":[ ], "items" : [` + strings.Join(items, ",") + `]}`
		var parsed struct {
			Items []struct{ N json.RawMessage }
		}
		if err := json.Unmarshal([]byte(doc), &parsed); err != nil {
			t.Fatal(err)
		}
		e, err := m.Explain(context.Background(), []byte(doc), engine.Input{})
		if err != nil || e.Diagnostics != nil {
			t.Fatal(e, err)
		}
		for _, f := range e.Fields {
			var i int
			switch {
			case f.Kind != engine.Leaf || strings.HasSuffix(f.Path, ".extra") || f.Path == "l":
				continue
			case !strings.HasSuffix(f.CopiedFrom, "].n") && !strings.HasSuffix(f.CopiedFrom, `]["s p"].k[0]`) && !strings.HasSuffix(f.CopiedFrom, "].s p.k[0]"):
				t.Fatalf("%s is copied from %q", f.Path, f.CopiedFrom)
			}
			if _, err := fmt.Sscanf(f.CopiedFrom, "items[%d]", &i); err != nil {
				t.Fatalf("%s is copied from %q: %v", f.Path, f.CopiedFrom, err)
			}
			if string(parsed.Items[i].N) != string(f.Value) {
				t.Fatalf("%s = %s, but %s holds %s", f.Path, f.Value, f.CopiedFrom, parsed.Items[i].N)
			}
		}
	})
}
