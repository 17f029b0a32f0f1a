package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/server/flows"
	"github.com/crosswalk-go/crosswalk/server/runtime/activity"
	"github.com/crosswalk-go/crosswalk/server/runtime/runner"
)

func newReplayCommand(c *cli) *cobra.Command {
	var f logFlags
	var failed, yes bool
	var version string
	cmd := &cobra.Command{
		Use:   "replay FLOW",
		Short: "Handle documents again, and show first what would differ",
		Long: `Read documents again and handle them with the flow as it is now: one entry of the log, the document with a key, what the flags choose by the
last entry of each document, or with --failed everything of the flow that failed or is in doubt.

With --version the flow is as it was: its file, its mappings and its scripts of then, on the connections of now. The entries of the log name the versions,
'crosswalk log --entry' shows them, and a mapping's version names the last version of the flow that had it.

Without --yes nothing is sent: for each document is shown what would differ from what the log tells.`,
		Example: `  crosswalk replay webshop-orders --failed
  crosswalk replay webshop-orders --entry 4711 --yes
  crosswalk replay webshop-orders --entry 4711 --version write:5f2c0d6b`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return misusef("replay takes one FLOW and got %d", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			filtered := f.key != "" || len(f.outcomes) > 0 || f.code != "" || f.since != ""
			switch one, bounded := f.entry > 0, filtered || f.until != "" || cmd.Flags().Changed("limit"); {
			case one && failed, (one || failed) && bounded:
				return misusef("--entry and --failed say all of what to replay: neither goes with the other or with --key, --outcome, --code, --since, --until and --limit")
			case !one && !failed && !filtered:
				return misusef("replay what? Name it with --entry, --key, --failed, --outcome, --code or --since")
			}
			return c.runReplay(cmd.Context(), f, args[0], version, failed, yes)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.project, "project", "", "the project's `folder` (default: this one, or that of a FLOW file)")
	flags.BoolVar(&failed, "failed", false, "everything of the flow that failed or is in doubt")
	flags.Uint64Var(&f.entry, "entry", 0, "the document of the entry with this `number`")
	flags.StringVar(&f.key, "key", "", "the document with this `key` (number, SKU) or id")
	flags.StringSliceVar(&f.outcomes, "outcome", nil, "documents whose last entry has one of these `outcomes`")
	flags.StringVar(&f.code, "code", "", "documents whose last entry has this `code`")
	flags.StringVar(&f.since, "since", "", "only entries from this `day` or instant on")
	flags.StringVar(&f.until, "until", "", "only entries before this `day` or instant")
	flags.IntVar(&f.limit, "limit", 200, "how `many` documents at most")
	flags.StringVar(&version, "version", "", "handle them with this `version` of the flow or of one of its mappings, or the beginning of it")
	flags.BoolVar(&yes, "yes", false, "send it")
	return cmd
}

func (c *cli) runReplay(ctx context.Context, f logFlags, flowName, version string, failed, yes bool) error {
	q, err := f.query(flowName)
	if err != nil {
		return err
	}
	return c.withStore(ctx, f.project, flowName, func(set *flows.Set, name string) (err error) {
		q.Flow = name
		entries, err := c.chosen(ctx, set.Engine, q, f.entry, failed, len(f.outcomes) > 0 || f.code != "")
		if err != nil {
			return err
		}
		if len(entries) == 0 {
			c.say("there is nothing to replay\n")
			return nil
		}
		open, err := set.Flow(ctx, name)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, open.Close()) }()
		used := open
		if version != "" {
			v, err := set.Engine.FindVersion(ctx, name, version)
			if err != nil {
				return misuse{err}
			}
			if used, err = open.At(v); err != nil {
				return err
			}
		}
		changes, err := set.Engine.Preview(ctx, used, entries)
		if err != nil {
			return err
		}
		for _, change := range changes {
			c.printChange(change)
		}
		if !yes {
			c.say("nothing was sent: --yes sends it\n")
			return nil
		}
		var ids []string
		for _, e := range entries {
			ids = append(ids, e.Document.ID)
		}
		summary, err := set.Engine.Run(ctx, open, runner.RunOptions{Only: ids, Version: used.Version.ID, OnResult: func(r flow.Result, _ flow.Summary) { c.printResult(r) }})
		c.printSummary(summary)
		if err == nil && summary.Failed+summary.InDoubt > 0 {
			err = errReported
		}
		return err
	})
}

// chosen returns the last entry of each document that is to be replayed. became says that the query asks for what became of them, which a later entry may
// have changed.
func (c *cli) chosen(ctx context.Context, engine *runner.Engine, q activity.Query, entry uint64, failed, became bool) ([]activity.Entry, error) {
	log := engine.Activity()
	if entry > 0 {
		e, _, err := log.Get(ctx, entry)
		if errors.Is(err, activity.ErrNoEntry) || err == nil && e.Flow != q.Flow {
			return nil, misusef("the flow %s has no entry %d", q.Flow, entry)
		}
		return []activity.Entry{e}, err
	}
	var found []activity.Entry
	if failed {
		left, err := engine.Unsettled(ctx, q.Flow)
		if err != nil {
			return nil, err
		}
		for _, u := range left {
			if u.Waits() {
				continue
			}
			e, _, err := log.Get(ctx, u.Entry)
			if errors.Is(err, activity.ErrNoEntry) { // it is older than what is kept
				e = activity.Entry{Meta: activity.Meta{Flow: u.Flow, Outcome: u.Outcome, Code: u.Code},
					Head: activity.Head{Document: flow.Ref{ID: u.ID, Key: u.Key, Version: u.Version}}}
			} else if err != nil {
				return nil, err
			}
			found = append(found, e)
		}
		return found, nil
	}
	list, err := log.List(ctx, q)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, e := range list {
		if e.Gone != "" || !activity.Final(e.Outcome) || seen[e.Document.ID] {
			continue
		}
		seen[e.Document.ID] = true
		if became {
			since, err := log.List(ctx, activity.Query{Flow: q.Flow, Key: e.Document.ID, Since: e.At, Limit: 1000})
			if err != nil {
				return nil, err
			}
			if slices.ContainsFunc(since, func(l activity.Entry) bool {
				return l.ID > e.ID && l.Document.ID == e.Document.ID && activity.Final(l.Outcome)
			}) {
				continue
			}
		}
		found = append(found, e)
	}
	return found, nil
}

func (c *cli) printChange(change runner.Change) {
	if c.json {
		change.Result.Plan = nil
		_ = writeJSON(c.stdout, change)
		return
	}
	was, now := change.Entry, change.Result
	fmt.Fprintf(c.stdout, "%s: was %s, would be %s", was.Document.Name(), outcomeWord(was.Outcome), outcomeWord(now.Outcome))
	if change.Same() {
		fmt.Fprint(c.stdout, ", the same")
	}
	if text := outcomeText(now); text != "" {
		fmt.Fprintf(c.stdout, ": %s", text)
	}
	fmt.Fprintln(c.stdout)
	for _, field := range change.Fields {
		from := string(field.From)
		if from == "" {
			from = "(absent)"
		}
		fmt.Fprintf(c.stdout, "    %s: %s -> %s\n", field.Path, from, field.To)
	}
}
