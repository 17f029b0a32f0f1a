package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/crosswalk-go/crosswalk/server/flows"
	"github.com/crosswalk-go/crosswalk/server/runtime"
)

func newBackupCommand(c *cli) *cobra.Command {
	var folder string
	cmd := &cobra.Command{
		Use:   "backup FILE",
		Short: "Copy everything that flows remember into a file",
		Long: `Copy links, cursors, queue, tokens and the activity into one file, also while a server runs. What is handled meanwhile may stand in it as not
handled yet; after a restore it is found in the target and not sent again.

The file holds the keys of the activity and the tokens of the connections: keep it as you keep passwords.`,
		Example: "  crosswalk backup /backups/webshop.cwb",
		Args:    oneArg("backup takes one FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withStore(cmd.Context(), folder, "", func(set *flows.Set, _ string) error {
				return c.backup(cmd.Context(), set.Store, args[0])
			})
		},
	}
	cmd.Flags().StringVar(&folder, "project", "", "the project's `folder` (default: this one)")
	return cmd
}

func oneArg(words string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return misusef("%s and got %d", words, len(args))
		}
		return nil
	}
}

// backup writes beside the file first: a backup that failed replaces none that did not.
func (c *cli) backup(ctx context.Context, store *runtime.Runtime, path string) (err error) {
	out, err := os.CreateTemp(filepath.Dir(path), ".backup-*") // closed to other users
	if err != nil {
		return misuse{err}
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(out.Name()))
		}
	}()
	about, err := store.Backup(ctx, out)
	if err == nil {
		err = out.Sync()
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	if err := os.Rename(out.Name(), path); err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if c.json {
		return writeJSON(c.stdout, map[string]any{"file": path, "bytes": info.Size(), "at": about.At, "streams": len(about.Streams)})
	}
	c.say("%s holds %d streams in %d bytes\n", path, len(about.Streams), info.Size())
	return nil
}

func newRestoreCommand(c *cli) *cobra.Command {
	var folder string
	var replace bool
	cmd := &cobra.Command{
		Use:   "restore FILE",
		Short: "Put a backup in the place of what flows remember",
		Long: `Put what stands in a backup into the project's data folder, which has no store yet. With --replace the store that is there is moved aside first, and
stays as a folder beside it. A file that is not whole changes nothing. No server may be running.

What happened after the backup is found again: run the flows once with --from-start. What the targets have is found by its keys and not sent again.`,
		Example: `  crosswalk restore /backups/webshop.cwb
  crosswalk restore --replace /backups/webshop.cwb`,
		Args: oneArg("restore takes one FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, _, err := c.loadProject(folder, "")
			if err != nil {
				return err
			}
			cfg, err := serverConfig(p)
			if err != nil {
				return err
			}
			if cfg.NATS != nil {
				return misusef("this project keeps everything in a NATS cluster: a backup is restored into a data folder")
			}
			return c.restore(cmd.Context(), p.Data, args[0], replace)
		},
	}
	cmd.Flags().StringVar(&folder, "project", "", "the project's `folder` (default: this one)")
	cmd.Flags().BoolVar(&replace, "replace", false, "move the store that is there aside")
	return cmd
}

func (c *cli) restore(ctx context.Context, dir, path string, replace bool) error {
	in, err := os.Open(path)
	if err != nil {
		return misuse{err}
	}
	defer in.Close()
	about, aside, err := runtime.Restore(ctx, dir, in, replace)
	if errors.Is(err, runtime.ErrNotEmpty) {
		return misusef("%w: --replace moves it aside", err)
	}
	if errors.Is(err, runtime.ErrInUse) {
		return fmt.Errorf("%w: stop that one first", err)
	}
	if err != nil {
		return err
	}
	c.say("%s is as it was at %s\n", dir, about.At.Format(time.RFC3339))
	if aside != "" {
		c.say("what it was before is in %s\n", aside)
	}
	c.say("run the flows once with --from-start: it finds what has happened since\n")
	if c.json {
		return writeJSON(c.stdout, map[string]any{"at": about.At, "streams": len(about.Streams), "aside": aside})
	}
	return nil
}

func newDoctorCommand(c *cli) *cobra.Command {
	var folder string
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check a project, its connections and its store",
		Long: `Check everything that flows need: the files of the project, the sections server and alerts, each connection with its credentials, this machine's clock against those of the
systems, the room on the disk, and, while no server has it open, every record of the store. One line is printed for each; the exit code is 1 where one is bad.`,
		Example: "  crosswalk doctor --project /srv/shop",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, _, err := c.loadProject(folder, "")
			if err != nil {
				return err
			}
			d := &doctor{cli: c, project: p}
			d.examine(cmd.Context())
			if d.bad {
				return errReported
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&folder, "project", "", "the project's `folder` (default: this one)")
	return cmd
}

// line prints one line of the doctor.
func (d *doctor) line(what string, err error, format string, args ...any) {
	words, verdict := fmt.Sprintf(format, args...), "ok"
	if err != nil {
		words, verdict, d.bad = err.Error(), "bad", true
	}
	if d.json {
		_ = writeJSON(d.stdout, map[string]string{"check": what, "verdict": verdict, "says": words})
		return
	}
	fmt.Fprintf(d.stdout, "%-4s %-24s %s\n", verdict, what, words)
}
