package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/format"
)

func newFmtCommand(c *cli) *cobra.Command {
	var f fmtFlags
	cmd := &cobra.Command{
		Use:   "fmt [PATH...]",
		Short: "Format mapping, test, flow and project files",
		Long: `Format files: two spaces a level, one space after colons and commas, quotes only where YAML needs them.

Comments stay where they are, expressions, the order of keys and single empty lines stay as they are. PATH is a file, "-"
for stdin to stdout, or a folder, in which every mapping, test, flow and project file is formatted; the default is the
folder you are in. In folders, what stands in testdata, node_modules and hidden folders is left alone. The files that
changed are printed. A file that is no YAML is left as it is, its problem is told, and the exit code is 1.`,
		Example: `  crosswalk fmt
  crosswalk fmt --check mappings
  crosswalk fmt --diff mappings/order.yaml
  crosswalk fmt - < mappings/order.yaml`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = []string{"."}
			}
			return c.runFmt(args, f)
		},
	}
	cmd.Flags().BoolVar(&f.check, "check", false, "write nothing; exit code 1 where a file is not formatted")
	cmd.Flags().BoolVar(&f.diff, "diff", false, "write nothing; print what would change")
	return cmd
}

type fmtFlags struct{ check, diff bool }

// fmtReport is the result of a formatting, as --json prints it.
type fmtReport struct {
	Files       int                `json:"files"`
	Changed     []string           `json:"changed"`
	Diff        string             `json:"diff,omitempty"`
	Diagnostics engine.Diagnostics `json:"diagnostics"`
}

func (c *cli) runFmt(args []string, f fmtFlags) error {
	if len(args) == 1 && args[0] == "-" {
		return c.fmtStdin(f)
	}
	files, err := formattable(args)
	if err != nil {
		return err
	}
	report := fmtReport{Files: len(files), Changed: []string{}}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return misuse{err}
		}
		formatted := formatFile(file, text, &report)
		if bytes.Equal(formatted, text) {
			continue
		}
		report.Changed = append(report.Changed, file)
		switch {
		case f.diff:
			report.Diff += format.Diff(file, text, formatted)
		case !f.check:
			if err := replaceFile(file, formatted); err != nil {
				return err
			}
		}
	}
	return c.printFmt(report, f)
}

// formatFile returns the formatted text. What is wrong with the file goes to the report.
func formatFile(file string, text []byte, report *fmtReport) []byte {
	formatted, err := format.Format(text)
	var found engine.Diagnostics
	if err != nil && !errors.As(err, &found) {
		found = engine.Diagnostics{{Severity: engine.Error, Code: codeYAML, Message: err.Error()}}
	}
	for _, d := range found {
		d.Pos.File = file
		report.Diagnostics = append(report.Diagnostics, d)
	}
	return formatted
}

func (c *cli) printFmt(report fmtReport, f fmtFlags) error {
	switch {
	case c.json:
		if err := writeJSON(c.stdout, report); err != nil {
			return err
		}
	case f.diff:
		fmt.Fprint(c.stdout, report.Diff)
	default:
		for _, file := range report.Changed {
			fmt.Fprintln(c.stdout, file)
		}
	}
	if len(report.Diagnostics) > 0 && !c.json {
		c.diagnose(report.Diagnostics)
	}
	if len(report.Diagnostics) > 0 || f.check && len(report.Changed) > 0 {
		return errReported
	}
	return nil
}

// fmtStdin formats what an editor hands over.
func (c *cli) fmtStdin(f fmtFlags) error {
	text, err := io.ReadAll(c.stdin)
	if err != nil {
		return err
	}
	var report fmtReport
	formatted := formatFile("stdin", text, &report)
	switch {
	case report.Diagnostics != nil:
		return report.Diagnostics
	case f.check && !bytes.Equal(text, formatted):
		return errReported
	case f.check:
		return nil
	case f.diff:
		_, err = io.WriteString(c.stdout, format.Diff("stdin", text, formatted))
	default:
		_, err = c.stdout.Write(formatted)
	}
	return err
}

// formattable returns the files that the arguments mean, each once.
func formattable(args []string) ([]string, error) {
	var files []string
	seen := map[string]bool{}
	for _, arg := range args {
		found := []string{arg}
		if isFolder(arg) {
			var err error
			if found, err = yamlFiles(arg, func(path string, text []byte) bool { return kindOfFile(path, text) != "" }); err != nil {
				return nil, err
			}
			if len(found) == 0 {
				return nil, misusef("%s holds no mapping, test, flow or project file", arg)
			}
		}
		for _, file := range found {
			if !seen[file] {
				seen[file] = true
				files = append(files, file)
			}
		}
	}
	return files, nil
}

// replaceFile writes a file that is there, with the rights that it has.
func replaceFile(path string, text []byte) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, info.Mode().Perm())
}
