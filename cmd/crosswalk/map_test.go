package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// writeMapping writes a mapping that takes over the number and returns its path.
func writeMapping(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "order.yaml")
	text := "from: any\nto: any\nrules:\n  nr: number\n"
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestMapLinesAnswersWhileInputWaits holds that whoever follows a slow input sees each result before the next
// document comes.
func TestMapLinesAnswersWhileInputWaits(t *testing.T) {
	mapping := writeMapping(t)
	stdin, input := io.Pipe()
	output, stdout := io.Pipe()
	var stderr bytes.Buffer
	code := make(chan int)
	go func() {
		code <- Main([]string{"map", "--lines", "-m", mapping, "-"}, stdin, stdout, &stderr)
		stdout.Close()
	}()

	results := bufio.NewScanner(output)
	for _, number := range []string{"1", "2.50"} {
		if _, err := io.WriteString(input, `{"number":`+number+"}\n"); err != nil {
			t.Fatal(err)
		}
		if !results.Scan() || results.Text() != `{"nr":`+number+`}` {
			t.Fatalf("got %q: %s", results.Text(), stderr.String())
		}
	}
	input.Close()
	if got := <-code; got != exitOK {
		t.Errorf("exit code %d: %s", got, stderr.String())
	}
}

// TestMapLinesMemory holds that a stream needs no more memory than its longest line.
func TestMapLinesMemory(t *testing.T) {
	document := []byte(`{"number":1,"text":"` + strings.Repeat("x", 4000) + `"}` + "\n")
	const documents, limit = 10_000, 24 << 20 // 40 MB of input
	var before runtime.MemStats
	runtime.GC() // what other tests left behind is not the stream's
	runtime.ReadMemStats(&before)
	watch := &heapWatch{every: 500}
	var stderr bytes.Buffer
	code := Main([]string{"map", "--lines", "-m", writeMapping(t), "-"},
		io.TeeReader(&repeat{text: document, times: documents}, watch), io.Discard, &stderr)
	if code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr.String())
	}
	if watch.peak == 0 || watch.peak > before.HeapAlloc+limit {
		t.Errorf("%d MB of heap were in use while mapping %d MB", (watch.peak-before.HeapAlloc)>>20, documents*len(document)>>20)
	}
}

// heapWatch keeps the largest heap in use that it sees when it is written to.
type heapWatch struct {
	every, writes int
	peak          uint64
}

func (h *heapWatch) Write(p []byte) (int, error) {
	if h.writes++; h.writes%h.every == 0 {
		var stats runtime.MemStats
		runtime.GC() // what is garbage already is not in use, however much of it other tests let gather
		runtime.ReadMemStats(&stats)
		h.peak = max(h.peak, stats.HeapAlloc)
	}
	return len(p), nil
}

// repeat reads text times times.
type repeat struct {
	text  []byte
	times int
	at    int
}

func (r *repeat) Read(p []byte) (int, error) {
	if r.times == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.text[r.at:])
	if r.at += n; r.at == len(r.text) {
		r.at = 0
		r.times--
	}
	return n, nil
}

func TestMapTellsOfOutputThatCannotBeWritten(t *testing.T) {
	mapping := writeMapping(t)
	for _, args := range [][]string{{"map", "-m", mapping, "-"}, {"map", "--lines", "-m", mapping, "-"}} {
		var stderr bytes.Buffer
		code := Main(args, strings.NewReader(`{"number":1}`), brokenWriter{}, &stderr)
		if code != exitFindings || !strings.Contains(stderr.String(), "disk full") {
			t.Errorf("%v: exit code %d, %q", args, code, stderr.String())
		}
	}
}

func TestMapTellsOfInputThatBreaksOff(t *testing.T) {
	var stdout, stderr bytes.Buffer
	input := io.MultiReader(strings.NewReader("{\"number\":1}\n{\"num"), brokenReader{})
	code := Main([]string{"map", "--lines", "-m", writeMapping(t), "-"}, input, &stdout, &stderr)
	if code != exitFindings || stdout.String() != "{\"nr\":1}\n" || !strings.Contains(stderr.String(), "stdin: stopped after line 2: cable cut") {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout.String(), stderr.String())
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("disk full") }

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("cable cut") }
