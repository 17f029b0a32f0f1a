package project

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/format"
	"github.com/crosswalk-go/crosswalk/engine/yamltext"
)

var (
	// ErrHasEntry is the error of an entry that the table has already.
	ErrHasEntry = errors.New("the table has an entry for this key")
	// ErrNoPlace is the error of a file that is written in a way that entries cannot be added to.
	ErrNoPlace = errors.New("the file's tables are written in a way that entries cannot be added to here")
)

// Entry is an entry of a flow's table.
type Entry struct {
	Table string
	Keys  []string        // one for each level
	Value json.RawMessage // any JSON value
	// Base is the table that the flow's mappings declare, as a JSON object. The flow's own replaces it, so that one which begins here begins with it.
	Base json.RawMessage
}

// AddEntry returns the text of a flow's file with one entry more; comments and everything else stay as they are. The error is [ErrHasEntry],
// [ErrNoPlace], or [engine.Diagnostics] for a file that has problems.
func AddEntry(file string, text []byte, e Entry) ([]byte, error) {
	root, before, err := readTree(file, text)
	if err != nil {
		return nil, err
	}
	path := append([]string{"tables", e.Table}, e.Keys...)
	value, err := e.whole(before)
	if err != nil {
		return nil, err
	}
	want, err := with(before, path, e.Value, value)
	if err != nil {
		return nil, err
	}
	laid, err := format.Format(text)
	formatted := err == nil && bytes.Equal(laid, text)
	for _, comma := range []string{", ", " "} { // a list in braces may end in one
		after, err := insert(text, root, path, e.Value, value, comma)
		if err != nil {
			return nil, err
		}
		if _, got, err := readTree(file, after); err != nil || !reflect.DeepEqual(got, want) {
			continue
		}
		if laid, err := format.Format(after); formatted && err == nil {
			after = laid
		}
		return after, nil
	}
	return nil, ErrNoPlace
}

// readTree reads a file as nodes and as JSON values.
func readTree(path string, text []byte) (ast.Node, map[string]any, error) {
	var diags engine.Diagnostics
	f := &file{path: path, diags: &diags}
	f.parse(string(text))
	if f.root == nil || diags.HasErrors() {
		return nil, nil, diags
	}
	plain := f.json(f.root)
	if diags.HasErrors() {
		return nil, nil, diags
	}
	tree, err := decoded(plain)
	if err != nil {
		return nil, nil, ErrNoPlace
	}
	return f.root, tree, nil
}

func decoded(text []byte) (tree map[string]any, err error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	err = dec.Decode(&tree)
	return tree, err
}

// whole is the table that begins with the entry, nil where the flow has one of that name.
func (e Entry) whole(tree map[string]any) (json.RawMessage, error) {
	if tables, ok := tree["tables"].(map[string]any); ok && tables[e.Table] != nil {
		return nil, nil
	}
	base := []byte(e.Base)
	if len(base) == 0 {
		base = []byte("{}")
	}
	table, err := decoded(base)
	if err != nil {
		return nil, fmt.Errorf("the table %s of the mappings: %w", e.Table, err)
	}
	if _, err = with(table, e.Keys, e.Value, nil); err != nil {
		return nil, err
	}
	return appended(base, e.Keys, e.Value), nil
}

// appended is a JSON object with a value at a path, behind what it holds in its order.
func appended(object json.RawMessage, path []string, value json.RawMessage) json.RawMessage {
	if len(path) == 0 {
		return value
	}
	members := membersOf(object)
	i := slices.IndexFunc(members, func(m member) bool { return m.key == path[0] })
	if i < 0 {
		i = len(members)
		members = append(members, member{key: path[0]})
	}
	members[i].value = appended(members[i].value, path[1:], value)
	out := []byte("{")
	for j, m := range members {
		if j > 0 {
			out = append(out, ',')
		}
		out = append(append(appendString(out, m.key), ':'), m.value...)
	}
	return append(out, '}')
}

