package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/mappingtest"
	"github.com/crosswalk-go/crosswalk/scripting"
)

// codeScript is the code of package engine for a script that cannot be used.
const codeScript = "CW1028"

// Covered returns what everything that the host loaded has reached, where its options count that.
func (h *Host) Covered() []engine.CoverPoint {
	if h.options.Coverage == nil {
		return nil
	}
	kinds := map[scripting.PointKind]engine.PointKind{
		scripting.PointStatement: engine.PointStatement, scripting.PointFunction: engine.PointFunction, scripting.PointBranch: engine.PointBranch,
	}
	var out []engine.CoverPoint
	for _, p := range h.options.Coverage.Points() {
		out = append(out, engine.CoverPoint{Kind: kinds[p.Kind], Pos: position(p.Pos), Text: p.Text, Count: p.Count})
	}
	return out
}

// RunTests runs a test file in JavaScript or TypeScript: see [mappingtest.ScriptRunner].
func (h *Host) RunTests(ctx context.Context, files fs.FS, name string) (mappingtest.File, error) {
	out := mappingtest.File{Path: name}
	root, below := projectOf(files, name)
	options := h.options
	options.Root = root
	tests, err := scripting.LoadTests(ctx, below.files, below.name, options)
	if err != nil {
		if ctx.Err() != nil {
			return out, ctx.Err()
		}
		out.Problems = problems(err, root, name)
		return out, nil
	}
	defer tests.Close()
	for _, test := range tests.List() {
		c := mappingtest.Case{Name: strings.Join(test.Names, ": "), Pos: placed(test.Pos, root), Skipped: test.Skip}
		if !test.Skip {
			if err := runTest(ctx, tests, test, root, &c); err != nil {
				return out, err
			}
		}
		out.Cases = append(out.Cases, c)
	}
	return out, nil
}

func runTest(ctx context.Context, tests *scripting.Tests, test scripting.Test, root string, c *mappingtest.Case) error {
	failure, err := tests.Run(ctx, test, func(l scripting.Log) {
		c.Logs = append(c.Logs, engine.ScriptLog{Level: l.Level, Message: l.Message, Data: l.Data}.String())
	})
	var e *scripting.Error
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &e):
		c.At, c.Failure = placed(e.Pos, root), e.Message
		if e.Thrown != "" { // a test's documents are its author's
			c.Failure = e.Thrown
		}
	case err != nil:
		c.Failure = err.Error()
	case failure != nil:
		c.At, c.Failure = placed(failure.Pos, root), failure.Message
		for _, d := range failure.Diffs {
			c.Diffs = append(c.Diffs, mappingtest.Diff{Path: d.Path, Want: d.Want, Got: d.Got, Hint: d.Hint})
		}
	}
	if c.Failure != "" && c.At.Line == 0 {
		c.At = c.Pos
	}
	return nil
}

func placed(p scripting.Position, root string) engine.Position {
	if p.Line == 0 {
		return engine.Position{}
	}
	at := position(p)
	at.File = path.Join(root, at.File)
	return at
}

// problems says what is wrong with a test file that cannot be run.
func problems(err error, root, name string) engine.Diagnostics {
	var list engine.ScriptErrors
	if !errors.As(loadErrors(err), &list) {
		list = engine.ScriptErrors{{Message: err.Error()}}
	}
	var out engine.Diagnostics
	for _, e := range list {
		d := engine.Diagnostic{Severity: engine.Error, Code: codeScript, Message: e.Message, Pos: engine.Position{File: name}}
		if e.Thrown != "" && !strings.HasSuffix(e.Message, e.Thrown) {
			d.Message = fmt.Sprintf("%s (%s)", e.Message, e.Thrown)
		}
		if e.Pos.Line > 0 {
			d.Pos = e.Pos
			d.Pos.File = path.Join(root, e.Pos.File)
		}
		d.End = d.Pos
		out = append(out, d)
	}
	return out
}

// testFile is a test file below the project's folder.
type testFile struct {
	files fs.FS
	name  string
}

// projectOf returns the folder below which a test file may import, as the names of files have it before them: the next above it
// with a crosswalk.yaml or a package.json, else the present one, else its own.
func projectOf(files fs.FS, name string) (root string, below testFile) {
	dir, base := path.Split(path.Clean(filepath.ToSlash(name)))
	dir = path.Clean(dir)
	whole, err := filepath.Abs(filepath.FromSlash(dir))
	if err != nil {
		whole = dir
	}
	parts := strings.Split(strings.Trim(filepath.ToSlash(whole), "/"), "/")
	at := func(levels int) (string, testFile) {
		root := path.Join(dir, strings.Repeat("../", levels))
		return root, testFile{folder{files, root}, path.Join(path.Join(parts[len(parts)-levels:]...), base)}
	}
	inside := 0 // levels up to the present folder
	if dir != "." && !strings.HasPrefix(dir, "..") && !path.IsAbs(dir) {
		inside = strings.Count(dir, "/") + 1
	}
	for levels := range min(len(parts), 12) + 1 {
		root, file := at(levels)
		for _, mark := range []string{"crosswalk.yaml", "package.json"} {
			if _, err := fs.Stat(file.files, mark); err == nil {
				return root, file
			}
		}
	}
	return at(inside)
}

// folder is the files below a folder that fs.Sub would not name, such as "..".
type folder struct {
	files fs.FS
	root  string
}

// Open opens a file below the folder, and none above.
func (f folder) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	return f.files.Open(path.Join(f.root, name))
}
