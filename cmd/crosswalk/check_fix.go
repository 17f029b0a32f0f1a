package main

import (
	"context"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/format"
)

// maxFixRounds bounds how often fixing may bring more to light.
const maxFixRounds = 10

// drafts are the texts of files that are newer than those on disk, by their clean paths. As a file system they are
// the operating system's files with these texts in their place.
type drafts map[string][]byte

// ReadFile returns the draft of a file, or what is on disk.
func (d drafts) ReadFile(name string) ([]byte, error) {
	if text, ok := d[filepath.Clean(name)]; ok {
		return text, nil
	}
	return os.ReadFile(name)
}

// Open serves those who do not know ReadFile: they see what is on disk, and no file that has a draft.
func (d drafts) Open(name string) (fs.File, error) {
	if _, ok := d[filepath.Clean(name)]; ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	return os.Open(name)
}

// diff returns what the drafts change.
func (d drafts) diff() (string, error) {
	var b strings.Builder
	for _, file := range slices.Sorted(maps.Keys(d)) {
		text, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		b.WriteString(format.Diff(file, text, d[file]))
	}
	return b.String(), nil
}

// save writes the drafts.
func (d drafts) save() error {
	for _, file := range slices.Sorted(maps.Keys(d)) {
		if err := replaceFile(file, d[file]); err != nil {
			return err
		}
	}
	return nil
}

// fix makes drafts with the fixes that a report offers, checks them, and goes on until nothing more is offered. It
// returns the report of the last check.
func (c *cli) fix(ctx context.Context, args []string, texts drafts, report checkReport) (checkReport, error) {
	own, err := ownFiles(args)
	if err != nil {
		return report, err
	}
	var fixed engine.Diagnostics
	for range maxFixRounds {
		byFile := map[string]engine.Diagnostics{}
		for _, d := range report.Diagnostics {
			if d.Fix == nil {
				continue
			}
			file := filepath.Clean(d.Fix.Pos.File)
			f := *d.Fix // the same file may go by two names
			f.Pos.File, f.End.File = file, file
			d.Fix = &f
			if own[file] {
				byFile[file] = append(byFile[file], d)
			}
		}
		changed := false
		for _, file := range slices.Sorted(maps.Keys(byFile)) {
			text, err := texts.ReadFile(file)
			if err != nil {
				return report, err
			}
			// A built-in mapping can have the name of a file here, but not its text.
			offered := slices.DeleteFunc(byFile[file], func(d engine.Diagnostic) bool { return lineOf(text, d.Pos.Line) != strings.TrimSuffix(d.Snippet, "\r") })
			next, applied := engine.ApplyFixes(file, text, offered)
			if len(applied) > 0 {
				texts[file] = next
				fixed = append(fixed, applied...)
				changed = true
			}
		}
		if !changed {
			break
		}
		if report, err = c.check(ctx, args, texts); err != nil {
			return report, err
		}
	}
	report.Fixed = fixed
	return report, nil
}

// ownFiles returns the files that fixing may change: those that the arguments mean, not those that they only refer to.
func ownFiles(args []string) (map[string]bool, error) {
	own := map[string]bool{}
	for _, arg := range args {
		if !isFolder(arg) {
			own[filepath.Clean(arg)] = true
			continue
		}
		files, err := yamlFiles(arg, func(path string, text []byte) bool { return kindOfFile(path, text) != "" })
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			own[filepath.Clean(file)] = true
		}
	}
	return own, nil
}

// lineOf returns a line of a text, counted from 1.
func lineOf(text []byte, number int) string {
	lines := strings.Split(string(text), "\n")
	if number < 1 || number > len(lines) {
		return ""
	}
	return strings.TrimSuffix(lines[number-1], "\r")
}
