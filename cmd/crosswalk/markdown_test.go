package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// block is a fenced block of a Markdown page.
type block struct {
	line    int    // of its opening fence
	heading string // the nearest heading above it
	lang    string // the first word after the fence
	attrs   map[string]string
	text    string
}

// readBlocks returns the fenced blocks of a page of the repository. Words after the language are attributes:
// ```yaml file=order.yaml
func readBlocks(t *testing.T, page string) []block {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository(t), page))
	if err != nil {
		t.Fatal(err)
	}
	return parseBlocks(string(text))
}

func parseBlocks(text string) []block {
	var blocks []block
	var open *block
	heading := ""
	for i, line := range strings.Split(text, "\n") {
		switch {
		case open == nil && strings.HasPrefix(line, "```"):
			words := strings.Fields(strings.TrimPrefix(line, "```"))
			open = &block{line: i + 1, heading: heading, attrs: map[string]string{}}
			if len(words) > 0 {
				open.lang = words[0]
				for _, word := range words[1:] {
					name, value, _ := strings.Cut(word, "=")
					open.attrs[name] = value
				}
			}
		case open == nil && strings.HasPrefix(line, "#"):
			heading = strings.TrimSpace(strings.TrimLeft(line, "#"))
		case open != nil && line == "```":
			blocks = append(blocks, *open)
			open = nil
		case open != nil:
			open.text += line + "\n"
		}
	}
	return blocks
}

// pages returns the Markdown pages for users: README.md and those of docs.
func pages(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, name := range trackedFiles(t) {
		if filepath.Ext(name) == ".md" && (name == "README.md" || strings.HasPrefix(name, "docs/")) {
			found = append(found, name)
		}
	}
	if len(found) == 0 {
		t.Fatal("no pages found")
	}
	return found
}
