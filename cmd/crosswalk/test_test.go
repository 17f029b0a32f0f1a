package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestWatch holds that a change of any file that a test read runs that test again, and no other, until the watch ends.
func TestWatch(t *testing.T) {
	scripts := newScriptHost(nil)
	defer scripts.Close()
	for _, cover := range []bool{false, true} {
		dir, beside := t.TempDir(), t.TempDir()
		write := func(name, text string) { // at once: the watch may look at any moment
			t.Helper()
			draft := filepath.Join(beside, name)
			if err := os.WriteFile(draft, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(draft, filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
		write("base.yaml", "from: any\nto: any\nrules:\n  n: n\n")
		write("a.yaml", "extends: ./base.yaml\nrules: {}\n")
		write("b.yaml", "from: any\nto: any\nrules: {n: n}\n")
		write("doc.json", `{"n": 1}`)
		write("a.test.yaml", "mapping: a.yaml\ncases: [{name: one, input: {file: doc.json}, expect: {n: 1}}]\n")
		write("b.test.yaml", "mapping: b.yaml\ncases: [{name: one, input: {n: 1}, expect: {n: 1}}]\n")
		write("s.ts", "export const one = 1")
		write("s.test.ts", `import { one } from "./s"; test("one", () => expect(one).toBe(1))`)

		output, stdout := io.Pipe()
		var stderr bytes.Buffer
		ctx, cancel := context.WithCancel(t.Context())
		ticks, done := make(chan time.Time), make(chan error)
		go func() {
			err := (&cli{stdout: stdout, stderr: &stderr, scripts: scripts}).watchTests(ctx, testFlags{cover: cover}, []string{dir}, ticks)
			stdout.Close()
			done <- err
		}()
		lines := make(chan string, 1000) // so that the watch never waits for the test to read
		go func() {
			for s := bufio.NewScanner(output); s.Scan(); {
				lines <- s.Text()
			}
			close(lines)
		}()
		next := func(want string) { // the next line about a file
			t.Helper()
			for line := range lines {
				if strings.HasPrefix(line, "ok ") || strings.HasPrefix(line, "FAIL ") {
					if got := strings.ReplaceAll(line, dir+"/", ""); !strings.HasPrefix(got, want) {
						t.Fatalf("cover %v: %q, want %q", cover, got, want)
					}
					return
				}
			}
			t.Fatalf("cover %v: the watch ended before %q: %s", cover, want, stderr.String())
		}
		pair := func(a, b string) { // with coverage all run again
			t.Helper()
			next(a)
			if cover {
				next(b)
				next("ok    s.test.ts")
			}
		}
		tick := func() { ticks <- time.Time{} }

		next("ok    a.test.yaml")
		next("ok    b.test.yaml")
		next("ok    s.test.ts")
		tick() // nothing changed: nothing is printed
		write("base.yaml", "from: any\nto: any\nrules:\n  n: n + 1\n")
		tick()
		pair("FAIL  a.test.yaml", "ok    b.test.yaml")
		write("doc.json", `{"n":       0}`)
		tick()
		pair("ok    a.test.yaml", "ok    b.test.yaml")
		write("c.test.yaml", "mapping: b.yaml\ncases: [{name: new, input: {n: 1}, expect: {n: 1}}]\n")
		tick()
		if cover {
			next("ok    a.test.yaml")
			next("ok    b.test.yaml")
		}
		next("ok    c.test.yaml")
		if cover {
			next("ok    s.test.ts")
		}
		write("s.ts", "export const one = 10")
		tick()
		if cover {
			next("ok    a.test.yaml")
			next("ok    b.test.yaml")
			next("ok    c.test.yaml")
		}
		next("FAIL  s.test.ts")
		cancel()
		for line := range lines {
			if strings.HasPrefix(line, "ok ") || strings.HasPrefix(line, "FAIL ") {
				t.Errorf("cover %v: %q ran without a reason", cover, line)
			}
		}
		if err := <-done; err != nil {
			t.Errorf("cover %v: the watch ends with %v", cover, err)
		}
	}
}
