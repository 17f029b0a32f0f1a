package runtime

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/minio/highwayhash"
)

// ErrDamaged is the error of a store whose files are not what was written: bits flipped, files cut or gone. It does not open: what is missing in it
// could be a link, and then something would be made a second time.
var ErrDamaged = errors.New("the store is damaged")

// The records of a block file, as nats-server/v2 2.15 writes them (server/filestore.go): length of the record (4 bytes, the highest bit says that there
// are headers), sequence number (8), time (8), length of the subject (2), subject, where there are headers their length (4), headers and message, and
// the HighwayHash-64 of number, time, subject, headers and message, with the SHA-256 of "<stream>-<block>" as its key. Little endian.
const (
	recordHead = 22
	recordSum  = 8
	headersBit = 1 << 31
)

// closedFile is written into the data folder when a store is closed in order, and taken away when it is opened: the sizes of its block files.
const closedFile = "closed.json"

// Health is what a look at the files of a store found.
type Health struct {
	Files   int   `json:"files"`
	Records int   `json:"records"`
	Bytes   int64 `json:"bytes"`
	// Torn are writes that were cut off by a crash; they had not been acknowledged.
	Torn []string `json:"torn,omitempty"`
	// Damage is what was acknowledged and cannot be read.
	Damage []string `json:"damage,omitempty"`
}

// Verify reads every record in the files of the data folder dir, which no process has open, and holds it to its checksum; what the store knows of its
// streams besides is held to its own.
func Verify(dir string) (Health, error) {
	h, _, err := verify(dir)
	return h, err
}

// verify also returns the folders of streams whose description a crash left with the checksum of the one before.
func verify(dir string) (h Health, between []string, err error) {
	closed, err := readClosed(dir)
	if err != nil {
		return h, nil, err
	}
	sizes, err := blockSizes(dir)
	if err != nil {
		return h, nil, err
	}
	for path, size := range closed {
		if now, ok := sizes[path]; !ok {
			h.Damage = append(h.Damage, path+" is gone")
		} else if now != size {
			h.Damage = append(h.Damage, fmt.Sprintf("%s has %d bytes instead of %d", path, now, size))
		}
	}
	last, newest := map[string]int{}, map[string]uint64{} // folder of a stream's blocks -> its last block, its newest record
	for path := range sizes {
		if n, ok := blockNumber(path); ok {
			last[filepath.Dir(path)] = max(n, last[filepath.Dir(path)])
		}
	}
	for path := range sizes {
		n, ok := blockNumber(path)
		if !ok {
			continue
		}
		folder := filepath.Dir(path)
		seq, err := h.verifyBlock(dir, path, n, closed == nil && n == last[folder])
		if err != nil {
			return h, nil, err
		}
		newest[folder] = max(newest[folder], seq)
	}
	streams, err := filepath.Glob(filepath.Join(dir, "store", "jetstream", "*", "streams", "[^.]*"))
	if err != nil {
		return h, nil, err
	}
	for _, stream := range streams {
		old, err := h.verifyStream(dir, stream, newest, closed == nil)
		if err != nil {
			return h, nil, err
		}
		if old {
			between = append(between, stream)
		}
	}
	slices.Sort(h.Damage)
	return h, between, nil
}

// verifyBlock reads the records of a block and returns the highest sequence number in it. mayTear is true where its end may have been under way in a crash.
func (h *Health) verifyBlock(dir, path string, number int, mayTear bool) (newest uint64, err error) {
	data, err := os.ReadFile(filepath.Join(dir, path))
	if err != nil {
		return 0, err
	}
	h.Files++
	h.Bytes += int64(len(data))
	key := blockKey(filepath.Base(filepath.Dir(filepath.Dir(path))), number)
	for at := 0; at < len(data); {
		length, ok, err := checkRecord(data[at:], key)
		if err != nil {
			return 0, err
		}
		if ok {
			newest = max(newest, sequence(data[at:]))
			at += length
			h.Records++
			continue
		}
		rest := data[at:]
		// A crash cuts the last record short, or leaves room for it that nothing was written to.
		isLast := length == 0 || length >= len(rest)
		what := fmt.Sprintf("%s is not what was written from byte %d of %d on", path, at, len(data))
		torn := isLast || len(bytes.Trim(rest, "\x00")) == 0
		if behind := recordBehind(rest, key); behind > 0 {
			// Of one write a disk that lost power may have what came later and not what came before, which is zeroes then.
			torn = bytes.Contains(rest[:behind], make([]byte, sector))
		}
		torn = torn && mayTear
		if torn {
			h.Torn = append(h.Torn, what)
		} else {
			h.Damage = append(h.Damage, what)
		}
		break // where the next record begins is not known
	}
	return newest, nil
}

// sector is the least that a disk leaves unwritten of what it was given.
const sector = 512

