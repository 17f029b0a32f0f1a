package engine

import (
	"sync"

	expr "github.com/expr-lang/expr/ast"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/crosswalk-go/crosswalk/engine/yamltext"
)

// sourceFile is the text of a mapping file, to make positions and snippets from.
type sourceFile struct {
	path  string
	lines []string
}

func newSourceFile(path, text string) *sourceFile {
	return &sourceFile{path: path, lines: yamltext.Lines(text)}
}

func (f *sourceFile) line(n int) string {
	if f == nil || n < 1 || n > len(f.lines) {
		return ""
	}
	return f.lines[n-1]
}

func (f *sourceFile) at(line, column int) Position {
	return Position{File: f.path, Line: line, Column: column}
}

// scalar is a YAML scalar that stands at a known place: an expression, a path, a word.
type scalar struct {
	file   *sourceFile
	text   string
	line   int // of the token
	column int
	block  bool // literal or folded: the text starts on the next line
	quoted bool
	tree   expr.Node // of the expression, once it was compiled
	// places holds the position of each character of text and of its end; made on demand, also by documents
	// that fail at the same time.
	places  []Position
	aligned sync.Once
}

func newScalar(f *sourceFile, n ast.Node) *scalar {
	tk := n.GetToken()
	return &scalar{
		file: f, text: yamltext.Text(n), line: tk.Position.Line, column: tk.Position.Column,
		quoted: yamltext.IsQuoted(n),
		block:  tk.Type == token.LiteralType || tk.Type == token.FoldedType,
	}
}

func (s *scalar) start() Position { return s.file.at(s.line, s.column) }

// rangeOf returns the positions of the characters from and to (exclusive) of the text.
func (s *scalar) rangeOf(from, to int) (Position, Position) {
	s.aligned.Do(func() { s.places = s.align() })
	last := len(s.places) - 1
	from, to = min(max(from, 0), last), min(max(to, 0), last)
	pos, end := s.places[from], s.places[to]
	if to <= from {
		end = pos
		end.Column++
	}
	return pos, end
}

// whole returns the bounds of the scalar.
func (s *scalar) whole() (Position, Position) { return s.rangeOf(0, len([]rune(s.text))) }

// align walks the characters of the scalar's value and of the file side by side. It knows escapes,
// doubled quotes and folded lines; where it loses its way, the rest stands at the last place known.
func (s *scalar) align() []Position {
	line, col := s.line, s.column
	if s.block {
		line, col = line+1, 1
	} else if s.quoted {
		col++
	}
	runes := []rune(s.file.line(line))
	next := func() {
		col++
		if col > len(runes)+1 {
			line, col = line+1, 1
			runes = []rune(s.file.line(line))
		}
	}
	cur := func() rune {
		if col <= len(runes) {
			return runes[col-1]
		}
		return '\n'
	}
	quote := rune(0)
	if first := []rune(s.file.line(s.line)); s.quoted && s.column <= len(first) { // the YAML library's columns can be wrong
		quote = first[s.column-1]
	}
	places := make([]Position, 0, len(s.text)+1)
	for _, r := range s.text {
		for line <= len(s.file.lines) {
			c := cur()
			if quote == '"' && c == '\\' && col < len(runes) {
				places = append(places, s.file.at(line, col))
				for range escapeLength(runes[col]) {
					next()
				}
				break
			}
			if c == r || (r == ' ' && c == '\n') {
				places = append(places, s.file.at(line, col))
				next()
				if quote == '\'' && c == '\'' {
					next()
				}
				if c == '\n' {
					for cur() == ' ' && !s.block {
						next()
					}
				}
				break
			}
			if c != ' ' && c != '\n' && c != '\t' {
				line = len(s.file.lines) + 1 // lost
				break
			}
			next()
		}
		if line > len(s.file.lines) {
			break
		}
	}
	end := s.file.at(line, col)
	if line > len(s.file.lines) {
		end = s.start()
		if len(places) > 0 {
			end = places[len(places)-1]
			end.Column++
		}
	}
	for len(places) <= len([]rune(s.text)) {
		places = append(places, end)
	}
	return places
}

func escapeLength(c rune) int {
	switch c {
	case 'x':
		return 4
	case 'u':
		return 6
	case 'U':
		return 10
	}
	return 2
}
