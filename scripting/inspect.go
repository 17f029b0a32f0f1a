package scripting

import (
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
	functions, _ := namedFunctions(outline.Exports, func(int) bool { return true })
	return functions, nil
}

// namedFunctions names the exports that can be called, and returns where each stands among all exports.
func namedFunctions(exported []machine.Export, callable func(export int) bool) (functions []Function, exports []int) {
	count := map[string]int{}
	for i, e := range exported {
		if !callable(i) {
			continue
		}
		f := Function{Name: e.Name, Script: e.Script, Export: e.Name, Params: e.Params, Rest: e.Rest || !e.Function, Pos: e.Pos}
		if e.Name == "default" {
			f.Name = scriptName(e.Script)
		}
		count[f.Name]++
		functions = append(functions, f)
		exports = append(exports, i)
	}
	for i := range functions {
		if f := &functions[i]; count[f.Name] > 1 && f.Export != "default" {
			f.Name = scriptName(f.Script) + "." + f.Name
		}
	}
	return functions, exports
}
