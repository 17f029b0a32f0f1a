package main

import (
	"context"
	"encoding/binary"
	"errors"
	"math/bits"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/bench/fixtures"
	"github.com/crosswalk-go/crosswalk/engine/bench/mappings"
	"github.com/crosswalk-go/crosswalk/engine/bench/paired"
	"github.com/crosswalk-go/crosswalk/engine/bench/peers"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// The goals of this file compare the engine with itself.

// engineGroups returns what takes turns for them.
func engineGroups() []group {
	return []group{
		{"append", func() ([]paired.Contender, error) {
			made, err := crosswalks("order", "order")
			if err != nil {
				return nil, err
			}
			appended, err := appends("order", "order")
			return append(made, appended), err
		}},
		{"strict", strictness},
		{"built", func() ([]paired.Contender, error) {
			built, err := crosswalks("order-built", "order")
			if err != nil {
				return nil, err
			}
			w, _ := fixtures.Get("order")
			hand, err := contenders(w, peers.Handwritten)
			return append(built, hand...), err
		}},
		{"explain", func() ([]paired.Contender, error) {
			plain, err := crosswalks("order", "order")
			if err != nil {
				return nil, err
			}
			m, err := engine.Load("order.yaml", engine.Files(mappings.FS))
			if err != nil {
				return nil, err
			}
			src := fixtures.Order(4, 1)
			if _, err := m.Explain(context.Background(), src, engine.Input{}); err != nil {
				return nil, err
			}
			return append(plain, paired.Contender{Name: "explained", Run: func() error {
				_, err := m.Apply(context.Background(), src, engine.Input{})
				return err
			}}), nil
		}},
	}
}

// engineFigures returns what is said of them.
func engineFigures() []figure {
	return []figure{
		{"appended / a new output", "append", goal{}, 0, func(r *paired.Result) paired.Quartiles {
			return r.Ratio("append order/order", "order/order")
		}},
		// The pass checks all bytes. One that only skipped what no rule reads would at best be as fast as skimming.
		{"checked / skimmed", "strict", goal{1.25, 1.15, 1.10}, 0, func(r *paired.Result) paired.Quartiles {
			return r.Of(func(cost func(string) float64) float64 {
				return cost("order/order") / (cost("order/order") - cost("checked") + cost("skimmed"))
			})
		}},
		// There is no machine of expr's to fall back to: this is the engine's own slowest way.
		{"output built first / " + peers.Handwritten, "built", goal{}, 0, func(r *paired.Result) paired.Quartiles {
			return r.Ratio("order-built/order", peers.Handwritten)
		}},
		{"explained before / never", "explain", goal{1.02, 1.00, 0}, 0, func(r *paired.Result) paired.Quartiles {
			return r.Ratio("explained", "order/order")
		}},
	}
}

// appends makes a mapping of ours ready to append to the same room again and again.
func appends(mapping, workload string) (paired.Contender, error) {
	m, err := engine.Load(mapping+".yaml", engine.Files(mappings.FS))
	if err != nil {
		return paired.Contender{}, err
	}
	w, _ := fixtures.Get(workload)
	src, room := w.Make(), []byte(nil)
	return paired.Contender{Name: "append " + mapping + "/" + workload, Run: func() error {
		out, err := m.Append(context.Background(), room[:0], src, engine.Input{})
		if err == nil {
			room = out
		}
		return err
	}}, nil
}

// strictness has the engine, its pass over a document of which no rule reads anything, and a skimmer of the same bytes.
func strictness() ([]paired.Contender, error) {
	cs, err := crosswalks("order", "order")
	if err != nil {
		return nil, err
	}
	src := fixtures.Order(4, 1)
	text := string(src)
	var keys value.Keys
	keys.Seal()
	plan := value.NewPlan(&value.Place{}, &keys)
	var tape value.Tape
	return append(cs,
		paired.Contender{Name: "checked", Run: func() error {
			if _, ok := tape.Parse(text, &keys, plan, 1000); !ok {
				return errNoJSON
			}
			return nil
		}},
		paired.Contender{Name: "skimmed", Run: func() error {
			if skim(src) != len(src) {
				return errNoJSON
			}
			return nil
		}},
	), nil
}

var errNoJSON = errors.New("the fixture is no JSON")

// skim returns the end of the object or list that s starts with. It looks for brackets and the ends of strings and
// checks nothing.
func skim(s []byte) int {
	depth := 0
	for i := 0; i < len(s); {
		switch skimClass[s[i]] {
		case skimQuote:
			i = skimString(s, i+1)
			continue
		case skimOpen:
			depth++
		case skimClose:
			if depth--; depth == 0 {
				return i + 1
			}
		}
		i++
	}
	return -1
}

const (
	skimQuote = iota + 1
	skimOpen
	skimClose
)

var skimClass = [256]uint8{'"': skimQuote, '{': skimOpen, '[': skimOpen, '}': skimClose, ']': skimClose}

// skimString returns the index after the quote that ends a string, eight bytes at a time.
func skimString(s []byte, i int) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for i+8 <= len(s) {
		w := binary.LittleEndian.Uint64(s[i:])
		quote, slash := w^ones*'"', w^ones*'\\'
		odd := ((quote-ones)&^quote | (slash-ones)&^slash) & highs
		if odd == 0 {
			i += 8
			continue
		}
		i += bits.TrailingZeros64(odd) >> 3
		if s[i] == '"' {
			return i + 1
		}
		i += 2
	}
	for ; i < len(s); i++ {
		if s[i] == '\\' {
			i++
		} else if s[i] == '"' {
			return i + 1
		}
	}
	return len(s)
}
