//go:build unix

package workflowgraph

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

var shellFeatures = []string{FeatureExitCodes, FeatureWorkspace}

// All SDKs use these names, so that a worker of any language deletes what another left behind.
const (
	workspacePrefix = "workflow-graph-workspace-"
	alivePipe       = "alive"
	// unfinishedMax: a directory without a pipe is one whose worker is about to make it, or was killed just then.
	unfinishedMax = time.Hour
)

// freshWorkspace is an empty directory for one attempt.
//
// Beside it is a named pipe that this process holds open for reading. While it does, the pipe can be opened for writing.
// When the process has ended, however it ended, it cannot, on any system and from any container that sees the directory.
// That is how sweepWorkspaces knows what was left behind.
type freshWorkspace struct {
	path      string
	directory string
	pipe      int
}

func makeFreshWorkspace() (*freshWorkspace, error) {
	directory, err := os.MkdirTemp("", workspacePrefix)
	if err != nil {
		return nil, err
	}
	unready := filepath.Join(directory, alivePipe+".new")
	if err := unix.Mkfifo(unready, 0o600); err != nil {
		return nil, err
	}
	pipe, err := unix.Open(unready, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	workspace := &freshWorkspace{path: filepath.Join(directory, "workspace"), directory: directory, pipe: pipe}
	if err := errors.Join(os.Rename(unready, filepath.Join(directory, alivePipe)), os.Mkdir(workspace.path, 0o700)); err != nil {
		workspace.remove()
		return nil, err
	}
	return workspace, nil
}

// remove deletes it. The job may have left something that cannot be deleted; its result does not depend on that.
func (w *freshWorkspace) remove() {
	removeWorkspace(w.directory)
	_ = unix.Close(w.pipe)
}

// sweepWorkspaces deletes the workspaces of workers that were killed. Those of other users, and what cannot be deleted, stay.
func sweepWorkspaces() {
	found, _ := filepath.Glob(filepath.Join(os.TempDir(), workspacePrefix+"*"))
	for _, directory := range found {
		if isLeftBehind(directory) {
			removeWorkspace(directory)
		}
	}
}

func isLeftBehind(directory string) bool {
	// With a reader it opens, without one the error is ENXIO.
	pipe, err := unix.Open(filepath.Join(directory, alivePipe), unix.O_WRONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	switch {
	case err == nil:
		_ = unix.Close(pipe)
		return false
	case errors.Is(err, unix.ENXIO):
		return true
	case errors.Is(err, unix.ENOENT):
		info, err := os.Stat(directory)
		return err == nil && time.Since(info.ModTime()) > unfinishedMax
	}
	return false
}

// removeWorkspace deletes the pipe last: what is deleted only in part is deleted by a later sweep.
func removeWorkspace(directory string) {
	workspace := filepath.Join(directory, "workspace")
	if os.RemoveAll(workspace) != nil {
		// Directories without the right to write, such as those of Go's modules, keep what is in them.
		_ = filepath.WalkDir(workspace, func(path string, entry fs.DirEntry, err error) error {
			if entry != nil && entry.IsDir() && strings.HasPrefix(path, workspace) {
				_ = os.Chmod(path, 0o700)
			}
			return nil
		})
		if os.RemoveAll(workspace) != nil {
			return
		}
	}
	_ = os.RemoveAll(directory)
}