// with returns a tree with a value at a path. Where whole is set it is put at tables.name instead.
func with(tree map[string]any, path []string, value, whole json.RawMessage) (map[string]any, error) {
	if whole != nil {
		path, value = path[:2], whole
	}
	dec := json.NewDecoder(bytes.NewReader(value))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, fmt.Errorf("the value: %w", err)
	}
	return set(tree, path, v)
}

func set(tree map[string]any, path []string, v any) (map[string]any, error) {
	out := map[string]any{}
	for k, old := range tree {
		out[k] = old
	}
	old := tree[path[0]]
	if len(path) == 1 {
		if _, ok := tree[path[0]]; ok && old != nil {
			return nil, ErrHasEntry
		}
		out[path[0]] = v
		return out, nil
	}
	inner, ok := old.(map[string]any)
	if old != nil && !ok {
		return nil, ErrHasEntry // a value stands where a table would have to
	}
	below, err := set(inner, path[1:], v)
	out[path[0]] = below
	return out, err
}

// insert puts a value at a path: behind the last entry of the innermost map that is there.
func insert(text []byte, root ast.Node, path []string, value, whole json.RawMessage, comma string) ([]byte, error) {
	if whole != nil {
		path, value = path[:2], whole
	}
	node := root
	for len(path) > 0 {
		entries, ok := yamltext.Entries(node)
		if !ok {
			return nil, ErrNoPlace
		}
		i := slices.IndexFunc(entries, func(e yamltext.Entry) bool { return yamltext.Text(e.Key) == path[0] })
		if i < 0 {
			return intoMap(text, node, entries, path, value, comma)
		}
		if yamltext.IsNull(entries[i].Value) {
			return behindKey(text, entries[i].Key, path[1:], value)
		}
		node, path = entries[i].Value, path[1:]
	}
	return nil, ErrHasEntry
}

// intoMap adds path[0] to a map that lacks it.
func intoMap(text []byte, node ast.Node, entries []yamltext.Entry, path []string, value json.RawMessage, comma string) ([]byte, error) {
	if m, ok := node.(*ast.MappingNode); ok && m.IsFlowStyle {
		if m.End == nil || m.End.Position == nil {
			return nil, ErrNoPlace
		}
		at := offset(text, m.End.Position.Line, m.End.Position.Column)
		if at >= len(text) || text[at] != '}' {
			return nil, ErrNoPlace
		}
		if len(entries) == 0 {
			comma = ""
		} else if lead := bytes.TrimRight(text[:at], " \r\n"); !bytes.Contains(lead[bytes.LastIndexByte(lead, '\n')+1:], []byte(" #")) {
			at = len(lead) // what is behind the last entry stays there, unless that is a comment
		}
		return spliced(text, at, comma+flowEntry(path, value)), nil
	}
	if len(entries) == 0 {
		return nil, ErrNoPlace
	}
	first, last := yamltext.PlaceOf(entries[0].Key), yamltext.PlaceOf(entries[len(entries)-1].Key)
	indent := strings.Repeat(" ", first.Column-1)
	at := offset(text, endOf(text, last.Line, first.Column-1)+1, 1)
	block := blockEntry(indent, path, value)
	if at > 0 && text[at-1] != '\n' {
		block = "\n" + block
	}
	if path[0] == "tables" {
		block = "\n" + block
	}
	if bytes.Contains(text, []byte("\r\n")) {
		block = strings.ReplaceAll(block, "\n", "\r\n")
	}
	return spliced(text, at, block), nil
}

