package main

import (
	"bytes"
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"

	"github.com/crosswalk-go/crosswalk/server/runtime/activity"
)

// TestFilesWith looks for a person in files that are no text and longer than what is looked at in one go, as those of a store are.
func TestFilesWith(t *testing.T) {
	person, err := activity.FindPerson("José@example.com")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		at   int // -1 for nowhere
	}{{"nowhere", -1}, {"at the beginning", 0}, {"across the first window", 1<<20 - 5}, {"far behind", 5<<19 + 7}, {"at the end", 3<<20 - len("JOSé@Example.com")}} {
		t.Run(tt.name, func(t *testing.T) {
			noise := make([]byte, 3<<20)
			_, _ = rand.Read(noise) // never fails
			noise = bytes.ReplaceAll(noise, []byte("@"), []byte("#"))
			if tt.at >= 0 {
				copy(noise[tt.at:], "JOSé@Example.com")
			}
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "1.blk"), noise, 0o600); err != nil {
				t.Fatal(err)
			}
			found, err := filesWith(dir, person)
			if err != nil || len(found) > 0 != (tt.at >= 0) {
				t.Errorf("%q, %v", found, err)
			}
		})
	}
}
