package mappingtest_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/mappingtest"
)

const addedMapping = "from: any\nto: any\nrules:\n  a: doc.a\n  zone: settings.zone\nsettings:\n  zone: {type: string, default: UTC}\n"

func TestAddCase(t *testing.T) {
	added := mappingtest.NewCase{
		Name: `a "quoted" case: 1`, Input: "testdata/one.json", Exactly: "testdata/one.expected.json",
		In: engine.Input{Settings: []byte(`{"zone":"Europe/Amsterdam"}`), Now: "2026-01-31T09:30:00Z", Write: engine.Update},
	}
	tests := []struct {
		name, before, want string
	}{
		{"a new file", "", "mapping: m.yaml\ncases:\n"},
		{"behind others, comments kept", "# about\nmapping: m.yaml # here\ncases:\n  - name: first # one\n    input: {a: 0.10}\n    expect: {a: 0.1}\n\n",
			"# about\nmapping: m.yaml # here\ncases:\n  - name: first # one\n    input: {a: 0.10}\n    expect: {a: 0.1}\n"},
	}
	const tail = `  - name: "a \"quoted\" case: 1"
    input:
      file: testdata/one.json
    write: update
    now: "2026-01-31T09:30:00Z"
    settings:
      zone: Europe/Amsterdam
    exactly:
      file: testdata/one.expected.json
`
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := mappingtest.AddCase("m.test.yaml", []byte(test.before), "m.yaml", added)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != test.want+tail {
				t.Errorf("got\n%s\nwant\n%s", got, test.want+tail)
			}
			files := fstest.MapFS{
				"m.yaml": {Data: []byte(addedMapping)}, "m.test.yaml": {Data: got},
				"testdata/one.json":          {Data: []byte(`{"a": 19.10}`)},
				"testdata/one.expected.json": {Data: []byte(`{"a": 19.1, "zone": "Europe/Amsterdam"}`)},
			}
			report, err := mappingtest.Run(t.Context(), files, mappingtest.Options{})
			if err != nil || !report.Passed() {
				t.Errorf("the file that was written does not pass: %v\n%s", err, report.Render())
			}
			if name := mappingtest.MappingOf(files, "m.test.yaml"); name != "m.yaml" {
				t.Errorf("the file names %q", name)
			}
			samples := mappingtest.Samples(files, "m.test.yaml")
			last := samples[len(samples)-1]
			if last.Name != added.Name || string(last.Document) != `{"a":19.10}` || last.Input.Write != engine.Update {
				t.Errorf("the last sample is %+v", last)
			}
		})
	}
}

func TestAddCaseRefuses(t *testing.T) {
	tests := []struct {
		name, before string
		want         error
		words        string
	}{
		{"cases that are not last", "cases:\n  - {name: a, input: {}, expect: {}}\nmapping: m.yaml\n", mappingtest.ErrNotAppendable, ""},
		{"cases in brackets", "mapping: m.yaml\ncases: [{name: a, input: {}, expect: {}}]\n", mappingtest.ErrNotAppendable, ""},
		{"a name that is taken", "mapping: m.yaml\ncases:\n  - {name: new, input: {}, expect: {}}\n", nil, "already"},
		{"no YAML", "mapping: [\n", nil, "CW4002"},
		{"a list", "- a\n", mappingtest.ErrNotAppendable, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := mappingtest.AddCase("m.test.yaml", []byte(test.before), "m.yaml", mappingtest.NewCase{Name: "new", Input: "a.json", Fails: []string{"CW2003"}})
			if err == nil || test.want != nil && !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.words) {
				t.Errorf("got %v", err)
			}
		})
	}
}
