// Command bench prints how long Crosswalk takes to map documents, beside what users would pick instead: the
// same mappings hand-written in Go, in jq, CEL, JavaScript and expr. It makes no claims in absolute times, and
// nothing of it is part of Crosswalk's own module. Start with docs/performance.md.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/crosswalk-go/crosswalk/engine/bench/fixtures"
	"github.com/crosswalk-go/crosswalk/engine/bench/paired"
	"github.com/crosswalk-go/crosswalk/engine/bench/peers"
	"github.com/crosswalk-go/crosswalk/scripting/host"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == scriptWorker {
		os.Exit(host.ServeWorker(os.Stdin, os.Stdout))
	}
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	workloads := flags.String("w", "", "workloads, separated by commas; all without it")
	names := flags.String("p", "", "peers, separated by commas; all without it")
	goals := flags.Bool("goals", false, "show the figures that have goals instead of the peers")
	turns := flags.Int("turns", 60, "turns that each peer takes")
	budget := flags.Duration("budget", 20*time.Second, "time for a workload after which no more turns are taken")
	flags.SetOutput(io.Discard) // main prints the error
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		flags.SetOutput(out)
		flags.PrintDefaults()
		return nil
	} else if err != nil {
		return err
	}
	if err := known(*workloads, func(name string) bool { _, ok := fixtures.Get(name); return ok }); err != nil {
		return fmt.Errorf("workloads: %w", err)
	}
	if err := known(*names, func(name string) bool { _, ok := peers.Get(name); return ok }); err != nil {
		return fmt.Errorf("peers: %w", err)
	}
	o := paired.Options{Turns: *turns, Budget: *budget}
	if *goals {
		return printGoals(out, o)
	}
	shown := fixtures.Workloads
	if *workloads != "" {
		shown = fixtures.All()
	}
	for _, w := range shown {
		if !picked(*workloads, w.Name) {
			continue
		}
		if err := compare(out, w, *names, o); err != nil {
			return err
		}
	}
	return nil
}

// picked tells whether a list of words has name; an empty list has all.
func picked(list, name string) bool {
	return list == "" || slices.Contains(strings.Split(list, ","), name)
}

// known tells which word of a list is none of those that there are.
func known(list string, is func(string) bool) error {
	if list == "" {
		return nil
	}
	for _, name := range strings.Split(list, ",") {
		if !is(name) {
			return fmt.Errorf("there is no %q", name)
		}
	}
	return nil
}
