package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestScriptingPage does what docs/scripting.md tells: its files, its command, its result. The other snippets run too.
func TestScriptingPage(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(repository(t), "docs/scripting.md"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var want, snippet string
	files := 0
	for _, part := range strings.Split(string(text), "\n```")[1:] {
		head, body, _ := strings.Cut(part, "\n")
		_, name, named := strings.Cut(head, " ")
		switch {
		case head == "": // the end of a block
		case name == "result":
			want = body
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
	if files != 4 || want == "" || snippet == "" {
		t.Fatalf("the page has %d files, the result %q and the snippet %q", files, want, snippet)
	}
	run := func(mapping, document string) string {
		var stdout, stderr bytes.Buffer
		if code := Main([]string{"map", "-m", filepath.Join(dir, mapping), filepath.Join(dir, document)}, nil, &stdout, &stderr); code != exitOK {
			t.Errorf("exit code %d: %s", code, stderr.String())
		}
		return strings.TrimSpace(stdout.String())
	}
	if got := run("mappings/order.yaml", "order.json"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
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
