package main

import (
	"errors"
	"os"

	"github.com/spf13/cobra"

	"github.com/crosswalk-go/crosswalk/scripting"
	"github.com/crosswalk-go/crosswalk/scripting/host"
)

// scriptWorker is the name of the command that processes for scripts run.
const scriptWorker = "scriptworker"

// newScriptHost makes what loads scripts. They run in processes of this program, which a script can fill or hang without harm to this
// one; where the program cannot be found, they run here. cover, where set, counts what calls reach.
func newScriptHost(cover *scripting.Coverage) *host.Host {
	options := scripting.Options{Coverage: cover}
	if exe, err := os.Executable(); err == nil {
		options.Worker = []string{exe, scriptWorker}
	}
	return host.New(options)
}

// newScriptWorkerCommand is for [newScriptHost] alone, and no help shows it.
func newScriptWorkerCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:    scriptWorker,
		Short:  "Run scripts for another process of this program",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if host.ServeWorker(c.stdin, c.stdout) != 0 {
				return errors.New("the scripts could not be run")
			}
			return nil
		},
	}
}
