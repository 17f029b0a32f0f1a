package mappingtest

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/schema"
)

// testFile is a test file as it was read.
type testFile struct {
	path    string
	mapping string
	pos     engine.Position // of the mapping's name
	cases   []testCase
}

type testCase struct {
	name    string
	pos     engine.Position
	input   []byte
	in      engine.Input
	expect  *node // partly
	exact   *node
	exactAt engine.Position // of the key
	golden  string          // the file that exact was read from
	absent  []*node
	fails   []string
	failAt  engine.Position
}

// parse reads the test file at name. The result holds the cases that could be read.
func parse(files fs.FS, name string) (testFile, engine.Diagnostics) {
	f := testFile{path: name}
	r := &reader{path: name}
	start := engine.Position{File: name, Line: 1, Column: 1}
	data, err := fs.ReadFile(files, name)
	if err != nil {
		r.fail(engine.Position{File: name}, codeRead, "", "the test file cannot be read: %v", err)
		return f, r.diags
	}
	root := r.read(data)
	if root == nil {
		return f, r.diags
	}
	if root.kind != object {
		r.fail(start, codeShape, "", "a test file is a map with the keys mapping and cases")
		return f, r.diags
	}
	r.known(root, schema.TestKeys.Names())
	p := &caseReader{reader: r, files: files, dir: path.Dir(name), root: root}
	if m := root.get("mapping"); m == nil {
		r.fail(start, codeMissing, "add `mapping:` with the file of the mapping", "the test file names no mapping")
	} else if m.kind != text || m.scalar == "" {
		r.fail(m.pos, codeShape, "", "mapping is the name of a file")
	} else {
		f.mapping, f.pos = m.scalar, m.pos
	}
	cases := root.get("cases")
	switch {
	case cases == nil || cases.kind == list && len(cases.items) == 0:
		r.fail(start, codeMissing, "add `cases:` with a list", "the test file has no cases")
	case cases.kind != list:
		r.fail(cases.pos, codeShape, "", "cases is a list")
	default:
		names := map[string]bool{}
		for _, c := range cases.items {
			if tc, ok := p.testCase(c); ok {
				if names[tc.name] {
					r.fail(tc.pos, codeName, "", "two cases are called %q", tc.name)
				}
				names[tc.name] = true
				f.cases = append(f.cases, tc)
			}
		}
	}
	return f, r.diags
}

// known reports the members of n that no test knows.
func (r *reader) known(n *node, keys []string) {
	for _, m := range n.members {
		if !slices.Contains(keys, m.key) {
			r.fail(m.pos, codeUnknown, "known are "+strings.Join(keys, ", "), "unknown key %q", m.key)
		}
	}
}

type caseReader struct {
	*reader
	files fs.FS
	dir   string
	root  *node
}

func (p *caseReader) testCase(n *node) (testCase, bool) {
	before := len(p.diags)
	c := testCase{pos: n.pos}
	if n.kind != object {
		p.fail(n.pos, codeShape, "", "a case is a map")
		return c, false
	}
	p.known(n, schema.TestCaseKeys.Names())
	if name := n.get("name"); name == nil || name.kind != text || name.scalar == "" {
		p.fail(n.pos, codeMissing, "add `name:` with what the case shows", "the case has no name")
	} else {
		c.name, c.pos = name.scalar, name.pos
	}
	if input := n.get("input"); input == nil {
		p.fail(n.pos, codeMissing, "add `input:` with a document or {file: ...}", "the case has no input")
	} else if v, _ := p.value("input", input); v != nil {
		c.input = []byte(v.json())
	}
	c.in = p.input(n)
	p.expectation(n, &c)
	return c, len(p.diags) == before
}

// input returns what a case hands to the mapping besides the document.
func (p *caseReader) input(n *node) engine.Input {
	in := engine.Input{
		Source: p.context(n, "source"), Settings: p.context(n, "settings"), Tables: p.context(n, "tables"),
		Links: p.context(n, "links"), Current: p.context(n, "current"), Now: p.word(n, "now"), Write: engine.Create,
	}
	switch write := p.word(n, "write"); write {
	case "", "create":
	case "update":
		in.Write = engine.Update
	default:
		p.fail(n.pos, codeShape, "use create or update", "write cannot be %q", write)
	}
	return in
}

