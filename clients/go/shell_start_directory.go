package workflowgraph

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
)

// checkWorkdir reports that the directory that jobs start in (this process's own when empty) was removed. Without this
// check the error names the shell, or the job runs in a directory that has no name any more.
func checkWorkdir(directory string) error {
	if directory == "" {
		if _, err := syscall.Getwd(); errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("the directory that jobs start in is gone: %s was removed or replaced after this worker was started there", removedDirectory())
		}
		return nil
	}
	info, err := os.Stat(directory)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("the directory that jobs start in is gone: %s", directory)
	case err == nil && !info.IsDir():
		return fmt.Errorf("jobs start in a directory, and %s is none", directory)
	}
	return nil
}

// removedDirectory is what this process's directory was called.
func removedDirectory() string {
	if path, err := os.Readlink("/proc/self/cwd"); err == nil {
		return strings.TrimSuffix(path, " (deleted)")
	}
	return os.Getenv("PWD")
}
