// Package worker makes calls in processes of their own, which a script can fill or hang without harm to this one. It
// is both ends: [Pool] starts and asks the processes, [Serve] is what runs in them. It is not for sandboxing a
// program: the process is this program's own binary, and trusted until a script runs in it.
package worker

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// A frame is a length of four bytes, big-endian, and fields. A field is a length as uvarint, one more than its bytes, and the
// bytes; the length 0 is a field that is absent, as an argument may be.
const maxFrame = 256 << 20

var errFrame = errors.New("a message between processes cannot be read")

func writeFrame(w io.Writer, fields ...[]byte) error {
	size := 4
	for _, f := range fields {
		size += binary.MaxVarintLen64 + len(f)
	}
	b := make([]byte, 4, size)
	for _, f := range fields {
		if f == nil {
			b = append(b, 0)
			continue
		}
		b = binary.AppendUvarint(b, uint64(len(f))+1)
		b = append(b, f...)
	}
	if len(b)-4 > maxFrame {
		return fmt.Errorf("a message of more than %d bytes", maxFrame)
	}
	binary.BigEndian.PutUint32(b, uint32(len(b)-4))
	_, err := w.Write(b)
	return err
}

func readFrame(r io.Reader) ([][]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(head[:])
	if size > maxFrame {
		return nil, errFrame
	}
	b := make([]byte, size)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, err
	}
	var fields [][]byte
	for len(b) > 0 {
		n, used := binary.Uvarint(b)
		if used <= 0 || n > uint64(len(b)-used)+1 {
			return nil, errFrame
		}
		b = b[used:]
		if n == 0 {
			fields = append(fields, nil)
			continue
		}
		fields = append(fields, b[:n-1:n-1])
		b = b[n-1:]
	}
	return fields, nil
}
