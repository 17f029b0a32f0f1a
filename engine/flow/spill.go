package flow

import (
	"bufio"
	"cmp"
	"container/heap"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// spill holds records and gives them back in the order of their keys, those of one key in the order in which they came. What does not
// fit into its room lies in one file, in sorted parts, encrypted with a key that is nowhere else: what a crash leaves of it says nothing.
// It is for one goroutine at a time.
type spill struct {
	dir   string // "" for the system's
	room  int    // bytes that are held in memory
	held  []spilled
	bytes int
	file  *os.File
	key   [32]byte
	parts []part
	end   int64
}

type spilled struct {
	key  uint64
	data []byte
}

// part is a sorted stretch of the file.
type part struct{ from, to int64 }

// spillRoom is enough for every shop of a few thousand articles. A variable, so that tests of small shops spill.
var spillRoom = 8 << 20

func newSpill(dir string) *spill { return &spill{dir: dir, room: spillRoom} }

// add takes a record; it keeps data.
func (s *spill) add(key uint64, data []byte) error {
	s.held = append(s.held, spilled{key, data})
	if s.bytes += len(data) + 48; s.bytes < s.room {
		return nil
	}
	return s.put()
}

// put writes what is held as a part.
func (s *spill) put() error {
	if s.file == nil {
		f, err := os.CreateTemp(s.dir, "crosswalk-*.tmp") // of its owner alone
		if err != nil {
			return fmt.Errorf("keeping what does not fit into memory: %w", err)
		}
		s.file = f
		_ = os.Remove(f.Name()) // where that is possible, nothing is left of it whatever happens
		_, _ = rand.Read(s.key[:])
	}
	s.sort()
	p := part{from: s.end}
	stream, err := s.cipher(len(s.parts))
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(cipher.StreamWriter{S: stream, W: io.NewOffsetWriter(s.file, s.end)}, 64<<10)
	var head [12]byte
	for _, r := range s.held {
		binary.BigEndian.PutUint64(head[:], r.key)
		binary.BigEndian.PutUint32(head[8:], uint32(len(r.data)))
		_, _ = w.Write(head[:]) // Flush has its error
		_, _ = w.Write(r.data)
		s.end += int64(len(head) + len(r.data))
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("keeping what does not fit into memory: %w", err)
	}
	p.to = s.end
	s.parts = append(s.parts, p)
	clear(s.held)
	s.held, s.bytes = s.held[:0], 0
	return nil
}

func (s *spill) sort() {
	slices.SortStableFunc(s.held, func(a, b spilled) int { return cmp.Compare(a.key, b.key) })
}

// cipher returns the key stream of a part; no two parts share one.
func (s *spill) cipher(number int) (cipher.Stream, error) {
	block, err := aes.NewCipher(s.key[:])
	if err != nil {
		return nil, err
	}
	var iv [aes.BlockSize]byte
	binary.BigEndian.PutUint64(iv[:], uint64(number))
	return cipher.NewCTR(block, iv[:]), nil
}

// each hands out all records in order. Nothing may be added meanwhile.
func (s *spill) each(do func(key uint64, data []byte) error) error {
	s.sort()
	if len(s.parts) == 0 {
		for _, r := range s.held {
			if err := do(r.key, r.data); err != nil {
				return err
			}
		}
		return nil
	}
	var open fronts
	buffer := max(4<<10, min(64<<10, s.room/len(s.parts)))
	for i, p := range s.parts {
		stream, err := s.cipher(i)
		if err != nil {
			return err
		}
		from := io.NewSectionReader(s.file, p.from, p.to-p.from)
		m := &merging{number: i, in: bufio.NewReaderSize(cipher.StreamReader{S: stream, R: from}, buffer)}
		if err := m.next(); err != nil {
			return err
		}
		open = append(open, m)
	}
	if len(s.held) > 0 { // the newest, so the last of its key
		open = append(open, &merging{number: len(s.parts), held: s.held[1:], record: s.held[0]})
	}
	heap.Init(&open)
	for len(open) > 0 {
		m := open[0]
		r := m.record
		switch err := m.next(); {
		case errors.Is(err, io.EOF):
			heap.Pop(&open)
		case err != nil:
			return err
		default:
			heap.Fix(&open, 0)
		}
		if err := do(r.key, r.data); err != nil {
			return err
		}
	}
	return nil
}

// close forgets everything.
func (s *spill) close() {
	if s.file != nil {
		_ = s.file.Close()
		_ = os.Remove(s.file.Name()) // where it could not be removed while it was open
	}
	*s = spill{dir: s.dir, room: s.room}
}

// merging is a part that is being read.
type merging struct {
	number int
	in     *bufio.Reader // nil for what is held in memory
	held   []spilled
	record spilled
}

func (m *merging) next() error {
	if m.in == nil {
		if len(m.held) == 0 {
			return io.EOF
		}
		m.record, m.held = m.held[0], m.held[1:]
		return nil
	}
	var head [12]byte
	if _, err := io.ReadFull(m.in, head[:]); err != nil {
		return err // io.EOF where the part ends, and nowhere else
	}
	data := make([]byte, binary.BigEndian.Uint32(head[8:]))
	if _, err := io.ReadFull(m.in, data); err != nil {
		return fmt.Errorf("what did not fit into memory was cut off: %s", err) // not wrapped: io.EOF is the end
	}
	m.record = spilled{binary.BigEndian.Uint64(head[:]), data}
	return nil
}

// fronts is a heap of parts by their next record.
type fronts []*merging

func (m fronts) Len() int { return len(m) }
func (m fronts) Less(a, b int) bool {
	if m[a].record.key != m[b].record.key {
		return m[a].record.key < m[b].record.key
	}
	return m[a].number < m[b].number
}
func (m fronts) Swap(a, b int) { m[a], m[b] = m[b], m[a] }
func (m *fronts) Push(x any)   { *m = append(*m, x.(*merging)) }
func (m *fronts) Pop() any {
	last := len(*m) - 1
	x := (*m)[last]
	(*m)[last] = nil
	*m = (*m)[:last]
	return x
}
