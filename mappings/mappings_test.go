package mappings_test

import (
	"context"
	"errors"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/mappingtest"
	"github.com/crosswalk-go/crosswalk/mappings"
)

var update = flag.Bool("update", false, "write the golden documents instead of comparing with them")

func load(t testing.TB, name string) *engine.Mapping {
	t.Helper()
	m, err := engine.Load(name, engine.Library(mappings.FS))
	var ds engine.Diagnostics
	if errors.As(err, &ds) {
		t.Fatalf("%s does not load:\n%s", name, ds.Render())
	}
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMappingsLoadWithoutWarnings(t *testing.T) {
	names := mappings.Names()
	if len(names) < 9 || !slices.IsSorted(names) {
		t.Errorf("names: %v", names)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			if ws := load(t, name).Warnings(); len(ws) > 0 {
				t.Errorf("warnings:\n%s", ws.Render())
			}
		})
	}
}

// Every default mapping has a test file beside it, every case of every test file passes, and few points are never reached.
func TestMappings(t *testing.T) {
	opts := mappingtest.Options{Library: mappings.FS, Coverage: &engine.Coverage{Library: true}}
	if *update {
		opts.Update = func(file string, data []byte) error { return os.WriteFile(file, data, 0o644) }
	}
	report, err := mappingtest.Run(context.Background(), os.DirFS("."), opts)
	if err != nil {
		t.Fatal(err)
	}
	tested := map[string]bool{}
	for _, f := range report.Files {
		tested[strings.TrimSuffix(f.Path, mappingtest.Suffix)] = true
	}
	for _, name := range mappings.Names() {
		if !tested[name] {
			t.Errorf("there is no %s%s", name, mappingtest.Suffix)
		}
	}
	if !report.Passed() {
		t.Errorf("the mappings' tests fail:\n%s", report.Render())
	}
	const least = 85
	if c := report.Coverage; c.Percent() < least {
		t.Errorf("the tests reach %d of %d points of the mappings, %d %% and not %d:", c.Reached, c.Points, c.Percent(), least)
		for _, f := range c.Files {
			for _, p := range f.Missed() {
				t.Logf("%s %s %s", p.Pos, p.Kind, p.Text)
			}
		}
	}
}
