package main

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"sync"
)

// disk is the files of the machine under the names that people type, ../orders/order.yaml among them, which no
// [os.DirFS] opens. It remembers which files were opened.
type disk struct {
	mu     sync.Mutex
	opened map[string]stamp // as it was before it was first opened
}

// Open opens a file or a folder.
func (d *disk) Open(name string) (fs.File, error) {
	name = filepath.FromSlash(name)
	d.mu.Lock()
	if _, known := d.opened[name]; !known {
		if d.opened == nil {
			d.opened = map[string]stamp{}
		}
		d.opened[name] = stampOf(name)
	}
	d.mu.Unlock()
	return os.Open(name)
}

// stamp tells whether a file changed: its time and size, or nothing where it is not there.
type stamp struct {
	nanos, size int64
}

func stampOf(name string) stamp {
	info, err := os.Stat(name)
	if err != nil || info.IsDir() {
		return stamp{}
	}
	return stamp{info.ModTime().UnixNano(), info.Size()}
}

// stamps returns the stamp of every file that was opened.
func (d *disk) stamps() map[string]stamp {
	d.mu.Lock()
	defer d.mu.Unlock()
	return maps.Clone(d.opened)
}
