package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/crosswalk-go/crosswalk/scripting/tsc"
)

// TestScriptingPage does what docs/scripting.md tells: its files, its command, its result. The other snippets run too.
func TestScriptingPage(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(repository(t), "docs/scripting.md"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var want, snippet, cover, steps, plan string
	files := 0
	for _, part := range strings.Split(string(text), "\n```")[1:] {
		head, body, _ := strings.Cut(part, "\n")
		_, name, named := strings.Cut(head, " ")
		switch {
		case head == "": // the end of a block
		case name == "result":
			want = body
		case name == "cover":
			cover = body
		case name == "steps":
			steps = body
		case name == "plan":
			plan = body
		case named:
			files++
			file := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(body), 0o666); err != nil {
				t.Fatal(err)
			}
		case head == "js":
			snippet = body
		}
	}
	if files != 9 || want == "" || snippet == "" || cover == "" || steps == "" || plan == "" {
		t.Fatalf("the page has %d files, the result %q, the snippet %q, the coverage %q, the steps %q and the plan %q", files, want, snippet, cover, steps, plan)
	}
	run := func(mapping, document string) string {
		var stdout, stderr bytes.Buffer
		if code := Main([]string{"map", "-m", filepath.Join(dir, mapping), filepath.Join(dir, document)}, nil, &stdout, &stderr); code != exitOK {
			t.Errorf("exit code %d: %s", code, stderr.String())
		}
		return strings.TrimSpace(stdout.String())
	}
	checkTypes(t, dir)
	if got := run("mappings/order.yaml", "order.json"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}

	// The tests, with what they reach.
	if err := os.WriteFile(filepath.Join(dir, "package.json"), []byte("{}"), 0o666); err != nil {
		t.Fatal(err)
	}
	if code, out, errs := command("test", "--cover", filepath.Join(dir, "scripts", "loyalty.test.ts")); code != exitOK || squeezed(out, dir) != squeezed(cover, dir) {
		t.Errorf("code %d, %s\n%s", code, errs, out)
	}

	// The steps, in the demo's flow.
	demo := exampleProject(t)
	for _, name := range []string{"gifts.ts", "gifts.test.ts"} {
		text, err := os.ReadFile(filepath.Join(dir, "scripts", name))
		if err == nil {
			err = os.WriteFile(filepath.Join(demo, "scripts", name), text, 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	flow := filepath.Join(demo, "flows", "webshop-orders.yaml")
	original, err := os.ReadFile(flow)
	if err != nil {
		t.Fatal(err)
	}
	before, after, ok := strings.Cut(string(original), "steps:\n")
	_, after, ok2 := strings.Cut(after, "\n\n")
	if !ok || !ok2 {
		t.Fatal("the demo's flow has no steps")
	}
	if err := os.WriteFile(flow, []byte(before+steps+"\n\n"+after), 0o666); err != nil {
		t.Fatal(err)
	}
	if code, out, errs := command("test", demo); code != exitOK {
		t.Errorf("code %d, %s\n%s", code, errs, out)
	}
	if _, out, errs := command("run", "webshop-orders", "--project", demo, "--dry-run"); !strings.Contains(out, plan) {
		t.Errorf("no %q in\n%s%s", plan, out, errs)
	}
	if _, out, errs := command("run", "webshop-orders", "--project", demo); !strings.Contains(out, "10002    created") {
		t.Errorf("%s%s", out, errs)
	}

	// Each line of the snippet is an expression, with a note.
	var script strings.Builder
	script.WriteString("export function f(price, shipping) {\n  const list = [price], a = price, b = shipping, out = [];\n")
	for _, line := range strings.Split(strings.TrimSpace(snippet), "\n") {
		code, _, _ := strings.Cut(line, "//")
		script.WriteString("  out.push(" + code + ");\n")
	}
	script.WriteString("  return out;\n}\n")
	for name, content := range map[string]string{
		"scripts/snippet.js": script.String(), "mappings/snippet.yaml": "from: any\nto: any\nscripts: [../scripts/snippet.js]\nrules: {out: 'f(price, 4.95)'}\n", "price.json": `{"price": 19.10}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	const results = `{"out":[24.05,4.01,6.37,true,[6.37,6.37,6.36],"19.10 EUR",19.1,19.10,19.10,4.95,19.10]}`
	if got := run("mappings/snippet.yaml", "price.json"); got != results {
		t.Errorf("the snippet gives\n%s\nwant\n%s", got, results)
	}
}

// checkTypes checks the page's scripts with the TypeScript compiler where there is one, and shows the slip that the page shows.
func checkTypes(t *testing.T, dir string) {
	t.Helper()
	modules := filepath.Join(repository(t), "scripting/tsc/testdata/node_modules")
	if err := os.Symlink(modules, filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "package.json"), []byte("{}"), 0o666); err != nil {
		t.Fatal(err)
	}
	check := func() string {
		var stdout, stderr bytes.Buffer
		Main([]string{"check", dir}, nil, &stdout, &stderr)
		return stdout.String() + stderr.String()
	}
	typed := "types of 4 scripts checked"
	if _, err := tsc.Find(dir); err != nil {
		typed = "types of 4 scripts not checked: " + err.Error()
	}
	if got := check(); !strings.Contains(got, typed) || !strings.Contains(got, "2 mappings checked: 0 errors") {
		t.Errorf("the check says\n%s", got)
	}
	mapping := filepath.Join(dir, "mappings/first.yaml")
	text, err := os.ReadFile(mapping)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(mapping, bytes.Replace(text, []byte("(doc)"), []byte("(number)"), 1), 0o666); err != nil {
		t.Fatal(err)
	}
	if got := check(); !strings.Contains(got, "first.yaml:5:18: error CW1015: note: firstSku: order wants an object, this is a string") ||
		!strings.Contains(got, "help: use firstSku(order: Order): string | undefined, of ") || !strings.Contains(got, "scripts/first.ts:2:8") {
		t.Errorf("the check says\n%s", got)
	}
	if err := os.WriteFile(mapping, text, 0o666); err != nil {
		t.Fatal(err)
	}
}

// squeezed takes the folder and the width of columns out of a table.
func squeezed(text, dir string) string {
	lines := strings.Split(strings.ReplaceAll(strings.TrimSpace(text), filepath.ToSlash(dir)+"/", ""), "\n")
	for i := range lines {
		lines[i] = strings.Join(strings.Fields(lines[i]), " ")
	}
	return strings.Join(lines, "\n")
}
