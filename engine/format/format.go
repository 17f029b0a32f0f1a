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

	yaml "github.com/goccy/go-yaml"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/yamltext"
)

// limits bound what is formatted.
var limits = yamltext.Limits{Bytes: 4 << 20, Depth: 200}

// codeYAML is the engine's code for a file that is no YAML.
const codeYAML = "CW1002"

// ErrUnsupported is the error of a file that holds YAML which no file of Crosswalk needs (complex keys, tags before
// blocks and the like): it cannot be formatted without risk and is left alone.
var ErrUnsupported = errors.New("the file holds YAML that cannot be formatted safely")

// Format returns the formatted text. Text that is no YAML comes back as it is, with [engine.Diagnostics] that
// name no file; text that cannot be formatted safely comes back as it is with [ErrUnsupported]. Formatting twice
// changes nothing more.
func Format(text []byte) ([]byte, error) {
	before := strings.ReplaceAll(yamltext.Unmarked(string(text)), "\r\n", "\n")
	if p := yamltext.Check(before, limits); p != nil {
		pos := engine.Position{Line: p.Line, Column: p.Column}
		return text, engine.Diagnostics{{Severity: engine.Error, Code: codeYAML, Message: p.Message, Pos: pos}}
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
