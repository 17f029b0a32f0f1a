package host_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/scripting"
	"github.com/crosswalk-go/crosswalk/scripting/host"
)

// BenchmarkLines maps an order of 200 lines with a rule that calls a function for each, here and in a worker, and with the same as an expression.
func BenchmarkLines(b *testing.B) {
	var lines []string
	for i := range 200 {
		lines = append(lines, fmt.Sprintf(`{"sku": "NK-%d", "name": "House beans", "quantity": %d, "price": {"unitPrice": 19.10, "totalPrice": 38.20}, "payload": {"productNumber": "NK-%d", "options": []}}`, i, 1+i%3, i))
	}
	document := []byte(`{"number": "10001", "lines": [` + strings.Join(lines, ",") + `]}`)
	exe, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	for name, rule := range map[string]string{"script": "label(line.sku, line.quantity)", "worker": "label(line.sku, line.quantity)", "expression": `line.quantity > 1 ? string(line.quantity) + " x " + line.sku : line.sku`} {
		b.Run(name, func(b *testing.B) {
			var o scripting.Options
			if name == "worker" {
				o.Worker = []string{exe, workerArg}
			}
			h := host.New(o)
			defer h.Close()
			m, err := engine.Load("a.yaml", engine.WithScripts(h), engine.Files(fstest.MapFS{
				"a.yaml": file("from: any\nto: any\nscripts: [a.ts]\nrules:\n  lines[]: {each: lines, as: line}\n  lines[].label: '" + rule + "'\n"),
				"a.ts":   file("export const label = (sku: string, quantity: any) => quantity.gt(1) ? `${quantity} x ${sku}` : sku;"),
			}))
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := m.Apply(b.Context(), document, engine.Input{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
