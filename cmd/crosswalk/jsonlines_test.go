package main

import (
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
)

func TestLineReader(t *testing.T) {
	long := strings.Repeat("x", 40)
	tests := []struct {
		name, in string
		want     []string // "number: line", or "number! error"
	}{
		{"empty", "", nil},
		{"one line without an end", `{"a":1}`, []string{`1: {"a":1}`}},
		{"blank lines count but are no documents", "\n{}\n \t\n[]\n\n", []string{"2: {}", "4: []"}},
		{"line ends of Windows", "{}\r\n[]\r\n", []string{"1: {}", "2: []"}},
		{"byte order mark", "\ufeff{}\n{}\n", []string{"1: {}", "2: {}"}},
		{"only the first line's mark is one", "{}\n\ufeff{}\n", []string{"1: {}", "2: \ufeff{}"}},
		{"a long line is passed over", "{}\n" + long + "\n[]\n", []string{"1: {}", "2! line is too long: more than 32 bytes", "3: []"}},
		{"a long last line", long, []string{"1! line is too long: more than 32 bytes"}},
		{"a line as long as may be", strings.Repeat("y", 31) + "\n", []string{"1: " + strings.Repeat("y", 31)}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for how, r := range map[string]io.Reader{
				"whole":       strings.NewReader(test.in),
				"byte a read": iotest.OneByteReader(strings.NewReader(test.in)),
			} {
				if got := readAll(t, newLineReader(r, 32)); strings.Join(got, "\n") != strings.Join(test.want, "\n") {
					t.Errorf("%s: got %q, want %q", how, got, test.want)
				}
			}
		})
	}
}

func TestLineReaderLinesLongerThanItsBuffer(t *testing.T) {
	long := strings.Repeat("z", 300_000)
	got := readAll(t, newLineReader(strings.NewReader(long+"\n{}\n"), 1<<20))
	if len(got) != 2 || got[0] != "1: "+long || got[1] != "2: {}" {
		t.Errorf("got %d lines of which the last is %.40q", len(got), got[len(got)-1])
	}
}

func TestLineReaderPassesOnFailures(t *testing.T) {
	broken := errors.New("the disk is gone")
	l := newLineReader(io.MultiReader(strings.NewReader("{}\n{"), iotest.ErrReader(broken)), 32)
	if line, err := l.next(); err != nil || string(line) != "{}" {
		t.Fatalf("first line: %q, %v", line, err)
	}
	if _, err := l.next(); !errors.Is(err, broken) {
		t.Errorf("second line: %v, want %v", err, broken)
	}
}

// FuzzLineReader holds that the reader finds the lines that strings.Split finds.
func FuzzLineReader(f *testing.F) {
	for _, seed := range []string{"", "{}\n{}", "\r\n\n", "\ufeff\n{}\n", strings.Repeat("a", 50) + "\n{}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		var want []string
		for i, line := range strings.SplitAfter(in, "\n") {
			number := strconv.Itoa(i + 1)
			switch {
			case line == "":
			case len(line) > 32:
				want = append(want, number+"! line is too long: more than 32 bytes")
			default:
				if i == 0 {
					line = strings.TrimPrefix(line, "\ufeff")
				}
				if line = strings.TrimSpace(line); line != "" {
					want = append(want, number+": "+line)
				}
			}
		}
		if got := readAll(t, newLineReader(strings.NewReader(in), 32)); strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func readAll(t *testing.T, l *lineReader) []string {
	t.Helper()
	var got []string
	for {
		line, err := l.next()
		switch {
		case errors.Is(err, io.EOF):
			return got
		case errors.Is(err, errLongLine):
			got = append(got, strconv.Itoa(l.number)+"! "+err.Error())
		case err != nil:
			t.Fatal(err)
		default:
			got = append(got, strconv.Itoa(l.number)+": "+string(line))
		}
	}
}
