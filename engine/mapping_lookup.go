package engine

import (
	"fmt"

	"github.com/crosswalk-go/crosswalk/engine/internal/function"
	"github.com/crosswalk-go/crosswalk/engine/internal/shape"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// lookup compiles an entry of a table. The table is the flow's where it sets one of that name.
func (c *mappingCompiler) lookup(r *ruleDecl) operand {
	name := r.lookup.text
	table := c.names.tables.Prop(name)
	if table == nil {
		d := c.at(r.lookup, 0, whole(r.lookup), codeTable, fmt.Sprintf("unknown table %q", name), "")
		d.suggestText(name, c.names.tables.Names(), fmt.Sprintf("declare it: `tables: {%s: {}}`; a flow may fill it", name))
	}
	keys, keyMayBeNil := make([]code, len(r.keys)), false
	var word wordCode // of the only key
	for i, k := range r.keys {
		o := c.expression(k)
		keys[i], word = o.run, o.wordy()
		keyMayBeNil = keyMayBeNil || o.shape.Kinds&value.Nil != 0
		if ks := o.shape.Kinds &^ value.Nil; ks != 0 && ks&value.Scalars == 0 {
			c.at(k, 0, whole(k), codeOperands, fmt.Sprintf("a key is text or a number, this is %s", article(ks.String())), "")
		}
	}
	var absent value.Value
	if r.missing == missingValue {
		absent = value.Raw(r.missingV)
	}
	fail := r.missing == missingFail || r.missing == missingUnsaid
	entries := c.index(name)
	run := func(f *frame) (value.Value, error) {
		if f.ownTables && len(keys) == 1 {
			k, err := keys[0](f)
			if err != nil || k.IsNil() {
				return value.Value{}, err
			}
			if text, ok := function.KeyText(k); ok {
				if v, ok := entries[text]; ok {
					return v, nil
				}
			}
		}
		v, at := f.tables.Member(name), name
		for i, key := range keys {
			k, err := key(f)
			if err != nil || k.IsNil() {
				return value.Value{}, err
			}
			text, ok := function.KeyText(k)
			if !ok {
				return value.Value{}, &fault{text: r.keys[i], to: whole(r.keys[i]), code: codeKinds, msg: fmt.Sprintf("a key is text or a number, this is %s", article(k.Kind().String()))}
			}
			if v, err = f.entry(v, at, text); err != nil {
				return value.Value{}, asFault(err, r.keys[i], 0, whole(r.keys[i]))
			}
			if i < len(keys)-1 {
				at += "\x00" + text
			}
		}
		if v.Kind() != value.Missing {
			return v, nil
		}
		if f.missed != nil {
			f.noEntry(name, keys)
		}
		if fail {
			return value.Value{}, &fault{text: r.keys[len(r.keys)-1], to: whole(r.keys[len(r.keys)-1]), code: codeNoEntry,
				msg: fmt.Sprintf("the table %s has no entry for this key", name), help: fmt.Sprintf("add the key to tables.%s, or set `missing:` to omit, default or {value: ...}", name)}
		}
		return absent, nil
	}
	s := shape.Any
	if len(keys) == 1 {
		s = c.entries(name)
	}
	switch r.missing {
	case missingOmit, missingDefault:
		s = s.With(value.Of(value.Missing))
	case missingValue:
		s = shape.Union(s, literalShape(absent))
	}
	if keyMayBeNil {
		s = s.With(value.Of(value.Missing))
	}
	o := operand{run: run, shape: s}
	if len(keys) == 1 && word != nil {
		o.quick = quickLookup(entries, word, absent)
	}
	return o
}

// tableIndex holds the entries of a table in which one document looks often.
type tableIndex struct {
	looks   int
	entries map[string]value.Value
}

// Tables of at least largeTable bytes are read once into an index when a document looks into them more than fewLooks times.
const (
	largeTable = 1 << 10
	fewLooks   = 2
)

// entry returns the entry of a table, missing where there is none. at names the table: what a document's lookups cost grows with
// their number and with the table, and not with both together.
func (f *frame) entry(table value.Value, at, key string) (value.Value, error) {
	weight := table.Weight()
	switch {
	case table.Kind() != value.Object:
		return value.Value{}, nil
	case weight < largeTable:
		return table.Member(key), f.budget.Step(1)
	}
	index := f.indexes[at]
	if index.looks++; index.looks <= fewLooks {
		if f.indexes == nil {
			f.indexes = map[string]tableIndex{}
		}
		f.indexes[at] = index
		return table.Member(key), f.budget.Step(1 + int(weight>>6))
	}
	if index.entries == nil {
		if err := f.budget.Bytes(4 * weight); err != nil {
			return value.Value{}, err
		}
		fields := table.Fields()
		index.entries = make(map[string]value.Value, len(fields))
		for _, field := range fields {
			index.entries[field.Key] = field.Value
		}
		f.indexes[at] = index
	}
	return index.entries[key], f.budget.Step(1)
}

// quickLookup finds the entries that are plain texts. absent is the value of a key that has no entry, missing where
// such a key is for the thorough way.
func quickLookup(entries map[string]value.Value, key wordCode, absent value.Value) quick {
	words := make(map[string]string, len(entries))
	for k, v := range entries {
		if s, ok := plainText(v); ok {
			words[k] = s
		}
	}
	other, otherwise := "", value.Unsure
	if s, ok := plainText(absent); ok {
		other, otherwise = s, value.Found
	}
	return quick{word: func(f *frame) (string, value.Sight) {
		if !f.ownTables {
			return "", value.Unsure
		}
		k, sight := key(f)
		if sight != value.Found {
			return "", sight
		}
		if s, ok := words[k]; ok {
			return s, value.Found
		}
		if len(words) < len(entries) || f.missed != nil { // it may have another kind of entry, or somebody wants to hear of it
			return "", value.Unsure
		}
		return other, otherwise
	}}
}

// plainText returns a text that needs no escapes in JSON.
func plainText(v value.Value) (s string, ok bool) {
	if v.Kind() != value.String {
		return "", false
	}
	s, sight := value.TextOf(v.Str()).Clean()
	return s, sight == value.Found
}

// index returns the entries of the file's table by key.
func (c *mappingCompiler) index(name string) map[string]value.Value {
	entries := map[string]value.Value{}
	for _, f := range c.m.tables.Member(name).Fields() {
		entries[f.Key] = f.Value
	}
	return entries
}

// entries returns what is known of the values of a table: the file's entries, if it has any.
func (c *mappingCompiler) entries(name string) *shape.Shape {
	var s *shape.Shape
	for _, t := range c.m.tables.Fields() {
		if t.Key != name {
			continue
		}
		for _, f := range t.Value.Fields() {
			s = shape.Union(s, literalShape(f.Value))
		}
	}
	if s == nil {
		return shape.Any
	}
	return s
}
