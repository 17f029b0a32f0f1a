package engine_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/crosswalk-go/crosswalk/engine"
)

// attack is a rule that tries to take the process with it.
type attack struct {
	name string
	expr string
	// codes are what it may end in; "" is a result.
	codes string
}

var attacks = []attack{
	{"range of a billion", `1..1000000000`, "CW2007"},
	{"range that overflows", `-9223372036854775807..9223372036854775807`, "CW2007"},
	{"a million elements", `count(1..999998)`, ""},
	{"doubling a text", `reduce(1..40, #acc + #acc, "x")`, "CW2007"},
	{"growing a text", `reduce(1..900000, #acc + "xxxxxxxxxx", "")`, "CW2007"},
	{"doubling a list", `reduce(1..40, [#acc, #acc], [1])`, "CW2007"},
	{"nesting a list", `reduce(1..900000, [#acc], [1])`, "CW2007"},
	{"comparing what was doubled", `let x = reduce(1..20, [#acc, #acc], [1]); count(1..1000, x == x)`, "CW2007"},
	{"lists in lists", `map(1..999, map(1..999, map(1..999, #)))`, "CW2007"},
	{"four loops over the input", `sum(a, sum(a, sum(a, sum(a, 1))))`, "CW2007"},
	{"five loops that test", `count(a, count(a, count(a, count(a, count(a, # > 0) > 0) > 0) > 0) > 0)`, "CW2007"},
	{"texts from the input", `map(a, map(a, map(a, "abcdefgh" + "x")))`, "CW2007"},
	{"sorting a million", `count(sortBy(1..900000, -#))`, ""},
	{"grouping a million", `groupBy(1..900000, #)`, "CW2007"},
	{"power of a power", `((9 ** 999) ** 999) ** 999`, "CW2006"},
	{"a huge exponent", `2 ** 100000000`, "CW2006"},
	{"multiplying up", `reduce(1..100000, #acc * 99999999999, 1)`, "CW2006"},
	{"dividing for ever", `reduce(1..100000, #acc / 3, 1)`, "CW2006 "},
	{"an evil pattern", `"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!" matches "^(a+)+$"`, ""},
	{"a pattern that explodes", `"a" matches "((a{100}){100}){100}"`, "CW1026"},
	{"nested (", strings.Repeat("(", 1_000_000), "CW1011 CW1002"},
	{"nested [", "(" + strings.Repeat("[", 15_000), "CW1011 CW1002"},
	{"nested {", "(" + strings.Repeat("{a:", 5_000), "CW1011 CW1002"},
	{"minus", "1 " + strings.Repeat("-", 15_000) + "1", "CW1011"},
	{"not", strings.Repeat("not ", 4_000) + "a", "CW1011"},
	{"a sum of many terms", "1" + strings.Repeat("+1", 7_000), "CW1011"},
	{"questions in questions", strings.Repeat("a ? ", 2_000) + "1" + strings.Repeat(" : 2", 2_000), "CW1011 CW2009"},
	{"a chain of members", "a" + strings.Repeat(".a", 5_000), "CW1011 CW2004"},
	{"if else if", strings.Repeat("if false {1} else ", 800) + "{2}", " CW1011"},
	{"comparing two lists that differ in their texts", `let b = map(a, # + 0.0); count(1..900000, a == b)`, "CW2007"},
	{"looking for a list in a list of lists", `let x = reduce(1..15, [#acc, #acc], [1]); count(1..900000, [x, 1] in [[x, 2], [x, 3]])`, "CW2007"},
	{"lists as keys of uniqueness", `let x = reduce(1..15, [#acc, #acc], [1]); count(1..900000, len(unique([x, [x]])) == 1)`, "CW2007"},
	{"comparing a document with itself", `count(1..3000, doc == doc)`, "CW2007 "},
	{"reading the document again and again", `count(1..20000, a[-1] == 300)`, "CW2007 "},
}

const attackVariable = "CROSSWALK_TEST_ATTACK"

// TestAbuse runs each attack in a process of its own and looks at what it took: every one ends
// in a result or a clear error, far below the memory that would hurt a server.
func TestAbuse(t *testing.T) {
	if name := os.Getenv(attackVariable); name != "" {
		for _, a := range attacks {
			if a.name == name {
				ended := a.run()
				fmt.Printf("ended in: %s\ntook: %d MB\n", ended, peak())
			}
		}
		return
	}
	if testing.Short() {
		t.Skip("starts a process for each attack")
	}
	program := attackProgram(t)
	places := make(chan struct{}, 2) // attacks at a time: each may take 300 MB
	for _, a := range attacks {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			places <- struct{}{}
			defer func() { <-places }()
			ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
			defer cancel()
			cmd := exec.CommandContext(ctx, program, "-test.run=^TestAbuse$", "-test.v")
			cmd.Env = append(os.Environ(), attackVariable+"="+a.name)
			out, err := cmd.CombinedOutput()
			_, ended, ok := strings.Cut(string(out), "ended in: ")
			if err != nil || !ok {
				t.Fatalf("the process died: %v\n%.2000s", err, out)
			}
			ended, took, _ := strings.Cut(ended, "\ntook: ")
			var megabytes int
			if _, err := fmt.Sscanf(took, "%d MB", &megabytes); err != nil {
				t.Fatalf("it does not say what it took: %v\n%.2000s", err, out)
			}
			allowed := strings.Split(a.codes, " ")
			found := false
			for _, code := range allowed {
				found = found || code == ended
			}
			if !found {
				t.Errorf("ended in %q, want one of %q", ended, allowed)
			}
			t.Logf("%s, %d MB, %s", ended, megabytes, cmd.ProcessState.UserTime())
			if megabytes > 300 {
				t.Errorf("took %d MB", megabytes)
			}
		})
	}
}

// peak returns the most memory in MB that this process ever had. What a parent is told by wait4 on Linux is not that: it counts the
// parent's own memory, which the child had until it became this program.
func peak() int {
	if status, err := os.ReadFile("/proc/self/status"); err == nil {
		if _, rest, ok := strings.Cut(string(status), "VmHWM:"); ok {
			var kilobytes int
			if _, err := fmt.Sscan(rest, &kilobytes); err == nil {
				return kilobytes >> 10
			}
		}
	}
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return int(usage.Maxrss >> 10)
}

// attackProgram returns the test program that the attacks run in. With the race detector, which takes ten times the
// time and memory and has nothing to find in one goroutine, that is a program built without it.
func attackProgram(t *testing.T) string {
	if !raceEnabled {
		return os.Args[0]
	}
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command to build a program without the race detector")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	program := filepath.Join(t.TempDir(), "attack.test")
	if out, err := exec.CommandContext(ctx, "go", "test", "-race=false", "-c", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("go test -c: %v\n%s", err, out)
	}
	return program
}

func (a attack) run() string {
	items := make([]string, 300)
	for i := range items {
		items[i] = fmt.Sprint(i + 1)
	}
	doc := `{"a":[` + strings.Join(items, ",") + `]}`
	m, err := engine.Parse("m.yaml", []byte("from: any\nto: any\nrules:\n  x: |-\n    "+a.expr+"\n"))
	if err == nil {
		_, err = m.Apply(context.Background(), []byte(doc), engine.Input{})
	}
	var ds engine.Diagnostics
	if errors.As(err, &ds) {
		return ds[0].Code
	}
	if err != nil {
		return err.Error()
	}
	return ""
}
