package engine_test

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/goccy/go-yaml/parser"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/crosswalk-go/crosswalk/engine"
)

// TestFixesOfDiagnostics holds for each golden diagnostic of a mapping file: with its fix written, the file compiles, or
// has a problem less.
func TestFixesOfDiagnostics(t *testing.T) {
	archives, _ := filepath.Glob("testdata/diagnostics/*.txtar")
	fixes := 0
	for _, file := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			ar, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			files, opts := filesOf(ar)
			before := problems(t, opts)
			for _, d := range before {
				if d.Fix == nil {
					continue
				}
				fixes++
				text := files[d.Fix.Pos.File].Data
				fixed, applied := engine.ApplyFixes(d.Fix.Pos.File, text, engine.Diagnostics{d})
				if len(applied) != 1 {
					t.Errorf("%s: the fix was not written", d.Error())
					continue
				}
				files[d.Fix.Pos.File].Data = fixed
				after := problems(t, opts)
				if hidesMore(d.Code) { // behind a text that could not be read, more can come to light: this problem is gone
					after = slices.DeleteFunc(after, func(a engine.Diagnostic) bool { return a.Pos.Line == d.Pos.Line && !hidesMore(a.Code) })
				}
				if len(after) >= len(before) {
					t.Errorf("%q does not help: there were\n%s\nnow there are\n%s\nin\n%s", d.Fix.Title, before.Render(), after.Render(), fixed)
				}
				files[d.Fix.Pos.File].Data = text
			}
		})
	}
	if fixes < 15 {
		t.Errorf("%d fixes only", fixes)
	}
}

// hidesMore tells whether a problem of this code keeps the rest of its text from being checked.
func hidesMore(code string) bool { return code == "CW1002" || code == "CW1010" }

func filesOf(ar *txtar.Archive) (fstest.MapFS, []engine.Option) {
	files, library := fstest.MapFS{}, fstest.MapFS{}
	for _, f := range ar.Files {
		if name, ok := strings.CutPrefix(f.Name, "lib/"); ok {
			library[name] = &fstest.MapFile{Data: f.Data}
		} else {
			files[f.Name] = &fstest.MapFile{Data: f.Data}
		}
	}
	opts := []engine.Option{engine.Files(files)}
	if len(library) > 0 {
		opts = append(opts, engine.Library(library))
	}
	return files, opts
}

func problems(t *testing.T, opts []engine.Option) engine.Diagnostics {
	t.Helper()
	m, err := engine.Load("mapping.yaml", opts...)
	var found engine.Diagnostics
	if err == nil {
		found = m.Warnings()
	} else if !errors.As(err, &found) {
		t.Fatal(err)
	}
	return slices.DeleteFunc(slices.Clone(found), func(d engine.Diagnostic) bool {
		// Once an error is gone, what was hidden behind it may deserve a warning.
		return d.Severity == engine.Warning && d.Fix == nil
	})
}

var fixLibrary = fstest.MapFS{
	"shop/order.schema.json": {Data: []byte(`{"type":"object","properties":{"orderNumber":{"type":"string"},"total":{"type":"number"},"a1":{"type":"string"},"a2":{"type":"string"},
		"state":{"enum":["open","in_progress","part-paid"]},"odd name":{"type":"string"},"lines":{"type":"array","items":{"type":"object","properties":{"sku":{"type":"string"}}}}}}`)},
	"canonical/order.schema.json": {Data: []byte(`{"type":"object","additionalProperties":false,"properties":{"number":{"type":"string"},"paid":{"type":"boolean"},"note":{"type":"string"},"tags":{"type":"array","items":{"type":"string"}}}}`)},
	"shop/order.read.yaml":        {Data: []byte("from: shop.order\nto: order\nrules: {number: orderNumber}\n")},
}

