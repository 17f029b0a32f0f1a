package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/mappings"
	"github.com/crosswalk-go/crosswalk/server/flows"
)

func newDiffMappingCommand(c *cli) *cobra.Command {
	var folder, to string
	var last int
	cmd := &cobra.Command{
		Use:   "diff-mapping FLOW --to FILE",
		Short: "See what a changed mapping would do to the last documents",
		Long: `Apply a changed mapping to the last documents that are kept of a flow, beside the mapping that the flow has now, and list the fields that differ: how
often, with three examples each. It may be a read or a write mapping; its document types say which. Nothing is sent.`,
		Example: `  crosswalk diff-mapping webshop-orders --to mappings/new.yaml --last 500`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || to == "" {
				return misusef("diff-mapping takes one FLOW and --to with the changed mapping")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if last < 1 {
				return misusef("--last %d: it is at least 1", last)
			}
			return c.withStore(cmd.Context(), folder, args[0], func(set *flows.Set, name string) error {
				return c.diffMapping(cmd.Context(), set, name, to, last)
			})
		},
	}
	cmd.Flags().StringVar(&folder, "project", "", "the project's `folder` (default: this one, or that of a FLOW file)")
	cmd.Flags().StringVar(&to, "to", "", "the changed mapping: a `file`")
	cmd.Flags().IntVar(&last, "last", 200, "how `many` documents, newest first")
	return cmd
}

func (c *cli) diffMapping(ctx context.Context, set *flows.Set, name, to string, last int) error {
	changed, err := engine.Load(to, engine.Library(mappings.FS), engine.WithScripts(c.scripts))
	if err != nil {
		return err
	}
	effect, err := set.DiffMapping(ctx, name, changed, last)
	if errors.Is(err, flows.ErrOtherMapping) {
		return misusef("%s makes %s from %s, and the flow %s has no such mapping", to, changed.To(), changed.From(), name)
	}
	if err != nil {
		return err
	}
	if c.json {
		return writeJSON(c.stdout, effect)
	}
	fmt.Fprintf(c.stdout, "%d documents: %d would change, %d would fail that do not now, %d would no longer fail\n", effect.Documents, effect.Changed, effect.Broken, effect.Mended)
	for _, refusal := range effect.Refusals {
		fmt.Fprintf(c.stdout, "  fails: %s\n", strings.ReplaceAll(refusal, "\n", "; "))
	}
	for _, field := range effect.Fields {
		fmt.Fprintf(c.stdout, "  %s: %d times\n", field.Path, field.Count)
		for _, x := range field.Examples {
			from := string(x.From)
			if from == "" {
				from = "(absent)"
			}
			fmt.Fprintf(c.stdout, "      %s: %s -> %s\n", x.Document, from, x.To)
		}
	}
	return nil
}
