package worker

import (
	"bytes"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"

	"golang.org/x/sys/unix"
)

// limitMemory limits what the process may map beyond what it has mapped now. Go reserves addresses long before it uses
// them, 64 MiB at a time for the heap, so the limit is twice the call's and two such steps: a polite limit, the watch
// of package machine, stands below it.
func limitMemory(call int64) error {
	stat, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return fmt.Errorf("the memory of the process cannot be limited: %w", err)
	}
	first, _, _ := bytes.Cut(stat, []byte(" "))
	pages, err := strconv.ParseUint(string(first), 10, 64)
	if err != nil {
		return fmt.Errorf("the memory of the process cannot be limited: %w", err)
	}
	most := pages*uint64(os.Getpagesize()) + 2*uint64(call) + 128<<20
	if err := unix.Setrlimit(unix.RLIMIT_AS, &unix.Rlimit{Cur: most, Max: most}); err != nil {
		return fmt.Errorf("the memory of the process cannot be limited: %w", err)
	}
	debug.SetMemoryLimit(call + call/2)
	return nil
}
