package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/crosswalk-go/crosswalk/server/flows"
	"github.com/crosswalk-go/crosswalk/server/runtime/runner"
)

func newSettleCommand(c *cli) *cobra.Command {
	var folder, made string
	var notMade bool
	cmd := &cobra.Command{
		Use:   "settle FLOW [KEY]",
		Short: "See what is unsettled, and settle what only a person can",
		Long: `Without KEY, list the documents of a flow that failed or are in doubt.

With the key (number) or id of a document that is in doubt, say what you found in the target: --made with the id of the document there, or --not-made where there is
none, so that the next run sends it. Look carefully: what is said here is believed, and a wrong --not-made makes a second document. An id that the target can be asked
for and does not have is refused.`,
		Example: `  crosswalk settle webshop-orders
  crosswalk settle webshop-orders 10023 --made 7f9c24e8-3b12-4c5d-9a6e-0123456789ab
  crosswalk settle webshop-orders 10023 --not-made`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withStore(cmd.Context(), folder, args[0], func(set *flows.Set, name string) error {
				if len(args) == 1 {
					if made != "" || notMade {
						return misusef("--made and --not-made are about one document: name its KEY")
					}
					return c.listUnsettled(cmd.Context(), set.Engine, name)
				}
				if (made != "") == notMade {
					return misusef("say what is true: --made with the id that %s has in the target, or --not-made", args[1])
				}
				return c.settle(cmd.Context(), set, name, args[1], made)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&folder, "project", "", "the project's `folder` (default: this one, or that of a FLOW file)")
	flags.StringVar(&made, "made", "", "it was made: the `id` of the document in the target")
	flags.BoolVar(&notMade, "not-made", false, "it was not made: it may be sent again")
	return cmd
}

func (c *cli) listUnsettled(ctx context.Context, engine *runner.Engine, name string) error {
	left, err := engine.Unsettled(ctx, name)
	if err != nil {
		return err
	}
	for _, u := range left {
		if c.json {
			_ = writeJSON(c.stdout, u)
			continue
		}
		key := u.Key
		if key == "" {
			key = u.ID
		}
		what := "see entry"
		if u.Person() {
			what = "needs you (--made or --not-made); see entry"
		}
		fmt.Fprintf(c.stdout, "%-8s %-8s %s since %s, %d attempts: %s %d\n", key, outcomeWord(u.Outcome), u.Code, u.Since.Format("2006-01-02 15:04:05"), u.Attempts, what, u.Entry)
	}
	return nil
}

func (c *cli) settle(ctx context.Context, set *flows.Set, name, key, made string) error {
	left, err := set.Engine.Unsettled(ctx, name)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(left, func(u runner.Unsettled) bool { return u.Key == key || u.ID == key })
	if i < 0 {
		return misusef("the flow %s has no unsettled document %s: 'crosswalk settle %s' lists them", name, key, name)
	}
	open, err := set.Flow(ctx, name)
	if err != nil {
		return err
	}
	if err := errors.Join(set.Engine.Settle(ctx, open, left[i], made), open.Close()); err != nil {
		return err
	}
	if made == "" {
		c.say("%s was not made: the next run sends it\n", key)
	} else {
		c.say("%s is %s\n", key, made)
	}
	return nil
}
