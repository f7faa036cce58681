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
