package main

import (
	"embed"
	"errors"
	"io/fs"
	"strings"

	"github.com/crosswalk-go/crosswalk/engine"
)

// library holds the mappings and schemas that are built in.
var library embed.FS

// libraryNames returns the names of the mappings of the library.
func libraryNames() []string { return nil }

// loadMapping loads a mapping file, or the built-in mapping of that name, with the library behind it.
func loadMapping(name string) (*engine.Mapping, error) {
	mapping, err := engine.Load(name, engine.Library(library))
	var found engine.Diagnostics
	switch {
	case err == nil:
		return mapping, nil
	case errors.As(err, &found):
		return nil, found
	case errors.Is(err, fs.ErrNotExist):
		return nil, misusef("%w\nNo such mapping file, and no built-in mapping of that name. Built in are: %s",
			err, strings.Join(libraryNames(), ", "))
	}
	return nil, misuse{err}
}
