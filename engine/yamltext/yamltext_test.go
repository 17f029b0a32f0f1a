package yamltext_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/goccy/go-yaml/ast"

	"github.com/crosswalk-go/crosswalk/engine/yamltext"
)

var limits = yamltext.Limits{Bytes: 2000, Depth: 20}

func TestReadProblems(t *testing.T) {
	tests := []struct {
		name, text string
		want       string // line:column message
		whole      bool
	}{
		{"too large", strings.Repeat("a", 2001), "1:1 the file is larger than 2000 bytes", true},
		{"no UTF-8", "a: 1\nb: \xff", "1:1 the file is not valid UTF-8", true},
		{"brackets", "a: 1\nb: " + strings.Repeat("[", 21), "2:1 nested more than 20 levels deep", false},
		{"brackets that are closed on their line", "b: " + strings.Repeat("[", 21) + strings.Repeat("]", 21), "1:1 nested more than 20 levels deep", false},
		{"brackets at the start of lines", strings.Repeat("[\n", 21) + strings.Repeat("]\n", 21), "21:1 nested more than 20 levels deep", false},
		{"brackets behind what looks like keys", strings.Repeat("a: [\n", 21) + strings.Repeat("]\n", 21), "21:1 nested more than 20 levels deep", false},
		{"braces", "a: " + strings.Repeat("{a: ", 21), "1:1 nested more than 20 levels deep", false},
		{"indentation", "a:\n" + strings.Repeat(" ", 81) + "b: 1", "2:1 nested more than 20 levels deep", false},
		{"lists in lists", strings.Repeat("- ", 41) + "a", "1:1 nested more than 20 levels deep", false},
		{"complex keys in complex keys", strings.Repeat("? ", 41) + "a", "1:1 nested more than 20 levels deep", false},
		{"syntax", "a: 1\nb: [", "2:4 sequence end token ']' not found", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			docs, problem := yamltext.Read(tt.text, limits)
			if problem == nil {
				t.Fatalf("read %d documents", len(docs))
			}
			if got := fmt.Sprintf("%d:%d %s", problem.Line, problem.Column, problem.Message); got != tt.want || problem.Whole != tt.whole {
				t.Errorf("got %s (whole: %v), want %s", got, problem.Whole, tt.want)
			}
		})
	}
}

func TestReadWithinLimits(t *testing.T) {
	tests := []struct {
		name, text string
		limits     yamltext.Limits
		docs       int
	}{
		{"as deep as may be", "a: " + strings.Repeat("[", 20) + strings.Repeat("]", 20), limits, 1},
		{"many lists beside each other", "a: [" + strings.Repeat("[], ", 300) + "[]]", limits, 1},
		{"no bound", "a: " + strings.Repeat("b", 3000), yamltext.Limits{Depth: 20}, 1},
		{"nothing", "", limits, 0},
		{"a comment", "# nothing\n", limits, 0},
		{"null", "~\n", limits, 0},
		{"two documents and an empty one", "a: 1\n---\nb: 2\n---\n# end\n", limits, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			docs, problem := yamltext.Read(tt.text, tt.limits)
			if problem != nil {
				t.Fatal(problem)
			}
			if len(docs) != tt.docs {
				t.Errorf("got %d documents, want %d", len(docs), tt.docs)
			}
		})
	}
}

