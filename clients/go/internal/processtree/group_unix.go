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

// signal returns false if the process (or group) does not exist, or must not be signalled.
func signal(pid int, sig syscall.Signal) bool { return syscall.Kill(pid, sig) == nil }
