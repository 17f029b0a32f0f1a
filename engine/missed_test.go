package engine_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"

	"github.com/crosswalk-go/crosswalk/engine"
)

// Keys without an entry are told however a rule looks them up, and never those that have one or that stand in the rule.
func TestMissed(t *testing.T) {
	tests := []struct {
		name, rules, document string
		want                  string
	}{
		{"a rule that fails", "x: {lookup: t, key: k}", `{"k":"gift"}`, `[{"table":"t","keys":["gift"]}]`},
		{"a rule that omits", "x: {lookup: t, key: k, missing: omit}", `{"k":"gift"}`, `[{"table":"t","keys":["gift"]}]`},
		{"a rule with a value", "x: {lookup: t, key: k, missing: {value: none}}", `{"k":"gift"}`, `[{"table":"t","keys":["gift"]}]`},
		{"a rule that finds it", "x: {lookup: t, key: k, missing: {value: none}}", `{"k":"cash"}`, `null`},
		{"a member", `x: tables.t[k ?? ""] ?? "none"`, `{"k":"gift"}`, `[{"table":"t","keys":["gift"]}]`},
		{"a member that is there", `x: tables.t[k ?? ""]`, `{"k":"cash"}`, `null`},
		{"no key", `x: tables.t[k ?? ""] ?? lookup(tables.t, k, nil)`, `{}`, `null`},
		{"an empty key", `x: tables.t[k ?? ""]`, `{"k":""}`, `null`},
		{"a key of the rule", `x: tables.t["gift"] ?? tables.t.gift ?? lookup(tables.t, "gift", nil)`, `{}`, `null`},
		{"the function", `x: lookup(tables.t, k, nil)`, `{"k":7.0}`, `[{"table":"t","keys":["7"]}]`},
		{"the function that fails", `x: lookup(tables.t, k)`, `{"k":"gift"}`, `[{"table":"t","keys":["gift"]}]`},
		{"tables in tables", `x: lookup(tables.deep[land] ?? {}, rate, nil)`, `{"land":"NL","rate":9}`, `[{"table":"deep","keys":["NL","9"]}]`},
		{"no table in the table", `x: lookup(tables.deep[land] ?? {}, rate, nil)`, `{"land":"BE","rate":21}`,
			`[{"table":"deep","keys":["BE"]},{"table":"deep","keys":["BE","21"]}]`},
		{"tables in tables by one call", `x: lookup(tables.deep, [land, rate], nil)`, `{"land":"NL","rate":9}`, `[{"table":"deep","keys":["NL","9"]}]`},
		{"tables in tables by a rule", "x: {lookup: deep, key: [land, rate], missing: omit}", `{"land":"NL","rate":9}`, `[{"table":"deep","keys":["NL","9"]}]`},
		{"each element", `x: 'map(ks, lookup(tables.t, #, "none"))'`, `{"ks":["cash","gift","voucher"]}`,
			`[{"table":"t","keys":["gift"]},{"table":"t","keys":["voucher"]}]`},
		{"other lists are no tables", `x: doc["gone"] ?? doc.o[k]`, `{"k":"gift","o":{}}`, `null`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := engine.Parse("m.yaml", []byte("from: any\nto: any\nrules:\n  "+tt.rules+
				"\ntables:\n  t: {cash: kas}\n  deep: {NL: {21: high}}\n"))
			if err != nil {
				t.Fatal(err)
			}
			var got []engine.Missed
			_, _ = m.Apply(context.Background(), []byte(tt.document), engine.Input{Missed: func(m engine.Missed) { got = append(got, m) }}) // what fails tells of its key too, and again where it says why
			got = slices.CompactFunc(got, func(a, b engine.Missed) bool { return a.Table == b.Table && slices.Equal(a.Keys, b.Keys) })
			text, err := json.Marshal(got)
			if err != nil {
				t.Fatal(err)
			}
			if string(text) != tt.want {
				t.Errorf("missed %s, want %s", text, tt.want)
			}
		})
	}
}

// Listening changes neither what a document becomes nor what it may cost.
func TestMissedCostsNothing(t *testing.T) {
	text := []byte("from: any\nto: any\nrules:\n  x: {lookup: t, key: 'join(ks, \"-\")', missing: {value: none}}\n  y: lookup(tables.t, join(ks), nil)\ntables: {t: {}}\n")
	document := []byte(`{"ks":["a","b","c","d","e","f","g","h"]}`)
	enough, tooFew := false, false
	for steps := int64(1); steps < 60; steps++ {
		limits := engine.DefaultLimits
		limits.Steps = steps
		m, err := engine.Parse("m.yaml", text, engine.WithLimits(limits))
		if err != nil {
			t.Fatal(err)
		}
		alone, errAlone := m.Apply(context.Background(), document, engine.Input{})
		heard, errHeard := m.Apply(context.Background(), document, engine.Input{Missed: func(engine.Missed) {}})
		if (errAlone == nil) != (errHeard == nil) || string(alone) != string(heard) {
			t.Errorf("%d steps: alone %s %v, heard %s %v", steps, alone, errAlone, heard, errHeard)
		}
		enough, tooFew = enough || errAlone == nil, tooFew || errAlone != nil
	}
	if !enough || !tooFew {
		t.Errorf("the limits are not those between which it turns: enough %v, too few %v", enough, tooFew)
	}
}
