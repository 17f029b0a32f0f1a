package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
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
			text, err := schema.JSON(schema.Kind(args[0]), knownToSchemas())
			if err != nil {
				return err
			}
			_, err = c.stdout.Write(text)
			return err
		},
	}
}

// knownToSchemas are the systems that are built in, and the settings of their flows.
func knownToSchemas() schema.Known {
	known := schema.Known{Settings: map[string][]schema.Setting{}}
	for _, s := range systems {
		known.Systems = append(known.Systems, s.Spec.Name)
	}
	for _, entity := range schema.Entities {
		for _, s := range flow.Settings(port.Entity(entity)) {
			known.Settings[entity] = append(known.Settings[entity], schema.Setting{Name: s.Name, Type: s.Type, Help: s.Help, Choices: s.Choices})
		}
	}
	return known
}
