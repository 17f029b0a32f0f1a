package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/mappingtest"
	"github.com/crosswalk-go/crosswalk/mappings"
	"github.com/crosswalk-go/crosswalk/scripting"
)

// testFlags are the flags of `crosswalk test`.
type testFlags struct {
	cover    bool
	minCover int
	watch    bool
	update   bool
}

func newTestCommand(c *cli) *cobra.Command {
	var f testFlags
	cmd := &cobra.Command{
		Use:   "test [PATH...]",
		Short: "Run the tests that stand beside mappings",
		Long: `Run test files: *.test.yaml, each of which names a mapping, documents, and what comes out of them; and *.test.ts and *.test.js, which
test functions of scripts with describe, test and expect.

PATH is a test file, or a folder in which every test file runs; the default is the folder you are in. In folders, what
stands in testdata, node_modules and hidden folders is left alone. A case that fails shows each field that differs, with the
rule that made it and what that read.

--cover counts which rules, cases, branches, defaults and table entries of the mappings, and which statements, functions and
branches of the scripts the tests reach, and lists those that they do not; mappings that are built in, packages and scripts that no test loads are not counted. --min-cover makes the exit code 1 below that many percent.
--update writes every exactly: anew with what comes out; look at the difference before you keep it.
--watch runs the tests again whenever a file that they read changes.`,
		Example: `  crosswalk test
  crosswalk test --cover --min-cover 80 mappings
  crosswalk test --json | jq '.files[].cases[] | select(.diffs)'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = []string{"."}
			}
			f.cover = f.cover || cmd.Flags().Changed("min-cover")
			return c.runTest(cmd.Context(), f, args)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.cover, "cover", false, "count what the tests reach, and list what they do not")
	flags.IntVar(&f.minCover, "min-cover", 0, "fail below this `percent` of coverage")
	flags.BoolVar(&f.watch, "watch", false, "run again when a file changes, until interrupted")
	flags.BoolVarP(&f.update, "update", "u", false, "write what comes out into every exactly:")
	return cmd
}

// testReport is the result of a run of tests, as --json prints it.
type testReport struct {
	Passed   int `json:"passed"`
	Failed   int `json:"failed"`
	Problems int `json:"problems"`
	Skipped  int `json:"skipped,omitempty"`
	mappingtest.Report
}

func (c *cli) runTest(ctx context.Context, f testFlags, args []string) error {
	switch {
	case f.minCover < 0 || f.minCover > 100:
		return misusef("--min-cover is a percentage, 0 to 100")
	case f.watch && f.update:
		return misusef("--watch would run on what --update writes: leave out one of the two")
	case f.watch && c.json:
		return misusef("--watch is for people: leave out --json")
	}
	for _, arg := range args {
		if _, err := os.Stat(arg); err != nil {
			return misuse{err}
		}
	}
	if f.watch {
		ticker := time.NewTicker(300 * time.Millisecond)
		defer ticker.Stop()
		return c.watchTests(ctx, f, args, ticker.C)
	}
	_, err := c.testOnce(ctx, f, args)
	return err
}

// testOnce runs the tests and prints the report. The files that the tests read come back with their stamps.
func (c *cli) testOnce(ctx context.Context, f testFlags, args []string) (map[string]stamp, error) {
	files := &disk{}
	scripts := c.scripts
	opts := mappingtest.Options{Library: mappings.FS, Paths: slashed(args)}
	if f.cover {
		opts.Coverage = &engine.Coverage{}
		scripts = newScriptHost(&scripting.Coverage{}) // of this run alone
		defer scripts.Close()
	}
	opts.Scripts, opts.Engine = scripts, []engine.Option{engine.WithScripts(scripts)}
	var written []string
	if f.update {
		opts.Update = func(name string, data []byte) error {
			name = filepath.FromSlash(name)
			if old, err := os.ReadFile(name); err == nil && string(old) == string(data) {
				return nil
			}
			written = append(written, name)
			return writeInPlace(name, data)
		}
	}
	report, err := mappingtest.Run(ctx, files, opts)
	read := files.stamps()
	if err != nil {
		return read, err
	}
	if len(report.Files) == 0 {
		return read, misusef("there is no test file, *%s, *.test.ts or *.test.js, in %s", mappingtest.Suffix, strings.Join(args, ", "))
	}
	for _, name := range written {
		c.message(map[string]string{"written": name}, "written: %s\n", name)
	}
	return read, c.printTest(report, f)
}

// writeInPlace replaces the text of a file, or makes the file.
func writeInPlace(name string, data []byte) error {
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(name); err == nil {
		mode = info.Mode().Perm()
	}
	return os.WriteFile(name, data, mode)
}

func (c *cli) printTest(report mappingtest.Report, f testFlags) error {
	out := testReport{Report: report}
	out.Passed, out.Failed, out.Problems = report.Count()
	out.Skipped = report.Skipped()
	tooLittle := report.Coverage != nil && report.Coverage.Percent() < f.minCover
	if c.json {
		if err := writeJSON(c.stdout, out); err != nil {
			return err
		}
	} else {
		fmt.Fprint(c.stdout, report.Render())
		for _, file := range report.Files {
			fmt.Fprintln(c.stdout, testLine(file))
		}
		if report.Coverage != nil {
			printCoverage(c, *report.Coverage)
		}
		total := fmt.Sprintf("%s, %d passed, %d failed", count(len(report.Files), "test file"), out.Passed, out.Failed)
		if out.Skipped > 0 {
			total += fmt.Sprintf(", %d skipped", out.Skipped)
		}
		if out.Problems > 0 {
			total += ", " + count(out.Problems, "problem")
		}
		fmt.Fprintln(c.stdout, total)
	}
	if tooLittle {
		c.message(map[string]int{"coverage": report.Coverage.Percent(), "minimum": f.minCover},
			"coverage is %d %%, less than %d %%\n", report.Coverage.Percent(), f.minCover)
	}
	if tooLittle || !report.Passed() {
		return errReported
	}
	return nil
}

// testLine says how one file went.
func testLine(f mappingtest.File) string {
	failed, skipped, unit := 0, 0, "case"
	if mappingtest.IsScript(f.Path) {
		unit = "test"
	}
	for _, c := range f.Cases {
		if !c.Passed() {
			failed++
		}
		if c.Skipped {
			skipped++
		}
	}
	switch {
	case len(f.Problems) > 0:
		return fmt.Sprintf("FAIL  %s  %s, no %s ran", f.Path, count(len(f.Problems), "problem"), unit)
	case failed > 0:
		return fmt.Sprintf("FAIL  %s  %d of %s failed", f.Path, failed, count(len(f.Cases), unit))
	}
	text := fmt.Sprintf("ok    %s  %s", f.Path, count(len(f.Cases), unit))
	if skipped > 0 {
		text += fmt.Sprintf(", %d skipped", skipped)
	}
	return text
}

var kindColumns = []struct {
	kind engine.PointKind
	name string
}{
	{engine.PointRule, "rules"}, {engine.PointCase, "cases"}, {engine.PointBranch, "branches"}, {engine.PointDefault, "defaults"}, {engine.PointEntry, "entries"},
	{engine.PointStatement, "statements"}, {engine.PointFunction, "functions"},
}

// printCoverage prints a table of what was reached, and then what was not.
func printCoverage(c *cli, report engine.CoverageReport) {
	w := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "\nreached")
	columns := kindColumns
	if report.Kinds[engine.PointStatement].Points == 0 { // there are no scripts
		columns = columns[:len(columns)-2]
	}
	for _, k := range columns {
		fmt.Fprint(w, "\t", k.name)
	}
	fmt.Fprintln(w, "\tall")
	row := func(name string, kinds map[engine.PointKind]engine.Tally, all engine.Tally) {
		fmt.Fprint(w, name)
		for _, k := range columns {
			fmt.Fprint(w, "\t", tally(kinds[k.kind]))
		}
		fmt.Fprintf(w, "\t%s  %d %%\n", tally(all), all.Percent())
	}
	for _, f := range report.Files {
		row(f.File, f.Kinds, f.Tally)
	}
	row("total", report.Kinds, report.Tally)
	_ = w.Flush()
	first := true
	for _, f := range report.Files {
		for _, p := range f.Missed() {
			if first {
				fmt.Fprintln(c.stdout, "\nnever reached")
				first = false
			}
			text := p.Text
			if p.Kind == engine.PointRule {
				text = p.Target + ": " + text
			}
			fmt.Fprintf(c.stdout, "  %s  %s  %s\n", p.Pos, p.Kind, text)
		}
	}
	fmt.Fprintln(c.stdout)
}

func tally(t engine.Tally) string {
	if t.Points == 0 {
		return "-"
	}
	return fmt.Sprintf("%d/%d", t.Reached, t.Points)
}

// watchTests runs the tests, and again those whose files changed at each tick, until ctx ends. Coverage is of all of
// them, so with it all run again.
func (c *cli) watchTests(ctx context.Context, f testFlags, args []string, ticks <-chan time.Time) error {
	read := map[string]map[string]stamp{} // by test file: what it read
	var all map[string]stamp
	for {
		names, err := mappingtest.Find(&disk{}, slashed(args)...)
		if err != nil {
			return err
		}
		var stale []string
		for _, name := range names {
			if before, known := read[name]; !known || changed(before) {
				stale = append(stale, name)
			}
		}
		switch {
		case f.cover && (all == nil || len(stale) > 0 || len(names) != len(read)):
			all, err = c.testOnce(ctx, f, args)
			clear(read)
			for _, name := range names {
				read[name] = all
			}
		case !f.cover && len(stale) > 0:
			for _, name := range stale {
				var one error
				read[name], one = c.testOnce(ctx, f, []string{name})
				err = errors.Join(err, one)
			}
		}
		// What fails is told; whoever watches goes on.
		if err != nil && !errors.Is(err, errReported) && ctx.Err() == nil {
			c.message(map[string]string{"error": err.Error()}, "crosswalk: %v\n", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticks:
		}
	}
}

func slashed(args []string) []string {
	out := make([]string, len(args))
	for i, arg := range args {
		out[i] = filepath.ToSlash(filepath.Clean(arg))
	}
	return out
}

// changed tells whether any of the files is no longer what it was.
func changed(files map[string]stamp) bool {
	for name, before := range files {
		if stampOf(name) != before {
			return true
		}
	}
	return false
}
