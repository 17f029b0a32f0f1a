package mappingtest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"
)

// value draws a JSON value as text.
func value(depth int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		kinds := 6
		if depth == 0 {
			kinds = 4
		}
		switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
		case 0:
			return "null"
		case 1:
			return rapid.SampledFrom([]string{"true", "false"}).Draw(t, "boolean")
		case 2:
			return rapid.StringMatching(`-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,6})?`).Draw(t, "number")
		case 3:
			text, err := json.Marshal(rapid.String().Draw(t, "text"))
			if err != nil {
				t.Fatal(err)
			}
			return string(text)
		case 4:
			return "[" + strings.Join(rapid.SliceOfN(value(depth-1), 0, 4).Draw(t, "items"), ",") + "]"
		}
		var members []string
		for i, v := range rapid.SliceOfN(value(depth-1), 0, 4).Draw(t, "members") {
			members = append(members, fmt.Sprintf(`"k%d":%s`, i, v))
		}
		return "{" + strings.Join(members, ",") + "}"
	})
}

// A value has no differences from itself, read again from what it writes.
func TestValuesEqualThemselves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := value(4).Draw(t, "value")
		a, err := parseJSON([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		b, err := parseJSON(a.appendJSON(nil))
		if err != nil {
			t.Fatalf("%s: %v", a.json(), err)
		}
		for _, partly := range []bool{true, false} {
			var diffs []Diff
			compare(a, b, "", partly, &diffs)
			if len(diffs) > 0 {
				t.Fatalf("%s differs from itself: %+v", text, diffs)
			}
		}
	})
}

// Every difference is at a path at which the two values are indeed different.
func TestDifferencesAreWhereTheySay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want, err := parseJSON([]byte(value(3).Draw(t, "want")))
		if err != nil {
			t.Fatal(err)
		}
		got, err := parseJSON([]byte(value(3).Draw(t, "got")))
		if err != nil {
			t.Fatal(err)
		}
		var diffs []Diff
		compare(want, got, "", false, &diffs)
		if len(diffs) == 0 && want.kind != got.kind {
			t.Fatalf("%s and %s are not told apart", want.json(), got.json())
		}
		for _, d := range diffs {
			w, ok := want.at(d.Path)
			g, also := got.at(d.Path)
			if !ok || !also {
				t.Fatalf("the path %q cannot be read", d.Path)
			}
			if w.json() != d.Want || g.json() != d.Got || d.Want == d.Got {
				t.Fatalf("%q: %s and %s, the values there are %s and %s", d.Path, d.Want, d.Got, w.json(), g.json())
			}
		}
	})
}

func TestPaths(t *testing.T) {
	n, err := parseJSON([]byte(`{"a":{"b":[10,{"c":20}]},"odd.name":{"x":30}}`))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		path, want string
		ok         bool
	}{
		{"a.b[0]", "10", true}, {"a.b[1].c", "20", true}, {`["odd.name"].x`, "30", true}, {`["odd.name"]`, `{"x":30}`, true},
		{"a.b[7]", "", true}, {"a.x.y", "", true}, {"a.b.c", "", true},
		{"a..b", "", false}, {".a", "", false}, {"a.b[x]", "", false}, {"a.b[-1]", "", false}, {"a.b[0", "", false}, {`["odd`, "", false}, {"a.", "", false}, {"a]b", "", true},
	}
	for _, tt := range tests {
		v, ok := n.at(tt.path)
		if ok != tt.ok || v.json() != tt.want && ok {
			t.Errorf("%s: got %s, %t, want %s, %t", tt.path, v.json(), ok, tt.want, tt.ok)
		}
	}
}

// Reading a test file never panics, and finds a problem wherever it gives no case.
func FuzzParse(f *testing.F) {
	f.Add("mapping: a.yaml\ncases:\n  - name: x\n    input: {a: 1.50, b: [null, true]}\n    expect: {c: d}\n")
	f.Add("mapping: a\nlinks: {file: l.json}\ncases: [{name: a, input: {file: i.json}, fails: [CW2001], write: update}]")
	f.Add("cases: &a [*a]")
	f.Add("? [a]\n: b")
	f.Add("a: |\n  x\nb: >-\n  y\n!!map c: {}")
	f.Add("\xff\x00")
	f.Fuzz(func(t *testing.T, text string) {
		files := fstest.MapFS{"a.test.yaml": {Data: []byte(text)}, "i.json": {Data: []byte(`{"a":1}`)}}
		tf, problems := parse(files, "a.test.yaml")
		if len(tf.cases) == 0 && len(problems) == 0 {
			t.Error("no case and no problem")
		}
		for _, c := range tf.cases {
			if len(problems) == 0 && !json.Valid(c.input) {
				t.Errorf("the input is no JSON: %q", c.input)
			}
		}
	})
}

func FuzzParseJSON(f *testing.F) {
	f.Add(`{"a":[1,2.50,"x",null,true,{}]}`)
	f.Add(`"\ud800"`)
	f.Add(`{"a":1}{"b":2}`)
	f.Fuzz(func(t *testing.T, text string) {
		n, err := parseJSON([]byte(text))
		if err != nil {
			return
		}
		if !json.Valid(n.appendJSON(nil)) {
			t.Errorf("%q becomes %q", text, n.json())
		}
	})
}
