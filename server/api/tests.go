package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/format"
	"github.com/crosswalk-go/crosswalk/engine/mappingtest"
	"github.com/crosswalk-go/crosswalk/server/auth"
	"github.com/crosswalk-go/crosswalk/server/files"
)

// tested is the answer of running a mapping's tests.
type tested struct {
	Files    []testedFile `json:"files"`
	Passed   int          `json:"passed"`
	Failed   int          `json:"failed"`
	Problems int          `json:"problems"`
	// Lines are those of the mapping's own file that tests are to reach.
	Lines    []covered `json:"lines"`
	Points   int       `json:"points"`
	Reached  int       `json:"reached"`
	Mappings []string  `json:"mappings"` // the files that Points counts
}

type testedFile struct {
	Path     string             `json:"path"`
	Problems engine.Diagnostics `json:"problems"`
	Cases    []testedCase       `json:"cases"`
}

type testedCase struct {
	Name    string          `json:"name"`
	Pos     engine.Position `json:"pos"`
	Passed  bool            `json:"passed"`
	Failure string          `json:"failure,omitempty"`
	Diffs   []testedDiff    `json:"diffs"`
}

type testedDiff struct {
	Path string       `json:"path"`
	Want string       `json:"want"`
	Got  string       `json:"got"`
	Why  *explanation `json:"why,omitempty"`
}

// covered is a line of the mapping.
type covered struct {
	Line    int      `json:"line"`
	Points  int      `json:"points"`
	Reached int      `json:"reached"`
	Missed  []string `json:"missed"` // what no test reached, in words
}

func (a *API) runTests(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Mapping mappingText `json:"mapping"`
	}
	if err := read(r, &body); err != nil {
		return err
	}
	if err := body.Mapping.check(r.Context()); err != nil {
		return err
	}
	answer, err := a.test(r.Context(), body.Mapping)
	if err != nil {
		return err
	}
	return write(w, answer)
}

// test runs the tests of a mapping's text.
func (a *API) test(ctx context.Context, m mappingText) (*tested, error) {
	over := files.Overlay{FS: a.files, Texts: map[string]string{m.Name: m.Text}}
	maps.Copy(over.Texts, m.Scripts)
	answer := &tested{Files: []testedFile{}, Lines: []covered{}, Mappings: []string{}}
	names := a.testsOf(m.Name)
	if len(names) == 0 {
		return answer, nil
	}
	opts := mappingtest.Options{Library: a.Library, Paths: names, Coverage: &engine.Coverage{}}
	if a.Scripts != nil {
		opts.Engine = append(opts.Engine, engine.WithScripts(a.Scripts))
	}
	ran, err := mappingtest.Run(ctx, over, opts)
	if err != nil {
		return nil, err
	}
	answer.Passed, answer.Failed, answer.Problems = ran.Count()
	for _, f := range ran.Files {
		file := testedFile{Path: f.Path, Problems: f.Problems, Cases: []testedCase{}}
		for _, c := range f.Cases {
			file.Cases = append(file.Cases, testedOf(c))
		}
		answer.Files = append(answer.Files, file)
	}
	answer.Points, answer.Reached = ran.Coverage.Points, ran.Coverage.Reached
	for _, f := range ran.Coverage.Files {
		answer.Mappings = append(answer.Mappings, f.File)
		if f.File == m.Name {
			answer.Lines = coveredLines(f)
		}
	}
	return answer, nil
}

func testedOf(c mappingtest.Case) testedCase {
	t := testedCase{Name: c.Name, Pos: c.Pos, Passed: c.Passed(), Failure: c.Failure, Diffs: []testedDiff{}}
	for _, d := range c.Diffs {
		diff := testedDiff{Path: d.Path, Want: d.Want, Got: d.Got}
		if d.Explanation != nil {
			why := explained(d.Explanation)
			diff.Why = &why
		}
		t.Diffs = append(t.Diffs, diff)
	}
	return t
}

func coveredLines(f engine.FileCoverage) []covered {
	lines := []covered{}
	for _, p := range f.All {
		if n := len(lines); n == 0 || lines[n-1].Line != p.Pos.Line {
			lines = append(lines, covered{Line: p.Pos.Line, Missed: []string{}})
		}
		l := &lines[len(lines)-1]
		l.Points++
		if p.Count > 0 {
			l.Reached++
		} else {
			l.Missed = append(l.Missed, missed(p))
		}
	}
	return lines
}

