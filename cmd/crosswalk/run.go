package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/server/flows"
	"github.com/crosswalk-go/crosswalk/server/project"
	"github.com/crosswalk-go/crosswalk/server/runtime/runner"
)

// runFlags are the flags of `crosswalk run`.
type runFlags struct {
	project   string
	dryRun    bool
	fromStart bool
	resync    bool
	estimate  bool
	since     string
	only      []string
	plan      string
	apply     string
	workers   int
}

func newRunCommand(c *cli) *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run FLOW...",
		Short: "Run flows of the project once",
		Long: `Run a flow once: read what changed since the last run, and plan and carry out each document. Several flows run one after the
other, each after those that its file names under after. A flow of stock always reads all of it, and sends nothing before all is planned.

FLOW is the name of a file in the project's folder flows, without .yaml, or that file. One line is printed for each document: its number,
its outcome, and what it became or why not. The last line accounts for all of them.

With --dry-run nothing is sent and nothing is remembered: for each document the plan is printed, as what would be
created (+) and changed (~), or why it is skipped (-), in doubt (?) or fails (!). --plan keeps these plans in a file, and
--apply carries exactly them out; a document whose target has changed since is refused. A file with a plan that was changed, or that was made for
another flow, project or account, sends nothing; lines may be left out.

With --resync everything from the flow's start, or from --since on, is handled again behind what is new: servers of the same project go on reading and
handle what changes first. One that was stopped goes on where it was. --estimate says what that would cost, and does nothing.

The exit code is 1 where a document failed or is in doubt. Such documents come back in the next run.`,
		Example: `  crosswalk run webshop-orders --dry-run
  crosswalk run webshop-products webshop-orders
  crosswalk run webshop-orders --project /srv/shop --json
  crosswalk run webshop-orders --resync --estimate
  crosswalk run webshop-orders --only 10023 --plan plan.jsonl
  crosswalk run webshop-orders --apply plan.jsonl`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return misusef("run takes one FLOW or more and got 0")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.runFlows(cmd.Context(), f, args)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.project, "project", "", "the project's `folder` (default: this one, or that of a FLOW file)")
	flags.BoolVar(&f.dryRun, "dry-run", false, "print the plans, send nothing")
	flags.BoolVar(&f.fromStart, "from-start", false, "read everything from the flow's start, not only what changed since the last run")
	flags.BoolVar(&f.resync, "resync", false, "handle everything from the flow's start, or since --since, behind what is new")
	flags.BoolVar(&f.estimate, "estimate", false, "say how many documents, calls and minutes a resync would take, and do nothing")
	flags.StringVar(&f.since, "since", "", "read what changed since this `day` or instant (2026-01-31, 2026-01-31T08:00:00+01:00)")
	flags.StringSliceVar(&f.only, "only", nil, "handle only the documents with these `keys` (numbers, SKUs) or ids, whatever was done with them before")
	flags.StringVar(&f.plan, "plan", "", "write the plans of a dry run into this `file`")
	flags.StringVar(&f.apply, "apply", "", "carry out the plans of this `file`, and nothing else")
	flags.IntVar(&f.workers, "workers", 1, "how `many` documents are at the systems at a time")
	return cmd
}

// options are what the flags mean for the run.
func (f runFlags) options() (runner.RunOptions, error) {
	o := runner.RunOptions{Workers: f.workers, FromStart: f.fromStart, Resync: f.resync}
	for _, key := range f.only {
		o.Only = append(o.Only, strings.TrimSpace(key))
	}
	if f.workers < 1 || f.workers > 64 {
		return o, misusef("--workers %d: it is a number from 1 to 64", f.workers)
	}
	if f.since != "" {
		at, err := parseInstant(f.since)
		if err != nil {
			return o, misusef("--since %q: %w", f.since, err)
		}
		o.Since = at
		o.FromStart = at.IsZero() && !f.resync // nothing is before that day
	}
	chosen := 0
	for _, set := range []bool{f.fromStart, f.since != "", len(f.only) > 0, f.apply != ""} {
		if set {
			chosen++
		}
	}
	switch {
	case chosen > 1:
		return o, misusef("--from-start, --since, --only and --apply each say what to handle: use one of them")
	case f.resync && (f.fromStart || len(f.only) > 0 || f.apply != "" || f.dryRun || f.plan != ""):
		return o, misusef("--resync handles everything behind what is new: it goes with --since, --workers and --estimate alone")
	case f.estimate && !f.resync:
		return o, misusef("--estimate is about --resync: write both")
	case f.apply != "" && (f.dryRun || f.plan != ""):
		return o, misusef("--apply sends what was planned: it goes with neither --dry-run nor --plan")
	}
	return o, nil
}

// parseInstant reads a day, which begins at midnight UTC, or an instant.
func parseInstant(text string) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, time.RFC3339Nano} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), nil
		}
	}
	return time.Time{}, errors.New("it is no day (2026-01-31) and no instant (2026-01-31T08:00:00+01:00)")
}

