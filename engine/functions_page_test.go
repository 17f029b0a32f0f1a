package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/crosswalk-go/crosswalk/engine/internal/function"
)

var updatePages = flag.Bool("update-pages", false, "rewrite the pages of docs that come from the code")

func TestPredicateDocs(t *testing.T) {
	var described []string
	for _, d := range predicateDocs {
		described = append(described, d.name)
		for _, example := range d.examples {
			if got := evaluateExample(t, example[0]); got != example[1] {
				t.Errorf("%s is %s, docs say %s", example[0], got, example[1])
			}
		}
	}
	if !slices.Equal(described, predicateNames) {
		t.Errorf("described are %v\nthere are %v", described, predicateNames)
	}
}

func evaluateExample(t *testing.T, expr string) string {
	t.Helper()
	m, err := Parse("example.yaml", []byte("from: any\nto: any\nrules:\n  result: |-\n    "+expr+"\n"))
	if err != nil {
		return err.Error()
	}
	out, err := m.Apply(t.Context(), []byte("{}"), Input{})
	if err != nil {
		return err.Error()
	}
	var doc struct{ Result json.RawMessage }
	if err := json.Unmarshal(out, &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Result == nil {
		return "missing"
	}
	return string(doc.Result)
}

// TestFunctionsPage compares docs/functions.md with the functions there are; -update-pages writes it.
func TestFunctionsPage(t *testing.T) {
	const path = "../docs/functions.md"
	want := functionsPage()
	if *updatePages {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("docs/functions.md is not what the functions say: go test ./engine -run FunctionsPage -update-pages")
	}
}

func functionsPage() []byte {
	var page bytes.Buffer
	page.WriteString(`# Functions

This page is written from the registry of functions: ` + "`go test ./engine -run FunctionsPage -update-pages`" + `. The examples are run by
tests; what stands behind the arrow is JSON, the word missing, or an error.

A missing or null argument gives missing, unless the function says otherwise. Numbers are exact decimals.
`)
	groups := map[string][]*function.Func{}
	for _, f := range function.All() {
		groups[f.Group] = append(groups[f.Group], f)
	}
	for _, name := range function.Groups {
		fmt.Fprintf(&page, "\n## %s\n", strings.ToUpper(name[:1])+name[1:])
		for _, f := range groups[name] {
			var examples [][2]string
			for _, e := range f.Examples {
				examples = append(examples, [2]string{e.Expr, e.Result})
			}
			writeFunction(&page, function.Signature(f), f.Summary, examples)
			if f.Detail != "" {
				page.WriteString("\n" + f.Detail + "\n")
			}
		}
	}
	page.WriteString("\n## With an expression for each element\n\n" +
		"In the second argument `#` is the element, `.field` its field, and `#index` its index. A missing list counts as an empty one\n" +
		"where a number or true or false comes out (count, sum, all, any, ...), and gives missing elsewhere.\n")
	for _, d := range predicateDocs {
		writeFunction(&page, d.call, d.summary, d.examples)
	}
	return page.Bytes()
}

func writeFunction(page *bytes.Buffer, call, summary string, examples [][2]string) {
	name, _, _ := strings.Cut(call, "(")
	fmt.Fprintf(page, "\n### %s\n\n`%s`: %s\n\n```text\n", name, call, summary)
	for _, e := range examples {
		fmt.Fprintf(page, "%s  ->  %s\n", e[0], e[1])
	}
	page.WriteString("```\n")
}
