// Package yamltext reads YAML for all who must say where something stands: texts are limited before the YAML
// library sees them, the library is guarded, and nodes give their text and their place. It knows no mapping language, no
// diagnostics and no codes; what a place means and which YAML is wanted is the caller's affair.
// Start at Read, and go on with Entries, Text and PlaceOf.
package yamltext

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	yaml "github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/crosswalk-go/crosswalk/engine/decimal"
)

// Limits bound what is given to the YAML library, which recurses.
type Limits struct {
	Bytes int // of the whole text; 0 for no bound
	Depth int // of lists and maps in each other
}

// Problem says why a text cannot be read. It is written for the person who wrote the text.
type Problem struct {
	Line, Column int // from 1
	Message      string
	// Whole is true where no line is to blame and none should be shown: the text is too large, or no text.
	Whole bool
}

func (p *Problem) Error() string { return p.Message }

// lineBreaks are those that YAML knows.
var lineBreaks = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// Lines returns the lines of a text without their ends.
func Lines(text string) []string { return strings.Split(lineBreaks.Replace(text), "\n") }

// Unmarked returns a text without the byte order mark that editors on Windows like to write.
func Unmarked(text string) string { return strings.TrimPrefix(text, "\ufeff") }

// Read returns the documents of a text that hold anything.
func Read(text string, limits Limits) ([]ast.Node, *Problem) {
	if problem := Check(text, limits); problem != nil {
		return nil, problem
	}
	// The library counts \r\n as two line ends in some places.
	file, problem := Parse(strings.ReplaceAll(text, "\r\n", "\n"))
	if problem != nil {
		return nil, problem
	}
	var docs []ast.Node
	for _, doc := range file.Docs {
		if doc.Body != nil && !IsNull(doc.Body) && doc.Body.Type() != ast.CommentType {
			docs = append(docs, doc.Body)
		}
	}
	return docs, nil
}

// Check tells why a text must not be given to the YAML library; nil where it may.
func Check(text string, limits Limits) *Problem {
	switch {
	case limits.Bytes > 0 && len(text) > limits.Bytes:
		return &Problem{Line: 1, Column: 1, Message: fmt.Sprintf("the file is larger than %d bytes", limits.Bytes), Whole: true}
	case !utf8.ValidString(text):
		return &Problem{Line: 1, Column: 1, Message: "the file is not valid UTF-8", Whole: true}
	}
	if line := tooDeep(Lines(text), limits.Depth); line > 0 {
		return &Problem{Line: line, Column: 1, Message: fmt.Sprintf("nested more than %d levels deep", limits.Depth)}
	}
	return nil
}

// tooDeep returns the first line at which brackets or indentation nest too deep, 0 if none does. Brackets in texts
// count too, and nothing but a closing bracket ends one: to know better is to parse, and the library takes a line
// that looks like a new key for a part of the list that it has not seen the end of.
func tooDeep(lines []string, most int) int {
	depth := 0
	for n, line := range lines {
		if len(line)-len(strings.TrimLeft(line, " -?:")) > 4*most {
			return n + 1
		}
		for i := range len(line) {
			switch line[i] {
			case '[', '{':
				if depth++; depth > most {
					return n + 1
				}
			case ']', '}':
				depth = max(0, depth-1)
			}
		}
	}
	return 0
}

// Parse guards the library: text that makes it panic is a problem like any other. The text was checked before.
func Parse(text string) (file *ast.File, problem *Problem) {
	unreadable := &Problem{Line: 1, Column: 1, Message: "the YAML cannot be read"}
	defer func() {
		if recover() != nil {
			file, problem = nil, unreadable
		}
	}()
	file, err := parser.ParseBytes([]byte(text), 0)
	if err == nil {
		return file, nil
	}
	var syntax *yaml.SyntaxError
	if !errors.As(err, &syntax) {
		return nil, unreadable
	}
	problem = &Problem{Line: 1, Column: 1, Message: syntax.Message}
	if tk := syntax.Token; tk != nil && tk.Position != nil {
		problem.Line, problem.Column = tk.Position.Line, max(1, tk.Position.Column)
	}
	return nil, problem
}

// Place is where the token of a node stands.
type Place struct {
	Line, Column int // from 1
	Width        int // characters of the token's value, which are those in the file unless it is quoted or a block
}

// PlaceOf returns where a node stands; the token of a map in block style is its first colon.
func PlaceOf(n ast.Node) Place {
	tk := n.GetToken()
	if tk == nil || tk.Position == nil {
		return Place{Line: 1, Column: 1}
	}
	return Place{tk.Position.Line, max(1, tk.Position.Column), utf8.RuneCountInString(tk.Value)}
}

// Text returns what a scalar says, without quotes and escapes; of a number, the digits as they are written.
func Text(n ast.Node) string {
	if block, ok := n.(*ast.LiteralNode); ok {
		return block.Value.Value
	}
	if tk := n.GetToken(); tk != nil {
		return tk.Value
	}
	return ""
}

// IsQuoted tells whether a scalar stands in quotes.
func IsQuoted(n ast.Node) bool {
	tk := n.GetToken()
	return tk != nil && (tk.Type == token.SingleQuoteType || tk.Type == token.DoubleQuoteType)
}

// IsNull tells whether n is null, or nothing at all.
func IsNull(n ast.Node) bool { return n == nil || n.Type() == ast.NullType }

// IsScalar tells whether n is a single text, number or boolean; null is none.
func IsScalar(n ast.Node) bool {
	switch n.(type) {
	case *ast.StringNode, *ast.LiteralNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return true
	}
	return false
}

// IsBigNumber tells whether n is a plain number that no machine number holds, which the library takes for text.
func IsBigNumber(n ast.Node) bool {
	s, ok := n.(*ast.StringNode)
	if !ok || s.Token.Type != token.StringType {
		return false
	}
	_, err := decimal.Parse(s.Value)
	return !errors.Is(err, decimal.ErrSyntax)
}

// Beyond names the feature of YAML that n needs and that no file here uses, in the plural; "" for none.
func Beyond(n ast.Node) string {
	switch n.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode:
		return Anchors
	case *ast.TagNode, *ast.DirectiveNode:
		return Tags
	}
	return ""
}

// What Beyond returns.
const (
	Anchors = "anchors and aliases"
	Tags    = "tags"
)

// Entry is a member of a map.
type Entry struct{ Key, Value ast.Node }

// Entries returns the members of a map in their order, with keys of any kind; ok is false where n is no map.
func Entries(n ast.Node) (entries []Entry, ok bool) {
	m, ok := n.(ast.MapNode)
	if !ok {
		return nil, false
	}
	for it := m.MapRange(); it.Next(); {
		entries = append(entries, Entry{it.Key(), it.Value()})
	}
	return entries, true
}

// IsKey tells whether n can be the key of an entry: null or a scalar on one line. Text returns what it says.
func IsKey(n ast.Node) bool {
	if _, block := n.(*ast.LiteralNode); block {
		return false
	}
	return IsScalar(n) || IsNull(n)
}
