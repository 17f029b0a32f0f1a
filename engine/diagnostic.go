package engine

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Severity tells whether a diagnostic stops the work.
type Severity uint8

// The severities.
const (
	Error Severity = iota + 1
	Warning
)

// String returns "error" or "warning".
func (s Severity) String() string {
	if s == Warning {
		return "warning"
	}
	return "error"
}

// MarshalText writes the severity as its word.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Position is a place in a file. Line and Column count from 1; Column counts
// characters (Unicode code points). The zero Position is unknown.
type Position struct {
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
}

// String returns file:line:column, without the parts that are unknown.
func (p Position) String() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.File == "":
		return fmt.Sprintf("%d:%d", p.Line, p.Column)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Observed is a source path that a rule read and the value that it saw there,
// as JSON text cut to a readable length; Text is empty where the path was missing.
type Observed struct {
	Path string `json:"path"`
	Text string `json:"text,omitempty"`
}

// Fix is a change of text that removes the cause of a diagnostic.
type Fix struct {
	Title   string   `json:"title"`
	Pos     Position `json:"pos"`
	End     Position `json:"end"`
	NewText string   `json:"newText"`
}

// Diagnostic is one problem of a mapping file or of one document. The same type
// serves check, run, test, the HTTP API and the playground.
type Diagnostic struct {
	Severity Severity `json:"severity"`
	// Code is stable: CW1xxx for mapping files, CW2xxx for documents. docs/errors.md
	// explains each.
	Code string `json:"code"`
	// Message says what is wrong in one sentence. It holds no value of a document.
	Message string `json:"message"`
	// Help says what to do about it; may be empty.
	Help string `json:"help,omitempty"`
	// Pos and End bound the text that is wrong: in the mapping, or in the document for
	// a document that is no JSON.
	Pos Position `json:"pos"`
	End Position `json:"end"`
	// Snippet is the line of Pos.
	Snippet string `json:"snippet,omitempty"`
	// Target is the path of the rule's target field, with the indexes of the
	// elements where a document failed: Rows[2].UnitPrice.
	Target string `json:"target,omitempty"`
	// Chain names the files from the one that was loaded to the one that holds the
	// rule, where a rule was inherited.
	Chain []Position `json:"chain,omitempty"`
	// Values are the source values that took part. They may be personal data:
	// show them to the owner of the document, never log them.
	Values []Observed `json:"values,omitempty"`
	Fix    *Fix       `json:"fix,omitempty"`
	// Script is where in a script a call failed, where Pos is the rule that made it.
	Script Position `json:"script,omitzero"`
}

// Error says place, severity, code and message in one line. It never holds a
// value of a document, so it may be logged.
func (d Diagnostic) Error() string {
	var b strings.Builder
	if s := d.Pos.String(); s != "" {
		b.WriteString(s)
		b.WriteString(": ")
	}
	fmt.Fprintf(&b, "%s %s: ", d.Severity, d.Code)
	if d.Target != "" {
		fmt.Fprintf(&b, "%s: ", d.Target)
	}
	b.WriteString(d.Message)
	return b.String()
}

// Render returns the diagnostic for a person: the line of Error, the text with a caret
// under what is wrong, the values that took part and the help. It shows
// values of the document.
func (d Diagnostic) Render() string {
	var b strings.Builder
	b.WriteString(d.Error())
	b.WriteByte('\n')
	if d.Snippet != "" {
		num := fmt.Sprint(d.Pos.Line)
		pad := strings.Repeat(" ", len(num))
		fmt.Fprintf(&b, " %s |\n %s | %s\n", pad, num, strings.ReplaceAll(d.Snippet, "\t", " "))
		width := 1
		if d.End.Line == d.Pos.Line && d.End.Column > d.Pos.Column {
			width = d.End.Column - d.Pos.Column
		} else if d.End.Line > d.Pos.Line {
			width = max(1, utf8.RuneCountInString(d.Snippet)-d.Pos.Column+1)
		}
		fmt.Fprintf(&b, " %s | %s%s\n", pad, strings.Repeat(" ", max(0, d.Pos.Column-1)), strings.Repeat("^", width))
	}
	for _, v := range d.Values {
		text := v.Text
		if text == "" {
			text = "missing"
		}
		fmt.Fprintf(&b, "   %s = %s\n", v.Path, text)
	}
	for i, p := range d.Chain {
		word := "loaded from"
		if i > 0 {
			word = "extends"
		}
		fmt.Fprintf(&b, "   %s %s\n", word, p)
	}
	if d.Help != "" {
		fmt.Fprintf(&b, "   help: %s\n", d.Help)
	}
	return b.String()
}

// Diagnostics is a list of problems, in the order of their places. As an error
// it holds at least one of severity [Error].
type Diagnostics []Diagnostic

// Error returns the line of each diagnostic.
func (ds Diagnostics) Error() string {
	lines := make([]string, len(ds))
	for i, d := range ds {
		lines[i] = d.Error()
	}
	return strings.Join(lines, "\n")
}

// Render returns every diagnostic for a person, with an empty line between two.
func (ds Diagnostics) Render() string {
	parts := make([]string, len(ds))
	for i, d := range ds {
		parts[i] = d.Render()
	}
	return strings.Join(parts, "\n")
}

// HasErrors tells whether any diagnostic is of severity [Error].
func (ds Diagnostics) HasErrors() bool {
	for _, d := range ds {
		if d.Severity == Error {
			return true
		}
	}
	return false
}

// Codes returns the code of each diagnostic, in order.
func (ds Diagnostics) Codes() []string {
	codes := make([]string, len(ds))
	for i, d := range ds {
		codes[i] = d.Code
	}
	return codes
}

// Unwrap gives each diagnostic to errors.As.
func (ds Diagnostics) Unwrap() []error {
	errs := make([]error, len(ds))
	for i, d := range ds {
		errs[i] = d
	}
	return errs
}

// MarshalJSON writes an empty list as [], never as null.
func (ds Diagnostics) MarshalJSON() ([]byte, error) {
	return json.Marshal(append([]Diagnostic{}, ds...))
}
