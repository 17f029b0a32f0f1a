package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/crosswalk-go/crosswalk/engine"
)

// unreadReport is what --unread prints as JSON.
type unreadReport struct {
	Mapping string `json:"mapping"`
	engine.LossReport
}

// runUnread tells what a mapping loses of the documents in files.
func (c *cli) runUnread(ctx context.Context, f checkFlags, files []string) error {
	if len(files) == 0 {
		return misusef("--unread takes the files of documents to look at, or - for stdin")
	}
	name := f.mapping
	if name == "" {
		found, err := mappingFiles(".")
		if err != nil || len(found) != 1 {
			return misusef("which mapping? Add -m FILE, or the name of a built-in one: -m shopware/order.read")
		}
		name = found[0]
	}
	mapping, err := c.loadMapping(name)
	if err != nil {
		return err
	}
	losses := mapping.Losses()
	for _, file := range files {
		if err := c.countLosses(ctx, mapping, losses, file); err != nil {
			return err
		}
	}
	report := unreadReport{name, losses.Report()}
	if c.json {
		if err := writeJSON(c.stdout, report); err != nil {
			return err
		}
	} else {
		c.printUnread(report)
	}
	if f.strict && len(report.Unread) > 0 {
		return errReported
	}
	return nil
}

// countLosses adds the documents of a file: JSON texts one after the other, which JSON Lines are too.
func (c *cli) countLosses(ctx context.Context, mapping *engine.Mapping, losses *engine.Losses, file string) error {
	from := c.stdin
	if file != "-" {
		opened, err := os.Open(file)
		if err != nil {
			return misuse{err}
		}
		defer opened.Close()
		from = opened
	}
	in := engine.Input{Now: time.Now().UTC().Format(time.RFC3339)}
	documents := json.NewDecoder(from)
	for n := 1; ; n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		var document json.RawMessage
		err := documents.Decode(&document)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: document %d is no JSON: %w", file, n, err)
		}
		output, err := mapping.Apply(ctx, document, in)
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			output = nil // counted as failed; `crosswalk map` tells why
		}
		if err := losses.Add(document, output); err != nil {
			return documentError(file, 1, err)
		}
	}
}

func (c *cli) printUnread(r unreadReport) {
	width := 0
	for _, f := range r.Unread {
		width = max(width, len([]rune(f.Path)))
	}
	for _, path := range append(append([]string{}, r.NoRule...), r.NeverFilled...) {
		width = max(width, len([]rune(path)))
	}
	width = min(width, 60)
	line := func(path, what string) { fmt.Fprintf(c.stdout, "  %-*s  %s\n", width, path, what) }
	if len(r.Unread) > 0 {
		fmt.Fprintf(c.stdout, "Source fields that no rule reads:\n")
	}
	for _, f := range r.Unread {
		line(f.Path, fmt.Sprintf("in %d of %s, never read", f.Documents, count(r.Documents, "document")))
	}
	if r.More {
		fmt.Fprintln(c.stdout, "  and more than can be listed")
	}
	if len(r.NoRule)+len(r.NeverFilled) > 0 {
		fmt.Fprintf(c.stdout, "Target fields without a value:\n")
	}
	for _, path := range r.NoRule {
		line(path, "no rule fills it")
	}
	for _, path := range r.NeverFilled {
		line(path, fmt.Sprintf("filled in none of %s", count(r.Documents-r.Failed, "document")))
	}
	failed := ""
	if r.Failed > 0 {
		failed = fmt.Sprintf(" (%d failed, `crosswalk map` says why)", r.Failed)
	}
	fmt.Fprintf(c.stdout, "%s by %s%s: %s unread, %s without a value\n", count(r.Documents, "document"), r.Mapping, failed,
		count(len(r.Unread), "source field"), count(len(r.NoRule)+len(r.NeverFilled), "target field"))
}
