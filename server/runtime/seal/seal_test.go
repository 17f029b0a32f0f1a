package seal

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"errors"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/crosswalk-go/crosswalk/server/runtime"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestSealed shows that what was sealed opens as it was, and that nothing else does.
func TestSealed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		key := NewKey()
		sealed, err := key.Seal(plain, "entry")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := key.Open(sealed, "entry"); err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("%q, %v", got, err)
		}
		if _, err := key.Open(sealed, "payload"); err == nil {
			t.Fatal("an entry opens as a payload")
		}
		if _, err := NewKey().Open(sealed, "entry"); err == nil {
			t.Fatal("another key opens it")
		}
		flipped := bytes.Clone(sealed)
		flipped[rapid.IntRange(0, len(sealed)-1).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if _, err := key.Open(flipped, "entry"); err == nil {
			t.Fatal("a record with a flipped bit opens")
		}
		if _, err := key.Open(sealed[:rapid.IntRange(0, len(sealed)-1).Draw(t, "cut")], "entry"); err == nil {
			t.Fatal("a torn record opens")
		}
	})
}

func TestKeys(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	open := func() (*Sealer, func()) {
		store, err := runtime.Open(ctx, dir, runtime.Options{})
		if err != nil {
			t.Fatal(err)
		}
		s, err := Open(ctx, store)
		if err != nil {
			t.Fatal(err)
		}
		return s, func() {
			if err := store.Close(context.Background()); err != nil {
				t.Error(err)
			}
		}
	}
	s, end := open()
	key := NewKey()
	kept, err := s.Keep(t.Context(), "orders", key)
	if err != nil {
		t.Fatal(err)
	}
	number := kept[0]
	queue, hash := s.Queue(), s.Hash("anna@example.com")
	end()
	s, end = open()
	defer end()
	if found, err := s.Find(ctx, number); err != nil || !bytes.Equal(found, key) {
		t.Errorf("a kept key: %v", err)
	}
	if !bytes.Equal(s.Queue(), queue) || s.Hash("anna@example.com") != hash || s.Hash("anna@example.org") == hash {
		t.Error("the store's own secrets are others now")
	}
	for range 2 {
		if err := s.Destroy(ctx, number); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Find(ctx, number); !errors.Is(err, ErrGone) {
		t.Errorf("a destroyed key: %v", err)
	}
}

// TestDeflated shows that what was packed with DEFLATE, as stores of before hold it, still opens.
func TestDeflated(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		var packed bytes.Buffer
		w, err := flate.NewWriter(&packed, rapid.IntRange(flate.HuffmanOnly, flate.BestCompression).Draw(t, "level"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err = w.Write(plain); err == nil {
			err = w.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		key := NewKey()
		gcm, err := key.gcm()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := key.Open(gcm.Seal(nil, nil, packed.Bytes(), []byte("entry")), "entry"); err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("%q, %v", got, err)
		}
	})
}

// TestTooLarge shows that a record which would unpack to more than there is room for is refused before it is unpacked.
func TestTooLarge(t *testing.T) {
	key := NewKey()
	gcm, err := key.gcm()
	if err != nil {
		t.Fatal(err)
	}
	block := binary.AppendUvarint([]byte{packedS2}, maxOpened+1)
	if _, err := key.Open(gcm.Seal(nil, nil, block, []byte("entry")), "entry"); !errors.Is(err, errTooLarge) {
		t.Error(err)
	}
}
