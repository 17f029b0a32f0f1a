package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/mappingtest"
	"github.com/crosswalk-go/crosswalk/mappings"
	"github.com/crosswalk-go/crosswalk/scripting"
	"github.com/crosswalk-go/crosswalk/scripting/host"
	"github.com/crosswalk-go/crosswalk/server/project"
)

// TestErrorExamples holds that each example of docs/errors.md gets the code under which it stands, and no other.
func TestErrorExamples(t *testing.T) {
	examples := map[string]map[string]block{} // code -> language -> example
	for _, b := range readBlocks(t, errorsPage) {
		code := b.heading
		if !codeInSource.MatchString(`"` + code + `"`) {
			continue
		}
		if examples[code] == nil {
			examples[code] = map[string]block{}
		}
		if _, twice := examples[code][b.lang]; twice {
			t.Fatalf("%s:%d: %s has a second %s example", errorsPage, b.line, code, b.lang)
		}
		examples[code][b.lang] = b
	}
	if len(examples) < 50 {
		t.Fatalf("found examples of %d codes only", len(examples))
	}
	for code, example := range examples {
		t.Run(code, func(t *testing.T) {
			var got engine.Diagnostics
			switch {
			case strings.HasPrefix(code, "CW3"):
				got = diagnoseProject(t, example["yaml"])
			case strings.HasPrefix(code, "CW4"):
				got = diagnoseTest(t, example["yaml"])
			default:
				got = diagnoseMapping(t, example["yaml"], example["json"], example["ts"])
			}
			if codes := got.Codes(); !slices.Equal(codes, []string{code}) {
				t.Errorf("the example gets %v:\n%s", codes, got.Render())
			}
		})
	}
}

// diagnoseMapping loads a mapping, with its script where there is one, and applies it where there is a document.
func diagnoseMapping(t *testing.T, mapping, document, script block) engine.Diagnostics {
	t.Helper()
	opts := []engine.Option{engine.Library(mappings.FS)}
	if script.text != "" {
		opts = append(opts, engine.Files(fstest.MapFS{"script.ts": {Data: []byte(script.text)}}))
	}
	if script.text != "" || strings.Contains(mapping.text, "nowhere.ts") { // the other example is about a program without a host
		scripts := host.New(scripting.Options{})
		defer scripts.Close()
		opts = append(opts, engine.WithScripts(scripts))
	}
	m, err := engine.Parse("example.yaml", []byte(mapping.text), opts...)
	switch {
	case err != nil:
		return diagnosticsOf(t, err)
	case document.text == "":
		return m.Warnings()
	}
	_, err = m.Apply(t.Context(), []byte(document.text), engine.Input{})
	return diagnosticsOf(t, err)
}

// diagnoseProject reads a project whose crosswalk.yaml or whose flow the example is.
func diagnoseProject(t *testing.T, example block) engine.Diagnostics {
	t.Helper()
	main, flow := example.text, ""
	if _, isFlow := example.attrs["flow"]; isFlow {
		flow = example.text
		main = "connections:\n  webshop: {system: shopware}\n" +
			"  books: {system: eaccounting, credentials: {clientId: '${ID}', clientSecret: '${SECRET}', refreshToken: '${TOKEN}'}}\n"
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "flows"), 0o755); err != nil {
		t.Fatal(err)
	}
	files := map[string]string{"crosswalk.yaml": main}
	if flow != "" {
		files["flows/orders.yaml"] = flow
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	_, err := project.Load(dir, []connectors.System{
		{Spec: connectors.Spec{Name: "shopware", Title: "Shopware"}},
		{Spec: connectors.Spec{Name: "eaccounting", Title: "Visma eAccounting", Credentials: []connectors.Credential{
			{Name: "clientId", Title: "client id", Needed: true},
			{Name: "clientSecret", Title: "client secret", Needed: true, Secret: true},
			{Name: "refreshToken", Title: "refresh token", Needed: true, Secret: true},
		}}},
	})
	return diagnosticsOf(t, err)
}

// diagnoseTest runs a test file beside a mapping.
func diagnoseTest(t *testing.T, example block) engine.Diagnostics {
	t.Helper()
	report, err := mappingtest.Run(t.Context(), fstest.MapFS{
		"order.yaml":      {Data: []byte("from: shopware.order\nto: order\nrules:\n  number: {expr: orderNumber, required: true}\n")},
		"list.json":       {Data: []byte("[]")},
		"order.test.yaml": {Data: []byte(example.text)},
	}, mappingtest.Options{Library: mappings.FS})
	if err != nil {
		t.Fatal(err)
	}
	return report.Files[0].Problems
}

func diagnosticsOf(t *testing.T, err error) engine.Diagnostics {
	t.Helper()
	var found engine.Diagnostics
	if err != nil && !errors.As(err, &found) {
		t.Fatalf("no diagnostics: %v", err)
	}
	return found
}
