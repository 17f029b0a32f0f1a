package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/crosswalk-go/crosswalk/engine/bench/fixtures"
	"github.com/crosswalk-go/crosswalk/engine/bench/paired"
	"github.com/crosswalk-go/crosswalk/engine/bench/peers"
)

// contenders makes the peers that names picks ready to map the workload.
func contenders(w fixtures.Workload, names string) ([]paired.Contender, error) {
	src := w.Make()
	var cs []paired.Contender
	for _, p := range peers.All() {
		if !picked(names, p.Name) {
			continue
		}
		f, err := p.Make(w.Mapping)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.Name, err)
		}
		cs = append(cs, paired.Contender{Name: p.Name, Run: func() error {
			_, err := f(src)
			return err
		}})
	}
	return cs, nil
}

// compare prints what each peer takes for a workload, and what that is by the cost of the anchors.
func compare(out io.Writer, w fixtures.Workload, names string, o paired.Options) error {
	cs, err := contenders(w, names)
	if err != nil {
		return err
	}
	r, err := paired.Measure(cs, o)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: %d bytes, %d turns, median [quartiles]\n", w.Name, len(w.Make()), r.Turns())
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	anchors := []string{peers.Valid, peers.Handwritten, peers.GoJSON, peers.Crosswalk}
	fmt.Fprint(table, "peer\tµs CPU a document")
	for _, a := range anchors {
		if r.Has(a) {
			fmt.Fprintf(table, "\tby %s", a)
		}
	}
	fmt.Fprintln(table)
	for _, c := range cs {
		cost := r.Cost(c.Name)
		fmt.Fprintf(table, "%s\t%.1f", c.Name, cost.Median/1e3)
		for _, a := range anchors {
			if r.Has(a) {
				fmt.Fprintf(table, "\t%s", r.Ratio(c.Name, a))
			}
		}
		fmt.Fprintln(table)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err = fmt.Fprintln(out)
	return err
}
