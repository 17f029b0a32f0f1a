package project

import (
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/all"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

var update = flag.Bool("update", false, "write the example projects anew")

const examples = "../../docs/examples"

// examplePairs are the pairs that example projects join.
var examplePairs = [][2]string{
	{"ccvsalespos", "eaccounting"}, {"ccvshop", "eaccounting"}, {"magento", "eaccounting"}, {"shopware", "ccvsalespos"}, {"ccvsalespos", "ecwid"},
}

// TestExamples holds the example projects to what the systems declare: each pair has a flow for every entity and direction that is possible, and
// each flow, run twice between sandboxes from the files as they are, carries its documents whole and then changes nothing. -update writes
// the files.
func TestExamples(t *testing.T) {
	for _, pair := range examplePairs {
		dir := filepath.Join(examples, pair[0]+"-"+pair[1])
		a, b := specNamed(t, pair[0]), specNamed(t, pair[1])
		want, flows := exampleProject(a, b)
		if *update {
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
			for name, text := range want {
				(&crossing{t: t, dir: dir}).write(name, text)
			}
		}
		have := map[string]string{}
		err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := os.ReadFile(filepath.Join(dir, path))
			have[path] = string(text)
			return err
		})
		if err != nil || !maps.Equal(have, want) {
			t.Errorf("%s is not what the systems declare (%v): go test ./server/project -run TestExamples -update writes it", dir, err)
			continue
		}
		for name, c := range flows {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				x := &crossing{t: t, dir: t.TempDir(), store: newMemoryStore(), env: map[string]string{}, name: name}
				if err := os.CopyFS(x.dir, os.DirFS(dir)); err != nil {
					t.Fatal(err)
				}
				// The sandboxes do not mind to be asked often.
				x.write("crosswalk.yaml", strings.ReplaceAll(x.read("crosswalk.yaml"), "    system: ccv", "    options: {callsPerMinute: \"1000000\"}\n    system: ccv"))
				for _, spec := range []connectors.Spec{a, b} {
					x.serveAs(envName(spec.Name), spec)
				}
				for _, p := range c.problemsOf(x) {
					t.Error(p)
				}
			})
		}
	}
}

func specNamed(t *testing.T, name string) connectors.Spec {
	t.Helper()
	for _, s := range all.Systems() {
		if s.Spec.Name == name {
			return s.Spec
		}
	}
	t.Fatalf("no system %s", name)
	return connectors.Spec{}
}

var inner = regexp.MustCompile(`([a-z0-9])([A-Z])`)

// envName is the name of a variable, as `crosswalk sandbox --env` has them.
func envName(parts ...string) string {
	return strings.ToUpper(inner.ReplaceAllString(strings.Join(parts, "_"), "${1}_${2}"))
}

// exampleProject is the project that joins two systems: its files, and what each flow carries.
func exampleProject(a, b connectors.Spec) (files map[string]string, flows map[string]cell) {
	files, flows = map[string]string{}, map[string]cell{}
	connections := "# Addresses and credentials come from the environment; `crosswalk sandbox --env` prints those of sandboxes.\nconnections:\n"
	for _, spec := range []connectors.Spec{a, b} {
		connections += fmt.Sprintf("  %s:\n    system: %s\n    url: ${%s}\n    credentials:\n", spec.Name, spec.Name, envName(spec.Name, "url"))
		for _, name := range exampleCredentials(spec) {
			connections += fmt.Sprintf("      %s: ${%s}\n", name, envName(spec.Name, name))
		}
		if options := matrixOptions(spec, "taxCountry"); options != "" {
			connections += "    options: {" + options + "}\n"
		}
	}
	files["crosswalk.yaml"] = connections
	readme := fmt.Sprintf("# %s and %s\n\nOne flow an entity and direction, each ready to run by itself:\n\n| flow | what it carries |\n|---|---|\n", a.Title, b.Title)
	var not []string
	for _, ends := range [][2]connectors.Spec{{a, b}, {b, a}} {
		for _, entity := range []port.Entity{port.Order, port.Customer, port.Product, port.Stock} {
			c := cell{ends[0], ends[1], cargo{entity: entity}}
			carries := fmt.Sprintf("%s from %s to %s", plural(entity), c.from.Title, c.to.Title)
			if reason := c.impossible(); reason != "" {
				not = append(not, fmt.Sprintf("- %s. %s", carries, reason))
				continue
			}
			name := plural(entity) + "-to-" + c.to.Name
			files["flows/"+name+".yaml"] = c.exampleFlow()
			flows[name] = c
			readme += fmt.Sprintf("| `%s` | %s |\n", name, carries)
		}
	}
	if len(not) > 0 {
		readme += "\nWhat is not there:\n\n" + strings.Join(not, "\n") + "\n"
	}
	readme += fmt.Sprintf(`
Products, customers and stock have one home: run them in one direction, or leave out with `+"`where`"+` what came from the other side. An order that came
from there carries its number there: `+"`where: custom.reference == nil`"+` keeps it from going round. Article numbers and names of taxes in
the flows are those of the sandboxes; put your own there.

`+"```sh"+`
crosswalk sandbox --env %s %s >sandboxes.env &
set -a; . ./sandboxes.env; set +a
crosswalk run %s
`+"```"+`
`, a.Name, b.Name, slices.Sorted(maps.Keys(flows))[0])
	files["README.md"] = readme
	return files, flows
}

// exampleCredentials are those that a connection needs; where there are several ways to log in, those of the sandbox.
func exampleCredentials(spec connectors.Spec) (names []string) {
	for _, c := range spec.Credentials {
		if c.Needed {
			names = append(names, c.Name)
		}
	}
	if names == nil {
		names = slices.Sorted(maps.Keys(sandboxOf(spec).Credentials()))
	}
	return names
}

// block is members of a map, a line each.
func block(key, members string) string {
	if members == "" {
		return ""
	}
	out, depth := key+":\n  ", 0
	for _, r := range members {
		switch r {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		if r == ',' && depth == 0 {
			out += "\n "
			continue
		}
		out += string(r)
	}
	return out + "\n"
}

// exampleFlow is the flow of the cell, for people.
func (c cell) exampleFlow() string {
	from, to := c.said()
	text := fmt.Sprintf("from: %s\nto: %s\nentity: %s\ntrigger: {every: 5m}\n", c.from.Name, c.to.Name, c.entity)
	if from.where != "" {
		text += "where: " + from.where + "\n"
	}
	return text + block("settings", joined(from.settings, to.settings)) + block("tables", joined(from.tables, to.tables))
}
