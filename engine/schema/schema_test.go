package schema_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/rogpeppe/go-internal/txtar"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/schema"
)

// known are the words that the tests' schemas are told.
var known = schema.Known{
	Systems: []string{"ccvsalespos", "ccvshop", "eaccounting", "ecwid", "magento", "shopware"},
	Settings: map[string][]schema.Setting{
		"order": {{Name: "missingProduct", Type: "string", Help: "What to do.", Choices: []string{"fail", "create"}}, {Name: "customerMatch", Type: "list", Choices: []string{"link", "email"}}},
		"stock": {{Name: "maxZeroed", Type: "number"}, {Name: "update", Type: "boolean"}, {Name: "defaults", Type: "object"}, {Name: "quantity", Type: "string"}},
	},
}

func compiled(t *testing.T, kind schema.Kind) *jsonschema.Schema {
	t.Helper()
	text, err := schema.JSON(kind, known)
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	name := string(kind) + ".schema.json"
	if err := c.AddResource(name, document); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// instance returns a YAML text as an editor sees it: keys are text, whatever they look like.
func instance(text string) (any, error) {
	file, err := parser.ParseBytes([]byte(text), 0)
	if err != nil || len(file.Docs) == 0 || file.Docs[0].Body == nil {
		return nil, err
	}
	return plain(file.Docs[0].Body), nil
}

func plain(n ast.Node) any {
	switch n := n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		out := map[string]any{}
		for it := n.(ast.MapNode).MapRange(); it.Next(); {
			key := it.KeyValue().Key
			name := key.GetToken().Value
			if s, ok := key.(*ast.StringNode); ok {
				name = s.Value
			}
			out[name] = plain(it.KeyValue().Value)
		}
		return out
	case *ast.SequenceNode:
		out := []any{}
		for _, v := range n.Values {
			out = append(out, plain(v))
		}
		return out
	case *ast.IntegerNode, *ast.FloatNode:
		return json.Number(n.GetToken().Value)
	case *ast.BoolNode:
		return n.Value
	case *ast.NullNode:
		return nil
	case *ast.LiteralNode:
		return n.Value.Value
	case *ast.StringNode:
		return n.Value
	}
	return fmt.Sprintf("%T", n)
}

// kindOf tells the kind of a file of the repository by its name and its keys; ok is false for a file that is none of ours.
func kindOf(path string, v any) (kind schema.Kind, ok bool) {
	keys, _ := v.(map[string]any)
	has := func(key string) bool { _, ok := keys[key]; return ok }
	switch {
	case filepath.Base(path) == "crosswalk.yaml":
		return schema.Project, true
	case strings.HasSuffix(path, ".test.yaml"):
		return schema.Test, true
	case has("rules") || has("extends"):
		return schema.Mapping, true
	case has("entity"):
		return schema.Flow, true
	}
	return "", false
}

// TestRepositoryFits holds every file of the repository against the schema of its kind.
func TestRepositoryFits(t *testing.T) {
	schemas, seen := map[schema.Kind]*jsonschema.Schema{}, map[schema.Kind]int{}
	for _, kind := range schema.Kinds() {
		schemas[kind] = compiled(t, kind)
	}
	err := filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && entry.Name() == "node_modules" {
			return filepath.SkipDir // other people's files
		}
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == "testdata" || entry.Name() == "node_modules") {
			return fs.SkipDir
		}
		if entry.IsDir() || filepath.Ext(path) != ".yaml" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		v, err := instance(string(text))
		if err != nil {
			return err
		}
		kind, ok := kindOf(path, v)
		if !ok {
			return nil
		}
		seen[kind]++
		if err := schemas[kind].Validate(v); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range schema.Kinds() {
		if seen[kind] == 0 {
			t.Errorf("the repository holds no %s file", kind)
		}
	}
}

// TestGoldenMappings holds the golden bad files of the engine against the schema: those that are wrong in form do
// not fit, and those that are wrong in meaning only, fit.
func TestGoldenMappings(t *testing.T) {
	s := compiled(t, schema.Mapping)
	inForm := []string{"CW1003-kind", "CW1004-key", "CW1004-option", "CW1006-from", "CW1008-value", "CW1009-clash", "CW1027-name"}
	archives, _ := filepath.Glob("../testdata/diagnostics/*.txtar")
	checked := 0
	for _, file := range archives {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		ar, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(ar.Files, func(f txtar.File) bool { return f.Name == "mapping.yaml" })
		if i < 0 || name == "CW1002-yaml" || name == "CW1002-alias" { // no file, no YAML, and what JSON does not know
			continue
		}
		v, err := instance(string(ar.Files[i].Data))
		if err != nil {
			continue
		}
		checked++
		wrong := slices.Contains(inForm, name)
		if err := s.Validate(v); wrong && err == nil {
			t.Errorf("%s fits the schema", name)
		} else if !wrong && err != nil {
			t.Errorf("%s is no error of form: %v", name, err)
		}
	}
	if checked < 30 {
		t.Errorf("checked %d files only", checked)
	}
}

