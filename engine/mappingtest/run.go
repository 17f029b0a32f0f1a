package mappingtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/engine"
)

// Suffix is how the names of test files end.
const Suffix = ".test.yaml"

// ScriptSuffixes are how the names of test files in JavaScript and TypeScript end.
var ScriptSuffixes = []string{".test.ts", ".test.js", ".test.mts", ".test.mjs"}

// ScriptRunner runs test files that are scripts; package scripting/host has one.
type ScriptRunner interface {
	// RunTests runs the file of that name. An error means that ctx ended; everything else is in the result.
	RunTests(ctx context.Context, files fs.FS, name string) (File, error)
	// Covered returns what the tests, and the rules that call scripts, have reached of the scripts.
	Covered() []engine.CoverPoint
}

// Options say how tests run. The zero value runs them without a library.
type Options struct {
	// Library holds the mappings and schemas that mappings name; nil for none.
	Library fs.FS
	// Engine are further options for loading the mappings.
	Engine []engine.Option
	// Paths are the test files to run and the folders to look for them in; none is the whole of the files.
	Paths []string
	// Only keeps the test files for which it is true; nil keeps all.
	Only func(file string) bool
	// Coverage, where set, counts what the cases reach of the mappings.
	Coverage *engine.Coverage
	// Scripts, where set, runs the test files that are scripts. Without it they are left out.
	Scripts ScriptRunner
	// Update, where set, is called with the files that hold an `exactly` which is no longer what comes out, instead of
	// comparing it: the file that it names, or the test file itself. A file that is not there yet counts as empty.
	Update func(file string, data []byte) error
}

// Report is the result of a run, in the order of the files and of their cases.
type Report struct {
	Files []File `json:"files"`
	// Coverage is what the cases reached, where that was asked for.
	Coverage *engine.CoverageReport `json:"coverage,omitempty"`
}

// File is the result of one test file.
type File struct {
	Path    string `json:"path"`
	Mapping string `json:"mapping,omitempty"` // "" where the file is a script
	// Problems are about the test file itself or about a mapping that does not load; no case of the file ran then.
	Problems engine.Diagnostics `json:"problems"`
	Cases    []Case             `json:"cases"`
}

// Case is the result of one case.
type Case struct {
	Name string          `json:"name"`
	Pos  engine.Position `json:"pos"`
	// At is where a test of a script failed; the zero Position where that is not known.
	At engine.Position `json:"at,omitzero"`
	// Skipped cases are neither passed nor failed: they did not run.
	Skipped bool `json:"skipped,omitempty"`
	// Diffs are the fields that are not what the case expects.
	Diffs []Diff `json:"diffs,omitempty"`
	// Failure says why the case failed where no field can be named.
	Failure string `json:"failure,omitempty"`
	// Logs are what the scripts logged, each line with its level.
	Logs []string `json:"logs,omitempty"`
	// Diagnostics are the document's failures, expected or not.
	Diagnostics engine.Diagnostics `json:"diagnostics,omitempty"`
	// Output is what the mapping made; nil where the document failed.
	Output []byte `json:"-"`
}

// Diff is one field that is not what was expected.
type Diff struct {
	Path string          `json:"path"`
	Want string          `json:"want"` // JSON text, "" where nothing was expected
	Got  string          `json:"got"`  // JSON text, "" where the field is not there
	Pos  engine.Position `json:"pos"`  // of the expectation, where it has a place
	Hint string          `json:"hint,omitempty"`
	// Explanation says which rule made the field, or why none did.
	Explanation *engine.Explanation `json:"explanation,omitempty"`
}

// Passed tells whether the case found what it expects.
func (c Case) Passed() bool { return len(c.Diffs) == 0 && c.Failure == "" }

// Passed tells whether every case of every file passed, and there was no problem with any file.
func (r Report) Passed() bool {
	passed, failed, problems := r.Count()
	return failed == 0 && problems == 0 && passed >= 0
}

