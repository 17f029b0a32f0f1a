package runtime

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// filled is a data folder with links, some of them changed and removed, that was closed in order.
func filled(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	r, err := Open(t.Context(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 60 {
		link := port.Link{SourceID: fmt.Sprint(i % 50), TargetID: fmt.Sprint(i)}
		if err := r.Links("orders").SaveLink(t.Context(), port.Order, link); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.EraseLinks(t.Context(), func(id string, _ []byte) bool { return id == "3" || id == "7" }); err != nil {
		t.Fatal(err)
	}
	closed(t, r)
	return dir
}

// linksBlock is the file in which the links are.
func linksBlock(t *testing.T, dir string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "store", "jetstream", "*", "streams", "KV_links", "msgs", "*.blk"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%v, %v", found, err)
	}
	return found[0]
}

func TestVerify(t *testing.T) {
	h, err := Verify(filled(t))
	if err != nil || len(h.Damage)+len(h.Torn) > 0 || h.Records < 60 {
		t.Fatalf("%+v, %v", h, err)
	}
}

// TestDamage flips a bit, cuts a file or takes one away of a store that was closed in order. It does not open, and says where.
func TestDamage(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 0))
	for name, damage := range map[string]func(path string, data []byte) error{
		"flipped first": func(path string, data []byte) error { data[40] ^= 1; return os.WriteFile(path, data, 0o600) },
		"flipped last":  func(path string, data []byte) error { data[len(data)-1] ^= 128; return os.WriteFile(path, data, 0o600) },
		"flipped somewhere": func(path string, data []byte) error {
			data[random.IntN(len(data))] ^= 1 << random.IntN(8)
			return os.WriteFile(path, data, 0o600)
		},
		"cut":           func(path string, data []byte) error { return os.Truncate(path, int64(len(data)-37)) },
		"cut by record": func(path string, data []byte) error { return os.Truncate(path, int64(len(data)-30)) },
		"emptied":       func(path string, _ []byte) error { return os.Truncate(path, 0) },
		"gone":          func(path string, _ []byte) error { return os.Remove(path) },
		"longer":        func(path string, data []byte) error { return os.WriteFile(path, append(data, 0, 0, 0), 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filled(t)
			path := linksBlock(t, dir)
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := damage(path, data); err != nil {
				t.Fatal(err)
			}
			r, err := Open(t.Context(), dir, Options{})
			if err == nil {
				closed(t, r)
			}
			if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "KV_links") || !strings.Contains(err.Error(), "restore") {
				t.Errorf("it opens with %v", err)
			}
		})
	}
}

// TestTorn lets the last write of a store be cut off anywhere by a crash. It opens, says so, and has everything before that write.
func TestTorn(t *testing.T) {
	for _, cut := range []string{"head", "body", "zeroes", "garbled"} {
		t.Run(cut, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			r := open(t, dir)
			save := func(id string) {
				t.Helper()
				if err := r.Links("orders").SaveLink(t.Context(), port.Order, port.Link{SourceID: id, TargetID: id}); err != nil {
					t.Fatal(err)
				}
			}
			for i := range 20 {
				save(fmt.Sprint(i))
			}
			whole, err := os.ReadFile(linksBlock(t, dir))
			if err != nil {
				t.Fatal(err)
			}
			save("under way")
			after, err := os.ReadFile(linksBlock(t, dir))
			if err != nil {
				t.Fatal(err)
			}
			// The folder as a crash leaves it: without the mark of an orderly close.
			copied := t.TempDir()
			if err := os.CopyFS(filepath.Join(copied, "store"), os.DirFS(filepath.Join(dir, "store"))); err != nil {
				t.Fatal(err)
			}
			switch cut {
			case "head":
				after = after[:len(whole)+10]
			case "body":
				after = after[:len(after)-11]
			case "zeroes":
				clear(after[len(whole):])
			case "garbled":
				clear(after[len(whole)+40 : len(after)-9])
			}
			if err := os.WriteFile(linksBlock(t, copied), after, 0o600); err != nil {
				t.Fatal(err)
			}
			var log bytes.Buffer
			again, err := Open(t.Context(), copied, Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(log.String(), "was under way") {
				t.Errorf("it says nothing of it: %s", log.String())
			}
			for i := range 20 {
				if l, ok, err := again.Links("orders").Link(t.Context(), port.Order, fmt.Sprint(i)); !ok || err != nil || l.TargetID != fmt.Sprint(i) {
					t.Errorf("link %d: %+v, %v, %v", i, l, ok, err)
				}
			}
			if err := again.Links("orders").SaveLink(t.Context(), port.Order, port.Link{SourceID: "after", TargetID: "1"}); err != nil {
				t.Error(err)
			}
			if err := again.Close(context.Background()); err != nil {
				t.Error(err)
			}
			if h, err := Verify(copied); err != nil || len(h.Torn)+len(h.Damage) > 0 {
				t.Errorf("after it was opened: %+v, %v", h, err)
			}
		})
	}
}

// TestPurgedBlocks has the server remove the blocks of a purged stream only after the store was closed: nothing that counts is gone.
func TestPurgedBlocks(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	r, err := Open(t.Context(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Links("orders").SaveLink(t.Context(), port.Order, port.Link{SourceID: "1", TargetID: "2"}); err != nil {
		t.Fatal(err)
	}
	stream := filepath.Join(dir, "store", "jetstream", "$G", "streams", "KV_links")
	block, err := os.ReadFile(filepath.Join(stream, "msgs", "1.blk"))
	if err != nil {
		t.Fatal(err)
	}
	purged := filepath.Join(stream, purgedFolder)
	if err := os.MkdirAll(purged, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(purged, "1.blk"), block[:len(block)/2], 0o600); err != nil { // it is half removed
		t.Fatal(err)
	}
	if err := r.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if h, err := Verify(dir); err != nil || len(h.Damage) > 0 {
		t.Errorf("%+v, %v", h, err)
	}
	if err := os.RemoveAll(purged); err != nil {
		t.Fatal(err)
	}
	if r, err = Open(t.Context(), dir, Options{}); err != nil {
		t.Fatal(err)
	}
	closed(t, r)
}
