//go:build unix

package tsc

import (
	"os/exec"
	"syscall"
)

// endWhole lets a command be ended with everything that it started: newer compilers are programs of
// their own, which Node.js only starts.
func endWhole(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
