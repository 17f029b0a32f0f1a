package project

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"slices"

	"github.com/tidwall/gjson"
)

// Table is a lookup table as the rules of a flow see it.
type Table struct {
	Name string
	// Own is true where the flow's file has it; else it is that of its mappings.
	Own bool
	// JSON is the table as a JSON object.
	JSON []byte
}

// Row is an entry of a table: keys for each level, and a JSON value.
type Row struct {
	Keys  []string
	Value []byte
}

// Rows returns the entries of a table in their order, those of tables within it one by one.
func (t Table) Rows() []Row { return rows(nil, nil, gjson.ParseBytes(t.JSON)) }

func rows(all []Row, keys []string, v gjson.Result) []Row {
	if !v.IsObject() || len(keys) > 0 && v.Raw == "{}" {
		return append(all, Row{keys, []byte(v.Raw)})
	}
	v.ForEach(func(key, entry gjson.Result) bool {
		all = rows(all, append(slices.Clip(keys), key.String()), entry)
		return true
	})
	return all
}

// Has tells whether the table has an entry for keys.
func (t Table) Has(keys []string) bool {
	v := gjson.ParseBytes(t.JSON)
	for _, key := range keys {
		next := gjson.Result{}
		v.ForEach(func(k, entry gjson.Result) bool {
			if k.String() == key {
				next = entry
			}
			return !next.Exists()
		})
		v = next
	}
	return v.Exists()
}

// Tables returns the tables of a flow: those of the mappings that it uses, in whose place those of its file stand. The error is that of [Project.Assemble].
func (p *Project) Tables(f Flow, library fs.FS) ([]Table, error) {
	flow, err := p.Assemble(f, library)
	if err != nil {
		return nil, err
	}
	var all []Table
	put := func(t Table) {
		i := slices.IndexFunc(all, func(o Table) bool { return o.Name == t.Name })
		switch {
		case i < 0:
			all = append(all, t)
		case t.Own, bytes.Equal(all[i].JSON, []byte("{}")):
			all[i] = t
		}
	}
	each := func(tables []byte, own bool) {
		gjson.ParseBytes(tables).ForEach(func(name, table gjson.Result) bool {
			if table.IsObject() {
				put(Table{name.String(), own, []byte(table.Raw)})
			}
			return true
		})
	}
	for _, m := range []any{flow.Mappings.Read, flow.Mappings.Write, flow.Mappings.CustomerWrite, flow.Mappings.ProductWrite} {
		if declares, ok := m.(interface{ Tables() []byte }); ok {
			each(declares.Tables(), false)
		}
	}
	each(f.Tables, true)
	return all, nil
}

// EntryFor is the entry that puts a value at keys of one of the tables, for [AddEntry].
func EntryFor(tables []Table, name string, keys []string, value json.RawMessage) Entry {
	e := Entry{Table: name, Keys: keys, Value: value}
	for _, t := range tables {
		if t.Name == name && !t.Own {
			e.Base = t.JSON
		}
	}
	return e
}
