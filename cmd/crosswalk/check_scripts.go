package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/scripting/tsc"
)

// Codes of diagnostics about scripts: one that cannot be used, and one with an error that the TypeScript compiler finds.
const (
	codeScript     = "CW1028"
	codeScriptType = "CW1029"
)

// checkScripts lets the project's TypeScript compiler check the scripts that the mappings name.
func (c *cli) checkScripts(ctx context.Context, args []string, texts drafts, report *checkReport) error {
	projects, err := c.scriptsOf(args, texts)
	if err != nil || len(projects) == 0 {
		return err
	}
	var found engine.Diagnostics
	checked, total := 0, 0
	why := ""
	for _, p := range projects {
		total += len(p.scripts)
		compiler, err := tsc.Find(p.folder)
		if errors.Is(err, tsc.ErrNone) {
			why = err.Error()
			continue
		} else if err != nil {
			return err
		}
		declared, wrong, err := c.declarations(p.folder, texts)
		switch {
		case err != nil:
			return err
		case wrong != nil:
			why = "the project has errors"
			continue
		}
		messages, err := compiler.Check(ctx, tsc.Request{Root: p.folder, Scripts: p.scripts, Declarations: declared.Files()})
		if ctx.Err() != nil {
			return ctx.Err()
		} else if err != nil {
			why = err.Error()
			continue
		}
		checked += len(p.scripts)
		for _, m := range messages {
			if d := scriptDiagnostic(p, m); !alreadyTold(report.Diagnostics, d, m) {
				found = append(found, d)
			}
		}
	}
	switch {
	case checked == total:
		report.Scripts = fmt.Sprintf("types of %s checked", count(total, "script"))
	default:
		report.Scripts = fmt.Sprintf("types of %s not checked: %s", count(total-checked, "script"), why)
	}
	report.Diagnostics = append(report.Diagnostics, found...)
	report.Errors += len(found)
	return nil
}

func scriptDiagnostic(p scriptProject, m tsc.Message) engine.Diagnostic {
	d := engine.Diagnostic{Severity: engine.Error, Code: codeScriptType, Message: fmt.Sprintf("%s (%s)", strings.TrimSuffix(m.Text, "."), m.Code), Help: m.Detail, Snippet: m.Snippet}
	if m.File == "" { // about the configuration as a whole
		d.Pos.File = filepath.ToSlash(filepath.Join(p.folder, "tsconfig.json"))
		return d
	}
	d.Pos = engine.Position{File: m.File, Line: m.Line, Column: m.Column}
	d.End = d.Pos
	d.End.Column = max(m.EndColumn, m.Column)
	return d
}

// alreadyTold tells whether the bundler complained of the same slip: the messages TS1xxx are about syntax.
func alreadyTold(told engine.Diagnostics, d engine.Diagnostic, m tsc.Message) bool {
	return len(m.Code) == len("TS1005") && strings.HasPrefix(m.Code, "TS1") && slices.ContainsFunc(told, func(o engine.Diagnostic) bool {
		return o.Code == codeScript && path.Clean(o.Pos.File) == path.Clean(d.Pos.File)
	})
}

// scriptProject is a project's folder and its scripts that have types.
type scriptProject struct {
	folder  string
	scripts []string
}

// scriptsOf collects the scripts of the mappings that the arguments mean, and the tests of scripts beside them.
func (c *cli) scriptsOf(args []string, texts drafts) ([]scriptProject, error) {
	byFolder := map[string][]string{}
	for _, arg := range args {
		files, err := mappingFiles(arg)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			if _, err := os.Stat(file); err != nil {
				continue // a built-in mapping has no scripts
			}
			a, err := c.analyze(file, texts)
			if err != nil {
				return nil, err
			}
			for _, script := range a.ScriptFiles() {
				folder := projectFolder(script)
				tests, err := filepath.Glob(filepath.Join(filepath.Dir(script), "*.test.*"))
				if err != nil {
					return nil, err
				}
				for _, name := range append(tests, script) {
					if name = filepath.ToSlash(filepath.Clean(name)); isTyped(name) && !slices.Contains(byFolder[folder], name) {
						byFolder[folder] = append(byFolder[folder], name)
					}
				}
			}
		}
	}
	var all []scriptProject
	for folder, scripts := range byFolder {
		slices.Sort(scripts)
		all = append(all, scriptProject{folder, scripts})
	}
	slices.SortFunc(all, func(a, b scriptProject) int { return cmp.Compare(a.folder, b.folder) })
	return all, nil
}

// isTyped tells whether a file is a script that TypeScript looks at: its own, and JavaScript that asks for it.
func isTyped(name string) bool {
	switch path.Ext(name) {
	case ".ts", ".mts":
		info, err := os.Stat(name)
		return err == nil && info.Mode().IsRegular()
	case ".js", ".mjs":
		text, err := os.ReadFile(name)
		return err == nil && bytes.Contains(text, []byte("@ts-check"))
	}
	return false
}

// projectFolder returns the next folder at or above a file's that has a crosswalk.yaml or a package.json; without one it
// is the file's own.
func projectFolder(file string) string {
	dir := filepath.Dir(file)
	for up, levels := dir, 0; levels < 12; up, levels = filepath.Join(up, ".."), levels+1 {
		for _, mark := range []string{"crosswalk.yaml", "package.json"} {
			if _, err := os.Stat(filepath.Join(up, mark)); err == nil {
				return up
			}
		}
	}
	return dir
}
