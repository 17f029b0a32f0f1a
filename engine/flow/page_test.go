package flow_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

const page = "../../docs/flows.md"

// TestSettingsPage holds the page's tables of settings to the settings; -update writes them.
func TestSettingsPage(t *testing.T) {
	for _, entity := range []port.Entity{port.Order, port.Customer, port.Product, port.Stock} {
		var b strings.Builder
		b.WriteString("| setting | type | unsaid | what it does |\n|---|---|---|---|\n")
		for _, s := range flow.Settings(entity) {
			kind, unsaid, help := s.Type, "", s.Help
			if len(s.Choices) > 0 {
				kind += ": " + strings.Join(s.Choices, ", ")
			}
			if s.Default != nil {
				unsaid = "`" + string(s.Default) + "`"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", s.Name, kind, unsaid, strings.ReplaceAll(help, "|", "\\|"))
		}
		before, _, after := section(t, "settings "+string(entity))
		want := before + b.String() + after
		if *update {
			if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if text, err := os.ReadFile(page); err != nil || string(text) != want {
			t.Errorf("%s does not tell the settings of %s as they are: go test ./engine/flow -run SettingsPage -update (%v)", page, entity, err)
		}
	}
}

// TestCodesPage holds the page's table of codes to the constants, both ways.
func TestCodesPage(t *testing.T) {
	_, table, _ := section(t, "codes")
	told := map[string]bool{}
	for line := range strings.Lines(table) {
		if cell := strings.Split(line, "`"); len(cell) == 3 {
			told[cell[1]] = true
		}
	}
	codes := 0
	file, err := parser.ParseFile(token.NewFileSet(), "plan.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 || spec.Type != nil {
			return true
		}
		for _, prefix := range []string{"Skip", "Awaits", "Doubt", "Fail"} {
			if lit, ok := spec.Values[0].(*ast.BasicLit); ok && strings.HasPrefix(spec.Names[0].Name, prefix) {
				code, err := strconv.Unquote(lit.Value)
				if err != nil {
					t.Fatal(err)
				}
				codes++
				if !told[code] {
					t.Errorf("%s does not tell the code %s", page, code)
				}
			}
		}
		return true
	})
	if codes == 0 || codes != len(told) {
		t.Errorf("%s tells %d codes, and there are %d", page, len(told), codes)
	}
}

// section cuts the page around what stands between <!-- name --> and <!-- end -->.
func section(t *testing.T, name string) (before, inside, after string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	marker := "<!-- " + name + " -->\n"
	head, rest, ok := strings.Cut(string(text), marker)
	inside, tail, ok2 := strings.Cut(rest, "<!-- end -->")
	if !ok || !ok2 {
		t.Fatalf("%s has no section %s", page, name)
	}
	return head + marker, inside, "<!-- end -->" + tail
}
