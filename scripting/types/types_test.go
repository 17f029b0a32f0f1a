package types_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/decimal"
	"github.com/crosswalk-go/crosswalk/mappings"
	"github.com/crosswalk-go/crosswalk/scripting"
	"github.com/crosswalk-go/crosswalk/scripting/tsc"
	"github.com/crosswalk-go/crosswalk/scripting/types"
)

var update = flag.Bool("update", false, "rewrite testdata")

// builtIn is a project that meets every document type there is.
func builtIn(t testing.TB) types.Project {
	t.Helper()
	var p types.Project
	for _, name := range engine.DocumentTypes(mappings.FS) {
		typ, err := engine.DocumentType(mappings.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		p.Documents = append(p.Documents, types.Document{Name: name, Type: typ})
	}
	return p
}

// odd is a project with everything that a schema, a setting and a table can be.
func odd(t testing.TB) types.Project {
	t.Helper()
	text, err := os.ReadFile("testdata/odd.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	library := fstest.MapFS{"canonical/thing.schema.json": {Data: text}, "my-shop/thing.schema.json": {Data: text}}
	var p types.Project
	for _, name := range engine.DocumentTypes(library) {
		typ, err := engine.DocumentType(library, name)
		if err != nil {
			t.Fatal(err)
		}
		p.Documents = append(p.Documents, types.Document{Name: name, Type: typ})
	}
	p.Flows = []types.Flow{
		{Name: "webshop-orders", Settings: []engine.Setting{
			{Name: "orderType", Type: "string", Choices: []string{"order", "invoice"}, Default: []byte(`"order"`), Help: "What an order becomes."},
			{Name: "customer", Type: "string"}, {Name: "debtor", Type: "string", Default: []byte("1001")},
			{Name: "days", Type: "number"}, {Name: "match", Type: "list", Choices: []string{"link", "email"}, Default: []byte("[]")},
			{Name: "dry-run", Type: "boolean"}, {Name: "extra", Type: "object"}, {Name: "lists", Type: "list"},
		}, Tables: []byte(`{"taxCodes":{"NL":{"21":"A","9":"B"}},"accounts":{"NL":3001,"world":"3105"},"lists":{"a":[1,"x"]},"empty":{},"new-one":{"a":null,"b":true}}`)},
		{Name: "webshop_orders"},
	}
	return p
}

func TestFilesGolden(t *testing.T) {
	for _, f := range odd(t).Files() {
		if f.Name == "library.d.ts" || f.Name == "functions.d.ts" {
			continue // they depend on no project
		}
		golden := filepath.Join("testdata", f.Name+".golden")
		if *update {
			if err := os.WriteFile(golden, f.Text, 0o666); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(f.Text, want) {
			t.Errorf("%s is not %s: -update writes it\n%s", f.Name, golden, f.Text)
		}
	}
}

// TestFilesAreTheSame holds that the order in which a project lists things changes no byte.
func TestFilesAreTheSame(t *testing.T) {
	want := builtIn(t).Files()
	for range 3 {
		p := builtIn(t)
		slices.Reverse(p.Documents)
		p.Documents = append(p.Documents, p.Documents[0])
		for i, f := range p.Files() {
			if f.Name != want[i].Name || !bytes.Equal(f.Text, want[i].Text) {
				t.Fatalf("%s differs", f.Name)
			}
			if !bytes.HasPrefix(f.Text, []byte(types.Header)) {
				t.Errorf("%s does not say who wrote it", f.Name)
			}
		}
	}
}

// compile checks a script against a project's declarations, these strictly too.
func compile(t *testing.T, p types.Project, script string) []string {
	t.Helper()
	modules, err := filepath.Abs("../tsc/testdata/node_modules")
	if err != nil {
		t.Fatal(err)
	}
	compiler, err := tsc.Find(filepath.Dir(modules))
	if errors.Is(err, tsc.ErrNone) {
		t.Skipf("%v: `npm ci` in scripting/tsc/testdata installs one", err)
	} else if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "script.ts")
	for name, text := range map[string]string{file: script, filepath.Join(dir, "tsconfig.json"): `{"compilerOptions": {"strict": true, "skipLibCheck": false}}`} {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	found, err := compiler.Check(t.Context(), tsc.Request{Root: dir, Scripts: []string{file}, Declarations: p.Files()})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, m := range found {
		all = append(all, fmt.Sprintf("%s:%d:%d: %s %s %s", filepath.Base(m.File), m.Line, m.Column, m.Code, m.Text, m.Detail))
	}
	return all
}

// TestGoodScript holds that a script that uses everything as it is compiles strictly, and the declarations with it.
func TestGoodScript(t *testing.T) {
	script, err := os.ReadFile("testdata/good.ts")
	if err != nil {
		t.Fatal(err)
	}
	p := builtIn(t)
	p.Flows = odd(t).Flows
	if found := compile(t, p, string(script)); len(found) > 0 {
		t.Error(strings.Join(found, "\n"))
	}
	if found := compile(t, odd(t), "export {};\n"); len(found) > 0 {
		t.Error(strings.Join(found, "\n"))
	}
}

// TestSlips holds that each line of the script with a slip is an error, and no other line.
func TestSlips(t *testing.T) {
	script, err := os.ReadFile("testdata/slips.ts")
	if err != nil {
		t.Fatal(err)
	}
	p := builtIn(t)
	p.Flows = odd(t).Flows
	found := compile(t, p, string(script))
	for i, line := range strings.Split(string(script), "\n") {
		_, want, slip := strings.Cut(line, "// ")
		at := fmt.Sprintf("script.ts:%d:", i+1)
		j := slices.IndexFunc(found, func(f string) bool { return strings.HasPrefix(f, at) })
		switch {
		case slip && (j < 0 || !strings.Contains(found[j], want)):
			t.Errorf("line %d: no error %q:\n%s", i+1, want, line)
		case !slip && j >= 0:
			t.Error(found[j])
		}
	}
}

// TestFunctionExamples holds that the examples of the mapping language's functions are calls that the declarations allow.
func TestFunctionExamples(t *testing.T) {
	var script strings.Builder
	call := regexp.MustCompile(`^[a-zA-Z0-9]+\((?:[^#()]|"[^"]*")*\)$`)
	count := 0
	for _, f := range engine.Functions() {
		for _, e := range f.Examples {
			if f.Predicate || f.Name == "fail" || strings.HasPrefix(e.Result, "error") || !call.MatchString(e.Expr) || strings.ContainsAny(e.Expr, "|\n") || strings.Contains(e.Expr, "doc.") {
				continue
			}
			fmt.Fprintf(&script, "cw.%s;\n", regexp.MustCompile(`\bnil\b`).ReplaceAllString(e.Expr, "null"))
			count++
		}
	}
	if count < 100 {
		t.Fatalf("%d examples only", count)
	}
	if found := compile(t, types.Project{}, script.String()+"export {};\n"); len(found) > 0 {
		t.Errorf("%s\n%s", strings.Join(found, "\n"), script.String())
	}
}

// TestLibraryIsWhatScriptsHave compares the members that are declared with those that scripts find.
func TestLibraryIsWhatScriptsHave(t *testing.T) {
	const script = `
const names = (o) => Object.getOwnPropertyNames(o).filter((n) => !["length", "name", "prototype", "constructor", "valueOf"].includes(n)).sort();
export const members = () => ({
  Decimal: names(decimal.prototype), DecimalLibrary: names(decimal), DateLibrary: names(date), LogLibrary: names(log), CryptoLibrary: names(crypto),
  CrosswalkFunctions: names(cw), DateParts: names(date.parts("2026-11-22T10:00:00Z")),
});`
	s, err := scripting.Load(fstest.MapFS{"a.js": {Data: []byte(script)}}, []string{"a.js"}, scripting.Options{Functions: engine.FunctionLibrary{}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	out, err := s.Call(t.Context(), "members")
	if err != nil {
		t.Fatal(err)
	}
	var there map[string][]string
	if err := json.Unmarshal(out, &there); err != nil {
		t.Fatal(err)
	}
	tests, err := scripting.LoadTests(t.Context(), fstest.MapFS{"a.test.js": {Data: []byte(`
		const names = (o) => Object.getOwnPropertyNames(o).filter((n) => !["length", "name", "prototype"].includes(n)).sort().join();
		test("matchers", () => expect(names(expect(1).not)).toBe(""));
		test("expectation", () => expect(names(expect(1)).split(",").filter((n) => expect(1).not[n] === undefined).join()).toBe(""));
		test("expect", () => expect(names(expect)).toBe(""));
		test("test", () => expect(names(test)).toBe(""));
		test("describe", () => expect(names(describe)).toBe(""));`)}}, "a.test.js", scripting.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer tests.Close()
	for i, name := range []string{"Matchers", "Expectation", "ExpectLibrary", "TestLibrary", "DescribeLibrary"} {
		failure, err := tests.Run(t.Context(), tests.List()[i], nil)
		if err != nil || failure == nil || len(failure.Diffs) != 1 {
			t.Fatalf("%s: %v, %v", name, failure, err)
		}
		there[name] = strings.Split(strings.Trim(failure.Diffs[0].Got, `"`), ",")
	}
	there["Expectation"] = slices.DeleteFunc(there["Expectation"], func(n string) bool { return n == "not" })
	var text []byte
	for _, f := range (types.Project{}).Files() {
		text = append(text, f.Text...)
	}
	member := regexp.MustCompile(`(?m)^  (?:readonly )?"?([a-zA-Z0-9]+)"?\??[(:]`)
	for name, want := range there {
		_, body, ok := strings.Cut(string(text), "interface "+name)
		if !ok {
			t.Errorf("%s is not declared", name)
			continue
		}
		_, body, _ = strings.Cut(body, "{\n")
		body, _, _ = strings.Cut(body, "\n}\n")
		var got []string
		for _, m := range member.FindAllStringSubmatch(body, -1) {
			if m[1] != "prototype" && !slices.Contains(got, m[1]) {
				got = append(got, m[1])
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s declares\n%v\nscripts find\n%v", name, got, want)
		}
	}
	for _, mode := range decimal.Modes() {
		if !bytes.Contains(text, []byte(`"`+mode+`"`)) {
			t.Errorf("the rounding %s is not declared", mode)
		}
	}
}
