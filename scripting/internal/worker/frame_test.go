package worker

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

func TestFrames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fields := rapid.SliceOf(rapid.OneOf(rapid.Just([]byte(nil)), rapid.SliceOf(rapid.Byte()))).Draw(t, "fields")
		var b bytes.Buffer
		if err := writeFrame(&b, fields...); err != nil {
			t.Fatal(err)
		}
		got, err := readFrame(&b)
		if err != nil || len(got) != len(fields) || b.Len() > 0 {
			t.Fatalf("%d fields came back as %d, %v", len(fields), len(got), err)
		}
		for i := range fields {
			if !bytes.Equal(got[i], fields[i]) || (got[i] == nil) != (fields[i] == nil) {
				t.Fatalf("field %d is %v, was %v", i, got[i], fields[i])
			}
		}
	})
}

func FuzzReadFrame(f *testing.F) {
	f.Add([]byte{0, 0, 0, 2, 2, 'x'})
	f.Add([]byte{0, 0, 0, 1, 0xff})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 4 && b[0] > 0 {
			return // hundreds of megabytes that do not come
		}
		fields, err := readFrame(bytes.NewReader(b))
		if err != nil {
			return
		}
		var again bytes.Buffer
		if err := writeFrame(&again, fields...); err != nil {
			t.Fatal(err)
		}
	})
}
