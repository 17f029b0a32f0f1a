package project

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	yaml "github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/crosswalk-go/crosswalk/engine"
)

const (
	maxFileBytes = 1 << 20
	maxDepth     = 60
)

// file is a YAML file being read; what is wrong with it goes to diags.
type file struct {
	path  string
	lines []string
	root  ast.Node // nil where nothing could be read
	diags *engine.Diagnostics
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
	content = strings.TrimPrefix(content, "\ufeff") // editors on Windows like to write one
	start := text{line: 1, column: 1}
	switch {
	case len(content) > maxFileBytes:
		f.report(start, codeYAML, fmt.Sprintf("the file is larger than %d bytes", maxFileBytes), "")
		return
	case !utf8.ValidString(content):
		f.report(start, codeYAML, "the file is not valid UTF-8", "")
		return
	}
	f.lines = strings.Split(strings.ReplaceAll(content, "\r\n", "\n"), "\n")
	if line := tooDeep(f.lines); line > 0 {
		f.report(text{line: line, column: 1}, codeYAML, fmt.Sprintf("nested more than %d levels deep", maxDepth), "")
		return
	}
	tree, err := parseYAML(content)
	if err != nil {
		var syntax *yaml.SyntaxError
		message := "the YAML cannot be read"
		if errors.As(err, &syntax) {
			message = syntax.Message
			if tk := syntax.Token; tk != nil && tk.Position != nil {
				start = text{line: tk.Position.Line, column: max(1, tk.Position.Column)}
			}
		}
		f.report(start, codeYAML, message, "")
		return
	}
	for _, doc := range tree.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.NullType || doc.Body.Type() == ast.CommentType {
			continue
		}
		if f.root != nil {
			f.report(at(doc.Body), codeYAML, "the file holds two YAML documents", "put the second one into a file of its own")
			return
		}
		f.root = doc.Body
	}
	if f.root == nil {
		f.report(start, codeMissingKey, "the file is empty", "")
	}
}

// parseYAML guards the library: text that makes it panic is an error like any other.
func parseYAML(content string) (tree *ast.File, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("the YAML cannot be read")
		}
	}()
	return parser.ParseBytes([]byte(content), 0)
}

// tooDeep returns the first line that nests too deep, 0 if none does: the YAML parser recurses.
func tooDeep(lines []string) int {
	depth := 0
	for n, line := range lines {
		if len(line)-len(strings.TrimLeft(line, " -")) > 4*maxDepth {
			return n + 1
		}
		for _, c := range line {
			switch c {
			case '[', '{':
				depth++
			case ']', '}':
				depth = max(0, depth-1)
			}
		}
		if depth > maxDepth {
			return n + 1
		}
	}
	return 0
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
	tk := n.GetToken()
	t := text{value: tk.Value, line: tk.Position.Line, column: max(1, tk.Position.Column), width: utf8.RuneCountInString(tk.Value)}
	if lit, ok := n.(*ast.LiteralNode); ok {
		t.value = strings.TrimRight(lit.Value.Value, "\n")
		t.width = 1
	}
	if s, ok := n.(*ast.StringNode); ok {
		t.value = s.Value
		if q := s.Token.Type.String(); q == "SingleQuote" || q == "DoubleQuote" {
			t.quoted = true
			t.width += 2
		}
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
	if n == nil || n.Type() == ast.NullType || !f.plain(n) {
		return nil // a key with nothing behind it
	}
	m, ok := n.(ast.MapNode)
	if !ok {
		f.report(at(n), codeShape, want, "")
		return nil
	}
	var out []entry
	for it := m.MapRange(); it.Next(); {
		kv := it.KeyValue()
		if !isScalar(kv.Key) {
			f.report(at(kv.Key), codeYAML, "this kind of YAML key is not used in projects", "write the key as plain text")
			continue
		}
		out = append(out, entry{at(kv.Key), kv.Value})
	}
	return out
}

// plain tells whether n is YAML that projects use, and says so if not.
func (f *file) plain(n ast.Node) bool {
	switch n.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode:
		f.report(at(n), codeYAML, "anchors and aliases are not used in projects", "write the value where it is needed")
		return false
	case *ast.TagNode, *ast.DirectiveNode:
		f.report(at(n), codeYAML, "tags are not used in projects", "")
		return false
	}
	return true
}

func isScalar(n ast.Node) bool {
	switch n.(type) {
	case *ast.StringNode, *ast.LiteralNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode, *ast.NullNode:
		return true
	}
	return false
}

// word reads a scalar; nil where there is none.
func (f *file) word(n ast.Node) *text {
	if !f.plain(n) {
		return nil
	}
	if !isScalar(n) || n.Type() == ast.NullType {
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
	if lit, ok := n.(*ast.LiteralNode); ok {
		return appendString(dst, lit.Value.Value)
	}
	return appendString(dst, at(n).value)
}

func appendString(dst []byte, s string) []byte {
	// A Go string of valid UTF-8, as the file was checked to be, always has a JSON form.
	out, err := json.Marshal(s)
	if err != nil {
		return append(dst, `""`...)
	}
	return append(dst, out...)
}
