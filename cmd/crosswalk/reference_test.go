package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCommandsPage compares docs/commands.md with what the commands say of themselves; -update writes it.
func TestCommandsPage(t *testing.T) {
	path := filepath.Join(repository(t), "docs/commands.md")
	want := commandsPage()
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("docs/commands.md is not what the commands say: go test ./cmd/crosswalk -run CommandsPage -update")
	}
}

func commandsPage() []byte {
	var page bytes.Buffer
	root := newRoot(&cli{})
	fmt.Fprintf(&page, "# Commands\n\nThis page is written from the program's own help: `go test ./cmd/crosswalk -run CommandsPage -update`.\n\n%s\n", root.Long)
	fmt.Fprintf(&page, "\nEvery command has these flags:\n\n```text\n%s  -h, --help   help for the command\n```\n", root.PersistentFlags().FlagUsages())
	for _, cmd := range root.Commands() {
		if cmd.Hidden {
			continue
		}
		fmt.Fprintf(&page, "\n## crosswalk %s\n\n%s\n\n```text\n%s\n```\n", cmd.Name(), description(cmd.Long, cmd.Short), cmd.UseLine())
		if flags := cmd.LocalNonPersistentFlags().FlagUsages(); flags != "" {
			fmt.Fprintf(&page, "\n```text\n%s```\n", flags)
		}
		if cmd.Example != "" {
			fmt.Fprintf(&page, "\n```sh\n%s\n```\n", strings.ReplaceAll(strings.TrimPrefix(cmd.Example, "  "), "\n  ", "\n"))
		}
	}
	return page.Bytes()
}

func description(long, short string) string {
	if long != "" {
		return long
	}
	return short + "."
}
