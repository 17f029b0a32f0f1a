package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/crosswalk-go/crosswalk/engine"
)

// TestLargeDocuments maps documents that are large in a way that a rule's cost could grow with the square of: it is done at once, or
// the limit of steps ends it. Nothing else would: each of these ran for minutes.
func TestLargeDocuments(t *testing.T) {
	const n = 50_000
	var lines, members, table strings.Builder
	for i := range n {
		if i > 0 {
			lines.WriteByte(',')
			members.WriteByte(',')
			table.WriteByte(',')
		}
		fmt.Fprintf(&lines, `{"id":"k%d","n":%d}`, i, i)
		fmt.Fprintf(&members, `"k%d":%d`, i, i)
		fmt.Fprintf(&table, `"k%d":"v%d"`, i, i)
	}
	digits := strings.Repeat("7", 1900)
	doc := []byte(`{"lines":[` + lines.String() + `],"object":{` + members.String() + `},"digits":` + digits + `,"endless":` + strings.Repeat("7", 1<<18) + `}`)
	in := engine.Input{
		Current: doc,
		Tables:  []byte(`{"flat":{` + table.String() + `},"deep":{"NL":{` + table.String() + `}}}`),
	}
	const each = "lines[]: {each: lines, as: line}\n  lines[].x: "
	for _, test := range []struct{ rule, want string }{
		{each + `{lookup: flat, key: line.id}`, `{"x":"v49999"}]}`},
		{each + `{lookup: deep, key: ['"NL"', line.id]}`, `{"x":"v49999"}]}`},
		{each + `{lookup: flat, key: 'line.id + "?"', missing: {value: none}}`, `{"x":"none"}]}`},
		{each + `lines[-1].id`, `{"x":"k49999"}]}`},
		{`x: object == merge(object, {})`, `{"x":true}`},
		{`x: 'len(map(lines, # in [object]))'`, "CW2007"},
		{each + `line.id in object`, "CW2007"},
		{each + `object[line.id]`, "CW2007"},
		{each + `lines[line.n].n`, `{"x":49999}]}`},
		{each + `lines[49999 - line.n].n`, "CW2007"},
		{each + `current.lines[0 - line.n].n`, "CW2007"},
		{each + `'len(lines[1:])'`, "CW2007"},
		{`x: 'map(lines, digits / 3.3)'`, "CW2007"},
		{each + `endless + 1`, "CW2006"},
		{each + `number(string(endless))`, "CW2005"},
	} {
		m := parse(t, "from: any\nto: any\ntables: {flat: {}, deep: {}}\nrules:\n  "+test.rule+"\n")
		m.LimitSteps(2_000_000) // a tenth of what a document has, so that the test is short
		out, err := m.Apply(context.Background(), doc, in)
		var diags engine.Diagnostics
		switch {
		case errors.As(err, &diags):
			if diags[0].Code != test.want {
				t.Errorf("%s: %v, want %.40s", test.rule, diags[0], test.want)
			}
		case err != nil:
			t.Errorf("%s: %v", test.rule, err)
		case !strings.HasSuffix(string(out), test.want):
			t.Errorf("%s gives ...%s, want %s", test.rule, out[max(0, len(out)-40):], test.want)
		}
	}
}

// TestLookupsInOneDocument looks into tables of a flow more often than the first looks: what they find stays the same.
func TestLookupsInOneDocument(t *testing.T) {
	var table, lines, want strings.Builder
	for i := range 200 {
		fmt.Fprintf(&table, `"k%d": "other %d", `, i, i)
	}
	for i := range 200 {
		fmt.Fprintf(&table, `"k%d": {"rate": %d.50}, `, i, i) // the last of two with one name counts
		fmt.Fprintf(&lines, `{"id": "k%d", "land": "%s"}, `, 199-i, []string{"NL", "BE"}[i%2])
		fmt.Fprintf(&want, `{"flat":{"rate":%d.50},"deep":%s},`, 199-i, []string{fmt.Sprintf(`{"rate":%d.50}`, 199-i), `"none"`}[i%2])
	}
	text := strings.TrimSuffix(table.String(), ", ")
	m := parse(t, `
from: any
to: any
tables: {flat: {}, deep: {}}
rules:
  lines[]: {each: lines, as: line}
  lines[].flat: {lookup: flat, key: line.id}
  lines[].deep: {lookup: deep, key: [line.land, line.id], missing: {value: none}}
`)
	for range 2 { // a frame keeps nothing for the next document
		out, err := m.Apply(context.Background(), []byte(`{"lines": [`+strings.TrimSuffix(lines.String(), ", ")+`]}`), engine.Input{
			Tables: []byte(`{"flat": {` + text + `}, "deep": {"NL": {` + text + `}, "BE": {"k": 1}}}`),
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := string(out); got != `{"lines":[`+strings.TrimSuffix(want.String(), ",")+`]}` {
			t.Fatalf("got %.300s", got)
		}
	}
	out, err := m.Apply(context.Background(), []byte(`{"lines": [{"id": "k1", "land": "BE"}, {"id": "k1", "land": "BE"}, {"id": "k1"}, {"id": "k1"}]}`), engine.Input{Tables: []byte(`{"flat": {"k1": 1}}`)})
	if want := `{"lines":[{"flat":1,"deep":"none"},{"flat":1,"deep":"none"},{"flat":1},{"flat":1}]}`; err != nil || string(out) != want {
		t.Errorf("the next document gives %s, %v", out, err)
	}
}
