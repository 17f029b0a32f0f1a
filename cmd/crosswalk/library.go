package main

import (
	"errors"
	"path/filepath"
	"strings"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/mappings"
)

// Codes of the engine: a mapping that cannot be read at all, and YAML that no file of ours needs.
const (
	codeRead = "CW1001"
	codeYAML = "CW1002"
)

// loadMapping loads a mapping file, or the built-in mapping of that name, with the library and scripts behind it. A file
// that is not there is misuse; what is wrong in one is [engine.Diagnostics].
func (c *cli) loadMapping(name string, opts ...engine.Option) (*engine.Mapping, error) {
	mapping, err := engine.Load(name, append(opts, engine.Library(mappings.FS), engine.WithScripts(c.scripts))...)
	var found engine.Diagnostics
	if !errors.As(err, &found) {
		return mapping, err
	}
	if len(found) == 1 && found[0].Code == codeRead && found[0].Pos.Line == 0 {
		if filepath.Ext(name) == ".yaml" || filepath.Ext(name) == ".yml" {
			return nil, misusef("%s: %s", name, found[0].Message)
		}
		return nil, misusef("%s: %s, and no built-in mapping of that name. Built in are\n  %s",
			name, found[0].Message, strings.Join(mappings.Names(), "\n  "))
	}
	return nil, found
}
