package main

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/crosswalk-go/crosswalk/engine/bench/fixtures"
	"github.com/crosswalk-go/crosswalk/engine/bench/paired"
)

var update = flag.Bool("update", false, "record what is better than before")

// recordFile holds what every figure has reached, so that no change makes it worse unnoticed. With -update it
// is tightened; who makes the engine slower on purpose writes the new value by hand and says why.
const recordFile = "testdata/reached.txt"

// TestGate fails when the engine is slower than it was, or than a gate that it had reached. The
// lower quartile counts, and what fails is measured again, so that it takes more than a busy machine to fail.
func TestGate(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: takes about 20 seconds")
	}
	if raceEnabled {
		t.Skip("the race detector slows the peers down unevenly")
	}
	record := readRecord(t)
	for _, g := range groups() {
		t.Run(g.name, func(t *testing.T) {
			var complaints []string
			for range 3 {
				values, err := measureGroup(g, paired.Options{Turns: 30, Budget: 2500 * time.Millisecond})
				if err != nil {
					t.Fatal(err)
				}
				if *update {
					tighten(g.name, values, record)
					return
				}
				if complaints = judge(t, g.name, values, record); complaints == nil {
					return
				}
			}
			t.Error(strings.Join(complaints, "\n"))
		})
	}
	if *update {
		writeRecord(t, record)
	}
}

// tighten records what is new or clearly better: the luckiest of many medians would be a record that no
// later run reaches.
func tighten(group string, values map[string]paired.Quartiles, record map[string]float64) {
	for _, f := range figures() {
		if f.group != group || f.slack == 0 {
			continue
		}
		v := values[f.key()]
		if recorded, known := record[f.key()]; !known || v.Upper < recorded {
			record[f.key()] = roundUp(v.Median)
		}
	}
}

// judge compares a group's figures with the record.
func judge(t *testing.T, group string, values map[string]paired.Quartiles, record map[string]float64) []string {
	var complaints []string
	for _, f := range figures() {
		if f.group != group {
			continue
		}
		v := values[f.key()]
		recorded, known := record[f.key()]
		limit := f.limit(recorded)
		t.Logf("%-36s %-22s limit %.4g, gate %s, target %s: %s", f.name, v, limit, wanted(f.gate), wanted(f.target), f.verdict(v.Median))
		switch {
		case f.slack == 0 && v.Lower > limit:
			complaints = append(complaints, fmt.Sprintf("%s: %s, the lower quartile may be %.4g", f.name, v, limit))
		case f.slack == 0:
		case !known:
			complaints = append(complaints, fmt.Sprintf("%s is not in %s: run `go test -update .` here", f.key(), recordFile))
		case v.Lower > limit:
			complaints = append(complaints, fmt.Sprintf("%s: %s is slower than it was: recorded %.4g, the lower quartile may be %.4g", f.name, v, recorded, limit))
		case v.Upper*2*f.slack/ratioSlack < recorded:
			complaints = append(complaints, fmt.Sprintf("%s: %s is more than twice as good as the recorded %.4g: run `go test -update .` here, so that it stays so", f.name, v, recorded))
		}
	}
	return complaints
}

// TestAllocations holds the exact number of allocations for a document, better and worse: it does not
// depend on the machine. The goal is 1, the output, and 0 where there is room for it.
func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	record := readRecord(t)
	for _, w := range fixtures.All() {
		made, appended, err := allocations(w)
		if err != nil {
			t.Fatal(err)
		}
		for key, got := range map[string]float64{w.Name + ": allocations": made, w.Name + ": allocations, appended": appended} {
			recorded, known := record[key]
			switch {
			case *update && (!known || got < recorded):
				record[key] = got
			case !known:
				t.Errorf("%s is not in %s: run `go test -update .` here", key, recordFile)
			case got > recorded:
				t.Errorf("%s: %v for a document, there were %v", key, got, recorded)
			case got < recorded:
				t.Errorf("%s: %v for a document, fewer than the recorded %v: run `go test -update .` here, so that it stays so", key, got, recorded)
			}
		}
	}
	if *update {
		writeRecord(t, record)
	}
}

