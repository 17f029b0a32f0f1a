package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/mappings"
	"github.com/crosswalk-go/crosswalk/server/project"
	"github.com/crosswalk-go/crosswalk/server/runtime"
)

// runFlags are the flags of `crosswalk run`.
type runFlags struct {
	project   string
	dryRun    bool
	fromStart bool
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
created (+) and changed (~), or why it is skipped (-), in doubt (?) or fails (!).

The exit code is 1 where a document failed or is in doubt. Such documents come back in the next run.`,
		Example: `  crosswalk run webshop-orders --dry-run
  crosswalk run webshop-products webshop-orders
  crosswalk run webshop-orders --project /srv/shop --json`,
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
	flags.IntVar(&f.workers, "workers", 1, "how `many` documents are in hand at a time")
	return cmd
}

func (c *cli) runFlows(ctx context.Context, f runFlags, typed []string) (err error) {
	if f.workers < 1 || f.workers > 64 {
		return misusef("--workers %d: it is a number from 1 to 64", f.workers)
	}
	var names []string
	var dir string
	for i, t := range typed {
		folder, name := flowPlace(f.project, t)
		if i > 0 && filepath.Clean(folder) != filepath.Clean(dir) {
			return misusef("%s and %s belong to two projects", typed[0], t)
		}
		dir, names = folder, append(names, name)
	}
	if _, err := os.Stat(filepath.Join(dir, "crosswalk.yaml")); errors.Is(err, fs.ErrNotExist) {
		return misusef("%s holds no crosswalk.yaml: a project is a folder with one, and --project names it", dir)
	}
	p, err := project.Load(dir, systems, project.Scripts(c.scripts))
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, err := p.Flow(name); err != nil {
			return misuse{err}
		}
	}
	store, err := runtime.Open(ctx, p.Data, runtime.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close(context.WithoutCancel(ctx))) }()
	// A document that failed does not hold up the flows behind; a run that was stopped does.
	var reported error
	names = p.InOrder(names)
	for _, name := range names {
		if len(names) > 1 && !c.json {
			fmt.Fprintf(c.stdout, "%s:\n", name)
		}
		switch err := c.runFlow(ctx, f, p, store, name); {
		case errors.Is(err, errReported):
			reported = err
		case err != nil:
			return err
		}
	}
	return reported
}

func (c *cli) runFlow(ctx context.Context, f runFlags, p *project.Project, store project.Store, name string) (err error) {
	process, err := p.Process(ctx, name, mappings.FS, store, project.Surroundings{}, flow.Pace{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, process.Close()) }()

	show := newProgress(c)
	summary, err := process.Run(ctx, flow.RunOptions{
		DryRun: f.dryRun, FromStart: f.fromStart, Workers: f.workers,
		OnResult: func(r flow.Result, s flow.Summary) {
			show.clear()
			c.printResult(r)
			show.show("%s: %s", name, s)
		},
	})
	show.clear()
	if summary.Read > 0 || err == nil {
		c.printSummary(summary)
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return errors.New("stopped: the next run goes on from here")
	}
	if err == nil && summary.Failed+summary.InDoubt > 0 {
		err = errReported
	}
	return err
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
