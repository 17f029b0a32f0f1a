package runtime

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
)

// ErrInUse is the error of a data folder that another process, or this one, has open.
var ErrInUse = errors.New("in use")

// lock is a locked file. The operating system frees it when the process ends, however it ends.
type lock struct {
	once sync.Once
	file *os.File
	err  error
}

// acquire locks the file at path, or fails with ErrInUse at once.
func acquire(path string) (*lock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := lockFile(f); err != nil {
		owner, _ := io.ReadAll(io.LimitReader(f, 32))
		f.Close()
		if !errors.Is(err, errLocked) {
			return nil, err
		}
		if pid, perr := strconv.Atoi(strings.TrimSpace(string(owner))); perr == nil {
			return nil, fmt.Errorf("%w by process %d", ErrInUse, pid)
		}
		return nil, ErrInUse
	}
	// The number is for people's eyes only: the lock counts, not the text.
	if err := f.Truncate(0); err == nil {
		_, err = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
		if err == nil {
			return &lock{file: f}, nil
		}
	}
	f.Close()
	return nil, fmt.Errorf("the lock file cannot be written")
}

// release frees the lock; again it does nothing.
func (l *lock) release() error {
	l.once.Do(func() { l.err = l.file.Close() })
	return l.err
}
