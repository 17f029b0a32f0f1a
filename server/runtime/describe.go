package runtime

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/minio/highwayhash"
	"github.com/nats-io/nats-server/v2/server"
)

// Beside its blocks, nats-server/v2 2.15 keeps of a stream what it is (meta.inf, a server.FileStreamInfo, with its HighwayHash-64 in hexadecimal in
// meta.sum) and, now and then, what its blocks hold (msgs/index.db, which ends with its own). The key of both sums is the SHA-256 of the stream's name.
// A stream whose description does not fit its sum is left out by the server with no more than a warning, as if there had never been one.
const (
	descriptionFile = server.JetStreamMetaFile
	descriptionSum  = server.JetStreamMetaFileSum
)

// verifyStream holds what is known of a stream to its checksums, and its blocks to what is known. newest are the highest sequence numbers by
// folder. It returns true where a crash came between a description and its sum.
func (h *Health) verifyStream(dir, stream string, newest map[string]uint64, crashed bool) (between bool, err error) {
	blocks, err := filepath.Rel(dir, filepath.Join(stream, "msgs"))
	if err != nil {
		return false, err
	}
	known, err := readIndex(stream)
	if err != nil {
		return false, err
	}
	if found := newest[filepath.ToSlash(blocks)]; known != nil && found < known.last {
		h.Damage = append(h.Damage, fmt.Sprintf("%s ends with record %d, and there were %d", blocks, found, known.last))
	}
	text, infoErr := os.ReadFile(filepath.Join(stream, descriptionFile))
	sum, sumErr := os.ReadFile(filepath.Join(stream, descriptionSum))
	for _, err := range []error{infoErr, sumErr} {
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false, err
		}
	}
	want, err := streamSum(stream, text)
	if err != nil {
		return false, err
	}
	where, err := filepath.Rel(dir, filepath.Join(stream, descriptionFile))
	switch {
	case err != nil || infoErr == nil && string(sum) == hex.EncodeToString(want):
		return false, err
	case crashed && describes(text, filepath.Base(stream)):
		h.Torn = append(h.Torn, where)
		return true, nil
	case crashed && newest[filepath.ToSlash(blocks)] == 0: // it was being made
		return false, nil
	}
	h.Damage = append(h.Damage, where+" is not what was written")
	return false, nil
}

// describes tells whether a text is the whole description of a stream.
func describes(text []byte, stream string) bool {
	var info server.FileStreamInfo
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	return dec.Decode(&info) == nil && info.Name == stream && !dec.More()
}

// sumUp writes the checksum of a stream's description.
func sumUp(stream string) error {
	text, err := os.ReadFile(filepath.Join(stream, descriptionFile))
	if err != nil {
		return err
	}
	sum, err := streamSum(stream, text)
	if err != nil {
		return err
	}
	return writeSynced(filepath.Join(stream, descriptionSum), []byte(hex.EncodeToString(sum)))
}

func streamSum(stream string, text []byte) ([]byte, error) {
	key := sha256.Sum256([]byte(filepath.Base(stream)))
	sum, err := highwayhash.New64(key[:])
	if err != nil {
		return nil, err
	}
	sum.Write(text)
	return sum.Sum(nil), nil
}

// forgetInHand removes what the store knew of who had what in hand. Its owner starts: nobody has anything, what was not taken from its stream comes again,
// and no sum guards these files.
func forgetInHand(dir string) error {
	found, err := filepath.Glob(filepath.Join(dir, "store", "jetstream", "*", "streams", "*", "obs"))
	if err != nil {
		return err
	}
	for _, folder := range found {
		if err := os.RemoveAll(folder); err != nil {
			return fmt.Errorf("taking back what was in hand: %w", err)
		}
	}
	return nil
}
