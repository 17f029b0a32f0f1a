package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/decimal"
	"github.com/crosswalk-go/crosswalk/engine/mappingtest"
)

// edges are numbers that a float64 or a 64-bit integer would change.
var edges = []string{
	"9007199254740991", "9007199254740992", "9007199254740993", "-9007199254740993", // 2^53 and its neighbours
	"9223372036854775806", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
	"18446744073709551614", "18446744073709551615", "18446744073709551616", "340282366920938463463374607431768211456",
	"1e400", "-1e400", "1E+400", "1e-400", "1e1000", "1e4000", "1e99999999999999999999",
	"0", "-0", "-0.0", "0e0", "0E-5", "1.0", "1.10", "19.10", "100.00", "1e2", "1.50e1",
	"0.1", "0.3", "0.123456789012345678901234567890", "1234567890.123456789012345678901234567890",
	"3.141592653589793238462643383279502884197", "4.9e-324", "1.7976931348623157e308", "1.7976931348623159e308",
}

// TestNumberEdges takes each number along every way into a target: it comes out letter by letter where no rule computes
// with it, and as the same amount, or with a named error, where one does.
func TestNumberEdges(t *testing.T) {
	for _, n := range edges {
		t.Run(n, func(t *testing.T) {
			_, err := decimal.Parse(n)
			computes := err == nil && n != "1e1000" // whose digits are too many for a sum
			plain := func(way, mapping, doc string, in engine.Input) {
				t.Helper()
				m, err := engine.Parse("m.yaml", []byte(mapping))
				if err != nil {
					named(t, way, err, computes, "CW1003", "CW1010")
					return
				}
				out, err := m.Apply(context.Background(), []byte(doc), in)
				if want := `{"r":` + n + `}`; err != nil || string(out) != want {
					t.Errorf("%s: got %s, %v; want %s", way, out, err, want)
				}
			}
			doc := `{"n":` + n + `,"l":[` + n + `],"o":{"p":{"n":` + n + `}}}`
			const head = "from: any\nto: any\nrules:\n  "
			for way, rules := range map[string]string{
				"a rule": "r: n", "a member": "r: o.p.n", "an element": "r: l[0]", "?:": "r: 'true ? n : 0'", "??": "r: gone ?? n",
				"a case": "r: {when: [{if: gone, value: 0}, {expr: n}]}", "a default": "r: {expr: gone, default: n}",
				"a let": "r: let x = n; x", "a function": "r: first(l)", "find": "r: find(l, true)", "an object": "r: '{a: n}.a'", "a list": "r: '[n][0]'",
				"JSON in text": "r: fromJSON(toJSON(n))", "max": "r: max([n])",
			} {
				if way == "max" && !computes {
					continue
				}
				plain(way, head+rules, doc, engine.Input{})
			}
			object := []byte(`{"k":` + n + `}`)
			plain("source", head+"r: source.k", `{}`, engine.Input{Source: object})
			plain("links", head+"r: links.k", `{}`, engine.Input{Links: object})
			plain("current", head+"r: current.k", `{}`, engine.Input{Current: object, Write: engine.Update})
			plain("kept", head+"r: {expr: gone, empty: keep}", `{}`, engine.Input{Current: []byte(`{"r":` + n + `}`), Write: engine.Update})
			plain("a setting", head+"r: settings.k\nsettings: {k: {type: number}}", `{}`, engine.Input{Settings: object})
			plain("a table of the flow", head+"r: {lookup: t, key: '\"k\"'}\ntables: {t: {}}", `{}`, engine.Input{Tables: []byte(`{"t":` + string(object) + `}`)})
			plain("a literal", head+"r: {value: "+n+"}", `{}`, engine.Input{})
			plain("a literal default", head+"r: {expr: gone, default: {value: "+n+"}}", `{}`, engine.Input{})
			plain("a table", head+"r: {lookup: t, key: '\"k\"'}\ntables: {t: {k: "+n+"}}", `{}`, engine.Input{})
			plain("the value of a missing entry", head+"r: {lookup: t, key: '\"z\"', missing: {value: "+n+"}}\ntables: {t: {}}", `{}`, engine.Input{})
			plain("the default of a setting", head+"r: settings.k\nsettings: {k: {type: number, default: "+n+"}}", `{}`, engine.Input{})

			for way, rules := range map[string]string{
				"plus": "r: n + 0 == n", "minus": "r: n - n == 0", "times": "r: n * 1 == n", "literal": "r: " + n + " == n", "sum": "r: sum(l) == n",
				"text and back": "r: fromJSON(string(n)) == n", "order": "r: n <= n and not (n < n)", "in": "r: n in l", "negated": "r: '-(-n) == n'",
				"sorted": "r: sort(l)[0] == n",
			} {
				m, err := engine.Parse("m.yaml", []byte(head+rules))
				if err != nil {
					named(t, way, err, computes, "CW1010")
					continue
				}
				out, err := m.Apply(context.Background(), []byte(doc), engine.Input{})
				switch {
				case err != nil:
					named(t, way, err, computes, "CW2004", "CW2005", "CW2006")
				case string(out) != `{"r":true}`:
					t.Errorf("%s: %s", way, out)
				}
			}
			inATest(t, n, computes)
		})
	}
}

// named accepts an error that has one of the codes, for a number that cannot be computed with.
func named(t *testing.T, way string, err error, computes bool, codes ...string) {
	t.Helper()
	var ds engine.Diagnostics
	if !errors.As(err, &ds) || len(ds) != 1 {
		t.Errorf("%s: %v", way, err)
		return
	}
	for _, code := range codes {
		if ds[0].Code == code && !computes {
			return
		}
	}
	t.Errorf("%s: %v", way, err)
}

// inATest writes the number into a test file, as input and as what is expected.
func inATest(t *testing.T, n string, computes bool) {
	t.Helper()
	if !computes {
		return // the test file says so: "is no number that JSON can hold"
	}
	files := fstest.MapFS{
		"a.yaml": {Data: []byte("from: any\nto: any\nrules: {r: n}\n")},
		"a.test.yaml": {Data: []byte("mapping: a.yaml\ncases:\n" +
			"  - {name: same, input: {n: " + n + "}, exactly: {r: " + n + "}}\n" +
			"  - {name: other, input: {n: " + n + "}, exactly: {r: " + n + "1}}\n")},
	}
	if strings.ContainsAny(n, "eE") || strings.Trim(n, "-0.") == "" {
		files["a.test.yaml"].Data = []byte(strings.ReplaceAll(string(files["a.test.yaml"].Data), "{r: "+n+"1}", "{r: 7}"))
	}
	report, err := mappingtest.Run(context.Background(), files, mappingtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	passed, failed := 0, 0
	for _, f := range report.Files {
		for _, c := range f.Cases {
			if len(c.Diffs) == 0 && c.Failure == "" {
				passed++
			} else if c.Name == "other" {
				failed++
			}
		}
	}
	if passed != 1 || failed != 1 {
		text, _ := json.Marshal(report)
		t.Errorf("in a test: %s", fmt.Sprintf("%.600s", text))
	}
}