func (p *caseReader) expectation(n *node, c *testCase) {
	expect, exact, absent, fails := n.get("expect"), n.get("exactly"), n.get("absent"), n.get("fails")
	if expect == nil && exact == nil && absent == nil && fails == nil {
		p.fail(n.pos, codeMissing, "add `expect:`, `exactly:`, `absent:` or `fails:`", "the case expects nothing")
	}
	if exact != nil && (expect != nil || absent != nil) {
		p.fail(exact.pos, codeClash, "", "`exactly` is the whole document: `expect` and `absent` have no place beside it")
	}
	if fails != nil && (expect != nil || exact != nil || absent != nil) {
		p.fail(fails.pos, codeClash, "", "a document that fails gives nothing to compare")
	}
	if expect != nil {
		c.expect, _ = p.value("expect", expect)
	}
	if exact != nil {
		c.exact, c.golden = p.value("exactly", exact)
		c.exactAt = n.place("exactly")
	}
	if absent != nil {
		for _, a := range p.words(absent, "absent") {
			if _, ok := (&node{}).at(a.scalar); !ok {
				p.fail(a.pos, codeShape, "write it like lines[0].sku", "the path %q cannot be read", a.scalar)
			}
			c.absent = append(c.absent, a)
		}
	}
	if fails != nil {
		c.failAt = fails.pos
		for _, code := range p.words(fails, "fails") {
			c.fails = append(c.fails, code.scalar)
		}
		if len(c.fails) == 0 {
			p.fail(fails.pos, codeShape, "", "fails names at least one code")
		}
	}
}

func (p *caseReader) words(n *node, key string) []*node {
	if n.kind == text {
		return []*node{n}
	}
	if n.kind != list {
		p.fail(n.pos, codeShape, "", "%s is a list of texts", key)
		return nil
	}
	for _, item := range n.items {
		if item.kind != text {
			p.fail(item.pos, codeShape, "", "%s is a list of texts", key)
			return nil
		}
	}
	return n.items
}

// value returns the object that n is or names with {file: ...}; the file's name is returned too.
func (p *caseReader) value(key string, n *node) (*node, string) {
	file := n.get("file")
	if file == nil || len(n.members) != 1 || file.kind != text {
		if n.kind != object && key != "input" { // an input may be anything: its failure can be what is tested
			p.fail(n.pos, codeShape, "", "%s is a map, or {file: name}, not %s", key, kindNames[n.kind])
			return nil, ""
		}
		return n, ""
	}
	name := path.Join(p.dir, file.scalar)
	data, err := fs.ReadFile(p.files, name)
	if err != nil {
		p.fail(file.pos, codeRead, "file names are relative to the test file", "%s cannot be read: %v", name, err)
		return nil, name
	}
	v, err := parseJSON(data)
	if err != nil {
		p.fail(file.pos, codeJSON, "", "%s is no JSON: %v", name, err)
		return nil, name
	}
	if v.kind != object {
		p.fail(file.pos, codeJSON, "", "%s holds %s instead of an object", name, kindNames[v.kind])
		return nil, name
	}
	v.pos = file.pos
	return v, name
}

// context returns a part of the input: that of the file with the members that the case has of its own.
func (p *caseReader) context(n *node, key string) []byte {
	var merged *node
	for _, from := range []*node{p.root.get(key), n.get(key)} {
		if from == nil {
			continue
		}
		v, _ := p.value(key, from)
		if v == nil {
			continue
		}
		if merged == nil {
			merged = &node{kind: object}
		}
		for _, m := range v.members {
			if i := slices.IndexFunc(merged.members, func(o member) bool { return o.key == m.key }); i >= 0 {
				merged.members[i] = m
			} else {
				merged.members = append(merged.members, m)
			}
		}
	}
	if merged == nil {
		return nil
	}
	return []byte(merged.json())
}

func (p *caseReader) word(n *node, key string) string {
	v := n.get(key)
	if v == nil {
		v = p.root.get(key)
	}
	if v == nil {
		return ""
	}
	if v.kind != text {
		p.fail(v.pos, codeShape, "quote it if it looks like something else", "%s is a text", key)
		return ""
	}
	return v.scalar
}
