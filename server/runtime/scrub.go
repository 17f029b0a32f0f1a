package runtime

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/minio/highwayhash"
	"github.com/nats-io/nats-server/v2/server/avl"
)

// The server deletes a record by word of it; what the record said stays in its block until all of the block is deleted, which may never be. scrub writes
// noise over such records, as the server itself does when it is asked to erase one: same length, a number with the erased bit, no subject.

// scrub overwrites what is deleted in the store of dir, which nobody has open, and returns how many records that were. With look it only counts them.
func scrub(dir string, look bool) (int, error) {
	streams, err := filepath.Glob(filepath.Join(dir, "store", "jetstream", "*", "streams", "[^.]*"))
	if err != nil {
		return 0, err
	}
	all := 0
	for _, stream := range streams {
		n, err := scrubStream(dir, stream, look)
		if all += n; err != nil {
			return all, fmt.Errorf("overwriting what is deleted of %s: %w", filepath.Base(stream), err)
		}
	}
	return all, nil
}

func scrubStream(dir, stream string, look bool) (int, error) {
	index, err := readIndex(stream)
	if err != nil || index == nil {
		return 0, err // without an index that is whole nothing is known to be deleted
	}
	all := 0
	for number, b := range index.blocks {
		path := filepath.Join(stream, "msgs", strconv.Itoa(number)+".blk")
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == int64(b.bytes) {
			continue // all of it lives
		}
		if err != nil {
			return all, err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return all, err
		}
		n, err := overwrite(data, blockKey(filepath.Base(stream), number), b)
		if all += n; err != nil {
			return all, err
		}
		if n == 0 || look {
			continue
		}
		// Not beside the block: the server takes whatever begins with a number for one.
		if err := replace(filepath.Join(dir, "scrubbed"), path, data); err != nil {
			return all, err
		}
	}
	return all, nil
}

func replace(by, path string, data []byte) error {
	if err := writeSynced(by, data); err != nil {
		return err
	}
	return os.Rename(by, path)
}

// overwrite puts noise in the place of the records of a block that are deleted, and returns how many those were.
func overwrite(data, key []byte, b indexedBlock) (n int, err error) {
	for at := 0; at < len(data); {
		length, ok, err := checkRecord(data[at:], key)
		if err != nil || !ok {
			return n, err // what is behind a write that was cut off is the server's to find
		}
		record := data[at : at+length]
		at += length
		raw := binary.LittleEndian.Uint64(record[4:])
		if raw&(erasedBit|tombstoneBit) != 0 || raw > b.last || raw >= b.first && !b.deleted.Exists(raw) {
			continue
		}
		n++
		binary.LittleEndian.PutUint32(record, uint32(length))
		binary.LittleEndian.PutUint64(record[4:], raw|erasedBit)
		clear(record[12:recordHead])
		body := record[recordHead : length-recordSum]
		_, _ = rand.Read(body) // never fails
		sum, err := highwayhash.New64(key)
		if err != nil {
			return n, err
		}
		sum.Write(record[4:20])
		sum.Write(body)
		copy(record[length-recordSum:], sum.Sum(nil))
	}
	return n, nil
}

// Deleted counts the records in the store of dir, which nobody has open, that are deleted and were not overwritten: none, after an orderly end.
func Deleted(dir string) (int, error) { return scrub(dir, true) }

// index is what a stream's index.db says: of which records it is sure.
type index struct {
	last   uint64
	blocks map[int]indexedBlock
}

// indexedBlock is what is known of a block: records outside of first and last, and those in deleted, live no more.
type indexedBlock struct {
	bytes, first, last uint64 // bytes are those of what lives
	deleted            avl.SequenceSet
}

// The index as versions 2 to 4 have it, as nats-server/v2 2.15 writes and reads them.
const (
	indexFile  = "index.db"
	indexMagic = 11
)

// readIndex reads the index of a stream, nil where there is none that is whole: the server makes it anew from the blocks.
func readIndex(stream string) (*index, error) {
	text, err := os.ReadFile(filepath.Join(stream, "msgs", indexFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if len(text) < 2+highwayhash.Size64 || text[0] != indexMagic || text[1] < 2 || text[1] > 4 {
		return nil, nil
	}
	text, sum := text[:len(text)-highwayhash.Size64], text[len(text)-highwayhash.Size64:]
	if want, err := streamSum(stream, text); err != nil || !bytes.Equal(want, sum) {
		return nil, err
	}
	in := numbers{text: text[2:], version: int(text[1])}
	out := in.index()
	if in.short {
		return nil, nil
	}
	return out, nil
}

// numbers reads the numbers of an index one after the other.
type numbers struct {
	text    []byte
	version int
	short   bool
}

func (in *numbers) next() uint64 {
	v, n := binary.Uvarint(in.text)
	in.skip(n)
	return v
}

func (in *numbers) skip(n int) {
	if n <= 0 || n > len(in.text) {
		in.short, n = true, len(in.text)
	}
	in.text = in.text[n:]
}

func (in *numbers) index() *index {
	out := &index{blocks: map[int]indexedBlock{}}
	for range 5 { // messages, bytes, first number, its time, last number
		out.last = in.next()
	}
	in.next() // its time
	for subjects := in.next(); subjects > 0 && !in.short; subjects-- {
		if n := in.next(); n > 0 {
			in.skip(int(min(n, 1<<20)))
			if total := in.next(); total > 1 || in.version >= 4 {
				in.next()
			}
			in.next()
		}
	}
	for blocks := in.next(); blocks > 0 && !in.short; blocks-- {
		number := in.next()
		b := indexedBlock{bytes: in.next(), first: in.next()}
		in.next() // its time
		b.last = in.next()
		in.next() // its time
		deleted := in.next()
		in.next() // messages that end by themselves
		if in.version >= 3 {
			in.next() // schedules
		}
		if deleted > 0 && !in.short {
			set, n, err := avl.Decode(in.text)
			if err != nil {
				in.short = true
				break
			}
			b.deleted = *set
			in.skip(n)
		}
		out.blocks[int(number)] = b
	}
	return out
}
