package tsc

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/crosswalk-go/crosswalk/scripting/types"
)

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// compiler returns the real compiler for projects in dir.
func compiler(t *testing.T, dir string) *Compiler {
	t.Helper()
	modules, err := filepath.Abs("testdata/node_modules")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(modules, "typescript")); err != nil {
		t.Skip("no TypeScript compiler: `npm ci` in scripting/tsc/testdata installs it")
	}
	if err := os.Symlink(modules, filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	c, err := Find(filepath.Join(dir, "scripts"))
	if errors.Is(err, ErrNone) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestParse(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"scripts/a.ts": "first\nconst größe = \"🙂\"; order.skuu;\r\n"})
	output := strings.Join([]string{
		"scripts/a.ts(2,27): error TS2339: Property 'skuu' does not exist.",
		"  It is not there.",
		"    Nor there.",
		"gone.ts(9,1): error TS1: no",
		"error TS18003: No inputs were found.\r",
		"Found 3 errors.",
		"(1,1): error TS2: odd",
		"a.ts(99999999999999999999,1): error TS3: far",
	}, "\n")
	got := parse(output, dir, "project")
	want := []Message{
		{File: "project/scripts/a.ts", Line: 2, Column: 26, EndColumn: 30, Code: "TS2339", Text: "Property 'skuu' does not exist.", Detail: "It is not there. Nor there.",
			Snippet: "const größe = \"🙂\"; order.skuu;"},
		{File: "project/gone.ts", Line: 9, Column: 1, EndColumn: 1, Code: "TS1", Text: "no"},
		{Code: "TS18003", Text: "No inputs were found."},
		{File: "project/a.ts", Line: 0, Column: 1, EndColumn: 1, Code: "TS3", Text: "far"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("a.ts(1,2): error TS2339: no\n  more\n")
	f.Add("error TS5: x")
	f.Fuzz(func(t *testing.T, output string) {
		for _, m := range parse(output, t.TempDir(), ".") {
			if m.Code == "" || m.Line < 0 || m.Column < 0 || m.EndColumn < m.Column {
				t.Errorf("%+v", m)
			}
		}
	})
}

// TestCheck holds that the compiler sees the project's scripts with our declarations, and nothing that scripts do not have.
func TestCheck(t *testing.T) {
	for name, tc := range map[string]struct {
		files   map[string]string
		scripts []string
		want    []string // code file:line:column
	}{
		"good": {
			files: map[string]string{
				"scripts/a.ts":     "import limits from \"./limits.json\";\nimport { b } from \"./b\";\nimport { c } from \"./c.ts\";\nexport const f = (n: Decimal): Decimal => n.mul(limits.x).add(b).add(c);\n",
				"scripts/b.ts":     "export const b = decimal(\"1\");\n",
				"scripts/c.ts":     "export const c = mine;\n",
				"scripts/own.d.ts": "declare const mine: Decimal;\n", "scripts/limits.json": `{"x": 1}`,
			},
			scripts: []string{"scripts/a.ts"},
		},
		"what decimals cannot": {
			files:   map[string]string{"scripts/a.ts": "export function f(n: Decimal) {\n  if (n > 1) return n + 1;\n  return n == 1;\n}\n"},
			scripts: []string{"scripts/a.ts"},
			want:    []string{"TS2365 scripts/a.ts:2:7", "TS2365 scripts/a.ts:2:21", "TS2367 scripts/a.ts:3:10"},
		},
		"an imported file": {
			files: map[string]string{
				"scripts/a.ts": "export { g } from \"./b\";\n", "scripts/b.ts": "export function g(x) {}\n",
			},
			scripts: []string{"scripts/a.ts"},
			want:    []string{"TS7006 scripts/b.ts:1:19"},
		},
		"what is not there": {
			files:   map[string]string{"scripts/a.ts": "console.log(1);\nfetch(\"x\");\nprocess.exit(1);\nexport {};\n"},
			scripts: []string{"scripts/a.ts"},
			want:    []string{"TS2584 scripts/a.ts:1:1", "TS2304 scripts/a.ts:2:1", "TS2591 scripts/a.ts:3:1"},
		},
		"a project that is less strict": {
			files: map[string]string{
				"scripts/a.ts":  "export function g(x) { return x; }\n",
				"tsconfig.json": `{"compilerOptions": {"strict": false, "composite": true, "rootDir": "elsewhere", "lib": ["DOM"], "types": ["node"]}, "include": ["nothing"]}`,
			},
			scripts: []string{"scripts/a.ts"},
		},
		"declarations of an earlier run do not count": {
			files: map[string]string{
				"scripts/a.ts":             "export const f = () => cw.upper(\"x\");\n",
				"scripts/types/lib.d.ts":   types.Header + "declare const cw: string;\n",
				"node_of/x.d.ts":           "declare const unrelated: string;\n",
				".hidden/types/other.d.ts": "declare const cw: number;\n",
			},
			scripts: []string{"scripts/a.ts"},
		},
		"a configuration that cannot be read": {
			files:   map[string]string{"scripts/a.ts": "export {};\n", "tsconfig.json": "{\"compilerOptions\": {\"strict\": maybe}}\n"},
			scripts: []string{"scripts/a.ts"},
			want:    []string{"TS5024 tsconfig.json:1:32"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, tc.files)
			c := compiler(t, dir)
			before := listing(t, dir)
			var scripts []string
			for _, s := range tc.scripts {
				scripts = append(scripts, filepath.Join(dir, s))
			}
			found, err := c.Check(t.Context(), Request{Root: dir, Scripts: scripts, Declarations: types.Project{}.Files()})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, m := range found {
				rel, err := filepath.Rel(dir, m.File)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, strings.Join([]string{m.Code, " ", rel, ":", strconv.Itoa(m.Line), ":", strconv.Itoa(m.Column)}, ""))
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("got  %v\nwant %v\n%+v", got, tc.want, found)
			}
			if after := listing(t, dir); !slices.Equal(before, after) {
				t.Errorf("the compiler left files: %v", after)
			}
		})
	}
}

