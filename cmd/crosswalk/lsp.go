package main

import (
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/crosswalk-go/crosswalk/engine/format"
	"github.com/crosswalk-go/crosswalk/mappings"
	"github.com/crosswalk-go/crosswalk/scripting/host"
	"github.com/crosswalk-go/crosswalk/server/lsp"
)

func newLSPCommand(c *cli) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "lsp",
		Short: "Help an editor with mapping files, by the Language Server Protocol",
		Long: `Answer an editor that speaks the Language Server Protocol on stdin and stdout: problems as you type with their
fixes, completion, explanations, and the way to what is inherited. Editors start it themselves: docs/editors.md says how.

It reads mapping files, what they extend, the scripts that they name, and the tests beside them, whose first document gives the sample
values. Scripts are read and never run. It writes
built-in mappings into the user's cache folder when the editor is to show one, and nothing else.
The exit code is 1 where the editor goes away without saying so.`,
		Example: `  crosswalk lsp`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			// A read that waits for the editor cannot be woken, and there is nothing to put in order: the signal
			// ends the process.
			signal.Reset(os.Interrupt, syscall.SIGTERM)
			opts := lsp.Options{
				Library: mappings.FS,
				Scripts: host.Reader{Worker: scriptWorkerCommand()},
				Format:  format.Format,
				Version: readVersion(debug.ReadBuildInfo()).Version,
				Log:     slog.New(slog.NewTextHandler(c.stderr, nil)),
			}
			if dir, err := os.UserCacheDir(); err == nil {
				opts.Cache = filepath.Join(dir, "crosswalk", "mappings")
			}
			return lsp.Serve(cmd.Context(), c.stdin, c.stdout, opts)
		},
	}
	cmd.Flags().Bool("stdio", false, "talk on stdin and stdout: what it does anyway, for editors that say so")
	return cmd
}
