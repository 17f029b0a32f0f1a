package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/crosswalk-go/crosswalk/server/flows"
	"github.com/crosswalk-go/crosswalk/server/runtime"
	"github.com/crosswalk-go/crosswalk/server/runtime/activity"
	"github.com/crosswalk-go/crosswalk/server/runtime/runner"
)

func newEraseCommand(c *cli) *cobra.Command {
	var folder, email string
	cmd := &cobra.Command{
		Use:   "erase --email ADDRESS",
		Short: "Remove a person from everything that is kept",
		Long: `Remove everything that is kept of a person, found by e-mail address in whatever letter case and encoding: entries of the log with their records and
keys, queued documents, links, notes, and kept versions of flows whose files name the person. Then everything that is left is read to prove it.

What lies in the connected systems is not touched, and comes back where a flow reads it again: erase the person there first. Ids and numbers of documents that do
not name the person stay, in links and in the account: without them an order would be sent twice. The project's own files and saved plans are yours to change.

What the store has deleted is overwritten in its files when it is closed, so stop a server first, or start it anew afterwards. A backup that was made before
still holds the person; so may a store that a restore has moved aside, and what the disk keeps of files that were written anew.`,
		Example: `  crosswalk erase --email anna@example.com`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			person, err := activity.FindPerson(email)
			if err != nil {
				return misusef("--email %q: %w", email, err)
			}
			return c.erase(cmd.Context(), folder, email, person)
		},
	}
	cmd.Flags().StringVar(&folder, "project", "", "the project's `folder` (default: this one)")
	cmd.Flags().StringVar(&email, "email", "", "the person's e-mail `address`")
	return cmd
}

// erased is what is proven of an erasure.
type erased struct {
	runner.Erasure
	data  string // the folder
	owner bool   // nobody else has the store open
}

func (c *cli) erase(ctx context.Context, folder, email string, person activity.Person) error {
	var done erased
	err := c.withStore(ctx, folder, "", func(set *flows.Set, _ string) (err error) {
		done.data, done.owner = set.Project.Data, set.Store.Owner()
		done.Erasure, err = set.Engine.Erase(ctx, email)
		return err
	})
	if err != nil {
		return err
	}
	// The store is closed by now, which overwrites what it had deleted.
	files, err := filesWith(done.data, person)
	if err != nil {
		return err
	}
	aside, err := filepath.Glob(filepath.Join(done.data, "store-*"))
	if err != nil {
		return err
	}
	deleted := 0
	if done.owner {
		if deleted, err = runtime.Deleted(done.data); err != nil {
			return err
		}
	}
	if c.json {
		_ = writeJSON(c.stdout, map[string]any{"erased": done.Erasure, "filesLeft": files, "deletedLeft": deleted, "serverOpen": !done.owner, "storesAside": aside})
	} else {
		fmt.Fprintf(c.stdout, "erased %d entries, %d queued documents, %d links, %d notes, %d versions of flows\n", done.Entries, done.Queued, done.Links, done.Notes, done.Versions)
		if done.Erasure == (runner.Erasure{Erasure: activity.Erasure{Scanned: done.Scanned}}) {
			fmt.Fprintln(c.stdout, "nothing names this address: is it spelt as in the systems?")
		}
		if done.Versions > 0 {
			fmt.Fprintln(c.stdout, "the project's files named the person: where they still do, so will what is kept of the flow's next run")
		}
		fmt.Fprintf(c.stdout, "read again: %d entries and every file of the store; %d entries and %d files still name the person\n", done.Scanned, done.Left, len(files))
		if done.owner {
			fmt.Fprintf(c.stdout, "of records that were deleted before, %d are not overwritten\n", deleted)
		} else {
			fmt.Fprintln(c.stdout, "a server has the store open: what it has deleted lies in its files, sealed, until it is stopped or started anew")
		}
		for _, dir := range aside {
			fmt.Fprintf(c.stdout, "not searched, because a restore has moved it aside: %s\n", dir)
		}
	}
	if done.Left+len(files)+deleted+len(aside) > 0 {
		return errReported
	}
	return nil
}

// filesWith returns the files of a folder that hold the person's address, in any letter case.
func filesWith(dir string, person activity.Person) ([]string, error) {
	needles := person.Forms()
	var out []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // the store removes files while it is read
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		found, err := fileHolds(path, needles)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if found {
			out = append(out, path)
		}
		return err
	})
	return out, err
}

// fileHolds looks for texts in lower case in a file of any length.
func fileHolds(path string, needles []string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	overlap := 0
	for _, n := range needles {
		overlap = max(overlap, len(n)-1)
	}
	buf := make([]byte, overlap+1<<20)
	kept := 0
	for {
		n, err := f.Read(buf[kept:])
		window := buf[:kept+n]
		for i, c := range window { // byte by byte, because most files are no text
			if 'A' <= c && c <= 'Z' {
				window[i] += 'a' - 'A'
			}
		}
		for _, needle := range needles {
			if bytes.Contains(window, []byte(needle)) {
				return true, nil
			}
		}
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		kept = copy(buf, window[max(0, len(window)-overlap):])
	}
}
