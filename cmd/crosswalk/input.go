package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/mappings"
)

// inputFlags name a mapping and what it may read besides the document, for every command that maps documents.
type inputFlags struct {
	mapping string
	update  bool
	now     string

	source, settings, tables, links, current string // a file, or the JSON object itself
}

func (f *inputFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVarP(&f.mapping, "mapping", "m", "", "mapping `file` or built-in name")
	flags.BoolVar(&f.update, "update", false, "map for an update of a document that the target has, not for a new one")
	flags.StringVar(&f.current, "current", "", "with --update: the target's present document, a JSON `object`, for write: if-empty and empty: keep")
	flags.StringVar(&f.source, "source", "", "the raw source document, a JSON `object`, which a write mapping reads as source")
	flags.StringVar(&f.settings, "settings", "", "the flow's settings, a JSON `object`")
	flags.StringVar(&f.tables, "tables", "", "the flow's lookup tables, a JSON `object`, each in place of the mapping's own")
	flags.StringVar(&f.links, "links", "", "what the target knows, a JSON `object`: ids, reference data")
	flags.StringVar(&f.now, "now", "", "the `instant` that rules read as now, in RFC 3339 (default: the clock's)")
	_ = cmd.RegisterFlagCompletionFunc("mapping", completeMapping) // fails only for a flag that is not there
}

func completeMapping(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return mappings.Names(), cobra.ShellCompDirectiveDefault
}

// check refuses flags that contradict each other.
func (f inputFlags) check() error {
	switch {
	case f.mapping == "":
		return misusef("which mapping? Add -m FILE, or the name of a built-in one: -m shopware/order.read")
	case f.current != "" && !f.update:
		return misusef("--current is the document that an update meets: add --update")
	}
	return nil
}

// input reads what the mapping may read besides the document.
func (f inputFlags) input() (engine.Input, error) {
	in := engine.Input{Now: f.now}
	if f.update {
		in.Write = engine.Update
	}
	if in.Now == "" {
		in.Now = time.Now().UTC().Format(time.RFC3339)
	} else if _, err := time.Parse(time.RFC3339, in.Now); err != nil {
		return in, misusef("--now %q is no RFC 3339 instant: write it as 2026-01-31T09:30:00Z", in.Now)
	}
	for _, flag := range []struct {
		name, value string
		into        *[]byte
	}{
		{"source", f.source, &in.Source},
		{"settings", f.settings, &in.Settings},
		{"tables", f.tables, &in.Tables},
		{"links", f.links, &in.Links},
		{"current", f.current, &in.Current},
	} {
		if flag.value == "" {
			continue
		}
		text, err := objectArgument(flag.value)
		if err != nil {
			return in, misusef("--%s: %w", flag.name, err)
		}
		*flag.into = text
	}
	return in, nil
}

// objectArgument returns the JSON object that arg is or that the file arg holds.
func objectArgument(arg string) ([]byte, error) {
	text, from := []byte(arg), "the argument"
	if !strings.HasPrefix(strings.TrimSpace(arg), "{") {
		var err error
		if text, err = os.ReadFile(arg); err != nil {
			return nil, err
		}
		from = arg
	}
	if trimmed := bytes.TrimSpace(text); !json.Valid(trimmed) || trimmed[0] != '{' {
		return nil, fmt.Errorf("%s holds no JSON object", from)
	}
	return text, nil
}