// behindKey writes what belongs to a key that has nothing behind it.
func behindKey(text []byte, key ast.Node, path []string, value json.RawMessage) ([]byte, error) {
	p := yamltext.PlaceOf(key)
	width := p.Width
	if yamltext.IsQuoted(key) {
		width += 2
	}
	at := offset(text, p.Line, p.Column+width)
	colon := bytes.IndexByte(text[min(at, len(text)):], ':')
	if colon < 0 {
		return nil, ErrNoPlace
	}
	at += colon + 1
	if rest := bytes.TrimLeft(text[at:], " "); bytes.HasPrefix(rest, []byte("null")) || bytes.HasPrefix(rest, []byte("~")) {
		return nil, ErrNoPlace
	}
	if len(path) > 0 {
		return spliced(text, at, " {"+flowEntry(path, value)+"}"), nil
	}
	return spliced(text, at, " "+flowValue(value)), nil
}

// endOf returns the last line of an entry of a block map: what follows is not indented deeper than its key.
func endOf(text []byte, line, indent int) int {
	lines := strings.Split(string(text), "\n")
	end := line
	for i := line; i < len(lines); i++ { // the line behind it
		trimmed := strings.TrimLeft(lines[i], " ")
		switch {
		case strings.TrimSpace(trimmed) == "":
		case len(lines[i])-len(trimmed) > indent, trimmed[0] == '#' && len(lines[i])-len(trimmed) == indent && indent > 0:
			end = i + 1
		default:
			return end
		}
	}
	return end
}

// offset returns where a place is in the text; behind its end where there is no such line.
func offset(text []byte, line, column int) int {
	at := 0
	for ; line > 1; line-- {
		i := bytes.IndexByte(text[at:], '\n')
		if i < 0 {
			return len(text)
		}
		at += i + 1
	}
	if at == 0 && bytes.HasPrefix(text, []byte("\ufeff")) {
		at = len("\ufeff")
	}
	for ; column > 1 && at < len(text); column-- {
		_, size := utf8.DecodeRune(text[at:])
		at += size
	}
	return at
}

func spliced(text []byte, at int, more string) []byte {
	return slices.Concat(text[:at], []byte(more), text[at:])
}

// blockEntry writes an entry on lines of its own.
func blockEntry(indent string, path []string, value json.RawMessage) string {
	line := indent + scalarText(path[0]) + ":"
	if len(path) > 1 {
		return line + "\n" + blockEntry(indent+"  ", path[1:], value)
	}
	if members := membersOf(value); len(members) > 0 {
		line += "\n"
		for _, m := range members {
			line += blockEntry(indent+"  ", []string{m.key}, m.value)
		}
		return line
	}
	return line + " " + flowValue(value) + "\n"
}

func flowEntry(path []string, value json.RawMessage) string {
	if len(path) == 1 {
		return scalarText(path[0]) + ": " + flowValue(value)
	}
	return scalarText(path[0]) + ": {" + flowEntry(path[1:], value) + "}"
}

func flowValue(value json.RawMessage) string {
	if members := membersOf(value); len(members) > 0 {
		var parts []string
		for _, m := range members {
			parts = append(parts, flowEntry([]string{m.key}, m.value))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	var text string
	if json.Unmarshal(value, &text) == nil && !number.MatchString(text) {
		return scalarText(text)
	}
	return string(bytes.TrimSpace(value))
}

type member struct {
	key   string
	value json.RawMessage
}

// membersOf returns the members of a JSON object in their order.
func membersOf(value json.RawMessage) (all []member) {
	dec := json.NewDecoder(bytes.NewReader(value))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil
	}
	for dec.More() {
		t, err := dec.Token()
		key, ok := t.(string)
		var v json.RawMessage
		if err != nil || !ok || dec.Decode(&v) != nil {
			return nil
		}
		all = append(all, member{key, v})
	}
	return all
}

var (
	plainWord = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_./-]*$`)
	number    = regexp.MustCompile(`^[-+.]?[0-9]`)
)

// scalarText writes a text as YAML: plain where that is one text to every reader.
func scalarText(s string) string {
	word := !slices.Contains([]string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}, strings.ToLower(s))
	if plainWord.MatchString(s) && word {
		return s
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string always encodes; what JSON writes in quotes, YAML reads
	return strings.TrimSpace(b.String())
}
