package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/goccy/go-yaml"

	"github.com/crosswalk-go/crosswalk/engine"
)

// specCase is a case of the conformance suite; testdata/spec/README.md describes its form.
type specCase struct {
	Name    string
	Expr    string
	Rules   string
	Mapping string
	Files   map[string]string
	Input   string
	With    struct {
		Source, Settings, Tables, Links, Current, Now, Write string
	}
	Limits struct {
		Document int   `yaml:"document"`
		Output   int   `yaml:"output"`
		Depth    int   `yaml:"depth"`
		Steps    int64 `yaml:"steps"`
		Memory   int64 `yaml:"memory"`
	}
	Result string
	Output string
	Check  []string
	Fails  []string
	Table  string
}

// leastSpecCases keeps the suite from shrinking unseen; rows of tables are not counted.
const leastSpecCases = 850

func TestSpec(t *testing.T) {
	files, err := filepath.Glob("testdata/spec/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no conformance suite: %v", err)
	}
	total := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var cases []specCase
		if err := yaml.UnmarshalWithOptions(text, &cases, yaml.Strict()); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		total += len(cases)
		chapter := strings.TrimSuffix(filepath.Base(file), ".yaml")
		seen := map[string]bool{}
		for _, c := range cases {
			if c.Name == "" {
				c.Name = c.Expr
			}
			if seen[c.Name] {
				t.Errorf("%s: two cases are named %q", file, c.Name)
			}
			seen[c.Name] = true
			t.Run(chapter+"/"+c.Name, func(t *testing.T) {
				for _, row := range c.rows(t) {
					row.run(t)
				}
			})
		}
	}
	if total < leastSpecCases {
		t.Errorf("the suite has %d cases, it had %d", total, leastSpecCases)
	}
}

// rows returns the cases that a case with a table stands for: one a row, with each $word of the header
// replaced by the row's cell.
func (c specCase) rows(t *testing.T) []specCase {
	if c.Table == "" {
		return []specCase{c}
	}
	lines := strings.Split(strings.TrimSpace(c.Table), "\n")
	header := cells(lines[0])
	var out []specCase
	for _, line := range lines[1:] {
		row := cells(line)
		if len(row) != len(header) {
			t.Fatalf("the row %q has %d cells, the header has %d", line, len(row), len(header))
		}
		var pairs []string
		for i, word := range header {
			if !strings.HasPrefix(word, "$") {
				t.Fatalf("the header's %q does not begin with $", word)
			}
			pairs = append(pairs, word, row[i])
		}
		r := strings.NewReplacer(pairs...)
		next := c
		next.Name, next.Table = strings.Join(row, " | "), ""
		for _, s := range []*string{&next.Expr, &next.Rules, &next.Mapping, &next.Input, &next.Result, &next.Output, &next.With.Current, &next.With.Write} {
			*s = r.Replace(*s)
		}
		out = append(out, next)
	}
	return out
}

func cells(line string) []string {
	parts := strings.Split(" "+strings.TrimSpace(line)+" ", " | ")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}

// mapping returns the mapping file of a case.
func (c specCase) mapping() string {
	indented := func(text string, by string) string {
		return strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n"+by)
	}
	switch {
	case c.Expr != "":
		return "from: any\nto: any\nrules:\n  result:\n    empty: {null: null}\n    expr: |-\n      " + indented(c.Expr, "      ") + "\n"
	case c.Rules != "":
		return "from: any\nto: any\nrules:\n  " + indented(c.Rules, "  ") + "\n"
	}
	return c.Mapping
}

