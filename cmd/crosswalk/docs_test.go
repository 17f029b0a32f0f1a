package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/tools/txtar"
)

// TestPagesRun runs what the pages tell a reader to type. A page is one session in one folder:
//
//	```yaml file=order.yaml   writes the file
//	```sh run                 runs the block in a shell; `run=1` expects that exit code
//	```text output            is what the block above printed, stdout and stderr as a terminal shows them
//
// With -update the outputs in the pages become what was printed.
func TestPagesRun(t *testing.T) {
	dir, sessions := t.TempDir(), map[string]string{} // page to its script
	for _, page := range pages(t) {
		script, commands, err := sessionOf(readBlocks(t, page))
		if err != nil {
			t.Errorf("%s: %v", page, err)
			continue
		}
		if commands == 0 {
			continue
		}
		sessions[page] = filepath.Join(dir, strings.NewReplacer("/", "_", ".", "_").Replace(page)+".txtar")
		if err := os.WriteFile(sessions[page], script, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if len(sessions) == 0 {
		t.Fatal("the pages hold no block to run")
	}
	t.Run("page", func(t *testing.T) { // returns when the parallel scripts have ended
		testscript.Run(t, testscript.Params{Dir: dir, RequireExplicitExec: true, UpdateScripts: *update, Setup: passRace})
	})
	if !*update {
		return
	}
	for page, session := range sessions {
		if err := updateOutputs(filepath.Join(repository(t), page), session); err != nil {
			t.Error(err)
		}
	}
}

// updateOutputs writes the outputs of a session back into its page.
func updateOutputs(page, session string) error {
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	archive, err := txtar.ParseFile(session)
	if err != nil {
		return err
	}
	printed := map[string]string{}
	for _, f := range archive.Files {
		printed[f.Name] = string(f.Data)
	}
	lines := strings.SplitAfter(string(text), "\n")
	blocks := parseBlocks(string(text))
	for i := len(blocks) - 1; i > 0; i-- { // from the end, so that the line numbers before it stay true
		if _, ok := blocks[i].attrs["output"]; ok {
			end := blocks[i].line + strings.Count(blocks[i].text, "\n")
			output := printed[fmt.Sprintf("line-%d.want", blocks[i-1].line)]
			lines = slices.Concat(lines[:blocks[i].line], []string{output}, lines[end:])
		}
	}
	return os.WriteFile(page, []byte(strings.Join(lines, "")), 0o644)
}

// sessionOf makes a test script of a page's blocks.
func sessionOf(blocks []block) (script []byte, commands int, err error) {
	var archive txtar.Archive
	var steps bytes.Buffer
	for i, b := range blocks {
		if name := b.attrs["file"]; name != "" {
			archive.Files = append(archive.Files, txtar.File{Name: name, Data: []byte(b.text)})
			continue
		}
		code, run := b.attrs["run"]
		if !run {
			continue
		}
		if code == "" {
			code = "0"
		}
		commands++
		name := fmt.Sprintf("line-%d", b.line)
		// A shell inside a shell, so that the exit code can be compared and not only its being zero.
		fmt.Fprintf(&steps, "exec sh -c 'sh -e %[1]s.sh >%[1]s.got 2>&1; echo $? >%[1]s.code'\n", name)
		archive.Files = append(archive.Files,
			txtar.File{Name: name + ".sh", Data: []byte(b.text)},
			txtar.File{Name: name + ".wantcode", Data: []byte(code + "\n")})
		if i+1 < len(blocks) {
			if _, ok := blocks[i+1].attrs["output"]; ok {
				archive.Files = append(archive.Files, txtar.File{Name: name + ".want", Data: []byte(blocks[i+1].text)})
				fmt.Fprintf(&steps, "cmp %[1]s.got %[1]s.want\n", name)
			}
		}
		fmt.Fprintf(&steps, "cmp %[1]s.code %[1]s.wantcode\n", name)
	}
	for i, b := range blocks {
		if _, ok := b.attrs["output"]; !ok {
			continue
		}
		if i == 0 {
			return nil, 0, fmt.Errorf("line %d: output of no command", b.line)
		}
		if _, ok := blocks[i-1].attrs["run"]; !ok {
			return nil, 0, fmt.Errorf("line %d: output of a block that is not run", b.line)
		}
	}
	archive.Comment = steps.Bytes()
	return txtar.Format(&archive), commands, nil
}

func TestSessionOf(t *testing.T) {
	page := strings.ReplaceAll(`# Page
'''yaml file=a.yaml
to: order
'''
'''sh
never run
'''
'''sh run=1
cat a.yaml && exit 1
'''
'''text output
to: order
'''
`, "'''", "```")
	script, commands, err := sessionOf(parseBlocks(page))
	if err != nil || commands != 1 {
		t.Fatalf("%d commands, %v", commands, err)
	}
	archive := txtar.Parse(script)
	var names []string
	for _, f := range archive.Files {
		names = append(names, f.Name)
	}
	if got, want := strings.Join(names, " "), "a.yaml line-8.sh line-8.wantcode line-8.want"; got != want {
		t.Errorf("files %s, want %s", got, want)
	}
	if strings.Contains(string(script), "never run") {
		t.Error("a block that is not marked would run")
	}
	if _, _, err := sessionOf(parseBlocks("```text output\nx\n```\n")); err == nil {
		t.Error("output of nothing passes")
	}
}

var (
	linkTarget = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	notInSlug  = regexp.MustCompile(`[^\pL\pN _-]`)
)

// TestLinks holds that every link between the pages leads to a file, and to a heading where it names one.
func TestLinks(t *testing.T) {
	links := 0
	for _, page := range pages(t) {
		for _, match := range linkTarget.FindAllStringSubmatch(readProse(t, page), -1) {
			if strings.Contains(match[1], "://") {
				continue
			}
			links++
			path, anchor, _ := strings.Cut(match[1], "#")
			to := page
			if path != "" {
				to = filepath.Join(filepath.Dir(page), path)
			}
			if _, err := os.Stat(filepath.Join(repository(t), to)); err != nil {
				t.Errorf("%s links to %s, which is not there", page, match[1])
				continue
			}
			if anchor != "" && !slices.Contains(anchorsOf(readProse(t, to)), anchor) {
				t.Errorf("%s links to %s, but %s has no such heading", page, match[1], to)
			}
		}
	}
	if links == 0 {
		t.Fatal("the pages hold no link")
	}
}

// readProse returns a page without its fenced blocks.
func readProse(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository(t), page))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(text), "\n")
	blocks := parseBlocks(string(text))
	for _, b := range slices.Backward(blocks) {
		lines = slices.Delete(lines, b.line-1, b.line+strings.Count(b.text, "\n")+1)
	}
	return strings.Join(lines, "")
}

