package mappingtest_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/crosswalk-go/crosswalk/engine/mappingtest"
)

const mapping = `
from: any
to: any
settings:
  shop: {type: string, default: main}
tables:
  methods: {cash: CASH}
rules:
  number: id
  price: price
  shop: settings.shop
  lines[]: {each: lines, as: line}
  lines[].sku: line.sku
  method: {lookup: methods, key: method, missing: fail}
  total: {expr: price * 2, required: true}
  status: {value: new, write: create}
  link: links.customer.id
  raw: source.id
  at: now
  old: current.number
`

// files is a folder with the mapping above and one test file.
func files(test string) fstest.MapFS {
	return fstest.MapFS{
		"shop/a.yaml":           {Data: []byte(mapping)},
		"shop/a.test.yaml":      {Data: []byte(test)},
		"shop/data/order.json":  {Data: []byte(`{"id": 9007199254740993, "price": 19.10}`)},
		"shop/data/golden.json": {Data: []byte(`{"number": 9007199254740993, "price": 19.1, "shop": "main", "lines": [], "total": 38.2, "status": "new"}`)},
		"shop/data/list.json":   {Data: []byte(`[1]`)},
		"shop/data/broken.json": {Data: []byte(`{"id":`)},
	}
}

func run(t *testing.T, fsys fs.FS, opts mappingtest.Options) mappingtest.Report {
	t.Helper()
	report, err := mappingtest.Run(context.Background(), fsys, opts)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestCasesThatPass(t *testing.T) {
	report := run(t, files(`
mapping: a.yaml
settings: {shop: second}
links: {customer: {id: c1}, other: 1}
source: {id: raw}
now: "2026-01-01T00:00:00Z"
cases:
  - name: fields
    input: {id: a, price: 1.0, lines: [{sku: A}, {sku: B}]}
    expect: {number: a, price: 1, shop: second, lines: [{sku: A}, {sku: B}], link: c1, raw: raw, at: "2026-01-01T00:00:00Z"}
    absent: [old, "lines[2]", "lines[0].price", "nothing.at.all", '["odd.name"]']
  - name: a case overrides the file member by member
    input: {price: 1}
    settings: {shop: third}
    links: {customer: {id: c2}}
    tables: {methods: {bank: BANK}}
    expect: {shop: third, link: c2}
  - name: update
    input: {price: 1}
    write: update
    current: {number: old}
    expect: {old: old}
    absent: status
  - name: failures by code, each counted once
    input: {method: barter}
    fails: [CW2003, CW2002]
  - name: a code by itself
    input: just text
    fails: CW2002
`), mappingtest.Options{})
	if !report.Passed() {
		t.Fatalf("%s", report.Render())
	}
	if passed, failed, problems := report.Count(); passed != 5 || failed != 0 || problems != 0 {
		t.Errorf("counted %d passed, %d failed, %d problems", passed, failed, problems)
	}
}

func TestExactly(t *testing.T) {
	report := run(t, files(`
mapping: a.yaml
cases:
  - {name: from a file, input: {file: data/order.json}, exactly: {file: data/golden.json}}
`), mappingtest.Options{})
	if !report.Passed() {
		t.Fatalf("%s", report.Render())
	}
	report = run(t, files(`
mapping: a.yaml
cases:
  - name: more and less than expected
    input: {id: a, price: 1}
    exactly: {number: a, price: 1, shop: main, total: 2, lines: [{sku: A}], extra: true}
`), mappingtest.Options{})
	var got []string
	for _, d := range report.Files[0].Cases[0].Diffs {
		got = append(got, fmt.Sprintf("%s: %s -> %s (%s)", d.Path, d.Want, d.Got, d.Pos))
	}
	want := []string{
		`lines[0]: {"sku":"A"} ->  (shop/a.test.yaml:6:66)`,
		`extra: true ->  (shop/a.test.yaml:6:84)`,
		`status:  -> "new" ()`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestCasesThatFail(t *testing.T) {
	tests := []struct{ name, body, want string }{
		{"another text", `input: {id: a, price: 1}
    expect: {number: b}`, "shop/a.test.yaml:4:11: x\n  number (line 6)\n    want \"b\"\n    got  \"a\"\n"},
		{"numbers show their text", `input: {id: 1.0, price: 19.10}
    expect: {number: 1, price: 19.11}`, "  price (line 6)\n    want 19.11\n    got  19.10\n"},
		{"large numbers are not rounded", `input: {id: 9007199254740993, price: 1}
    expect: {number: 9007199254740992}`, "    want 9007199254740992\n    got  9007199254740993\n"},
		{"another kind", `input: {id: 1, price: 1}
    expect: {number: "1"}`, "    want \"1\"\n    got  1\n"},
		{"missing", `input: {price: 1}
    expect: {number: 1}`, "    want 1\n    got  nothing\n"},
		{"a list that is too long", `input: {price: 1, lines: [{sku: A}, {sku: B}]}
    expect: {lines: [{sku: A}]}`, "  lines[1]\n    want nothing\n    got  {\"sku\":\"B\"}\n"},
		{"there although it should not be", `input: {id: a, price: 1}
    absent: [number]`, "  number (line 6)\n    want nothing\n    got  \"a\"\n"},
		{"the document fails", `input: {method: barter, price: 1}
    expect: {number: 1}`, "  the document failed with CW2003\n"},
		{"and says why", `input: {method: barter, price: 1}
    expect: {number: 1}`, "a.yaml:14:34: error CW2003: method: the table methods has no entry for this key"},
		{"the document fails otherwise", `input: {method: barter, price: 1}
    fails: [CW2002]`, "  the document failed with CW2003 instead of CW2002\n"},
		{"the document passes", `input: {price: 1}
    fails: [CW2002]`, "  the document passed but should fail with CW2002\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			report := run(t, files("mapping: a.yaml\n# comment\ncases:\n  - name: x\n    "+tt.body+"\n"), mappingtest.Options{})
			if report.Passed() {
				t.Fatal("the case passed")
			}
			if got := report.Render(); !strings.Contains(got, tt.want) {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func TestProblemsOfTestFiles(t *testing.T) {
	oneCase := "mapping: a.yaml\ncases:\n  - "
	tests := []struct{ name, test, want string }{
		{"empty", "", `a.test.yaml:1:1: error CW4005: the file is empty`},
		{"no YAML", "mapping: [", `error CW4002`},
		{"a list", "- a", `CW4003: a test file is a map`},
		{"no mapping", "cases: [{name: a, input: {}, expect: {}}]", "CW4005: the test file names no mapping"},
		{"no cases", "mapping: a.yaml", "CW4005: the test file has no cases"},
		{"cases", "mapping: a.yaml\ncases: {}", "2:8: error CW4003: cases is a list"},
		{"key of the file", "mapping: a.yaml\nmaping: b\ncases: [{name: a, input: {}, expect: {}}]", `2:1: error CW4004: unknown key "maping"`},
		{"key of a case", oneCase + "{name: a, input: {}, expects: {}}", `CW4004: unknown key "expects"`},
		{"no name", oneCase + "{input: {}, expect: {}}", "CW4005: the case has no name"},
		{"no input", oneCase + "{name: a, expect: {}}", "CW4005: the case has no input"},
		{"no expectation", oneCase + "{name: a, input: {}}", "CW4005: the case expects nothing"},
		{"two kinds of expectation", oneCase + "{name: a, input: {}, expect: {}, exactly: {}}", "CW4006: `exactly` is the whole document"},
		{"a failure with fields", oneCase + "{name: a, input: {}, expect: {}, fails: [CW2001]}", "CW4006: a document that fails"},
		{"codes", oneCase + "{name: a, input: {}, fails: {}}", "CW4003: fails is a list of texts"},
		{"no codes", oneCase + "{name: a, input: {}, fails: []}", "CW4003: fails names at least one code"},
		{"a path", oneCase + "{name: a, input: {}, absent: [a..b]}", `CW4003: the path "a..b" cannot be read`},
		{"write", oneCase + "{name: a, input: {}, expect: {}, write: replace}", `CW4003: write cannot be "replace"`},
		{"links", oneCase + "{name: a, input: {}, expect: {}, links: [1]}", "CW4003: links is a map, or {file: name}, not a list"},
		{"now", oneCase + "{name: a, input: {}, expect: {}, now: 2026}", "CW4003: now is a text"},
		{"no such file", oneCase + "{name: a, input: {file: data/none.json}, expect: {}}", "CW4001: shop/data/none.json cannot be read"},
		{"a file that is no JSON", oneCase + "{name: a, input: {file: data/broken.json}, expect: {}}", "CW4007: shop/data/broken.json is no JSON"},
		{"a file with a list", oneCase + "{name: a, input: {file: data/list.json}, expect: {}}", "CW4007: shop/data/list.json holds a list"},
		{"one name twice", "mapping: a.yaml\ncases:\n  - {name: a, input: {}, absent: [b]}\n  - {name: a, input: {}, absent: [b]}", `4:12: error CW4008: two cases are called "a"`},
		{"one key twice", oneCase + "{name: a, input: {b: 1, b: 2}, expect: {}}", "error CW400"},
		{"an anchor", oneCase + "{name: a, input: &x {b: 1}, expect: {}}", "CW4002: this kind of YAML"},
		{"a number that JSON has not", oneCase + "{name: a, input: {b: .inf}, expect: {}}", "CW4002"},
		{"octal", oneCase + "{name: a, input: {b: 0x1F}, expect: {}}", `CW4002: "0x1F" is no number that JSON can hold`},
		{"nested too deep", oneCase + "{name: a, expect: {}, input: " + strings.Repeat("[", 500) + strings.Repeat("]", 500) + "}", "CW4002: nested more than"},
		{"a mapping that is not there", "mapping: b.yaml\ncases: [{name: a, input: {}, expect: {}}]", "error CW1001"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			report := run(t, files(tt.test), mappingtest.Options{})
			if report.Passed() {
				t.Fatal("no problem was found")
			}
			f := report.Files[0]
			if len(f.Cases) != 0 {
				t.Error("cases ran although the file has problems")
			}
			if got := f.Problems.Error(); !strings.Contains(got, tt.want) {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func TestUpdateWritesGoldenFiles(t *testing.T) {
	fsys := files(`
mapping: a.yaml
cases:
  - {name: new, input: {file: data/order.json}, exactly: {file: data/new.json}}
  - {name: inline, input: {id: a, price: 1}, expect: {number: b}}
`)
	written := map[string]string{}
	report := run(t, fsys, mappingtest.Options{Update: func(file string, data []byte) error {
		written[file] = string(data)
		return nil
	}})
	want := "{\n  \"number\": 9007199254740993,\n  \"price\": 19.10,\n  \"shop\": \"main\",\n  \"lines\": [],\n  \"total\": 38.20,\n  \"status\": \"new\"\n}\n"
	if len(written) != 1 || written["shop/data/new.json"] != want {
		t.Errorf("written: %q, want %q", written, want)
	}
	if _, failed, _ := report.Count(); failed != 1 {
		t.Errorf("an inline expectation is compared also when golden files are written: %s", report.Render())
	}
	if _, err := mappingtest.Run(context.Background(), fsys, mappingtest.Options{Update: func(string, []byte) error { return fs.ErrPermission }}); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("got %v, want the error of Update", err)
	}
}

func TestOnlyAndCancel(t *testing.T) {
	fsys := files("mapping: a.yaml\ncases: [{name: a, input: {price: 1}, expect: {price: 2}}]")
	report := run(t, fsys, mappingtest.Options{Only: func(file string) bool { return file != "shop/a.test.yaml" }})
	if len(report.Files) != 0 || !report.Passed() {
		t.Errorf("files that were left out ran: %+v", report)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := mappingtest.Run(ctx, fsys, mappingtest.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func ExampleRun() {
	fsys := fstest.MapFS{
		"price.yaml": {Data: []byte("from: any\nto: any\nrules:\n  total: price * quantity\n")},
		"price.test.yaml": {Data: []byte(`
mapping: price.yaml
cases:
  - name: exact to the last digit
    input: {price: 19.10, quantity: 3}
    expect: {total: 57.30}
  - name: a mistake
    input: {price: 0.1, quantity: 3}
    expect: {total: 0.31}
`)},
	}
	report, err := mappingtest.Run(context.Background(), fsys, mappingtest.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(report.Render())
	// Output:
	// price.test.yaml:7:11: a mistake
	//   total (line 9)
	//     want 0.31
	//     got  0.3
	//       total = 0.3
	//           price.yaml:4:3  total: price * quantity
	//             read price = 0.1
	//             read quantity = 3
}
