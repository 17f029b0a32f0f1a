package project

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/yamltext"
)

// limits bound a file of a project.
var limits = yamltext.Limits{Bytes: 1 << 20, Depth: 60}

// file is a YAML file being read; what is wrong with it goes to diags.
type file struct {
	path  string
	lines []string
	root  ast.Node // nil where nothing could be read
	diags *engine.Diagnostics
	// hidden are the lines that hold a secret, with the column from which on they are not shown.
	hidden map[int]int
}

// text is a scalar with its place.
type text struct {
	value        string
	line, column int
	width        int // in the file
	quoted       bool
}

type entry struct {
	key  text
	node ast.Node
}

// open reads a file; nil where it cannot be read at all.
func (p *Project) open(path string, diags *engine.Diagnostics) *file {
	content, err := p.readFile(path)
	if err != nil {
		*diags = append(*diags, unreadable(path, err))
		return nil
	}
	f := &file{path: path, diags: diags}
	f.parse(string(content))
	return f
}

func (f *file) parse(content string) {
	content = yamltext.Unmarked(content)
	docs, problem := yamltext.Read(content, limits)
	if problem == nil || !problem.Whole {
		f.lines = yamltext.Lines(content)
	}
	if problem != nil {
		f.report(text{line: problem.Line, column: problem.Column}, codeYAML, problem.Message, "")
		return
	}
	if len(docs) == 0 {
		f.report(text{line: 1, column: 1}, codeMissingKey, "the file is empty", "")
		return
	}
	if len(docs) > 1 {
		f.report(at(docs[1]), codeYAML, "the file holds two YAML documents", "put the second one into a file of its own")
	}
	f.root = docs[0]
}

func at(n ast.Node) text {
	// A block map's own token is its first colon.
	switch m := n.(type) {
	case *ast.MappingValueNode:
		return at(m.Key)
	case *ast.MappingNode:
		if !m.IsFlowStyle && len(m.Values) > 0 {
			return at(m.Values[0].Key)
		}
	}
	place := yamltext.PlaceOf(n)
	t := text{value: yamltext.Text(n), line: place.Line, column: place.Column, width: place.Width}
	if _, block := n.(*ast.LiteralNode); block {
		t.value, t.width = strings.TrimRight(t.value, "\n"), 1
	}
	if t.quoted = yamltext.IsQuoted(n); t.quoted {
		t.width += 2
	}
	return t
}

func (f *file) position(t text) engine.Position {
	return engine.Position{File: f.path, Line: t.line, Column: t.column}
}

func (f *file) line(n int) string {
	if n < 1 || n > len(f.lines) {
		return ""
	}
	return f.lines[n-1]
}

func (f *file) add(d engine.Diagnostic) {
	d.Severity = engine.Error
	*f.diags = append(*f.diags, d)
}

func (f *file) report(t text, code, message, help string) {
	f.add(f.diagnostic(t, code, message, help))
}

func (f *file) diagnostic(t text, code, message, help string) engine.Diagnostic {
	d := engine.Diagnostic{Severity: engine.Error, Code: code, Message: message, Help: help, Pos: f.position(t), Snippet: f.line(t.line)}
	d.End = d.Pos
	d.End.Column += max(1, t.width)
	return d
}

func (f *file) unknown(key text, what string, known []string) {
	f.misspelt(key, codeUnknownKey, fmt.Sprintf("unknown %s %q", what, key.value), known)
}

// misspelt reports a word that is none of known, with the one that was probably meant.
func (f *file) misspelt(t text, code, message string, known []string) {
	d := f.diagnostic(t, code, message, "")
	switch best := nearest(t.value, known); {
	case best != "":
		d.Help = fmt.Sprintf("did you mean %q?", best)
		d.Fix = &engine.Fix{Title: "Rename to " + best, Pos: d.Pos, End: d.End, NewText: best}
	case len(known) > 0:
		d.Help = "known are " + strings.Join(known, ", ")
	}
	f.add(d)
}

// entries returns the members of a YAML map in their order.
func (f *file) entries(n ast.Node, want string) []entry {
	if yamltext.IsNull(n) || !f.plain(n) {
		return nil // a key with nothing behind it
	}
	members, ok := yamltext.Entries(n)
	if !ok {
		f.report(at(n), codeShape, want, "")
		return nil
	}
	out := make([]entry, 0, len(members))
	for _, m := range members {
		if !yamltext.IsKey(m.Key) {
			f.report(at(m.Key), codeYAML, "this kind of YAML key is not used in projects", "write the key as plain text")
			continue
		}
		out = append(out, entry{at(m.Key), m.Value})
	}
	return out
}

// plain tells whether n is YAML that projects use, and says so if not.
func (f *file) plain(n ast.Node) bool {
	switch what := yamltext.Beyond(n); what {
	case "":
		return true
	case yamltext.Anchors:
		f.report(at(n), codeYAML, what+" are not used in projects", "write the value where it is needed")
	default:
		f.report(at(n), codeYAML, what+" are not used in projects", "")
	}
	return false
}

// word reads a scalar; nil where there is none.
func (f *file) word(n ast.Node) *text {
	if !f.plain(n) {
		return nil
	}
	if !yamltext.IsScalar(n) {
		f.report(at(n), codeShape, "a single word or text is expected here", "")
		return nil
	}
	t := at(n)
	return &t
}

// oneOf reads a scalar that must be one of known.
func (f *file) oneOf(n ast.Node, what string, known []string) string {
	w := f.word(n)
	if w == nil {
		return ""
	}
	if !slices.Contains(known, w.value) {
		f.misspelt(*w, codeValue, fmt.Sprintf("%s cannot be %q", what, w.value), known)
		return ""
	}
	return w.value
}

// json turns a YAML value into JSON text; numbers keep their digits.
func (f *file) json(n ast.Node) []byte { return f.appendJSON(nil, n) }

var jsonNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

func (f *file) appendJSON(dst []byte, n ast.Node) []byte {
	if !f.plain(n) {
		return append(dst, "null"...)
	}
	switch v := n.(type) {
	case *ast.NullNode:
		return append(dst, "null"...)
	case *ast.BoolNode:
		return strconv.AppendBool(dst, v.Value)
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		t := at(n)
		if !jsonNumber.MatchString(t.value) {
			f.report(t, codeValue, fmt.Sprintf("%s is not written as a plain number", t.value), "write digits only (19.10), or quote it to make it a text")
			return append(dst, "null"...)
		}
		return append(dst, t.value...)
	case *ast.SequenceNode:
		dst = append(dst, '[')
		for i, e := range v.Values {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = f.appendJSON(dst, e)
		}
		return append(dst, ']')
	case ast.MapNode:
		dst = append(dst, '{')
		for i, e := range f.entries(n, "a map is expected here") {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendString(dst, e.key.value)
			dst = append(dst, ':')
			dst = f.appendJSON(dst, e.node)
		}
		return append(dst, '}')
	}
	return appendString(dst, yamltext.Text(n))
}

func appendString(dst []byte, s string) []byte {
	// A Go string of valid UTF-8, as the file was checked to be, always has a JSON form.
	out, err := json.Marshal(s)
	if err != nil {
		return append(dst, `""`...)
	}
	return append(dst, out...)
}
