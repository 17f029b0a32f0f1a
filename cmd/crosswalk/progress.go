package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// progress shows how far long work is, on a line of stderr that is written again and again.
// It shows nothing where stderr is no terminal, or where results go to the same terminal.
type progress struct {
	w     io.Writer // nil shows nothing
	last  time.Time
	shown bool
}

func newProgress(c *cli) *progress {
	if c.json || !isTerminal(c.stderr) || isTerminal(c.stdout) {
		return &progress{}
	}
	return &progress{w: c.stderr, last: time.Now()}
}

func isTerminal(w io.Writer) bool {
	if checked, ok := w.(*checkedWriter); ok {
		w = checked.Writer
	}
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// show writes the line, at most five times a second.
func (p *progress) show(format string, args ...any) {
	if p.w == nil {
		return
	}
	if now := time.Now(); now.Sub(p.last) >= 200*time.Millisecond {
		p.last, p.shown = now, true
		fmt.Fprintf(p.w, "\r\x1b[K"+format, args...)
	}
}

// clear takes the line away, so that a message can stand in its place.
func (p *progress) clear() {
	if p.shown {
		p.shown = false
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
