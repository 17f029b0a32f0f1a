// Package source holds what the bundler and the machine say to each other: how a bundle is made, and messages about
// places in the user's files. It is not for reading either. Start with [Message].
package source

import (
	"fmt"
	"strconv"
	"strings"
)

// Parameter is the name of the function's parameter, and Result the variable that holds what it returns.
const (
	Parameter = "__crosswalk_freeze"
	Result    = "__crosswalk_scripts"
)

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
