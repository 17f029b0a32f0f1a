package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/crosswalk-go/crosswalk/engine"
)

// mapFlags are the flags of `crosswalk map`.
type mapFlags struct {
	inputFlags
	lines  bool
	pretty bool
}

func newMapCommand(c *cli) *cobra.Command {
	var f mapFlags
	cmd := &cobra.Command{
		Use:   "map -m MAPPING FILE|-",
		Short: "Map a JSON document, or every line of JSON Lines",
		Long: `Map a JSON document by a mapping and print the result.

MAPPING is a file, or the name of a mapping that is built in, such as shopware/order.read.
With --lines, or when FILE ends in .jsonl or .ndjson, each line is a document: one line of output for each
that maps, in the order of the input. A document that fails is reported with its line number and the
others go on; the exit code is then 1.

--source, --settings, --tables, --links and --current take the name of a file that holds a JSON object, or the object
itself: --settings '{"timeZone": "Europe/Amsterdam"}'.`,
		Example: `  crosswalk map -m shopware/order.read order.json
  crosswalk map -m mappings/order.yaml --lines - <orders.jsonl >mapped.jsonl`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("map takes one FILE, or - for stdin, and got %d", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.runMap(cmd.Context(), f, args[0])
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.lines, "lines", false, "the input is JSON Lines: a document a line")
	flags.BoolVar(&f.pretty, "pretty", false, "indent the result")
	f.inputFlags.register(cmd)
	return cmd
}

func (c *cli) runMap(ctx context.Context, f mapFlags, path string) error {
	if ext := filepath.Ext(path); ext == ".jsonl" || ext == ".ndjson" {
		f.lines = true
	}
	if err := f.check(); err != nil {
		return err
	}
	in, err := f.input()
	if err != nil {
		return err
	}
	mapping, err := c.loadMapping(f.mapping)
	if err != nil {
		return err
	}
	if warnings := mapping.Warnings(); len(warnings) > 0 {
		c.diagnose(warnings)
	}

	// There is nothing to put in order when the process is told to stop, and a read that waits
	// for someone to type cannot be woken: the signal ends the process.
	signal.Reset(os.Interrupt, syscall.SIGTERM)

	documents, name := c.stdin, "stdin"
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return misuse{err}
		}
		defer file.Close()
		documents, name = file, path
	}
	if f.lines {
		return c.mapLines(ctx, mapping, in, newLineReader(documents, maxLine), name)
	}
	return c.mapDocument(ctx, mapping, in, documents, name, f.pretty)
}

// check refuses flags that contradict each other.
func (f mapFlags) check() error {
	switch {
	case f.lines && f.pretty:
		return misusef("--pretty would break the lines of JSON Lines: leave out one of the two")
	case f.lines && (f.source != "" || f.current != ""):
		return misusef("--source and --current belong to one document, and JSON Lines holds many: map each document by itself")
	}
	return f.inputFlags.check()
}

func (c *cli) mapDocument(ctx context.Context, mapping *engine.Mapping, in engine.Input, r io.Reader, name string, pretty bool) error {
	document, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("the document cannot be read: %w", err)
	}
	document = bytes.TrimPrefix(document, []byte(byteOrderMark))
	in.Log = c.logOf(map[string]any{}, name)
	result, err := mapping.Apply(ctx, document, in)
	if err != nil {
		return documentError(name, 1, err)
	}
	var out bytes.Buffer
	if pretty {
		err = json.Indent(&out, result, "", "  ")
	} else {
		err = json.Compact(&out, result)
	}
	if err != nil {
		return fmt.Errorf("%s: the result is no JSON: %w", name, err)
	}
	out.WriteByte('\n')
	_, err = out.WriteTo(c.stdout)
	return err
}

// logOf prints what scripts log about a document on stderr, as an object with the fields or behind the name of the document.
func (c *cli) logOf(fields map[string]any, name string) func(engine.ScriptLog) {
	return func(l engine.ScriptLog) {
		fields["log"] = l
		c.message(fields, "%s: log %s\n", name, l)
	}
}

