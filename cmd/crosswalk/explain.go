package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func newExplainCommand(c *cli) *cobra.Command {
	var f inputFlags
	cmd := &cobra.Command{
		Use:   "explain -m MAPPING FILE|- [TARGET.PATH]",
		Short: "Say where each field of a mapped document comes from",
		Long: `Map a JSON document and say of each field of the result which rule made it, which paths of the document that rule read
with which values, and which default, case or table entry it took; and of each rule that wrote nothing, why.

TARGET.PATH asks for one field and what is below it: customer.email, lines[0], or lines[].sku for the field in every
element. A document that fails is explained as far as its rules came, and its failures are told; the exit code is then 1.
What is printed holds values of the document.

The flags are those of crosswalk map.`,
		Example: `  crosswalk explain -m shopware/order.read order.json customer.email
  crosswalk explain -m mappings/order.yaml --json order.json | jq '.absent[] | {path, message}'`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 1 || len(args) > 2 {
				return fmt.Errorf("explain takes one FILE, or - for stdin, and perhaps a TARGET.PATH, and got %d arguments", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			path := ""
			if len(args) == 2 {
				path = args[1]
			}
			return c.runExplain(cmd.Context(), f, args[0], path)
		},
	}
	f.register(cmd)
	return cmd
}

func (c *cli) runExplain(ctx context.Context, f inputFlags, file, path string) error {
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
	document, name, err := c.readDocument(file)
	if err != nil {
		return err
	}
	e, err := mapping.Explain(ctx, document, in)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if e.Diagnostics != nil {
		e.Diagnostics = placedIn(name, 1, e.Diagnostics)
	}
	failed := e.Diagnostics != nil
	if path != "" && len(e.Fields)+len(e.Absent) > 0 {
		if e, err = e.At(path); err != nil {
			return misuse{err}
		}
	}
	if c.json {
		err = writeJSON(c.stdout, e)
	} else {
		_, err = fmt.Fprint(c.stdout, e.Render())
	}
	if err == nil && failed {
		return errReported
	}
	return err
}

// readDocument reads the file of that name, or stdin for "-".
func (c *cli) readDocument(file string) (document []byte, name string, err error) {
	if file != "-" {
		if document, err = os.ReadFile(file); err != nil {
			return nil, file, misuse{err}
		}
		return document, file, nil
	}
	// A read that waits for someone to type cannot be woken: the signal ends the process.
	signal.Reset(os.Interrupt, syscall.SIGTERM)
	if document, err = io.ReadAll(c.stdin); err != nil {
		return nil, "stdin", fmt.Errorf("the document cannot be read: %w", err)
	}
	return document, "stdin", nil
}
