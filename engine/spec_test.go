package engine_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/crosswalk-go/crosswalk/engine"
)

// specCase is a case of the conformance suite in testdata/spec: either an
// expression with its result, or a mapping with its output.
type specCase struct {
	Name string
	// Expr is evaluated over Input; Result is its JSON text, or the word missing.
	Expr   string
	Result string
	// Mapping is the text of a mapping file; Rules is short for one from any to any.
	Mapping string
	Rules   string
	Output  string
	Input   string
	// Check lists the codes of the mapping's problems, Fails those of the document's.
	Check []string
	Fails []string
	With  struct {
		Source, Settings, Tables, Links, Current, Now, Write string
	}
}

func TestSpec(t *testing.T) {
	files, err := filepath.Glob("testdata/spec/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no conformance suite: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var cases []specCase
		if err := yaml.UnmarshalWithOptions(text, &cases, yaml.Strict()); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		chapter := strings.TrimSuffix(filepath.Base(file), ".yaml")
		for _, c := range cases {
			name := c.Name
			if name == "" {
				name = c.Expr
			}
			t.Run(chapter+"/"+name, func(t *testing.T) { runSpecCase(t, c) })
		}
	}
}

func (c specCase) mapping() string {
	switch {
	case c.Expr != "":
		return "from: any\nto: any\nrules:\n  result:\n    expr: |-\n      " + strings.ReplaceAll(c.Expr, "\n", "\n      ") + "\n"
	case c.Rules != "":
		return "from: any\nto: any\nrules:\n  " + strings.ReplaceAll(c.Rules, "\n", "\n  ") + "\n"
	}
	return c.Mapping
}

func runSpecCase(t *testing.T, c specCase) {
	m, err := engine.Parse("mapping.yaml", []byte(c.mapping()))
	if done := checkCodes(t, "the mapping", err, c.Check); done {
		return
	}
	in := engine.Input{Source: []byte(c.With.Source), Settings: []byte(c.With.Settings), Tables: []byte(c.With.Tables),
		Links: []byte(c.With.Links), Current: []byte(c.With.Current), Now: c.With.Now}
	if c.With.Write == "update" {
		in.Write = engine.Update
	}
	input := c.Input
	if input == "" {
		input = "{}"
	}
	out, err := m.Apply(context.Background(), []byte(input), in)
	thorough, _, thoroughErr := m.ApplyThorough(context.Background(), []byte(input), in)
	if string(out) != string(thorough) || (err == nil) != (thoroughErr == nil) || err != nil && err.Error() != thoroughErr.Error() {
		t.Errorf("the quick way gives\n%s %v\nthe thorough way\n%s %v", out, err, thorough, thoroughErr)
	}
	explained, explainErr := m.Explain(context.Background(), []byte(input), in)
	if explainErr != nil || string(out) != string(explained.Output) || err != nil && err.Error() != explained.Diagnostics.Error() {
		t.Errorf("Apply gives\n%s %v\nExplain\n%s %v %v", out, err, explained.Output, explained.Diagnostics, explainErr)
	}
	if done := checkCodes(t, "the document", err, c.Fails); done {
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
		t.Errorf("got  %s\nwant %s", out, want)
	}
}

// checkCodes compares the codes of an error with the wanted ones; done is true where
// the case ends there.
func checkCodes(t *testing.T, what string, err error, want []string) (done bool) {
	t.Helper()
	var ds engine.Diagnostics
	if err != nil && !errors.As(err, &ds) {
		t.Fatalf("%s: an error that is no Diagnostics: %v", what, err)
	}
	if !slices.Equal(ds.Codes(), want) && (len(ds) > 0 || len(want) > 0) {
		t.Fatalf("%s: got codes %v, want %v\n%s", what, ds.Codes(), want, ds.Render())
	}
	return err != nil
}
