package scripting

import (
	"context"
	_ "embed" // the harness
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
)

//go:embed testing.js
var harness string

// The functions of the harness.
const (
	listTests = "__crosswalk_list"
	runTest   = "__crosswalk_run"
)

// TestNow is the instant of tests that name none.
const TestNow = "2026-01-01T12:00:00Z"

// Tests are the tests of a file. Close ends them.
type Tests struct {
	scripts *Scripts
	list    []Test
}

// Test is one test of a file.
type Test struct {
	Names []string // of the groups around it, and its own
	Pos   Position
	Skip  bool // it is not to be run: skip, todo, or another one is only
	now   string
	index int
}

// TestFailure is what an expectation did not find.
type TestFailure struct {
	Message string
	Diffs   []TestDiff
	Pos     Position // of the expectation
}

// TestDiff is a place in a value that is not what was expected.
type TestDiff struct {
	Path string
	Want string // "" where nothing was expected
	Got  string // "" where nothing is there
	Hint string
}

// LoadTests reads a test file as [Load] reads scripts: it finds describe, test, it, expect, beforeEach and afterEach as
// globals, and registers its tests when it is run. What fails while they are listed is an [Error].
func LoadTests(ctx context.Context, fsys fs.FS, file string, o Options) (*Tests, error) {
	s, err := loadScripts(fsys, []string{file}, harness, o)
	if err != nil {
		return nil, err
	}
	t := &Tests{scripts: s}
	if err := t.read(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return t, nil
}

func (t *Tests) read(ctx context.Context) error {
	text, err := t.scripts.CallIn(ctx, Run{Now: TestNow}, listTests)
	if err != nil {
		return err
	}
	var list []struct {
		Names []string
		Pos   Position
		Now   string
		Skip  bool
	}
	if err := json.Unmarshal(text, &list); err != nil {
		return fmt.Errorf("the tests cannot be listed: %w", err)
	}
	for i, l := range list {
		t.list = append(t.list, Test{Names: l.Names, Pos: l.Pos, Skip: l.Skip, now: l.Now, index: i})
	}
	return nil
}

// List returns the tests in the order of the file.
func (t *Tests) List() []Test { return t.list }

// Run runs a test in modules of its own. The failure is nil where it passed; an error is an [*Error] of the script,
// or of ctx.
func (t *Tests) Run(ctx context.Context, test Test, log func(Log)) (*TestFailure, error) {
	now := test.now
	if now == "" {
		now = TestNow
	}
	text, err := t.scripts.CallIn(ctx, Run{Now: now, Log: log}, runTest, json.RawMessage(strconv.Itoa(test.index)))
	if err != nil {
		return nil, err
	}
	var failure *TestFailure
	if err := json.Unmarshal(text, &failure); err != nil {
		return nil, errors.New("the result of the test cannot be read")
	}
	return failure, nil
}

// Close ends the tests and everything that runs for them.
func (t *Tests) Close() { t.scripts.Close() }
