package bundle

import (
	"strings"
	"testing"
)

// FuzzTooDeep looks for texts that the count of nesting cannot read to their end, and holds that short texts are never deep.
func FuzzTooDeep(f *testing.F) {
	for _, text := range []string{"`${`${1}`}`", "/[/]/", "'\\", "`\\", "/* ", "a\n/b/g", "}}}", "if (a) if (b)", strings.Repeat("(", 300)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		line := tooDeep(text)
		if line < 0 || line > strings.Count(text, "\n")+1 {
			t.Errorf("line %d of %q", line, text)
		}
		if line > 0 && len(text) <= MaxNesting {
			t.Errorf("%q is said to be deep", text)
		}
	})
}

func TestInexact(t *testing.T) {
	for text, want := range map[string]string{
		`{"a": 21, "b": [1.50, -0, 1e3, 123456789012345]}`: "", `[9007199254740993]`: "9007199254740993", `[0.1234567890123456]`: "0.1234567890123456", `[1e999]`: "1e999", `{`: "",
	} {
		if _, got := inexact([]byte(text)); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