func listing(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		all = append(all, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// script returns a compiler that is a shell script.
func script(t *testing.T, text string) *Compiler {
	t.Helper()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no shell on the PATH")
	}
	path := filepath.Join(t.TempDir(), "tsc")
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return &Compiler{node: sh, script: path, time: time.Minute}
}

func TestCompilerFails(t *testing.T) {
	for name, tc := range map[string]struct{ text, want string }{
		"an exit without a word":  {"exit 3", "exit status 3"},
		"words that mean nothing": {"echo boom >&2; exit 1", "boom"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := script(t, tc.text).Check(t.Context(), Request{Root: t.TempDir()})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v", err)
			}
		})
	}
	if found, err := script(t, "yes 'a.ts(1,1): error TS1: x' | head -c 9000000; exit 2").Check(t.Context(), Request{Root: t.TempDir()}); err != nil || len(found) > maxOutput/20 {
		t.Errorf("a talkative compiler: %d messages, %v", len(found), err)
	}
}

// TestCompilerHangs holds that a compiler that never ends is ended, with what it started.
func TestCompilerHangs(t *testing.T) {
	c := script(t, "sleep 600 & wait")
	c.time = 200 * time.Millisecond
	_, err := c.Check(t.Context(), Request{Root: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "was ended after") {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := script(t, "sleep 600").Check(ctx, Request{Root: t.TempDir()}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestEnvironment holds that the compiler gets no credentials and no options of Node.js.
func TestEnvironment(t *testing.T) {
	t.Setenv("SHOP_SECRET", "hidden")
	t.Setenv("NODE_OPTIONS", "--require=evil")
	out := filepath.Join(t.TempDir(), "env")
	if _, err := script(t, "env > "+out).Check(t.Context(), Request{Root: t.TempDir()}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "PATH=") || strings.Contains(string(text), "hidden") || strings.Contains(string(text), "evil") {
		t.Errorf("the environment is\n%s", text)
	}
}

func TestFindNone(t *testing.T) {
	if _, err := Find(t.TempDir()); !errors.Is(err, ErrNone) {
		t.Errorf("got %v", err)
	}
}
