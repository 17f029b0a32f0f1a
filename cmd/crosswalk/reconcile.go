package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/crosswalk-go/crosswalk/server/flows"
)

func newReconcileCommand(c *cli) *cobra.Command {
	var folder, day string
	cmd := &cobra.Command{
		Use:   "reconcile [FLOW]",
		Short: "Account for every document that was read, day by day",
		Long: `For each flow, or for one, look for every document that was read on a day among the outcomes and in the queue, print the sum, and name those that are
missing. The exit code is 1 where one is.`,
		Example: `  crosswalk reconcile
  crosswalk reconcile webshop-orders --day 2026-03-01 --json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			since := time.Now().UTC().Truncate(24 * time.Hour)
			if day != "" {
				at, err := time.Parse(time.DateOnly, day)
				if err != nil {
					return misusef("--day %q: a day is written 2026-01-31", day)
				}
				since = at
			}
			name := ""
			if len(args) > 0 {
				name = args[0]
			}
			return c.withStore(cmd.Context(), folder, name, func(set *flows.Set, name string) error {
				return c.reconcile(cmd.Context(), set, name, since)
			})
		},
	}
	cmd.Flags().StringVar(&folder, "project", "", "the project's `folder` (default: this one, or that of a FLOW file)")
	cmd.Flags().StringVar(&day, "day", "", "the `day`, in UTC (default: today)")
	return cmd
}

func (c *cli) reconcile(ctx context.Context, set *flows.Set, only string, since time.Time) error {
	var bad error
	for _, f := range set.Project.Flows {
		if only != "" && f.Name != only {
			continue
		}
		a, err := set.Engine.Account(ctx, f.Name, since, since.Add(24*time.Hour))
		if err != nil {
			return err
		}
		if !a.Balanced() {
			bad = errReported
		}
		if c.json {
			_ = writeJSON(c.stdout, a)
			continue
		}
		fmt.Fprintf(c.stdout, "%s %s: %s\n", since.Format(time.DateOnly), f.Name, a)
		for _, code := range slices.Sorted(maps.Keys(a.Reasons)) {
			fmt.Fprintf(c.stdout, "  skipped %d: %s\n", a.Reasons[code], code)
		}
		for _, m := range a.Missing {
			fmt.Fprintf(c.stdout, "  missing: %s %s (item %d)\n", m.ID, m.Key, m.Item)
		}
		for _, m := range a.Doubled {
			fmt.Fprintf(c.stdout, "  twice: %s %s (item %d)\n", m.ID, m.Key, m.Item)
		}
	}
	return bad
}
