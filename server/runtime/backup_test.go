package runtime

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
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
	if _, err := Restore(ctx, dir, bytes.NewReader(file.Bytes())); err != nil {
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
	if _, err := Restore(ctx, dir, bytes.NewReader(file.Bytes())); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("a folder with a store: %v", err)
	}
	for name, text := range map[string][]byte{"cut": file.Bytes()[:file.Len()-100], "flipped": flipped(file.Bytes()), "empty": nil, "something else": []byte("PK\x03\x04")} {
		other := filepath.Join(t.TempDir(), "data")
		if _, err := Restore(ctx, other, bytes.NewReader(text)); err == nil {
			t.Errorf("a backup that is %s is restored", name)
		}
		if found, _ := filepath.Glob(filepath.Join(other, "store")); found != nil {
			t.Errorf("a backup that is %s leaves %v", name, found)
		}
	}
}

func flipped(data []byte) []byte {
	out := bytes.Clone(data)
	out[len(out)/2] ^= 16
	return out
}