// TestApplyFixes writes the fixes of a rule, or of a whole file where the text has lines, until there are none.
func TestApplyFixes(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"a function's name", "number: lowr(orderNumber)", "number: lower(orderNumber)"},
		{"a method", "number: orderNumber.lower()", "number: lower(orderNumber)"},
		{"a method with arguments, in quotes", `number: 'orderNumber.replace("a", "b")'`, `number: 'replace(orderNumber, "a", "b")'`},
		{"a method with arguments, where a comma may end the text", `number: {expr: orderNumber.truncate(5)}`, `number: {expr: orderNumber.truncate(5)}`},
		{"a method behind more than a path", "number: (orderNumber ?? a1).lower()", "number: (orderNumber ?? a1).lower()"},
		{"methods one after the other", "number: orderNumber.trim() + a1.lower()", "number: trim(orderNumber) + lower(a1)"},
		{"one sign", `paid: orderNumber = "x"`, `paid: orderNumber == "x"`},
		{"three signs", `paid: orderNumber === "x"`, `paid: orderNumber == "x"`},
		{"a colon", "number: total > 1 ? a1 : a2", "number: 'total > 1 ? a1 : a2'"},
		{"a colon and a comment", "number: total > 1 ? a1 : a2 # why", "number: 'total > 1 ? a1 : a2' # why"},
		{"a colon and quotes", `number: total > 1 ? 'it' : a2`, `number: 'total > 1 ? ''it'' : a2'`},
		{"a colon in a note", "number: {expr: orderNumber}\nnote: mind: this", "number: {expr: orderNumber}\nnote: 'mind: this'"},
		{"a comment that is none", "paid: any(lines, # != nil)", "paid: 'any(lines, # != nil)'"},
		{"a comment", "number: orderNumber + # more", "number: orderNumber + # more"},
		{"a comma", `number: {expr: truncate(orderNumber, 5), required: true}`, `number: {expr: 'truncate(orderNumber, 5)', required: true}`},
		{"commas", `number: {required: true, expr: string(max(round(total, 2), 5))}`, `number: {required: true, expr: 'string(max(round(total, 2), 5))'}`},
		{"a list", `tags: [orderNumber, a1 ?? "x"]`, `tags: '[orderNumber, a1 ?? "x"]'`},
		{"a list that is no expression", `tags: [orderNumber, a1 b]`, `tags: [orderNumber, a1 b]`},
		{"a number compared with text", `paid: total == "19.10"`, `paid: total == 19.10`},
		{"a number compared with a word", `paid: total == "x"`, `paid: total == "x"`},
		{"a text compared with a number", `paid: 'orderNumber != 5'`, `paid: 'orderNumber != "5"'`},
		{"in double quotes", `paid: "orderNumber != 5"`, `paid: "orderNumber != '5'"`},
		{"an order of kinds", `paid: total > "5"`, `paid: total > 5`},
		{"a word that the field never holds", `paid: state == "in_progres"`, `paid: state == "in_progress"`},
		{"in escapes", `paid: "state == \"part_paid\""`, `paid: "state == 'part-paid'"`},
		{"a text as an expression", `number: "EUR"`, `number: {value: "EUR"}`},
		{"a text in an option", `number: {expr: "EUR"}`, `number: {expr: "EUR"}`},
		{"a number where a text must be", "number: total + 1", "number: string(total + 1)"},
		{"a number literal where a text must be", "number: {value: 5}", "number: {value: 5}"},
		{"brackets at what is no list", "number[]: {each: lines, as: l}", "number: {each: lines, as: l}"},
		{"two names that are as near", "number: a3", "number: a3"},
		{"a name that needs more than letters", "number: doc.odd_name", "number: doc.odd_name"},
		{"an option's word", "number: {expr: orderNumber, write: creat}", "number: {expr: orderNumber, write: create}"},
		{"characters, not bytes", `number: (a1 ?? "ünï☃") + lowr(a2)`, `number: (a1 ?? "ünï☃") + lower(a2)`},
		{"a name behind brackets", `number: lines[0]["skuu"]`, `number: lines[0]["sku"]`},
		{"several lines", "number: |\n    lowr(\n      ordernumber)", "number: |\n    lower(\n      orderNumber)"},
		{"line breaks of another system", "number: lowr(a1)\r\n  note: lowr(a2)\r", "number: lower(a1)\r\n  note: lower(a2)\r"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			const head = "from: shop.order\nto: order\nrules:\n  "
			got := strings.TrimSuffix(strings.TrimPrefix(fixAll(t, head+test.in+"\n"), head), "\n")
			if got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
	t.Run("a file", func(t *testing.T) {
		in := "extend: shop/ordr.read\nrule:\n  numbr: null\n"
		if got, want := fixAll(t, in), "extends: shop/order.read\nrules:\n  number: null\n"; got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	})
}

