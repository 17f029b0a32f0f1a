package engine

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/expr-lang/expr/ast"

	"github.com/crosswalk-go/crosswalk/engine/decimal"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// literal writes a string of an expression as it can stand inside the scalar's own quotes; ok is false
// for a text that would need escapes.
func (s *scalar) literal(text string) (written string, ok bool) {
	for _, r := range text {
		if strings.ContainsRune(`"'\,[]{}:#`, r) || !unicode.IsPrint(r) {
			return "", false
		}
	}
	if s.quote() == '"' {
		return "'" + text + "'", true
	}
	return `"` + text + `"`, true
}

// quoteFix makes a fix that writes a name write a string where the diagnostic points at one: field["name"], x == "word".
func (c *compiler) quoteFix(d *Diagnostic, n ast.Node) {
	rs, from := []rune(c.text.text), n.Location().From
	if d.Fix == nil || from < len(rs) && rs[from] != '"' && rs[from] != '\'' {
		return
	}
	if text, ok := c.text.literal(d.Fix.NewText); ok {
		d.Fix.NewText = text
	} else {
		d.Fix = nil
	}
}

// kindFix offers to write the literal of a comparison as the kind that it is compared with: total == "1" as total == 1.
func (c *compiler) kindFix(d *Diagnostic, a, b operand) {
	field, word := a, b
	if word.konst == nil {
		field, word = b, a
	}
	if word.konst == nil || field.konst != nil {
		return
	}
	written, ok := "", false
	switch kinds := field.shape.Kinds &^ value.Nil; word.node.(type) {
	case *ast.StringNode:
		written = word.konst.Str()
		_, err := decimal.Parse(written)
		ok = err == nil && kinds == value.Numbers
	case *ast.IntegerNode, *ast.FloatNode:
		if kinds == value.Strings {
			written, ok = c.text.literal(string(word.konst.AppendJSON(nil)))
		}
	}
	if !ok {
		return
	}
	loc := word.node.Location()
	pos, end := c.text.rangeOf(loc.From, loc.To)
	d.Fix = &Fix{Title: "Compare with " + written, Pos: pos, End: end, NewText: written}
}

// methodFix offers to write x.lower() as lower(x).
func (c *compiler) methodFix(d *Diagnostic, n *ast.CallNode, m *ast.MemberNode, name string) {
	if _, ok := chainText(m.Node); !ok {
		return
	}
	rs, loc := []rune(c.text.text), n.Location()
	dot := loc.From - 1
	if dot < 0 || loc.To >= len(rs) || rs[dot] != '.' || rs[loc.To] != '(' {
		return
	}
	closing := closingBracket(rs, loc.To)
	start := dot
	for start > 0 && (rs[start-1] == '_' || rs[start-1] == '.' || rs[start-1] == '#' || unicode.IsLetter(rs[start-1]) || unicode.IsDigit(rs[start-1])) {
		start--
	}
	if closing < 0 || start == dot || start > 0 && strings.ContainsRune(`])?"'`, rs[start-1]) {
		return
	}
	receiver, arguments := string(rs[start:dot]), strings.TrimSpace(string(rs[loc.To+1:closing]))
	if arguments != "" {
		if !c.text.quoted && !c.text.block {
			return // a comma can end a text without quotes
		}
		arguments = ", " + arguments
	}
	pos, end := c.text.rangeOf(start, closing+1)
	if raw, ok := c.text.file.raw(pos, end); !ok || raw != string(rs[start:closing+1]) {
		return
	}
	call := name + "(" + receiver + arguments + ")"
	d.Fix = &Fix{Title: "Write " + call, Pos: pos, End: end, NewText: call}
}