// TestNodes shows what is told of each kind of value, and where it stands.
func TestNodes(t *testing.T) {
	tests := []struct {
		yaml string
		want string
	}{
		{"word", `scalar key "word" 3+4`},
		{"'it''s'", `scalar key quoted "it's" 3+4`},
		{`"a\tb"`, `scalar key quoted "a\tb" 3+3`},
		{"'12'", `scalar key quoted "12" 3+2`},
		{"19.10", `scalar key "19.10" 3+5`},
		{"0x1F", `scalar key "0x1F" 3+4`},
		{"true", `scalar key "true" 3+4`},
		{".inf", `scalar key ".inf" 3+4`},
		{"1234567890123456789012345678901234567890", `scalar key number "1234567890123456789012345678901234567890" 3+40`},
		{"'1234567890123456789012345678901234567890'", `scalar key quoted "1234567890123456789012345678901234567890" 3+40`},
		{"~", `null key "~" 3+1`},
		{"|\n  two\n  lines", `scalar "two\nlines" 3+1`},
		{"[a]", `"[" 3+1`},
		{"&x a", `anchors and aliases "&" 3+1`},
		{"*x", `anchors and aliases "*" 3+1`},
		{"!!str a", `tags "!!str" 3+5`},
	}
	for _, tt := range tests {
		t.Run(tt.yaml, func(t *testing.T) {
			docs, problem := yamltext.Read("é: "+tt.yaml, limits)
			if problem != nil {
				t.Fatal(problem)
			}
			entries, ok := yamltext.Entries(docs[0])
			if !ok || len(entries) != 1 {
				t.Fatalf("got %d entries, %v", len(entries), ok)
			}
			if got := describe(entries[0].Value); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func describe(n ast.Node) string {
	var words []string
	for _, is := range []struct {
		word string
		ok   bool
	}{
		{"null", yamltext.IsNull(n)}, {"scalar", yamltext.IsScalar(n)}, {"key", yamltext.IsKey(n)},
		{"quoted", yamltext.IsQuoted(n)}, {"number", yamltext.IsBigNumber(n)},
		{yamltext.Beyond(n), yamltext.Beyond(n) != ""},
	} {
		if is.ok {
			words = append(words, is.word)
		}
	}
	at := yamltext.PlaceOf(n)
	return strings.Join(append(words, fmt.Sprintf("%q %d+%d", yamltext.Text(n), at.Column-1, at.Width)), " ")
}

func TestEntriesKeepTheirOrder(t *testing.T) {
	for _, text := range []string{"z: 1\na: 2\n21: 3", "\ufeffz: 1\r\na: 2\r\n21: 3\r\n", "{z: 1, a: 2, 21: 3}"} {
		docs, problem := yamltext.Read(yamltext.Unmarked(text), limits)
		if problem != nil {
			t.Fatal(problem)
		}
		entries, _ := yamltext.Entries(docs[0])
		var got []string
		for i, e := range entries {
			got = append(got, yamltext.Text(e.Key)+"="+yamltext.Text(e.Value))
			if line := yamltext.PlaceOf(e.Key).Line; !strings.HasPrefix(text, "{") && line != i+1 {
				t.Errorf("%q: %s stands on line %d", text, got[i], line)
			}
		}
		if want := "z=1 a=2 21=3"; strings.Join(got, " ") != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
	docs, _ := yamltext.Read("[a]", limits)
	if _, ok := yamltext.Entries(docs[0]); ok {
		t.Error("a list is taken for a map")
	}
}

// FuzzRead: any text is read or refused, and every node that is reached has a text and a place.
func FuzzRead(f *testing.F) {
	for _, text := range []string{"a: 1\nb: [c, {d: e}]\n", "a: &x 1\nb: *x\n", "a: |\n  b\n", "? |\n  a\n: b", "<<: {a: 1}", "--- !!map\na: b\n", "\ufeffa: 'b'\r\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		docs, problem := yamltext.Read(text, limits)
		if problem != nil {
			if problem.Line < 1 || problem.Column < 1 || problem.Message == "" {
				t.Fatalf("a problem without a place: %+v", problem)
			}
			return
		}
		var walk func(n ast.Node)
		walk = func(n ast.Node) {
			if n == nil {
				return
			}
			if at := yamltext.PlaceOf(n); at.Line < 1 || at.Column < 1 || at.Width < 0 {
				t.Fatalf("%T stands at %+v", n, at)
			}
			_ = describe(n)
			entries, _ := yamltext.Entries(n)
			for _, e := range entries {
				walk(e.Key)
				walk(e.Value)
			}
			if list, ok := n.(*ast.SequenceNode); ok {
				for _, v := range list.Values {
					walk(v)
				}
			}
		}
		for _, doc := range docs {
			walk(doc)
		}
	})
}
