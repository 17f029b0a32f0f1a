package format_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/crosswalk-go/crosswalk/engine/format"
)

// patch applies a unified diff as the patch program does, and fails where a hunk's head or a kept line is not right.
func patch(t *rapid.T, before, diff string) string {
	old := strings.SplitAfter(before, "\n")
	var out strings.Builder
	at := 0 // lines of old that are used
	lines := strings.SplitAfter(diff, "\n")
	for i := 2; i < len(lines) && lines[i] != ""; {
		var oldStart, oldCount, newStart, newCount int
		if _, err := fmt.Sscanf(lines[i], "@@ -%d,%d +%d,%d @@", &oldStart, &oldCount, &newStart, &newCount); err != nil {
			t.Fatalf("no head of a hunk: %q", lines[i])
		}
		if oldCount == 0 {
			oldStart++
		}
		for ; at < oldStart-1; at++ {
			out.WriteString(old[at])
		}
		if newCount == 0 {
			newStart++
		}
		if got := strings.Count(out.String(), "\n") + 1; got != newStart {
			t.Fatalf("the hunk %q starts at new line %d\n%s", lines[i], got, diff)
		}
		for i++; oldCount > 0 || newCount > 0; i++ {
			op, line := lines[i][0], lines[i][1:]
			if i+1 < len(lines) && strings.HasPrefix(lines[i+1], "\\") {
				line = strings.TrimSuffix(line, "\n")
			}
			if op != '+' {
				if old[at] != line {
					t.Fatalf("the diff says %q, the text %q", line, old[at])
				}
				at++
				oldCount--
			}
			if op != '-' {
				out.WriteString(line)
				newCount--
			}
			if i+1 < len(lines) && strings.HasPrefix(lines[i+1], "\\") {
				i++
			}
		}
	}
	for ; at < len(old); at++ {
		out.WriteString(old[at])
	}
	return out.String()
}

// TestDiff holds that a diff, applied to the one text, gives the other.
func TestDiff(t *testing.T) {
	text := rapid.Custom(func(t *rapid.T) string {
		lines := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "", "d"}), 0, 40).Draw(t, "lines")
		end := rapid.SampledFrom([]string{"\n", ""}).Draw(t, "end")
		if len(lines) == 0 {
			return ""
		}
		return strings.Join(lines, "\n") + end
	})
	rapid.Check(t, func(t *rapid.T) {
		before, after := text.Draw(t, "before"), text.Draw(t, "after")
		diff := format.Diff("f", []byte(before), []byte(after))
		if before == after && diff != "" {
			t.Fatalf("equal texts differ: %s", diff)
		}
		if got := patch(t, before, diff); got != after {
			t.Fatalf("patched\n%q\nwant\n%q\nby\n%s", got, after, diff)
		}
	})
}
