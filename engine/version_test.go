package engine_test

import (
	"io/fs"
	"path"
	"testing"
	"testing/fstest"

	"github.com/crosswalk-go/crosswalk/engine"
)

// readingHost reads the scripts and what they name, as a bundler does, and loads nothing.
type readingHost struct{}

func (readingHost) LoadScripts(files fs.FS, paths []string) (engine.Scripts, error) {
	for _, p := range paths {
		for _, name := range []string{p, path.Join(path.Dir(p), "part.js")} {
			if _, err := fs.ReadFile(files, name); err != nil {
				return nil, err
			}
		}
	}
	return noScripts{}, nil
}

type noScripts struct{ engine.Scripts }

func (noScripts) Functions() []engine.ScriptFunction { return nil }

// TestVersion shows that a version changes with every text that a mapping is made of, and with nothing else.
func TestVersion(t *testing.T) {
	texts := map[string]string{
		"base.yaml": "from: any\nto: any\nrules:\n  a: 1\n",
		"own.yaml":  "extends: base.yaml\nscripts: [s.js]\nrules:\n  b: 2\n",
		"s.js":      "import './part.js'", "part.js": "1",
		"other.yaml": "from: any\nto: any\nrules:\n  a: 2\n",
	}
	load := func(folder string, texts map[string]string) string {
		files := fstest.MapFS{}
		for name, text := range texts {
			files[path.Join(folder, name)] = &fstest.MapFile{Data: []byte(text)}
		}
		m, err := engine.Load(path.Join(folder, "own.yaml"), engine.Files(files), engine.WithScripts(readingHost{}))
		if err != nil {
			t.Fatal(err)
		}
		return m.Version()
	}
	first := load("x", texts)
	if len(first) != 16 || load("y", texts) != first {
		t.Errorf("%q in one folder, %q in another", first, load("y", texts))
	}
	for name, text := range texts {
		changed := map[string]string{}
		for n, t := range texts {
			changed[n] = t
		}
		changed[name] = text + "\n"
		if got := load("x", changed); (got == first) != (name == "other.yaml") {
			t.Errorf("with a change of %s the version is %s, and it was %s", name, got, first)
		}
	}
}
