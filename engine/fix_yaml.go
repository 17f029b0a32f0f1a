package engine

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/crosswalk-go/crosswalk/engine/yamltext"
)

// proseKeys are the keys whose value is text for people, never an expression.
var proseKeys = []string{"note", "help"}

// colonFix offers quotes for the value of a line that YAML cannot read because of the `: ` in it.
func (p *fileParser) colonFix(d *Diagnostic) {
	line := p.src.line(d.Pos.Line)
	content := strings.TrimLeft(line, " ")
	for strings.HasPrefix(content, "- ") {
		content = strings.TrimLeft(content[2:], " ")
	}
	key, after, ok := strings.Cut(content, ": ")
	value := strings.TrimLeft(after, " ")
	if !ok || value == "" || strings.ContainsAny(key, "{}'\"#") || strings.ContainsRune("'\"{[|>&*!%@", rune(value[0])) || !strings.Contains(value, ": ") {
		return
	}
	from := len(line) - len(value)
	for _, text := range []string{strings.TrimRight(value, " \t"), strings.TrimRight(strings.SplitN(value, " #", 2)[0], " ")} {
		// One slip does not hide another: `=` for == is told when the YAML can be read.
		if !reads(strings.ReplaceAll(text, " = ", " == ")) && !slices.Contains(proseKeys, key) {
			continue
		}
		quoted := line[:from] + singleQuoted(text) + line[from+len(text):]
		if !p.readsFurther(d.Pos.Line, quoted) {
			continue
		}
		pos := p.src.at(d.Pos.Line, len([]rune(line[:from]))+1)
		end := pos
		end.Column += len([]rune(text))
		d.Fix = &Fix{Title: "Put the text in quotes", Pos: pos, End: end, NewText: singleQuoted(text)}
		return
	}
}

// readsFurther tells whether YAML gets past a line once it is replaced.
func (p *fileParser) readsFurther(number int, replaced string) bool {
	lines := slices.Clone(p.src.lines)
	lines[number-1] = replaced
	_, problem := yamltext.Parse(strings.Join(lines, "\n"))
	return problem == nil || problem.Line > number
}

// bracketFix offers quotes for an expression that starts with [ or {, which YAML takes for a list or a map.
func (p *fileParser) bracketFix(d *Diagnostic, n ast.Node) {
	var start, end *token.Token
	switch n := n.(type) {
	case *ast.SequenceNode:
		if n.IsFlowStyle {
			start, end = n.Start, n.End
		}
	case *ast.MappingNode:
		if n.IsFlowStyle {
			start, end = n.Start, n.End
		}
	}
	if start == nil || end == nil {
		return
	}
	pos, to := p.src.at(start.Position.Line, start.Position.Column), p.src.at(end.Position.Line, end.Position.Column+1)
	if raw, ok := p.src.raw(pos, to); ok && reads(raw) {
		d.Fix = &Fix{Title: "Put the expression in quotes", Pos: pos, End: to, NewText: singleQuoted(raw)}
	}
}
