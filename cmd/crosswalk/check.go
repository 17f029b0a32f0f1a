package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/crosswalk-go/crosswalk/engine"
)

// checkFlags are the flags of `crosswalk check`.
type checkFlags struct {
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
Every problem of every file is printed. Errors make the exit code 1, warnings only with --strict.

With --unread PATH is a file of documents, JSON or JSON Lines, or - for stdin, and the check is what the mapping loses of them without a
word: the source fields that no rule reads, in how many documents each was seen, and the target fields that no rule
fills or that no document filled. Documents are read one at a time. With --strict, an unread field makes the exit code 1.`,
		Example: `  crosswalk check
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
			return c.runCheck(cmd.Context(), f, args)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.strict, "strict", false, "warnings make the exit code 1 too")
	flags.BoolVar(&f.unread, "unread", false, "tell which fields of documents no rule reads, and which of the target get no value")
	flags.StringVarP(&f.mapping, "mapping", "m", "", "with --unread: mapping `file` or built-in name (default: the only one in the folder)")
	_ = cmd.RegisterFlagCompletionFunc("mapping", completeMapping) // fails only for a flag that is not there
	return cmd
}

// checkReport is the result of a check, as --json prints it.
type checkReport struct {
	Files       int                `json:"files"`
	Flows       int                `json:"flows,omitempty"`
	Errors      int                `json:"errors"`
	Warnings    int                `json:"warnings"`
	Diagnostics engine.Diagnostics `json:"diagnostics"`
}

func (c *cli) runCheck(ctx context.Context, f checkFlags, args []string) error {
	var files []string
	for _, arg := range args {
		found, err := mappingFiles(arg)
		if err != nil {
			return err
		}
		files = append(files, found...)
	}

	var report checkReport
	checked, told := map[string]bool{}, map[string]bool{}
	for _, file := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		if checked[file] {
			continue
		}
		checked[file] = true
		found, err := checkFile(file)
		if err != nil {
			return err
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
		flows, found, err := checkProject(arg)
		if err != nil {
			return err
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
	return c.printCheck(report, f.strict)
}

func (c *cli) printCheck(report checkReport, strict bool) error {
	if c.json {
		if err := writeJSON(c.stdout, report); err != nil {
			return err
		}
	} else {
		for _, d := range report.Diagnostics {
			fmt.Fprintln(c.stdout, d.Render())
		}
		what := count(report.Files, "mapping")
		if report.Flows > 0 {
			what += " and " + count(report.Flows, "flow")
		}
		fmt.Fprintf(c.stdout, "%s checked: %s, %s\n", what, count(report.Errors, "error"), count(report.Warnings, "warning"))
	}
	if report.Errors > 0 || strict && report.Warnings > 0 {
		return errReported
	}
	return nil
}

// checkFile returns the problems of one mapping.
func checkFile(name string) (engine.Diagnostics, error) {
	mapping, err := loadMapping(name)
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
	var files []string
	err = filepath.WalkDir(arg, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			if path != arg && (strings.HasPrefix(name, ".") || name == "testdata" || name == "node_modules") {
				return fs.SkipDir
			}
			return nil
		}
		if stem := trimYAML(name); stem == name || strings.HasSuffix(stem, ".test") || strings.HasSuffix(stem, ".base") {
			return nil
		}
		if info, err := os.Stat(path); err != nil { // follows a link to a file
			return err
		} else if !info.Mode().IsRegular() {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if looksLikeMapping(text) {
			files = append(files, path)
		}
		return nil
	})
	if err != nil {
		return nil, misuse{err}
	}
	if len(files) == 0 {
		return nil, misusef("%s holds no mapping file: a YAML file with rules: or extends: at its left edge", arg)
	}
	slices.Sort(files)
	return files, nil
}

func trimYAML(name string) string {
	return strings.TrimSuffix(strings.TrimSuffix(name, ".yaml"), ".yml")
}

// mappingKey matches the line of a key that only mapping files have. It looks at text, not at parsed
// YAML, so that a file with a slip in it is still found and told about.
var mappingKey = regexp.MustCompile(`(?m)^["']?(rules|extends|let)["']?[ \t]*:`)

func looksLikeMapping(text []byte) bool { return mappingKey.Match(text) }

// count writes "1 error", "2 errors".
func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
