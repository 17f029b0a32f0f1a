package types_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/mappings"
	"github.com/crosswalk-go/crosswalk/scripting/types"
)

var update = flag.Bool("update", false, "rewrite testdata")

func builtIn(t *testing.T) types.Project {
	t.Helper()
	var p types.Project
	for _, name := range engine.DocumentTypes(mappings.FS) {
		typ, err := engine.DocumentType(mappings.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		p.Documents = append(p.Documents, types.Document{Name: name, Type: typ})
	}
	p.Flows = []types.Flow{{
		Name: "webshop-orders",
		Settings: []engine.Setting{
			{Name: "orderType", Type: "string", Choices: []string{"order", "invoice"}, Default: []byte(`"order"`), Help: "What an order becomes."},
			{Name: "defaultCustomer", Type: "string"}, {Name: "days", Type: "number"}, {Name: "match", Type: "list", Choices: []string{"link", "email"}},
			{Name: "dry-run", Type: "boolean"}, {Name: "extra", Type: "object"},
		},
		Tables: []byte(`{"taxCodes":{"NL":{"21":"A","9":"B"}},"accounts":{"NL":3001,"world":"3105"},"lists":{"a":[1,"x"],"b":[]}}`),
	}}
	return p
}

func TestDump(t *testing.T) {
	if os.Getenv("DUMP") == "" {
		t.Skip()
	}
	for _, f := range builtIn(t).Files() {
		os.WriteFile(filepath.Join(os.Getenv("DUMP"), f.Name), f.Text, 0o666)
	}
	os.WriteFile(filepath.Join(os.Getenv("DUMP"), "tsconfig.json"), types.TSConfig("**/*"), 0o666)
}