// TestLimit holds the arithmetic of the gate.
func TestLimit(t *testing.T) {
	f := figure{goal: goal{gate: 1.5}, slack: 1.25}
	for _, test := range []struct{ recorded, want float64 }{
		{24, 30},     // far off: no slower than it was
		{1.4, 1.5},   // reached: the gate never breaks
		{1.5, 1.875}, // just reached: a busy machine is no regression
		{1.0, 1.25},  // better than the gate: stays so
	} {
		if got := f.limit(test.recorded); math.Abs(got-test.want) > 1e-9 {
			t.Errorf("recorded %v: limit %v, want %v", test.recorded, got, test.want)
		}
	}
	for name, test := range map[string]struct {
		f    figure
		want float64
	}{
		"no gate":              {figure{slack: 1.25}, 2.5},
		"no record":            {figure{goal: goal{gate: 1.3}}, 1.3},
		"neither, shown alone": {figure{}, math.Inf(1)},
	} {
		if got := test.f.limit(2); got != test.want {
			t.Errorf("%s: limit %v, want %v", name, got, test.want)
		}
	}
}

// TestJudge holds that the gate fails on what it should, with measurements made up.
func TestJudge(t *testing.T) {
	f := figures()[0] // that of the group tiny, which has no other
	judged := func(v paired.Quartiles, record map[string]float64) string {
		values := map[string]paired.Quartiles{}
		for _, g := range figures() {
			if g.group == f.group {
				values[g.key()] = v
			}
		}
		return strings.Join(judge(t, f.group, values, record), "\n")
	}
	at := func(x float64) paired.Quartiles { return paired.Quartiles{Lower: x * .9, Median: x, Upper: x * 1.1} }
	for _, test := range []struct {
		now  float64
		want string
	}{{1, ""}, {1.3, ""}, {1.7, "slower"}, {0.7, ""}, {0.3, "-update"}} {
		got := judged(at(test.now), map[string]float64{f.key(): 1})
		if (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
			t.Errorf("%v after 1: %q, want %q", test.now, got, test.want)
		}
	}
	record := map[string]float64{}
	for _, step := range []struct{ now, want float64 }{{1, 1}, {0.95, 1}, {0.5, 0.5}, {3, 0.5}} { // 0.95 is luck
		tighten(f.group, map[string]paired.Quartiles{f.key(): at(step.now)}, record)
		if record[f.key()] != step.want {
			t.Errorf("after %v the record is %v, want %v", step.now, record, step.want)
		}
	}
	if got := judged(at(1), nil); !strings.Contains(got, "is not in") {
		t.Errorf("unknown: %q", got)
	}
}

// roundUp keeps three digits.
func roundUp(x float64) float64 {
	scale := math.Pow(10, 2-math.Floor(math.Log10(x)))
	return math.Ceil(x*scale) / scale
}

func readRecord(t *testing.T) map[string]float64 {
	t.Helper()
	text, err := os.ReadFile(recordFile)
	if err != nil && !*update {
		t.Fatal(err)
	}
	record := map[string]float64{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		key, number, ok := strings.Cut(lines.Text(), " = ")
		if !ok {
			continue
		}
		if record[key], err = strconv.ParseFloat(number, 64); err != nil {
			t.Fatal(err)
		}
	}
	return record
}

func writeRecord(t *testing.T, record map[string]float64) {
	t.Helper()
	var b strings.Builder
	b.WriteString("What the engine has reached; tests hold it. `go test -update .` tightens, by hand it is loosened, with a reason.\n\n")
	for _, key := range slices.Sorted(maps.Keys(record)) {
		fmt.Fprintf(&b, "%s = %s\n", key, strconv.FormatFloat(record[key], 'f', -1, 64))
	}
	if err := os.WriteFile(recordFile, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
