package flows

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/crosswalk-go/crosswalk/server/project"
)

// tree is the files of a project that flows may depend on, as they were at one moment: what stands in folders that begin with a dot, in
// node_modules and in the data folder is left out.
type tree struct {
	mu     sync.Mutex
	sums   map[string]string // path -> hash of its text
	failed map[string]string // files with mistakes that were told of
}

// watched are the endings of files that flows may depend on.
var watched = []string{".yaml", ".yml", ".json", ".ts", ".js", ".mjs", ".csv"}

// maxWatched bounds a file that is looked at, in bytes.
const maxWatched = 8 << 20

// readTree reads the files of a project. One that cannot be read is as good as none: who loads the project will say so.
func readTree(p *project.Project) *tree {
	t := &tree{sums: map[string]string{}}
	data, _ := filepath.Abs(p.Data)
	secrets := p.SecretFiles()
	_ = filepath.WalkDir(p.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		rel, err := filepath.Rel(p.Dir, path)
		if err != nil || rel == "." {
			return nil
		}
		rel = filepath.ToSlash(rel)
		if abs, _ := filepath.Abs(path); d.IsDir() && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules" || abs == data) {
			return filepath.SkipDir
		}
		if !d.Type().IsRegular() || !slices.Contains(watched, filepath.Ext(rel)) && !slices.Contains(secrets, rel) {
			return nil
		}
		info, err := d.Info()
		if err != nil || info.Size() > maxWatched {
			return nil
		}
		if text, err := os.ReadFile(path); err == nil {
			sum := sha256.Sum256(text)
			t.sums[rel] = hex.EncodeToString(sum[:8])
		}
		return nil
	})
	return t
}

// same tells whether there is nothing new in other.
func (t *tree) same(other *tree) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Equal(t.sums, other.sums) || t.failed != nil && maps.Equal(t.failed, other.sums)
}

func (t *tree) seen(other *tree) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failed = other.sums
}

func (t *tree) become(other *tree) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sums, t.failed = other.sums, nil
}

// fingerprint tells versions of a flow apart: its own file, and everything that is no flow.
func (t *tree) fingerprint(flow string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	h := sha256.New()
	for _, path := range slices.Sorted(maps.Keys(t.sums)) {
		if dir, file, _ := strings.Cut(path, "/"); dir == "flows" && strings.HasSuffix(file, ".yaml") && file != flow+".yaml" {
			continue
		}
		h.Write([]byte(path + "\x00" + t.sums[path] + "\n"))
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}