// TestFits holds what may and what may not be written, for what no file of the repository shows.
func TestFits(t *testing.T) {
	const head = "from: any\nto: any\n"
	tests := []struct {
		kind schema.Kind
		text string
		fits bool
	}{
		{schema.Mapping, head + "rules: {a: 21, b: true, c: {expr: 1}, d: null}", true},
		{schema.Mapping, head + "rules: {a: [b]}", false},
		{schema.Mapping, head + "rules: {a: {}}", false},
		{schema.Mapping, head + "rules: {a: {required: true}}", false},
		{schema.Mapping, head + "rules: {a: {when: [{if: b, expr: c}, {value: {d: e}}]}}", true},
		{schema.Mapping, head + "rules: {a: {when: []}}", false},
		{schema.Mapping, head + "rules: {a: {when: [{if: b}]}}", false},
		{schema.Mapping, head + "rules: {a: {lookup: t}}", false},
		{schema.Mapping, head + "rules: {a: {lookup: t, key: [b, c], missing: {value: null}, default: {value: 1}}}", true},
		{schema.Mapping, head + "rules: {a: {expr: b, missing: fail}}", false},
		{schema.Mapping, head + "rules: {a: {expr: b, empty: null}}", true},
		{schema.Mapping, head + "rules: {a: {expr: b, empty: {missing: keep, null: omit, empty: null}}}", true},
		{schema.Mapping, head + "rules: {a: {expr: b, empty: no}}", false},
		{schema.Mapping, head + "rules: {a: {expr: b, round: {digits: 2, mode: half-even}}}", true},
		{schema.Mapping, head + "rules: {a: {expr: b, round: 2.5}}", false},
		{schema.Mapping, head + "settings: {a: {default: 1}}", false},
		{schema.Mapping, head + "tables: {a: b}", false},
		{schema.Mapping, "extends: a\nscripts: b.ts", true},
		{schema.Mapping, "from: any", false},
		{schema.Test, "mapping: a.yaml\ncases: [{name: a, input: [], fails: CW2001}]", true},
		{schema.Test, "mapping: a.yaml\ncases: []", false},
		{schema.Test, "mapping: a.yaml\ncases: [{name: a, input: {}}]", false},
		{schema.Test, "mapping: a.yaml\ncases: [{name: a, input: {}, fails: [CW2001], expect: {}}]", false},
		{schema.Test, "mapping: a.yaml\ncases: [{name: a, input: {}, expect: {}, exactly: {}}]", false},
		{schema.Test, "mapping: a.yaml\ncases: [{name: a, inputs: {}, expect: {}}]", false},
		{schema.Test, "cases: [{name: a, input: {}, expect: {}}]", false},
		{schema.Flow, "from: a\nto: b\nentity: order\ntrigger:\nsettings:\nsteps: []", true},
		{schema.Flow, "from: a\nto: b\nentity: order\ntrigger: {every: 5m, webhook: true}\nstart: 2026-01-01\nlimit: 5", true},
		{schema.Flow, "from: a\nto: b\nentity: orders", false},
		{schema.Flow, "from: a\nto: b", false},
		{schema.Flow, "from: a\nto: b\nentity: order\nlimit: -1", false},
		{schema.Flow, "from: a\nto: b\nentity: order\nmappings: {reads: c}", false},
		{schema.Flow, "from: a\nto: b\nentity: order\nsteps: [c]", false},
		{schema.Project, "connections: {a: {system: shopware, credentials: {b: '${C}', d: {file: e}}}}", true},
		{schema.Project, "connections: {a: {system: shopwar}}", false},
		{schema.Project, "connections: {a: {url: b}}", false},
		{schema.Project, "connections: {a: {system: shopware, credentials: {b: {}}}}", false},
		{schema.Project, "connection: {}", false},
		{schema.Project, "connections: {}\nserver:\nalerts: {mail:}", true},
		{schema.Project, "connections: {}\nserver: {listen: '0.0.0.0:80', tls: true, workers: 8, drain: 1m30s, outbound: {loopback: true, schemes: [http]}, auth: {users: [{name: a, role: admin, password: '$argon2id$v=19'}], oidc: {issuer: 'https://a', clientId: b, clientSecret: '${C}', url: 'https://d', roles: {e: admin}}}}", true},
		{schema.Project, "connections: {}\nserver: {port: 80}", false},
		{schema.Project, "connections: {}\nserver: {workers: 65}", false},
		{schema.Project, "connections: {}\nserver: {auth: {users: [{name: a, role: king, password: '$argon2id$'}]}}", false},
		{schema.Project, "connections: {}\nserver: {auth: {users: [{name: a, role: admin}]}}", false},
		{schema.Project, "connections: {}\nserver: {nats: {url: a, password: b}}", false},
		{schema.Project, "connections: {}\nalerts: {mail: {server: 'a:25', from: b, to: [c], port: 25}}", false},
	}
	schemas := map[schema.Kind]*jsonschema.Schema{}
	for _, kind := range schema.Kinds() {
		schemas[kind] = compiled(t, kind)
	}
	for _, test := range tests {
		v, err := instance(test.text)
		if err != nil {
			t.Fatal(err)
		}
		if err := schemas[test.kind].Validate(v); (err == nil) != test.fits {
			t.Errorf("%s\nfits: %v, want %v: %v", test.text, err == nil, test.fits, err)
		}
	}
}

