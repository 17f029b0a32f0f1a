package mappingtest

import (
	"errors"
	"fmt"
	"strings"

	"github.com/crosswalk-go/crosswalk/engine"
)

// ErrNotAppendable is the error of a test file to which no case can be written without changing the rest of it.
var ErrNotAppendable = errors.New("a case can only be added to a file that ends with its cases, one a dash")

// NewCase is a case that a test file does not have yet.
type NewCase struct {
	Name  string
	Input string // file of the document, relative to the test file
	// Exactly is the file of what comes out, relative to the test file; "" where the document fails.
	Exactly string
	Fails   []string // codes
	In      engine.Input
}

// AddCase returns the text of a test file with one case more; everything else stays as it is. Of an empty text it makes a
// file for the mapping. The error is [engine.Diagnostics] for a file that has problems, or [ErrNotAppendable].
func AddCase(file string, before []byte, mapping string, c NewCase) ([]byte, error) {
	if len(strings.TrimSpace(string(before))) == 0 {
		before = fmt.Appendf(nil, "mapping: %s\ncases:\n", textYAML(mapping))
	}
	old := &reader{path: file}
	root := old.read(before)
	if len(old.diags) > 0 {
		return nil, old.diags
	}
	count := 0
	switch cases := root.get("cases"); {
	case cases != nil && cases.kind == null && root.members[len(root.members)-1].node == cases:
	case root == nil || root.kind != object || cases == nil || cases.kind != list || root.members[len(root.members)-1].node != cases:
		return nil, ErrNotAppendable
	default:
		for _, other := range cases.items {
			if name := other.get("name"); name != nil && name.scalar == c.Name {
				return nil, engine.Diagnostics{{Severity: engine.Error, Code: codeName, Message: fmt.Sprintf("there is a case called %q already", c.Name), Pos: other.pos}}
			}
		}
		count = len(cases.items)
	}
	added, err := c.node()
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	b.WriteString(strings.TrimRight(string(before), "\n") + "\n")
	writeYAML(&b, &node{kind: list, items: []*node{added}}, 2)
	// The list starts on a line of its own, which the file has already.
	text := []byte(strings.Replace(b.String(), "\n\n  - name:", "\n  - name:", 1))
	again := &reader{path: file}
	cases := again.read(text).get("cases")
	if len(again.diags) > 0 || cases == nil || len(cases.items) != count+1 || cases.items[count].json() != added.json() {
		return nil, ErrNotAppendable
	}
	return text, nil
}

// node is the case as a file has it.
func (c NewCase) node() (*node, error) {
	word := func(s string) *node { return &node{kind: text, scalar: s} }
	file := func(name string) *node {
		return &node{kind: object, members: []member{{key: "file", node: word(name)}}}
	}
	n := &node{kind: object}
	add := func(key string, v *node) { n.members = append(n.members, member{key: key, node: v}) }
	add("name", word(c.Name))
	add("input", file(c.Input))
	if c.In.Write == engine.Update {
		add("write", word("update"))
	}
	if c.In.Now != "" {
		add("now", word(c.In.Now))
	}
	for _, part := range []struct {
		key  string
		json []byte
	}{{"source", c.In.Source}, {"settings", c.In.Settings}, {"tables", c.In.Tables}, {"links", c.In.Links}, {"current", c.In.Current}} {
		if len(part.json) == 0 {
			continue
		}
		v, err := parseJSON(part.json)
		if err != nil {
			return nil, fmt.Errorf("%s is no JSON: %w", part.key, err)
		}
		if v.kind != object {
			return nil, fmt.Errorf("%s is %s instead of an object", part.key, kindNames[v.kind])
		}
		if len(v.members) > 0 {
			add(part.key, v)
		}
	}
	if c.Exactly != "" {
		add("exactly", file(c.Exactly))
		return n, nil
	}
	codes := &node{kind: list}
	for _, code := range c.Fails {
		codes.items = append(codes.items, word(code))
	}
	add("fails", codes)
	return n, nil
}
