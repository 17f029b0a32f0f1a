package mappingtest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	yaml "github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/decimal"
)

// maxDepth bounds the nesting of a test file: the YAML parser recurses.
const maxDepth = 200

// reader turns the YAML of a test file into nodes and collects what is wrong.
type reader struct {
	path  string
	lines []string
	diags engine.Diagnostics
}

func (r *reader) fail(pos engine.Position, code, help, format string, args ...any) {
	d := engine.Diagnostic{Severity: engine.Error, Code: code, Message: fmt.Sprintf(format, args...), Help: help, Pos: pos}
	if pos.Line >= 1 && pos.Line <= len(r.lines) {
		d.Snippet = strings.TrimRight(r.lines[pos.Line-1], "\r")
	}
	r.diags = append(r.diags, d)
}

// read parses the text of a test file; nil where it is no YAML.
func (r *reader) read(data []byte) *node {
	r.lines = strings.Split(string(data), "\n")
	if line := tooDeep(r.lines); line > 0 {
		r.fail(engine.Position{File: r.path, Line: line, Column: 1}, codeYAML, "", "nested more than %d levels deep", maxDepth)
		return nil
	}
	file, err := parseYAML(data)
	if err != nil {
		pos, message := engine.Position{File: r.path, Line: 1, Column: 1}, err.Error()
		var syntax *yaml.SyntaxError
		if errors.As(err, &syntax) {
			message = syntax.Message
			if syntax.Token != nil {
				pos.Line, pos.Column = syntax.Token.Position.Line, max(1, syntax.Token.Position.Column)
			}
		}
		r.fail(pos, codeYAML, "", "%s", message)
		return nil
	}
	for _, doc := range file.Docs {
		if doc.Body != nil && doc.Body.Type() != ast.CommentType && doc.Body.Type() != ast.NullType {
			return r.node(doc.Body)
		}
	}
	r.fail(engine.Position{File: r.path, Line: 1, Column: 1}, codeMissing, "a test file has the keys mapping and cases", "the file is empty")
	return nil
}

// parseYAML guards the library: text that makes it panic is an error like any other.
func parseYAML(data []byte) (f *ast.File, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("the YAML cannot be read")
		}
	}()
	return parser.ParseBytes(data, 0)
}

// tooDeep returns the first line at which brackets or indentation nest too deep, 0 if none does. Brackets in
// texts count too: that many in one text is no test either.
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
			if depth > maxDepth {
				return n + 1
			}
		}
	}
	return 0
}

func (r *reader) pos(n ast.Node) engine.Position {
	p := engine.Position{File: r.path, Line: 1, Column: 1}
	if tk := n.GetToken(); tk != nil && tk.Position != nil {
		p.Line, p.Column = tk.Position.Line, max(1, tk.Position.Column)
	}
	return p
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
		// The YAML library takes a plain number that no machine number holds for text.
		if _, err := decimal.Parse(y.Value); !errors.Is(err, decimal.ErrSyntax) && y.GetToken().Type == token.StringType {
			n.kind = number
			if err != nil {
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
		for it := y.(ast.MapNode).MapRange(); it.Next(); {
			n.members = append(n.members, r.member(it.KeyValue(), n))
		}
	default:
		r.fail(n.pos, codeYAML, "anchors, aliases and tags are not part of the test format", "this kind of YAML cannot be used here")
	}
	return n
}

func (r *reader) member(kv *ast.MappingValueNode, in *node) member {
	m := member{pos: r.pos(kv.Key)}
	if s, ok := kv.Key.(*ast.StringNode); ok {
		m.key = s.Value
	} else if tk := kv.Key.GetToken(); tk != nil {
		m.key = tk.Value // 21: a key is text in JSON
	}
	if in.get(m.key) != nil {
		r.fail(m.pos, codeShape, "", "the key %q is there twice", m.key)
	}
	m.node = r.node(kv.Value)
	return m
}