// Count returns how many cases passed, how many failed, and how many problems the files have.
func (r Report) Count() (passed, failed, problems int) {
	for _, f := range r.Files {
		problems += len(f.Problems)
		for _, c := range f.Cases {
			switch {
			case c.Skipped:
			case c.Passed():
				passed++
			default:
				failed++
			}
		}
	}
	return passed, failed, problems
}

// Skipped returns how many cases did not run.
func (r Report) Skipped() int {
	n := 0
	for _, f := range r.Files {
		for _, c := range f.Cases {
			if c.Skipped {
				n++
			}
		}
	}
	return n
}

// IsScript tells whether a test file is a script.
func IsScript(name string) bool {
	switch path.Ext(name) {
	case ".ts", ".js", ".mts", ".mjs":
		return true
	}
	return false
}

func isTest(name string) bool {
	return strings.HasSuffix(name, Suffix) || slices.ContainsFunc(ScriptSuffixes, func(s string) bool { return strings.HasSuffix(name, s) })
}

// Find returns the test files at paths: those that are named, and those in folders that are named, without what stands in
// hidden folders and in folders called testdata or node_modules. No paths are the whole of files.
func Find(files fs.FS, paths ...string) ([]string, error) {
	if len(paths) == 0 {
		paths = []string{"."}
	}
	var names []string
	for _, root := range paths {
		err := fs.WalkDir(files, root, func(name string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && name != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "node_modules"):
				return fs.SkipDir
			case !d.IsDir() && (name == root || isTest(name)):
				names = append(names, name)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("list the test files: %w", err)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// Run runs the test files of files that the options name. An error means that the files could not be listed or
// ctx ended; everything else is in the report.
func Run(ctx context.Context, files fs.FS, opts Options) (Report, error) {
	var report Report
	names, err := Find(files, opts.Paths...)
	if err != nil {
		return report, err
	}
	for _, name := range names {
		if opts.Only != nil && !opts.Only(name) {
			continue
		}
		run := runFile
		if IsScript(name) {
			if opts.Scripts == nil {
				continue
			}
			run = runScript
		}
		f, err := run(ctx, files, name, opts)
		if err != nil {
			return report, err
		}
		report.Files = append(report.Files, f)
	}
	if opts.Coverage != nil {
		if opts.Scripts != nil {
			opts.Coverage.AddPoints(opts.Scripts.Covered())
		}
		reached := opts.Coverage.Report()
		report.Coverage = &reached
	}
	return report, nil
}

func runScript(ctx context.Context, files fs.FS, name string, opts Options) (File, error) {
	return opts.Scripts.RunTests(ctx, files, name)
}

func runFile(ctx context.Context, files fs.FS, name string, opts Options) (File, error) {
	if opts.Update != nil {
		files = emptyGolden{files}
	}
	tf, problems := parse(files, name)
	out := File{Path: name, Mapping: tf.mapping, Problems: problems}
	if len(problems) > 0 {
		return out, nil
	}
	m, err := load(files, tf, opts)
	if err != nil {
		var ds engine.Diagnostics
		if !errors.As(err, &ds) {
			ds = engine.Diagnostics{{Severity: engine.Error, Code: codeRead, Message: err.Error(), Pos: tf.pos}}
		}
		out.Problems = ds
		return out, nil
	}
	if opts.Coverage != nil {
		opts.Coverage.Add(m)
	}
	var stale []rewrite
	for _, tc := range tf.cases {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		c, err := runCase(ctx, m, tc, opts)
		if err != nil {
			return out, err
		}
		if opts.Update != nil && tc.exact != nil && tc.golden == "" && len(c.Diffs) > 0 {
			stale = append(stale, rewrite{tc, c.Output, c.Diffs})
			c.Diffs = nil
		}
		out.Cases = append(out.Cases, c)
	}
	if len(stale) > 0 {
		return out, rewriteFile(files, name, stale, opts.Update)
	}
	return out, nil
}

// emptyGolden answers for a golden file that is yet to be written.
type emptyGolden struct{ fs.FS }

func (e emptyGolden) ReadFile(name string) ([]byte, error) {
	data, err := fs.ReadFile(e.FS, name)
	if errors.Is(err, fs.ErrNotExist) && path.Ext(name) == ".json" {
		return []byte("{}"), nil
	}
	return data, err
}

func load(files fs.FS, tf testFile, opts Options) (*engine.Mapping, error) {
	options := append([]engine.Option{engine.Files(files)}, opts.Engine...)
	if opts.Library != nil {
		options = append(options, engine.Library(opts.Library))
	}
	return engine.Load(tf.mappingPath(), options...)
}

// mappingPath is what the file says relative to itself, as a path of the files; a name of the library stays what it is.
func (tf testFile) mappingPath() string {
	if ext := path.Ext(tf.mapping); ext == ".yaml" || ext == ".yml" {
		return path.Join(path.Dir(tf.path), tf.mapping)
	}
	return tf.mapping
}

func runCase(ctx context.Context, m *engine.Mapping, tc testCase, opts Options) (Case, error) {
	c := Case{Name: tc.name, Pos: tc.pos}
	apply := m.Apply
	if opts.Coverage != nil {
		apply = func(ctx context.Context, document []byte, in engine.Input) ([]byte, error) {
			return opts.Coverage.Apply(ctx, m, document, in)
		}
	}
	output, err := apply(ctx, tc.input, tc.in)
	if err != nil {
		if !errors.As(err, &c.Diagnostics) {
			return c, fmt.Errorf("%s: %w", tc.pos, err)
		}
		c.Failure = failure(tc, c.Diagnostics)
		return c, nil
	}
	c.Output = output
	if tc.fails != nil {
		c.Failure = fmt.Sprintf("the document passed but should fail with %s", strings.Join(tc.fails, ", "))
		return c, nil
	}
	if tc.golden != "" && opts.Update != nil {
		var b bytes.Buffer
		if err := json.Indent(&b, output, "", "  "); err != nil {
			return c, fmt.Errorf("%s: the output is no JSON: %w", tc.pos, err)
		}
		b.WriteByte('\n')
		return c, opts.Update(tc.golden, b.Bytes())
	}
	got, err := parseJSON(output)
	if err != nil {
		return c, fmt.Errorf("%s: the output is no JSON: %w", tc.pos, err)
	}
	if tc.expect != nil {
		compare(tc.expect, got, "", true, &c.Diffs)
	}
	if tc.exact != nil {
		compare(tc.exact, got, "", false, &c.Diffs)
	}
	for _, a := range tc.absent {
		if v, _ := got.at(a.scalar); v != nil {
			c.Diffs = append(c.Diffs, Diff{Path: a.scalar, Got: v.json(), Pos: a.pos})
		}
	}
	if len(c.Diffs) > 0 {
		e, err := m.Explain(ctx, tc.input, tc.in)
		if err != nil {
			return c, err
		}
		for i := range c.Diffs[:min(len(c.Diffs), maxExplained)] {
			c.Diffs[i].Explanation = e.Nearest(c.Diffs[i].Path)
		}
	}
	return c, nil
}

// maxExplained is how many differences of a case are explained: where everything differs, no single rule is the reason.
const maxExplained = 20

// failure compares the codes of a failed document with those that the case expects, each counted once.
func failure(tc testCase, ds engine.Diagnostics) string {
	got := codes(ds)
	if tc.fails == nil {
		return "the document failed with " + strings.Join(got, ", ")
	}
	want := slices.Compact(slices.Sorted(slices.Values(tc.fails)))
	if slices.Equal(want, got) {
		return ""
	}
	return fmt.Sprintf("the document failed with %s instead of %s", strings.Join(got, ", "), strings.Join(want, ", "))
}

func codes(ds engine.Diagnostics) []string {
	var out []string
	for _, d := range ds {
		if d.Severity != engine.Warning {
			out = append(out, d.Code)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
