//go:build !linux

package worker

import "runtime/debug"

// limitMemory makes the collector work harder near the limit. A hard limit of what the process may map is known to be
// there on Linux only; elsewhere the watch of package machine and the end of late processes remain.
func limitMemory(more int64) error {
	debug.SetMemoryLimit(more * 3 / 4)
	return nil
}
