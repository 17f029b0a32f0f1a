package paired_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crosswalk-go/crosswalk/engine/bench/paired"
)

// work keeps the CPU busy for n rounds.
func work(n int) func() error {
	return func() error {
		x := uint64(1)
		for range n {
			x = x*6364136223846793005 + 1442695040888963407
		}
		if x == 0 {
			return errors.New("never: the generator's period has no zero here")
		}
		return nil
	}
}

// The factor between the two is far from 1, and the bounds are far from the factor: no claim about time is made.
func TestMeasureTellsFastFromSlow(t *testing.T) {
	r, err := paired.Measure([]paired.Contender{
		{Name: "fast", Run: work(20_000)}, {Name: "slow", Run: work(400_000)},
	}, paired.Options{Slice: 2 * time.Millisecond, Turns: 15})
	if err != nil {
		t.Fatal(err)
	}
	if r.Turns() != 15 {
		t.Errorf("%d turns", r.Turns())
	}
	up, down := r.Ratio("slow", "fast"), r.Ratio("fast", "slow")
	if up.Median < 4 || down.Median > 0.25 {
		t.Errorf("slow by fast %v, fast by slow %v", up, down)
	}
	if same := r.Ratio("slow", "slow"); same != (paired.Quartiles{Lower: 1, Median: 1, Upper: 1}) {
		t.Errorf("by itself %v", same)
	}
	for _, q := range []paired.Quartiles{up, down, r.Cost("fast")} {
		if q.Lower > q.Median || q.Median > q.Upper || q.Lower <= 0 {
			t.Errorf("quartiles out of order: %v", q)
		}
	}
}

func TestMeasureTakesTurns(t *testing.T) {
	var order []string
	contender := func(name string) paired.Contender {
		return paired.Contender{Name: name, Run: func() error {
			order = append(order, name)
			time.Sleep(time.Millisecond) // so that one call fills a slice
			return nil
		}}
	}
	if _, err := paired.Measure([]paired.Contender{contender("a"), contender("b")}, paired.Options{Slice: time.Microsecond, Turns: 20}); err != nil {
		t.Fatal(err)
	}
	first := map[string]int{}
	for turn := range slices.Chunk(order[len(order)-40:], 2) {
		if turn[0] == turn[1] {
			t.Fatalf("%s came twice in one turn", turn[0])
		}
		first[turn[0]]++
	}
	if first["a"] == 0 || first["b"] == 0 {
		t.Errorf("who came first: %v", first)
	}
}

func TestMeasureEndsWithItsBudget(t *testing.T) {
	r, err := paired.Measure([]paired.Contender{{Name: "a", Run: work(100)}}, paired.Options{Slice: time.Microsecond, Budget: 1})
	if err != nil {
		t.Fatal(err)
	}
	if r.Turns() != 5 {
		t.Errorf("%d turns, want the five that are the least", r.Turns())
	}
}

func TestMeasureFails(t *testing.T) {
	broken, calls := errors.New("broken"), 0
	for _, after := range []int{0, 10} {
		calls = 0
		_, err := paired.Measure([]paired.Contender{{Name: "a", Run: func() error {
			if calls++; calls > after {
				return broken
			}
			return nil
		}}}, paired.Options{Slice: time.Nanosecond})
		if !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), "a: ") {
			t.Errorf("failing after %d calls: %v", after, err)
		}
	}
}

func TestRatioOfAStranger(t *testing.T) {
	r, err := paired.Measure([]paired.Contender{{Name: "a", Run: work(1)}}, paired.Options{Slice: 1, Turns: 1})
	if err != nil {
		t.Fatal(err)
	}
	if !r.Has("a") || r.Has("b") {
		t.Error("Has is wrong")
	}
	defer func() {
		if recover() == nil {
			t.Error("a contender that took no part has a ratio")
		}
	}()
	r.Ratio("a", "b")
}

func ExampleQuartiles() {
	q := paired.Quartiles{Lower: 0.1, Median: 1.234, Upper: 123.4}
	fmt.Println(q)
	fmt.Println(q.Times(10))
	// Output:
	// 1.23 [0.100-123]
	// 12.3 [1.00-1234]
}