// documentError returns diagnostics with the document's name and line where they are places in the document
// itself, and other errors with the name before them.
func documentError(name string, line int, err error) error {
	var found engine.Diagnostics
	if !errors.As(err, &found) {
		return fmt.Errorf("%s: %w", name, err)
	}
	return placedIn(name, line, found)
}

// placedIn returns diagnostics with the document's name and line where they are places in the document itself.
func placedIn(name string, line int, found engine.Diagnostics) engine.Diagnostics {
	found = slices.Clone(found)
	for i := range found {
		if d := &found[i]; d.Pos.File == "" && d.Pos.Line > 0 {
			d.Pos.File, d.End.File = name, name
			d.Pos.Line, d.End.Line = d.Pos.Line+line-1, d.End.Line+line-1
		}
	}
	return found
}

// mapLines maps each line by itself. A document that fails is no reason to keep the others back.
func (c *cli) mapLines(ctx context.Context, mapping *engine.Mapping, in engine.Input, lines *lineReader, name string) error {
	out := bufio.NewWriterSize(c.stdout, 64<<10)
	progress := newProgress(c)
	var mapped, failed int
	finish := func(err error) error {
		progress.clear()
		if flushErr := out.Flush(); err == nil {
			err = flushErr
		}
		if err != nil {
			return fmt.Errorf("%s: stopped after line %d: %w", name, lines.number, err)
		}
		if failed == 0 {
			return nil
		}
		c.message(map[string]int{"documents": mapped + failed, "mapped": mapped, "failed": failed},
			"%s: %s, %d mapped, %d failed\n", name, count(mapped+failed, "document"), mapped, failed)
		return errReported
	}
	for {
		// Whoever follows a slow input sees each result when it is there, a long file goes out in blocks.
		if lines.waiting() {
			if err := out.Flush(); err != nil {
				return finish(err)
			}
		}
		if err := ctx.Err(); err != nil {
			return finish(err)
		}
		document, err := lines.next()
		if errors.Is(err, io.EOF) {
			return finish(nil)
		}
		var result []byte
		if err == nil {
			in.Log = c.logOf(map[string]any{"line": lines.number}, fmt.Sprintf("%s:%d", name, lines.number))
			result, err = mapping.Apply(ctx, document, in)
		} else if !errors.Is(err, errLongLine) {
			return finish(err)
		}
		if err != nil {
			if ctx.Err() != nil {
				return finish(ctx.Err())
			}
			failed++
			progress.clear()
			// On a terminal the failure stands below the results that came before it.
			if err := out.Flush(); err != nil {
				return finish(err)
			}
			c.lineFailed(name, lines.number, err)
			continue
		}
		mapped++
		if err := writeLine(out, result); err != nil {
			return finish(err)
		}
		progress.show("%d documents, %d failed", mapped+failed, failed)
	}
}

// writeLine writes a JSON text on one line.
func writeLine(out *bufio.Writer, text []byte) error {
	if bytes.IndexByte(text, '\n') >= 0 {
		var compact bytes.Buffer
		if err := json.Compact(&compact, text); err != nil {
			return fmt.Errorf("the result is no JSON: %w", err)
		}
		text = compact.Bytes()
	}
	if _, err := out.Write(text); err != nil {
		return err
	}
	return out.WriteByte('\n')
}

// lineFailed reports the document of one line.
func (c *cli) lineFailed(name string, line int, err error) {
	var found engine.Diagnostics
	if !errors.As(documentError(name, line, err), &found) {
		c.message(map[string]any{"line": line, "error": err.Error()}, "%s:%d: %v\n", name, line, err)
		return
	}
	c.message(map[string]any{"line": line, "diagnostics": found}, "%s:%d: the document failed\n%s\n", name, line, found.Render())
}
