package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/crosswalk-go/crosswalk/engine"
)

// checkFlags are the flags of `crosswalk check`.
type checkFlags struct {
	fix     bool
	diff    bool
	strict  bool
	unread  bool
	mapping string
}

func newCheckCommand(c *cli) *cobra.Command {
	var f checkFlags
	cmd := &cobra.Command{
		Use:   "check [PATH...]",
		Short: "Check mapping files and flows without a document",
		Long: `Check mapping files: their form, their expressions, and every field against the schemas of source and target.

PATH is a mapping file, the name of a built-in mapping, or a folder, in which every mapping file is checked; the default
is the folder you are in. In folders, what stands in testdata, node_modules and hidden folders is left alone, and a
*.base.yaml is checked with the mappings that extend it. In a project's folder, which holds a crosswalk.yaml, that and its flows
are checked too: connections, settings, conditions, and whether the mappings fit. No connection is opened.
The types of scripts that mappings name, and of the tests beside them, are checked by the TypeScript compiler of the project where
node_modules has one and node is on the PATH, against what "crosswalk types" would write; a line says so if not.
Every problem of every file is printed. Errors make the exit code 1, warnings only with --strict. With --fix, problems that
have one safe fix are fixed in the files, as often as fixing brings more to light, and what is left is printed.

With --unread PATH is a file of documents, JSON or JSON Lines, or - for stdin, and the check is what the mapping loses of them without a
word: the source fields that no rule reads, in how many documents each was seen, and the target fields that no rule
fills or that no document filled. Documents are read one at a time. With --strict, an unread field makes the exit code 1.`,
		Example: `  crosswalk check
  crosswalk check --fix --diff
  crosswalk check mappings/order.yaml
  crosswalk check --json | jq .diagnostics
  crosswalk check --unread -m shopware/order.read orders.jsonl`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.unread {
				return c.runUnread(cmd.Context(), f, args)
			}
			if f.mapping != "" {
				return misusef("-m belongs to --unread: name the mapping to check as the argument")
			}
			if len(args) == 0 {
				args = []string{"."}
			}
			return c.runCheck(cmd.Context(), args, f)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.fix, "fix", false, "fix what has one safe fix")
	flags.BoolVar(&f.diff, "diff", false, "with --fix: write nothing, print what would change and nothing else")
	flags.BoolVar(&f.strict, "strict", false, "warnings make the exit code 1 too")
	flags.BoolVar(&f.unread, "unread", false, "tell which fields of documents no rule reads, and which of the target get no value")
	flags.StringVarP(&f.mapping, "mapping", "m", "", "with --unread: mapping `file` or built-in name (default: the only one in the folder)")
	_ = cmd.RegisterFlagCompletionFunc("mapping", completeMapping) // fails only for a flag that is not there
	return cmd
}

// checkReport is the result of a check, as --json prints it.
type checkReport struct {
	Files    int                `json:"files"`
	Flows    int                `json:"flows,omitempty"`
	Errors   int                `json:"errors"`
	Warnings int                `json:"warnings"`
	Fixed    engine.Diagnostics `json:"fixed,omitempty"` // what --fix changed, or would with --diff
	Diff     string             `json:"diff,omitempty"`
	// Scripts says whether the types of scripts were checked, and if not, why; empty where there is none to check.
	Scripts     string             `json:"scripts,omitempty"`
	Diagnostics engine.Diagnostics `json:"diagnostics"`
}

func (c *cli) runCheck(ctx context.Context, args []string, f checkFlags) error {
	if f.diff && !f.fix {
		return misusef("--diff shows what --fix would change: use both")
	}
	texts := drafts{}
	report, err := c.check(ctx, args, texts)
	if err == nil && f.fix {
		report, err = c.fix(ctx, args, texts, report)
	}
	if err == nil {
		err = c.checkScripts(ctx, args, texts, &report)
	}
	if err != nil {
		return err
	}
	switch {
	case f.diff:
		report.Diff, err = texts.diff()
	case f.fix:
		err = texts.save()
	}
	if err != nil {
		return err
	}
	return c.printCheck(report, f)
}