// missed names what no test reached. Some texts name their kind themselves: case 1: not isEmpty(x).
func missed(p engine.CoverPoint) string {
	if kind := fmt.Sprint(p.Kind) + " "; !strings.HasPrefix(p.Text, kind) {
		return kind + p.Text
	}
	return p.Text
}

// testsOf are the test files of a mapping: those in its folder, and in the project's folder tests, that name it.
func (a *API) testsOf(name string) []string {
	var names []string
	for _, dir := range []string{path.Dir(name), "tests"} {
		for _, layer := range a.files {
			entries, err := fs.ReadDir(layer, dir)
			if err != nil {
				continue
			}
			for _, e := range entries {
				file := path.Join(dir, e.Name())
				if e.IsDir() || !strings.HasSuffix(e.Name(), mappingtest.Suffix) || slices.Contains(names, file) {
					continue
				}
				if m := mappingtest.MappingOf(a.files, file); m == name || m+".yaml" == name {
					names = append(names, file)
				}
			}
		}
	}
	slices.Sort(names)
	return names
}

// newCase is a case to add: the name, and the job as it stands in the page.
type newCase struct {
	job
	Name string `json:"name"`
}

// added says which files came to be.
type added struct {
	Test  string   `json:"test"`
	Files []string `json:"files"`
}

var noWord = regexp.MustCompile(`[^a-z0-9]+`)

// slug is a name as a file can have it.
func slug(name string) string {
	s := strings.Trim(noWord.ReplaceAllString(strings.ToLower(name), "-"), "-")
	return s[:min(len(s), 60)]
}

// addCase writes the document and what comes out of it as a case of the mapping's tests.
func (a *API) addCase(w http.ResponseWriter, r *http.Request) error {
	var j newCase
	if err := read(r, &j); err != nil {
		return err
	}
	if a.Folder == nil {
		return errNoProject
	}
	stem := slug(j.Name)
	if stem == "" {
		return refuse("The case needs a name.")
	}
	p, err := a.begin(r.Context(), j.job)
	if err != nil {
		return err
	}
	done, err := p.apply(r.Context())
	if err != nil {
		return err
	}
	if !json.Valid(p.document) {
		return problem{Status: 422, Title: "The document is no JSON.", Code: "document", Diagnostics: done.problems}
	}
	test := testOf(j.Mapping.Name)
	dir := path.Dir(test)
	c := mappingtest.NewCase{Name: j.Name, Input: "testdata/" + stem + ".json", In: p.in}
	c.In.Now = j.Now // the clock's instant is no part of a case
	writes := []struct{ name, text string }{{path.Join(dir, c.Input), indented(p.document) + "\n"}}
	if done.output != nil {
		c.Exactly = "testdata/" + stem + ".expected.json"
		writes = append(writes, struct{ name, text string }{path.Join(dir, c.Exactly), indented(done.output) + "\n"})
	} else {
		codes := done.problems.Codes()
		slices.Sort(codes)
		c.Fails = slices.Compact(codes)
	}
	before, tag, err := a.Folder.Read(test)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	text, err := mappingtest.AddCase(test, before, path.Base(j.Mapping.Name), c)
	if err != nil {
		return addProblem(err)
	}
	if len(before) == 0 { // a new file has the layout that all have
		if laid, err := format.Format(text); err == nil {
			text = laid
		}
	}
	writes = append(writes, struct{ name, text string }{test, string(text)})
	answer := added{Test: test, Files: []string{}}
	for _, f := range writes {
		seen := ""
		if f.name == test {
			seen = tag
		}
		if _, err = a.Folder.Write(f.name, []byte(f.text), seen); err != nil {
			break
		}
		answer.Files = append(answer.Files, f.name)
	}
	if err != nil {
		for _, name := range answer.Files { // the documents are of no use without the case
			_ = a.Folder.Remove(name)
		}
		if errors.Is(err, files.ErrChanged) {
			return problem{Status: http.StatusConflict, Title: "There are files of a case with that name already: give it another one.", Code: "changed"}
		}
		return err
	}
	a.Audit.Info("test added", "user", auth.UserOf(r.Context()).Name, "file", test)
	return write(w, answer)
}

func addProblem(err error) error {
	p := problem{Status: http.StatusConflict, Title: "The test file cannot take another case: " + err.Error() + ".", Code: "test-file"}
	if asDiagnostics(err, &p.Diagnostics) {
		p.Title = "The test file has problems."
	}
	return p
}
