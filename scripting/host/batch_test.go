package host_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/scripting"
	"github.com/crosswalk-go/crosswalk/scripting/host"
)

// TestCallsAhead holds that calls which are made in one exchange give what calls one by one give: results, failures, and what was
// logged, in its order and once.
func TestCallsAhead(t *testing.T) {
	var lines []string
	for i := range 90 {
		lines = append(lines, fmt.Sprintf(`{"sku": "NK-%d", "quantity": %d, "parts": [{"n": %d}, {"n": %d}], "same": "x"}`, i, 1+i%3, i, i+1))
	}
	document := []byte(`{"number": "10001", "lines": [` + strings.Join(lines, ",") + `]}`)
	script := `
let counter = 0;
export const label = (sku: string, quantity: any) => { log.info("label", sku); return quantity.gt(1) ? quantity + " x " + sku : sku; };
export const at = (line: any, i: any, number: string) => number + "/" + i + "/" + line.sku + "/" + ++counter;
export const odd = (n: any) => { if (n.mod(7).eq(5)) throw new Error("odd " + n); return n; };
export const random = (sku: string) => Math.floor(Math.random() * 1e9);
export const missing = (x: any) => x === undefined ? "none" : x;
export const slow = (sku: string) => { for (let i = 0; i < 20000; i++); return sku; };
`
	head := "from: any\nto: any\nscripts: [a.ts]\nrules:\n"
	for name, rules := range map[string]string{
		"members":         "  lines[]: {each: lines, as: line}\n  lines[].label: label(line.sku, line.quantity)\n",
		"the element":     "  lines[]: {each: lines, as: line, index: i}\n  lines[].at: at(line, i, number)\n",
		"a condition":     "  lines[]: {each: lines, as: line, where: line.quantity > 1}\n  lines[].label: label(line.sku, line.quantity)\n",
		"few of many":     "  lines[]: {each: lines, as: line}\n  lines[].label: 'line.quantity == 3 ? label(line.sku, line.quantity) : null'\n",
		"lists in lists":  "  lines[]: {each: lines, as: line}\n  lines[].parts[]: {each: line.parts, as: part}\n  lines[].parts[].x: label(line.sku, part.n)\n",
		"what fails":      "  lines[]: {each: lines, as: line, index: i}\n  lines[].n: odd(i)\n",
		"random":          "  lines[]: {each: lines, as: line}\n  lines[].r: random(line.sku)\n",
		"missing":         "  lines[]: {each: lines, as: line}\n  lines[].m: missing(line.none)\n",
		"computed":        "  lines[]: {each: lines, as: line}\n  lines[].l: label(upper(line.sku), line.quantity)\n",
		"in a predicate":  "  lines[]: {each: lines, as: line}\n  lines[].l: 'map(line.parts, label(line.sku, #.n))'\n",
		"two functions":   "  lines[]: {each: lines, as: line}\n  lines[].a: label(line.sku, line.quantity)\n  lines[].b: random(line.sku)\n",
		"what takes long": "  lines[]: {each: lines, as: line}\n  lines[].s: slow(line.sku)\n",
	} {
		t.Run(name, func(t *testing.T) {
			results := map[bool][]string{}
			for _, worker := range []bool{false, true} {
				var o scripting.Options
				if worker {
					exe, err := os.Executable()
					if err != nil {
						t.Fatal(err)
					}
					o.Worker = []string{exe, workerArg}
				}
				h := host.New(o)
				m, err := engine.Load("a.yaml", engine.WithScripts(h), engine.Files(fstest.MapFS{"a.yaml": file(head + rules), "a.ts": file(script)}))
				if err != nil {
					t.Fatal(err)
				}
				for range 2 {
					var got []string
					out, err := m.Apply(t.Context(), document, engine.Input{Seed: 7, Log: func(l engine.ScriptLog) { got = append(got, l.String()) }})
					var list engine.Diagnostics
					if errors.As(err, &list) {
						for _, d := range list {
							got = append(got, fmt.Sprint(d.Target, d.Message, d.Pos, d.Values))
						}
					} else if err != nil {
						t.Fatal(err)
					}
					results[worker] = append(results[worker], strings.Join(append(got, string(out)), "\n"))
				}
				h.Close()
			}
			if !slices.Equal(results[false], results[true]) {
				t.Errorf("calls one by one give\n%.3000s\nand in exchanges\n%.3000s", results[false][0], results[true][0])
			}
			if n := strings.Count(results[true][0], "info: label"); name == "members" && n != 90 {
				t.Errorf("%d lines are logged", n)
			}
		})
	}
}