// check checks what the arguments mean, in texts where these are newer than the disk.
func (c *cli) check(ctx context.Context, args []string, texts drafts) (checkReport, error) {
	report := checkReport{Diagnostics: engine.Diagnostics{}}
	var files []string
	for _, arg := range args {
		found, err := mappingFiles(arg)
		if err != nil {
			return report, err
		}
		files = append(files, found...)
	}

	checked, told := map[string]bool{}, map[string]bool{}
	for _, file := range files {
		if err := ctx.Err(); err != nil {
			return report, err
		}
		if checked[file] {
			continue
		}
		checked[file] = true
		found, err := c.checkFile(file, texts)
		if err != nil {
			return report, err
		}
		report.Files++
		for _, d := range found {
			// A mapping that others extend is checked with each of them; its problems are told once.
			if key := d.Error(); !told[key] {
				told[key] = true
				report.Diagnostics = append(report.Diagnostics, d)
			}
		}
	}
	for _, arg := range args {
		flows, found, err := c.checkProject(arg, texts)
		if err != nil {
			return report, err
		}
		report.Flows += flows
		for _, d := range found {
			if key := d.Error(); !told[key] {
				told[key] = true
				report.Diagnostics = append(report.Diagnostics, d)
			}
		}
	}
	for _, d := range report.Diagnostics {
		if d.Severity == engine.Error {
			report.Errors++
		} else {
			report.Warnings++
		}
	}
	return report, nil
}

func (c *cli) printCheck(report checkReport, f checkFlags) error {
	switch {
	case c.json:
		if err := writeJSON(c.stdout, report); err != nil {
			return err
		}
	case f.diff:
		fmt.Fprint(c.stdout, report.Diff)
		if report.Errors > 0 {
			fmt.Fprintf(c.stderr, "crosswalk: %s left that no fix removes\n", count(report.Errors, "error"))
		}
	default:
		for _, d := range report.Fixed {
			fmt.Fprintf(c.stdout, "%s: fixed %s: %s\n", d.Pos, d.Code, d.Fix.Title)
		}
		for _, d := range report.Diagnostics {
			fmt.Fprintln(c.stdout, d.Render())
		}
		if report.Scripts != "" {
			fmt.Fprintln(c.stdout, report.Scripts)
		}
		what := count(report.Files, "mapping")
		if report.Flows > 0 {
			what += " and " + count(report.Flows, "flow")
		}
		fmt.Fprintf(c.stdout, "%s checked: %s, %s\n", what, count(report.Errors, "error"), count(report.Warnings, "warning"))
	}
	if report.Errors > 0 || f.strict && report.Warnings > 0 {
		return errReported
	}
	return nil
}

// checkFile returns the problems of one mapping.
func (c *cli) checkFile(name string, texts drafts) (engine.Diagnostics, error) {
	mapping, err := c.loadMapping(name, engine.Files(texts))
	var found engine.Diagnostics
	switch {
	case err == nil:
		return mapping.Warnings(), nil
	case errors.As(err, &found):
		return found, nil
	}
	return nil, err
}

// mappingFiles returns the mappings that an argument means, in order.
func mappingFiles(arg string) ([]string, error) {
	info, err := os.Stat(arg)
	if err != nil || !info.IsDir() {
		// A file, a built-in name, or nothing: loading it says which.
		return []string{arg}, nil
	}
	files, err := yamlFiles(arg, func(path string, text []byte) bool {
		stem := trimYAML(filepath.Base(path))
		return !strings.HasSuffix(stem, ".test") && !strings.HasSuffix(stem, ".base") && looksLikeMapping(text)
	})
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(arg, "crosswalk.yaml")); err == nil {
		return files, nil // a project whose flows use the built-in mappings needs none of its own
	}
	if len(files) == 0 {
		return nil, misusef("%s holds no mapping file: a YAML file with rules: or extends: at its left edge", arg)
	}
	return files, nil
}

// count writes "1 error", "2 errors".
func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
