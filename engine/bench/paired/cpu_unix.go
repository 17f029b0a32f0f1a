//go:build unix

package paired

import (
	"syscall"
	"time"
)

// CPU returns the CPU time that the process has used so far, that of its garbage collector included.
func CPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // the kernel knows the call, and u is ours
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
