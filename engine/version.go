package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io/fs"
	"maps"
	"slices"
	"sync"
)

// Version tells this mapping from any other: a hash, in 16 hexadecimal digits, of the texts of its file, of the files that it extends and
// of the scripts that they load. Two that are loaded from the same texts have the same version wherever they lie.
func (m *Mapping) Version() string {
	sum := sha256.New()
	for _, f := range m.linked.files {
		for _, line := range f.src.lines {
			fmt.Fprintln(sum, line)
		}
		sum.Write([]byte{0})
	}
	sum.Write(m.scripts)
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

// readSums are hashes of the files that were read below a folder.
type readSums struct {
	rootedFiles
	mu   sync.Mutex
	sums map[string][]byte
}

// Open opens a file whose content is hashed while it is read.
func (r *readSums) Open(name string) (fs.File, error) {
	f, err := r.rootedFiles.Open(name)
	if err != nil {
		return nil, err
	}
	return &summedFile{File: f, name: name, to: r, sum: sha256.New()}, nil
}

// ReadFile reads and hashes a file.
func (r *readSums) ReadFile(name string) ([]byte, error) {
	data, err := r.rootedFiles.ReadFile(name)
	if err == nil {
		sum := sha256.Sum256(data)
		r.note(name, sum[:])
	}
	return data, err
}

func (r *readSums) note(name string, sum []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sums[name] = sum
}

// digest returns a hash of everything that was read.
func (r *readSums) digest() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(r.sums)) {
		all.Write(r.sums[name])
	}
	return all.Sum(nil)
}

type summedFile struct {
	fs.File
	name string
	to   *readSums
	sum  hash.Hash
	read bool
}

// Read reads and hashes.
func (f *summedFile) Read(p []byte) (int, error) {
	n, err := f.File.Read(p)
	f.sum.Write(p[:n])
	f.read = f.read || n > 0
	return n, err
}

// Close notes the hash of what was read.
func (f *summedFile) Close() error {
	if f.read {
		f.to.note(f.name, f.sum.Sum(nil))
	}
	return f.File.Close()
}
