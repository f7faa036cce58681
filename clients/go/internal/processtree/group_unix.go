//go:build unix

package processtree

import (
	"os/exec"
	"syscall"
)

func leadGroup(command *exec.Cmd) {
	if command.SysProcAttr == nil {
		command.SysProcAttr = &syscall.SysProcAttr{}
	}
	command.SysProcAttr.Setpgid = true
}

// signal is false when there is no such process (or group), or it may not be signalled.
func signal(pid int, sig syscall.Signal) bool { return syscall.Kill(pid, sig) == nil }
