package format

import (
	"fmt"
	"strings"
)

// maxDiffCells bounds the table of a comparison; what is larger is shown as replaced as a whole.
const maxDiffCells = 16 << 20

const diffContext = 3

// edit is a line of a comparison: kept (' '), removed ('-') or added ('+').
type edit struct {
	op   byte
	line string
}

// Diff returns a unified diff of two texts, "" where they are equal. name stands in its head.
func Diff(name string, before, after []byte) string {
	if string(before) == string(after) {
		return ""
	}
	edits := compare(splitLines(string(before)), splitLines(string(after)))
	var b strings.Builder
	fmt.Fprintf(&b, "--- %s\n+++ %s\n", name, name)
	oldLine, newLine := 1, 1
	for i := 0; i < len(edits); {
		if edits[i].op == ' ' {
			oldLine, newLine = oldLine+1, newLine+1
			i++
			continue
		}
		from := max(0, i-diffContext)
		to := i // behind the last line of the hunk
		for j, kept := i, 0; j < len(edits) && kept <= 2*diffContext; j++ {
			kept++
			if edits[j].op != ' ' {
				kept, to = 0, j+1
			}
		}
		oldStart, newStart := oldLine-(i-from), newLine-(i-from)
		oldCount, newCount := i-from, i-from
		for _, e := range edits[i:to] {
			oldCount += boolInt(e.op != '+')
			newCount += boolInt(e.op != '-')
		}
		oldLine, newLine = oldStart+oldCount, newStart+newCount
		tail := min(len(edits), to+diffContext)
		fmt.Fprintf(&b, "@@ -%s +%s @@\n", lineRange(oldStart, oldCount+tail-to), lineRange(newStart, newCount+tail-to))
		for _, e := range edits[from:tail] {
			b.WriteByte(e.op)
			b.WriteString(e.line)
			if !strings.HasSuffix(e.line, "\n") {
				b.WriteString("\n\\ No newline at end of file\n")
			}
		}
		i = to
	}
	return b.String()
}

// lineRange writes the lines of a hunk; an empty one stands behind the line before it.
func lineRange(start, count int) string {
	if count == 0 {
		start--
	}
	return fmt.Sprintf("%d,%d", start, count)
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// splitLines keeps the line breaks.
func splitLines(text string) []string {
	lines := strings.SplitAfter(text, "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// compare finds the longest common subsequence of lines.
func compare(a, b []string) []edit {
	var head, tail []edit
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		head = append(head, edit{' ', a[0]})
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		tail = append(tail, edit{' ', a[len(a)-1]})
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	width := len(b) + 1
	common := []int32(nil) // of a[i:] and b[j:]
	if (len(a)+1)*width <= maxDiffCells {
		common = make([]int32, (len(a)+1)*width)
		for i := len(a) - 1; i >= 0; i-- {
			for j := len(b) - 1; j >= 0; j-- {
				if a[i] == b[j] {
					common[i*width+j] = common[(i+1)*width+j+1] + 1
				} else {
					common[i*width+j] = max(common[(i+1)*width+j], common[i*width+j+1])
				}
			}
		}
	}
	edits := head
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case common != nil && i < len(a) && j < len(b) && a[i] == b[j]:
			edits = append(edits, edit{' ', a[i]})
			i, j = i+1, j+1
		case i < len(a) && (j == len(b) || common == nil || common[(i+1)*width+j] >= common[i*width+j+1]):
			edits = append(edits, edit{'-', a[i]})
			i++
		default:
			edits = append(edits, edit{'+', b[j]})
			j++
		}
	}
	for k := len(tail) - 1; k >= 0; k-- {
		edits = append(edits, tail[k])
	}
	return edits
}
