//go:build !unix

package workflowgraph

import (
	"fmt"
	"os"
)

// failureText is empty for a success.
func failureText(state *os.ProcessState) string {
	if state.ExitCode() == 0 {
		return ""
	}
	return fmt.Sprintf("exit status %d", state.ExitCode())
}

func exitCode(state *os.ProcessState) int { return state.ExitCode() }
