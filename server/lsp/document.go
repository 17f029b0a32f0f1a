package lsp

import (
	"net/url"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/language"
)

// document is a text that the editor has open.
type document struct {
	uri     string
	path    string // as the engine names it
	version int
	text    string
	dirty   bool             // the diagnostics that the editor shows may be wrong
	report  *language.Report // of the text, nil where there is none
}

// position is a place of a text as the protocol counts: lines and UTF-16 code units from 0.
type position struct {
	Line      int `json:"line"`
	Character int `json:"character"`
}

// span is a part of a text; the protocol calls it a range.
type span struct {
	Start position `json:"start"`
	End   position `json:"end"`
}

// line returns the text of a line, from 0, without its line break, and its offset in bytes. Lines that the
// text does not have are empty and lie at its end.
func line(text string, n int) (line string, offset int) {
	if n < 0 {
		n = 0
	}
	for ; n > 0; n-- {
		i := strings.IndexByte(text[offset:], '\n')
		if i < 0 {
			return "", len(text)
		}
		offset += i + 1
	}
	line = text[offset:]
	if i := strings.IndexByte(line, '\n'); i >= 0 {
		line = strings.TrimSuffix(line[:i], "\r")
	}
	return line, offset
}

// offset returns the byte at which a position lies. A position behind the end of a line is its end, one inside a
// character the start of that.
func (p position) offset(text string) int {
	l, start := line(text, p.Line)
	units := 0
	for i, r := range l {
		units += units16(r)
		if units > p.Character {
			return start + i
		}
	}
	return start + len(l)
}

// units16 is how many UTF-16 code units a character takes.
func units16(r rune) int {
	if r >= 0x10000 {
		return 2
	}
	return 1
}

// engine returns the position as the engine counts: lines and characters from 1.
func (p position) engine(file, text string) engine.Position {
	off := p.offset(text)
	start := strings.LastIndexByte(text[:off], '\n') + 1
	number := strings.Count(text[:start], "\n") + 1
	return engine.Position{File: file, Line: number, Column: utf8.RuneCountInString(text[start:off]) + 1}
}

// fromEngine turns a position of the engine into one of the protocol.
func fromEngine(p engine.Position, text string) position {
	if p.Line < 1 {
		return position{}
	}
	l, _ := line(text, p.Line-1)
	units, column := 0, 1
	for _, r := range l {
		if column >= p.Column {
			break
		}
		units += units16(r)
		column++
	}
	return position{p.Line - 1, units}
}

func spanOf(pos, end engine.Position, text string) span {
	s := span{fromEngine(pos, text), fromEngine(end, text)}
	if end.Line == 0 || s.End.Line < s.Start.Line || s.End.Line == s.Start.Line && s.End.Character < s.Start.Character {
		s.End = s.Start
	}
	return s
}

// contentChange is an edit: the whole text, or, with a range, a part of it.
type contentChange struct {
	Range *span  `json:"range"`
	Text  string `json:"text"`
}

func (c contentChange) apply(text string) string {
	if c.Range == nil {
		return c.Text
	}
	from, to := c.Range.Start.offset(text), c.Range.End.offset(text)
	if to < from {
		from, to = to, from
	}
	return text[:from] + c.Text + text[to:]
}

// pathOf returns the path that a URI means; a URI that is no file's is its own name.
func pathOf(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "file" {
		return uri
	}
	p := u.Path
	if len(p) > 2 && p[0] == '/' && p[2] == ':' { // /c:/...
		p = p[1:]
	}
	if u.Host != "" {
		p = "//" + u.Host + p
	}
	return filepath.ToSlash(p)
}

// uriOf is the inverse of pathOf for files.
func uriOf(path string) string {
	if strings.Contains(path, "://") {
		return path
	}
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return (&url.URL{Scheme: "file", Path: path}).String()
}
