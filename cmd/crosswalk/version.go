package main

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// buildVersion is what `crosswalk version` knows of its own build.
type buildVersion struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Modified bool   `json:"modified,omitempty"` // built with changes that are not committed
	Go       string `json:"go"`
}

func newVersionCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of this program",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			v := readVersion(debug.ReadBuildInfo())
			if c.json {
				return writeJSON(c.stdout, v)
			}
			_, err := fmt.Fprintln(c.stdout, v)
			return err
		},
	}
}

func readVersion(info *debug.BuildInfo, ok bool) buildVersion {
	if !ok {
		return buildVersion{Version: "unknown", Go: "unknown"}
	}
	v := buildVersion{Version: info.Main.Version, Go: info.GoVersion}
	if v.Version == "" {
		v.Version = "(devel)"
	}
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			v.Revision = setting.Value
		case "vcs.modified":
			v.Modified = setting.Value == "true"
		}
	}
	return v
}

func (v buildVersion) String() string {
	s := "crosswalk " + v.Version
	if v.Revision != "" {
		s += " " + v.Revision[:min(len(v.Revision), 12)]
		if v.Modified {
			s += " with uncommitted changes"
		}
	}
	return s + " " + v.Go
}
