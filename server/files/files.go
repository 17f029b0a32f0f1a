// Package files shows the text files of a project to whoever edits them from afar: it lists, reads and writes them, and a
// write says which text it replaces. It never leaves the project's folder, and it shows no hidden file, no file of credentials and
// nothing that is no text of a project. Start with [Open]; reading what the files mean is server/project's.
package files

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// MaxBytes bounds a file: mappings are short, documents of tests are not.
const MaxBytes = 16 << 20

// Kind is what a file is for.
type Kind string

// The kinds of files.
const (
	Project  Kind = "project" // crosswalk.yaml
	Flow     Kind = "flow"
	Mapping  Kind = "mapping"
	Test     Kind = "test"
	Script   Kind = "script"
	Document Kind = "document" // a test's input or result
	Text     Kind = "text"
)

// Entry is a file of the list.
type Entry struct {
	Path string `json:"path"`
	Kind Kind   `json:"kind"`
	Size int64  `json:"size"`
}

var (
	// ErrHidden is the error of a path that is not shown, whether there is a file or not.
	ErrHidden = errors.New("the project's folder shows no such file")
	// ErrChanged is the error of a write that would replace a text which its writer has not seen.
	ErrChanged = errors.New("the file has changed since it was read")
	// ErrTooLarge is the error of a file beyond [MaxBytes].
	ErrTooLarge = fmt.Errorf("the file is larger than %d MiB", MaxBytes>>20)
	// ErrNoText is the error of a file that is no UTF-8.
	ErrNoText = errors.New("the file is no text")
)

// Folder is a project's folder. It is safe for concurrent use.
type Folder struct {
	root   *os.Root
	secret []string
	mu     sync.Mutex // one write at a time
}

// Open opens a folder. secret are paths in it that hold credentials, which are never shown.
func Open(dir string, secret ...string) (*Folder, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &Folder{root: root, secret: secret}, nil
}

// Close gives the folder back.
func (f *Folder) Close() error { return f.root.Close() }

// KindOf tells what a path is for; ok is false where it is not shown.
func (f *Folder) KindOf(name string) (k Kind, ok bool) {
	if !fs.ValidPath(name) || name == "." || slices.Contains(f.secret, name) {
		return "", false
	}
	parts := strings.Split(name, "/")
	for _, p := range parts {
		if strings.HasPrefix(p, ".") || p == "node_modules" || strings.ContainsAny(p, "\\\x00") {
			return "", false
		}
	}
	ext := path.Ext(name)
	isYAML := ext == ".yaml" || ext == ".yml"
	switch top := parts[0]; {
	case name == "crosswalk.yaml":
		return Project, true
	case isYAML && strings.HasSuffix(strings.TrimSuffix(name, ext), ".test"):
		return Test, true
	case isYAML && top == "flows":
		return Flow, len(parts) == 2
	case isYAML:
		return Mapping, true
	case len(parts) == 1:
		return "", false
	case ext == ".ts" || ext == ".js" || ext == ".mjs":
		return Script, true
	case (ext == ".json" || ext == ".jsonl") && slices.Contains([]string{"mappings", "tests", "testdata", "scripts"}, top):
		return Document, true
	case ext == ".md":
		return Text, true
	}
	return "", false
}

// maxListed bounds the list: a folder of a million files is no project.
const maxListed = 5000

// List returns the files that are shown, sorted by path.
func (f *Folder) List() ([]Entry, error) {
	all := []Entry{}
	err := fs.WalkDir(f.root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && name == ".":
			return err
		case err != nil:
			return nil // a folder that may not be read is not shown
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules"):
			return fs.SkipDir
		case !d.Type().IsRegular():
			return nil
		case len(all) == maxListed:
			return fs.SkipAll
		}
		if k, ok := f.KindOf(name); ok {
			if info, err := d.Info(); err == nil {
				all = append(all, Entry{name, k, info.Size()})
			}
		}
		return nil
	})
	return all, err
}

// Read returns a file's text and the tag that [Folder.Write] wants to see again.
func (f *Folder) Read(name string) (text []byte, tag string, err error) {
	if text, err = f.ReadFile(name); err != nil {
		return nil, "", err
	}
	if !utf8.Valid(text) {
		return nil, "", ErrNoText
	}
	return text, TagOf(text), nil
}

// TagOf returns the tag of a text.
func TagOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:12])
}

// Write replaces a file's text, or makes the file, and returns the new text's tag. before is the tag of the text that the
// writer has seen, "" for a file that is not there; another one is [ErrChanged].
func (f *Folder) Write(name string, text []byte, before string) (tag string, err error) {
	if _, ok := f.KindOf(name); !ok {
		return "", ErrHidden
	}
	switch {
	case len(text) > MaxBytes:
		return "", ErrTooLarge
	case !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0:
		return "", ErrNoText
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	mode := fs.FileMode(0o644)
	switch old, err := f.ReadFile(name); {
	case errors.Is(err, fs.ErrNotExist):
		if before != "" {
			return "", ErrChanged
		}
		if err := f.root.MkdirAll(path.Dir(name), 0o755); err != nil {
			return "", fmt.Errorf("write %s: %w", name, err)
		}
	case err != nil:
		return "", err
	case TagOf(old) != before:
		return "", ErrChanged
	default:
		if info, err := f.root.Stat(name); err == nil {
			mode = info.Mode().Perm()
		}
	}
	// A reader sees the old text or the new one, never half of it.
	tmp := path.Join(path.Dir(name), ".new-"+TagOf(text)+"-"+path.Base(name))
	if err := f.replace(tmp, name, text, mode); err != nil {
		_ = f.root.Remove(tmp)
		return "", fmt.Errorf("write %s: %w", name, err)
	}
	return TagOf(text), nil
}

func (f *Folder) replace(tmp, name string, text []byte, mode fs.FileMode) error {
	out, err := f.root.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = out.Write(text)
	if err == nil {
		err = out.Sync()
	}
	if closeErr := out.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	return f.root.Rename(tmp, name)
}

// Remove deletes a file that [Folder.Write] has made.
func (f *Folder) Remove(name string) error {
	if _, ok := f.KindOf(name); !ok {
		return ErrHidden
	}
	return f.root.Remove(name)
}

// ReadFile returns the bytes of a file that is shown: a Folder is an [fs.ReadFileFS].
func (f *Folder) ReadFile(name string) ([]byte, error) {
	file, err := f.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, MaxBytes+1))
	if err == nil && len(data) > MaxBytes {
		err = ErrTooLarge
	}
	return data, err
}

// Open opens a file that is shown, or a folder.
func (f *Folder) Open(name string) (fs.File, error) {
	fail := func(err error) (fs.File, error) { return nil, &fs.PathError{Op: "open", Path: name, Err: err} }
	if !fs.ValidPath(name) {
		return fail(fs.ErrNotExist)
	}
	info, err := f.root.Stat(name)
	if err != nil {
		return fail(fs.ErrNotExist)
	}
	if _, ok := f.KindOf(name); !ok && !info.IsDir() || !info.IsDir() && !info.Mode().IsRegular() {
		return fail(fs.ErrNotExist)
	}
	return f.root.Open(name)
}
