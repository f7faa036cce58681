package workflowgraph

import (
	"context"
	"strconv"
	"strings"
	"time"
)

// versionTimeout is how long the question for the server's version may take.
const versionTimeout = 5 * time.Second

// warnOfNewerServer logs once that the server's version is newer than this module's. A server that does not tell its
// version, or cannot be reached, is not worth a line here: the worker's own calls report that.
func (w *Worker) warnOfNewerServer() {
	ctx, cancel := context.WithTimeout(w.stopping, versionTimeout)
	defer cancel()
	version, err := w.api.serverVersion(ctx)
	if err != nil || !isOlder(Version, version) {
		return
	}
	w.config.Logger.Warn("the server is newer than this worker's library; the worker keeps running, and can be updated at any time",
		"server", w.config.ServerURL, "server_version", version, "version", Version)
}

// isOlder compares versions by their three numbers. An invalid one is never older.
func isOlder(one, other string) bool {
	mine, okMine := versionNumbers(one)
	theirs, okTheirs := versionNumbers(other)
	if !okMine || !okTheirs {
		return false
	}
	for i := range mine {
		if mine[i] != theirs[i] {
			return mine[i] < theirs[i]
		}
	}
	return false
}

func versionNumbers(version string) ([3]int, bool) {
	var numbers [3]int
	release, _, _ := strings.Cut(version, "+")
	release, _, _ = strings.Cut(release, "-")
	parts := strings.Split(release, ".")
	if len(parts) != len(numbers) {
		return numbers, false
	}
	for i, part := range parts {
		number, err := strconv.Atoi(part)
		if err != nil || number < 0 {
			return numbers, false
		}
		numbers[i] = number
	}
	return numbers, true
}