// recordBehind returns where a whole record follows what is no record, 0 where none does.
func recordBehind(rest, key []byte) int {
	for at := 1; at+recordHead+recordSum <= len(rest); at++ {
		// Most places fall out by their length, before anything is summed up.
		length := int(binary.LittleEndian.Uint32(rest[at:]) &^ headersBit)
		if length < recordHead+recordSum || length > len(rest)-at {
			continue
		}
		if _, ok, err := checkRecord(rest[at:], key); err == nil && ok {
			return at
		}
	}
	return 0
}

// blockKey is what the records of a block are summed up with.
func blockKey(stream string, number int) []byte {
	key := sha256.Sum256([]byte(stream + "-" + strconv.Itoa(number)))
	return key[:]
}

// The two highest bits of a sequence number tell that a record was erased, or is word of one that was deleted.
const (
	erasedBit    = 1 << 63
	tombstoneBit = 1 << 62
)

// sequence is the number of the record that data begins with.
func sequence(data []byte) uint64 {
	return binary.LittleEndian.Uint64(data[4:]) &^ (erasedBit | tombstoneBit)
}

// checkRecord tells the length of the record that data begins with, and whether it is whole; 0 where even the length makes no sense.
func checkRecord(data, key []byte) (length int, ok bool, err error) {
	if len(data) < recordHead {
		return 0, false, nil
	}
	raw := binary.LittleEndian.Uint32(data)
	length, subject := int(raw&^headersBit), int(binary.LittleEndian.Uint16(data[20:]))
	body := recordHead + subject
	if raw&headersBit != 0 {
		body += 4
	}
	switch {
	case length < body+recordSum:
		return 0, false, nil
	case length > len(data):
		return length, false, nil
	}
	sum, err := highwayhash.New64(key)
	if err != nil {
		return 0, false, err
	}
	sum.Write(data[4:20])
	sum.Write(data[recordHead : recordHead+subject])
	sum.Write(data[body : length-recordSum])
	return length, bytes.Equal(sum.Sum(nil), data[length-recordSum:length]), nil
}

// blockNumber is the number of a block file.
func blockNumber(path string) (int, bool) {
	name, isBlock := strings.CutSuffix(filepath.Base(path), ".blk")
	n, err := strconv.Atoi(name)
	return n, isBlock && err == nil
}

// purgedFolder is where the server moves the blocks of a stream that is purged. It removes them beside everything else, also after it was stopped.
const purgedFolder = "__msgs__"

// blockSizes returns the block files of a data folder with their sizes.
func blockSizes(dir string) (map[string]int64, error) {
	out := map[string]int64{}
	err := filepath.WalkDir(filepath.Join(dir, "store"), func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // there is no store yet
		}
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "batches" || d.Name() == purgedFolder) {
			return fs.SkipDir // what was being gathered, or was purged: both are thrown away when the store opens
		}
		if _, ok := blockNumber(path); !ok || d.IsDir() {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		out[filepath.ToSlash(rel)] = info.Size()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("looking at the store: %w", err)
	}
	return out, nil
}

// readClosed returns what the store was when it was closed in order, nil where it was not.
func readClosed(dir string) (map[string]int64, error) {
	text, err := os.ReadFile(filepath.Join(dir, closedFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out map[string]int64
	if err := json.Unmarshal(text, &out); err != nil {
		return nil, nil //nolint:nilerr // cut off by a crash of its own: the store is as after a crash
	}
	return out, nil
}

// markClosed notes that the store was closed in order.
func markClosed(dir string) error {
	sizes, err := blockSizes(dir)
	if err != nil {
		return err
	}
	text, err := json.Marshal(sizes)
	if err != nil {
		return err
	}
	return writeSynced(filepath.Join(dir, closedFile), text)
}

// writeSynced writes a file that is either whole or not there.
func writeSynced(path string, text []byte) error {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// Err is [ErrDamaged] with what is damaged and what can be done, nil for a store that is whole.
func (h Health) Err() error {
	if len(h.Damage) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s%s. Restore a backup (crosswalk restore --replace); what has happened since is found again by running the flows with --from-start",
		ErrDamaged, h.Damage[0], more(len(h.Damage)-1))
}

// inspect refuses a damaged store, tells of what a crash cut off, and takes the mark of an orderly close away.
func inspect(dir string, warn func(msg string, args ...any)) error {
	h, between, err := verify(dir)
	if err != nil {
		return err
	}
	for _, what := range h.Torn {
		warn("a write was under way when the last process ended; nobody was told that it was done", "where", what)
	}
	if err := h.Err(); err != nil {
		return err
	}
	for _, stream := range between {
		if err := sumUp(stream); err != nil {
			return err
		}
	}
	if err := os.Remove(filepath.Join(dir, closedFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func more(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", and %d more", n)
}
