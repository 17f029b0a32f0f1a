package engine_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/crosswalk-go/crosswalk/engine"
)

// orderMapping has what mappings of orders have: lets that loop, lists in lists, lookups, cases, rounding.
const orderMapping = `
from: any
to: any
let:
  total: sum(lines, .price * .quantity)
  weights: map(lines, .weight ?? 0)
rules:
  number: number
  total: {expr: total, round: 2}
  heaviest: max(weights)
  lines[]: {each: lines, as: line, where: line.type == "product"}
  lines[].sku: upper(line.sku)
  lines[].share: {expr: line.price * line.quantity / total, round: 4}
  lines[].kind: {when: [{if: line.quantity > 1, value: many}, {value: one}]}
  lines[].tax: {lookup: taxes, key: line.rate, missing: omit}
  lines[].tags[]: {each: line.tags, as: tag, expr: lower(tag)}
tables: {taxes: {21: high, 9: low}}
`

func orderOf(lines int) []byte {
	var b strings.Builder
	b.WriteString(`{"number":"10042","lines":[`)
	for i := range lines {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"type":"product","sku":"sw-%06d","price":19.10,"quantity":%d,"rate":21.00,"weight":1.5,"tags":["A","B"]}`, i, 1+i%2)
	}
	b.WriteString("]}")
	return []byte(b.String())
}

// stepsOf finds the smallest number of steps with which the document can be mapped: what it costs, whatever
// the machine's clock says.
func stepsOf(t *testing.T, mapping string, doc []byte) int {
	t.Helper()
	m := parse(t, mapping)
	maps := func(steps int64) bool {
		m.LimitSteps(steps)
		_, err := m.Apply(context.Background(), doc, engine.Input{})
		return err == nil
	}
	low, high := int64(0), int64(1) // low is too few
	for !maps(high) {
		if low, high = high, high*2; high > engine.DefaultLimits.Steps {
			t.Fatal("more than the default limit")
		}
	}
	for low+1 < high {
		if mid := (low + high) / 2; maps(mid) {
			high = mid
		} else {
			low = mid
		}
	}
	return int(high)
}

// growsLinearly tells whether each of ten times as many things costs what each of the first ones did.
func growsLinearly(t *testing.T, what string, cost func(n int) int) {
	t.Helper()
	sizes := []int{1, 10, 100, 1000}
	var costs []int
	for _, n := range sizes {
		costs = append(costs, cost(n))
	}
	per := func(i int) float64 { return float64(costs[i]-costs[i-1]) / float64(sizes[i]-sizes[i-1]) }
	t.Logf("%s: %v for %v, %.2f each", what, costs, sizes, per(3))
	if per(3) <= 0 || per(3) > 1.05*per(1) || per(3) > 1.05*per(2) {
		t.Errorf("%s: %v for %v: one more costs %.2f, %.2f, %.2f", what, costs, sizes, per(1), per(2), per(3))
	}
}

func TestCostGrowsLinearly(t *testing.T) {
	growsLinearly(t, "steps by lines", func(n int) int { return stepsOf(t, orderMapping, orderOf(n)) })
	patched := strings.Replace(orderMapping, "tables:", "  first: out.number\ntables:", 1) // maps the thorough way
	growsLinearly(t, "steps by lines, thoroughly", func(n int) int { return stepsOf(t, patched, orderOf(n)) })
	growsLinearly(t, "steps by rules", func(n int) int {
		var rules strings.Builder
		for i := range n {
			fmt.Fprintf(&rules, "  f%d: upper(number) + \"x\"\n", i)
		}
		return stepsOf(t, "from: any\nto: any\nrules:\n"+rules.String(), orderOf(1))
	})
	growsLinearly(t, "steps by fields that no rule reads", func(n int) int {
		doc := strings.Replace(string(orderOf(1)), `{`, `{`+strings.Repeat(`"extra":{"a":[1,2]},`, n), 1)
		return stepsOf(t, orderMapping, []byte(doc)) + n // which cost nothing: n keeps the slope above zero
	})
	if raceEnabled {
		return // allocates on its own
	}
	m := parse(t, orderMapping)
	growsLinearly(t, "allocations by lines", func(n int) int {
		doc := orderOf(n)
		return n + int(testing.AllocsPerRun(5, func() {
			if _, err := m.Apply(context.Background(), doc, engine.Input{}); err != nil {
				t.Error(err)
			}
		}))
	})
}
