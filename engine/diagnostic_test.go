package engine_test

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/crosswalk-go/crosswalk/engine"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestDiagnostics compares what a person reads with golden texts. An archive of
// testdata/diagnostics holds mapping.yaml, perhaps input.json and settings.json, further files that the mapping names,
// the library below lib/, and want.
func TestDiagnostics(t *testing.T) {
	archives, _ := filepath.Glob("testdata/diagnostics/*.txtar")
	if len(archives) == 0 {
		t.Fatal("no archives")
	}
	seen := map[string]bool{}
	for _, file := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			ar, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			files, library := fstest.MapFS{}, fstest.MapFS{}
			for _, f := range ar.Files {
				if name, ok := strings.CutPrefix(f.Name, "lib/"); ok {
					library[name] = &fstest.MapFile{Data: f.Data}
				} else if f.Name != "want" {
					files[f.Name] = &fstest.MapFile{Data: f.Data}
				}
			}
			opts := []engine.Option{engine.Files(files)}
			if len(library) > 0 {
				opts = append(opts, engine.Library(library))
			}
			if files["script.ts"] != nil {
				opts = append(opts, engine.WithScripts(oneScript{}))
			}
			m, err := engine.Load("mapping.yaml", opts...)
			if err == nil && files["input.json"] == nil {
				err = m.Warnings()
			}
			if input := files["input.json"]; err == nil && input != nil {
				var in engine.Input
				if f := files["settings.json"]; f != nil {
					in.Settings = f.Data
				}
				_, err = m.Apply(context.Background(), input.Data, in)
			}
			var ds engine.Diagnostics
			if !errors.As(err, &ds) {
				t.Fatalf("no diagnostics but %v", err)
			}
			for _, code := range ds.Codes() {
				seen[code] = true
			}
			checkGolden(t, file, ar, ds.Render())
		})
	}
	for _, code := range engine.Codes() {
		if !seen[code] {
			t.Errorf("no golden text shows %s", code)
		}
	}
}

func checkGolden(t *testing.T, file string, ar *txtar.Archive, got string) {
	t.Helper()
	for i := range ar.Files {
		f := &ar.Files[i]
		if f.Name != "want" {
			continue
		}
		if *update {
			f.Data = []byte(got)
			if err := os.WriteFile(file, txtar.Format(ar), 0o644); err != nil {
				t.Fatal(err)
			}
			return
		}
		if got != string(f.Data) {
			t.Errorf("got\n%s\nwant\n%s", got, f.Data)
		}
		return
	}
	t.Error("the archive has no want")
}
