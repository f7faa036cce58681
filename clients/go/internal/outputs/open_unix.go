//go:build unix

package outputs

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// openFile neither waits for the writer of a FIFO nor follows a link.
func openFile(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOFOLLOW|unix.O_NOCTTY, 0)
	if errors.Is(err, unix.ENOTDIR) {
		// The file's directory was replaced too.
		return nil, fs.ErrNotExist
	}
	if err != nil {
		return nil, openError(path, err)
	}
	return file, nil
}