// TestEngineKnowsTheWords holds that each word of the table means something to the engine: a key of which
// the table tells and that no code reads would be a promise without a keeper.
func TestEngineKnowsTheWords(t *testing.T) {
	rule := map[string]string{
		"expr": "r: {expr: a}", "value": "r: {value: a}", "each": "r[]: {each: a, as: b}", "as": "r[]: {each: a, as: b}", "index": "r[]: {each: a, as: b, index: c}",
		"where": "r[]: {each: a, as: b, where: b.c}", "when": "r: {when: [{if: a, expr: b}, {value: c}]}", "lookup": "r: {lookup: t, key: a}", "key": "r: {lookup: t, key: [a]}",
		"missing": "r: {lookup: t, key: a, missing: omit}", "default": "r: {expr: a, default: {value: 1}}", "required": "r: {expr: a, required: true}",
		"write": "r: {expr: a, write: if-empty}", "empty": "r: {expr: a, empty: keep}", "round": "r: {expr: 1, round: {digits: 2, mode: up}}", "note": "r: {expr: a, note: b}",
	}
	var files []string
	for _, name := range schema.RuleOptions.Names() {
		if rule[name] == "" {
			t.Errorf("no example of the option %s", name)
		}
		files = append(files, "rules:\n  "+rule[name])
	}
	for _, w := range schema.WriteWords {
		files = append(files, "rules: {r: {expr: a, write: "+w+"}}")
	}
	for _, w := range schema.EmptyWords {
		for _, key := range schema.EmptyKeys.Names() {
			files = append(files, fmt.Sprintf("rules: {r: {expr: a, empty: {%s: %s}}}", key, w))
		}
	}
	for _, w := range schema.MissingWords {
		files = append(files, "rules: {r: {lookup: t, key: a, missing: "+w+", default: b}}")
	}
	for _, w := range schema.RoundModes {
		files = append(files, "rules: {r: {expr: 1, round: {digits: 2, mode: "+w+"}}}")
	}
	for _, w := range schema.SettingTypes {
		files = append(files, "settings: {s: {type: "+w+", help: h}}\nrules: {}")
	}
	files = append(files, "base: doc\nnote: n\nlet: {a: b}\nrules: {}")
	s := compiled(t, schema.Mapping)
	for _, file := range files {
		text := "from: any\nto: any\n" + file + "\n"
		if !strings.Contains(text, "tables") && strings.Contains(text, "lookup") {
			text += "tables: {t: {}}\n"
		}
		if _, err := engine.Parse("m.yaml", []byte(text)); err != nil {
			t.Errorf("%s\n%v", text, err)
		}
		if v, err := instance(text); err != nil || s.Validate(v) != nil {
			t.Errorf("%s\ndoes not fit: %v, %v", text, err, s.Validate(v))
		}
	}
	for _, keys := range []schema.Keys{schema.MappingKeys, schema.RuleOptions, schema.TestKeys, schema.TestCaseKeys, schema.FlowKeys, schema.ProjectKeys, schema.ConnectionKeys} {
		for _, k := range keys {
			if keys.Doc(k.Name) == "" {
				t.Errorf("nothing is said of %s", k.Name)
			}
		}
	}
}

// TestFlowSettings shows that the schema of flows knows the settings of each entity, and lets those of mappings pass.
func TestFlowSettings(t *testing.T) {
	s := compiled(t, schema.Flow)
	for settings, want := range map[string]bool{
		"entity: order\nsettings: {missingProduct: create, customerMatch: [email, link]}": true,
		"entity: order\nsettings: {missingProduct: drop}":                                 false,
		"entity: order\nsettings: {customerMatch: [name]}":                                false,
		"entity: order\nsettings: {customerMatch: []}":                                    false,
		"entity: order\nsettings: {maxZeroed: many, timeZone: Europe/Berlin}":             true,
		"entity: stock\nsettings: {maxZeroed: 12.5, update: false, defaults: {a: 1}}":     true,
		"entity: stock\nsettings: {maxZeroed: many}":                                      false,
		"entity: stock\nsettings: {update: maybe}":                                        false,
		"entity: stock\nsettings: {quantity: 7, maxZeroed: null}":                         true,
		"entity: product\nsettings: {update: maybe}":                                      true,
		"entity: stock\nsettings: ":                                                       true,
	} {
		v, err := instance("from: a\nto: b\n" + settings)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(v); (err == nil) != want {
			t.Errorf("%s: %v", settings, err)
		}
	}
}

func TestJSONOfUnknownKind(t *testing.T) {
	if _, err := schema.JSON("flows", schema.Known{}); err == nil || errors.Unwrap(err) != nil {
		t.Errorf("got %v", err)
	}
}
