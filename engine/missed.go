package engine

import (
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/engine/internal/function"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// Missed is a key that was looked for in a table and has no entry there.
type Missed struct {
	Table string `json:"table"`
	// Keys are one for each level: ["NL", "21"] for a table within a table.
	Keys []string `json:"keys"`
}

// missing tells who listens, if somebody does, that a table has no entry for these keys. A key that is no key, or
// that is empty, is none that anybody could add.
func (f *frame) missing(table string, keys []string) {
	if f.missed == nil || len(keys) == 0 || slices.Contains(keys, "") {
		return
	}
	m := Missed{Table: table}
	for _, k := range keys {
		m.Keys = append(m.Keys, strings.Clone(k)) // it may lie in the document
	}
	f.missed(m)
}

// noEntry tells of keys that computed to no entry of a table. What it costs is not the document's.
func (f *frame) noEntry(table string, keys []code) {
	if f.missed == nil {
		return
	}
	spent := f.limits
	defer func() { f.limits = spent }()
	var texts []string
	found := f.tables.Member(table)
	for _, key := range keys {
		k, err := key(f)
		if err != nil || k.IsNil() {
			return
		}
		parts := []value.Value{k}
		if k.Kind() == value.List { // lookup(table, ["NL", 21])
			parts = k.AppendItems(nil)
		}
		for _, part := range parts {
			text, ok := function.KeyText(part)
			if !ok {
				return
			}
			texts = append(texts, text)
			if found.Kind() == value.Object {
				found = found.Member(text)
			} else {
				found = value.Value{}
			}
		}
	}
	if found.Kind() == value.Missing {
		f.missing(table, texts)
	}
}

// tableRead is what an operand reads of the tables: a table, or what stands in it under keys.
type tableRead struct {
	table string // "" for all tables
	keys  []operand
}

// entry is what is read where a key of a table, or of a table within it, is looked up; nil for anything else.
func (t *tableRead) entry(key operand) *tableRead {
	if t == nil || t.table == "" {
		return nil
	}
	return &tableRead{t.table, append(slices.Clone(t.keys), key)}
}

// listening makes code that reads an entry of a table tell where there is none. A key that stands in the rule is none that a
// document brought.
func (t *tableRead) listening(run code) code {
	if t == nil || len(t.keys) == 0 || t.keys[len(t.keys)-1].konst != nil {
		return run
	}
	keys := make([]code, len(t.keys))
	for i, k := range t.keys {
		keys[i] = k.run
	}
	return func(f *frame) (value.Value, error) {
		v, err := run(f)
		if f.missed != nil {
			f.noEntry(t.table, keys)
		}
		return v, err
	}
}
