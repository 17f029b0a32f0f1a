package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"sync"
	"testing/fstest"
	"time"

	"github.com/dop251/goja"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/bench/fixtures"
	"github.com/crosswalk-go/crosswalk/engine/bench/mappings"
	"github.com/crosswalk-go/crosswalk/engine/bench/paired"
	"github.com/crosswalk-go/crosswalk/scripting"
	"github.com/crosswalk-go/crosswalk/scripting/host"
)

// scriptWorker is the argument with which this program is a process for scripts.
const scriptWorker = "scriptworker"

// The function of a line and the same logic as a rule, and a function of a whole document.
const (
	lineScript     = "export const label = (sku, quantity) => quantity.gt(1) ? `${quantity} x ${sku}` : sku;\n"
	lineExpression = `item.quantity > 1 ? string(item.quantity) + " x " + item.payload.productNumber : item.payload.productNumber`
	lineCall       = "label(item.payload.productNumber, item.quantity)"
	orderScript    = "export const summary = (order) => ({number: order.orderNumber, lines: order.lineItems.length, first: order.lineItems[0].label});\n"
)

// scriptGroups is what is measured of scripts in CPU time.
func scriptGroups() []group {
	return []group{
		{"scripts", func() ([]paired.Contender, error) {
			order, err := mappings.FS.ReadFile("order.yaml")
			if err != nil {
				return nil, err
			}
			var cs []paired.Contender
			for _, c := range []struct{ name, mapping, rule string }{
				{"order, function", string(order), lineCall}, {"order, expression", string(order), lineExpression}, {"order", string(order), "missing"},
				{"rule, function", "", lineCall}, {"rule, expression", "", lineExpression},
			} {
				contender, err := lineContender(c.name, c.mapping, c.rule)
				if err != nil {
					return nil, err
				}
				cs = append(cs, contender)
			}
			return cs, nil
		}},
		{"script calls", scriptCalls},
	}
}

// lineContender maps an order of 200 lines by a mapping and one rule more for each line, or none; no mapping is that rule alone.
func lineContender(name, mapping, rule string) (paired.Contender, error) {
	files := fstest.MapFS{"a.js": {Data: []byte(lineScript)}}
	head := "scripts: [a.js]\n"
	if mapping == "" {
		head += "from: any\nto: any\nrules:\n  lines[]: {each: lineItems, as: item}\n"
	} else {
		files["order.yaml"] = &fstest.MapFile{Data: []byte(mapping)}
		head += "extends: ./order.yaml\nrules:\n"
	}
	rule = "  lines[].label: '" + rule + "'\n"
	files["a.yaml"] = &fstest.MapFile{Data: []byte(head + rule)}
	m, err := engine.Load("a.yaml", engine.Files(files), engine.WithScripts(host.New(scripting.Options{})))
	if err != nil {
		return paired.Contender{}, err
	}
	src := orderOf200()
	return paired.Contender{Name: name, Run: func() error {
		_, err := m.Apply(context.Background(), src, engine.Input{})
		return err
	}}, nil
}

func orderOf200() []byte {
	w, _ := fixtures.Get("order200")
	return w.Make()
}

// scriptCalls compares a call of ours with goja alone, and calls on all cores with calls on one.
func scriptCalls() ([]paired.Contender, error) {
	src := fixtures.Order(1, 3)
	scripts, err := scripting.Load(fstest.MapFS{"a.js": {Data: []byte(orderScript)}}, []string{"a.js"}, scripting.Options{})
	if err != nil {
		return nil, err
	}
	call := func() error {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		_, err := scripts.Call(ctx, "summary", src)
		return err
	}
	bare, err := bareCall(src)
	if err != nil {
		return nil, err
	}
	cores := runtime.GOMAXPROCS(0)
	return []paired.Contender{
		{Name: "pooled", Run: call}, {Name: "goja", Run: bare},
		{Name: "one core", Run: func() error {
			for range 64 * cores {
				if err := call(); err != nil {
					return err
				}
			}
			return nil
		}},
		{Name: "all cores", Run: func() error {
			errs := make([]error, cores)
			var done sync.WaitGroup
			for i := range cores {
				done.Go(func() {
					for range 64 {
						errs[i] = errors.Join(errs[i], call())
					}
				})
			}
			done.Wait()
			return errors.Join(errs...)
		}},
	}, nil
}

// bareCall is what a program does that has goja and nothing around it: JSON in, the function, JSON out.
func bareCall(src []byte) (func() error, error) {
	rt := goja.New()
	if _, err := rt.RunString(`var summary = (order) => ({number: order.orderNumber, lines: order.lineItems.length, first: order.lineItems[0].label});
var call = (text) => JSON.stringify(summary(JSON.parse(text)))`); err != nil {
		return nil, err
	}
	call, ok := goja.AssertFunction(rt.Get("call"))
	if !ok {
		return nil, errors.New("no function")
	}
	return func() error {
		v, err := call(goja.Undefined(), rt.ToValue(string(src)))
		if err == nil && !json.Valid([]byte(v.String())) {
			err = errors.New("no JSON")
		}
		return err
	}, nil
}

// scriptFigures are the figures of these groups.
func scriptFigures() []figure {
	ratio := func(group, name, a, b string, g goal) figure {
		return figure{name, group, g, 0, func(r *paired.Result) paired.Quartiles { return r.Ratio(a, b) }}
	}
	return []figure{
		ratio("scripts", "order200, function a line / none", "order, function", "order", goal{3, 2.2, 0}),
		ratio("scripts", "order200, function a line / expression", "order, function", "order, expression", goal{3, 2.2, 0}),
		ratio("scripts", "that rule alone", "rule, function", "rule, expression", goal{}),
		ratio("script calls", "call with deadline / goja and its JSON", "pooled", "goja", goal{1.2, 1, 0.5}),
		ratio("script calls", "CPU a call, all cores / one", "all cores", "one core", goal{1.3, 1.15, 1}),
	}
}

// printWorker prints what a process adds to the call of a document's script. The clock on the wall is what counts here, so that
// a busy machine shows.
func printWorker(out io.Writer) error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	src := fixtures.Order(1, 3)
	files := fstest.MapFS{"a.js": {Data: []byte(orderScript)}}
	var calls []func() (time.Duration, error)
	for _, o := range []scripting.Options{{}, {Worker: []string{exe, scriptWorker}}} {
		s, err := scripting.Load(files, []string{"a.js"}, o)
		if err != nil {
			return err
		}
		defer s.Close()
		calls = append(calls, func() (time.Duration, error) {
			start := time.Now()
			_, err := s.Call(context.Background(), "summary", src)
			return time.Since(start), err
		})
	}
	const turns, warm = 2000, 200
	var took [2][]float64
	for turn := range turns {
		for i, call := range calls {
			d, err := call()
			if err != nil {
				return err
			}
			if turn >= warm {
				took[i] = append(took[i], float64(d.Nanoseconds())/1000)
			}
		}
	}
	for i := range took {
		slices.Sort(took[i])
	}
	added := func(quarter int) float64 { return took[1][len(took[1])*quarter/4] - took[0][len(took[0])*quarter/4] }
	goal := goal{150, 75, 30}
	fmt.Fprintf(out, "worker\tadded to a document's call, microseconds\t%.3g [%.3g %.3g]\t%s\t%s\t%s\t%s\n",
		added(2), added(1), added(3), wanted(goal.gate), wanted(goal.target), wanted(goal.stretch), goal.verdict(added(2)))
	return nil
}
