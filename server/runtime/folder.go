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

// restoringFolder is where in the data folder a store is put together from a backup, until it is whole.
const restoringFolder = "restoring"

// errHalfRestored is the error of a data folder in which a restore has not come to its end.
var errHalfRestored = errors.New("a restore was cut off before its end, and there is no store: run it again, or remove the folder \"" + restoringFolder + "\" to begin with an empty store")

// hasStore tells whether a data folder has a store, and refuses one that a restore left without.
func hasStore(dir string) (bool, error) {
	_, err := os.Stat(filepath.Join(dir, "store"))
	if !errors.Is(err, fs.ErrNotExist) {
		return err == nil, err
	}
	if _, err := os.Stat(filepath.Join(dir, restoringFolder)); err == nil {
		return false, errHalfRestored
	}
	return false, nil
}

// takeOver puts the store that was restored into the data folder dir, whose lock is held. The one that is there is moved to a folder beside it, which is
// returned.
func takeOver(dir string, now time.Time) (aside string, err error) {
	move := func(from, to string) error {
		var errs []error
		for _, name := range []string{"store", closedFile} { // a store without the mark is one after a crash
			if err := os.Rename(filepath.Join(from, name), filepath.Join(to, name)); !errors.Is(err, fs.ErrNotExist) {
				errs = append(errs, err)
			}
		}
		return errors.Join(errs...)
	}
	if there, err := hasStore(dir); err == nil && there {
		aside = filepath.Join(dir, "store-"+now.UTC().Format("20060102T150405Z"))
		if err := os.Mkdir(aside, 0o700); err != nil {
			return "", err
		}
		if err := move(dir, aside); err != nil {
			return "", errors.Join(err, move(aside, dir), os.Remove(aside))
		}
	}
	restored := filepath.Join(dir, restoringFolder)
	if err := move(restored, dir); err != nil {
		return aside, err
	}
	return aside, os.RemoveAll(restored)
}
