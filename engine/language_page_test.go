package engine_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/crosswalk-go/crosswalk/engine"
)

const languagePage = "../docs/language.md"

// TestLanguageExamples evaluates the expressions of docs/language.md over the page's document.
func TestLanguageExamples(t *testing.T) {
	page, err := os.ReadFile(languagePage)
	if err != nil {
		t.Fatal(err)
	}
	var document string
	examples := 0
	for _, block := range strings.Split(string(page), "\n```")[1:] {
		kind, text, _ := strings.Cut(block, "\n")
		switch kind {
		case "json":
			document = text
		case "text expr":
			for line := range strings.Lines(text) {
				expr, want, ok := strings.Cut(strings.TrimSpace(line), "  ->  ")
				if !ok {
					t.Errorf("%q has no arrow", line)
					continue
				}
				examples++
				if got := pageResult(t, expr, document); got != want {
					t.Errorf("%s is %s, the page says %s", expr, got, want)
				}
			}
		}
	}
	if examples < 40 {
		t.Errorf("found %d examples only", examples)
	}
}

func pageResult(t *testing.T, expr, document string) string {
	t.Helper()
	m, err := engine.Parse("page.yaml", []byte("from: any\nto: any\nrules:\n  r: |-\n    "+expr+"\n"))
	var ds engine.Diagnostics
	if errors.As(err, &ds) {
		return ds[0].Code
	}
	out, err := m.Apply(context.Background(), []byte(document), engine.Input{})
	if errors.As(err, &ds) {
		return ds[0].Code
	}
	if err != nil {
		t.Fatal(err)
	}
	if string(out) == "{}" {
		return "missing"
	}
	return strings.TrimSuffix(strings.TrimPrefix(string(out), `{"r":`), "}")
}

// TestLanguageNamesEveryChapter holds that the page and the conformance suite are grouped alike.
func TestLanguageNamesEveryChapter(t *testing.T) {
	page, err := os.ReadFile(languagePage)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("testdata/spec/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no conformance suite: %v", err)
	}
	for _, file := range files {
		if link := "(../engine/" + filepath.ToSlash(file) + ")"; strings.Count(string(page), link) != 1 {
			t.Errorf("%s should link to %s once", languagePage, link)
		}
	}
}
