package engine_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/goccy/go-yaml"

	"github.com/crosswalk-go/crosswalk/engine"
)

// TestWarningsOfTheSuite compares the warnings about the mappings of the conformance suite with the list of
// those that are meant. The suite writes many odd rules that are right: a warning that shows up here most
// likely is one that should not be given.
func TestWarningsOfTheSuite(t *testing.T) {
	files, err := filepath.Glob("testdata/spec/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no conformance suite: %v", err)
	}
	var got strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var cases []specCase
		if err := yaml.Unmarshal(text, &cases); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, c := range cases {
			if c.Name == "" {
				c.Name = c.Expr
			}
			said := map[string]bool{}
			for _, row := range c.rows(t) {
				m, err := row.load()
				if err != nil {
					continue // TestSpec tells whether that is meant
				}
				for _, w := range m.Warnings() {
					line := fmt.Sprintf("%s/%s: %s %s\n", strings.TrimSuffix(filepath.Base(file), ".yaml"), c.Name, w.Code, w.Message)
					if !said[line] {
						said[line] = true
						got.WriteString(line)
					}
				}
			}
		}
	}
	const list = "testdata/spec-warnings.txt"
	if *update {
		if err := os.WriteFile(list, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("the suite's mappings get the warnings\n%s\nand %s has\n%s", got.String(), list, want)
	}
}

// TestNoWarning holds what must not be warned about: rules that look like those of testdata/diagnostics and are right.
func TestNoWarning(t *testing.T) {
	library := fstest.MapFS{
		"canonical/order.schema.json": {Data: []byte(`{"type": "object", "properties": {"number": {"type": "string"}, "note": {"type": ["string", "null"]}, "total": {"type": "number"},
			"day": {"type": "string", "format": "date"}, "createdAt": {"type": "string", "format": "date-time"}, "status": {"type": "string", "enum": ["open", "paid"]},
			"lines": {"type": "array", "items": {"type": "object", "properties": {"sku": {"type": "string"}}}}}, "required": ["number", "status"]}`)},
		"books/order.schema.json": {Data: []byte(`{"type": "object", "properties": {"Id": {"type": "string"}, "Text": {"type": ["string", "null"]}, "Amount": {"type": "number", "format": "double"},
			"Address": {"type": "object", "properties": {"City": {"type": "string"}, "Zip": {"type": "string"}}, "required": ["City"]},
			"Rows": {"type": "array", "items": {"type": "object", "properties": {"Article": {"type": "string"}, "Number": {"type": "number"}}, "required": ["Article"]}}},
			"required": ["Id"]}`)},
	}
	for _, c := range []struct{ name, rules string }{
		{"a condition shows that it is there", `Id: 'note == nil ? "-" : note'`},
		{"and so do several", `Id: 'note != nil and total > 1 ? note + string(total) : number'`},
		{"a condition that fails", `Id: 'isEmpty(note) or total == nil ? "-" : note'`},
		{"a case shows it", "Id:\n    when:\n      - {if: note == nil, expr: number}\n      - {expr: note}"},
		{"a required field", "Id: {expr: note, required: true}"},
		{"a default", "Id: {expr: note, default: number}"},
		{"a lookup that fails without an entry", "Id: {lookup: states, key: status}\ntables:\n  states: {open: o, paid: p}"},
		{"an optional field", "Id: number\n  Text: note"},
		{"a whole object that is known to be right", "Id: number\n  Address: '{City: number}'"},
		{"an object of which nothing is known", "Id: number\n  Address: source.address"},
		{"an object and a part of it", "Id: number\n  Address: '{City: number}'\n  Address.Zip: number"},
		{"rules before their list", "Id: number\n  Rows[].Article: {expr: line.sku, required: true}\n  Rows[]: {each: lines, as: line}"},
		{"elements by their number", "Id: number\n  Rows[]: {each: lines, as: line, index: i}\n  Rows[].Article: {value: a}\n  Rows[].Number: i"},
		{"a name that is meant to be unused", "Id: number\n  Rows[]: {each: lines, as: _line}\n  Rows[].Article: {value: a}\nlet:\n  _later: number"},
		{"null is cleared on purpose", "Id: number\n  Text: {expr: note, empty: {missing: null}}"},
		{"cleared where the source says null", "Id: number\n  Text: {expr: note, empty: {null: null}}"},
		{"cleared on create only", "Id: number\n  Text: {expr: note, empty: null, write: create}"},
		{"an empty text that is left out", `Id: number` + "\n" + `  Text: {expr: 'note ?? ""', empty: omit}`},
		{"a rule for create and one for update", "Id: number\n  Address.City: {expr: number, write: create}\n  Address: {expr: '{City: number}', write: update}"},
		{"a date with a zone", `Id: 'formatDate(createdAt, "yyyy", "UTC") + dateIn(createdAt, "UTC")'`},
		{"a date that is no instant", `Id: 'formatDate(day ?? "2026-01-01", "yyyy")'`},
		{"now as an instant", `Id: 'toUnix(now) > toUnix(createdAt) ? number : "-"'`},
		{"whether there is a now", `Id: 'now == nil ? number : "-"'`},
		{"a rounded float", "Id: number\n  Amount: {expr: total, round: 2}"},
		{"words that the field holds", `Id: 'status in ["open", "paid"] ? number : "-"'`},
		{"a part of a doc by another name", "Id: doc.number"},
		{"a let in a let", "Id: b\nlet:\n  a: number\n  b: upper(a)"},
		{"a setting read by its name", "Id: 'settings[number] ?? number'\nsettings:\n  x: {type: string}"},
		{"two elements of one loop", "Id: 'string(any(lines, let l = #; any(lines, .sku == l.sku)))'"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := engine.Parse("mapping.yaml", []byte("from: order\nto: books.order\nrules:\n  "+c.rules+"\n"), engine.Library(library))
			var ds engine.Diagnostics
			if errors.As(err, &ds) {
				t.Fatal(ds.Render())
			}
			if ws := m.Warnings(); len(ws) > 0 {
				t.Error(ws.Render())
			}
		})
	}
}
