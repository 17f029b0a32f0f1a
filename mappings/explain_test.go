package mappings_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/mappings"
)

// Every leaf that a default mapping makes of any captured document has a rule with its place and what it read, and
// explaining changes no byte of the output.
func TestEveryLeafHasProvenance(t *testing.T) {
	for _, name := range mappings.Names() {
		t.Run(name, func(t *testing.T) {
			m := load(t, name)
			files := documentsFor(t, m)
			leaves := 0
			for _, f := range files {
				doc, err := os.ReadFile(f)
				if err != nil {
					t.Fatal(err)
				}
				in := engine.Input{Now: "2026-11-21T12:00:00Z", Tables: []byte(`{}`)}
				if strings.HasPrefix(name, "eaccounting/") && strings.HasSuffix(name, ".write") {
					in.Links, in.Tables = linksFor(t, doc, gjson.GetBytes(doc, "customer.type").String() == "person"), []byte(articleTables)
				}
				if data, err := os.ReadFile(filepath.Join(filepath.Dir(name), "testdata", "links.json")); err == nil && strings.HasSuffix(name, ".write") {
					in.Links = data
				}
				for _, write := range []engine.WriteMode{engine.Create, engine.Update} {
					in.Write = write
					leaves += checkProvenance(t, f, m, doc, in)
				}
			}
			if leaves == 0 {
				t.Error("no document maps")
			}
		})
	}
}

// documentsFor are the documents that a mapping is given: those of its system, or the canonical ones that a write mapping reads.
func documentsFor(t *testing.T, m *engine.Mapping) []string {
	t.Helper()
	system, resource, read := strings.Cut(m.From(), ".")
	if m.From() == "eaccounting.stock" {
		resource = "article" // which holds it
	}
	beside := system + "/testdata/" + resource
	patterns := []string{beside + "s/[0-9][0-9]-*.json", beside + "-*.json", beside + ".json"}
	if !read {
		patterns = []string{"*/testdata/" + m.From() + "s/*.canonical.json"}
	}
	var all []string
	for _, p := range patterns {
		files, err := filepath.Glob(p)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, slices.DeleteFunc(files, func(f string) bool { return read && strings.HasSuffix(f, ".canonical.json") })...)
	}
	if len(all) == 0 {
		t.Fatalf("no documents for %v", patterns)
	}
	return all
}

func checkProvenance(t *testing.T, file string, m *engine.Mapping, doc []byte, in engine.Input) (leaves int) {
	t.Helper()
	out, applyErr := m.Apply(context.Background(), doc, in)
	e, err := m.Explain(context.Background(), doc, in)
	if err != nil {
		t.Fatal(err)
	}
	if string(e.Output) != string(out) || (applyErr != nil) != (e.Diagnostics != nil) {
		t.Fatalf("%s: explained, it maps to\n%s\nand else to\n%s\n%v\n%v", file, e.Output, out, e.Diagnostics, applyErr)
	}
	if applyErr != nil {
		if e.Diagnostics.Error() != applyErr.Error() {
			t.Errorf("%s: explained, it fails with %v, else with %v", file, e.Diagnostics, applyErr)
		}
		return 0
	}
	fields := map[string]engine.Field{}
	for _, f := range e.Fields {
		if _, twice := fields[f.Path]; twice {
			t.Errorf("%s: %s is explained twice", file, f.Path)
		}
		fields[f.Path] = f
	}
	eachLeaf("", gjson.ParseBytes(out), func(path string, v gjson.Result) {
		leaves++
		f, ok := fields[path]
		constant := strings.HasPrefix(f.Rule.Text, "value: ") || strings.HasPrefix(f.Rule.Text, `"`)
		switch {
		case !ok || f.Rule.Pos.Line == 0 || f.Rule.Pos.File == "" || f.Rule.Text == "":
			t.Errorf("%s: %s = %s comes from nowhere: %+v", file, path, v.Raw, f)
		case f.Kind == engine.Leaf && string(f.Value) != v.Raw:
			t.Errorf("%s: %s = %s is explained as %s", file, path, v.Raw, f.Value)
		case len(f.Reads)+len(f.Lets) == 0 && !constant:
			t.Errorf("%s: %s = %s was made of nothing: %+v", file, path, v.Raw, f)
		}
		if f.CopiedFrom != "" && !strings.HasPrefix(f.CopiedFrom, "links.") && !strings.HasPrefix(f.CopiedFrom, "tables.") && !strings.HasPrefix(f.CopiedFrom, "settings.") {
			if got := gjson.GetBytes(doc, gjsonPath(f.CopiedFrom)); got.Raw != v.Raw {
				t.Errorf("%s: %s = %s is no copy of %s = %s", file, path, v.Raw, f.CopiedFrom, got.Raw)
			}
		}
	})
	for _, a := range e.Absent {
		if a.Rule.Pos.Line == 0 || a.Message == "" || a.Reason == engine.ReasonStopped {
			t.Errorf("%s: %s is absent without a reason: %+v", file, a.Path, a)
		}
		if f, ok := fields[a.Path]; ok {
			t.Errorf("%s: %s is there, by %s, and absent: %s", file, a.Path, f.Rule.Pos, a.Message)
		}
	}
	if _, err := json.Marshal(e); err != nil {
		t.Error(err)
	}
	return leaves
}

// eachLeaf calls f with every string, number, boolean, null, [] and {} of v, and with every element of a list.
func eachLeaf(path string, v gjson.Result, f func(path string, v gjson.Result)) {
	if !v.IsObject() && !v.IsArray() || v.Raw == "[]" || v.Raw == "{}" {
		if path != "" {
			f(path, v)
		}
		return
	}
	i := 0
	v.ForEach(func(key, v gjson.Result) bool {
		at := path + "[" + strconv.Itoa(i) + "]"
		if key.Type == gjson.String {
			at = strings.TrimPrefix(path+"."+key.String(), ".")
			if strings.Contains(key.String(), ".") {
				at = path + "[" + key.Raw + "]"
			}
		} else if v.IsObject() && v.Raw != "{}" {
			f(at, v)
		}
		i++
		eachLeaf(at, v, f)
		return true
	})
}

// gjsonPath writes a[0]["b.c"].d as gjson wants it.
func gjsonPath(path string) string {
	if path == "doc" {
		return "@this"
	}
	var b strings.Builder
	for path != "" {
		switch {
		case strings.HasPrefix(path, `["`):
			end := strings.Index(path, `"]`)
			b.WriteString("." + strings.ReplaceAll(path[2:end], ".", `\.`))
			path = path[end+2:]
		case path[0] == '[':
			end := strings.IndexByte(path, ']')
			b.WriteString("." + path[1:end])
			path = path[end+1:]
		default:
			path = strings.TrimPrefix(path, ".")
			end := strings.IndexAny(path, ".[")
			if end < 0 {
				end = len(path)
			}
			b.WriteString("." + path[:end])
			path = path[end:]
		}
	}
	return strings.TrimPrefix(b.String(), ".")
}
