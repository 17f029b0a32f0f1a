package runtime

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// Version names what keeps everything.
func Version() string { return "nats-server " + server.VERSION }

// Inspect is [Verify] of a data folder that may be open elsewhere, which is [ErrInUse].
func Inspect(dir string) (Health, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Health{}, err
	}
	lock, err := acquire(filepath.Join(dir, "lock"))
	if err != nil {
		return Health{}, err
	}
	h, err := Verify(dir)
	return h, errors.Join(err, lock.release())
}

// MoveAside moves the store of a data folder that nobody has open to a folder beside it, and returns that; "" where there was none.
func MoveAside(dir string, now time.Time) (string, error) {
	if _, err := os.Stat(filepath.Join(dir, "store")); errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	lock, err := acquire(filepath.Join(dir, "lock"))
	if err != nil {
		return "", err
	}
	aside := filepath.Join(dir, "store-"+now.UTC().Format("20060102T150405Z"))
	err = os.Mkdir(aside, 0o700)
	for _, name := range []string{"store", closedFile} {
		if err == nil {
			if err = os.Rename(filepath.Join(dir, name), filepath.Join(aside, name)); errors.Is(err, fs.ErrNotExist) {
				err = nil
			}
		}
	}
	return aside, errors.Join(err, lock.release())
}

// MoveBack undoes [MoveAside].
func MoveBack(dir, aside string) error {
	var errs []error
	for _, name := range []string{"store", closedFile} {
		if err := os.Rename(filepath.Join(aside, name), filepath.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(append(errs, os.Remove(aside))...)
}
