package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tidwall/gjson"
)

// serving starts the server of a project and returns its address; the test's end ends it.
func serving(t *testing.T, dir string) string {
	t.Helper()
	out, in := io.Pipe()
	code := make(chan int, 1)
	var stderr bytes.Buffer
	go func() {
		code <- Main([]string{"serve", "--json", "--project", dir, "--listen", "127.0.0.1:0"}, strings.NewReader(""), in, &stderr)
		in.Close()
	}()
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatalf("it says nothing: %s", stderr.String())
	}
	var says struct {
		URL string `json:"url"`
	}
	if err := json.Unmarshal(lines.Bytes(), &says); err != nil {
		t.Fatalf("%s: %v", lines.Text(), err)
	}
	t.Cleanup(func() {
		if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		for lines.Scan() { // whatever else it says
		}
		if got := <-code; got != exitOK {
			t.Errorf("it ends with %d: %s", got, stderr.String())
		}
	})
	return says.URL
}

// TestServeScripts holds that the playground runs scripts under the limits of processes, and is told of their problems and functions.
func TestServeScripts(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"crosswalk.yaml": "connections: {}\n", "scripts/good.ts": `/** Doubles. */
export function double(x: Decimal): Decimal { return x.mul(2); }
export function fill() { let s = "x"; for (;;) s += s; }
`,
		"scripts/slip.ts": "export function slip( {\n",
		// Four megabytes of members, each of which a parser makes much of.
		"scripts/heavy.ts": "export * from './more';\nexport class heavy {\n" + heavyMembers() + "}", "scripts/more.ts": "export class more {\n" + heavyMembers() + "}",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	url := serving(t, dir)
	ask := func(route, script, rule string, more map[string]any) string {
		t.Helper()
		body := map[string]any{"mapping": map[string]string{"name": "mappings/m.yaml", "text": "from: any\nto: any\nscripts: [../scripts/" + script + "]\nrules:\n  a: " + rule + "\n"}}
		for name, v := range more {
			body[name] = v
		}
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		r, err := http.Post(url+"/api/v1/"+route, "application/json", bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		got, err := io.ReadAll(r.Body)
		if err != nil || r.StatusCode != http.StatusOK {
			t.Fatalf("%s answers %d: %s, %v", route, r.StatusCode, got, err)
		}
		return string(got)
	}
	document := map[string]any{"document": `{"x": 19.10}`}
	good := func() {
		t.Helper()
		if got := gjson.Get(ask("preview", "good.ts", "double(x)", document), "output").Str; got != `{"a":38.20}` && got != `{"a":38.2}` {
			t.Errorf("the preview is %s", got)
		}
	}
	good()
	got := ask("preview", "good.ts", "fill()", document)
	if !strings.Contains(got, "CW2007") || !strings.Contains(got, "MiB of memory") && !strings.Contains(got, "took longer than") {
		t.Errorf("a script that fills memory gives %s", got)
	}
	good()
	if got := ask("complete", "good.ts", "dou", map[string]any{"line": 5, "column": 9}); !strings.Contains(got, "double(x: Decimal): Decimal") || !strings.Contains(got, "Doubles.") {
		t.Errorf("the completions are %s", got)
	}
	for script, want := range map[string]string{"slip.ts": "scripts/slip.ts", "heavy.ts": "reading this with all that it imports takes"} {
		for route, more := range map[string]map[string]any{"check": nil, "preview": document} {
			got := ask(route, script, "1", more)
			// On a machine that is fast enough to read it, the next limit holds: loading takes too long.
			late := script == "heavy.ts" && strings.Contains(got, "took longer than")
			if !strings.Contains(got, "CW1028") || !strings.Contains(got, want) && !late {
				t.Errorf("%s of %s does not say %q: %.500s", route, script, want, got)
			}
		}
	}
	good()
}

func heavyMembers() string {
	var b strings.Builder
	for i := 0; b.Len() < 2<<20-100; i++ {
		fmt.Fprintf(&b, "static accessor v%x;\n", i)
	}
	return b.String()
}
