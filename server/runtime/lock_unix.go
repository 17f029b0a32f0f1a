//go:build unix

package runtime

import (
	"os"
	"syscall"
)

// errLocked is what lockFile answers where someone else holds the lock.
const errLocked = syscall.EWOULDBLOCK

func lockFile(f *os.File) error {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}
