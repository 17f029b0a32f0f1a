package engine_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/crosswalk-go/crosswalk/engine"
)

const covered = `from: any
to: any
let: {name: first ?? last}
rules:
  name: name
  size: {when: [{if: n > 10, value: large}, {if: n > 5, value: medium}, {value: small}]}
  kind: 'n > 0 ? "plus" : "none"'
  method: {lookup: methods, key: m, missing: omit}
  rate: {lookup: rates, key: [country, rate], missing: {value: 0}}
  note: {expr: note, default: '"none"'}
  lines[]: {each: items, as: x, where: x.n > 1}
  lines[].n: x.n
  word: tables.words[w]
  never: {expr: n, write: update}
tables:
  methods: {card: creditcard, cash: 1}
  rates:
    NL: {21: high, 9: low}
  words: {a: alpha}
  unused: {a: 1}
`

// missed returns the points that were not reached, as line:column kind text.
func missed(c *engine.Coverage) string {
	var out []string
	for _, f := range c.Report().Files {
		for _, p := range f.Missed() {
			out = append(out, fmt.Sprintf("%d:%d %s %s", p.Pos.Line, p.Pos.Column, p.Kind, p.Text))
		}
	}
	return strings.Join(out, "\n")
}

func TestCoverage(t *testing.T) {
	m := parse(t, covered)
	var c engine.Coverage
	c.Add(m)
	r := c.Report()
	for kind, want := range map[engine.PointKind]int{engine.PointRule: 10, engine.PointCase: 3, engine.PointBranch: 8, engine.PointDefault: 1, engine.PointEntry: 5} {
		if r.Kinds[kind] != (engine.Tally{Points: want}) {
			t.Errorf("%s: %+v, want %d points", kind, r.Kinds[kind], want)
		}
	}
	if r.Points != 27 || r.Reached != 0 || r.Percent() != 0 || len(r.Files) != 1 {
		t.Errorf("before any document: %+v", r.Tally)
	}
	for _, doc := range []string{
		`{"first":"A","n":11,"m":"card","country":"NL","rate":21,"items":[{"n":1},{"n":2}],"w":"a"}`,
		`{"last":"B","n":0,"m":"gold","country":"NL","rate":9,"note":"x","w":"b"}`,
	} {
		out, err := c.Apply(context.Background(), m, []byte(doc), engine.Input{})
		if err != nil {
			t.Fatal(err)
		}
		if plain, err := m.Apply(context.Background(), []byte(doc), engine.Input{}); err != nil || string(plain) != string(out) {
			t.Errorf("counted, it maps to\n%s\nelse to\n%s\n%v", out, plain, err)
		}
	}
	want := `6:50 case case 2: n > 5
9:18 branch missing: {value: 0}
14:3 rule n
16:31 entry methods.cash`
	if got := missed(&c); got != want {
		t.Errorf("missed\n%s\nwant\n%s", got, want)
	}
	if r := c.Report(); r.Percent() != 85 || r.Reached != 23 {
		t.Errorf("reached %+v, %d %%", r.Tally, r.Percent())
	}

	// An entry of the flow's table is none of the mapping's.
	_, err := c.Apply(context.Background(), m, []byte(`{"n":6,"m":"cash"}`), engine.Input{Tables: []byte(`{"methods":{"cash":"c"}}`)})
	if err != nil {
		t.Fatal(err)
	}
	if got := missed(&c); !strings.Contains(got, "methods.cash") || strings.Contains(got, "case 2") {
		t.Errorf("missed\n%s", got)
	}
	if _, err := c.Apply(context.Background(), m, []byte(`{"n":"x"}`), engine.Input{}); err == nil {
		t.Error("a document that fails passes")
	}
}

func TestCoverageOfWhatIsInherited(t *testing.T) {
	library := fstest.MapFS{"shop/base.yaml": {Data: []byte("from: any\nto: any\nrules:\n  a: x\n  b: y\n")}}
	files := fstest.MapFS{
		"base.yaml": {Data: []byte("extends: shop/base\nrules:\n  c: z\n  d: w\n")},
		"one.yaml":  {Data: []byte("extends: base.yaml\nrules:\n  c: z\n")},
		"two.yaml":  {Data: []byte("extends: base.yaml\nrules:\n  e: z\n")},
	}
	for _, tc := range []struct {
		library bool
		want    string
	}{{false, "base.yaml 2/2, one.yaml 1/1, two.yaml 0/1"}, {true, "base.yaml 2/2, one.yaml 1/1, shop/base.yaml 1/2, two.yaml 0/1"}} {
		c := engine.Coverage{Library: tc.library}
		var wg sync.WaitGroup
		for name, doc := range map[string]string{"one.yaml": `{"x":1,"w":1,"z":1}`, "two.yaml": `{}`, "base.yaml": `{"z":1}`} {
			m, err := engine.Load(name, engine.Files(files), engine.Library(library))
			if err != nil {
				t.Fatal(err)
			}
			for range 4 {
				wg.Go(func() {
					if _, err := c.Apply(context.Background(), m, []byte(doc), engine.Input{}); err != nil {
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
		var got []string
		for _, f := range c.Report().Files {
			got = append(got, fmt.Sprintf("%s %d/%d", f.File, f.Reached, f.Points))
		}
		if strings.Join(got, ", ") != tc.want {
			t.Errorf("library %v: %s, want %s", tc.library, strings.Join(got, ", "), tc.want)
		}
	}
	if got := (engine.Tally{}).Percent(); got != 100 {
		t.Errorf("nothing to reach is %d %%", got)
	}
	if got := (engine.Tally{Points: 1000, Reached: 999}).Percent(); got != 99 {
		t.Errorf("999 of 1000 is %d %%", got)
	}
}
