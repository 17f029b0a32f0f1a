// Package source holds what the bundler and the machine say to each other: how a bundle is made, and messages about
// places in the user's files. It is not for reading either. Start with [Message].
package source

import (
	"fmt"
	"strconv"
	"strings"
)

// The names that a bundle's own code has: the parameters of its function and the variable that holds what it returns.
const (
	Freeze = "__crosswalk_freeze" // called with what stands at the top of the modules
	Count  = "__crosswalk_count"  // called with the index of each point that is reached, where coverage is counted
	Tests  = "__crosswalk_tests"  // what the host gives to test files
	Result = "__crosswalk_scripts"
)

// Head is what a bundle begins with, before what its map knows.
const Head = "(function(" + Freeze + "," + Count + "," + Tests + "){"

// Own is how the names of our own files in a bundle begin; no message is about them.
const Own = "<crosswalk"

// Harness is the file that runs tests, an entry of each bundle of a test file.
const Harness = Own + "-test>"

// Namespace is the member that holds the exports of entry i.
func Namespace(i int) string { return "s" + strconv.Itoa(i) }

// Message is what is wrong at a place; Line and Column count from 1, in characters, and are 0 where they are unknown.
type Message struct {
	File         string
	Line, Column int
	Text         string
}

// Errors is the error of a bundle that cannot be made: everything that is wrong.
type Errors []Message

// Error returns a line for each message.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, m := range e {
		lines[i] = m.String()
	}
	return strings.Join(lines, "\n")
}

// String returns file:line:column: text.
func (m Message) String() string {
	switch {
	case m.Line > 0:
		return fmt.Sprintf("%s:%d:%d: %s", m.File, m.Line, m.Column, m.Text)
	case m.File != "":
		return m.File + ": " + m.Text
	}
	return m.Text
}

// Path is the path in the file system of a source as esbuild names it.
func Path(name string) string {
	return strings.TrimPrefix(strings.TrimPrefix(name, Space+":"), "/")
}

// Space is esbuild's name space of the user's files.
const Space = "crosswalk"
