package files

import (
	"io/fs"
	"path"
	"strings"
	"time"
)

// Overlay is a file system in which some files have other texts: those that are being written.
type Overlay struct {
	fs.FS
	Texts map[string]string
}

// Open opens the text that stands for a file, else the file itself.
func (o Overlay) Open(name string) (fs.File, error) {
	if text, ok := o.Texts[name]; ok {
		return &textFile{name: path.Base(name), Reader: strings.NewReader(text)}, nil
	}
	return o.FS.Open(name)
}

// textFile is a text as a file.
type textFile struct {
	name string
	*strings.Reader
}

// The methods of fs.File and fs.FileInfo.
func (f *textFile) Stat() (fs.FileInfo, error) { return f, nil }
func (f *textFile) Close() error               { return nil }
func (f *textFile) Name() string               { return f.name }
func (f *textFile) Mode() fs.FileMode          { return 0o444 }
func (f *textFile) ModTime() time.Time         { return time.Time{} }
func (f *textFile) IsDir() bool                { return false }
func (f *textFile) Sys() any                   { return nil }
