package mappingtest_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/mappingtest"
)

// updated runs a test file with Update and returns what becomes of it.
func updated(t testing.TB, fsys fstest.MapFS, name string) string {
	t.Helper()
	_, err := mappingtest.Run(context.Background(), fsys, mappingtest.Options{Update: func(file string, data []byte) error {
		fsys[file] = &fstest.MapFile{Data: data}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	report, err := mappingtest.Run(context.Background(), fsys, mappingtest.Options{})
	if err != nil || !report.Passed() {
		t.Fatalf("what was written does not pass: %v\n%s\n%s", err, report.Render(), fsys[name].Data)
	}
	return string(fsys[name].Data)
}

func TestUpdateWritesTestFiles(t *testing.T) {
	const mapping = "from: any\nto: any\nrules: {n: n, word: word, l: l, o: o}\n"
	for _, tc := range []struct{ name, before, after string }{
		{"single values, beside comments", `
mapping: m.yaml # of the shop
cases:
  # the usual
  - name: one
    input: {n: 1.50, word: "it's new: yes", o: {"a b": null}}
    exactly:
      n: 2 # a price
      word: old, but not very # a word
      o: {"a b": false, } # flow
  - {name: untouched, input: {n: 1}, exactly: {n: 1}}
`, `
mapping: m.yaml # of the shop
cases:
  # the usual
  - name: one
    input: {n: 1.50, word: "it's new: yes", o: {"a b": null}}
    exactly:
      n: 1.50 # a price
      word: "it's new: yes" # a word
      o: {"a b": null, } # flow
  - {name: untouched, input: {n: 1}, exactly: {n: 1}}
`},
		{"quoted values", `
mapping: m.yaml
cases:
  - name: one
    input: {word: plain, l: ["1", true]}
    exactly: {word: 'it''s', l: ["a \" b", 'x']}
`, `
mapping: m.yaml
cases:
  - name: one
    input: {word: plain, l: ["1", true]}
    exactly: {word: plain, l: ["1", true]}
`},
		{"more and less", `
mapping: m.yaml
cases:
  - name: one
    input: {n: 1, l: [[], {}, {a: 1, b: [x]}, [2]], o: {k.v: {}, "": yes}}
    exactly:
      n: 1
      gone: |
        a text

        of lines
      # of before
    # of the next
  - name: two
    input: {word: "true"}
    exactly: {n: 1,
      o: {a: "}"}} # wrong
  - name: three
    input: {}
    exactly: {n: 1}
# the end
`, `
mapping: m.yaml
cases:
  - name: one
    input: {n: 1, l: [[], {}, {a: 1, b: [x]}, [2]], o: {k.v: {}, "": yes}}
    exactly:
      n: 1
      l:
        - []
        - {}
        - a: 1
          b:
            - x
        -
          - 2
      o:
        k.v: {}
        "": "yes"
      # of before
    # of the next
  - name: two
    input: {word: "true"}
    exactly:
      word: "true"
  - name: three
    input: {}
    exactly: {}
# the end
`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			fsys := fstest.MapFS{"m.yaml": {Data: []byte(mapping)}, "m.test.yaml": {Data: []byte(tc.before)}}
			if got := updated(t, fsys, "m.test.yaml"); got != tc.after {
				t.Errorf("got%s\nwant%s", got, tc.after)
			}
		})
	}
}

// An expectation that cannot be rewritten safely is an error, and nothing is written.
func TestUpdateWritesNothingThatIsWrong(t *testing.T) {
	fsys := fstest.MapFS{
		"m.yaml":      {Data: []byte("from: any\nto: any\nrules: {n: n}\n")},
		"m.test.yaml": {Data: []byte("mapping: m.yaml\ncases:\n  - {name: one, exactly: {a: 1}, input: {n: 1}}\n")},
	}
	_, err := mappingtest.Run(context.Background(), fsys, mappingtest.Options{Update: func(string, []byte) error {
		t.Error("something is written")
		return nil
	}})
	if err == nil || !strings.Contains(err.Error(), "m.test.yaml") {
		t.Errorf("got %v", err)
	}
	failing := errors.New("disk full")
	fsys["m.test.yaml"] = &fstest.MapFile{Data: []byte("mapping: m.yaml\ncases:\n  - {name: one, exactly: {n: 2}, input: {n: 1}}\n")}
	_, err = mappingtest.Run(context.Background(), fsys, mappingtest.Options{Update: func(string, []byte) error { return failing }})
	if !errors.Is(err, failing) {
		t.Errorf("got %v", err)
	}
}

// Whatever text comes out, the YAML that is written for it says the same.
func TestUpdateWritesAnyText(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[-#:{}\[\],&*!|>'"%@ ayn0~?.\\]{0,8}`)).Draw(rt, "text")
		if strings.ContainsRune(text, 0xFFFD) || strings.ContainsRune(text, 0) {
			return // no text of a document
		}
		quoted := string(mustJSON(text))
		fsys := fstest.MapFS{
			"m.yaml":      {Data: []byte("from: any\nto: any\nrules: {n: n, l: l}\n")},
			"data/1.json": {Data: []byte(`{"n":` + quoted + `,"l":[{` + quoted + `:1}]}`)},
			"m.test.yaml": {Data: []byte("mapping: m.yaml\ncases:\n  - name: one\n    input: {file: data/1.json}\n    exactly: {n: x}\n")},
		}
		updated(t, fsys, "m.test.yaml")
	})
}

func TestPathsAndCoverage(t *testing.T) {
	test := &fstest.MapFile{Data: []byte("mapping: ../m.yaml\ncases:\n  - {name: one, input: {n: 1}, expect: {n: 2}}\n")}
	fsys := fstest.MapFS{
		"m.yaml":                       {Data: []byte("from: any\nto: any\nrules: {n: n, o: o}\n")},
		"a/1.test.yaml":                test,
		"a/testdata/2.test.yaml":       test,
		"a/node_modules/x/3.test.yaml": test,
		"a/.hidden/4.test.yaml":        test,
		"b/5.test.yaml":                test,
	}
	for _, tc := range []struct{ paths, want string }{
		{"", "a/1.test.yaml b/5.test.yaml"},
		{"b", "b/5.test.yaml"},
		{"a/testdata/2.test.yaml b b/5.test.yaml", "a/testdata/2.test.yaml b/5.test.yaml"},
		{"a/testdata", "a/testdata/2.test.yaml"},
	} {
		got, err := mappingtest.Find(fsys, strings.Fields(tc.paths)...)
		if err != nil || strings.Join(got, " ") != tc.want {
			t.Errorf("%q: %v, %v", tc.paths, got, err)
		}
	}
	if _, err := mappingtest.Find(fsys, "nowhere"); err == nil {
		t.Error("a folder that is not there holds tests")
	}
	report := run(t, fsys, mappingtest.Options{Paths: []string{"b"}, Coverage: &engine.Coverage{}})
	if c := report.Coverage; c == nil || c.Points != 2 || c.Reached != 1 || c.Files[0].File != "m.yaml" {
		t.Errorf("coverage: %+v", c)
	}
	d := report.Files[0].Cases[0].Diffs[0]
	if d.Explanation == nil || len(d.Explanation.Fields) != 1 || d.Explanation.Fields[0].CopiedFrom != "n" {
		t.Errorf("the difference is explained by %+v", d.Explanation)
	}
}

func mustJSON(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}
