package mappingtest

import (
	"fmt"
	"strconv"

	"github.com/goccy/go-yaml/ast"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/decimal"
	"github.com/crosswalk-go/crosswalk/engine/yamltext"
)

// limits bound the nesting of a test file, not its size: documents of any length stand in it.
var limits = yamltext.Limits{Depth: 200}

// reader turns the YAML of a test file into nodes and collects what is wrong.
type reader struct {
	path  string
	lines []string
	diags engine.Diagnostics
}

func (r *reader) fail(pos engine.Position, code, help, format string, args ...any) {
	d := engine.Diagnostic{Severity: engine.Error, Code: code, Message: fmt.Sprintf(format, args...), Help: help, Pos: pos}
	if pos.Line >= 1 && pos.Line <= len(r.lines) {
		d.Snippet = r.lines[pos.Line-1]
	}
	r.diags = append(r.diags, d)
}

// read parses the text of a test file; nil where it is no YAML.
func (r *reader) read(data []byte) *node {
	content := yamltext.Unmarked(string(data))
	docs, problem := yamltext.Read(content, limits)
	if problem == nil || !problem.Whole {
		r.lines = yamltext.Lines(content)
	}
	switch {
	case problem != nil:
		r.fail(engine.Position{File: r.path, Line: problem.Line, Column: problem.Column}, codeYAML, "", "%s", problem.Message)
		return nil
	case len(docs) == 0:
		r.fail(engine.Position{File: r.path, Line: 1, Column: 1}, codeMissing, "a test file has the keys mapping and cases", "the file is empty")
		return nil
	}
	return r.node(docs[0])
}

func (r *reader) pos(n ast.Node) engine.Position {
	at := yamltext.PlaceOf(n)
	return engine.Position{File: r.path, Line: at.Line, Column: at.Column}
}

// node turns YAML into a JSON value. Numbers keep their digits; what JSON cannot say is reported and becomes null.
func (r *reader) node(y ast.Node) *node {
	n := &node{pos: r.pos(y)}
	switch y := y.(type) {
	case *ast.NullNode:
	case *ast.BoolNode:
		n.kind, n.scalar = boolean, strconv.FormatBool(y.Value)
	case *ast.IntegerNode, *ast.FloatNode:
		n.kind, n.scalar = number, y.GetToken().Value
		if _, err := decimal.Parse(n.scalar); err != nil {
			r.fail(n.pos, codeYAML, "quote it if it is text", "%q is no number that JSON can hold", n.scalar)
		}
	case *ast.StringNode:
		n.kind, n.scalar = text, y.Value
		if yamltext.IsBigNumber(y) {
			n.kind = number
			if _, err := decimal.Parse(y.Value); err != nil {
				r.fail(n.pos, codeYAML, "quote it if it is text", "%q has more digits than numbers can have here", n.scalar)
			}
		}
	case *ast.LiteralNode:
		n.kind, n.scalar = text, y.Value.Value
	case *ast.SequenceNode:
		n.kind = list
		for _, v := range y.Values {
			n.items = append(n.items, r.node(v))
		}
	case *ast.MappingNode, *ast.MappingValueNode:
		n.kind = object
		members, _ := yamltext.Entries(y)
		for _, m := range members {
			n.members = append(n.members, r.member(m, n))
		}
	default:
		r.fail(n.pos, codeYAML, "anchors, aliases and tags are not part of the test format", "this kind of YAML cannot be used here")
	}
	return n
}

func (r *reader) member(e yamltext.Entry, in *node) member {
	m := member{key: yamltext.Text(e.Key), pos: r.pos(e.Key)} // 21: a key is text in JSON
	if in.get(m.key) != nil {
		r.fail(m.pos, codeShape, "", "the key %q is there twice", m.key)
	}
	m.node = r.node(e.Value)
	return m
}
