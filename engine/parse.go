package engine

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/crosswalk-go/crosswalk/engine/decimal"
	"github.com/crosswalk-go/crosswalk/engine/internal/jsontext"
	"github.com/crosswalk-go/crosswalk/engine/schema"
	"github.com/crosswalk-go/crosswalk/engine/yamltext"
)

// fileLimits bound a mapping file.
var fileLimits = yamltext.Limits{Bytes: 1 << 20, Depth: 100}

// fileParser turns the YAML of one file into a mappingFile and collects what is wrong.
type fileParser struct {
	src   *sourceFile
	diags *Diagnostics
}

// parseFile reads the text of a mapping file. The result is as complete as the text allows; the
// diagnostics say what is wrong with it.
func parseFile(path, text string, diags *Diagnostics) *mappingFile {
	text = yamltext.Unmarked(text)
	src := newSourceFile(path, text)
	p := &fileParser{src: src, diags: diags}
	m := &mappingFile{src: src}
	root := p.root(text)
	if root == nil {
		m.unreadable = true
		return m
	}
	if _, ok := root.(ast.MapNode); !ok {
		m.unreadable = true
	}
	for _, e := range p.entries(root, "a mapping file is a map with the keys from, to and rules") {
		key, v := e.key, e.node
		switch key.text {
		case "from":
			m.from = p.word(v)
		case "to":
			m.to = p.word(v)
		case "extends":
			m.extends = p.word(v)
		case "base":
			m.base = p.word(v)
			if m.base != nil && m.base.text != "doc" {
				p.at(m.base, codeOptionValue, fmt.Sprintf("base cannot be %q", m.base.text), "write `base: doc`: the target starts as a copy of the source")
			}
		case "note":
			m.note = p.word(v)
		case "scripts":
			m.scripts = p.words(v)
		case "let":
			for _, e := range p.entries(v, "let is a map of name to expression") {
				if x := p.expression(e.node); x != nil {
					m.lets = append(m.lets, letDecl{e.key, x})
				}
			}
		case "rules":
			for _, e := range p.entries(v, "rules is a map of target path to rule") {
				if r := p.rule(m, e.key, e.node); r != nil {
					m.rules = append(m.rules, r)
				}
			}
		case "tables":
			for _, e := range p.entries(v, "tables is a map of table name to table") {
				if _, ok := e.node.(ast.MapNode); !ok {
					p.node(e.node, codeShape, "a table is a map of key to value", "")
					continue
				}
				if json, ok := p.json(e.node); ok {
					m.tables = append(m.tables, tableDecl{e.key, json, e.node})
				}
			}
		case "settings":
			for _, e := range p.entries(v, "settings is a map of name to {type, default, choices, help}") {
				m.sets = append(m.sets, p.setting(e.key, e.node))
			}
		default:
			p.unknown(key, "key", schema.MappingKeys.Names())
		}
	}
	return m
}

// root returns the one document of a file; nil where there is none.
func (p *fileParser) root(text string) ast.Node {
	docs, problem := yamltext.Read(text, fileLimits)
	switch {
	case problem != nil:
		d := Diagnostic{Code: codeYAML, Message: problem.Message, Pos: p.src.at(problem.Line, problem.Column)}
		if strings.Contains(d.Message, "mapping value is not allowed") {
			d.Help = "an expression that holds `: ` or ` #` must be quoted: 'a ? b : c'"
			p.colonFix(&d)
		}
		p.add(d)
		return nil
	case len(docs) == 0:
		p.add(Diagnostic{Code: codeMissingKey, Message: "the file is empty", Help: "a mapping needs at least the keys from, to and rules", Pos: p.src.at(1, 1)})
		return nil
	case len(docs) > 1:
		p.node(docs[1], codeYAML, "a file holds one mapping", "put the second document into a file of its own")
	}
	return docs[0]
}

func (p *fileParser) add(d Diagnostic) {
	if d.Severity == 0 {
		d.Severity = Error
	}
	d.Snippet = p.src.line(d.Pos.Line)
	*p.diags = append(*p.diags, d)
}

// last returns the diagnostic that was added last.
func (p *fileParser) last() *Diagnostic { return &(*p.diags)[len(*p.diags)-1] }

func (p *fileParser) at(s *scalar, code, message, help string) {
	pos, end := s.whole()
	p.add(Diagnostic{Code: code, Message: message, Help: help, Pos: pos, End: end})
}

func (p *fileParser) node(n ast.Node, code, message, help string) {
	at := yamltext.PlaceOf(n)
	pos := p.src.at(at.Line, at.Column)
	end := pos
	end.Column += max(1, at.Width)
	p.add(Diagnostic{Code: code, Message: message, Help: help, Pos: pos, End: end})
}

func (p *fileParser) unknown(key *scalar, what string, known []string) {
	d := Diagnostic{Code: codeUnknownKey, Message: fmt.Sprintf("unknown %s %q", what, key.text)}
	d.Pos, d.End = key.whole()
	d.suggestText(key.text, known, "known are "+strings.Join(known, ", "))
	p.add(d)
}

type yamlEntry struct {
	key  *scalar
	node ast.Node
}

