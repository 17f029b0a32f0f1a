package flow

import (
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestSpill gives records back in the order of their keys and of their coming, however little of them fits into memory.
func TestSpill(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		s := newSpill(dir)
		s.room = rapid.IntRange(1, 2000).Draw(t, "room")
		defer s.close()
		type record struct {
			key  uint64
			text string
		}
		var want []record
		for i, key := range rapid.SliceOf(rapid.Uint64Range(0, 20)).Draw(t, "keys") {
			r := record{key, fmt.Sprint(i, strings.Repeat("x", i%300))}
			want = append(want, r)
			if err := s.add(r.key, []byte(r.text)); err != nil {
				t.Fatal(err)
			}
		}
		slices.SortStableFunc(want, func(a, b record) int { return int(a.key) - int(b.key) })
		for range 2 { // it can be read more than once
			var got []record
			if err := s.each(func(key uint64, data []byte) error { got = append(got, record{key, string(data)}); return nil }); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%v instead of %v", got, want)
			}
		}
	})
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("%v %v", left, err)
	}
}

// TestSpillIsSealed shows that nothing of a record can be read in the file, and that a file that is cut off is no shorter list.
func TestSpillIsSealed(t *testing.T) {
	s := newSpill(t.TempDir())
	s.room = 100
	defer s.close()
	for i := range 50 {
		if err := s.add(uint64(i%7), []byte("the stock of NK-BEAN")); err != nil {
			t.Fatal(err)
		}
	}
	data := make([]byte, s.end)
	if _, err := s.file.ReadAt(data, 0); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), "NK-BEAN") || binary.BigEndian.Uint64(data) == 0 {
		t.Error("it can be read")
	}
	if err := s.file.Truncate(s.end - 5); err != nil {
		t.Fatal(err)
	}
	if err := s.each(func(uint64, []byte) error { return nil }); err == nil {
		t.Error("a record is gone and nobody says so")
	}
}
