package engine

import (
	"slices"
	"strings"

	yaml "github.com/goccy/go-yaml/ast"

	"github.com/expr-lang/expr/ast"

	"github.com/crosswalk-go/crosswalk/engine/internal/function"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// notedMember makes tables.name[key] tell which entry it took.
func (c *compiler) notedMember(n *ast.MemberNode, run code) code {
	base, _ := chainText(n.Node)
	table, ok := strings.CutPrefix(base, "tables.")
	if !ok || strings.ContainsAny(table, ".[") || c.names.tables.Prop(table) == nil {
		return run
	}
	key := c.quietly(func() operand { return c.compile(n.Property) })
	return c.notedEntry(table, []code{key}, run)
}

// notedEntry makes code that reads an entry of a table tell which one.
func (c *compiler) notedEntry(table string, keys []code, run code) code {
	entries := c.tableEntries(table, len(keys))
	return func(f *frame) (value.Value, error) {
		v, err := run(f)
		fired := Fired{Kind: "entry", Table: table, From: "mapping", Text: previewOf(v)}
		if f.trace.flow.Member(table).Kind() != value.Missing {
			fired.From = "flow"
		}
		for _, key := range keys {
			k, keyErr := key(f)
			text, ok := function.KeyText(k)
			if keyErr != nil || !ok || k.IsNil() {
				return v, err
			}
			fired.Keys = append(fired.Keys, strings.Clone(text)) // it may lie in the document
		}
		found := f.tables.Member(table)
		for _, key := range fired.Keys {
			found = found.Member(key)
		}
		if found.Kind() == value.Missing {
			fired.Kind = "no-entry"
		} else if p, ok := entries[strings.Join(fired.Keys, "\x00")]; ok && fired.From == "mapping" {
			f.trace.hit(p)
		}
		f.trace.fire(fired)
		return v, err
	}
}

// tableEntries makes the entries that stand in the file points, each once.
func (c *compiler) tableEntries(table string, depth int) map[string]int {
	if got := c.notes.entries[table]; got != nil {
		return got
	}
	out := map[string]int{}
	for _, t := range c.linked.tables {
		if t.name.text == table {
			rule := c.rule
			c.rule = nil
			c.entriesOf(t, t.node, depth, nil, out)
			c.rule = rule
		}
	}
	if c.notes.entries == nil {
		c.notes.entries = map[string]map[string]int{}
	}
	c.notes.entries[table] = out
	return out
}

func (c *compiler) entriesOf(t tableDecl, n yaml.Node, depth int, keys []string, out map[string]int) {
	m, ok := n.(yaml.MapNode)
	if !ok {
		return
	}
	for it := m.MapRange(); it.Next(); {
		key := newScalar(t.name.file, it.Key())
		path := append(slices.Clone(keys), key.text)
		if _, isMap := it.Value().(yaml.MapNode); isMap && depth > 1 {
			c.entriesOf(t, it.Value(), depth-1, path, out)
			continue
		}
		out[strings.Join(path, "\x00")] = c.point(PointEntry, key.start(), t.name.text+"."+strings.Join(path, "."))
	}
}

// notedNoEntry makes a lookup that allows for keys without an entry tell that it met one.
func (c *mappingCompiler) notedNoEntry(r *ruleDecl, run code) code {
	text := "missing: omit"
	if r.missing == missingValue {
		text = "missing: {value: " + r.missingV + "}"
	}
	p := c.point(PointBranch, r.lookup.start(), text)
	table := r.lookup.text
	keys := make([]code, len(r.keys))
	for i, k := range r.keys {
		keys[i] = c.quietly(func() operand { return c.expression(k) })
	}
	return func(f *frame) (value.Value, error) {
		v, err := run(f)
		found := f.tables.Member(table)
		for _, key := range keys {
			k, keyErr := key(f)
			if keyErr != nil || k.IsNil() {
				return v, err
			}
			text, _ := function.KeyText(k)
			found = found.Member(text)
		}
		if found.Kind() == value.Missing {
			f.trace.hit(p)
		}
		return v, err
	}
}
