//go:build unix

package workflowgraph

import (
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// failureText is empty for a success.
func failureText(state *os.ProcessState) string {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return "killed by " + unix.SignalName(status.Signal())
	}
	if state.ExitCode() == 0 {
		return ""
	}
	return fmt.Sprintf("exit status %d", state.ExitCode())
}

// exitCode is what a shell gives for it: 128 and the number of the signal that ended it.
func exitCode(state *os.ProcessState) int {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return state.ExitCode()
}