// load compiles the mapping of a case; files below lib/ are the library.
func (c specCase) load() (*engine.Mapping, error) {
	files, library := fstest.MapFS{"mapping.yaml": {Data: []byte(c.mapping())}}, fstest.MapFS{}
	for name, text := range c.Files {
		if lib, ok := strings.CutPrefix(name, "lib/"); ok {
			library[lib] = &fstest.MapFile{Data: []byte(text)}
		} else {
			files[name] = &fstest.MapFile{Data: []byte(text)}
		}
	}
	opts := []engine.Option{engine.Files(files)}
	if len(library) > 0 {
		opts = append(opts, engine.Library(library))
	}
	limits := engine.DefaultLimits
	for _, l := range []struct {
		to   *int
		from int
	}{{&limits.DocumentBytes, c.Limits.Document}, {&limits.OutputBytes, c.Limits.Output}, {&limits.Depth, c.Limits.Depth}} {
		if l.from > 0 {
			*l.to = l.from
		}
	}
	if c.Limits.Steps > 0 {
		limits.Steps = c.Limits.Steps
	}
	if c.Limits.Memory > 0 {
		limits.MemoryBytes = c.Limits.Memory
	}
	return engine.Load("mapping.yaml", append(opts, engine.WithLimits(limits))...)
}

func (c specCase) run(t *testing.T) {
	t.Helper()
	m, err := c.load()
	if ended := c.compare(t, "the mapping", err, c.Check); ended {
		return
	}
	in := engine.Input{Source: []byte(c.With.Source), Settings: []byte(c.With.Settings), Tables: []byte(c.With.Tables),
		Links: []byte(c.With.Links), Current: []byte(c.With.Current), Now: c.With.Now}
	switch c.With.Write {
	case "update":
		in.Write = engine.Update
	case "", "create":
	default:
		t.Fatalf("%s: no write mode %q", c.Name, c.With.Write)
	}
	input := c.Input
	if input == "" {
		input = "{}"
	}
	out, err := m.Apply(context.Background(), []byte(input), in)
	thorough, _, thoroughErr := m.ApplyThorough(context.Background(), []byte(input), in)
	if string(out) != string(thorough) || rendered(err) != rendered(thoroughErr) {
		t.Errorf("%s: the quick way gives\n%s %v\nthe thorough way\n%s %v", c.Name, out, err, thorough, thoroughErr)
	}
	explained, explainErr := m.Explain(context.Background(), []byte(input), in)
	if explainErr != nil || string(out) != string(explained.Output) || err != nil && err.Error() != explained.Diagnostics.Error() {
		t.Errorf("Apply gives\n%s %v\nExplain\n%s %v %v", out, err, explained.Output, explained.Diagnostics, explainErr)
	}
	if ended := c.compare(t, "the document", err, c.Fails); ended {
		return
	}
	want := strings.TrimSpace(c.Output)
	if c.Expr != "" {
		want = `{"result":` + c.Result + `}`
		if c.Result == "missing" {
			want = `{}`
		}
	}
	if string(out) != want {
		t.Errorf("%s\ngot  %s\nwant %s", c.Name, out, want)
	}
	if !json.Valid(out) {
		t.Errorf("%s: the output is no JSON: %s", c.Name, out)
	}
}

func rendered(err error) string {
	var ds engine.Diagnostics
	if errors.As(err, &ds) {
		return ds.Render()
	}
	return fmt.Sprint(err)
}

// compare compares the diagnostics of an error with the wanted ones: a code, perhaps with the place in
// the mapping and the target field behind it. ended is true where the case ends there.
func (c specCase) compare(t *testing.T, what string, err error, want []string) (ended bool) {
	t.Helper()
	var ds engine.Diagnostics
	if err != nil && !errors.As(err, &ds) {
		t.Fatalf("%s: %s: an error that is no Diagnostics: %v", c.Name, what, err)
	}
	var got []string
	same := len(ds) == len(want)
	for i, d := range ds {
		full := []string{d.Code, fmt.Sprintf("%d:%d", d.Pos.Line, d.Pos.Column), d.Target}
		got = append(got, strings.Join(full, " "))
		if !same {
			continue
		}
		for k, part := range strings.Fields(want[i]) {
			if same = same && k < len(full) && full[k] == part; !same {
				break
			}
		}
	}
	if !same {
		t.Fatalf("%s: %s gives %q, want %q\n%s", c.Name, what, got, want, ds.Render())
	}
	return err != nil
}
