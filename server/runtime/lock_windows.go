package runtime

import (
	"os"

	"golang.org/x/sys/windows"
)

// errLocked is what lockFile answers where someone else holds the lock.
const errLocked = windows.ERROR_LOCK_VIOLATION

// lockFile locks a byte far behind the text, which others may still read.
func lockFile(f *os.File) error {
	return windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0,
		&windows.Overlapped{OffsetHigh: 1})
}