// entries returns the members of a YAML map in their order.
func (p *fileParser) entries(n ast.Node, want string) []yamlEntry {
	members, ok := yamltext.Entries(n)
	if !ok {
		p.node(n, codeShape, want, "")
		return nil
	}
	out := make([]yamlEntry, 0, len(members))
	for _, m := range members {
		if !yamltext.IsKey(m.Key) {
			p.node(m.Key, codeYAML, "this kind of YAML key is not part of the mapping language", "write the key as plain text")
			continue
		}
		out = append(out, yamlEntry{newScalar(p.src, m.Key), m.Value})
	}
	return out
}

// plain tells whether n is YAML that mappings use, and says so if not.
func (p *fileParser) plain(n ast.Node) bool {
	switch what := yamltext.Beyond(n); what {
	case "":
		return true
	case yamltext.Anchors:
		p.node(n, codeYAML, what+" are not part of the mapping language", "use `let` for an expression or `tables` for a table that is needed twice")
	default:
		p.node(n, codeYAML, what+" are not part of the mapping language", "")
	}
	return false
}

func (p *fileParser) word(n ast.Node) *scalar {
	if !p.plain(n) {
		return nil
	}
	if !yamltext.IsScalar(n) {
		p.node(n, codeShape, "a single word or text is expected here", "")
		return nil
	}
	return newScalar(p.src, n)
}

func (p *fileParser) words(n ast.Node) []*scalar {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		if s := p.word(n); s != nil {
			return []*scalar{s}
		}
		return nil
	}
	var out []*scalar
	for _, v := range seq.Values {
		if s := p.word(v); s != nil {
			out = append(out, s)
		}
	}
	return out
}

func (p *fileParser) expression(n ast.Node) *scalar {
	if !p.plain(n) {
		return nil
	}
	if yamltext.IsNull(n) {
		p.node(n, codeShape, "an expression is expected here", "write `nil` for no value")
		return nil
	}
	if !yamltext.IsScalar(n) {
		p.node(n, codeShape, "an expression is expected here", "quote an expression that starts with [ or {: '[a, b]'")
		p.bracketFix(p.last(), n)
		return nil
	}
	return newScalar(p.src, n)
}

// json turns a YAML value into JSON text; numbers keep their digits.
func (p *fileParser) json(n ast.Node) (string, bool) {
	dst, ok := p.appendJSON(nil, n)
	return string(dst), ok
}

func (p *fileParser) appendJSON(dst []byte, n ast.Node) ([]byte, bool) {
	switch n := n.(type) {
	case *ast.NullNode:
		return append(dst, "null"...), true
	case *ast.BoolNode:
		return strconv.AppendBool(dst, n.Value), true
	case *ast.IntegerNode, *ast.FloatNode:
		text := n.GetToken().Value
		if _, err := decimal.Parse(text); errors.Is(err, decimal.ErrSyntax) {
			p.node(n, codeShape, fmt.Sprintf("%q is no number that JSON can hold", text), "quote it if it is text")
			return dst, false
		}
		return append(dst, text...), true
	case *ast.StringNode, *ast.LiteralNode:
		if yamltext.IsBigNumber(n) {
			return append(dst, yamltext.Text(n)...), true
		}
		return jsontext.AppendQuote(dst, yamltext.Text(n)), true
	case *ast.SequenceNode:
		dst = append(dst, '[')
		good := true
		for i, v := range n.Values {
			if i > 0 {
				dst = append(dst, ',')
			}
			var ok bool
			dst, ok = p.appendJSON(dst, v)
			good = good && ok
		}
		return append(dst, ']'), good
	case *ast.MappingNode, *ast.MappingValueNode:
		dst = append(dst, '{')
		good := true
		for i, e := range p.entries(n, "") {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(jsontext.AppendQuote(dst, e.key.text), ':')
			var ok bool
			dst, ok = p.appendJSON(dst, e.node)
			good = good && ok
		}
		return append(dst, '}'), good
	}
	if p.plain(n) {
		p.node(n, codeShape, "this value cannot be written as JSON", "")
	}
	return dst, false
}

func (p *fileParser) setting(name *scalar, n ast.Node) settingDecl {
	s := settingDecl{name: name, Setting: Setting{Name: name.text}}
	for _, e := range p.entries(n, "a setting is a map of {type, default, choices, help}") {
		switch e.key.text {
		case "type":
			if w := p.word(e.node); w != nil {
				s.Type = w.text
				if _, ok := settingKinds[w.text]; !ok {
					p.choice(w, "type", schema.SettingTypes...)
				}
			}
		case "default":
			if json, ok := p.json(e.node); ok {
				s.Default = []byte(json)
			}
		case "choices":
			for _, w := range p.words(e.node) {
				s.Choices = append(s.Choices, w.text)
			}
		case "help":
			if w := p.word(e.node); w != nil {
				s.Help = w.text
			}
		default:
			p.unknown(e.key, "key of a setting", schema.SettingKeys.Names())
		}
	}
	if s.Type == "" {
		p.at(name, codeMissingKey, fmt.Sprintf("setting %q has no type", name.text), "add `type: string`, number, boolean, object or list")
		s.Type = "string"
	}
	return s
}

// choice reports that a word is none of the words an option knows.
func (p *fileParser) choice(w *scalar, option string, known ...string) {
	d := Diagnostic{Code: codeOptionValue, Message: fmt.Sprintf("%s cannot be %q", option, w.text)}
	d.Pos, d.End = w.whole()
	d.suggestText(w.text, known, "use "+strings.Join(known[:len(known)-1], ", ")+" or "+known[len(known)-1])
	p.add(d)
}
