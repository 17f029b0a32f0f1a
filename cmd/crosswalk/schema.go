package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/crosswalk-go/crosswalk/engine/schema"
)

func newSchemaCommand(c *cli) *cobra.Command {
	var kinds []string
	for _, k := range schema.Kinds() {
		kinds = append(kinds, string(k))
	}
	return &cobra.Command{
		Use:   "schema (" + strings.Join(kinds, "|") + ")",
		Short: "Print the JSON Schema of a kind of file, for editors",
		Long: `Print the JSON Schema of mapping files, test files, flow files or crosswalk.yaml.

With it an editor that knows YAML completes keys, tells what they mean, and marks what cannot stand where it does.
docs/editors.md shows how. What fits the schema can still be wrong: "crosswalk check" tells.`,
		Example: `  crosswalk schema mapping > .schemas/mapping.schema.json
  crosswalk schema project | jq .properties`,
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		ValidArgs: kinds,
		RunE: func(_ *cobra.Command, args []string) error {
			var names []string
			for _, s := range systems {
				names = append(names, s.Spec.Name)
			}
			text, err := schema.JSON(schema.Kind(args[0]), names...)
			if err != nil {
				return err
			}
			_, err = c.stdout.Write(text)
			return err
		},
	}
}
