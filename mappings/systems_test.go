package mappings_test

import (
	"encoding/json"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/mappings"
)

// corpus are the documents of one entity of one system: SYSTEM/testdata/ENTITYs/NN-name.json.
type corpus struct {
	system, entity string
	files          []string
}

// corpora finds the documents of all systems, so that a new system is held to what follows by being there.
func corpora(t *testing.T) []corpus {
	t.Helper()
	dirs, err := filepath.Glob("*/testdata/*s")
	if err != nil {
		t.Fatal(err)
	}
	var all []corpus
	for _, dir := range dirs {
		c := corpus{system: filepath.Dir(filepath.Dir(dir)), entity: strings.TrimSuffix(filepath.Base(dir), "s")}
		files, err := filepath.Glob(dir + "/[0-9][0-9]-*.json")
		if err != nil {
			t.Fatal(err)
		}
		c.files = slices.DeleteFunc(files, func(f string) bool { return strings.HasSuffix(f, ".canonical.json") })
		if len(c.files) > 0 {
			all = append(all, c)
		}
	}
	return all
}

// Documents of a system have no member that its schema does not know, and become canonical documents; orders add up to the cent.
func TestDocumentsOfAllSystems(t *testing.T) {
	for _, c := range corpora(t) {
		t.Run(c.system+"."+c.entity, func(t *testing.T) {
			source, canonical := compile(t, c.system+"/"+c.entity+".schema.json", true), compile(t, "canonical/"+c.entity+".schema.json", true)
			m := load(t, c.system+"/"+c.entity+".read")
			for _, f := range c.files {
				validate(t, source, f, readFile(t, f))
				out := apply(t, m, readFile(t, f), engine.Input{})
				validate(t, canonical, f+" as "+c.entity, out)
				if c.entity != "order" || strings.Contains(f, withoutLines) {
					continue
				}
				var o order
				if err := json.Unmarshal(out, &o); err != nil {
					t.Fatal(err)
				}
				if err := o.invariants(); err != nil {
					t.Errorf("%s: %v", f, err)
				}
			}
		})
	}
}

// Every system that is read has documents to be read.
func TestEverySystemHasDocuments(t *testing.T) {
	all := corpora(t)
	for _, name := range mappings.Names() {
		system, file := path.Split(name)
		entity, verb, _ := strings.Cut(file, ".")
		has := slices.ContainsFunc(all, func(c corpus) bool { return c.system+"/" == system && c.entity == entity })
		if verb == "read" && !has && system != "eaccounting/" { // whose documents stand beside each other
			t.Errorf("%s maps no document of %stestdata/%ss", name, system, entity)
		}
	}
}
