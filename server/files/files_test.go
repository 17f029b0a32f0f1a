package files_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/crosswalk-go/crosswalk/server/files"
)

func project(t *testing.T, texts map[string]string) (*files.Folder, string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range texts {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f, err := files.Open(dir, "mappings/token.yaml")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f, dir
}

func TestList(t *testing.T) {
	f, _ := project(t, map[string]string{
		"crosswalk.yaml": "", "flows/orders.yaml": "", "mappings/a.yaml": "", "mappings/a.test.yaml": "", "mappings/testdata/one.json": "",
		"scripts/x.ts": "", "notes.txt": "", "key.json": "", ".env": "", ".crosswalk/store": "", "mappings/token.yaml": "", "mappings/.hidden.yaml": "",
		"node_modules/a/index.js": "", "secrets/token": "", "secrets/key.json": "",
	})
	entries, err := f.List()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Path+" "+string(e.Kind))
	}
	want := []string{"crosswalk.yaml project", "flows/orders.yaml flow", "mappings/a.test.yaml test", "mappings/a.yaml mapping",
		"mappings/testdata/one.json document", "scripts/x.ts script"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestWriteWantsWhatItReplaces(t *testing.T) {
	f, dir := project(t, map[string]string{"mappings/a.yaml": "old"})
	_, tag, err := f.Read("mappings/a.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write("mappings/a.yaml", []byte("mine"), ""); !errors.Is(err, files.ErrChanged) {
		t.Errorf("a new file over one that is there: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "mappings/a.yaml"), []byte("theirs"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write("mappings/a.yaml", []byte("mine"), tag); !errors.Is(err, files.ErrChanged) {
		t.Errorf("a text over one that changed: %v", err)
	}
	_, tag, _ = f.Read("mappings/a.yaml")
	next, err := f.Write("mappings/a.yaml", []byte("mine"), tag)
	if err != nil {
		t.Fatal(err)
	}
	text, again, _ := f.Read("mappings/a.yaml")
	if string(text) != "mine" || again != next {
		t.Errorf("got %q with the tag %s, want mine with %s", text, again, next)
	}
	info, err := os.Stat(filepath.Join(dir, "mappings/a.yaml"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file's rights are %v now", info.Mode())
	}
	if _, err := f.Write("mappings/deep/er/new.yaml", []byte("new"), ""); err != nil {
		t.Error(err)
	}
	entries, _ := os.ReadDir(filepath.Join(dir, "mappings"))
	if len(entries) != 2 {
		t.Errorf("something was left behind: %v", entries)
	}
}

func TestNothingOutside(t *testing.T) {
	f, dir := project(t, map[string]string{"mappings/a.yaml": "", "secrets/token.json": "s3cret", ".env": "s3cret", "mappings/token.yaml": "s3cret"})
	outside := filepath.Join(t.TempDir(), "outside.yaml")
	if err := os.WriteFile(outside, []byte("s3cret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "mappings/link.yaml")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Dir(outside), filepath.Join(dir, "mappings/folder")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"../outside.yaml", "/etc/passwd", "mappings/../../x.yaml", "mappings/link.yaml", "mappings/folder/outside.yaml",
		"secrets/token.json", ".env", "mappings/token.yaml", "", ".", "mappings/a.yaml/", "mappings\\a.yaml", "mappings/\x00.yaml"} {
		if text, _, err := f.Read(name); err == nil {
			t.Errorf("%q was read: %q", name, text)
		}
		if _, err := f.Write(name, []byte("x"), files.TagOf([]byte("s3cret"))); err == nil {
			t.Errorf("%q was written", name)
		}
	}
	if text, _ := os.ReadFile(outside); string(text) != "s3cret" {
		t.Errorf("the file outside is %q now", text)
	}
	if _, _, err := f.Read("mappings/none.yaml"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	if _, err := f.Write("mappings/b.yaml", []byte{0xff, 0xfe}, ""); !errors.Is(err, files.ErrNoText) {
		t.Errorf("bytes that are no text: %v", err)
	}
}
