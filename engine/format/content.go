package format

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// contentOf writes down what a YAML text says, without how it says it: every key in order, every scalar with its
// kind and text, every comment. Two texts with the same content are the same file to Crosswalk.
func contentOf(text string) (content string, err error) {
	defer func() {
		if recover() != nil { // the library: text that makes it panic is an error like any other
			err = errors.New("the YAML cannot be read")
		}
	}()
	file, err := parser.ParseBytes([]byte(text), 0)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, doc := range file.Docs {
		b.WriteString("---\n")
		if doc.Body != nil {
			writeContent(&b, doc.Body)
		}
	}
	b.WriteString("comments\n")
	for _, tk := range lexer.Tokenize(text) {
		if tk.Type != token.CommentType {
			continue
		}
		for line := range strings.SplitSeq(tk.Value, "\n") {
			if line = strings.TrimSpace(line); line != "" {
				b.WriteString(line + "\n")
			}
		}
	}
	return b.String(), nil
}

func writeContent(b *strings.Builder, n ast.Node) {
	switch n := n.(type) {
	case *ast.CommentGroupNode:
	case *ast.MappingNode, *ast.MappingValueNode:
		b.WriteString("{")
		for it := n.(ast.MapNode).MapRange(); it.Next(); {
			writeContent(b, it.KeyValue().Key)
			b.WriteString(": ")
			writeContent(b, it.KeyValue().Value)
		}
		b.WriteString("}\n")
	case *ast.SequenceNode:
		b.WriteString("[")
		for _, v := range n.Values {
			writeContent(b, v)
		}
		b.WriteString("]\n")
	case *ast.StringNode:
		fmt.Fprintf(b, "string %q\n", n.Value)
	case *ast.LiteralNode:
		fmt.Fprintf(b, "string %q\n", n.Value.Value)
	case *ast.NullNode:
		b.WriteString("null\n")
	case *ast.AnchorNode:
		fmt.Fprintf(b, "anchor %s ", n.Name)
		writeContent(b, n.Value)
	case *ast.TagNode:
		fmt.Fprintf(b, "tag %s ", n.Start.Value)
		if n.Value != nil {
			writeContent(b, n.Value)
		}
	case *ast.AliasNode:
		b.WriteString("alias ")
		writeContent(b, n.Value)
	case *ast.MappingKeyNode:
		b.WriteString("key ")
		writeContent(b, n.Value)
	default: // numbers, booleans and what is written with one word
		fmt.Fprintf(b, "%s %q\n", n.Type(), n.GetToken().Value)
	}
}
