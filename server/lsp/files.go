package lsp

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// maxFile is the size up to which files are read: mappings, and the documents of their tests.
const maxFile = 32 << 20

// openFiles are the files of the machine, with the texts of the editor in place of what is saved. Names are
// paths as pathOf returns them, absolute ones too, which fs.FS otherwise has not.
type openFiles struct {
	texts map[string]string
}

// ReadFile returns the text that the editor has open, else what is saved.
func (f openFiles) ReadFile(name string) ([]byte, error) {
	if text, ok := f.texts[path.Clean(name)]; ok {
		return []byte(text), nil
	}
	info, err := os.Stat(filepath.FromSlash(name))
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxFile {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrInvalid}
	}
	return os.ReadFile(filepath.FromSlash(name))
}

// ReadDir lists a folder.
func (f openFiles) ReadDir(name string) ([]fs.DirEntry, error) {
	return os.ReadDir(filepath.FromSlash(name))
}

// Open opens what is saved.
func (f openFiles) Open(name string) (fs.File, error) { return os.Open(filepath.FromSlash(name)) }

// unpack writes a file of the library below dir, so that an editor can show it, and returns its path. The
// folder is named after the content: another version of the program has another one.
func unpack(library fs.FS, name, dir string) (string, error) {
	data, err := fs.ReadFile(library, name)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	to := filepath.Join(dir, hex.EncodeToString(sum[:6]), filepath.FromSlash(name))
	if info, err := os.Stat(to); err == nil && info.Size() == int64(len(data)) {
		return to, nil
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return "", fmt.Errorf("show %s: %w", name, err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(to), ".new-*")
	if err != nil {
		return "", fmt.Errorf("show %s: %w", name, err)
	}
	_, err = tmp.Write(data)
	if err == nil {
		err = tmp.Chmod(0o444) // read only: a change would be lost on nobody but its author
	}
	if closeErr := tmp.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(tmp.Name(), to)
	}
	if err != nil {
		_ = os.Remove(tmp.Name())
		return "", fmt.Errorf("show %s: %w", name, err)
	}
	return to, nil
}
