// Package format writes mapping, test, flow and project files the one way: two spaces a level, one space after
// colons and commas, quotes only where YAML needs them, comments where they were.
//
// It is not for checking files, and it changes no expression and no order of keys: what a formatted file says is
// compared with what it said before. Start with [Format]; [Diff] shows what changed.
package format

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	yaml "github.com/goccy/go-yaml"

	"github.com/crosswalk-go/crosswalk/engine"
)

const (
	maxBytes = 4 << 20
	maxDepth = 200
	// codeYAML is the engine's code for a file that is no YAML.
	codeYAML = "CW1002"
)

// ErrUnsupported is the error of a file that holds YAML which no file of Crosswalk needs (complex keys, tags before
// blocks and the like): it cannot be formatted without risk and is left alone.
var ErrUnsupported = errors.New("the file holds YAML that cannot be formatted safely")

// Format returns the formatted text. Text that is no YAML comes back as it is, with [engine.Diagnostics] that
// name no file; text that cannot be formatted safely comes back as it is with [ErrUnsupported]. Formatting twice
// changes nothing more.
func Format(text []byte) ([]byte, error) {
	before := strings.ReplaceAll(strings.TrimPrefix(string(text), "\ufeff"), "\r\n", "\n")
	if d := unreadable(before); d != nil {
		return text, engine.Diagnostics{*d}
	}
	content, err := contentOf(before)
	if err != nil {
		return text, syntaxDiagnostics(before, err)
	}
	after, err := layout(before)
	if err != nil {
		return text, err
	}
	// The layout reads YAML by lines, more simply than YAML is. What it made of the text is held against
	// the text by the real parser, so that nothing can be lost.
	if again, err := contentOf(after); err != nil || again != content {
		return text, fmt.Errorf("%w: formatting would change what it says", ErrUnsupported)
	}
	return []byte(after), nil
}

// unreadable tells why a text must not be given to the YAML parser, which recurses.
func unreadable(text string) *engine.Diagnostic {
	problem := func(line int, message string) *engine.Diagnostic {
		return &engine.Diagnostic{Severity: engine.Error, Code: codeYAML, Message: message, Pos: engine.Position{Line: line, Column: 1}}
	}
	switch {
	case len(text) > maxBytes:
		return problem(1, fmt.Sprintf("the file is larger than %d bytes", maxBytes))
	case !utf8.ValidString(text):
		return problem(1, "the file is not valid UTF-8")
	}
	depth := 0
	for n, line := range strings.Split(text, "\n") {
		depth += strings.Count(line, "[") + strings.Count(line, "{")
		if depth > maxDepth || len(line)-len(strings.TrimLeft(line, " -?:")) > 4*maxDepth {
			return problem(n+1, fmt.Sprintf("nested more than %d levels deep", maxDepth))
		}
		depth = max(0, depth-strings.Count(line, "]")-strings.Count(line, "}"))
	}
	return nil
}

func syntaxDiagnostics(text string, err error) engine.Diagnostics {
	d := engine.Diagnostic{Severity: engine.Error, Code: codeYAML, Message: err.Error(), Pos: engine.Position{Line: 1, Column: 1}}
	var syntax *yaml.SyntaxError
	if errors.As(err, &syntax) {
		d.Message = syntax.Message
		if tk := syntax.Token; tk != nil && tk.Position != nil {
			d.Pos.Line, d.Pos.Column = tk.Position.Line, max(1, tk.Position.Column)
		}
	}
	if lines := strings.Split(text, "\n"); d.Pos.Line >= 1 && d.Pos.Line <= len(lines) {
		d.Snippet = lines[d.Pos.Line-1]
	}
	return engine.Diagnostics{d}
}
