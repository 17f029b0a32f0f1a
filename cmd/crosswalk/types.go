package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/mappings"
	"github.com/crosswalk-go/crosswalk/scripting/types"
	"github.com/crosswalk-go/crosswalk/server/project"
)

// typesFolder is where declarations are written, below the project's folder.
const typesFolder = "scripts/types"

// typesFlags are the flags of `crosswalk types`.
type typesFlags struct {
	out      string
	check    bool
	tsconfig bool
}

func newTypesCommand(c *cli) *cobra.Command {
	var f typesFlags
	cmd := &cobra.Command{
		Use:   "types [FOLDER]",
		Short: "Write TypeScript declarations for the project's scripts",
		Long: `Write TypeScript declarations (.d.ts) of what scripts meet: the canonical documents, those of the systems that
the project's connections and mappings name, the settings and tables of its flows, and the library that scripts have without
importing it. An editor then completes order.lines[0]. and finds slips.

FOLDER is the project; the default is the folder you are in. The files go into its scripts/types, or where --out says, and
are meant to be kept in git. They depend on nothing but the project and the version of this program, and files of an
earlier run that are no longer needed are removed. A file that this command did not write is never touched.
With --check nothing is written, and the exit code is 1 where a file is not as it would be written.`,
		Example: `  crosswalk types --tsconfig
  crosswalk types --check`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			dir := "."
			if len(args) > 0 {
				dir = args[0]
			}
			return c.runTypes(dir, f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.out, "out", "", "write into this `folder` (default: "+typesFolder+" of the project)")
	flags.BoolVar(&f.check, "check", false, "write nothing; fail where a file is not up to date")
	flags.BoolVar(&f.tsconfig, "tsconfig", false, "write a tsconfig.json too, where the project has none")
	return cmd
}

// typesReport is what --json prints.
type typesReport struct {
	Folder  string   `json:"folder"`
	Files   []string `json:"files"`
	Changed []string `json:"changed"` // written or removed; with --check those that would be
}

func (c *cli) runTypes(dir string, f typesFlags) error {
	if !isFolder(dir) {
		return misusef("%s is no folder", dir)
	}
	declared, found, err := c.declarations(dir, drafts{})
	switch {
	case err != nil:
		return err
	case found != nil:
		return found
	}
	out := f.out
	if out == "" {
		out = filepath.Join(dir, filepath.FromSlash(typesFolder))
	}
	report := typesReport{Folder: out, Files: []string{}, Changed: []string{}}
	files := map[string][]byte{} // nil to remove
	for _, file := range declared.Files() {
		path := filepath.Join(out, file.Name)
		report.Files = append(report.Files, path)
		files[path] = file.Text
	}
	old, err := filepath.Glob(filepath.Join(out, "*.d.ts"))
	if err != nil {
		return misuse{err}
	}
	for _, path := range old {
		if _, ours := files[path]; !ours {
			files[path] = nil
		}
	}
	config := filepath.Join(dir, "tsconfig.json")
	_, err = os.Stat(config)
	unconfigured := errors.Is(err, fs.ErrNotExist)
	if f.tsconfig && unconfigured {
		include := []string{"scripts"}
		if rel, err := filepath.Rel(dir, out); err == nil && !strings.HasPrefix(filepath.ToSlash(rel), "scripts/") {
			include = append(include, filepath.ToSlash(rel))
		}
		files[config] = types.TSConfig(include...)
	}
	for path, text := range files {
		present, err := os.ReadFile(path)
		switch {
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return misuse{err}
		case err == nil && path != config && !bytes.HasPrefix(present, []byte(types.Header)):
			if text != nil {
				return misusef("%s is not written by this command: move it away, or choose another folder with --out", path)
			}
		case err == nil && !bytes.Equal(present, text) || err != nil && text != nil:
			report.Changed = append(report.Changed, path)
		}
	}
	slices.Sort(report.Changed)
	if !f.check {
		for _, path := range report.Changed {
			if err := replaceOrRemove(path, files[path]); err != nil {
				return err
			}
		}
	}
	return c.printTypes(report, f, unconfigured)
}

func replaceOrRemove(path string, text []byte) error {
	if text == nil {
		return os.Remove(path)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o666)
}

func (c *cli) printTypes(report typesReport, f typesFlags, unconfigured bool) error {
	what := "written"
	if f.check {
		what = "not up to date"
	}
	if c.json {
		if err := writeJSON(c.stdout, report); err != nil {
			return err
		}
	} else {
		for _, path := range report.Changed {
			fmt.Fprintf(c.stdout, "%s: %s\n", path, what)
		}
		if len(report.Changed) == 0 {
			fmt.Fprintf(c.stdout, "%s is up to date\n", report.Folder)
		}
		if unconfigured && !f.tsconfig && !f.check {
			fmt.Fprintln(c.stdout, "The project has no tsconfig.json: --tsconfig writes one.")
		}
	}
	if f.check && len(report.Changed) > 0 {
		return errReported
	}
	return nil
}

// declarations collects what scripts of the project in dir meet. A folder without a crosswalk.yaml has no
// connections and flows, but mappings. found is what is wrong with the project.
func (c *cli) declarations(dir string, texts drafts) (declared types.Project, found engine.Diagnostics, err error) {
	known := engine.DocumentTypes(mappings.FS)
	wanted := map[string]bool{}
	for _, name := range known {
		wanted[name] = !strings.Contains(name, ".") // the canonical ones are what systems have in common
	}
	if _, err := os.Stat(filepath.Join(dir, "crosswalk.yaml")); err == nil {
		p, err := project.Load(dir, systems, project.Files(texts))
		if err != nil {
			err = diagnosticsOr(&found, err)
			return declared, found, err
		}
		for _, conn := range p.Connections {
			for _, name := range known {
				wanted[name] = wanted[name] || strings.HasPrefix(name, conn.System+".")
			}
		}
		for _, d := range p.Declared(mappings.FS) {
			declared.Flows = append(declared.Flows, types.Flow{Name: d.Flow, Settings: d.Settings, Tables: d.Tables})
		}
	}
	files, err := yamlFiles(dir, func(_ string, text []byte) bool { return looksLikeMapping(text) })
	if err != nil {
		return declared, nil, err
	}
	for _, file := range files {
		a, err := c.analyze(file, texts)
		if err != nil {
			return declared, nil, err
		}
		wanted[a.From()], wanted[a.To()] = true, true
	}
	for _, name := range known {
		system, _, _ := strings.Cut(name, ".")
		if !slices.ContainsFunc(known, func(other string) bool { return wanted[other] && strings.HasPrefix(other+".", system+".") }) {
			continue // no document of the system is met
		}
		t, err := engine.DocumentType(mappings.FS, name)
		if err != nil {
			return declared, nil, err
		}
		declared.Documents = append(declared.Documents, types.Document{Name: name, Type: t})
	}
	return declared, nil, nil
}

// analyze reads a mapping file without running its scripts.
func (c *cli) analyze(file string, texts drafts) (*engine.Analysis, error) {
	text, err := texts.ReadFile(file)
	if err != nil {
		return nil, misuse{err}
	}
	return engine.Analyze(file, text, engine.Library(mappings.FS), engine.Files(texts)), nil
}
