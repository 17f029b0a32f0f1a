package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"runtime/debug"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/bench/fixtures"
	"github.com/crosswalk-go/crosswalk/engine/bench/mappings"
	"github.com/crosswalk-go/crosswalk/engine/bench/paired"
	"github.com/crosswalk-go/crosswalk/engine/bench/peers"
)

// figure is a number that has a goal. Less is better for all of them.
type figure struct {
	name  string
	group string // what is measured together
	goal
	// slack is how far the lower quartile may lie above what was recorded before that counts as slower. Zero:
	// nothing is recorded and only the gate holds, as Crosswalk is compared with itself there, and the figure gets
	// worse when what it is compared with gets better.
	slack float64
	value func(*paired.Result) paired.Quartiles
}

// goal is what a figure is to reach. It has no gate where nobody promised anything.
type goal struct{ gate, target, stretch float64 }

// group is what takes turns.
type group struct {
	name string
	make func() ([]paired.Contender, error)
}

const (
	ratioSlack = 1.5 // quartiles of the same program differ by a third between a quiet machine and a busy one
	nearGate   = 1.2 // a limit so near the gate may lie above it
	timeSlack  = 3   // a time in itself moves by more than half from one minute to the next on a shared machine
)

// groups returns what is measured, in the order in which it is shown.
func groups() []group {
	gs := []group{}
	for _, w := range fixtures.Workloads {
		names := anchors
		if w.Name == "tiny" {
			names = peers.Crosswalk + "," + peers.Handwritten
		}
		gs = append(gs, group{w.Name, func() ([]paired.Contender, error) { return contenders(w, names) }})
	}
	gs = append(gs, scriptGroups()...)
	return append(append(gs,
		group{"lines", func() ([]paired.Contender, error) {
			return crosswalks("order", fixtureNames(fixtures.Lines)...)
		}},
		group{"bytes", func() ([]paired.Contender, error) { return crosswalks("order", "order", "order200") }},
		group{"decimals", func() ([]paired.Contender, error) {
			computed, err := crosswalks("order", "order")
			if err != nil {
				return nil, err
			}
			copied, err := crosswalks("order-copied", "order")
			return append(computed, copied...), err
		}},
		group{"rules", func() ([]paired.Contender, error) {
			few, err := copies(100)
			if err != nil {
				return nil, err
			}
			many, err := copies(1000)
			return []paired.Contender{few, many}, err
		}},
		group{"compile", func() ([]paired.Contender, error) {
			return []paired.Contender{{Name: "compile", Run: func() error {
				_, err := engine.Load("order.yaml", engine.Files(mappings.FS))
				return err
			}}}, nil
		}},
	), engineGroups()...)
}

// anchors are the peers that goals speak of.
const anchors = peers.Crosswalk + "," + peers.Handwritten + "," + peers.GoJSON + "," + peers.Valid + "," + peers.ExprMap + "," + peers.Gojq

// figures returns what the goals speak of.
func figures() []figure {
	var fs []figure
	against := func(workload, peer string, g goal) {
		fs = append(fs, figure{"time / " + peer, workload, g, ratioSlack, func(r *paired.Result) paired.Quartiles {
			return r.Ratio(peers.Crosswalk, peer)
		}})
	}
	for _, w := range fixtures.Workloads {
		if w.Name == "tiny" {
			against(w.Name, peers.Handwritten, goal{})
			continue
		}
		against(w.Name, peers.Valid, goal{1.5, 1.15, 0.95})
		against(w.Name, peers.Handwritten, goal{0.18, 0.125, 0.10})
		against(w.Name, peers.GoJSON, goal{0.95, 0.70, 0.55})
		against(w.Name, peers.ExprMap, goal{1. / 11, 1. / 15, 1. / 20})
		against(w.Name, peers.Gojq, goal{1. / 11, 1. / 15, 1. / 20})
	}
	perByte := func(group, large, small string, g goal) {
		fs = append(fs, figure{fmt.Sprintf("cost a byte, %s / %s", large, small), group, g, 0, func(r *paired.Result) paired.Quartiles {
			return r.Ratio("order/"+large, "order/"+small).Times(float64(size(small)) / float64(size(large)))
		}})
	}
	perByte("bytes", "order200", "order", goal{1.3, 1.2, 1})
	perByte("lines", "order-10", "order-1", goal{})
	perByte("lines", "order-100", "order-10", goal{1.3, 1.2, 1})
	perByte("lines", "order-1000", "order-100", goal{1.3, 1.2, 1})
	fs = append(fs, scriptFigures()...)
	return append(append(fs,
		// A bound from above of what exact decimals cost: compared with floats they would cost less than with nothing.
		figure{"amounts computed / copied", "decimals", goal{1.25, 1.10, 0}, 0, func(r *paired.Result) paired.Quartiles {
			return r.Ratio("order/order", "order-copied/order")
		}},
		figure{"cost a rule, 1000 / 100 rules", "rules", goal{1.3, 1.2, 1}, 0, func(r *paired.Result) paired.Quartiles {
			return r.Ratio("1000 rules", "100 rules").Times(100. / 1000)
		}},
		figure{"compile order.yaml, ms", "compile", goal{10, 3, 1}, timeSlack, func(r *paired.Result) paired.Quartiles {
			return r.Cost("compile").Times(1e-6)
		}},
	), engineFigures()...)
}

