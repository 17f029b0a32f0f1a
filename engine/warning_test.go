package engine_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// TestWarningsOfTheSuite compares the warnings about the mappings of the conformance suite with the list of
// those that are meant. The suite writes many odd rules that are right: a warning that shows up here most
// likely is one that should not be given.
func TestWarningsOfTheSuite(t *testing.T) {
	files, err := filepath.Glob("testdata/spec/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no conformance suite: %v", err)
	}
	var got strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var cases []specCase
		if err := yaml.Unmarshal(text, &cases); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, c := range cases {
			if c.Name == "" {
				c.Name = c.Expr
			}
			said := map[string]bool{}
			for _, row := range c.rows(t) {
				m, err := row.load()
				if err != nil {
					continue // TestSpec tells whether that is meant
				}
				for _, w := range m.Warnings() {
					line := fmt.Sprintf("%s/%s: %s %s\n", strings.TrimSuffix(filepath.Base(file), ".yaml"), c.Name, w.Code, w.Message)
					if !said[line] {
						said[line] = true
						got.WriteString(line)
					}
				}
			}
		}
	}
	const list = "testdata/spec-warnings.txt"
	if *update {
		if err := os.WriteFile(list, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("the suite's mappings get the warnings\n%s\nand %s has\n%s", got.String(), list, want)
	}
}