// anchorsOf returns the addresses that a Git host gives to the headings of a page.
func anchorsOf(prose string) []string {
	var anchors []string
	for line := range strings.Lines(prose) {
		if strings.HasPrefix(line, "#") {
			heading := strings.ToLower(strings.TrimSpace(strings.TrimLeft(line, "#")))
			anchors = append(anchors, strings.ReplaceAll(notInSlug.ReplaceAllString(heading, ""), " ", "-"))
		}
	}
	return anchors
}

// TestREADMENamesEveryCommand compares the table of commands with the commands there are.
func TestREADMENamesEveryCommand(t *testing.T) {
	inREADME := map[string]bool{}
	for _, match := range regexp.MustCompile("(?m)^\\| `crosswalk ([a-z-]+)").FindAllStringSubmatch(readProse(t, "README.md"), -1) {
		inREADME[match[1]] = true
	}
	for _, cmd := range newRoot(&cli{}).Commands() {
		if cmd.Hidden {
			continue
		}
		if !inREADME[cmd.Name()] {
			t.Errorf("README.md has no line for crosswalk %s", cmd.Name())
		}
		delete(inREADME, cmd.Name())
	}
	for name := range inREADME {
		t.Errorf("README.md tells of crosswalk %s, which is not there", name)
	}
}

var (
	codeInSource  = regexp.MustCompile(`"(CW[0-9]{4})"`)
	codeOfHeading = regexp.MustCompile(`(?m)^### (CW[0-9]{4})$`)
)

// errorsPage is where every code is explained.
const errorsPage = "docs/errors.md"

// TestEveryCodeIsExplained compares the codes of the source with the entries of docs/errors.md.
func TestEveryCodeIsExplained(t *testing.T) {
	inSource := map[string]string{} // code to a file that has it
	for _, name := range trackedFiles(t) {
		if filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(repository(t), name))
		if err != nil {
			continue // deleted, but not from git's index yet
		}
		for _, match := range codeInSource.FindAllSubmatch(text, -1) {
			inSource[string(match[1])] = name
		}
	}
	page, err := os.ReadFile(filepath.Join(repository(t), errorsPage))
	if err != nil {
		t.Fatal(err)
	}
	var explained []string
	for _, match := range codeOfHeading.FindAllSubmatch(page, -1) {
		code := string(match[1])
		if slices.Contains(explained, code) {
			t.Errorf("%s explains %s twice", errorsPage, code)
		}
		explained = append(explained, code)
		if inSource[code] == "" {
			t.Errorf("%s explains %s, which no source file has", errorsPage, code)
		}
	}
	if !slices.IsSorted(explained) {
		t.Errorf("%s: the entries are not in order: %v", errorsPage, explained)
	}
	for code, file := range inSource {
		if !slices.Contains(explained, code) {
			t.Errorf("%s has %s: give it an entry headed `### %s` in %s", file, code, code, errorsPage)
		}
	}
}

var testName = regexp.MustCompile("`((?:Test|Benchmark)[A-Za-z]+)`")

// TestReliabilityNamesTests holds the page of promises to tests that there are.
func TestReliabilityNamesTests(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(repository(t), "docs/reliability.md"))
	if err != nil {
		t.Fatal(err)
	}
	var tests strings.Builder
	for _, name := range trackedFiles(t) {
		if text, err := os.ReadFile(filepath.Join(repository(t), name)); err == nil && strings.HasSuffix(name, "_test.go") {
			tests.Write(text)
		}
	}
	named := testName.FindAllSubmatch(page, -1)
	if len(named) < 20 {
		t.Errorf("the page names %d tests", len(named))
	}
	for _, match := range named {
		if !strings.Contains(tests.String(), "func "+string(match[1])+"(") {
			t.Errorf("docs/reliability.md names %s, which there is not", match[1])
		}
	}
}
