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

// newScriptHost makes what loads scripts. They are read and run in processes of this program, which a script can fill or hang without harm to this
// one; where the program cannot be found, they run here. cover, where set, counts what calls reach.
func newScriptHost(cover *scripting.Coverage) *host.Host {
	return host.New(scripting.Options{Coverage: cover, Worker: scriptWorkerCommand()})
}

// scriptWorkerCommand starts a process for scripts; nil where this program cannot be found.
func scriptWorkerCommand() []string {
	exe, err := os.Executable()
	if err != nil {
		return nil
	}
	return []string{exe, scriptWorker}
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
