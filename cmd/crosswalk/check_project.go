package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/mappings"
	"github.com/crosswalk-go/crosswalk/server/project"
)

// checkProject returns how many flows a folder's project has and what is wrong with it; a folder
// without a crosswalk.yaml is no project.
func (c *cli) checkProject(dir string, texts drafts) (flows int, found engine.Diagnostics, err error) {
	if _, err := os.Stat(filepath.Join(dir, "crosswalk.yaml")); err != nil {
		if errors.Is(err, fs.ErrNotExist) || !isFolder(dir) {
			return 0, nil, nil
		}
		return 0, nil, err
	}
	p, err := project.Load(dir, systems, project.Files(texts), project.Scripts(c.scripts))
	if err != nil {
		err = diagnosticsOr(&found, err)
		return 0, found, err
	}
	for _, f := range p.Flows {
		if _, err := p.Assemble(f, mappings.FS); err != nil {
			var more engine.Diagnostics
			if err := diagnosticsOr(&more, err); err != nil {
				return 0, nil, err
			}
			found = append(found, more...)
		}
	}
	return len(p.Flows), found, nil
}

// diagnosticsOr puts the diagnostics that err is into found, or returns err where it is none.
func diagnosticsOr(found *engine.Diagnostics, err error) error {
	if errors.As(err, found) {
		return nil
	}
	return err
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