// closingBracket returns the place of the bracket that closes the one at open, -1 for none.
func closingBracket(rs []rune, open int) int {
	depth, quote := 0, rune(0)
	for i := open; i < len(rs); i++ {
		switch r := rs[i]; {
		case quote != 0 && r == '\\':
			i++
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '"' || r == '\'' || r == '`':
			quote = r
		case r == '(' || r == '[' || r == '{':
			depth++
		case r == ')' || r == ']' || r == '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// equalsFix offers to write == for = and ===.
func (c *compiler) equalsFix(d *Diagnostic, at int) {
	rs := []rune(c.text.text)
	if at < 0 || at >= len(rs) || rs[at] != '=' || at+1 < len(rs) && strings.ContainsRune("<>=~", rs[at+1]) {
		return
	}
	switch {
	case at > 0 && rs[at-1] == '=':
		d.fix("Remove the third sign", "")
	default:
		d.fix("Compare with ==", "==")
	}
}

// cutFix offers to quote an expression that YAML cut short: at ` #`, or inside { } at a comma.
func (c *compiler) cutFix(d *Diagnostic) {
	s := c.text
	_, end := s.whole()
	line := []rune(s.file.line(s.line))
	if s.quoted || s.block || end.Line != s.line || s.column < 2 || end.Column > len(line) {
		return
	}
	rest := string(line[end.Column-1:])
	switch trimmed := strings.TrimLeft(rest, " "); {
	case strings.HasPrefix(trimmed, "#"):
		c.offerQuotes(d, strings.TrimRight(string(line[s.column-1:]), " \t\r"))
	case strings.HasPrefix(trimmed, ","):
		for i := end.Column; i < len(line) && d.Fix == nil; i++ {
			if strings.ContainsRune(",]}", line[i]) {
				c.offerQuotes(d, strings.TrimRight(string(line[s.column-1:i]), " "))
			}
		}
	}
}

// offerQuotes offers to quote text, which starts where the expression does, if it is an expression as a whole.
func (c *compiler) offerQuotes(d *Diagnostic, text string) {
	if !reads(text) {
		return
	}
	pos := c.text.start()
	end := pos
	end.Column += len([]rune(text))
	d.Fix = &Fix{Title: "Put the expression in quotes", Pos: pos, End: end, NewText: singleQuoted(text)}
}

// reads tells whether text is an expression.
func reads(text string) bool {
	if why, _ := unreadable(text); why != "" {
		return false
	}
	_, err := parseExpression(text)
	return err == nil
}

// literalFix offers to write {value: EUR} for a rule whose expression is a text in quotes.
func (c *compiler) literalFix(d *Diagnostic) {
	s := c.text
	before, _ := s.file.raw(s.file.at(s.line, 1), s.start())
	line := []rune(s.file.line(s.line))
	closed := quotedEnd(line, s.column-1)
	if c.rule == nil || c.rule.result.expr != s || closed < 0 || strings.Contains(before, "{") || !strings.HasSuffix(strings.TrimSpace(before), ":") {
		return
	}
	end := s.file.at(s.line, closed+1)
	d.Fix = &Fix{Title: "Write the text itself", Pos: s.start(), End: end, NewText: fmt.Sprintf("{value: %s}", string(line[s.column-1:closed]))}
}

// quotedEnd returns the place behind the scalar in quotes that starts at from, -1 where it does not end on the line.
func quotedEnd(line []rune, from int) int {
	for i := from + 1; i < len(line); i++ {
		switch {
		case line[from] == '"' && line[i] == '\\':
			i++
		case line[i] == line[from] && line[from] == '\'' && i+1 < len(line) && line[i+1] == '\'':
			i++
		case line[i] == line[from]:
			return i + 1
		}
	}
	return -1
}

// textFix offers string(x) around an expression whose target wants a text.
func (c *compiler) textFix(d *Diagnostic, s *scalar) {
	raw, ok := s.file.raw(d.Pos, d.End)
	if !ok || s.block || raw != s.text || c.rule != nil && s == c.rule.key || !reads("string("+s.text+")") {
		return
	}
	d.fix("Write the number as text", "string("+raw+")")
}
