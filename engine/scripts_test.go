package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/signature"
)

// oneScript is a host without JavaScript: a script's text says what it does. A line `function NAME PARAM` makes a function, one
// of the name boom fails, and all others return what they are given. A text with exports is read for its signatures.
type oneScript struct{}

func (oneScript) LoadScripts(files fs.FS, paths []string) (engine.Scripts, error) {
	var all script
	for _, name := range paths {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, errors.New("there is no script")
		}
		if strings.Contains(string(text), "export ") {
			for _, f := range signature.Parse(name, string(text)) {
				made := engine.ScriptFunction{Name: f.Name, Script: name, Export: f.Name, Pos: engine.Position{File: name, Line: f.Last, Column: 1}, Signature: &f}
				for _, p := range f.Params {
					if made.Variadic = p.Rest; !p.Rest {
						made.Params = append(made.Params, p.Name)
					}
				}
				all = append(all, made)
			}
			continue
		}
		for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
			words := strings.Fields(line)
			if len(words) < 2 || words[0] != "function" {
				return nil, engine.ScriptErrors{{Message: "this is no function", Pos: engine.Position{File: name, Line: i + 1, Column: 1}}}
			}
			all = append(all, engine.ScriptFunction{Name: words[1], Script: name, Export: words[1], Params: words[2:], Pos: engine.Position{File: name, Line: i + 1, Column: 10}})
		}
	}
	return all, nil
}

type script []engine.ScriptFunction

func (s script) Functions() []engine.ScriptFunction { return s }

func (s script) CallScript(ctx context.Context, call engine.ScriptCall) ([]byte, error) {
	if call.Function == "boom" {
		return nil, &engine.ScriptError{Message: "threw Error", Thrown: "Error: " + string(call.Args[0]), Pos: engine.Position{File: s[0].Script, Line: 1, Column: 10}}
	}
	if call.Function == "odd" {
		return []byte("no JSON"), ctx.Err()
	}
	return call.Args[0], ctx.Err()
}

// TestScripts looks at what goes to a script and what comes back, in a mapping and in one that extends it.
func TestScripts(t *testing.T) {
	files := fstest.MapFS{
		"base/base.yaml":     {Data: []byte("from: any\nto: any\nscripts: [lib/script.ts]\nrules: {a: same(x), b: script.same(nothing), lower: lower(x)}\n")},
		"base/lib/script.ts": {Data: []byte("function same value\nfunction lower value\nfunction odd")},
		"own/mapping.yaml":   {Data: []byte("extends: ../base/base.yaml\nscripts: [script.ts]\nrules: {c: 'mine([x, nil])', d: 'same(y)', e: 'same(z).a'}\n")},
		"own/script.ts":      {Data: []byte("function mine value\n")},
	}
	m, err := engine.Load("own/mapping.yaml", engine.Files(files), engine.WithScripts(oneScript{}))
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.Apply(t.Context(), []byte(`{"x": "A", "y": {"n": 1.50, "id": 9007199254740993}, "z": {"a": null}}`), engine.Input{})
	if want := `{"a":"A","lower":"a","c":["A",null],"d":{"n":1.50,"id":9007199254740993}}`; err != nil || string(got) != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
	files["own/mapping.yaml"].Data = []byte("extends: ../base/base.yaml\nrules: {c: odd()}\n")
	if m, err = engine.Load("own/mapping.yaml", engine.Files(files), engine.WithScripts(oneScript{})); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Apply(t.Context(), []byte(`{}`), engine.Input{}); err == nil || !strings.Contains(err.Error(), "something that is no JSON") {
		t.Errorf("a script that gives no JSON gives %v", err)
	}
}

