package mappingtest

import (
	"io/fs"
	"path"

	"github.com/crosswalk-go/crosswalk/engine"
)

// Example is the document of a case and what goes with it.
type Example struct {
	Name     string
	Document []byte
	Input    engine.Input
	Exactly  []byte // the whole of what the case expects; nil where it names single fields
}

// Sample returns the document of the first case of a test file that is expected to map, and what goes with it: an
// example for whoever writes the mapping. ok is false where there is none.
func Sample(files fs.FS, name string) (document []byte, in engine.Input, ok bool) {
	found := samples(files, name, 1)
	if len(found) == 0 {
		return nil, in, false
	}
	return found[0].Document, found[0].Input, true
}

// Samples returns the documents of all cases of a test file that are expected to map and have an object as input, in
// its order. Of a file that cannot be read there are none.
func Samples(files fs.FS, name string) []Example { return samples(files, name, -1) }

// samples is Samples that ends after a number of them; below 0 there is no end.
func samples(files fs.FS, name string, most int) []Example {
	data, err := fs.ReadFile(files, name)
	if err != nil {
		return nil
	}
	r := &reader{path: name}
	root := r.read(data)
	cases := root.get("cases")
	if cases == nil {
		return nil
	}
	p := &caseReader{reader: r, files: files, dir: path.Dir(name), root: root}
	var found []Example
	for _, n := range cases.items {
		if n.get("fails") != nil || n.get("input") == nil {
			continue
		}
		v, _ := p.value("input", n.get("input"))
		if v == nil || v.kind != object {
			continue
		}
		e := Example{Document: []byte(v.json()), Input: p.input(n)}
		if exactly := n.get("exactly"); exactly != nil {
			if v, _ := p.value("exactly", exactly); v != nil {
				e.Exactly = []byte(v.json())
			}
		}
		if name := n.get("name"); name != nil {
			e.Name = name.scalar
		}
		found = append(found, e)
		if len(found) == most {
			break
		}
	}
	return found
}

// MappingOf returns the mapping that a test file names, as a path of files or a name of the library; "" where
// it names none.
func MappingOf(files fs.FS, name string) string {
	data, err := fs.ReadFile(files, name)
	if err != nil {
		return ""
	}
	m := (&reader{path: name}).read(data).get("mapping")
	if m == nil || m.kind != text {
		return ""
	}
	return testFile{path: name, mapping: m.scalar}.mappingPath()
}
