// Package paired compares how long functions take on a machine that is not quiet: they take turns in slices of
// a few milliseconds of process CPU time, so that a slow second hits all of them alike, and every turn
// gives one ratio. It is not for absolute times, which such a machine does not have. Start with [Measure].
package paired

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// Contender is a function to be timed.
type Contender struct {
	Name string
	Run  func() error
}

// Options says how long to measure.
type Options struct {
	Slice time.Duration // of one contender in one turn; 5 ms when not positive
	Turns int           // 60 when not positive
	// Budget ends the turns early, though not before there are five. Not positive: no end.
	Budget time.Duration
}

// Result holds what every call cost, by contender and turn.
type Result struct {
	names []string
	cost  [][]float64 // nanoseconds a call
}

// Measure lets the contenders take turns. It calls each at least three times before it times anything.
func Measure(contenders []Contender, o Options) (*Result, error) {
	if o.Slice <= 0 {
		o.Slice = 5 * time.Millisecond
	}
	if o.Turns <= 0 {
		o.Turns = 60
	}
	r := &Result{cost: make([][]float64, len(contenders))}
	calls, order := make([]int, len(contenders)), make([]int, len(contenders))
	for i, c := range contenders {
		r.names = append(r.names, c.Name)
		n, err := callsIn(c, o.Slice)
		if err != nil {
			return nil, err
		}
		calls[i], order[i] = n, i
	}
	// Always in the same order, the same contender would pay for collecting the garbage of the one before.
	shuffle := rand.New(rand.NewPCG(1, 2))
	start := time.Now()
	for turn := range o.Turns {
		if o.Budget > 0 && turn >= 5 && time.Since(start) > o.Budget {
			break
		}
		shuffle.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, i := range order {
			c, before := contenders[i], CPU()
			for range calls[i] {
				if err := c.Run(); err != nil {
					return nil, fmt.Errorf("%s: %w", c.Name, err)
				}
			}
			r.cost[i] = append(r.cost[i], float64(CPU()-before)/float64(calls[i]))
		}
	}
	return r, nil
}

// callsIn tells how many calls fill a slice, after enough of them that buffers and pools are warm.
func callsIn(c Contender, slice time.Duration) (int, error) {
	fastest := time.Duration(1<<63 - 1)
	start := time.Now()
	for n := 0; n < 3 || time.Since(start) < slice; n++ {
		begin := time.Now()
		if err := c.Run(); err != nil {
			return 0, fmt.Errorf("%s: %w", c.Name, err)
		}
		fastest = min(fastest, time.Since(begin))
	}
	return max(1, int(slice/max(fastest, 1))), nil
}

// Turns tells how many turns were taken.
func (r *Result) Turns() int { return len(r.cost[0]) }

// Quartiles of the ratios or costs of all turns.
type Quartiles struct{ Lower, Median, Upper float64 }

// String writes them as "1.15 [1.02-1.31]".
func (q Quartiles) String() string {
	return fmt.Sprintf("%s [%s-%s]", short(q.Median), short(q.Lower), short(q.Upper))
}

func short(x float64) string {
	switch {
	case x >= 100:
		return fmt.Sprintf("%.0f", x)
	case x >= 10:
		return fmt.Sprintf("%.1f", x)
	case x >= 1:
		return fmt.Sprintf("%.2f", x)
	}
	return fmt.Sprintf("%.3f", x)
}

// Times returns the quartiles in another unit.
func (q Quartiles) Times(x float64) Quartiles {
	return Quartiles{q.Lower * x, q.Median * x, q.Upper * x}
}

// Cost returns what a call of a contender takes, in nanoseconds of CPU time.
func (r *Result) Cost(name string) Quartiles { return quartiles(r.cost[r.index(name)]) }

// Ratio returns the cost of one contender by that of another, turn by turn.
func (r *Result) Ratio(name, by string) Quartiles {
	return r.Of(func(cost func(string) float64) float64 { return cost(name) / cost(by) })
}

// Of returns a figure that is computed from what calls of contenders cost, turn by turn.
func (r *Result) Of(figure func(cost func(name string) float64) float64) Quartiles {
	figures := make([]float64, r.Turns())
	for turn := range figures {
		figures[turn] = figure(func(name string) float64 { return r.cost[r.index(name)][turn] })
	}
	return quartiles(figures)
}

// Has tells whether a contender took part.
func (r *Result) Has(name string) bool { return slices.Contains(r.names, name) }

func (r *Result) index(name string) int {
	i := slices.Index(r.names, name)
	if i < 0 {
		panic("paired: " + name + " took no part")
	}
	return i
}

func quartiles(x []float64) Quartiles {
	s := slices.Clone(x)
	slices.Sort(s)
	at := func(p float64) float64 { return s[int(p*float64(len(s)-1)+0.5)] }
	return Quartiles{at(0.25), at(0.5), at(0.75)}
}
