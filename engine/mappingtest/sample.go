package mappingtest

import (
	"io/fs"
	"path"

	"github.com/crosswalk-go/crosswalk/engine"
)

// Sample returns the document of the first case of a test file that is expected to map, and what goes with it: an
// example for whoever writes the mapping. ok is false where there is none.
func Sample(files fs.FS, name string) (document []byte, in engine.Input, ok bool) {
	data, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, in, false
	}
	r := &reader{path: name}
	root := r.read(data)
	cases := root.get("cases")
	if cases == nil {
		return nil, in, false
	}
	p := &caseReader{reader: r, files: files, dir: path.Dir(name), root: root}
	for _, n := range cases.items {
		if n.get("fails") != nil || n.get("input") == nil {
			continue
		}
		if v, _ := p.value("input", n.get("input")); v != nil && v.kind == object {
			return []byte(v.json()), p.input(n), true
		}
	}
	return nil, in, false
}
