package runtime

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// TestBackup makes a backup while links are written, and restores it: everything that was there when it began is in it.
func TestBackup(t *testing.T) {
	r := open(t, t.TempDir())
	ctx := t.Context()
	save := func(id string) {
		if err := r.Links("orders").SaveLink(ctx, port.Order, port.Link{SourceID: id, TargetID: id}); err != nil && ctx.Err() == nil {
			t.Error(err)
		}
	}
	for i := range 300 {
		save(fmt.Sprint(i))
	}
	if err := r.Tokens().SaveToken(ctx, "books", "t0ken"); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var writing sync.WaitGroup
	writing.Go(func() {
		for i := 300; ; i++ {
			select {
			case <-stop:
				return
			default:
				save(fmt.Sprint(i))
			}
		}
	})
	var file bytes.Buffer
	about, err := r.Backup(ctx, &file)
	close(stop)
	writing.Wait()
	if err != nil || len(about.Streams) < 4 {
		t.Fatalf("%+v, %v", about, err)
	}

	dir := filepath.Join(t.TempDir(), "data")
	if _, _, err := Restore(ctx, dir, bytes.NewReader(file.Bytes()), false); err != nil {
		t.Fatal(err)
	}
	again := open(t, dir)
	for i := range 300 {
		if l, ok, err := again.Links("orders").Link(ctx, port.Order, fmt.Sprint(i)); !ok || err != nil || l.TargetID != fmt.Sprint(i) {
			t.Fatalf("link %d: %+v, %v, %v", i, l, ok, err)
		}
	}
	if token, err := again.Tokens().Token(ctx, "books"); err != nil || token != "t0ken" {
		t.Errorf("the token is %q, %v", token, err)
	}
	if err := again.Links("orders").SaveLink(ctx, port.Order, port.Link{SourceID: "new", TargetID: "1"}); err != nil {
		t.Error(err)
	}
	if err := again.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Restore(ctx, dir, bytes.NewReader(file.Bytes()), false); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("a folder with a store: %v", err)
	}
	if _, _, err := Restore(ctx, dir, bytes.NewReader(newer(t, file.Bytes())), true); err == nil || !strings.Contains(err.Error(), "newer Crosswalk") {
		t.Errorf("a backup of a newer layout: %v", err)
	}
	// One that was cut off between moving the store aside and putting the other in its place.
	half := filepath.Join(t.TempDir(), "data")
	if err := os.MkdirAll(filepath.Join(half, restoringFolder, "store"), 0o700); err != nil {
		t.Fatal(err)
	}
	if empty, err := Open(ctx, half, Options{}); err == nil || !strings.Contains(err.Error(), "run it again") {
		t.Errorf("half a restore opens as an empty store: %v", err)
		closed(t, empty)
	}
	for n, replace := range []bool{false, true} {
		if _, aside, err := Restore(ctx, half, bytes.NewReader(file.Bytes()), replace); err != nil || (aside != "") != replace {
			t.Fatalf("%q, %v", aside, err)
		}
		third, err := Open(ctx, half, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, ok, err := third.Links("orders").Link(ctx, port.Order, "7"); !ok || err != nil {
			t.Errorf("the restore %d left no link: %v", n+1, err)
		}
		if _, _, err := Restore(ctx, half, bytes.NewReader(file.Bytes()), true); !errors.Is(err, ErrInUse) {
			t.Errorf("a restore into a store that is open: %v", err)
		}
		closed(t, third)
	}
	for name, text := range map[string][]byte{"cut": file.Bytes()[:file.Len()-100], "flipped": flipped(file.Bytes()), "empty": nil, "something else": []byte("PK\x03\x04")} {
		other := filepath.Join(t.TempDir(), "data")
		if _, _, err := Restore(ctx, other, bytes.NewReader(text), false); err == nil {
			t.Errorf("a backup that is %s is restored", name)
		}
		if found, _ := filepath.Glob(filepath.Join(other, "store")); found != nil {
			t.Errorf("a backup that is %s leaves %v", name, found)
		}
	}
}

// newer is a backup that says that it is of a newer layout.
func newer(t *testing.T, backup []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	into := tar.NewWriter(zip)
	err := eachEntry(bytes.NewReader(backup), func(name string, data []byte) error {
		if name == aboutEntry {
			data = []byte(`{"layout":99,"streams":["KV_links"]}`)
		}
		err := into.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(data))})
		if err == nil {
			_, err = into.Write(data)
		}
		return err
	})
	if err = errors.Join(err, into.Close(), zip.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func flipped(data []byte) []byte {
	out := bytes.Clone(data)
	out[len(out)/2] ^= 16
	return out
}