func fixAll(t *testing.T, text string) string {
	t.Helper()
	for range 10 {
		_, err := engine.Parse("mapping.yaml", []byte(text), engine.Library(fixLibrary))
		var found engine.Diagnostics
		if err == nil || !errors.As(err, &found) {
			return text
		}
		fixed, applied := engine.ApplyFixes("mapping.yaml", []byte(text), found)
		if len(applied) == 0 {
			return text
		}
		text = string(fixed)
	}
	t.Error("the fixes never end")
	return text
}

// TestApplyFixesThatMeet holds what is written where fixes get in each other's way.
func TestApplyFixesThatMeet(t *testing.T) {
	at := func(file string, from, to int, text string) engine.Diagnostic {
		place := func(column int) engine.Position { return engine.Position{File: file, Line: 1, Column: column} }
		return engine.Diagnostic{Fix: &engine.Fix{Pos: place(from), End: place(to), NewText: text}}
	}
	tests := []struct {
		name  string
		fixes engine.Diagnostics
		want  string
	}{
		{"the same twice", engine.Diagnostics{at("f", 1, 3, "x"), at("f", 1, 3, "x")}, "xcdef"},
		{"two for one place", engine.Diagnostics{at("f", 1, 3, "x"), at("f", 1, 3, "y")}, "abcdef"},
		{"two that overlap, one that does not", engine.Diagnostics{at("f", 1, 3, "x"), at("f", 2, 4, "y"), at("f", 6, 7, "z")}, "abcdez"},
		{"two that touch", engine.Diagnostics{at("f", 1, 3, "x"), at("f", 3, 4, "y")}, "abcdef"},
		{"another file", engine.Diagnostics{at("g", 1, 3, "x")}, "abcdef"},
		{"outside the text", engine.Diagnostics{at("f", 6, 9, "x")}, "abcdef"},
		{"no YAML afterwards", engine.Diagnostics{at("f", 1, 2, "[")}, "abcdef"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got, _ := engine.ApplyFixes("f", []byte("abcdef"), test.fixes); string(got) != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// FuzzApplyFixes holds for any text: fixing ends, and leaves YAML readable where it was.
func FuzzApplyFixes(f *testing.F) {
	for _, rule := range []string{
		"number: lowr(orderNumber)", "number: orderNumber.lower()", `paid: orderNumber === "x"`, "number: total > 1 ? a1 : a2 # why", "paid: any(lines, # != nil)",
		`number: {expr: truncate(orderNumber, 5), required: true}`, `tags: [orderNumber, a1 ?? "x"]`, `paid: "state == \"part_paid\""`, `number: "EUR"`, "number: total + 1", "number[]: {each: lines, as: l}",
	} {
		f.Add("from: shop.order\nto: order\nrules:\n  " + rule + "\n")
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 2000 {
			return
		}
		for range 5 {
			_, err := engine.Parse("mapping.yaml", []byte(text), engine.Library(fixLibrary))
			var found engine.Diagnostics
			if !errors.As(err, &found) {
				return
			}
			fixed, applied := engine.ApplyFixes("mapping.yaml", []byte(text), found)
			if len(applied) == 0 {
				if string(fixed) != text {
					t.Fatalf("no fix was written, and the text changed:\n%q\n%q", text, fixed)
				}
				return
			}
			if _, err := parser.ParseBytes([]byte(text), 0); err == nil {
				if _, err := parser.ParseBytes(fixed, 0); err != nil {
					t.Fatalf("%q became %q, which YAML cannot read: %v", text, fixed, err)
				}
			}
			text = string(fixed)
		}
	})
}
