package scripting

import (
	"fmt"
	"io/fs"

	"github.com/crosswalk-go/crosswalk/scripting/internal/machine"
	"github.com/crosswalk-go/crosswalk/scripting/internal/worker"
)

// Inspect reads the scripts at the paths entries as [Load] does, and runs nothing of them: for editors, which ask at every keystroke. What
// only running tells is taken for a function. Where command is that of [Options].Worker, they are read in such a process.
func Inspect(fsys fs.FS, entries []string, command []string) ([]Function, error) {
	outline, _, _, err := read(fsys, worker.Job{Entries: clean(entries)}, command)
	if err != nil {
		return nil, err
	}
	functions, _, err := namedFunctions(outline.Exports, func(int) bool { return true })
	return functions, err
}

// namedFunctions names the exports that can be called, and returns where each stands among all exports. Two that nothing could tell
// apart are [Errors].
func namedFunctions(exported []machine.Export, callable func(export int) bool) (functions []Function, exports []int, err error) {
	count := map[string]int{}
	for i, e := range exported {
		if !callable(i) {
			continue
		}
		f := Function{Name: e.Name, Script: e.Script, Module: scriptName(e.Script), Export: e.Name, Params: e.Params, Rest: e.Rest || !e.Function, Pos: e.Pos}
		if e.Name == "default" {
			f.Name = f.Module
		}
		count[f.Name]++
		functions = append(functions, f)
		exports = append(exports, i)
	}
	var same Errors
	named := map[string]*Function{}
	for i := range functions {
		f := &functions[i]
		if count[f.Name] > 1 && f.Export != "default" {
			f.Name = f.Module + "." + f.Name
		}
		if other := named[f.Name]; other != nil {
			same = append(same, Message{File: f.Pos.File, Line: f.Pos.Line, Column: f.Pos.Column, Text: fmt.Sprintf(
				"%s exports %s too, and both scripts are named %s: rename a file, so that rules can say which they mean", other.Script, f.Export, f.Module)})
		}
		named[f.Name] = f
	}
	if len(same) > 0 {
		return nil, nil, same
	}
	return functions, exports, nil
}
