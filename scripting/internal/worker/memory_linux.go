package worker

import (
	"bytes"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"

	"golang.org/x/sys/unix"
)

// limitMemory limits what the process may map beyond what it has mapped now. A limit that stands already is never raised.
func limitMemory(more int64) error {
	stat, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return unlimited(err)
	}
	first, _, _ := bytes.Cut(stat, []byte(" "))
	pages, err := strconv.ParseUint(string(first), 10, 64)
	if err != nil {
		return unlimited(err)
	}
	var now unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_AS, &now); err != nil {
		return unlimited(err)
	}
	most := min(pages*uint64(os.Getpagesize())+uint64(more), now.Max)
	if err := unix.Setrlimit(unix.RLIMIT_AS, &unix.Rlimit{Cur: most, Max: most}); err != nil {
		return unlimited(err)
	}
	debug.SetMemoryLimit(more * 3 / 4)
	return nil
}

func unlimited(err error) error {
	return fmt.Errorf("the memory of the process cannot be limited: %w", err)
}