// crosswalks makes a mapping of ours ready to map each of the workloads; a contender's name is
// "mapping/workload".
func crosswalks(mapping string, workloads ...string) ([]paired.Contender, error) {
	m, err := engine.Load(mapping+".yaml", engine.Files(mappings.FS))
	if err != nil {
		return nil, err
	}
	var cs []paired.Contender
	for _, name := range workloads {
		w, ok := fixtures.Get(name)
		if !ok {
			return nil, fmt.Errorf("no workload %q", name)
		}
		src := w.Make()
		cs = append(cs, paired.Contender{Name: mapping + "/" + name, Run: func() error {
			_, err := m.Apply(context.Background(), src, engine.Input{})
			return err
		}})
	}
	return cs, nil
}

// copies makes a mapping of n rules that copy one of the fields of a product.
func copies(n int) (paired.Contender, error) {
	var text strings.Builder
	text.WriteString("from: any\nto: any\nrules:\n")
	fields := []string{"productNumber", "name", "ean", "active", "stock", "weight", "tax.taxRate", "price[0].net", "cover.media.url", "tags[1].name"}
	for i := range n {
		fmt.Fprintf(&text, "  r%d: %s\n", i, fields[i%len(fields)])
	}
	name := fmt.Sprintf("%d rules", n)
	m, err := engine.Parse(name, []byte(text.String()))
	if err != nil {
		return paired.Contender{}, err
	}
	src := fixtures.Product()
	return paired.Contender{Name: name, Run: func() error {
		_, err := m.Apply(context.Background(), src, engine.Input{})
		return err
	}}, nil
}

// allocations returns how often mapping a workload's document allocates once the first documents are through: for a new
// output, and for one that is appended to room that was there before.
func allocations(w fixtures.Workload) (made, appended float64, err error) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // a collection would empty pools
	cs, err := crosswalks(w.Mapping, w.Name)
	if err != nil {
		return 0, 0, err
	}
	c, err := appends(w.Mapping, w.Name)
	if err != nil {
		return 0, 0, err
	}
	count := func(c paired.Contender) float64 {
		return testing.AllocsPerRun(5, func() {
			if e := c.Run(); e != nil {
				err = e
			}
		})
	}
	if err = c.Run(); err != nil { // makes the room
		return 0, 0, err
	}
	return count(cs[0]), count(c), err
}

func fixtureNames(ws []fixtures.Workload) []string {
	var names []string
	for _, w := range ws {
		names = append(names, w.Name)
	}
	return names
}

// size returns the bytes of a workload's document.
func size(name string) int {
	w, _ := fixtures.Get(name)
	return len(w.Make())
}

// key names a figure in the record of what was reached.
func (f figure) key() string { return f.group + ": " + f.name }

// limit is what the lower quartile may not exceed: what was recorded, with slack, but not more than the gate
// once that is so far behind that no busy machine can bring it back.
func (f figure) limit(recorded float64) float64 {
	switch {
	case f.slack == 0 && f.gate == 0:
		return math.Inf(1)
	case f.slack == 0:
		return f.gate
	case f.gate > 0 && recorded*f.slack <= f.gate*nearGate:
		return min(recorded*f.slack, f.gate) // clearly better than the gate: the gate never breaks
	}
	return recorded * f.slack
}

// verdict tells which of the goals the median reaches.
func (g goal) verdict(median float64) string {
	switch {
	case g.gate == 0:
		return ""
	case g.stretch > 0 && median <= g.stretch:
		return "stretch"
	case median <= g.target:
		return "target"
	case median <= g.gate:
		return "gate"
	}
	return fmt.Sprintf("%.3gx off the gate", median/g.gate)
}

// measureGroup measures a group and returns the values of its figures.
func measureGroup(g group, o paired.Options) (map[string]paired.Quartiles, error) {
	cs, err := g.make()
	if err != nil {
		return nil, err
	}
	r, err := paired.Measure(cs, o)
	if err != nil {
		return nil, err
	}
	values := map[string]paired.Quartiles{}
	for _, f := range figures() {
		if f.group == g.name {
			values[f.key()] = f.value(r)
		}
	}
	return values, nil
}

// printGoals measures and prints all figures beside their goals.
func printGoals(out io.Writer, o paired.Options) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "measured\tfigure\tmedian [quartiles]\tgate\ttarget\tstretch\treached")
	for _, g := range groups() {
		values, err := measureGroup(g, o)
		if err != nil {
			return err
		}
		for _, f := range figures() {
			if f.group != g.name {
				continue
			}
			v := values[f.key()]
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", f.group, f.name, v, wanted(f.gate), wanted(f.target), wanted(f.stretch), f.verdict(v.Median))
		}
	}
	if err := printWorker(table); err != nil {
		return err
	}
	for _, w := range fixtures.Workloads {
		made, appended, err := allocations(w)
		if err != nil {
			return err
		}
		for _, row := range []struct {
			name      string
			got, want float64
		}{{"allocations, a new output", made, 1}, {"allocations, appended", appended, 0}} {
			reached := ""
			if row.got <= row.want {
				reached = "target"
			}
			fmt.Fprintf(table, "%s\t%s\t%v\t%v\t%v\t-\t%s\n", w.Name, row.name, row.got, row.want, row.want, reached)
		}
	}
	return table.Flush()
}

func wanted(x float64) string {
	if x == 0 {
		return "-"
	}
	return fmt.Sprintf("%.3g", x)
}