func (c *cli) runFlows(ctx context.Context, f runFlags, typed []string) (err error) {
	options, err := f.options()
	if err != nil {
		return err
	}
	if len(typed) > 1 && (len(f.only) > 0 || f.plan != "" || f.apply != "") {
		return misusef("--only, --plan and --apply are about one flow")
	}
	p, names, err := c.loadFlows(f.project, typed)
	if err != nil {
		return err
	}
	set, err := openFlows(ctx, p)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, set.Close(context.WithoutCancel(ctx))) }()
	// A document that failed does not hold up the flows behind; a run that was stopped does.
	var reported error
	names = p.InOrder(names)
	for _, name := range names {
		if len(names) > 1 && !c.json {
			fmt.Fprintf(c.stdout, "%s:\n", name)
		}
		switch err := c.runFlow(ctx, f, set, name, options); {
		case errors.Is(err, errReported):
			reported = err
		case err != nil:
			return set.Store.Lost(err)
		}
	}
	return reported
}

func (c *cli) runFlow(ctx context.Context, f runFlags, set *flows.Set, name string, options runner.RunOptions) (err error) {
	open, err := set.Flow(ctx, name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, open.Close()) }()
	if f.estimate {
		e, err := set.Estimate(ctx, open, options.Since)
		if err != nil {
			return err
		}
		if c.json {
			return writeJSON(c.stdout, e)
		}
		fmt.Fprintln(c.stdout, e)
		return nil
	}

	show := newProgress(c)
	options.OnResult = func(r flow.Result, s flow.Summary) {
		show.clear()
		c.printResult(r)
		show.show("%s: %s", name, s)
	}
	summary, err := c.runOpen(ctx, f, set.Engine, open, options)
	show.clear()
	if summary.Read > 0 || err == nil {
		c.printSummary(summary)
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		if options.Resync {
			return errors.New("stopped: the next run with --resync goes on from here")
		}
		if f.apply != "" {
			return errors.New("stopped: what was carried out is done, and the same file may be applied again for the rest")
		}
		return errors.New("stopped: the next run goes on from here")
	}
	if err == nil && summary.Failed+summary.InDoubt > 0 {
		err = errReported
	}
	return err
}

// runOpen runs a flow that is open in the way that the flags say.
func (c *cli) runOpen(ctx context.Context, f runFlags, engine *runner.Engine, open *runner.Flow, o runner.RunOptions) (flow.Summary, error) {
	switch {
	case f.apply != "":
		plans, err := readPlans(f.apply, engine, open)
		if err != nil {
			return flow.Summary{Flow: open.Name}, err
		}
		return engine.Apply(ctx, open, plans, o)
	case f.plan != "":
		return c.writePlans(ctx, f.plan, engine, open, o)
	}
	o.DryRun = f.dryRun
	return engine.Run(ctx, open, o)
}

// loadProject loads the project of what was typed for a flow, "" for none.
func (c *cli) loadProject(folder, typed string) (*project.Project, string, error) {
	if typed != "" {
		p, names, err := c.loadFlows(folder, []string{typed})
		if err != nil {
			return nil, "", err
		}
		return p, names[0], nil
	}
	p, _, err := c.loadFlows(filepath.Clean(folder), nil)
	return p, "", err
}

// loadFlows loads the project of what was typed for flows.
func (c *cli) loadFlows(dir string, typed []string) (*project.Project, []string, error) {
	var names []string
	for i, t := range typed {
		folder, name := flowPlace(dir, t)
		if i > 0 && filepath.Clean(folder) != filepath.Clean(dir) {
			return nil, nil, misusef("%s and %s belong to two projects", typed[0], t)
		}
		dir, names = folder, append(names, name)
	}
	if _, err := os.Stat(filepath.Join(dir, "crosswalk.yaml")); errors.Is(err, fs.ErrNotExist) {
		return nil, nil, misusef("%s holds no crosswalk.yaml: a project is a folder with one, and --project names it", dir)
	}
	p, err := project.Load(dir, systems, project.Scripts(c.scripts))
	if err != nil {
		return nil, nil, err
	}
	for _, name := range names {
		if _, err := p.Flow(name); err != nil {
			return nil, nil, misuse{err}
		}
	}
	return p, names, nil
}

// flowPlace tells the project's folder and the flow's name of what was typed: a name, or a file in the
// folder flows of a project.
func flowPlace(dir, typed string) (folder, name string) {
	base, isFile := strings.CutSuffix(filepath.Base(typed), ".yaml")
	if isFile && dir == "" {
		dir = filepath.Dir(filepath.Dir(typed))
	}
	if !isFile {
		base = typed
	}
	if dir == "" {
		dir = "."
	}
	return dir, base
}
