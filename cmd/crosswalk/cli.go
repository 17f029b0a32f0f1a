package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/scripting/host"
)

// Exit codes. A script may rely on them.
const (
	exitOK       = 0
	exitFindings = 1 // a check found errors, a document failed, the work could not be finished
	exitMisuse   = 2 // wrong flags or arguments, a file that is not there
)

// commands makes every command: one line for each file beside this one.
var commands = []func(*cli) *cobra.Command{
	newMapCommand,
	newExplainCommand,
	newCheckCommand,
	newFmtCommand,
	newSchemaCommand,
	newTestCommand,
	newTypesCommand,
	newServeCommand,
	newRunCommand,
	newLogCommand,
	newReplayCommand,
	newSettleCommand,
	newReconcileCommand,
	newDiffMappingCommand,
	newEraseCommand,
	newBackupCommand,
	newRestoreCommand,
	newDoctorCommand,
	newSandboxCommand,
	newDemoCommand,
	newLSPCommand,
	newAuthCommand,
	newVersionCommand,
	newScriptWorkerCommand,
}

// cli is what the commands share: the streams, and the flags that all of them have.
type cli struct {
	stdin  io.Reader
	stdout io.Writer // results, and nothing else
	stderr io.Writer // messages for people; with --json one JSON object a line
	json   bool
	// scripts loads the scripts of mappings; they run in processes of this program.
	scripts *host.Host

	started bool // a command's own code was reached
}

// Main runs the command line args and returns the exit code. It ends early, and in order, when the
// process is told to stop (SIGINT, SIGTERM); told twice, the process ends at once.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)

	results := &checkedWriter{Writer: stdout}
	scripts := newScriptHost(nil)
	defer scripts.Close()
	c := &cli{stdin: stdin, stdout: results, stderr: stderr, scripts: scripts}
	root := newRoot(c)
	if i := slices.Index(args, "-update"); i > 0 && args[0] == "test" {
		args = slices.Clone(args)
		args[i] = "--update" // as go test has it in the same place
	}
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(results)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(ctx)
	if err != nil && !c.started {
		err = misusef("%w\nRun '%s --help' for its usage", err, cmd.CommandPath())
		// Flags that do not parse leave --json unread, and its reader wants that error as JSON too.
		c.json = slices.Contains(args, "--json")
	}
	if results.err != nil && (err == nil || errors.Is(err, errReported)) {
		err = fmt.Errorf("the results could not be written: %w", results.err)
	}
	return c.report(err)
}

// checkedWriter remembers the first error of a writer, so that results that went nowhere, such as onto a disk that
// is full, are no success.
type checkedWriter struct {
	io.Writer
	err error
}

func (w *checkedWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if err != nil && w.err == nil {
		w.err = err
	}
	return n, err
}

func newRoot(c *cli) *cobra.Command {
	root := &cobra.Command{
		Use:   "crosswalk",
		Short: "Data mapping as code for commerce",
		Long: `Crosswalk maps documents of shops, tills and books by mapping files, and runs flows of documents between them.

Results go to stdout, messages to stderr.
Exit code 0: all is well. 1: there are findings, or a document failed. 2: the command was used wrongly.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.PersistentFlags().BoolVar(&c.json, "json", false, "results and messages as JSON, one object a line")
	for _, newCommand := range commands {
		root.AddCommand(newCommand(c))
	}
	c.noteStart(root)
	return root
}

// refuseEmpty refuses flags that were given without a value, as a shell does where a variable is unset: --only "$KEY" must not handle everything.
func refuseEmpty(flags *pflag.FlagSet) (err error) {
	flags.Visit(func(f *pflag.Flag) {
		values := []string{f.Value.String()}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			values = list.GetSlice()
		}
		if err == nil && (len(values) == 0 || slices.ContainsFunc(values, func(v string) bool { return strings.TrimSpace(v) == "" })) {
			err = misusef("--%s is empty: say what it is, or leave it out", f.Name)
		}
	})
	return err
}

// noteStart lets cmd and its children note that they were started: an error before that is one of
// flags or arguments, which cobra gives no type.
func (c *cli) noteStart(cmd *cobra.Command) {
	if run := cmd.RunE; run != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			c.started = true
			if err := refuseEmpty(cmd.Flags()); err != nil {
				return err
			}
			return run(cmd, args)
		}
	}
	for _, child := range cmd.Commands() {
		c.noteStart(child)
	}
}

// misuse marks an error of whoever typed the command: exit code 2.
type misuse struct{ error }

func (m misuse) Unwrap() error { return m.error }

// misusef is fmt.Errorf for misuse.
func misusef(format string, args ...any) error { return misuse{fmt.Errorf(format, args...)} }

// errReported ends a command with exit code 1 whose findings have been printed already.
var errReported = errors.New("there are findings")

// report prints err where nobody has yet, and returns the exit code that it means.
func (c *cli) report(err error) int {
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errReported):
		return exitFindings
	}
	var found engine.Diagnostics
	if errors.As(err, &found) {
		c.diagnose(found)
		return exitFindings
	}
	c.message(map[string]string{"error": err.Error()}, "crosswalk: %v\n", err)
	var m misuse
	if errors.As(err, &m) {
		return exitMisuse
	}
	return exitFindings
}

// diagnose prints diagnostics to stderr: with snippet and caret, or as JSON.
func (c *cli) diagnose(found engine.Diagnostics) {
	c.message(map[string]engine.Diagnostics{"diagnostics": found}, "%s", found.Render())
}

// message prints to stderr: the object with --json, else the words.
func (c *cli) message(object any, format string, args ...any) {
	if c.json {
		writeJSON(c.stderr, object)
		return
	}
	fmt.Fprintf(c.stderr, format, args...)
}

// writeJSON writes v on one line, with < and & as they are: a terminal is no web page.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
