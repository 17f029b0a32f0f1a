package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// repository returns the folder of the module.
func repository(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// trackedFiles returns the files of the repository, relative to it, with those that git does not know yet.
func trackedFiles(t *testing.T) []string {
	t.Helper()
	list := exec.CommandContext(t.Context(), "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = repository(t)
	out, err := list.Output()
	if err != nil {
		t.Skipf("no git to ask which files belong to the project: %v", err)
	}
	return strings.Split(strings.TrimRight(string(out), "\x00"), "\x00")
}

// What exists on one machine only. The words are put together here so that this file does not match itself.
var (
	localWords = []string{"/wo" + "rk", "/ho" + "me/", "/ro" + "ot", "/Us" + "ers/", "../sha" + "red"}
	localPath  = regexp.MustCompile(`(^|[^\w./-])(/(wo` + `rk|ho` + `me/\w+|ro` + `ot|Us` + `ers/\w+)|\.\./sha` + `red)(/|\b)`)
)

// TestNoLocalPaths holds that no file names a path of the machine on which it was written. The build
// script alone looks for a folder beside the repository.
func TestNoLocalPaths(t *testing.T) {
	for _, name := range trackedFiles(t) {
		if name == ".ci/run" || name == "LICENSE" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(repository(t), name))
		if err != nil {
			continue // deleted, but not from git's index yet
		}
		if !slices.ContainsFunc(localWords, func(word string) bool { return bytes.Contains(text, []byte(word)) }) {
			continue // most files, and far faster than the expression
		}
		for i, line := range bytes.Split(text, []byte("\n")) {
			if found := localPath.Find(line); found != nil {
				t.Errorf("%s:%d names %q, a path of one machine", name, i+1, bytes.TrimSpace(found))
			}
		}
	}
}

func TestLocalPathMatches(t *testing.T) {
	join := func(parts ...string) string { return strings.Join(parts, "") }
	tests := []struct {
		line string
		want bool
	}{
		{join(`cd /wo`, `rk/x`), true},
		{join(`"/ho`, `me/ann/x"`), true},
		{join(`see ../sha`, `red/x`), true},
		{join(`/ro`, `ot/go`), true},
		{join(`https://example.com/ho`, `me/x`), false},
		{join(`api/wo`, `rk/x`), false},
		{join(`/wo`, `rkers`), false},
		{`a / work`, false},
	}
	for _, test := range tests {
		got := localPath.MatchString(test.line)
		if got && !slices.ContainsFunc(localWords, func(word string) bool { return strings.Contains(test.line, word) }) {
			t.Errorf("%q: the quick look misses it", test.line)
		}
		if got != test.want {
			t.Errorf("%q: %v, want %v", test.line, got, test.want)
		}
	}
}
