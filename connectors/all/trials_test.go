package all_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// trial is what the tests of all systems need to be told of one: it stands in testdata/trials.json of the system's own folder.
type trial struct {
	// Create is what is made, and the key by which it is found again. A text "@taxes" in the body is the id of the first row of that reference.
	Create struct {
		Resource  string
		By, Value string
		Body      json.RawMessage
	}
	// Change is what somebody changes in documents that bear change stamps: the body has %d for a number, which the document has at the path afterwards.
	Change struct{ Resource, Body, Path string }
}

// referenceText stands for an id.
var referenceText = regexp.MustCompile(`"@\w+"`)

// trialOf returns what a system says of itself.
func trialOf(t *testing.T, system string) trial {
	t.Helper()
	files, err := filepath.Glob("../*/testdata/trials.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var all map[string]trial
		if err := json.Unmarshal(text, &all); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if found, ok := all[system]; ok && found.Create.Resource != "" && found.Change.Resource != "" {
			return found
		}
	}
	t.Fatalf("no testdata/trials.json says what can be made and changed in %s: connectors/ecwid has one to go by", system)
	return trial{}
}
