package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// yamlFiles returns the YAML files below dir that wanted picks, in order. What stands in testdata, node_modules and
// hidden folders is left alone.
func yamlFiles(dir string, wanted func(path string, text []byte) bool) ([]string, error) {
	var files []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			if path != dir && (strings.HasPrefix(name, ".") || name == "testdata" || name == "node_modules") {
				return fs.SkipDir
			}
			return nil
		}
		if trimYAML(name) == name {
			return nil
		}
		if info, err := os.Stat(path); err != nil { // follows a link to a file
			return err
		} else if !info.Mode().IsRegular() {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if wanted(path, text) {
			files = append(files, path)
		}
		return nil
	})
	if err != nil {
		return nil, misuse{err}
	}
	slices.Sort(files)
	return files, nil
}

func trimYAML(name string) string {
	return strings.TrimSuffix(strings.TrimSuffix(name, ".yaml"), ".yml")
}

// These match the line of a key that only such files have. They look at text, not at parsed YAML, so that a
// file with a slip in it is still found and told about.
var (
	mappingKey = regexp.MustCompile(`(?m)^["']?(rules|extends|let)["']?[ \t]*:`)
	testKey    = regexp.MustCompile(`(?m)^["']?cases["']?[ \t]*:`)
	flowKey    = regexp.MustCompile(`(?m)^["']?entity["']?[ \t]*:`)
)

func looksLikeMapping(text []byte) bool { return mappingKey.Match(text) }

// kindOfFile returns mapping, test, flow or project, "" for a file that is none of ours.
func kindOfFile(path string, text []byte) string {
	name := filepath.Base(path)
	switch {
	case name == "crosswalk.yaml":
		return "project"
	case strings.HasSuffix(trimYAML(name), ".test") && testKey.Match(text):
		return "test"
	case looksLikeMapping(text):
		return "mapping"
	case flowKey.Match(text), filepath.Base(filepath.Dir(path)) == "flows":
		return "flow"
	}
	return ""
}