func TestFunctionLibrary(t *testing.T) {
	var lib engine.FunctionLibrary
	for _, test := range []struct {
		name string
		args []string
		want string // "" is missing
	}{
		{"upper", []string{`"a"`}, `"A"`}, {"round", []string{`2.345`, `2`}, `2.35`}, {"upper", []string{""}, ""},
		{"upper", nil, "error: upper needs 1 argument, got 0: use upper(text)"},
		{"upper", []string{`1`}, "error: upper wants a string as text, got a number: use upper(text)"},
		{"upper", []string{`"a"`, `"b"`}, "error: upper takes at most 1 argument, got 2: use upper(text)"},
		{"upper", []string{`"a`}, "error: upper: text is no JSON"},
		{"fail", []string{`"a"`}, `error: there is no function "fail"`}, {"filter", nil, `error: there is no function "filter"`},
	} {
		var args []json.RawMessage
		for _, a := range test.args {
			if a == "" {
				args = append(args, nil)
			} else {
				args = append(args, json.RawMessage(a))
			}
		}
		out, err := lib.Call(t.Context(), test.name, "", args)
		got := string(out)
		if err != nil {
			got = "error: " + err.Error()
		}
		if got != test.want {
			t.Errorf("%s(%v) gives %s, want %s", test.name, test.args, got, test.want)
		}
	}
	if names := lib.Names(); len(names) < 50 {
		t.Errorf("there are %d functions", len(names))
	}
}

// TestAnalyzeWithoutHost reads a mapping with scripts as an editor does: it cannot know their functions, and says nothing.
func TestAnalyzeWithoutHost(t *testing.T) {
	text := "from: any\nto: any\nscripts: [a.ts]\nrules: {a: tier(x), b: a.tier(x), c: lower(1)}\n"
	if codes := engine.Analyze("mapping.yaml", []byte(text)).Diagnostics().Codes(); len(codes) != 1 || codes[0] != "CW1015" {
		t.Errorf("got %v", codes)
	}
	if _, err := engine.Parse("mapping.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), "CW1024") {
		t.Errorf("a mapping that is to run gives %v", err)
	}
}

// talking logs in each call, and fails the second.
type talking struct{ script }

func (talking) LoadScripts(files fs.FS, paths []string) (engine.Scripts, error) {
	s, err := oneScript{}.LoadScripts(files, paths)
	if err != nil {
		return nil, err
	}
	return talking{s.(script)}, nil
}

func (s talking) CallScript(ctx context.Context, call engine.ScriptCall) ([]byte, error) {
	if call.Log != nil {
		call.Log(engine.ScriptLog{Level: "info", Message: call.Function, Data: call.Args[0], Script: call.Function})
	}
	if call.Seed != 7 {
		return nil, errors.New("another seed")
	}
	return s.script.CallScript(ctx, call)
}

// TestScriptLogs holds that each line is given once, also where a failed document is mapped again to find all that is wrong.
func TestScriptLogs(t *testing.T) {
	files := fstest.MapFS{
		"a.yaml": {Data: []byte("from: any\nto: any\nscripts: [a.ts]\nrules: {a: same(x), b: 'y ? boom(x) : 1', c: same(y)}\n")},
		"a.ts":   {Data: []byte("function same value\nfunction boom value")},
	}
	m, err := engine.Load("a.yaml", engine.Files(files), engine.WithScripts(talking{}))
	if err != nil {
		t.Fatal(err)
	}
	for document, want := range map[string]string{
		`{"x":1.10,"y":false}`: "info: same 1.10\ninfo: same false\n",
		`{"x":1.10,"y":true}`:  "info: same 1.10\ninfo: boom 1.10\ninfo: same true\n",
	} {
		var lines strings.Builder
		_, err := m.Apply(t.Context(), []byte(document), engine.Input{Seed: 7, Log: func(l engine.ScriptLog) { lines.WriteString(l.String() + "\n") }})
		if lines.String() != want || (err != nil) != strings.Contains(want, "boom") {
			t.Errorf("%s logs %s, %v", document, lines.String(), err)
		}
		if _, err := m.Apply(t.Context(), []byte(document), engine.Input{Seed: 7}); (err != nil) != strings.Contains(want, "boom") {
			t.Errorf("without a log: %v", err)
		}
	}
}
