//go:build unix

package worker

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// endWith ends the process when nobody can write to the pipe any more: whoever started it has gone, and a script may be running.
func endWith(pipe *os.File) {
	fds := []unix.PollFd{{Fd: int32(pipe.Fd())}} // no events: what is asked for is the hang-up, which is always told
	for {
		_, err := unix.Poll(fds, -1)
		if err == nil && fds[0].Revents&(unix.POLLHUP|unix.POLLERR) != 0 {
			os.Exit(0)
		}
		if err != nil && !errors.Is(err, unix.EINTR) {
			return // it ends with the call that runs, which has a limit
		}
	}
}
